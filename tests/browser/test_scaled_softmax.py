"""The numbers that ScaledSoftmax shows on the page are those of its Python class."""

from attend.widgets import ScaledSoftmax


def shown(widget):
    return [float(text) for text in widget.locator("output b").all_inner_texts()[:3]]


def test_numbers_follow_the_controls(visit):
    page = visit("book/11_self_attention.html")
    widget = page.locator("[data-widget=ScaledSoftmax]")
    twin = ScaledSoftmax()
    names = ("largest", "effective_keys", "gradient")
    for d_k, scaled in ((64, True), (512, True), (512, False), (1, False)):
        widget.get_by_role("radio", name=str(d_k), exact=True).check(force=True)
        widget.get_by_role("checkbox").set_checked(scaled)
        page.wait_for_timeout(60)
        twin.d_k, twin.scaled = d_k, scaled
        wanted = twin.consequences()
        for number, name in zip(shown(widget), names, strict=True):
            assert abs(number - wanted[name]) <= 0.005 * max(1, abs(wanted[name])), (d_k, name)
