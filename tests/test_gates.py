"""Gates: the numbers of one unit, what the class refuses, how it stands where no script runs."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from attend.recurrent import LSTM
from attend.widgets import Gates
from attend.widgets.base import HEAVY
from attend.widgets.gates import LONGEST, ROWS

SVG = "{http://www.w3.org/2000/svg}"
signed = st.integers(-100, 100).map(lambda n: n / 100)
open_or_shut = st.integers(0, 100).map(lambda n: n / 100)


@st.composite
def widgets(draw):
    steps = draw(st.integers(2, LONGEST))
    rows = [st.lists(numbers, min_size=steps, max_size=steps) for numbers in [open_or_shut] * 3]
    value = draw(st.lists(signed, min_size=steps, max_size=steps))
    return Gates(value, *(draw(row) for row in rows))


@given(widgets())
def test_the_last_cell_is_the_weighted_sum_of_the_values(widget):
    assert np.isclose((widget.left() * widget.value).sum(), widget.cell()[-1], atol=1e-12)


@given(widgets())
def test_what_is_left_is_the_derivative_of_the_last_cell(widget):
    value = torch.tensor(widget.value, dtype=torch.double, requires_grad=True)
    c = torch.tensor(0.0, dtype=torch.double)
    for g, i, f in zip(value, widget.input, widget.forget, strict=True):
        c = f * c + i * g
    c.backward()
    np.testing.assert_allclose(widget.left(), value.grad.numpy(), atol=1e-12)
    np.testing.assert_allclose(widget.hidden()[-1], widget.output[-1] * np.tanh(c.item()))


def test_equal_to_an_lstm_whose_gates_have_these_numbers():
    """One unit that hears x alone: x_t holds the four sums, and W is the identity."""
    rng = np.random.default_rng(0)
    value, *gates = rng.uniform(0.05, 0.95, (4, 7)).round(2)
    widget = Gates(value, *gates)
    i, f, o = (np.log(gate / (1 - gate)) for gate in gates)
    x = torch.tensor(np.stack([i, f, np.arctanh(value), o], axis=1))  # [T, 4]
    lstm = LSTM(4, 1, bias=False).double()
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.eye(4))
        lstm.weight_hh_l0.zero_()
        output, (_, c) = lstm(x)
    np.testing.assert_allclose(widget.hidden(), output[:, 0].numpy())
    np.testing.assert_allclose(widget.cell()[-1], c.item())


def test_one_number_stands_for_every_step_and_all_are_rounded_to_hundredths():
    widget = Gates([0.123, -0.999, 1], forget=0.3333, output=[0, 0.004, 0.996])
    assert widget.value == [0.12, -1.0, 1.0]
    assert widget.forget == [0.33] * 3 and widget.output == [0.0, 0.0, 1.0]
    widget.forget = 1
    assert widget.forget == [1.0] * 3


@pytest.mark.parametrize("steps", [2, 3, LONGEST])
def test_programs_do_what_they_are_called(steps):
    value = np.linspace(-0.9, 0.8, steps).round(2)
    widget = Gates(value)
    found = {}
    for name, rows in widget._programs.items():
        for row, numbers in rows.items():
            setattr(widget, row, numbers)
        found[name] = widget.cell(), widget.hidden()
    np.testing.assert_allclose(found["keep the first"][0], value[0])
    assert not found["keep the first"][1][:-1].any()
    np.testing.assert_allclose(found["only the newest"][0], value)
    np.testing.assert_allclose(found["add all up"][0], value.cumsum())
    afresh = next(cells for name, (cells, _) in found.items() if name.startswith("start afresh"))
    np.testing.assert_allclose(afresh[-1], value[steps // 2 :].sum(), atol=1e-12)


BAD = {
    "one step": (lambda: Gates([0.5]), ValueError, "value has 1 steps: expected 2 to 24"),
    "too many": (lambda: Gates([0.5] * 25), ValueError, "value has 25 steps"),
    "none": (lambda: Gates([]), ValueError, "value has 0 steps"),
    "two axes": (lambda: Gates([[0.5, 0.5]]), ValueError, r"value has shape \[1, 2\]"),
    "words": (lambda: Gates(["a", "b"]), TypeError, "value must be an array of numbers"),
    "too large": (lambda: Gates([0.5, 1.5]), ValueError, r"value\[1\]=1.5 must be between -1"),
    "NaN": (lambda: Gates([0.5, np.nan]), ValueError, r"value\[1\]=nan"),
    "negative gate": (lambda: Gates(forget=-0.1), ValueError, r"forget\[0\]=-0.1 .*0 and 1"),
    "a gate too wide": (lambda: Gates(input=[2] * 8), ValueError, r"input\[0\]=2"),
    "other length": (lambda: Gates(output=[1, 1]), ValueError, r"output has shape \[2\].*\[8\]"),
    "infinite": (lambda: Gates(output=np.inf), ValueError, r"output\[0\]=inf"),
    "step": (lambda: Gates(step=8), ValueError, "step=8 is out of range"),
    "step type": (lambda: Gates(step=0.5), TypeError, "step must be an int"),
    "row": (lambda: Gates(row="cell"), ValueError, "row='cell' must be one of"),
    "title": (lambda: Gates(title=3), TypeError, "title must be a string"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_arguments_are_named(what):
    make, kind, message = BAD[what]
    with pytest.raises(kind, match=message):
        make()


@pytest.mark.parametrize("row", ROWS)
def test_bad_changes_are_refused_and_the_old_value_stays(row):
    widget = Gates()
    before = list(getattr(widget, row))
    with pytest.raises(ValueError, match=row):
        setattr(widget, row, [5.0] * 8)
    assert getattr(widget, row) == before


@pytest.mark.parametrize("title", ["", "<script>alert(1)</script>", "مرحبا 😀 &", "x" * 200])
def test_stands_without_a_script(title):
    widget = Gates(title=title)
    picture = ET.fromstring(widget.picture())
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert not list(picture.iter(f"{SVG}script"))
    assert title in texts or not title
    assert f"{widget.cell()[-1]:.4f}" in widget.describe()
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"].startswith("Gates: one unit of an LSTM over 8 steps")
    assert "image/svg+xml" in data


def test_light_enough_for_a_page():
    assert Gates([0.12] * LONGEST, [0.34] * LONGEST, title="x" * 200).state_size() < HEAVY / 2
