"""The Python side of Convolution: what it computes, what it refuses, how it stands alone."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attend.convolution import conv2d
from attend.widgets import Convolution
from attend.widgets.base import HEAVY
from attend.widgets.convolution import KERNELS, written

rng = np.random.default_rng(5)
PICTURE = rng.integers(0, 17, size=(5, 7))


def by_torch(pixels, kernel, divisor, stride, padding):
    x, k = (torch.tensor(np.array(each, dtype=float))[None, None] for each in (pixels, kernel))
    return torch.nn.functional.conv2d(x, k, stride=stride, padding=padding)[0, 0].numpy() / divisor


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("stride, padding", [(1, 0), (2, 1), (3, 2)])
def test_output_is_conv2d(name, stride, padding):
    widget = Convolution(PICTURE, name, stride=stride, padding=padding)
    kernel, divisor = KERNELS[name]
    wanted = by_torch(PICTURE, kernel, divisor, stride, padding)
    np.testing.assert_allclose(widget.output(), wanted, atol=1e-12)
    ours = conv2d(PICTURE[None, None] / 1, np.array(kernel)[None, None] / 1, None, stride, padding)
    np.testing.assert_array_equal(widget.output(), ours.data[0, 0] / divisor)
    assert widget.kernel_name() == name


decimals = st.integers(-999, 999).map(lambda whole: whole / 100)


@given(
    arrays(float, (5, 7), elements=decimals),
    arrays(float, (2, 3), elements=decimals),
    st.integers(1, 9),
)
def test_products_add_up_to_the_output(pixels, kernel, divisor):
    widget = Convolution(pixels, kernel, divisor, stride=2, padding=1, place=(2, 3))
    assert widget.kernel_name() == "custom"
    np.testing.assert_allclose(widget.products().sum() / divisor, widget.output()[2, 3], atol=1e-9)
    wanted = by_torch(pixels, kernel, divisor, 2, 1)
    np.testing.assert_allclose(widget.output(), wanted, atol=1e-9)
    assert not np.signbit(widget.output()[widget.output() == 0]).any()


def test_takes_tensors_and_lists():
    for pixels in (torch.tensor(PICTURE), PICTURE.tolist(), PICTURE.astype(np.float32)):
        np.testing.assert_array_equal(Convolution(pixels).output(), Convolution(PICTURE).output())


def test_numbers_are_rounded_to_two_decimals():
    widget = Convolution([[1 / 3, -2 / 3]], [[0.125]])
    assert widget.pixels == [[0.33, -0.67]] and widget.kernel == [[0.12]]


def test_the_window_stays_in_the_picture():
    widget = Convolution(PICTURE, place=(2, 4))
    widget.stride = 2
    assert widget.output().shape == (2, 3) and widget.place == [1, 2]
    widget.padding, widget.place = 2, [3, 4]
    widget.padding = 0
    assert widget.place == [1, 2]


def test_use_brings_kernel_and_divisor():
    widget = Convolution(PICTURE)
    widget.use("blur")
    assert (widget.kernel_name(), widget.divisor) == ("blur", 9)
    widget.divisor = 8
    assert widget.kernel_name() == "custom"
    assert Convolution(PICTURE, "blur", divisor=3).divisor == 3


BAD = {
    "three axes": ({"pixels": np.ones((1, 5, 7))}, ValueError, r"pixels .*\[1, 5, 7\]"),
    "empty": ({"pixels": np.ones((0, 3))}, ValueError, r"pixels .*\[0, 3\]"),
    "too large": ({"pixels": np.ones((17, 3))}, ValueError, "pixels .*1 to 16"),
    "ragged": ({"pixels": [[1], [1, 2]]}, TypeError, "pixels"),
    "words": ({"pixels": [["a"]]}, TypeError, "pixels"),
    "NaN": ({"pixels": [[np.nan]], "kernel": [[1]]}, ValueError, "pixels holds nan"),
    "infinite": ({"kernel": [[np.inf]]}, ValueError, "kernel holds inf"),
    "kernel axes": ({"kernel": [1, 2]}, ValueError, r"kernel has shape \[2\]"),
    "kernel name": ({"kernel": "emboss"}, ValueError, "kernel='emboss' .*'blur'"),
    "kernel too large": ({"kernel": np.ones((6, 6))}, ValueError, "kernel .*1 to 5"),
    "kernel does not fit": ({"pixels": [[1, 2]]}, ValueError, r"kernel of \[3, 3\] is larger"),
    "divisor 0": ({"divisor": 0}, ValueError, "divisor=0"),
    "divisor type": ({"divisor": 1.5}, TypeError, "divisor"),
    "stride": ({"stride": 4}, ValueError, "stride=4"),
    "padding": ({"padding": -1}, ValueError, "padding=-1"),
    "place": ({"place": (3, 0)}, ValueError, r"place\[0\]=3"),
    "place of one": ({"place": (3,)}, ValueError, "place"),
    "so_far": ({"so_far": 1}, TypeError, "so_far"),
    "title": ({"title": 7}, TypeError, "title"),
}


@pytest.mark.parametrize("changes, error, message", BAD.values(), ids=BAD)
def test_bad_arguments_are_named_in_one_line(changes, error, message):
    with pytest.raises(error, match=message) as caught:
        Convolution(**{"pixels": PICTURE, **changes})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name, value",
    [("kernel", np.ones((5, 5)).tolist()), ("place", [9, 9]), ("stride", 0), ("pixels", [[1]])],
)
def test_a_refused_assignment_changes_nothing(name, value):
    widget = Convolution(rng.integers(0, 9, size=(4, 4)))
    before = widget.get_state()
    with pytest.raises(ValueError):
        setattr(widget, name, value)
    assert widget.get_state() == before


@pytest.mark.parametrize(
    "pixels, kernel", [(PICTURE, "blur"), (-PICTURE, "sharpen"), ([[0]], [[0]])]
)
def test_stands_without_a_script(pixels, kernel):
    widget = Convolution(pixels, kernel, padding=1, place=(1, 1), title="<b>")
    data, _ = widget._repr_mimebundle_()
    assert data["text/plain"] == f"Convolution: {widget.describe()}"
    assert written(widget.output()[1, 1]) in widget.describe()
    ET.fromstring(data["image/svg+xml"])
    assert widget.state_size() < HEAVY and len(widget.picture()) < 80_000


def test_the_largest_state_is_light():
    pixels = rng.integers(-99_999, 99_999, size=(16, 16)) / 100
    assert Convolution(pixels, np.ones((5, 5)), padding=2).state_size() < HEAVY


@pytest.mark.parametrize(
    "number, text",
    [
        (3.0, "3"),
        (-0.25, "−0.25"),
        (40 / 9, "4.4444"),
        (1 / 32, "0.0313"),
        (-1e-9, "0"),
        (100.0, "100"),
    ],
)
def test_written(number, text):
    assert written(number) == text


def test_the_script_loads_nothing_and_never_writes_markup():
    script = Convolution._esm
    forbidden = r"^import |\bimport\(|\beval\(|new Function|innerHTML|insertAdjacentHTML|fetch\("
    assert not re.search(forbidden, script, re.M)
    assert script.count("export ") == 1  # export default { render }
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", script + Convolution._css)
