"""Formulas are set when the book is built, by KaTeX in node: no page loads a script for them.

Each becomes spans for the eye and MathML for screen readers; the pages need KaTeX's stylesheet and
fonts only. A formula that KaTeX cannot set is a warning that names its chapter, and the book is
built with warnings as errors.
"""

import atexit
import functools
import json
import os
import re
import shutil
import subprocess
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from vendor import FOLDER

SCRIPT = Path(__file__).with_name("katex.js")
STYLE = "npm/katex/dist/katex.min.css"
# KaTeX's fonts, and what asks for each in the formulas of a page.
FONTS = {
    "Main-Regular": re.compile('class="katex"'),
    "Main-Bold": re.compile(r"\bmathbf\b"),
    "Main-Italic": re.compile(r"\b(mathit|textit)\b"),
    "Math-Italic": re.compile(r"\bmathnormal\b"),
    "Math-BoldItalic": re.compile(r"\bboldsymbol\b"),
    "AMS-Regular": re.compile(r"\b(amsrm|mathbb)\b"),
    "Caligraphic-Regular": re.compile(r"\bmathcal\b"),
    "Typewriter-Regular": re.compile(r"\b(mathtt|texttt)\b"),
    "Size1-Regular": re.compile(r"\b(delimsizing size1|delim-size1|op-symbol small-op)\b"),
    "Size2-Regular": re.compile(r"\b(delimsizing size2|op-symbol large-op)\b"),
    "Size3-Regular": re.compile(r"\bdelimsizing size3\b"),
    "Size4-Regular": re.compile(r"\b(delimsizing size4|delim-size4)\b"),
}
MATHJAX = "mathjax@3.2.2/es5/tex-chtml.js"  # where there is no node
OPTIONS = {"throwOnError": True, "strict": "error", "output": "htmlAndMathml"}
log = logging.getLogger(__name__)


class CannotBeSet(ValueError):
    """A formula that KaTeX refuses, and its reason."""


@functools.cache
def setter(process: int) -> subprocess.Popen:
    """The node that sets formulas; each process that writes pages has its own."""
    command = [shutil.which("node"), str(SCRIPT), str(FOLDER / "katex" / "dist" / "katex.min.js")]
    node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf8")
    atexit.register(node.kill)
    return node


@functools.cache
def render(latex: str, display: bool) -> str:
    """The HTML of one formula."""
    node = setter(os.getpid())
    print(json.dumps({"latex": latex, "options": {**OPTIONS, "displayMode": display}}),
          file=node.stdin, flush=True)  # fmt: skip
    answer = json.loads(node.stdout.readline() or '{"error": "node stopped"}')
    if "error" in answer:
        raise CannotBeSet(answer["error"])
    return answer["html"]


def html_of(node, display: bool) -> str:
    try:
        return render(node.astext(), display)
    except CannotBeSet as error:
        log.warning("this formula cannot be set: %s: %s", node.astext(), error, location=node)
        return f'<code class="katex-error">{escape(node.astext())}</code>'


def visit_math(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(html_of(node, display=False) + "</span>")
    raise nodes.SkipNode


def visit_math_block(self, node):
    """A wide formula scrolls inside its own box, which the keyboard can reach."""
    box = {"CLASS": "math notranslate nohighlight", "tabindex": "0"}
    self.body.append(self.starttag(node, "div", "", **box))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append(html_of(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def is_formula(node) -> bool:
    return isinstance(node, nodes.math | nodes.math_block)


def dress(app, pagename, templatename, context, doctree) -> None:
    """A page with formulas loads KaTeX's stylesheet, and at the same time the fonts that these
    formulas are set in: a font that comes late moves its line."""
    if doctree is None or not any(doctree.findall(is_formula)):
        return
    app.add_css_file(STYLE)
    link = '<link rel="preload" as="font" type="font/woff2" crossorigin href="{}">'
    used = [font for font, asks in FONTS.items() if asks.search(context["body"])]
    fonts = (f"_static/npm/katex/dist/fonts/KaTeX_{font}.woff2" for font in used)
    links = "\n".join(link.format(context["pathto"](font, resource=True)) for font in fonts)
    context["metatags"] = context.get("metatags", "") + links


def set_here(app) -> None:
    """The pages' formulas are set by this module, and not by MathJax in the reader's browser."""
    app.add_html_math_renderer("katex", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "katex"
    app.connect("html-page-context", dress)
