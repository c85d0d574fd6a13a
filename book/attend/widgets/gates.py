"""What do the gates of a cell do? One unit of an LSTM whose gates the reader moves by hand."""

import numpy as np
import traitlets

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

LONGEST = 24
OUTLINE = 'fill="none" stroke="#dfe4ea"'
ROWS = ("value", "input", "forget", "output")  # what the reader can change, from top to bottom
ENDS = {"value": (-1.0, 1.0), "input": (0.0, 1.0), "forget": (0.0, 1.0), "output": (0.0, 1.0)}


class Gates(Widget):
    """One unit of an LSTM, its gates set by hand at every step.

    c_t = f_t · c_{t−1} + i_t · g_t and h_t = o_t · tanh(c_t), with c before the first step 0. Each
    value g_t is in the last cell with the factor i_t · Π f_s over the steps s after t, and their
    sum is that cell exactly.

    Args:
        value: g, what could be written at each step, −1 to 1, [T], 2 to 24 steps.
        input: i, how much of it is written: 0 to 1, [T] or one number for all steps.
        forget: f, how much of the cell is kept, in the same form.
        output: o, how much of the cell is shown, in the same form.
        step, row: what is selected; row is "value", "input", "forget" or "output".
        title: shown above it.

    Numbers are rounded to hundredths. `value`, `input`, `forget`, `output`, `step` and `row` are
    written by the reader's hand too: observe or link them.

    Raises:
        ValueError, TypeError: naming the argument, what came and what was expected.

    Hochreiter & Schmidhuber 1997; the forget gate: Gers et al. 2000. Taught in chapter 08.
    """

    value = Checked(None).tag(sync=True)
    input = Checked(None).tag(sync=True)
    forget = Checked(None).tag(sync=True)
    output = Checked(None).tag(sync=True)
    step = Checked(0).tag(sync=True)
    row = Checked("forget").tag(sync=True)
    title = Text("").tag(sync=True)
    _programs = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        value=(0.8, -0.4, 0.6, -0.9, 0.3, -0.2, 0.5, -0.7),
        input=0.5,
        forget=0.5,
        output=0.5,
        *,
        step=0,
        row="forget",
        title="",
    ):
        value = hundredths("value", value, ENDS["value"])
        self._steps = len(value)
        if not 2 <= self._steps <= LONGEST:
            raise WrongValue(f"value has {self._steps} steps: expected 2 to {LONGEST}")
        super().__init__(
            **{"value": value, "input": input, "forget": forget, "output": output},
            **{"step": step, "row": row, "title": title, "_programs": programs(self._steps)},
        )
        self._warn_if_heavy()

    def cell(self) -> np.ndarray:
        """c after each step: [T]."""
        return unit(self.value, self.input, self.forget, self.output)[0]

    def hidden(self) -> np.ndarray:
        """h after each step: [T]."""
        return unit(self.value, self.input, self.forget, self.output)[1]

    def left(self) -> np.ndarray:
        """What is left of each value in the last cell: i_t · Π f_s over the steps after t: [T].

        `(left() * value).sum()` is the last cell.
        """
        return np.array(self.input) * self.road()

    def road(self) -> np.ndarray:
        """∂c_T/∂c_t: the product of the forget gates after each step: [T], 1 at the last."""
        after = np.append(np.array(self.forget)[1:], 1.0)
        return np.cumprod(after[::-1])[::-1]

    @traitlets.validate(*ROWS)
    def _check_numbers(self, proposal):
        name = proposal["trait"].name
        return hundredths(name, proposal["value"], ENDS[name], self._steps)

    @traitlets.validate("step")
    def _check_step(self, proposal):
        return as_index("step", proposal["value"], self._steps)

    @traitlets.validate("row")
    def _check_row(self, proposal):
        return as_choice("row", proposal["value"], ROWS)

    def describe(self) -> str:
        last, shown = self.cell()[-1], self.hidden()[-1]
        return (
            f"one unit of an LSTM over {self._steps} steps: the last cell is {last:.4f}, what it "
            f"shows is {shown:.4f}, and {self.left()[0]:.4f} of the first value is left in it."
        )

    def picture(self) -> str:
        c, h = self.cell(), self.hidden()
        rows = [
            ("value g", self.value, True),
            ("input gate i", self.input, False),
            ("forget gate f", self.forget, False),
            ("cell c", c, True),
            ("output gate o", self.output, False),
            ("shown h", h, True),
            ("left at the end", self.left(), False),
        ]
        reach = max(1.0, *np.abs(c))
        parts = [svg_text(self.title, 12, 20, font_size=14, font_weight=600)] if self.title else []
        top = 34 if self.title else 12
        for k, (name, numbers, signed) in enumerate(rows):
            y = top + 44 * k
            parts.append(svg_text(name, 12, y + 20))
            for t, number in enumerate(numbers):
                size = 17 * min(abs(number) / (reach if name == "cell c" else 1.0), 1.0)
                up, x = number >= 0, 124 + 52 * t
                base, height = (y + 17, size) if signed else (y + 34, 2 * size)
                colour = ("#2a78b0" if up else "#b85c14") if signed else "#40b7ad"
                place = f'x="{x}" y="{base - height if up else base:.1f}" width="46"'
                parts += [
                    f'<rect x="{x}" y="{y}" width="46" height="34" {OUTLINE}/>',
                    f'<rect {place} height="{height:.1f}" fill="{colour}" opacity="0.5"/>',
                    svg_text(written(number, 2), x + 23, y + 21, text_anchor="middle"),
                ]
        return svg(132 + 52 * self._steps, top + 44 * len(rows) + 6, self.describe(), parts)


