"""The book's own Sphinx extension: pages that load nothing from elsewhere, and no stale output.

* Scripts (require.js, the widget manager, anywidget, MathJax) come from _build/vendor/, filled by
  vendor.py; where npm cannot deliver, from a CDN at the same versions, and one line says so.
* The widgets' scripts and styles are files that all pages share: see widget_files.py.
* Each chapter can be had without its solutions: see exercises.py.
* Sphinx and jupyter-cache decide by a chapter's own file whether to read and run it again. The
  chapters also depend on the code in book/attend and on the pinned packages: when those change, all
  are read and run again; when a widget's script or style does, all are written again.
"""

import hashlib
import shutil
import subprocess
from pathlib import Path

import exercises
from sphinx.util import logging
from vendor import STATIC, packages, vendor
from widget_files import WIDGETS, share, stage

ROOT = Path(__file__).resolve().parent.parent
CDN = "https://cdn.jsdelivr.net/npm/"
log = logging.getLogger(__name__)


def scripts(app, config) -> None:
    """Say where the widget manager and MathJax are, before any page is read."""
    try:
        vendor()
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        print(f"pages: {error}; the pages will load their scripts from {CDN}")
        version = {name: f"{name}@{package['version']}" for name, package in packages().items()}
        base = {name: f"{CDN}{version[name]}/" for name in version}
    else:
        base = {name: f"npm/{name}/" for name in packages()}
    stage(STATIC / "widgets")
    config.html_static_path.append(str(STATIC))
    places = {
        "data-require": base["requirejs"] + "require.js",
        "data-manager": base["@jupyter-widgets/html-manager"].rstrip("/"),
        "data-anywidget": base["anywidget"] + "dist/index",
        "data-cdn": CDN,
    }
    config.nb_ipywidgets_js = {"widgets.js": {"defer": "defer", **places}}
    config.mathjax_path = base["mathjax"] + "es5/tex-chtml.js"


def digest(files) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


def forget_stale_outputs(app, config) -> None:
    """When the code that outputs were made with is no longer the code, drop them, and have Sphinx
    read every chapter."""
    cache = Path(app.outdir).parent / ".jupyter_cache"
    code = (ROOT / "book" / "attend").rglob("*.*")
    made_with = digest(
        [ROOT / "requirements.txt", *(path for path in code if path.suffix in (".py", ".csv"))]
    )
    stamp = cache.with_name("attend.sha256")
    if cache.is_dir() and (not stamp.is_file() or stamp.read_text() != made_with):
        log.info("pages: book/attend or requirements.txt changed, so every chapter runs again")
        shutil.rmtree(cache)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(made_with)
    config.attend_code = made_with
    config.attend_widgets = digest([*WIDGETS.glob("*.js"), *WIDGETS.glob("*.css")])


def setup(app):
    app.add_config_value("attend_code", "", rebuild="env")  # changed: every page is read again
    app.add_config_value("attend_widgets", "", rebuild="html")  # changed: written again
    app.connect("config-inited", scripts)
    app.connect("config-inited", forget_stale_outputs)
    app.connect("config-inited", exercises.hand_out)
    app.connect("html-page-context", exercises.offer, priority=600)  # after the theme's buttons
    app.connect("html-page-context", share, priority=900)  # after the state is on the page
    return {"parallel_read_safe": True, "parallel_write_safe": True}
