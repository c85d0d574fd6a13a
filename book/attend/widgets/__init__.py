"""The book's widgets: each answers one question, in the browser, with or without a kernel."""

from attend.widgets.activations import Activations
from attend.widgets.attention_heatmap import AttentionHeatmap
from attend.widgets.bend_a_line import BendALine
from attend.widgets.capacity import Capacity
from attend.widgets.convolution import Convolution
from attend.widgets.decoder import Decoder
from attend.widgets.decoder_costs import DecoderCosts
from attend.widgets.descent import Descent
from attend.widgets.embeddings import Embeddings
from attend.widgets.gaps import Gaps
from attend.widgets.gates import Gates
from attend.widgets.graph import Graph
from attend.widgets.heads import Heads
from attend.widgets.index_walk import IndexWalk
from attend.widgets.mask_explorer import MaskExplorer
from attend.widgets.merges import Merges
from attend.widgets.norm_axes import NormAxes
from attend.widgets.policy import Policy
from attend.widgets.positional_encoding import PositionalEncoding
from attend.widgets.scaled_softmax import ScaledSoftmax
from attend.widgets.soft_dictionary import SoftDictionary
from attend.widgets.unrolled import Unrolled

__all__ = [
    "Activations",
    "AttentionHeatmap",
    "BendALine",
    "Capacity",
    "Convolution",
    "Decoder",
    "DecoderCosts",
    "Descent",
    "Embeddings",
    "Gaps",
    "Gates",
    "Graph",
    "Heads",
    "IndexWalk",
    "MaskExplorer",
    "Merges",
    "NormAxes",
    "Policy",
    "PositionalEncoding",
    "ScaledSoftmax",
    "SoftDictionary",
    "Unrolled",
]
