"""How the book's plots look: crisp at any size, in colours that colour-blind readers tell apart."""

import matplotlib.pyplot as plt
from cycler import cycler
from matplotlib_inline.backend_inline import set_matplotlib_formats

__all__ = ["COLOURS", "set_style"]

# Okabe and Ito's palette (2008), without its yellow, which fades on white.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"]


def set_style() -> None:
    """Plots as SVG on a light panel, so that they read on a light and on a dark page. The same
    plot is the same text on every run: no date, and no names drawn by chance."""
    set_matplotlib_formats("svg", metadata={"Date": None})
    plt.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=COLOURS),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlelocation": "left",
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.facecolor": "#fbfaf7",
            "axes.facecolor": "#fbfaf7",
            "savefig.facecolor": "#fbfaf7",
            "figure.figsize": (7, 3),
            "legend.frameon": False,
            "svg.hashsalt": "attend",
        }
    )
