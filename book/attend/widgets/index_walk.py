"""How does an index find what is near without comparing all? Cells, codes and a graph, walked."""

from typing import NamedTuple

import numpy as np
import traitlets

from attend.retrieval import (
    HNSW,
    IVF,
    PQ,
    Flat,
    k_smallest,
    recall,
    search_layer,
    squared_distances,
)
from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    svg,
    svg_text,
)

REACH = 3  # the plane goes from −3 to 3 on both axes
HUNDREDTHS = 100  # places have two decimals
FEWEST, MOST = 20, 300  # points
NEAREST = 5  # are looked for
MOST_STEPS = 1000
BREADTH = 16  # candidates kept while the graph is made
KINDS = ("every point", "cells", "codes", "graph")


class Found(NamedTuple):
    """What a search found: squared distances and ids of the nearest, in ascending order, how many
    comparisons it took (to points, centres and codes), and the share of the true ones."""

    distances: np.ndarray
    ids: np.ndarray
    compared: int
    recall: float


class IndexWalk(Widget):
    """Points of a plane, a query that can be dragged, and the search for its five nearest, step by
    step, by four indices of `attend.retrieval`: every point is compared (Flat), only those in the
    nearest cells are (IVF), the codes of all are looked up in two tables (PQ, one piece an axis),
    or a graph is walked from layer to layer (HNSW).

    Args:
        points: [N, 2], N from 20 to 300, places on a plane from −3 to 3; rounded to two decimals.
        cells: of IVF, 1 to 40.
        n_centres: values that PQ has for each axis, 1 to 16.
        links: of a point on a layer of HNSW, 2 to 8; on layer 0 twice as many.
        seed: of k-means and of the layers.
        query: [2], a place on the same plane.
        index: "every point", "cells", "codes" or "graph".
        probes: cells that are read.
        again: of the best by code so many are measured exactly, at least five of them; 0: none.
        breadth: candidates that are kept on layer 0, 5 to 300.
        step: how far the search is shown, 0 for not at all; None: to its end.
        title: above the widget.

    `query`, `index`, `probes`, `again`, `breadth` and `step` are written by the reader's hand too:
    observe or link them. The indices are made once, when the widget is.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 21.
    """

    query = Checked([0.0, 0.0]).tag(sync=True)
    index = Checked("cells").tag(sync=True)
    probes = Checked(1).tag(sync=True)
    again = Checked(0).tag(sync=True)
    breadth = Checked(NEAREST).tag(sync=True)
    step = Checked(None).tag(sync=True)
    title = Text("").tag(sync=True)
    _points = traitlets.List().tag(sync=True)
    _cells = traitlets.Dict().tag(sync=True)  # centres [C, 2], lists: of each cell its points
    _codes = traitlets.Dict().tag(sync=True)  # values [2, n_centres], codes [N, 2]
    _graph = traitlets.Dict().tag(sync=True)  # entry, layers: of each the pairs id, ids of links

    def __init__(
        self,
        points,
        cells=12,
        n_centres=8,
        links=4,
        seed=0,
        *,
        query=(0.0, 0.0),
        index="cells",
        probes=1,
        again=0,
        breadth=NEAREST,
        step=None,
        title="",
    ):
        points = check_points(points)
        cells = as_index("cells", cells, min(40, len(points)) + 1, first=1)
        n_centres = as_index("n_centres", n_centres, 17, first=1)
        links = as_index("links", links, 9, first=2)
        seed = as_index("seed", seed, 2**32)
        self._indices = {
            "every point": Flat(2),
            "cells": IVF(2, cells=cells, probes=1, seed=seed),
            "codes": PQ(2, pieces=2, n_centres=n_centres, seed=seed),
            "graph": HNSW(2, links=links, breadth=BREADTH, seed=seed),
        }
        for each in self._indices.values():
            each.add(np.array(points, np.float32))
        super().__init__(
            **{"_points": points, "query": query, "index": index, "probes": probes},
            **{"again": again, "breadth": breadth, "step": step, "title": title},
            **structures(self._indices),
        )
        self._warn_if_heavy()

    def found(self, query=None, index=None) -> Found:
        """What the page shows at the end of the search, by default of the query and the index that
        are set."""
        query = np.array([self.query if query is None else check_query(query)], np.float32)
        kind = self.index if index is None else as_choice("index", index, KINDS)
        true = self._indices["every point"].search(query, NEAREST)[1]
        searched = self._indices[kind]
        if kind == "cells":
            searched.probes = self.probes
        elif kind == "graph":
            searched.breadth = self.breadth
        measured = max(self.again, NEAREST) if kind == "codes" and self.again else 0
        distances, ids = (each[0] for each in searched.search(query, measured or NEAREST))
        if measured:
            exact = squared_distances(np.array(self._points, np.float32)[ids], query[0])
            distances, ids = k_smallest(exact, ids, NEAREST)
        compared = int(searched.compared) + measured
        return Found(distances, ids, compared, recall(ids[None], true))

    def compared_points(self) -> list[int]:
        """The points that this search compares, by their codes too."""
        index, query = self._indices[self.index], np.array(self.query, np.float32)
        if self.index == "cells":
            far = squared_distances(index.centres, query)
            _, probed = k_smallest(far, np.arange(index.cells), self.probes)
            return sorted(int(i) for cell in probed for i in index.lists[cell])
        if self.index == "graph":
            index.breadth = self.breadth
            return sorted({int(i) for i in walked(index, query)})
        return list(range(len(self._points)))

    @traitlets.validate("query")
    def _check_query(self, proposal):
        return check_query(proposal["value"])

    @traitlets.validate("index")
    def _check_index(self, proposal):
        return as_choice("index", proposal["value"], KINDS)

    @traitlets.validate("probes")
    def _check_probes(self, proposal):
        return as_index("probes", proposal["value"], self._indices["cells"].cells + 1, first=1)

    @traitlets.validate("again")
    def _check_again(self, proposal):
        return as_index("again", proposal["value"], len(self._indices["codes"]) + 1)

    @traitlets.validate("breadth")
    def _check_breadth(self, proposal):
        return as_index("breadth", proposal["value"], MOST + 1, first=NEAREST)

    @traitlets.validate("step")
    def _check_step(self, proposal):
        value = proposal["value"]
        return None if value is None else as_index("step", value, MOST_STEPS + 1)

    def describe(self) -> str:
        found, (x, y) = self.found(), map(signed, self.query)
        share = 100 * found.compared / len(self._points)
        return (
            f"{self.index} of {len(self._points)} points, query at ({x}, {y}): "
            f"{found.compared} compared ({share:.1f} %), "
            f"{round(found.recall * NEAREST)} of the {NEAREST} nearest found, "
            f"the nearest of them point {found.ids[0]}."
        )

    def picture(self) -> str:
        """The end of the search: compared points filled, those found in squares, missed crossed."""
        side, found, seen = 380, self.found(), set(self.compared_points())
        at = [on_plane(x, y, side) for x, y in self._points]
        parts = [
            f'<rect x="14" y="14" width="{side}" height="{side}" fill="none" stroke="#8893a1"/>'
        ]
        parts += below(self.index, self._indices[self.index], at, side)
        for i, (x, y) in enumerate(at):
            look = 'r="3.6" fill="#2a78b0"' if i in seen else 'r="2.6" fill="none" stroke="#566170"'
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" {look}/>')
        for x, y in (at[i] for i in found.ids if i >= 0):
            frame = 'width="15" height="15" fill="none" stroke="#c2410c" stroke-width="2.2"'
            parts.append(f'<rect x="{x - 7.5:.1f}" y="{y - 7.5:.1f}" {frame}/>')
        for x, y in (at[i] for i in self.found(index="every point").ids if i not in found.ids):
            arms = f"M{x - 7:.1f} {y - 7:.1f}l14 14m0 -14l-14 14"
            parts.append(f'<path d="{arms}" stroke="#1c2430" stroke-width="2.4"/>')
        x, y = on_plane(*self.query, side)
        query = 'fill="none" stroke="#c2410c" stroke-width="4"'
        parts.append(f'<path d="M{x:.1f} {y - 9:.1f}l9 9l-9 9l-9 -9z" {query}/>')
        count = len(self._points)
        met = f"{self.index}: {found.compared} comparisons, {count} points (compared: filled)"
        kept = f"{round(found.recall * NEAREST)} of the {NEAREST} nearest found (squares)"
        kept += ", the others crossed" * (found.recall < 1)
        parts += [svg_text(met, 14, side + 34), svg_text(kept, 14, side + 52)]
        return svg(side + 28, side + 64, self.describe(), parts)


