"""The book's widgets: each answers one question, in the browser, with or without a kernel."""

from attend.widgets.attention_heatmap import AttentionHeatmap
from attend.widgets.scaled_softmax import ScaledSoftmax

__all__ = ["AttentionHeatmap", "ScaledSoftmax"]
