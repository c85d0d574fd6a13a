"""A Sphinx extension: the cell that gives the verdict on a claim has an address of its own.

The ledger (ledger.py) links to the cell: `07_recurrent.ipynb#claim-17`. Here the cell that prints
"Claim 17: …" gets the id claim-17, and the name is entered where MyST looks for a chapter's
headings, so that an ordinary Markdown link finds it from any page.
"""

import re

from docutils import nodes

CLAIM = re.compile(r"^Claim (\d+): .+$", re.MULTILINE)


def slug(number: int | str) -> str:
    return f"claim-{number}"


def is_cell(node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def is_output(node) -> bool:
    return isinstance(node, nodes.literal_block) and "output" in node["classes"]


def printed(cell) -> dict[str, str]:
    """The slugs of the claims on which a cell prints a verdict, with the claims' words."""
    text = "\n".join(block.astext() for block in cell.findall(is_output))
    return {slug(found[1]): found[0] for found in CLAIM.finditer(text)}


def name_cells(app, doctree) -> None:
    """Sphinx's doctree-read. The first cell of a page with a claim is the claim's."""
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for cell in doctree.findall(is_cell):
        for name, words in printed(cell).items():
            if name not in slugs:
                cell["ids"].append(name)
                slugs[name] = (cell.line or 0, name, words)  # as MyST enters a heading


def setup(app):
    app.connect("doctree-read", name_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
