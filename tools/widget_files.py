"""The widgets' scripts and styles as files that all pages share.

In a notebook a widget carries its script and style in its state, and so does every copy of it on a
page. On the book's pages each kind of widget is one classic script (so that a page opened from a
disk, without a server, is alive too) and one stylesheet, which the browser fetches once; the state
that a page embeds names them: `_module`. The scripts hold up no page and may come in any order.
"""

import json
import re
from pathlib import Path

from attend.widgets.base import DECLARATION, bundle, dressed

WIDGETS = Path(__file__).resolve().parent.parent / "book" / "attend" / "widgets"
STATE = "application/vnd.jupyter.widget-state+json"
PLAIN = {"anywidget", "@jupyter-widgets/base"}  # what widgets.js mounts by itself
OURS = re.compile(r"attend\.widgets\.(\w+)\.\w+")  # what anywidget calls a widget of the book
EXPORTED = re.compile(r"^export (?:async )?(?:function|const|class) (\w+)", re.MULTILINE)
IMPORTED = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";\n', re.MULTILINE)


def classic(script: Path) -> str:
    """The ES module `script` as a script that puts a function on `attendWidgets`: from what hands
    over the module of a name to what this one exports."""
    text = script.read_text(encoding="utf8")
    if exported := EXPORTED.findall(text):
        text = DECLARATION.sub("", text) + f"return {{ {', '.join(exported)} }};\n"
    text = IMPORTED.sub(r'const \1 = module("\2");\n', text)
    text = text.replace("export default ", "return ")
    head = f"(self.attendWidgets ||= {{}}).{script.stem} = (module) => {{"
    return f'{head}\n"use strict";\n{text}}};\n'


def stage(folder: Path) -> None:
    """Write every widget's script and style into `folder`, where it differs."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {path.name: classic(path) for path in WIDGETS.glob("*.js")}
    files |= {path.name: path.read_text(encoding="utf8") for path in WIDGETS.glob("*.css")}
    for name, text in files.items():
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf8") != text:
            (folder / name).write_text(text, encoding="utf8")


def lighten(state: dict) -> list[str]:
    """Take scripts and styles out of the state of a page; the modules that it needs, in order.

    A page that needs the full widget manager keeps them, as they are today: it knows no files.
    """
    models, needed = state["state"].values(), set()
    alone = all(model["model_module"] in PLAIN for model in models)
    for model in models:
        traits = model["state"]
        found = OURS.fullmatch(traits.get("_anywidget_id", ""))
        if not found or not (WIDGETS / f"{found[1]}.js").is_file():
            continue
        if alone:
            traits["_module"] = found[1]
            traits.pop("_esm", None)
            traits.pop("_css", None)
            needed.add(found[1])
        else:
            script = WIDGETS / f"{found[1]}.js"
            traits["_esm"], traits["_css"] = bundle(script), dressed(script)
    return ["common", *sorted(needed)] if needed else []


def share(app, pagename, templatename, context, doctree) -> None:
    """Sphinx's html-page-context: lighten the page's state and name the files it needs."""
    for script in list(context.get("script_files", [])):
        if getattr(script, "attributes", {}).get("type") != STATE:
            continue
        state = json.loads(script.attributes["body"])
        for name in lighten(state):
            soon = {"async": "async", "data-module": name}
            app.add_js_file(f"widgets/{name}.js", priority=300, **soon)
            app.add_css_file(f"widgets/{name}.css", priority=300)
        script.attributes["body"] = json.dumps(state, separators=(",", ":")).replace("</", "<\\/")
