"""The widget IndexWalk: its search in the page is that of attend.retrieval, id by id; what it
refuses; how it stands where no script runs."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from attend.retrieval import HNSW, IVF, PQ, Flat, k_smallest, squared_distances
from attend.widgets import IndexWalk
from attend.widgets.base import HEAVY, HERE
from attend.widgets.index_walk import BREADTH, KINDS, NEAREST

SVG = "{http://www.w3.org/2000/svg}"
QUERIES = 100
node = pytest.mark.skipif(not shutil.which("node"), reason="no node to read the script with")


def clumps(count, seed=0):
    """Points in seven clumps, as a chapter would make them: [count, 2]."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform(-2.3, 2.3, (7, 2))
    return (middles[np.arange(count) % 7] + rng.normal(0, 0.35, (count, 2))).clip(-3, 3)


def lattice():
    """Points at the same distances from each other, and each of them twice: [50, 2]."""
    x, y = np.meshgrid(np.linspace(-2, 2, 5), np.linspace(-2, 2, 5))
    return np.tile(np.stack([x.ravel(), y.ravel()], axis=1), (2, 1))


WIDGETS = {
    "clumps": lambda: IndexWalk(clumps(211), cells=13, n_centres=8, links=4, seed=1),
    "few": lambda: IndexWalk(clumps(20, seed=2), cells=20, n_centres=16, links=2),
    "many": lambda: IndexWalk(clumps(300, seed=3), cells=5, n_centres=3, links=8, seed=5),
    "ties": lambda: IndexWalk(lattice(), cells=7, n_centres=5, links=3),
}


def queries(name):
    """Places of two decimals, on the lattice those between its points."""
    rng = np.random.default_rng(7)
    if name == "ties":
        return rng.integers(-5, 6, (QUERIES, 2)) / 2
    return rng.integers(-300, 301, (QUERIES, 2)) / 100


