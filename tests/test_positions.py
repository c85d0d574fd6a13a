"""Positions: tables against their formulas, number by number; what depends on distance alone; and
bad arguments."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from attend.positions import (
    Alibi,
    Learned,
    Rotary,
    Sinusoidal,
    alibi,
    frequencies,
    rotate,
    sinusoidal,
)


@pytest.mark.parametrize("base", [10000.0, 7.0])
def test_sinusoidal_is_its_formula(base):
    table = sinusoidal(11, 6, base)
    assert table.shape == (11, 6) and table.dtype == torch.get_default_dtype()
    for p in range(11):
        for i in range(3):
            angle = p / base ** (2 * i / 6)
            assert table[p, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-6)
            assert table[p, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-6)


def test_far_positions_are_exact():
    assert sinusoidal(100_001, 2)[-1, 0].item() == pytest.approx(math.sin(100_000), abs=1e-6)


def turned(x, p, pairing, base=10000.0):
    """By complex numbers: (a + bi) · e^(i p θ)."""
    K = x.shape[-1]
    pairs = [(i, i + K // 2) if pairing == "half" else (2 * i, 2 * i + 1) for i in range(K // 2)]
    out = x.clone()
    for i, (a, b) in enumerate(pairs):
        z = complex(x[a], x[b]) * complex(math.cos(t := p * base ** (-2 * i / K)), math.sin(t))
        out[a], out[b] = z.real, z.imag
    return out


@pytest.mark.parametrize("pairing", ["half", "interleaved"])
def test_rotary_is_a_turn_of_complex_numbers(pairing):
    x = torch.randn(2, 3, 5, 6, dtype=torch.double)
    positions = torch.tensor([0, 3, 1, 40, 7])
    out = rotate(x, positions, pairing)
    for row, p in enumerate(positions.tolist()):
        for b in range(2):
            for h in range(3):
                assert_close(out[b, h, row], turned(x[b, h, row], p, pairing))


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 90),
    st.sampled_from(["half", "interleaved"]),
)
def test_rotary_scores_depend_on_distance_alone(p, q, shift, pairing):
    torch.manual_seed(p)
    a, b = torch.randn(2, 1, 8, dtype=torch.double)

    def score(p, q):
        return rotate(a, [p], pairing) @ rotate(b, [q], pairing).T

    assert_close(score(p, q), score(p + shift, q + shift))
    assert_close(rotate(a, [p], pairing).norm(), a.norm())


def test_the_pairings_are_one_up_to_the_order_of_the_numbers():
    x = torch.randn(3, 6)
    order = torch.tensor([0, 2, 4, 1, 3, 5])  # interleaved pairs, told as halves
    half = rotate(x[:, order], torch.arange(3), "half")
    assert_close(half, rotate(x, torch.arange(3), "interleaved")[:, order])
    assert not torch.allclose(
        rotate(x, torch.arange(3), "half"), rotate(x, torch.arange(3), "interleaved")
    )


def test_rotary_has_a_right_gradient_and_keeps_the_dtype():
    x = torch.randn(2, 3, 4, dtype=torch.double, requires_grad=True)
    for pairing in ("half", "interleaved"):
        assert torch.autograd.gradcheck(lambda x, p=pairing: rotate(x, [0, 2, 5], p), x)
    assert rotate(torch.randn(3, 4).bfloat16(), [0, 1, 2]).dtype == torch.bfloat16


@pytest.mark.parametrize(
    "n_heads, expected",
    [
        (1, [2**-8]),
        (4, [2**-2, 2**-4, 2**-6, 2**-8]),
        (8, [2.0**-h for h in range(1, 9)]),
        (6, [2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]),
    ],
)
def test_alibi_slopes_and_distances(n_heads, expected):
    bias = alibi(n_heads, 3, 5)
    assert bias.shape == (n_heads, 3, 5)
    for h, slope in enumerate(expected):
        for t in range(3):
            for s in range(5):
                assert bias[h, t, s].item() == pytest.approx(-slope * abs(t + 2 - s))


def test_alibi_of_the_last_word_is_the_last_row_of_all():
    assert_close(alibi(4, 1, 7), alibi(4, 7, 7)[:, -1:])


@pytest.mark.parametrize("kind", [Sinusoidal, Learned])
def test_what_is_added_begins_at_the_first_position(kind):
    torch.manual_seed(0)
    places, x = kind(6, 20), torch.randn(2, 7, 6)
    whole = places(x)
    assert_close(whole - x, (places(torch.zeros(1, 7, 6))).expand(2, 7, 6))
    assert_close(places(x[:, 4:], first=4), whole[:, 4:])


def test_the_sinusoidal_table_grows_and_the_learned_one_ends():
    x = torch.zeros(1, 9, 6)
    assert_close(Sinusoidal(6, 4)(x)[0], sinusoidal(9, 6))
    assert not list(Sinusoidal(6, 4).parameters())
    with pytest.raises(ValueError, match="x must end before position 4, got 9 positions"):
        Learned(6, 4)(x)
    with pytest.raises(ValueError, match="got 5 positions"):
        Learned(6, 4)(x[:, :3], first=2)


def test_rotary_and_alibi_do_one_thing_each():
    heads = torch.randn(2, 3, 5, 4)
    assert_close(Rotary().rotate(heads, 7), rotate(heads, torch.arange(7, 12)))
    assert_close(Rotary(50.0).rotate(heads, 7), rotate(heads, torch.arange(7, 12), base=50.0))
    assert Rotary().bias(3, 5, 5) is None
    assert Alibi().rotate(heads, 7) is heads
    assert_close(Alibi().bias(3, 2, 5), alibi(3, 2, 5))


WRONG = [
    (lambda: sinusoidal(5, 7), "d_model must be even, .* got 7"),
    (lambda: sinusoidal(0, 4), "n_positions must be a whole number, at least 1, got 0"),
    (lambda: sinusoidal(5, 4, base=1), "base must be a number above 1, got 1"),
    (lambda: rotate(torch.ones(2, 3), [0, 1]), "K must be even, .* got 3"),
    (
        lambda: rotate(torch.ones(2, 4), [0, 1, 2]),
        r"positions must be one a row of x, 2, got shape \[3\]",
    ),
    (
        lambda: rotate(torch.ones(2, 4), [0, 1], "both"),
        "pairing must be one of half, interleaved",
    ),
    (lambda: alibi(0, 2, 2), "n_heads must be a whole number, at least 1, got 0"),
    (lambda: alibi(2, 2, True), "S must be a whole number, at least 1, got True"),
]


@pytest.mark.parametrize("call, message", WRONG)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_rotate_wants_numbers_with_a_point():
    with pytest.raises(TypeError, match=r"x must hold floating-point numbers, got torch\.int64"):
        rotate(torch.ones(2, 4).long(), [0, 1])


def test_the_base_is_that_of_the_papers():
    assert_close(sinusoidal(1001, 6), sinusoidal(1001, 6, 10000.0), rtol=0, atol=0)
    x, positions = torch.randn(2, 6, dtype=torch.double), [1000, 2000]
    assert_close(rotate(x, positions), rotate(x, positions, "half", 10000.0), rtol=0, atol=0)


def test_the_learned_table_is_added_as_far_as_it_goes_and_begins_small():
    torch.manual_seed(0)
    places, x = Learned(6, 4), torch.randn(2, 4, 6)
    assert_close(places(x), x + places.table)
    assert_close(places(x[:, :1], first=3), x[:, :1] + places.table[3])
    assert Learned(64, 512).table.std().item() == pytest.approx(64**-0.5, rel=0.02)


def test_the_sinusoidal_table_is_not_stored_and_keeps_its_dtype_when_it_grows():
    places = Sinusoidal(6, 4).double()
    assert not places.state_dict()
    places(torch.zeros(1, 9, 6).double())
    assert places.table.dtype == torch.double


def test_positions_lie_where_they_are_asked_for():
    assert alibi(3, 2, 5, device="meta").device.type == "meta"
    assert Alibi().bias(3, 2, 5, "meta").device.type == "meta"
    assert rotate(torch.ones(2, 4, device="meta"), [0, 1]).device.type == "meta"


@pytest.mark.parametrize(
    "name, sizes", [("n_heads", (0, 2, 2)), ("T", (2, 0, 2)), ("S", (2, 2, 0))]
)
def test_each_size_of_alibi_is_named(name, sizes):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        alibi(*sizes)


def test_any_base_above_1_will_do():
    table = sinusoidal(3, 4, base=1.5)
    assert table[2, 2].item() == pytest.approx(math.sin(2 / 1.5**0.5))
    with pytest.raises(ValueError, match=r"^base\b"):
        sinusoidal(3, 4, base=math.inf)


def test_rotate_wants_a_row_for_each_position():
    with pytest.raises(ValueError, match=r"^x must have at least 2 axes"):
        rotate(torch.ones(4), [])


def test_a_table_lies_on_the_default_device():
    with torch.device("meta"):
        assert sinusoidal(3, 4).device.type == "meta"


def test_frequencies_have_the_papers_base_and_name_the_width():
    assert_close(frequencies(6), frequencies(6, 10000.0), rtol=0, atol=0)
    with pytest.raises(ValueError, match=r"^d_model\b"):
        sinusoidal(3, 0)
