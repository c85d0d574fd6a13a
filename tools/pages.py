"""The book's own Sphinx extension: pages that load nothing from elsewhere, and no stale output.

* Scripts (require.js, the widget manager, anywidget) come from _build/vendor/, filled by vendor.py;
  where npm cannot deliver, from a CDN at the same versions, and one line says so.
* Formulas are set while the pages are written (mathematics.py), where there is node to do it; else
  MathJax sets them in the reader's browser. The theme's icons are a small stylesheet (icons.py).
* The widgets' scripts and styles are files that all pages share: see widget_files.py. Each widget
  and picture has its place on the page before it comes: see places.py.
* Each chapter can be had without its solutions: see exercises.py.
* Sphinx and jupyter-cache decide by a chapter's own file whether to read and run it again. The
  chapters also depend on the code in book/attend and on the pinned packages: when those change, all
  are read and run again (chapters.py); when a widget's script or style does, all are written again.
"""

import subprocess
from pathlib import Path

import chapters
import exercises
import icons
import mathematics
import places
from sphinx.util import logging
from vendor import STATIC, packages, vendor
from widget_files import WIDGETS, share, stage

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(__file__).parent
TEMPLATES = TOOLS / "templates"
OWN = ROOT / "book" / "assets"
# What pages are made with besides: when one of these changes, all pages are written again.
ASSETS = [*TEMPLATES.rglob("*.html"), *TOOLS.glob("*.js"), *TOOLS.glob("*.json")]
ASSETS += [*OWN.glob("*.css"), *OWN.glob("*.js"), TOOLS / "icons.py", TOOLS / "mathematics.py"]
ASSETS += [TOOLS / "pages.py", TOOLS / "places.py", TOOLS / "widget_files.py"]
CDN = "https://cdn.jsdelivr.net/npm/"
log = logging.getLogger(__name__)


def scripts(app, config) -> None:
    """Say where the widget manager is and who sets the formulas, before any page is read."""
    try:
        vendor()
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        print(f"pages: {error}; the pages will load their scripts from {CDN}")
        config.mathjax_path = CDN + mathematics.MATHJAX
        version = {name: f"{name}@{package['version']}" for name, package in packages().items()}
        base = {name: f"{CDN}{version[name]}/" for name in version}
    else:
        base = {name: f"npm/{name}/" for name in packages()}
        mathematics.set_here(app)
    stage(STATIC / "widgets")
    config.html_static_path.append(str(STATIC))
    addresses = {
        "data-require": base["requirejs"] + "require.js",
        "data-manager": base["@jupyter-widgets/html-manager"].rstrip("/"),
        "data-anywidget": base["anywidget"] + "dist/index",
        "data-cdn": CDN,
    }
    config.nb_ipywidgets_js = {"widgets.js": {"async": "async", **addresses}}


def styles(app, config) -> None:
    """The theme's icons without FontAwesome's script, which the template here leaves out, and the
    widgets' places."""
    icons.write(STATIC)
    (STATIC / "places.css").write_text(places.css(), encoding="utf8")
    config.templates_path.append(str(TEMPLATES))
    for name in ("icons.css", "places.css"):
        app.add_css_file(name, priority=200)


def hold_up_nothing(app, pagename, templatename, context, doctree) -> None:
    """Sphinx's html-page-context: the theme's scripts run when the page has been read; all of them
    wait for that anyway. Not on the page of the search, which has no source, and scripts in its
    body that want them at once. (The pages share the scripts: each sets them as it needs them.)"""
    for script in context.get("script_files", []):
        attributes = getattr(script, "attributes", {})
        name = str(getattr(script, "filename", "") or "")
        if not name or "documentation_options" in name or "async" in attributes:
            continue
        if doctree:
            attributes["defer"] = "defer"
        else:
            attributes.pop("defer", None)


def forget_stale_outputs(app, config) -> None:
    """When the code that outputs were made with is no longer the code, drop them, and have Sphinx
    read every chapter. (`make html` runs tools/chapters.py before: then they are new already.)"""
    config.attend_code, dropped = chapters.forget_stale(ROOT, Path(app.outdir).parent)
    if dropped:
        log.info("pages: book/attend or requirements.txt changed, so every chapter runs again")
    config.attend_widgets = chapters.digest(
        [*WIDGETS.glob("*.js"), *WIDGETS.glob("*.css"), *ASSETS]
    )


def setup(app):
    app.add_config_value("attend_code", "", rebuild="env")  # changed: every page is read again
    app.add_config_value("attend_widgets", "", rebuild="html")  # changed: written again
    app.connect("config-inited", scripts)
    app.connect("config-inited", styles)
    app.connect("config-inited", forget_stale_outputs)
    app.add_post_transform(places.WidgetPlaces)
    app.connect("html-page-context", places.size_images)
    app.connect("config-inited", exercises.hand_out)
    app.connect("html-page-context", exercises.offer, priority=600)  # after the theme's buttons
    app.connect("html-page-context", share, priority=900)  # after the state is on the page
    app.connect("html-page-context", hold_up_nothing, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
