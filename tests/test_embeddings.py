"""Word vectors: losses, gradients and projections against other implementations; bad input is
named."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cosine_similarity

from attend.embeddings import (
    SkipGram,
    WordVectors,
    context_pairs,
    cosine,
    principal_components,
    skip_gram_gradients,
    skip_gram_loss,
    thin_out,
    train_skip_gram,
    train_word_vectors,
)
from attend.experiments.analogies import RELATIONS, examine, questions
from attend.phrasebook import pairs


def drawn(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).double()


# --- cosine and principal components ---


def test_cosine_is_torch_s():
    a, b = drawn(2, 1, 5), drawn(3, 5)
    torch.testing.assert_close(cosine(a, b), cosine_similarity(a, b, dim=-1))
    torch.testing.assert_close(cosine(3 * a, b / 7), cosine(a, b))
    assert cosine(torch.zeros(5), torch.ones(5)) == 0


def test_components_are_eigenvectors_of_the_covariance():
    X = drawn(11, 5)
    directions, shares = principal_components(X, 3)
    sizes, vectors = torch.linalg.eigh(torch.cov(X.T))
    for k in range(3):
        same = (directions[:, k] * vectors[:, -1 - k]).sum().abs()
        torch.testing.assert_close(same, torch.ones_like(same))
    torch.testing.assert_close(shares, sizes.flip(0)[:3] / sizes.sum())
    assert (directions.gather(0, directions.abs().argmax(0, keepdim=True)) > 0).all()


def test_components_of_points_that_are_one_point():
    directions, shares = principal_components(torch.ones(3, 2), 2)
    assert torch.isfinite(directions).all() and (shares == 0).all()


@pytest.mark.parametrize(
    "call, error, message",
    [
        (
            lambda: cosine(torch.ones(3), torch.ones(2)),
            ValueError,
            "b must be as wide as a, 3, got 2",
        ),
        (lambda: cosine([1.0], torch.ones(1)), TypeError, "a must be a torch.Tensor, got list"),
        (lambda: cosine(torch.ones(2), torch.ones(2).long()), TypeError, "b must hold floating"),
        (lambda: principal_components(torch.ones(5, 3), 4), ValueError, "n=4"),
        (lambda: principal_components(torch.ones(5, 3), 0), ValueError, "n must be .*, got 0"),
        (lambda: principal_components(torch.ones(5)), ValueError, "X must have at least 2 axes"),
        (lambda: principal_components(torch.ones(2, 5, 3)), ValueError, r"X must be \[V, D\]"),
        (lambda: principal_components(torch.ones(2, 2) / 0), ValueError, "X must hold finite"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("size", [1e25, 1e-30, 1e-38])
def test_a_cosine_does_not_depend_on_the_size(size):
    a, b = drawn(3, 7).float(), drawn(3, 7).float()
    close = {"rtol": 1e-4, "atol": 1e-5}
    torch.testing.assert_close(cosine(a * size, b), cosine_similarity(a, b), **close)
    torch.testing.assert_close(cosine(a * size, b / 9 * size), cosine_similarity(a, b), **close)
    vectors = WordVectors("the cat sat".split(), a * size).vectors
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_a_vector_of_zeros_is_at_right_angles_and_has_gradients():
    a, b = torch.zeros(2, 3, requires_grad=True), drawn(2, 3).float()
    cosines = cosine(a, b)
    assert cosines.tolist() == [0, 0]
    half = cosine(torch.full((5,), 300.0).half(), torch.full((5,), 300.0).half())
    assert half.item() == pytest.approx(1, abs=2e-3)


# --- skip-gram ---


def test_pairs_are_those_of_plain_loops():
    rows = [[2, 3, 4, 5], [6], [], [7, 2]]
    for window in (1, 2, 9):
        wanted = sorted(
            (row[i], row[j])
            for row in rows
            for i in range(len(row))
            for j in range(len(row))
            if i != j and abs(i - j) <= window
        )
        middle, near = context_pairs(rows, window)
        assert sorted(zip(middle.tolist(), near.tolist(), strict=True)) == wanted
    with pytest.raises(ValueError, match=r"window must be .*, got 0"):
        context_pairs(rows, 0)


def test_the_loss_is_that_of_a_classifier():
    u, v = drawn(3, 5), drawn(3, 7, 5)
    labels = torch.zeros(3, 7).double()
    labels[:, 0] = 1
    scores = (v @ u[:, :, None]).squeeze(2)
    wanted = binary_cross_entropy_with_logits(scores, labels, reduction="none").sum(1)
    torch.testing.assert_close(skip_gram_loss(u, v), wanted)


def test_gradients_by_hand_are_autograd_s_and_finite_differences():
    u, v = drawn(2, 5).requires_grad_(), drawn(2, 3, 5).requires_grad_()
    wanted = torch.autograd.grad(skip_gram_loss(u, v).sum(), (u, v))
    for ours, theirs in zip(skip_gram_gradients(u, v), wanted, strict=True):
        torch.testing.assert_close(ours, theirs)
    assert torch.autograd.gradcheck(skip_gram_loss, (u, v))


def test_the_model_s_gradient_lies_in_the_rows_it_used():
    torch.manual_seed(0)
    model = SkipGram(11, 5).double()
    torch.nn.init.normal_(model.beside.weight)
    middle, others = torch.tensor([2, 3, 2]), torch.tensor([[4, 5], [4, 4], [7, 2]])
    model(middle, others).backward()
    by_u, by_v = skip_gram_gradients(model.middle.weight[middle], model.beside.weight[others])
    for table, rows, gradient in (
        (model.middle, middle, by_u),
        (model.beside, others.flatten(), by_v.flatten(0, 1)),
    ):
        wanted = torch.zeros_like(table.weight).index_add(0, rows, gradient / 3)
        torch.testing.assert_close(table.weight.grad, wanted)


def test_common_words_are_thinned_out_and_rare_ones_stay():
    rows = [[2] * 9 + [3]] * 1000
    counts = torch.tensor([0, 0, 9000, 1000])
    torch.manual_seed(0)
    kept = torch.tensor([t for row in thin_out(rows, counts, 0.1) for t in row]).bincount()
    assert kept[3] == 1000  # f = 0.1
    assert 2850 < kept[2] < 3150  # √(0.1 / 0.9) = 1/3 of 9000


def test_words_that_are_used_alike_come_together():
    text = "the cat eats fish . the dog eats meat . a red hat . a blue hat".split(" . ") * 40
    sentences = [line.replace("cat", name).split() for line in text for name in ("cat", "dog")]
    vectors = train_word_vectors(sentences, dimension=8, window=2, threshold=1.0, epochs=60)
    assert vectors.nearest("red", 1)[0][0] == "blue" and vectors.nearest("cat", 1)[0][0] == "dog"
    again = train_word_vectors(sentences, dimension=8, window=2, threshold=1.0, epochs=60)
    assert torch.equal(vectors.vectors, again.vectors)


def test_the_word_vectors_are_the_first_of_the_two_tables():
    sentences = [["my", "uncle", "drank", "tea"], ["my", "aunt", "drank", "tea"]]
    options = {"dimension": 3, "window": 1, "threshold": 1.0, "learning_rate": 0.02, "seed": 5}
    model, vocabulary = train_skip_gram(sentences, **options)
    vectors = train_word_vectors(sentences, **options)
    assert vectors.words == vocabulary.tokens[2:] == ["my", "uncle", "drank", "tea", "aunt"]
    rows = torch.nn.functional.normalize(model.middle.weight[2:].detach(), dim=1)
    torch.testing.assert_close(vectors.vectors, rows)
    other, _ = train_skip_gram(sentences, **{**options, "learning_rate": 0.01})
    assert not torch.allclose(model.beside.weight, other.beside.weight)


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"sentences": []}, "sentences must hold at least one of two words"),
        ({"sentences": [["alone"], []]}, "sentences must hold"),
        ({"dimension": 0}, "dimension must be .*, got 0"),
        ({"dimension": 2.5}, "dimension must be .*, got 2.5"),
        ({"window": 0}, "window must be .*, got 0"),
        ({"noise_words": 0}, "noise_words must be .*, got 0"),
        ({"threshold": 0}, "threshold must be a number above 0, got 0"),
        ({"epochs": 0}, "epochs"),
        ({"learning_rate": 0}, "learning_rate must be a number above 0, got 0"),
    ],
)
def test_bad_training_is_named(kwargs, message):
    with pytest.raises(ValueError, match=message):
        train_word_vectors(**{"sentences": [["a", "b"]], **kwargs})
    with pytest.raises(TypeError, match=r"sentences\[0\] must be a list of tokens"):
        train_word_vectors(["a b"])


# --- WordVectors ---


def four_words():
    return WordVectors("man woman king queen".split(), torch.eye(4)[:, :3] + drawn(4, 3) / 9)


def test_neighbours_and_analogies_are_those_of_brute_force():
    vectors = WordVectors([f"w{i}" for i in range(11)], drawn(11, 5))
    a, b, c = (vectors[f"w{i}"] for i in (3, 7, 2))
    for target, found, without in (
        (a, vectors.nearest("w3", 10), {3}),
        (b - a + c, vectors.analogy("w3", "w7", "w2", 8), {3, 7, 2}),
        (b - a + c, vectors.analogy("w3", "w7", "w2", 11, raw=True), set()),
    ):
        cosines = cosine_similarity(vectors.vectors, target[None])
        wanted = sorted(set(range(11)) - without, key=lambda i: -cosines[i])
        assert [word for word, _ in found] == [f"w{i}" for i in wanted]
        torch.testing.assert_close([n for _, n in found], [cosines[i].item() for i in wanted])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: four_words()["prince"], "word 'prince' is not among the 4 words"),
        (lambda: four_words().nearest("prince"), "'prince'"),
        (lambda: four_words().analogy("man", "woman", "prince"), "'prince'"),
        (lambda: four_words().nearest("man", 0), "n must be .*, got 0"),
        (lambda: WordVectors(["a"], torch.ones(2, 3)), r"vectors must be \[1, D\]"),
        (lambda: WordVectors(["a", "b"], torch.ones(2, 0)), r"vectors must be \[2, D\]"),
        (lambda: WordVectors(["a", "a"], torch.ones(2, 3)), "words must differ, got 'a' twice"),
    ],
)
def test_bad_words_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_length_and_membership():
    assert len(four_words()) == 4 and "king" in four_words() and "prince" not in four_words()


# --- the experiment ---


def test_the_analogies_are_made_of_words_of_the_training_sentences():
    known = {word for pair in pairs("train") for word in pair.target}
    for relation in RELATIONS:
        asked = questions(relation)
        assert len(asked) >= 72 and len({*asked}) == len(asked)
        assert all(len({*question}) == 4 and known.issuperset(question) for question in asked)


def test_perfect_vectors_answer_every_question():
    """A word of its own for every stem, a direction of its own for every relation."""
    directions, forms = torch.eye(200), {}
    for k, relation in enumerate(RELATIONS):
        for a, b, _, _ in questions(relation):
            forms.setdefault(a, directions[len(forms)])
            forms[b] = forms[a] + directions[199 - k]
    found = examine(WordVectors(list(forms), torch.stack(list(forms.values()))))
    assert [row["relation"] for row in found] == list(RELATIONS)
    assert all(row["right"] == 1 and 0 <= row["own"] <= 1 for row in found)
