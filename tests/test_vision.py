"""Patches, the ViT and attention inside a convolutional network, each against another way to the
same numbers: torch's primitives, in values and gradients."""

import pytest
import torch
from test_layers import copy_layer, draw, same, shaken
from torch import nn
from torch.nn import functional as F
from torch.testing import assert_close

from attend.vision import (
    CBAM,
    ECA,
    ORDERS,
    SpatialAttention,
    SpatialTransformer,
    SqueezeExcite,
    ViT,
    patches,
)

B, C, H, W = 2, 6, 5, 7
SIZES = {"image": (3, 4, 6), "size": 2, "n_classes": 5, "d_model": 14}
SIZES |= {"n_heads": 7, "n_layers": 3, "d_ff": 11}  # T = 6


@pytest.mark.parametrize(
    ("shape", "size"), [((2, 3, 4, 6), 2), ((1, 1, 3, 9), 3), ((2, 5, 7, 3), 1)]
)
def test_patches_are_torch_s_unfold(shape, size):
    images = draw(*shape)
    same(patches(images, size), F.unfold(images, size, stride=size).mT, images)


def test_patches_are_slices_in_the_order_of_reading():
    images = draw(2, 3, 4, 6)
    cut = patches(images, 2)
    assert cut.shape == (2, 6, 12)
    for t, (row, column) in enumerate([(0, 0), (0, 2), (0, 4), (2, 0), (2, 2), (2, 4)]):
        square = images[:, :, row : row + 2, column : column + 2]
        assert torch.equal(cut[:, t], square.flatten(1))


@pytest.mark.parametrize("positions", [True, False])
@pytest.mark.parametrize("norm", ["pre", "post"])
def test_vit_equals_torch_s_encoder(norm, positions):
    ours = shaken(ViT(**SIZES, norm=norm, positions=positions))
    layer = nn.TransformerEncoderLayer(
        14, 7, 11, dropout=0.0, batch_first=True, norm_first=norm == "pre", dtype=torch.double
    )
    last = nn.LayerNorm(14).double() if norm == "pre" else None
    theirs = nn.TransformerEncoder(layer, 3, last, enable_nested_tensor=False)
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        copy_layer(mine, other)
    if last is not None:
        last.load_state_dict(ours.norm.state_dict())
    images = draw(2, 3, 4, 6)
    squares = ours.words.weight.view(14, 3, 2, 2)
    words = F.conv2d(images, squares, ours.words.bias, stride=2).flatten(2).mT  # [B, T, D]
    x = torch.cat([ours.class_token.expand(2, 1, 14), words], dim=1)
    x = x + ours.positions.table if positions else x
    wanted = F.linear(theirs(x)[:, 0], ours.out.weight, ours.out.bias)
    same(ours(images), wanted, images, *ours.words.parameters(), ours.class_token, ours.out.weight)
    logits, weights = ours(images, return_weights=True)
    assert_close(logits, wanted)
    assert weights.shape == (3, 2, 7, 7, 7)
    assert_close(weights.sum(dim=-1), torch.ones(3, 2, 7, 7).double())


def test_vit_counts_its_numbers():
    numbers = {name: p.numel() for name, p in ViT(**SIZES).named_parameters()}
    assert numbers["words.weight"] == 12 * 14 and numbers["class_token"] == 14
    assert numbers["positions.table"] == 7 * 14 and numbers["out.weight"] == 5 * 14
    assert ViT(**SIZES, positions=False).positions is None


def test_dropout_falls_in_training_only():
    model, images = shaken(ViT(**SIZES, dropout=0.5)), draw(2, 3, 4, 6)
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))


def test_without_positions_the_order_of_the_patches_is_nothing():
    images = draw(2, 1, 4, 6)
    columns = torch.cat([images[..., 4:], images[..., :4]], dim=-1)  # whole patches change places
    sizes = SIZES | {"image": (1, 4, 6)}
    blind, seeing = shaken(ViT(**sizes, positions=False)), shaken(ViT(**sizes))
    assert_close(blind(images), blind(columns))
    assert not torch.allclose(seeing(images), seeing(columns))


def gated(x, gates):
    return torch.einsum("bchw,bc->bchw", x, gates)