def in_node(expression, given):
    """What the script's computation, cut out of it, makes of what is given."""
    text = (HERE / "index_walk.js").read_text("utf8")
    text = text.partition("// --- the computation")[2].partition("\n")[2]
    text = text.partition("// --- drawing")[0]
    code = f"{text}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({expression}));"
    done = subprocess.run(["node"], input=code, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


WALKS = """given.asked.map((asked) => {
  const graph = { ...given.graph, layers: given.graph.layers.map((layer) => new Map(layer)) };
  const walk = walkOf({ ...given, graph, ...asked });
  const ids = walk.steps.flatMap(({ fresh }) => fresh.map(({ id }) => id));
  const order = walk.steps.every(({ nearest }) =>
    nearest.every((each, i) => !i || nearer(nearest[i - 1], each) < 0));
  return { ...walk, steps: walk.steps.map(({ compared }) => compared), ids, order };
})"""


def walks(widget, asked):
    """The page's searches: of each the found and the true, what was compared, step by step."""
    state = {name: getattr(widget, f"_{name}") for name in ("points", "cells", "codes", "graph")}
    settings = ("index", "query", "probes", "again", "breadth")
    own = {name: getattr(widget, name) for name in settings}
    return in_node(WALKS, {**state, "asked": [{**own, **each} for each in asked]})


def settings_of(widget):
    """Every index, with little and with much of what it has to set."""
    cells = len(widget._cells["centres"])
    yield {"index": "every point"}
    yield from ({"index": "cells", "probes": n} for n in (1, 3, cells))
    yield from ({"index": "codes", "again": n} for n in (0, 3, 9, len(widget._points)))
    yield from ({"index": "graph", "breadth": n} for n in (5, 8, 40))


@node
@pytest.mark.parametrize("name", WIDGETS)
def test_the_page_finds_what_the_package_finds(name):
    widget = WIDGETS[name]()
    places = queries(name).tolist()
    for settings in settings_of(widget):
        found = walks(widget, [{**settings, "query": place} for place in places])
        for trait, value in settings.items():
            setattr(widget, trait, value)
        for place, page in zip(places, found, strict=True):
            ours = widget.found(place)
            ids, far = ours.ids[ours.ids >= 0], ours.distances[ours.ids >= 0]
            assert [each["id"] for each in page["found"]] == ids.tolist(), (settings, place)
            assert [each["far"] for each in page["found"]] == far.tolist()  # to the last digit
            assert page["compared"] == page["steps"][-1] == ours.compared
            assert page["recall"] == pytest.approx(ours.recall)
            assert page["order"] and page["steps"] == sorted(page["steps"])
            widget.query = place
            assert sorted(set(page["ids"])) == widget.compared_points()


@pytest.mark.parametrize("name", WIDGETS)
def test_found_is_what_the_indices_of_the_package_find(name):
    widget = WIDGETS[name]()
    points = np.array(widget._points, np.float32)
    cells, n_centres = len(widget._cells["centres"]), len(widget._codes["values"][0])
    links = {"clumps": 4, "few": 2, "many": 8, "ties": 3}[name]
    seed = {"clumps": 1, "many": 5}.get(name, 0)
    graph = HNSW(2, links, BREADTH, seed)
    indices = [Flat(2), IVF(2, cells, 2, seed), PQ(2, 2, n_centres, seed), graph]
    for kind, index in zip(KINDS, indices, strict=True):
        index.add(points)
        index.breadth = 7  # of the graph once it is made
        widget.index, widget.probes, widget.breadth = kind, 2, 7
        for query in queries(name).astype(np.float32):
            distances, ids = index.search(query[None], NEAREST)
            found = widget.found(query)
            assert found.ids.tolist() == ids[0].tolist()
            assert found.distances.tolist() == distances[0].tolist()
            assert found.compared == index.compared


def test_codes_measured_again_are_ordered_by_their_points():
    widget = WIDGETS["clumps"]()
    widget.index, widget.again = "codes", 30
    points = np.array(widget._points, np.float32)
    by_code = widget._indices["codes"]
    for query in queries("clumps").astype(np.float32):
        best = by_code.search(query[None], 30)[1][0]
        far, ids = k_smallest(squared_distances(points[best], query), best, NEAREST)
        found = widget.found(query)
        assert found.ids.tolist() == ids.tolist() and found.distances.tolist() == far.tolist()
        assert found.compared == len(points) + 30
    widget.again = len(points)
    assert all(widget.found(query).recall == 1 for query in queries("clumps"))


@node
def test_cells_are_where_their_centre_is_nearest():
    rng = np.random.default_rng(0)
    centres = rng.uniform(-3, 3, (11, 2))
    centres[10] = centres[3]  # a twin does not take its cell away
    shapes = in_node("given.map((_, i) => cellOf(given, i))", centres.tolist())
    total = 0
    for centre, corners in list(zip(centres, map(np.array, shapes), strict=True))[:10]:
        (x, y), (a, b) = corners.T, np.roll(corners, -1, axis=0).T
        total += abs((x * b - a * y).sum()) / 2
        for corner in corners:
            far = np.hypot(*(centres - corner).T)
            assert np.hypot(*(centre - corner)) <= far.min() + 1e-9
    assert total == pytest.approx(36)  # together they are the plane


def test_the_state_is_made_of_pythons_own_types_and_is_light():
    widget = WIDGETS["many"]()
    assert widget.state_size() < HEAVY
    data = [getattr(widget, name) for name in ("_points", "_cells", "_codes", "_graph")]
    assert len(json.dumps(data)) < 40_000  # of 300 points with 16 links each
    assert sum(map(len, widget._cells["lists"])) == 300 == len(widget._codes["codes"])
    assert len(widget._graph["layers"][0]) == 300


def test_the_traits_can_be_set_and_no_search_changes_another():
    widget = WIDGETS["clumps"]()
    before = widget.found()
    for kind in KINDS:
        widget.found(index=kind)
    widget.query, widget.index, widget.step = (1, 0.004), "graph", 3
    assert widget.query == [1.0, 0.0] and widget.step == 3
    widget.query, widget.index, widget.step = [0, 0], "cells", None
    after = widget.found()
    assert before.ids.tolist() == after.ids.tolist() and before.compared == after.compared
    widget.probes = 13
    assert widget.found().recall == 1 and widget.found().compared == 211 + 13


POINTS = clumps(30)
BAD = {
    "points' shape": ({"points": POINTS[:, :1]}, ValueError, r"points has shape \[30, 1\]"),
    "few points": ({"points": POINTS[:19]}, ValueError, r"points has shape \[19, 2\]"),
    "many points": ({"points": np.zeros((301, 2))}, ValueError, r"points has shape \[301, 2\]"),
    "no numbers": ({"points": "points"}, TypeError, "points must be an array of numbers"),
    "far points": ({"points": POINTS * 9}, ValueError, "points holds .* expected places from −3"),
    "NaN": ({"points": POINTS * np.nan}, ValueError, "points holds nan"),
    "no cells": ({"cells": 0}, ValueError, "cells=0 is out of range"),
    "many cells": ({"cells": 31}, ValueError, "cells=31 is out of range"),
    "half a cell": ({"cells": 2.5}, TypeError, "cells must be an int"),
    "n_centres": ({"n_centres": 17}, ValueError, "n_centres=17 is out of range"),
    "links": ({"links": 1}, ValueError, "links=1 is out of range"),
    "seed": ({"seed": -1}, ValueError, "seed=-1 is out of range"),
    "query's shape": ({"query": [0, 0, 0]}, ValueError, r"query has shape \[3\]"),
    "far query": ({"query": [0, 3.5]}, ValueError, "query holds 3.5"),
    "index": ({"index": "IVF"}, ValueError, "index='IVF' must be one of 'every point', 'cells'"),
    "probes": ({"probes": 13}, ValueError, "probes=13 is out of range: expected 1 to 12"),
    "again": ({"again": 31}, ValueError, "again=31 is out of range: expected 0 to 30"),
    "breadth": ({"breadth": 4}, ValueError, "breadth=4 is out of range: expected 5 to 300"),
    "step": ({"step": -1}, ValueError, "step=-1 is out of range"),
    "step's name": ({"step": "whole"}, TypeError, "step must be an int"),
    "title": ({"title": 3}, TypeError, "title must be a string"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name):
    change, error, message = BAD[name]
    with pytest.raises(error, match=message):
        IndexWalk(**{"points": POINTS, **change})
    ((trait, value),) = change.items()
    widget = IndexWalk(POINTS)
    if trait not in widget.traits(sync=True):
        return
    before = getattr(widget, trait)
    with pytest.raises(error, match=message):
        setattr(widget, trait, value)
    assert getattr(widget, trait) == before


@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_as_a_picture_and_as_words(kind):
    widget = WIDGETS["clumps"]()
    widget.index = kind
    found, root = widget.found(), ET.fromstring(widget.picture())
    assert root.tag == f"{SVG}svg" and root.find(f"{SVG}title").text == widget.describe()
    filled = [each for each in root.iter(f"{SVG}circle") if each.get("fill") == "#2a78b0"]
    assert len(filled) == len(widget.compared_points())
    squares = [each for each in root.iter(f"{SVG}rect") if each.get("width") == "15"]
    assert len(squares) == NEAREST
    assert repr(widget).startswith(f"IndexWalk: {kind} of 211 points, query at (0, 0): ")
    assert f"{found.compared} compared" in repr(widget)
    assert f"{round(5 * found.recall)} of the 5 nearest found" in repr(widget)
