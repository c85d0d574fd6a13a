"""A Sphinx extension: what Markdown and the theme leave unsaid, or say wrongly, to those who listen
to a page instead of looking at it.

`mended` rewrites the body of each page; the two templates in templates/ replace the theme's own.
tests/browser/test_axe.py looks at the result.
"""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent / "templates"
HEAD = re.compile(r"<thead>.*?</thead>\s*", re.DOTALL)
UNNAMED = re.compile(
    r'<th class="head[^"]*">(?:<p>\s*</p>)?</th>'
)  # Markdown: | | cause | effect |
# The theme gives code and outputs a tab stop where they scroll; tables and pictures get it here.
TAB_STOPS = """
const watch = new ResizeObserver((seen) => seen.forEach(({ target }) => {
  if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
  else target.removeAttribute("tabindex");
}));
addEventListener("DOMContentLoaded", () => {
  const boxes = document.querySelectorAll(".pst-scrollable-table-container, .wide-picture");
  boxes.forEach((box) => watch.observe(box));
});
"""
FOLD = re.compile(r'<summary aria-label="Toggle hidden content">')


def headed(match: re.Match) -> str:
    """A table's head without empty headers: they are cells; a head of nothing else goes."""
    head = UNNAMED.sub("<td></td>", match[0])
    return head if "<th" in head.removeprefix("<thead>") else ""


def mended(body: str) -> str:
    """The page's body, with tables whose headers all say something, and folds named by the words
    that stand on them."""
    return FOLD.sub("<summary>", HEAD.sub(headed, body))


def mend(app, pagename, templatename, context, doctree) -> None:
    """Sphinx's html-page-context."""
    if "body" in context:
        context["body"] = mended(context["body"])


def use_templates(app, config) -> None:
    config.templates_path.append(str(TEMPLATES))


def setup(app):
    app.add_js_file(None, body=TAB_STOPS)
    app.connect("config-inited", use_templates)
    app.connect("html-page-context", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
