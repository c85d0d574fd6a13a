"""Pictures as sequences, and attention inside a convolutional network. Taught in chapter 19.

Pictures are [B, C, H, W], as in chapter 05: B of them with C channels of H rows and W columns.
"""

import torch
from torch import nn
from torch.nn.functional import affine_grid, conv1d, grid_sample, pad

from attend import checks
from attend.layers import EncoderLayer, LayerNorm
from attend.positions import Learned

__all__ = [
    "CBAM",
    "ECA",
    "ORDERS",
    "SpatialAttention",
    "SpatialTransformer",
    "SqueezeExcite",
    "ViT",
    "patches",
]

ORDERS = ("channel first", "spatial first", "side by side")


def patches(images, size):
    """Pictures cut into squares of size × size pixels, each square laid out as one row of numbers:
    images [B, C, H, W] → [B, T, size·size·C] with T = (H/size)·(W/size). The squares come row by
    row, from the upper left; in each, channel by channel and row by row.

    Equal to torch.nn.functional.unfold with stride=size, transposed. Raises TypeError for pictures
    that are not floating-point numbers, ValueError for another number of axes and for a size that
    does not divide both H and W. Source: Dosovitskiy et al. 2021, section 3.1. Taught in chapter
    19.
    """
    checks.cut_in_squares(images, size)
    squares = images.unflatten(3, (-1, size)).unflatten(2, (-1, size))  # [B, C, H/s, s, W/s, s]
    squares = squares.permute(0, 2, 4, 1, 3, 5)  # [B, H/s, W/s, C, s, s]
    return squares.flatten(3).flatten(1, 2)  # [B, T, s·s·C]


