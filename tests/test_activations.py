"""Activations, Python's side: what it computes, refuses, and how it stands alone."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attend.widgets import Activations
from attend.widgets.activations import FUNCTIONS, NAMES, SLOPES
from attend.widgets.base import HEAVY

THEIRS = {
    "step": lambda z: torch.heaviside(z, torch.ones_like(z)),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@settings(deadline=None)  # the first widget of a run loads its script
@given(z=st.floats(-5, 5))
def test_values_and_slopes_are_torch_s(name, z):
    leaf = torch.tensor(z, dtype=torch.double, requires_grad=name != "step")
    value = THEIRS[name](leaf)
    found = Activations(name, z).reading()
    assert found["value"] == pytest.approx(value.item(), abs=1e-12)
    slope = 0.0 if name == "step" else torch.autograd.grad(value, leaf)[0].item()
    assert found["slope"] == pytest.approx(slope, abs=1e-12)
    assert found["ten"] == pytest.approx(slope**10, abs=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_whole_arrays_keep_their_shape(name):
    z = np.linspace(-5, 5, 14).reshape(2, 7)
    assert FUNCTIONS[name](z).shape == SLOPES[name](z).shape == (2, 7)


def test_python_and_page_have_the_same_functions():
    script = Activations._esm
    listed = re.findall(r"^  (\w+): \{ name: \"(\w+)\", value:", script, re.M)
    assert dict(listed) == NAMES


@pytest.mark.parametrize(
    "kwargs, error, message",
    [
        ({"function": "swish"}, ValueError, "function='swish' must be one of 'step'"),
        ({"z": 5.1}, ValueError, "z=5.1 must be between -5.0 and 5.0"),
        ({"z": float("nan")}, ValueError, "z=nan"),
        ({"z": "1"}, TypeError, "z must be a number, got str"),
        ({"compare": 1}, TypeError, "compare must be True or False, got int"),
    ],
)
def test_bad_arguments_are_named_in_one_line(kwargs, error, message):
    with pytest.raises(error, match=message) as caught:
        Activations(**kwargs)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_is_light_and_stands_without_a_script(name):
    widget = Activations(name, z=-0.75)
    assert widget.state_size() < HEAVY
    ET.fromstring(widget.picture())
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == f"Activations: {widget.describe()}"
    assert f"{widget.reading()['slope']:.4f}" in widget.describe()
