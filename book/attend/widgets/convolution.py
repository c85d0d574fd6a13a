"""What does a kernel see? A window that slides over a picture, its products and their sum."""

import numpy as np
import traitlets

from attend.convolution import conv2d
from attend.widgets.base import (
    Checked,
    Flag,
    Text,
    Widget,
    WrongValue,
    as_array,
    as_choice,
    as_index,
    plain,
    svg,
    svg_text,
)

HUNDREDTHS = (
    100  # picture and kernel have two decimals and travel as whole hundredths: sums are exact
)
LARGEST = 1000  # of a number of the picture or the kernel, and of the divisor

# A kernel of whole numbers and what its sum is divided by.
KERNELS = {
    "identity": ([[0, 0, 0], [0, 1, 0], [0, 0, 0]], 1),
    "blur": ([[1, 1, 1], [1, 1, 1], [1, 1, 1]], 9),
    "sharpen": ([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], 1),
    "vertical edge": ([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], 1),
    "horizontal edge": ([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], 1),
}


class Convolution(Widget):
    """A kernel's window on a picture, the products under it, their sum, and the map of all sums.

    output[i, j] = Σ kernel[u, v] · picture[i·stride + u − padding, j·stride + v − padding] /
    divisor, with zeros around the picture: `attend.convolution.conv2d`, which does not flip the
    kernel.

    Args:
        pixels: the picture, [H, W], 1 to 16 on each side, numbers from −1000 to 1000.
        kernel: [h, w], 1 to 5 on each side, no larger than the padded picture; or one of
            "identity", "blur", "sharpen", "vertical edge", "horizontal edge".
        divisor: of the sum, a whole number from 1 to 1000; a named kernel brings its own.
        stride: 1 to 3, the same down and to the right.
        padding: 0 to 2 zeros on each side.
        place: [row, column] of the output: where the window stands.
        so_far: whether the output shows only what the window has passed, row by row.
        title: above the widget.

    Numbers are rounded to two decimals. `kernel`, `divisor`, `stride`, `padding`, `place` and
    `so_far` are written by the reader's hand too: observe or link them. `place` is brought back
    into the output when that shrinks.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Taught in chapter 05.
    """

    kernel = Checked().tag(sync=True)
    divisor = Checked(1).tag(sync=True)
    stride = Checked(1).tag(sync=True)
    padding = Checked(0).tag(sync=True)
    place = Checked([0, 0]).tag(sync=True)
    so_far = Flag(False).tag(sync=True)
    title = Text("").tag(sync=True)
    pixels = Checked().tag(sync=True)
    _kernels = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        pixels,
        kernel="vertical edge",
        divisor=None,
        stride=1,
        padding=0,
        place=(0, 0),
        so_far=False,
        title="",
    ):
        if isinstance(kernel, str):
            kernel, own = KERNELS[as_choice("kernel", kernel, KERNELS)]
            divisor = own if divisor is None else divisor
        stride, padding = check_stride(stride), check_padding(padding)
        pixels = check_numbers("pixels", pixels, 16)
        kernel = check_numbers("kernel", kernel, 5)
        place = check_place(place, *check_fits(pixels, kernel, stride, padding))
        super().__init__(
            **{"pixels": pixels, "kernel": kernel, "divisor": 1 if divisor is None else divisor},
            **{"stride": stride, "padding": padding, "place": place},
            **{"so_far": so_far, "title": title, "_kernels": KERNELS},
        )
        self._warn_if_heavy()

    def output(self) -> np.ndarray:
        """Every number of the map, as the page shows it, by attend.convolution.conv2d: [H', W']."""
        pixels, kernel = (
            np.rint(np.array(numbers) * HUNDREDTHS)[None, None]  # [1, 1, H, W], [1, 1, h, w]
            for numbers in (self.pixels, self.kernel)
        )
        sums = conv2d(pixels, kernel, stride=self.stride, padding=self.padding).data[0, 0]
        return sums / HUNDREDTHS**2 / self.divisor + 0.0  # + 0.0: no −0

    def products(self) -> np.ndarray:
        """The products under the window, whose sum over the divisor is output()[place]: [h, w]."""
        padded, kernel = np.pad(np.array(self.pixels), self.padding), np.array(self.kernel)
        (i, j), (h, w) = np.multiply(self.place, self.stride), kernel.shape
        return padded[i : i + h, j : j + w] * kernel + 0.0

    def use(self, name: str) -> None:
        """Take one of the named kernels, and its divisor."""
        with self.hold_trait_notifications():
            self.kernel, self.divisor = KERNELS[as_choice("name", name, KERNELS)]

    def kernel_name(self) -> str:
        """The name of the kernel that is chosen, "custom" for any other."""
        for name, (kernel, divisor) in KERNELS.items():
            if np.array_equal(self.kernel, kernel) and self.divisor == divisor:
                return name
        return "custom"

    def _size(self) -> tuple[int, int]:
        return check_fits(self.pixels, self.kernel, self.stride, self.padding)

    @traitlets.validate("pixels")
    def _check_picture(self, proposal):
        pixels = check_numbers("pixels", proposal["value"], 16)
        check_fits(pixels, self.kernel, self.stride, self.padding)
        return pixels

    @traitlets.validate("kernel")
    def _check_kernel(self, proposal):
        kernel = check_numbers("kernel", proposal["value"], 5)
        check_fits(self.pixels, kernel, self.stride, self.padding)
        return kernel

    @traitlets.validate("divisor")
    def _check_divisor(self, proposal):
        return as_index("divisor", proposal["value"], LARGEST + 1, first=1)

    @traitlets.validate("stride")
    def _check_stride(self, proposal):
        return check_stride(proposal["value"])

    @traitlets.validate("padding")
    def _check_padding(self, proposal):
        padding = check_padding(proposal["value"])
        check_fits(self.pixels, self.kernel, self.stride, padding)
        return padding

    @traitlets.validate("place")
    def _check_place(self, proposal):
        return check_place(proposal["value"], *self._size())

    @traitlets.observe("stride", "padding", "kernel", "pixels")
    def _bring_back(self, change):
        self.place = [min(at, size - 1) for at, size in zip(self.place, self._size(), strict=True)]

    def describe(self) -> str:
        (i, j), (rows, columns) = self.place, self._size()
        H, W = np.shape(self.pixels)
        h, w = np.shape(self.kernel)
        return (
            f"a picture of {H} × {W}, the {self.kernel_name()} kernel of {h} × {w}, stride "
            f"{self.stride}, padding {self.padding}: an output of {rows} × {columns}, "
            f"{written(self.output()[i, j])} at row {i}, column {j}."
        )

    def picture(self) -> str:
        numbers = np.pad(np.array(self.pixels), self.padding)
        (i, j), output, products = self.place, self.output(), self.products()
        (H, W), (h, w), (rows, columns) = numbers.shape, products.shape, output.shape
        cell, wide = 26, 66
        middle = 14 + W * cell + 28
        right = middle + w * wide + 28
        width, height = right + columns * cell + 14, 48 + max(H * cell, h * 44 + 28, rows * cell)
        parts = [
            svg_text(text, x, 22, font_weight=600)
            for text, x in (("picture", 14), ("pixel · kernel", middle), ("output", right))
        ]
        parts += grid(numbers, 14, 34, cell, self.padding)
        parts += grid(output, right, 34, cell, 0)
        top, left = i * self.stride, j * self.stride
        parts.append(frame(14 + left * cell, 34 + top * cell, w * cell, h * cell))
        parts.append(frame(right + j * cell, 34 + i * cell, cell, cell))
        for u, v in np.ndindex(h, w):
            x, y = middle + v * wide + wide / 2, 34 + u * 44
            pair = f"{written(numbers[top + u, left + v])} · {written(self.kernel[u][v])}"
            place = {"text_anchor": "middle"}
            parts.append(svg_text(pair, x, y + 14, font_size=11, fill="#566170", **place))
            parts.append(svg_text(written(products[u, v]), x, y + 32, font_weight=600, **place))
        over = f" {written(products.sum())} / {self.divisor}" if self.divisor != 1 else ""
        total = f"sum{over} = {written(output[i, j])}"
        parts.append(svg_text(total, middle, 34 + h * 44 + 18, font_weight=600))
        return svg(width, height, self.describe(), parts)