def walked(graph, query) -> list[int]:
    """The ids that a search through the layers measures, in that order."""
    seen = []

    def measure(ids):
        seen.extend(ids)
        return squared_distances(graph.vectors[ids], query).tolist()

    near = [(*measure([graph.entry]), graph.entry)]
    for layer in graph.layers[:0:-1]:
        near = search_layer(layer, measure, near, 1)
    search_layer(graph.layers[0], measure, near, max(graph.breadth, NEAREST))
    return seen


def structures(indices) -> dict:
    """What the page searches in, in Python's own types."""
    cells, codes, graph = indices["cells"], indices["codes"], indices["graph"]
    layers = [
        [[int(i), [int(other) for other in links]] for i, links in layer.items()]
        for layer in graph.layers
    ]
    return {
        "_cells": {
            "centres": cells.centres.tolist(),
            "lists": [[int(i) for i in ids] for ids in cells.lists],
        },
        "_codes": {"values": codes.centres[..., 0].tolist(), "codes": codes.codes.tolist()},
        "_graph": {"entry": int(graph.entry), "layers": layers},
    }


# --- checks ---


def check_places(name, value, shape: str) -> np.ndarray:
    array = as_array(name, value).astype(float)
    if not (np.abs(array) <= REACH).all():  # false for NaN too
        wrong = array[~(np.abs(array) <= REACH)][0]
        raise WrongValue(f"{name} holds {wrong}, expected {shape} from −{REACH} to {REACH}")
    return np.rint(array * HUNDREDTHS) / HUNDREDTHS + 0.0  # + 0.0: no −0


