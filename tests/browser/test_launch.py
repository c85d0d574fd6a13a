"""From each page to where it can be run, downloaded and mended, as _config.yml says; nowhere, while
that has only a placeholder (how the buttons of a known address lead: tests/test_repository.py)."""

from html.parser import HTMLParser
from urllib.parse import urljoin

import nbformat
import pytest
import repository
import yaml

from conftest import ROOT, SITE
from test_pages import CHAPTERS, PAGES

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))
REPOSITORY, BRANCH = CONFIG["repository"]["url"], CONFIG["repository"]["branch"]
PATH = REPOSITORY.removeprefix("https://github.com/")
KNOWN = repository.is_known(REPOSITORY)
NOTEBOOKS = [name for name in CHAPTERS if (ROOT / f"{name}.ipynb").is_file()]


class Head(HTMLParser):
    """The title of a page, what its head says of it, and where its links lead."""

    def __init__(self, name):
        super().__init__()
        self.said, self.links, self.title, self.open = {}, set(), "", False
        self.feed((SITE / f"{name}.html").read_text(encoding="utf8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "meta" and "content" in given:
            self.said[given.get("name") or given.get("property")] = given["content"]
        if tag == "a" and given.get("href"):
            self.links.add(given["href"])
        self.open = tag == "title" and not self.title

    def handle_data(self, data):
        self.title += data if self.open else ""
        self.open = False


@pytest.mark.parametrize("name", NOTEBOOKS)
class TestChapter:
    def test_opens_in_colab(self, name):
        colab = f"{CONFIG['launch_buttons']['colab_url']}/github/{PATH}/blob/{BRANCH}"
        assert (f"{colab}/{name}.ipynb" in Head(name).links) is KNOWN

    def test_opens_in_binder(self, name):
        binder = f"{CONFIG['launch_buttons']['binderhub_url']}/v2/gh/{PATH}/{BRANCH}"
        assert (f"{binder}?urlpath=lab/tree/{name}.ipynb" in Head(name).links) is KNOWN

    def test_can_be_downloaded_as_it_is_stored(self, name):
        links = [link for link in Head(name).links if link.endswith(f"{name}.ipynb")]
        local = [link for link in links if not link.startswith("http")]
        assert len(local) == 1
        copy = SITE / urljoin(f"{name}.html", local[0])
        ours = nbformat.read(ROOT / f"{name}.ipynb", as_version=4).cells
        assert [cell.source for cell in nbformat.read(copy, as_version=4).cells] == [
            cell.source for cell in ours
        ]


@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_mended_and_says_what_it_is(page):
    name = page.removesuffix(".html")
    source = next(path for path in ROOT.glob(f"{name}.*") if path.suffix in (".ipynb", ".md"))
    head = Head(name)
    edit = f"{REPOSITORY}/edit/{BRANCH}/{source.relative_to(ROOT).as_posix()}"
    assert (edit in head.links) is (REPOSITORY in head.links) is KNOWN
    assert KNOWN or not any(PATH in link for link in head.links)  # issues and all else
    assert CONFIG["title"] in head.title
    assert 60 < len(head.said["description"]) <= 202
    assert head.said["og:description"] == head.said["description"]
    assert head.said["og:site_name"] == CONFIG["title"]
    assert head.title.startswith(head.said["og:title"])


def test_no_two_pages_say_the_same_of_themselves():
    for word in ("description", "og:title"):
        said = [Head(page.removesuffix(".html")).said[word] for page in PAGES]
        assert len(set(said)) == len(said)