# --- checks ---


def check_numbers(name: str, value, largest_side: int) -> list[list[float]]:
    """Rows of finite numbers of at most two decimals, as lists."""
    array = as_array(name, value).astype(float)
    if array.ndim != 2 or not all(1 <= side <= largest_side for side in array.shape):
        raise WrongValue(
            f"{name} has shape {list(array.shape)}, expected [rows, columns], 1 to {largest_side} "
            "of each"
        )
    if not (np.abs(array) <= LARGEST).all():  # false for NaN too
        wrong = array[~(np.abs(array) <= LARGEST)][0]
        raise WrongValue(f"{name} holds {wrong}, expected numbers from −{LARGEST} to {LARGEST}")
    return (np.rint(array * HUNDREDTHS) / HUNDREDTHS + 0.0).tolist()


def check_stride(value) -> int:
    return as_index("stride", value, 4, first=1)


def check_padding(value) -> int:
    return as_index("padding", value, 3)


def check_fits(pixels, kernel, stride, padding) -> tuple[int, int]:
    """The rows and columns of the output; an error when there are none."""
    padded = [side + 2 * padding for side in np.shape(pixels)]
    size = np.shape(kernel)
    if any(k > n for k, n in zip(size, padded, strict=True)):
        raise WrongValue(f"kernel of {list(size)} is larger than the padded pixels of {padded}")
    return tuple((n - k) // stride + 1 for n, k in zip(padded, size, strict=True))


def check_place(value, rows: int, columns: int) -> list[int]:
    value = plain(value)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise WrongValue(f"place={value!r} must be [row, column] of the output")
    return [as_index(f"place[{i}]", each, (rows, columns)[i]) for i, each in enumerate(value)]


# --- drawing ---


def written(number: float) -> str:
    """Up to four decimals, as on the page: 3, −0.25, 4.4444."""
    text = f"{np.floor(abs(number) * 10_000 + 0.5) / 10_000:.4f}".rstrip("0").rstrip(".")
    return f"−{text}" if number < 0 and text != "0" else text


def colour(number: float, reach: float) -> str:
    """Blue above zero, orange below it, white at it."""
    share = min(abs(number) / (reach or 1), 1.0)
    full = (0x3D, 0x8C, 0xC4) if number >= 0 else (0xD9, 0x79, 0x2B)
    return "#" + "".join(f"{round(255 + (c - 255) * share):02x}" for c in full)


def grid(numbers: np.ndarray, x: float, y: float, cell: int, padding: int) -> list[str]:
    """A square for each number; padding is grey."""
    parts, reach = [], np.abs(numbers).max()
    inside = np.pad(np.ones(np.subtract(numbers.shape, 2 * padding), bool), padding)
    for (i, j), number in np.ndenumerate(numbers):
        left, top = x + j * cell, y + i * cell
        fill = colour(number, reach) if inside[i, j] else "#f3f5f8"
        box = f'width="{cell}" height="{cell}" fill="{fill}" stroke="#dfe4ea"'
        parts.append(f'<rect x="{left:.1f}" y="{top:.1f}" {box}/>')
        text = f"{number:.3g}".replace("-", "−")
        place = {"font_size": 10, "text_anchor": "middle"}
        parts.append(svg_text(text, left + cell / 2, top + cell / 2 + 3.5, **place))
    return parts


def frame(x: float, y: float, width: float, height: float) -> str:
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width}" height="{height}"'
    return f'<rect {box} fill="none" stroke="#c2410c" stroke-width="3"/>'