class ViT(nn.Module):
    """A Transformer encoder that reads a picture as a sequence of patches. Every patch becomes a
    word by one linear map, a learned class token [D] stands before the T words, learned positions
    are added, n_layers blocks follow, and the class token, normed, gives the logits:
    images [B, C, H, W] → [B, n_classes]; with return_weights also the weights
    [N, B, H, T + 1, T + 1], the class token first.

    image: (C, H, W) of every picture; size: the side of a patch in pixels, which must divide H and
    W. positions=False leaves the positions out; norm, "pre" or "post", as in `EncoderLayer`. Equal
    to torch.nn.TransformerEncoder between the words and the logits. Raises ValueError for sizes
    that do not go together and for pictures of another shape, TypeError for pictures that are not
    floating-point numbers. Source: Dosovitskiy et al. 2021, section 3.1. Taught in chapter 19.
    """

    def __init__(
        self,
        image=(1, 8, 8),
        size=2,
        n_classes=10,
        d_model=64,
        n_heads=4,
        n_layers=2,
        d_ff=128,
        dropout=0.0,
        norm="pre",
        positions=True,
    ):
        super().__init__()
        self.image, self.size = checks.image_of_squares(image, size)
        checks.whole_numbers(n_classes=n_classes, n_layers=n_layers, d_ff=d_ff)
        checks.heads(d_model, n_heads, dropout)
        C, H, W = self.image
        self.words = nn.Linear(C * size * size, d_model)
        self.class_token = nn.Parameter(torch.randn(d_model) * d_model**-0.5)
        places = (H // size) * (W // size) + 1
        self.positions = Learned(d_model, places) if positions else None
        self.layers = nn.ModuleList(
            EncoderLayer(d_model, n_heads, d_ff, dropout, norm) for _ in range(n_layers)
        )
        self.norm = LayerNorm(d_model) if norm == "pre" else nn.Identity()
        self.out = nn.Linear(d_model, n_classes)

    def forward(self, images, return_weights=False):
        checks.picture_tensor("images", images, self.image)
        words = self.words(patches(images, self.size))  # [B, T, D]
        class_token = self.class_token.expand(len(words), 1, -1)  # [B, 1, D]
        return self.read(torch.cat([class_token, words], dim=1), return_weights)

    def read(self, x, return_weights=False):
        """x [B, T + 1, D], the class token first → what a call returns."""
        x, maps = x if self.positions is None else self.positions(x), []
        for layer in self.layers:
            x, weights = layer(x, None, return_weights)
            maps.append(weights)
        logits = self.out(self.norm(x[:, 0]))  # [B, n_classes]
        return (logits, torch.stack(maps)) if return_weights else logits


class SqueezeExcite(nn.Module):
    """x · σ(W_2 max(0, W_1 m)), with m [C] the mean of each channel over all places: every channel
    is multiplied by a gate between 0 and 1 that all channels decide. [B, C, H, W] → the same.
    W_1 [C / reduction, C], W_2 [C, C / reduction], no biases: 2 C² / reduction numbers.

    `gates` gives the gates alone. Raises ValueError for a reduction that does not divide channels
    and for pictures of other channels. Source: Hu, Shen and Sun 2018. Taught in chapter 19.
    """

    def __init__(self, channels, reduction=4):
        super().__init__()
        self.channels = checks.reduced(channels, reduction)
        self.W_1 = nn.Linear(channels, channels // reduction, bias=False)
        self.W_2 = nn.Linear(channels // reduction, channels, bias=False)

    def forward(self, x):
        checks.picture_tensor("x", x, (self.channels, None, None))
        return x * self.gates(x)[:, :, None, None]

    def gates(self, x):
        """[B, C, H, W] → [B, C], each from 0 to 1."""
        return self.W_2(self.W_1(x.mean(dim=(2, 3))).relu()).sigmoid()


class ECA(nn.Module):
    """x · σ(k ∗ m), with m [C] the mean of each channel over all places: the gate of a channel
    comes from its own mean and those of its neighbours in the list of channels, by one kernel of
    `kernel` numbers for all. [B, C, H, W] → the same.

    `gates` gives the gates alone. Raises ValueError for an even kernel and for pictures of other
    channels. Source: Wang et al. 2020. Taught in chapter 19.
    """

    def __init__(self, channels, kernel=3):
        super().__init__()
        checks.whole_numbers(channels=channels)
        self.channels, kernel = channels, checks.odd("kernel", kernel)
        self.kernel = nn.Parameter((2 * torch.rand(kernel) - 1) * kernel**-0.5)

    def forward(self, x):
        checks.picture_tensor("x", x, (self.channels, None, None))
        return x * self.gates(x)[:, :, None, None]

    def gates(self, x):
        """[B, C, H, W] → [B, C], each from 0 to 1."""
        means = x.mean(dim=(2, 3))[:, None]  # [B, 1, C]
        return conv1d(means, self.kernel[None, None], padding="same")[:, 0].sigmoid()


class SpatialAttention(nn.Module):
    """x · σ(k ∗ [mean; max]), the mean and the maximum over the channels at each place, k a kernel
    [2, kernel, kernel]: every place is multiplied by a gate between 0 and 1, the same for all
    channels. [B, C, H, W] → the same, for any number of channels.

    `mask` gives the gates alone. Raises ValueError for an even kernel. Source: Woo et al. 2018,
    section 3, spatial attention module. Taught in chapter 19.
    """

    def __init__(self, kernel=7):
        super().__init__()
        kernel = checks.odd("kernel", kernel)
        self.convolution = nn.Conv2d(2, 1, kernel, padding=kernel // 2, bias=False)

    def forward(self, x):
        checks.picture_tensor("x", x)
        return x * self.mask(x)

    def mask(self, x):
        """[B, C, H, W] → [B, 1, H, W], each from 0 to 1."""
        both = torch.cat([x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1)
        return self.convolution(both).sigmoid()


class CBAM(SqueezeExcite):
    """Channel attention, then spatial attention: x → c(x) · x → s(c(x) · x) · c(x) · x. The gates
    of the channels are σ(f(m) + f(M)), m [C] the mean and M [C] the maximum of each channel over
    all places, f the small network of `SqueezeExcite` for both. [B, C, H, W] → the same.

    order: "channel first", as in the paper, "spatial first", or "side by side", where both look at
    x itself. Raises ValueError for another order and what its parts raise. Source: Woo et al. 2018.
    Taught in chapter 19.
    """

    def __init__(self, channels, reduction=4, kernel=7, order="channel first"):
        super().__init__(channels, reduction)
        self.order = checks.one_of("order", order, ORDERS)
        self.spatial = SpatialAttention(kernel)

    def forward(self, x):
        if self.order == "spatial first":
            return super().forward(self.spatial(x))
        y = super().forward(x)
        return y * self.spatial.mask(y if self.order == "channel first" else x)

    def gates(self, x):
        """[B, C, H, W] → [B, C], each from 0 to 1."""
        both = torch.stack([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))])  # [2, B, C]
        return self.W_2(self.W_1(both).relu()).sum(dim=0).sigmoid()


class SpatialTransformer(nn.Module):
    """Looks at the picture, decides how to move it, and moves it: a small network gives six numbers
    A [2, 3] (or two, a shift), and place (u, v) of the output is read from place A (u, v, 1) of the
    input, between pixels where need be. [B, C, H, W] → the same. Places run from −1 to 1 along each
    side; what comes from outside is 0.

    image: (C, H, W) of every picture; moves: "affine" or "shift"; n_hidden: units of the small
    network. It begins by moving nothing. `places` gives A. Raises ValueError for other moves and
    for pictures of another shape. Source: Jaderberg et al. 2015. Taught in chapter 19.
    """

    def __init__(self, image, n_hidden=32, moves="affine"):
        super().__init__()
        self.image, _ = checks.image_of_squares(image, 1)
        checks.whole_numbers(n_hidden=n_hidden)
        self.moves = checks.one_of("moves", moves, ("affine", "shift"))
        C, H, W = self.image
        self.look = nn.Sequential(nn.Flatten(), nn.Linear(C * H * W, n_hidden), nn.ReLU())
        self.decide = nn.Linear(n_hidden, 6 if moves == "affine" else 2)
        nn.init.zeros_(self.decide.weight)
        nn.init.zeros_(self.decide.bias)

    def forward(self, x):
        checks.picture_tensor("images", x, self.image)
        grid = affine_grid(self.places(x), x.shape, align_corners=False)  # [B, H, W, 2]
        return grid_sample(x, grid, align_corners=False)

    def places(self, x):
        """[B, C, H, W] → A [B, 2, 3], the change added to "as it is"."""
        change = self.decide(self.look(x))
        as_it_is = torch.eye(2, 3, dtype=x.dtype, device=x.device)
        if self.moves == "affine":
            return as_it_is + change.unflatten(1, (2, 3))
        return as_it_is + pad(change[:, :, None], (2, 0))
