"""The few icons that the pages use, in one small stylesheet, in place of all of FontAwesome.

The theme comes with FontAwesome whole: 540 kB of script and three fonts, compressed. The icons
below are cut out of those same fonts (fonttools' subsetter) and put into the stylesheet itself, so
that no icon arrives late. What the theme draws with the fonts in its own stylesheet is found there.
"""

import base64
import io
import re
from pathlib import Path

import pydata_sphinx_theme
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SOLID = """angle-left angle-right arrow-up bars chevron-down circle-half-stroke code download
ellipsis expand file file-lines file-pdf home lightbulb list magnifying-glass moon outdent pencil
pencil-alt play rocket sun xmark""".split()
BRANDS = ["github"]
THEME = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
DRAWN = re.compile(r'--pst-icon-[\w-]+:"([\ue000-\uf8ff])"')  # an icon in the theme's stylesheet
OPENS = "\uf107"  # an angle down: the book theme's stylesheet draws it beside a folded list

HEAD = """/*! Font Awesome Free by @fontawesome - https://fontawesome.com
 * License - https://fontawesome.com/license/free (Icons: CC BY 4.0, Fonts: SIL OFL 1.1, Code: MIT)
 * A selection of its icons, cut out of its fonts by tools/icons.py. */
:root {
  --fa-font-solid: normal 900 1em/1 "Font Awesome 6 Free";
  --fa-font-brands: normal 400 1em/1 "Font Awesome 6 Brands";
}
.fa-solid, .fas { font: var(--fa-font-solid); }
.fa-brands, .fab { font: var(--fa-font-brands); }
.fa-solid, .fas, .fa-brands, .fab {
  display: inline-block;
  text-align: center;
  -webkit-font-smoothing: antialiased;
}
.fa-lg { font-size: 1.25em; line-height: 0.8; vertical-align: -0.075em; }
.fa-lg.theme-switch { font-size: 1em; line-height: 1; vertical-align: 0; }
"""


def folder() -> Path:
    """Where this version of the theme keeps FontAwesome."""
    return next((THEME / "vendor" / "fontawesome").iterdir())


def code_points() -> dict[str, str]:
    """name → character, the older names too, as FontAwesome's stylesheet has them."""
    css = (folder() / "css" / "all.min.css").read_text(encoding="utf8")
    found = {}
    for names, code in re.findall(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+)"', css):
        found |= {name: chr(int(code, 16)) for name in re.findall(r"fa-([\w-]+)", names)}
    return found


def face(family: str, weight: int, file: str, characters: set[str]) -> tuple[str, dict[str, float]]:
    """The @font-face of a font cut down to `characters`, and how wide each of them is, in em."""
    font = TTFont(folder() / "webfonts" / file)
    options = Options(flavor="woff", layout_features=[], hinting=False, name_IDs=[0, 1, 2, 13])
    cutter = Subsetter(options)
    cutter.populate(text="".join(characters))
    cutter.subset(font)
    font.flavor = "woff"
    glyphs, em = font.getBestCmap(), font["head"].unitsPerEm
    widths = {chr(code): font["hmtx"][glyph][0] / em for code, glyph in glyphs.items()}
    data = io.BytesIO()
    font.save(data)
    source = "data:font/woff;base64," + base64.b64encode(data.getvalue()).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: block; '
        f"src: url({source}) format('woff'); }}\n"
    ), widths


def stylesheet() -> str:
    """Fonts, and for each icon its character and width: the width holds before the font does."""
    codes = code_points()
    theirs = set(DRAWN.findall((THEME / "styles" / "pydata-sphinx-theme.css").read_text("utf8")))
    solid, widths = face("Font Awesome 6 Free", 900, "fa-solid-900.ttf",
                         {codes[name] for name in SOLID} | theirs | {OPENS})  # fmt: skip
    brands, more = face("Font Awesome 6 Brands", 400, "fa-brands-400.ttf",
                        {codes[name] for name in BRANDS} | theirs)  # fmt: skip
    widths = more | widths
    rules = [
        f".fa-{name} {{ width: {widths[codes[name]]:g}em; }}\n"
        f'.fa-{name}::before {{ content: "\\{ord(codes[name]):x}"; }}\n'
        for name in [*SOLID, *BRANDS]
    ]
    return HEAD + solid + brands + "".join(rules)


def write(target: Path) -> None:
    """icons.css in the folder `target`, unless it is there already."""
    path = target / "icons.css"
    sources = (Path(__file__), folder() / "css" / "all.min.css")
    if path.is_file() and path.stat().st_mtime > max(s.stat().st_mtime for s in sources):
        return
    target.mkdir(parents=True, exist_ok=True)
    path.write_text(stylesheet(), encoding="utf8")
