"""A Sphinx extension: each page says in its head what it is, for search engines and for those who
share a link. The words are the page's own first paragraph. The search page gets a script that does
the same for what it finds.
"""

import html

from docutils import nodes

LENGTH = 200  # characters of a description: about what is shown beside a link
# What stands in a table, a quotation or an output opens a page without saying what it is about.
NOT_PROSE = (nodes.table, nodes.block_quote, nodes.container, nodes.list_item, nodes.footnote)


def first_words(doctree) -> str:
    """The first paragraph that says something, cut after a whole word."""
    for paragraph in doctree.findall(nodes.paragraph):
        parent = paragraph.parent
        while parent is not None and not isinstance(parent, NOT_PROSE):
            parent = parent.parent
        text = " ".join(paragraph.astext().split())
        if parent is None and len(text) > 60:
            if len(text) <= LENGTH:
                return text
            return text[: text.rindex(" ", 0, LENGTH)].rstrip(",;:–") + " …"
    return ""


def describe(app, pagename, templatename, context, doctree) -> None:
    if pagename == "search":
        app.add_js_file("search.js")  # book/assets/search.js, on this page only
    if doctree is None:
        return
    title = next((node.astext() for node in doctree.findall(nodes.title)), app.config.html_title)
    words = {
        ("name", "description"): first_words(doctree),
        ("property", "og:title"): title,
        ("property", "og:description"): first_words(doctree),
        ("property", "og:site_name"): app.config.html_title,
        ("property", "og:type"): "article",
    }
    tags = [
        f'<meta {kind}="{name}" content="{html.escape(content)}" />'
        for (kind, name), content in words.items()
        if content
    ]
    context["metatags"] = "\n".join([context.get("metatags", ""), *tags])


def setup(app):
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
