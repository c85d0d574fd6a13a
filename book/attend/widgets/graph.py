"""What does each node know? A computation graph, forward and backward, one node at a time."""

from itertools import pairwise

import numpy as np
import traitlets

from attend.autograd import topological_order, unbroadcast
from attend.widgets.base import (
    Checked,
    Text,
    Widget,
    WrongType,
    WrongValue,
    as_index,
    plain,
    shorten,
    svg,
    svg_text,
    text_width,
)

MOST_NODES = 60  # more of them nobody reads
MOST_NUMBERS = 4096  # of one node
LISTED = 24  # numbers of one array that are written out

BOX = (110, 70)  # width and height of a node; the script takes them from here
GAP = (68, 18)  # between columns, between rows
WAY = 12  # height kept free for an edge that passes a column

SIGNS = {
    "add": "+",
    "subtract": "−",
    "multiply": "×",
    "divide": "÷",
    "matmul": "@",
    "negative": "minus",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "absolute": "abs",
    "getitem": "index",
    "log_softmax": "log softmax",
}


class Graph(Widget):
    """The graph behind one number, stepped through: values forward, then gradients backward.

    Args:
        root: the Tensor at the end, of a single number; its graph may have 60 nodes.
        names: what to call the nodes, name → Tensor.
        title: a line above the graph.
        step: 0 shows the inputs alone; then one step for each operation, one in which the root gets
            the gradient 1, and one for each operation, last first, in which it sends its gradient
            to its inputs.

    `step` is written by the reader's hand too: observe or link it. Values and gradients are those
    of `.data` and, after `root.backward()`, `.grad`; making the widget leaves `.grad` alone.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 03.
    """

    step = Checked(0).tag(sync=True)
    title = Text("").tag(sync=True)
    _graph = traitlets.Dict().tag(sync=True)

    def __init__(self, root, names=None, title="", step=0):
        nodes = graph_of(root)
        named = checked_names(names, nodes)
        self._labels = label(nodes, named)
        self._named = [i for i, node in enumerate(nodes) if id(node) in named]
        self._trace = trace(nodes)
        self._layout = arrange(self._trace["inputs"])
        super().__init__(_graph=self._sent(nodes), title=title, step=step)
        self._warn_if_heavy()

    @property
    def last(self) -> int:
        """The number of the last step."""
        return len(self._trace["steps"]) - 1

    def values(self) -> dict[str, np.ndarray | None]:
        """Each node's value as the page shows it at `step`: None where it is still to come."""
        known = set(self._trace["given"]) | {
            i for kind, i in self._trace["steps"][: self.step + 1] if kind == "forward"
        }
        return {
            name: self._trace["values"][i] if i in known else None
            for i, name in enumerate(self._labels)
        }

    def gradients(self) -> dict[str, np.ndarray | None]:
        """What each node has been sent up to `step`: None where nothing came yet."""
        return {
            name: self._trace["arrived"][self.step].get(i) for i, name in enumerate(self._labels)
        }

    def _sent(self, nodes) -> dict:
        """All that the page shows, its numbers as text: what is read there is what Python wrote."""
        found, (places, ways, size) = self._trace, self._layout
        return {
            "size": size,
            "box": BOX,
            "steps": [list(step) for step in found["steps"]],
            "nodes": [
                {
                    "label": self._labels[i],
                    "operation": operation(node),
                    "place": places[i],
                    "value": texts(found["values"][i]),
                    "gradients": [
                        [step, *texts(arrived[i]), whole]
                        for step, arrived, whole in changes(found, i)
                    ],
                }
                for i, node in enumerate(nodes)
            ],
            "edges": [
                {
                    **{key: edge[key] for key in ("parent", "child", "step")},
                    "way": way,
                    "local": None if edge["local"] is None else number(edge["local"]),
                    "pulled": shape_text(edge["pulled"].shape),
                    "share": texts(edge["share"]),
                    "before": None if edge["before"] is None else texts(edge["before"]),
                    "after": texts(edge["after"]),
                }
                for edge, way in zip(found["edges"], ways, strict=True)
            ],
        }

    @traitlets.validate("step")
    def _check_step(self, proposal):
        return as_index("step", proposal["value"], self.last + 1)

    def describe(self) -> str:
        found = self._trace
        told = [i for i in found["given"] if i in self._named] or found["given"]
        inputs = [(self._labels[i], texts(found["arrived"][-1][i])[0]) for i in told]
        gradients = ", ".join(f"{name} {text}" for name, text in inputs)
        return (
            f"the graph of {self._labels[-1]} = {number(found['values'][-1])}, "
            f"{len(self._labels)} nodes; gradients of its inputs: {gradients}."
        )

    def picture(self) -> str:
        """The graph with all its values and gradients."""
        places, ways, (width, height) = self._layout
        parts = [edge_path(way) for way in ways]
        for node, (x, y) in zip(self._graph["nodes"], places, strict=True):
            value, gradient = node["value"][0], node["gradients"][-1][1]
            parts.append(
                f'<rect x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="5" '
                'fill="#ffffff" stroke="#8893a1"/>'
            )
            parts += heading(node, x, y)
            for line, word, text, colour in (
                (43, "value", value, "#1c2430"),
                (61, "grad", gradient, "#c2410c"),
            ):
                parts.append(svg_text(word, x + 8, y + line, font_size=11, fill="#566170"))
                parts.append(
                    svg_text(text, x + BOX[0] - 8, y + line, text_anchor="end", fill=colour)
                )
        return svg(width, height, self.describe(), parts)


