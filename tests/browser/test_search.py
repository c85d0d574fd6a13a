"""The search of the built pages finds the terms of the subject, in the page, with no server behind
it."""

import pytest

from test_pages import CHAPTERS, SCREENS

# A term, and the chapters of which one must be among the first results.
TERMS = {
    "attention": "10 11",
    "self-attention": "11",
    "teacher forcing": "09",
    "beam search": "17",
    "LayerNorm": "14",
    "layer normalisation": "14",
    "rotary": "13",
    "sinusoidal": "13",
    "BLEU": "09",
    "softmax": "11 02",
    "perplexity": "07",
    "byte-pair encoding": "06",
    "embedding": "06",
    "backpropagation": "03",
    "gradient descent": "02",
    "learning rate": "02",
    "dropout": "04 14",
    "overfitting": "04",
    "convolution": "05",
    "LSTM": "08",
    "forget gate": "08",
    "recurrent": "07",
    "causal mask": "15",
    "padding": "15 06",
    "residual connection": "14 04",
    "label smoothing": "16",
    "temperature": "17 10",
    "multi-head": "12",
    "universal approximation": "01",
    "ReLU": "01",
}
# Words of the field that chapters say in another way: the glossary ties the two together.
GLOSSARY = """inference; in use; autoregressive; sub-layer; sublayer; concatenate; skip connection;
    hidden size; context window; prefill; internal covariate shift; weight normalisation;
    Hopfield network; Boltzmann machine; latent space; part-of-speech tag; intra-attention; TPU;
    RoPE; KV cache; feature map; attention weight"""
FIRST = 8  # what stands on a screen or two
# What the page itself does with a query, up to showing it; the best result is the last.
FOUND = """query => Search._performSearch(...Search._parseQuery(query)).reverse()
    .map(([page, title, anchor, description]) => ({page, title, anchor, description}))"""


def test_finds_the_terms_of_the_subject(visit):
    page = visit("search.html", ours=False)
    page.wait_for_function("Search.hasIndex()")
    missed = []
    for term, chapters in TERMS.items():
        found = [result["page"] for result in page.evaluate(FOUND, term)[:FIRST]]
        if not {name[5:7] for name in found if name[5:7].isdigit()} & set(chapters.split()):
            missed.append(f"{term}: {found}")
    assert not missed, "\n".join(missed)


def test_finds_the_words_of_the_glossary(visit):
    page = visit("search.html", ours=False)
    page.wait_for_function("Search.hasIndex()")
    for term in " ".join(GLOSSARY.split()).split("; "):
        places = [
            (result["page"], result["anchor"]) for result in page.evaluate(FOUND, term)[:FIRST]
        ]
        assert ("book/glossary", f"#term-{term.replace(' ', '-')}") in places, (term, places)


def test_finds_nothing_where_nothing_is(visit):
    page = visit("search.html", ours=False)
    page.wait_for_function("Search.hasIndex()")
    assert page.evaluate(FOUND, "zebrafinch") == []


@pytest.mark.parametrize("width, theme", SCREENS)
def test_shows_what_it_found(visit, width, theme):
    page = visit("search.html?q=beam+search", width, theme, ours=False)
    page.wait_for_function(
        "n => document.querySelectorAll('#search-results p.context').length >= n", arg=5
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it scrolls sideways"
    shown = page.locator("#search-results ul.search > li > a").evaluate_all(
        "links => links.map(link => link.getAttribute('href').split(/[?#]/)[0])"
    )
    found = [f"{result['page']}.html" for result in page.evaluate(FOUND, "beam search")]
    assert shown == found[: len(shown)] and "book/17_decoding.html" in shown[:FIRST]
    for summary in page.locator("#search-results p.context").all_text_contents():
        assert ".pdf" not in summary and "Contents" not in summary, "the theme's buttons are in it"


def test_is_asked_from_a_chapter(visit):
    page = visit(f"{CHAPTERS[8]}.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("teacher forcing")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=teacher+forcing")
    page.wait_for_selector("#search-results ul.search > li")
    page.locator("#search-results a[href*='09_seq2seq.html']").first.wait_for()
