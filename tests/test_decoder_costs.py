"""The widget DecoderCosts: what it computes in the page is what the package computes."""

import json
import shutil
import subprocess
import xml.etree.ElementTree as ET

import pytest

from attend.cost import decoder_costs
from attend.widgets import DecoderCosts
from attend.widgets.base import HEAVY, HERE
from attend.widgets.decoder_costs import in_bytes, in_words

SMALL = {"d_model": 64, "n_heads": 4, "n_kv_heads": 2, "n_layers": 3, "d_ff": 170, "vocab": 97}
MODELS = [
    {**SMALL, "length": 1},
    {**SMALL, "length": 999},
    {**SMALL, "n_kv_heads": 1, "length": 2**20},
    {**SMALL, "d_model": 60, "n_heads": 12, "n_kv_heads": 3, "length": 7},
    DecoderCosts().sizes(),
    {**DecoderCosts().sizes(), "n_kv_heads": 32, "length": 120_000},
    {**DecoderCosts().sizes(), "d_model": 16384, "n_layers": 128, "length": 10_000_000},
]
node = pytest.mark.skipif(not shutil.which("node"), reason="no node to read the script with")


def in_node(expression, given):
    """What the script's computation, cut out of it, makes of what is given."""
    text = (HERE / "decoder_costs.js").read_text("utf8")
    text = text.partition("// --- the computation")[2].partition("\n")[2]
    text = text.partition("// --- drawing")[0]
    code = f"{text}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({expression}));"
    done = subprocess.run(["node", "-e", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@node
def test_the_page_computes_what_the_package_computes():
    for sizes, page in zip(MODELS, in_node("given.map(costsOf)", MODELS), strict=True):
        ours, widget = decoder_costs(**sizes), DecoderCosts(**sizes)
        wanted = {**ours._asdict(), "reading": ours.reading, "share": ours.share}
        assert widget.costs() == ours
        assert set(page) == {*wanted, "even"}
        for name, value in wanted.items():
            assert page[name] == pytest.approx(value, rel=1e-12), name
        assert page["even"] == widget.even()


@node
def test_the_page_writes_numbers_as_python_does():
    counts = [0, 7, 999, 1000, 4_181_000_000, 12_345_678, 3 * 10**15, 131_072, 2**30, 5 * 2**41]
    words, sizes = in_node("[given.map(inWords), given.map(inBytes)]", counts)
    assert words == [in_words(count) for count in counts]
    assert sizes == [in_bytes(count) for count in counts]
    assert in_words(4_181_000_000) == "4.181 billion" and in_bytes(131_072) == "128.0 KiB"


@node
def test_whatever_the_reader_moves_the_sizes_go_together():
    changes = [
        {"d_model": 768},
        {"d_model": 32},
        {"n_heads": 12},
        {"n_heads": 128},
        {"n_kv_heads": 128},
        {"n_layers": 1},
        {"length": 16},
    ]
    for before in (MODELS[0], MODELS[4]):
        given = [[before, change] for change in changes]
        fitted = in_node("given.map(([sizes, change]) => fitted(sizes, change))", given)
        for after, change in zip(fitted, changes, strict=True):
            DecoderCosts(**after)  # or it would raise
            if "n_heads" not in change and "n_kv_heads" not in change:
                assert change.items() <= after.items()
    wide = in_node("fitted(...given)", [MODELS[4], {"d_model": 8192}])
    assert wide["d_ff"] == 2 * MODELS[4]["d_ff"]


@node
def test_every_number_of_heads_that_divides_can_be_reached_step_by_step():
    ladder, sizes, seen = [1, 2, 4, 8, 12, 16, 32, 64, 128], MODELS[4], []
    for _ in range(9):
        seen.append(sizes["n_heads"])
        place = ladder.index(sizes["n_heads"]) + 1
        sizes = in_node("moved(...given)", [sizes, "n_heads", ladder, min(place, 8)])
    assert seen[0] == 32 and seen[-1] == 128
    few = in_node("moved(...given)", [MODELS[4], "n_kv_heads", ladder, 4])  # 12, which does not
    assert few["n_kv_heads"] == 16
    stuck = in_node("moved(...given)", [MODELS[4], "n_kv_heads", ladder, 3])
    assert stuck == MODELS[4]


def test_it_stands_where_no_script_runs():
    widget = DecoderCosts(**SMALL, length=99)
    assert widget.state_size() < HEAVY
    ET.fromstring(widget.picture())
    said = widget.describe()
    assert said.startswith("99 words of a model with ") and in_bytes(99 * 384) in said
    assert widget.even() == round(decoder_costs(1, **SMALL).linear / (2 * 3 * 64))


@pytest.mark.parametrize(
    "change, error, told",
    [
        ({"length": 0}, ValueError, "length(=0 is out of range| must be a whole number.*, got 0)"),
        ({"length": 2.5}, (ValueError, TypeError), "length must be .*got (float|2.5)"),
        ({"n_heads": 5}, ValueError, "n_heads=5 must divide d_model=64"),
        ({"n_kv_heads": 3}, ValueError, "n_kv_heads=3 must divide n_heads=4"),
        ({"d_model": "64"}, (ValueError, TypeError), "d_model must be"),
        ({"vocab": 20_000_000}, ValueError, "vocab=20000000 is out of range"),
    ],
)
def test_what_it_refuses(change, error, told):
    with pytest.raises(error, match=told):
        DecoderCosts(**{**SMALL, "length": 99} | change)
    widget = DecoderCosts(**SMALL, length=99)
    ((name, value),) = change.items()
    with pytest.raises(error, match=told):
        setattr(widget, name, value)
    assert widget.sizes() == {**SMALL, "length": 99}