# --- the graph, and one pass over it that notes everything ---


def graph_of(root) -> list:
    """The nodes behind `root`, inputs before what uses them."""
    if not (hasattr(root, "parents") and hasattr(root, "backward")):
        raise WrongType(f"root must be a Tensor of attend.autograd, got {type(root).__name__}")
    if root.data.size != 1:
        raise WrongValue(f"root has shape {root.data.shape}: expected a single number")
    if not root.parents:
        raise WrongValue("root was computed from nothing: expected the result of an operation")
    nodes = topological_order(root)
    if len(nodes) > MOST_NODES:
        raise WrongValue(f"root has {len(nodes)} nodes: expected at most {MOST_NODES}")
    for node in nodes:
        if node.data.size > MOST_NUMBERS:
            raise WrongValue(
                f"root depends on an array of {node.data.size} numbers: expected at most "
                f"{MOST_NUMBERS}"
            )
    return nodes


def operation(node) -> str:
    """The name of the operation that made a node, or "" for an input: its pulls were written in the
    function that computed it, and Python notes where a function was written."""
    if not node.parents:
        return ""
    pull = node.parents[0][1]
    name = getattr(pull, "__qualname__", "").rpartition(".<locals>.")[0]
    name = name.partition(".<locals>.")[0].rpartition(".")[2] or "operation"
    return SIGNS.get(name, name)


def checked_names(names, nodes) -> dict[int, str]:
    """id of a node → its name."""
    if names is None:
        return {}
    if not hasattr(names, "items"):
        raise WrongType(f"names must be a dict, name → Tensor, got {type(names).__name__}")
    known, named = {id(node) for node in nodes}, {}
    for name, node in names.items():
        if not isinstance(name, str):
            raise WrongType(f"names has the key {name!r}: expected a string")
        name = plain(name)
        if id(node) not in known:
            raise WrongValue(f"names[{name!r}] is not in the graph of root")
        if id(node) in named:
            raise WrongValue(f"names[{name!r}] is the node already named {named[id(node)]!r}")
        named[id(node)] = name
    return named


def label(nodes, named) -> list[str]:
    """One label a node, each different: its name, or else its operation and a number."""
    labels, taken = [], set(named.values())
    for node in nodes:
        label, count = named.get(id(node)), 1
        if label is None:
            kind = label = operation(node) or "input"
            while label in taken:
                count += 1
                label = f"{kind} {count}"
            taken.add(label)
        labels.append(label)
    return labels


