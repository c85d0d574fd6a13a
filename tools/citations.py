"""A Sphinx extension: on the built pages, what names a paper leads to its entry in the references.

The chapters stay plain Markdown, which Colab shows as it is. references.py knows how a chapter
names a work ("Vaswani and others, 2017", "*Attention Is All You Need*"); here those words become
links when a page is written.
"""

import hashlib
import re
from pathlib import Path

from docutils import nodes
from references import BOOK, YEAR, by_name, citations, decide, titled, works

LIST = "book/references"
# Text inside these stays as it is.
CLOSED = (nodes.reference, nodes.title, nodes.literal, nodes.literal_block, nodes.math, nodes.raw)


def link(address: str, key: str, *children) -> nodes.reference:
    return nodes.reference(
        "", "", *children, internal=True, refuri=f"{address}#{key}", classes=["citation"]
    )


def is_open(node) -> bool:
    while node is not None:
        if isinstance(node, CLOSED):
            return False
        node = node.parent
    return True


def link_titles(doctree, address, known) -> set[str]:
    """Link titles in italics; return what was found."""
    found = set()
    for node in list(doctree.findall(nodes.emphasis)):
        after = node.next_node(siblings=True, descend=False, ascend=False)
        year = re.match(rf" \(({YEAR})", after.astext()) if after is not None else None
        keys = titled(node.astext(), year[1] if year else "", known)
        if keys and is_open(node):
            found.add(keys[0])
            node.replace_self(link(address, keys[0], node.deepcopy()))
    return found


def link_words(doctree, address, known, certain) -> None:
    """Link citations by names and year, and the first word on a page that is a work's own name."""
    told = set()
    for node in list(doctree.findall(nodes.Text)):
        if not is_open(node.parent):
            continue
        text, parts, end = node.astext(), [], 0
        named = [mention for mention in by_name(text, known) if mention.keys[0] not in told]
        for mention in sorted(citations(text, known) + named, key=lambda found: found.start):
            if not mention.keys or mention.start < end:
                continue
            key = decide(mention, certain)
            if mention in named and key in told:
                continue
            told.add(key)
            parts += [
                nodes.Text(text[end : mention.start]),
                link(address, key, nodes.Text(mention.words)),
            ]
            end = mention.end
        if parts:
            node.parent.replace(node, [*parts, nodes.Text(text[end:])])


def link_works(app, doctree, docname) -> None:
    if docname == LIST or app.builder.format != "html":
        return
    address = app.builder.get_relative_uri(docname, LIST)
    known = app.attend_works
    link_words(doctree, address, known, link_titles(doctree, address, known))


def read_works(app, config) -> None:
    """Another list, or another way of finding its works, and every page is written again."""
    app.attend_works = works()
    here = Path(__file__)
    sources = (BOOK / "references.bib", here.with_name("references.py"), here)
    contents = b"".join(path.read_bytes() for path in sources)
    config.attend_references = hashlib.sha256(contents).hexdigest()


def setup(app):
    app.add_config_value("attend_references", "", rebuild="html")
    app.connect("config-inited", read_works)
    app.connect("doctree-resolved", link_works)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
