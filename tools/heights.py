"""`make heights`: how high each widget of the built pages stands, at each width of the screen.

Run it when a widget has grown, or a chapter has got another one; then build the pages again. A test
says when it is needed: places.py holds these heights free. With names of pages behind it
(book/11_self_attention) only those are measured again.
"""

import json
import sys

import yaml
from places import HEIGHTS, ROOT, WIDTHS, heights

sys.path.insert(0, str(ROOT))
from benchmarks.browser import MOUNTED, SITE, browser_on

TABLET = 500  # narrower screens are telephones', as in the browser tests
PATIENCE_MS = 180_000  # the machine may be busy
MEASURE = """() => new Promise((resolve) => setTimeout(() => {
  const places = [...document.querySelectorAll('.widget-place')];
  resolve(places.map((place) => place.getBoundingClientRect().height));
}, 250))"""


def names() -> list[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf8"))
    return [toc["root"], *(e["file"] for part in toc["parts"] for e in part["chapters"])]


def measured(browser, address: str, name: str) -> list[list[int]]:
    """For each widget of a page its heights at WIDTHS, rounded up; a narrow screen is touched."""
    print(f"heights: {name}", flush=True)
    columns = []
    for touched in (True, False):
        page = browser.new_page(has_touch=touched)
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{address}/{name}.html", wait_until="load")
        page.wait_for_function(MOUNTED)
        for width in WIDTHS:
            if touched == (width < TABLET):
                page.set_viewport_size({"width": width, "height": 900})
                columns.append([-int(-height // 1) for height in page.evaluate(MEASURE)])
        page.close()
    return [list(row) for row in zip(*columns, strict=True)]


def main(chosen: list[str]) -> None:
    found = heights()
    with browser_on(SITE) as (browser, address):
        for name in chosen or names():
            found[name] = measured(browser, address, name)
    lines = (
        f" {json.dumps(name)}: [\n  " + ",\n  ".join(map(json.dumps, rows)) + "\n ]"
        for name in names()
        if (rows := found.get(name))
    )
    HEIGHTS.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf8")
    print(f"heights: {sum(map(len, found.values()))} widgets on {len(found)} pages measured")


if __name__ == "__main__":
    main(sys.argv[1:])