def trace(nodes) -> dict:
    """Every step of both passes: what `Node.backward` does, with notes taken.

    values [n]; inputs: for each node the places of its inputs; steps: (kind, node); arrived: for
    each step the gradients that the nodes have by then; edges: one for each use of a node.
    """
    place = {id(node): i for i, node in enumerate(nodes)}
    inputs = [[place[id(parent)] for parent, _ in node.parents] for node in nodes]
    given = [i for i, node in enumerate(nodes) if not node.parents]
    made = [i for i, node in enumerate(nodes) if node.parents]
    steps = [("given", -1), *(("forward", i) for i in made)]
    arrived = [{} for _ in steps]

    last = len(nodes) - 1
    now = {last: np.ones_like(nodes[-1].data)}
    steps.append(("seed", last))
    arrived.append(dict(now))
    edges = []
    for i in reversed(made):
        for (parent, pull), j in zip(nodes[i].parents, inputs[i], strict=True):
            with np.errstate(all="ignore"):
                pulled = np.asarray(pull(now[i]))
                share = unbroadcast(pulled, parent.data)
                alone = parent.data.size == 1 == nodes[i].data.size
                local = pull(np.ones_like(nodes[i].data)) if alone else None
                after = now[j] + share if j in now else share
            edges.append(
                {
                    **{"parent": j, "child": i, "step": len(steps), "pulled": pulled},
                    **{"local": local, "share": share, "before": now.get(j), "after": after},
                }
            )
            now[j] = after
        steps.append(("backward", i))
        arrived.append(dict(now))
    return {
        **{"values": [node.data for node in nodes], "inputs": inputs, "given": given},
        **{"steps": steps, "arrived": arrived, "edges": edges},
    }


def changes(found, i) -> list[tuple]:
    """When the gradient of node i changes: the step, all gradients then, and whether it is whole
    now."""
    if i == len(found["values"]) - 1:
        step = found["steps"].index(("seed", i))
        return [(step, found["arrived"][step], True)]
    steps = sorted({edge["step"] for edge in found["edges"] if edge["parent"] == i})
    return [(step, found["arrived"][step], step == steps[-1]) for step in steps]


# --- numbers as text: four digits that count ---


def number(x) -> str:
    x = float(np.asarray(x).reshape(()))
    if not np.isfinite(x):
        return "NaN" if np.isnan(x) else "∞" if x > 0 else "−∞"
    return f"{x + 0.0:.4g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")


def shape_text(shape) -> str:
    return f"[{', '.join(map(str, shape))}]"


def texts(array) -> list[str]:
    """An array in the room of a node, and written out."""
    array = np.asarray(array)
    if array.size == 1:
        return [number(array.reshape(()))] * 2
    few = ", ".join(map(number, array.reshape(-1)[:LISTED]))
    more = ", …" if array.size > LISTED else ""
    full = f"{shape_text(array.shape)}: {few}{more}"
    return [few if array.ndim == 1 and len(few) <= 10 else shape_text(array.shape), full]


# --- the layout: columns by depth, rows near what they are joined to ---


def arrange(inputs):
    """Where the nodes stand (x, y of the upper left corner), the points through which each edge
    goes, and the size of it all. inputs: for each node the places of its inputs."""
    column = columns(inputs)
    links = [(j, i, slot) for i, row in enumerate(inputs) for slot, j in enumerate(row)]
    layers = [[] for _ in range(max(column) + 1)]
    for i in reading_order(inputs):
        layers[column[i]].append(i)
    chains, before, after = [], {}, {}  # of each node and way: (neighbour, how far down it arrives)
    for j, i, slot in links:  # an edge that passes a column keeps a way free there
        chain = [j, *((j, i, slot, depth) for depth in range(column[j] + 1, column[i])), i]
        for depth, way in enumerate(chain[1:-1], start=column[j] + 1):
            layers[depth].append(way)
        slots = len(inputs[i])
        for left, right in pairwise(chain):
            down = (slot + 1) / (slots + 1) - 0.5 if right == i else 0
            before.setdefault(right, []).append((left, 0))
            after.setdefault(left, []).append((right, down))
        chains.append((chain, slot, slots))
    middle = heights(layers, before, after)
    top = min(y - room(item) / 2 for item, y in middle.items())
    x_of = [12 + depth * (BOX[0] + GAP[0]) for depth in range(len(layers))]
    y_of = {item: round(y - top + 12, 1) for item, y in middle.items()}
    places = [[x_of[column[i]], round(y_of[i] - BOX[1] / 2, 1)] for i in range(len(inputs))]
    bottom = max(y_of[item] + room(item) / 2 for item in y_of)
    size = [x_of[-1] + BOX[0] + 12, round(bottom + 12, 1)]

    ways = {}
    for chain, slot, slots in chains:
        j, i = chain[0], chain[-1]
        shift = (slot - (slots - 1) / 2) * 26  # edges into one node arrive apart
        twice = shift if inputs[i].count(j) > 1 else 0
        points = [[x_of[column[j]] + BOX[0], y_of[j] + twice]]
        for way in chain[1:-1]:
            points += [[x_of[way[3]], y_of[way]], [x_of[way[3]] + BOX[0], y_of[way]]]
        ways[(j, i, slot)] = [*points, [x_of[column[i]], y_of[i] + shift]]
    last_first = [i for i in range(len(inputs) - 1, -1, -1) if inputs[i]]
    return places, [ways[j, i, s] for i in last_first for s, j in enumerate(inputs[i])], size