def unit(value, input, forget, output) -> tuple[np.ndarray, np.ndarray]:
    """c and h after each step, [T] each: the two lines of an LSTM for one unit."""
    c, cells = 0.0, []
    for g, i, f in zip(value, input, forget, strict=True):
        c = f * c + i * g
        cells.append(c)
    return np.array(cells), np.array(output) * np.tanh(cells)


def hundredths(name: str, value, ends, steps: int | None = None) -> list[float]:
    """`value` as a list of numbers between the ends, rounded to hundredths; one number stands for
    every step."""
    array = as_array(name, value).astype(float)
    if array.ndim == 0 and steps:
        array = np.full(steps, array)
    if array.ndim != 1 or (steps and len(array) != steps):
        expected = f"[{steps}]" if steps else "[T]"
        raise WrongValue(f"{name} has shape {list(array.shape)}: expected {expected}")
    low, high = ends
    for t, number in enumerate(array):
        if not low <= number <= high:  # true for NaN too
            raise WrongValue(f"{name}[{t}]={number} must be between {low:g} and {high:g}")
    return [round(100 * number) / 100 for number in array.tolist()]


def programs(T: int) -> dict[str, dict[str, list[float]]]:
    """Settings of the gates that do something one can name, for T steps."""
    first, last = [float(t == 0) for t in range(T)], [float(t == T - 1) for t in range(T)]
    middle = T // 2

    def gates(input, forget, output):
        rows = {"input": input, "forget": forget, "output": output}
        return {name: row if isinstance(row, list) else [row] * T for name, row in rows.items()}

    return {
        "half open": gates(0.5, 0.5, 0.5),
        "keep the first": gates(first, 1.0, last),
        "only the newest": gates(1.0, 0.0, 1.0),
        "add all up": gates(1.0, 1.0, 1.0),
        "fade slowly": gates(0.1, 0.9, 1.0),
        f"start afresh at step {middle + 1}": gates(
            1.0, [float(t != middle) for t in range(T)], 1.0
        ),
    }


def written(number: float, digits: int) -> str:
    """0.50, −1.25; never −0.00."""
    text = f"{number:.{digits}f}"
    return text.replace("-", "") if float(text) == 0 else text.replace("-", "−")
