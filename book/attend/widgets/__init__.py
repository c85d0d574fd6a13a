"""The book's widgets: each answers one question, in the browser, with or without a kernel."""

from attend.widgets.activations import Activations
from attend.widgets.attention_heatmap import AttentionHeatmap
from attend.widgets.bend_a_line import BendALine
from attend.widgets.capacity import Capacity
from attend.widgets.convolution import Convolution
from attend.widgets.descent import Descent
from attend.widgets.graph import Graph
from attend.widgets.scaled_softmax import ScaledSoftmax

__all__ = [
    "Activations",
    "AttentionHeatmap",
    "BendALine",
    "Capacity",
    "Convolution",
    "Descent",
    "Graph",
    "ScaledSoftmax",
]