def columns(inputs) -> list[int]:
    """The depth of each node; an input stands just before what uses it first."""
    depth = [0] * len(inputs)
    for i, row in enumerate(inputs):
        depth[i] = 1 + max((depth[j] for j in row), default=-1)
    for j, row in enumerate(inputs):
        if not row:
            depth[j] = min(depth[i] for i, of in enumerate(inputs) if j in of) - 1
    return depth


def reading_order(inputs) -> list[int]:
    """From the root, first operands first."""
    order, stack = [], [len(inputs) - 1]
    while stack:
        i = stack.pop()
        if i not in order:
            order.append(i)
            stack.extend(reversed(inputs[i]))
    return order


def room(item) -> int:
    return BOX[1] if isinstance(item, int) else WAY


def heights(layers, before, after) -> dict:
    """The middle of each node and way: ordered by what they are joined to, then moved near it."""
    y = {item: float(i) for layer in layers for i, item in enumerate(layer)}

    def wanted(item, *sides):
        near = [y[other] + down for side in sides for other, down in side.get(item, ())]
        return sum(near) / len(near) if near else y[item]

    for sweep in range(13):
        side, turn = (before, layers) if sweep % 2 else (after, reversed(layers))
        for layer in turn:
            layer.sort(key=lambda item: wanted(item, side))
            y.update((item, i - (len(layer) - 1) / 2) for i, item in enumerate(layer))
    y = {item: place * (BOX[1] + GAP[1]) for item, place in y.items()}
    for sweep in range(40):
        for layer in layers if sweep % 2 else reversed(layers):
            goals = [wanted(item, before, after) for item in layer]
            for i, (item, goal) in enumerate(zip(layer, goals, strict=True)):
                if i:
                    above = layer[i - 1]
                    goal = max(goal, y[above] + (room(above) + room(item)) / 2 + GAP[1])
                y[item] = goal
            drift = sum(goals) / len(goals) - sum(y[item] for item in layer) / len(layer)
            y.update((item, y[item] + drift) for item in layer)
    return y


# --- the still picture ---


def heading(node, x, y) -> list[str]:
    """A node's label, and its operation where that is something else."""
    label, made_by = node["label"], node["operation"]
    same = not made_by or label.rstrip(" 0123456789") == made_by
    space = BOX[0] - 16 - (0 if same else text_width(made_by, 11) + 6)
    parts = [svg_text(shorten(label, max(int(space / 7.4), 2)), x + 8, y + 20, font_weight=600)]
    if not same:
        look = {"text_anchor": "end", "font_size": 11, "fill": "#566170"}
        parts.append(svg_text(made_by, x + BOX[0] - 8, y + 20, **look))
    return parts


def edge_path(way) -> str:
    pieces = [f"M{way[0][0]} {way[0][1]}"]
    for (x1, y1), (x2, y2) in pairwise(way):
        middle = (x1 + x2) / 2
        pieces.append(f"C{middle} {y1} {middle} {y2} {x2} {y2}")
    (x, y) = way[-1]
    arrow = f"M{x - 7} {y - 4}L{x} {y}L{x - 7} {y + 4}"
    return f'<path d="{"".join(pieces)}{arrow}" fill="none" stroke="#8893a1" stroke-width="1.5"/>'