def check_points(value) -> list[list[float]]:
    shape = list(as_array("points", value).shape)
    if len(shape) != 2 or shape[1] != 2 or not FEWEST <= shape[0] <= MOST:
        raise WrongValue(f"points has shape {shape}, expected [N, 2], N from {FEWEST} to {MOST}")
    return check_places("points", value, "places").tolist()


def check_query(value) -> list[float]:
    shape = list(as_array("query", value).shape)
    if shape != [2]:
        raise WrongValue(f"query has shape {shape}, expected [2], a place on the plane")
    return check_places("query", value, "two numbers").tolist()


# --- drawing ---


def signed(number: float) -> str:
    return f"{number:g}".replace("-", "−")


def on_plane(x: float, y: float, side: float) -> tuple[float, float]:
    return 14 + (x + REACH) / (2 * REACH) * side, 14 + (REACH - y) / (2 * REACH) * side


def below(kind, index, at, side) -> list[str]:
    """What stands behind the points: the cells' centres, the values of the codes, the links."""
    if kind == "cells":
        places = (on_plane(x, y, side) for x, y in index.centres.tolist())
        drawn = "".join(f"M{x - 6:.1f} {y:.1f}h12m-6 -6v12" for x, y in places)
        return [f'<path d="{drawn}" stroke="#1c2430" stroke-width="2"/>']
    if kind == "codes":
        across, down = index.centres[..., 0].tolist()
        drawn = "".join(f"M{on_plane(x, 0, side)[0]:.1f} 14v{side}" for x in across)
        drawn += "".join(f"M14 {on_plane(0, y, side)[1]:.1f}h{side}" for y in down)
        return [f'<path d="{drawn}" stroke="#8893a1" stroke-dasharray="2 3"/>']
    if kind == "graph":
        pairs = sorted(
            {tuple(sorted((i, j))) for i, links in index.layers[0].items() for j in links}
        )
        drawn = "".join(
            f"M{at[i][0]:.1f} {at[i][1]:.1f}L{at[j][0]:.1f} {at[j][1]:.1f}" for i, j in pairs
        )
        return [f'<path d="{drawn}" stroke="#8893a1" stroke-width="0.8" fill="none"/>']
    return []