def test_squeeze_and_excite_is_two_one_by_one_convolutions():
    ours, x = shaken(SqueezeExcite(C, 3)), draw(B, C, H, W)
    hidden = F.conv2d(F.adaptive_avg_pool2d(x, 1), ours.W_1.weight[:, :, None, None]).relu()
    gates = F.conv2d(hidden, ours.W_2.weight[:, :, None, None]).sigmoid()  # [B, C, 1, 1]
    same(ours(x), x * gates, x, *ours.parameters())
    assert_close(ours.gates(x), gates.flatten(1))
    assert sum(p.numel() for p in ours.parameters()) == 2 * C * C // 3


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_eca_is_a_kernel_along_the_channels(kernel):
    ours, x = shaken(ECA(C, kernel)), draw(B, C, H, W)
    means = F.pad(x.mean(dim=(2, 3)), (kernel // 2, kernel // 2))  # zeros beyond the ends
    gates = torch.stack([means[:, c : c + kernel] @ ours.kernel for c in range(C)], dim=1).sigmoid()
    same(ours(x), gated(x, gates), x, ours.kernel)
    assert_close(ours.gates(x), gates)
    assert sum(p.numel() for p in ours.parameters()) == kernel


def test_a_kernel_of_eca_begins_no_larger_than_one_over_its_root():
    torch.manual_seed(0)
    drawn = torch.stack([ECA(2, 9).kernel.detach() for _ in range(50)])
    assert 0.3 < drawn.abs().max() <= 1 / 3 and drawn.min() < -0.3 < 0.3 < drawn.max()


@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_spatial_attention_is_its_formula(kernel):
    ours, x = shaken(SpatialAttention(kernel)), draw(B, C, H, W)
    both = torch.stack([x.sum(dim=1) / C, x.max(dim=1).values], dim=1)
    columns = F.unfold(both, kernel, padding=kernel // 2)  # [B, 2·k·k, H·W]
    mask = (ours.convolution.weight.flatten() @ columns).sigmoid().view(B, 1, H, W)
    same(ours(x), x * mask, x, *ours.parameters())
    assert_close(ours.mask(x), mask)
    assert sum(p.numel() for p in ours.parameters()) == 2 * kernel**2


@pytest.mark.parametrize("order", ORDERS)
def test_cbam_is_both_in_its_order(order):
    ours, x = shaken(CBAM(C, 2, kernel=3, order=order)), draw(B, C, H, W)

    def channel(x):
        mean, most = F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)
        W_1, W_2 = (part.weight[:, :, None, None] for part in (ours.W_1, ours.W_2))
        return sum(F.conv2d(F.conv2d(m, W_1).relu(), W_2) for m in (mean, most)).sigmoid()

    def place(x):
        both = torch.cat([x.mean(dim=1, keepdim=True), x.max(dim=1, keepdim=True).values], dim=1)
        return F.conv2d(both, ours.spatial.convolution.weight, padding=1).sigmoid()

    if order == "side by side":
        wanted = x * channel(x) * place(x)
    else:
        first, second = (channel, place) if order == "channel first" else (place, channel)
        y = x * first(x)
        wanted = y * second(y)
    same(ours(x), wanted, x, *ours.parameters())
    assert_close(ours.gates(x), channel(x).flatten(1))


def test_the_orders_of_cbam_differ():
    x = draw(B, C, H, W)
    found = []
    for order in ORDERS:
        module = shaken(CBAM(C, 2, kernel=3, order=order))
        found.append(module(x))
    assert all(not torch.allclose(a, b) for a, b in zip(found, [*found[1:], found[0]], strict=True))
    assert CBAM(8).order == "channel first" and CBAM(4).W_1.weight.shape == (1, 4)


@pytest.mark.parametrize("kind", [SqueezeExcite, ECA, CBAM])
def test_gates_are_shares_and_the_shape_stays(kind):
    module, x = shaken(kind(4)), draw(3, 4, H, W)
    assert module(x).shape == x.shape
    assert module.gates(x).shape == (3, 4)
    assert (module.gates(x) > 0).all() and (module.gates(x) < 1).all()


def read_at(x, rows, columns):
    """x [B, C, H, W] at places between pixels, rows and columns [B, H, W] in pixels; 0 outside."""
    out = torch.zeros_like(x)
    for b in range(len(x)):
        for i in range(x.shape[2]):
            for j in range(x.shape[3]):
                r, c = rows[b, i, j], columns[b, i, j]
                for p in (int(r.floor()), int(r.floor()) + 1):
                    for q in (int(c.floor()), int(c.floor()) + 1):
                        if 0 <= p < x.shape[2] and 0 <= q < x.shape[3]:
                            share = (1 - (r - p).abs()) * (1 - (c - q).abs())
                            out[b, :, i, j] = out[b, :, i, j] + share * x[b, :, p, q]
    return out


@pytest.mark.parametrize("moves", ["affine", "shift"])
def test_spatial_transformer_reads_between_pixels(moves):
    ours, x = shaken(SpatialTransformer((3, H, W), 4, moves)), draw(B, 3, H, W)
    A = ours.places(x)  # [B, 2, 3]
    v, u = torch.meshgrid(
        (2 * torch.arange(H).double() + 1) / H - 1,
        (2 * torch.arange(W).double() + 1) / W - 1,
        indexing="ij",
    )
    places = torch.stack([u, v, torch.ones_like(u)])  # [3, H, W]
    x_at, y_at = torch.einsum("bij,jhw->ibhw", A, places)
    wanted = read_at(x, ((y_at + 1) * H - 1) / 2, ((x_at + 1) * W - 1) / 2)
    same(ours(x), wanted, x, *ours.parameters())
    hidden = (x.flatten(1) @ ours.look[1].weight.T + ours.look[1].bias).clamp(min=0)
    change = hidden @ ours.decide.weight.T + ours.decide.bias
    if moves == "affine":
        assert_close(A.flatten(1), torch.tensor([1.0, 0, 0, 0, 1, 0]).double() + change)
    else:
        assert_close(A[:, :, 2], change)
        assert_close(A[:, :, :2], torch.eye(2).double().expand(B, 2, 2))


@pytest.mark.parametrize("moves", ["affine", "shift"])
def test_a_spatial_transformer_begins_by_moving_nothing(moves):
    x = draw(B, 3, H, W).float()
    assert_close(SpatialTransformer((3, H, W), moves=moves)(x), x, atol=1e-5, rtol=0)


IMAGES = torch.zeros(2, 3, 4, 6)
WRONG = {
    "size=3 must divide both sides of images": lambda: patches(IMAGES, 3),
    "size=4 must divide both": lambda: patches(IMAGES, 4),
    "size must be a whole number, at least 1, got 0": lambda: patches(IMAGES, 0),
    r"images must be \[B, C, H, W\], got shape \[3, 4, 6\]": lambda: patches(IMAGES[0], 2),
    r"images must be \[B, C, H, W\], got shape \[0, 3": lambda: patches(IMAGES[:0], 2),
    "size=4 must divide height and width of image=": lambda: ViT((3, 4, 6), 4),
    "size=5 must divide": lambda: ViT(size=5),
    r"image must be \(channels, height, width\)": lambda: ViT((8, 8)),
    "image must be a whole number, at least 1, got 0": lambda: ViT((1, 0, 8)),
    "n_heads=3 must divide": lambda: ViT(n_heads=3),
    "n_layers must be": lambda: ViT(n_layers=0),
    "n_classes must be": lambda: ViT(n_classes=0),
    "norm must be one of": lambda: ViT(norm="none"),
    "dropout must be": lambda: ViT(dropout=1.0),
    r"images must be \[B, 1, 8, 8\], got shape \[2, 3, 4, 6\]": lambda: ViT()(IMAGES),
    "images must be .*got shape .0, 1": lambda: ViT()(torch.zeros(0, 1, 8, 8)),
    "images must be .*got shape .64": lambda: ViT()(torch.zeros(64)),
    "reduction=4 must divide channels=6": lambda: SqueezeExcite(6, 4),
    "reduction=5 must divide channels=6": lambda: CBAM(6, 5),
    "channels must be a whole number": lambda: ECA(0),
    "kernel must be odd, got 4": lambda: ECA(6, 4),
    "kernel must be odd, got 2": lambda: SpatialAttention(2),
    "kernel must be a whole": lambda: SpatialAttention(0),
    "order must be one of": lambda: CBAM(8, order="both"),
    r"x must be \[B, 8, H, W\], got shape \[2, 3": lambda: SqueezeExcite(8)(IMAGES),
    r"x must be \[B, 4, H, W\], got": lambda: ECA(4)(IMAGES),
    r"x must be \[B, 4, H, W\], got shape": lambda: CBAM(4)(IMAGES),
    r"x must be \[B, C, H, W\], got shape \[3": lambda: SpatialAttention()(IMAGES[0]),
    "moves must be one of": lambda: SpatialTransformer((3, 4, 6), moves="turn"),
    "n_hidden must be": lambda: SpatialTransformer((3, 4, 6), n_hidden=0),
    r"images must be \[B, 3, 6, 4\]": lambda: SpatialTransformer((3, 6, 4))(IMAGES),
}


@pytest.mark.parametrize("told", WRONG)
def test_what_does_not_fit_is_refused_in_one_line(told):
    with pytest.raises(ValueError, match=told) as fault:
        WRONG[told]()
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: patches(x, 2),
        lambda x: ViT((3, 4, 6))(x),
        lambda x: ECA(3)(x),
        lambda x: SpatialAttention()(x),
        lambda x: SpatialTransformer((3, 4, 6))(x),
    ],
)
def test_whole_numbers_are_no_pictures(call):
    for x in (IMAGES.long(), [1.0]):
        with pytest.raises(TypeError, match=r"must (hold floating-point|be a torch.Tensor)"):
            call(x)
