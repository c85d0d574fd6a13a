"""What a page holds free for what comes late: a widget's height, a picture's size.

A widget's place stands before its script runs, as high as the widget will be, so that nothing moves
when it appears. How high that is depends on the width of the screen; `make heights` measures it in
Chromium and writes tools/heights.json. Where no script runs, the place shows the widget's still
picture.
"""

import json
import re
import struct
from html import unescape
from pathlib import Path
from posixpath import basename

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

ROOT = Path(__file__).resolve().parent.parent
HEIGHTS = ROOT / "tools" / "heights.json"
VIEW = "application/vnd.jupyter.widget-view+json"
WIDTHS = (320, 360, 390, 430, 480, 540, 600, 680, 768, 992, 1080, 1200, 1280, 1440)  # of the screen
UNKNOWN = "20rem"
IMAGE = re.compile(r'<img\b[^>]*?\bsrc="([^"]+)"[^>]*>')
WIDE = 480  # px; a wider picture has a box of its own, in which a telephone shows it legibly
LENGTH = r'<svg\b[^>]*?\s{}="([\d.]+)(pt|px)?"'


def heights() -> dict[str, list[list[int]]]:
    """page → for each of its widgets, in order, how many px high it is at each of WIDTHS."""
    return json.loads(HEIGHTS.read_text(encoding="utf8")) if HEIGHTS.is_file() else {}


def css() -> str:
    """The rules that make a place as high as the measured widget, at each width of the screen."""
    rules = [
        f"@media (min-width: {width}px) "
        f"{{ .widget-place {{ --reserved: var(--at-{width}, {UNKNOWN}); }} }}"
        for width in (0, *WIDTHS[1:])
    ]
    rules[0] = rules[0].replace("--at-0", f"--at-{WIDTHS[0]}")  # narrower ones too
    waiting = "html[data-mode] .widget-place:not(.mounted)"  # data-mode is there if scripts run
    rules.append(".widget-place { display: flow-root; }")  # margins within are part of its height
    kept = f"{waiting} {{ height: var(--reserved); overflow: hidden; }}"
    hidden = f"{waiting} > * {{ visibility: hidden; }}"  # while it finds its shape
    rules.append(f"@media screen {{ {kept} {hidden} }}\n")  # on paper there are still pictures
    return "\n".join(rules)


def place(measured: list[int] | None) -> str:
    """The opening tag of one widget's place."""
    if measured is None:
        return '<div class="widget-place">'
    pairs = zip(WIDTHS, measured, strict=True)
    style = "; ".join(f"--at-{width}: {height}px" for width, height in pairs)
    return f'<div class="widget-place" style="{style}">'


def is_view(node) -> bool:
    return isinstance(node, nodes.container) and node.get("mime_type") == VIEW


class WidgetPlaces(SphinxPostTransform):
    """Give each widget a place of its own, with its still picture for where no script runs."""

    default_priority = 3  # myst-nb selects one of each output's kinds at 4
    formats = ("html",)

    def run(self, **kwargs) -> None:
        measured = dict(enumerate(heights().get(self.env.docname, [])))
        for number, view in enumerate(list(self.document.findall(is_view))):
            kinds = {kind["mime_type"]: kind for kind in view.parent.children}
            pictures = [
                nodes.image(**{**picture.attributes, "alt": kinds["text/plain"].astext()})
                for picture in kinds["image/svg+xml"].findall(nodes.image)
            ] if {"image/svg+xml", "text/plain"} <= set(kinds) else []  # fmt: skip
            before, middle, after = (
                nodes.raw("", text, format="html")
                for text in (place(measured.get(number)), "<noscript>", "</noscript></div>")
            )
            view.children = [before, *view.children, middle, *pictures, after]
            for child in view.children:
                child.parent = view


def size(path: Path) -> tuple[int, int] | None:
    """Width and height of a PNG or SVG, in px of the page."""
    if path.suffix == ".png":
        head = path.read_bytes()[:24]
        return struct.unpack(">II", head[16:]) if head[:4] == b"\x89PNG" else None
    if path.suffix == ".svg":
        text = path.read_text(encoding="utf8")
        found = [re.search(LENGTH.format(side), text) for side in ("width", "height")]
        if all(found):
            width, height = (float(m[1]) * (4 / 3 if m[2] == "pt" else 1) for m in found)
            return round(width), round(height)
    return None


def size_images(app, pagename, templatename, context, doctree) -> None:
    """Sphinx's html-page-context: each picture says how large it is, and waits until near; a wide
    one lies in a box, which scrolls where the page is narrow (book.css)."""
    sources = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}

    def sized(found: re.Match) -> str:
        source = sources.get(basename(unescape(found[1])))
        known = size(source) if source and source.is_file() else None
        if known is None or re.search(r"\b(width|height|loading)=", found[0]):
            return found[0]
        picture = found[0].replace(
            "<img", f'<img width="{known[0]}" height="{known[1]}" loading="lazy" decoding="async"'
        )
        return f'<span class="wide-picture">{picture}</span>' if known[0] > WIDE else picture

    if "body" in context:
        context["body"] = IMAGE.sub(sized, context["body"])
