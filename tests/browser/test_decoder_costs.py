"""The numbers that DecoderCosts shows on the page are those of its Python class, whatever slider is
moved, by the keyboard."""

from attend.widgets import DecoderCosts
from attend.widgets.decoder_costs import in_bytes, in_words


def test_numbers_follow_the_sliders(visit):
    page = visit("book/20_cost.html")
    widget = page.locator("[data-widget=DecoderCosts]")
    twin = DecoderCosts()

    def agree():
        page.wait_for_timeout(80)
        found, shown = twin.costs(), widget.locator("output b").all_inner_texts()
        assert shown == [
            in_words(found.weights),
            f"{twin.length:,}",
            in_words(found.reading),
            f"{100 * found.share:.1f} %",
            in_bytes(found.cache_bytes),
            in_words(found.next_word),
            f"{twin.even():,}",
        ]

    agree()
    for name, value in (("length", 16384), ("n_layers", 48), ("n_kv_heads", 16), ("n_heads", 64)):
        widget.locator(f"[data-size={name}]").press("ArrowRight")
        setattr(twin, name, value)  # 12 sets would not divide 32 heads
        agree()
    widget.locator("[data-size=d_model]").press("ArrowLeft")
    with twin.hold_trait_notifications():
        twin.d_model, twin.d_ff = 2048, 7168
    agree()
