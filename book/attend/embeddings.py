"""Words as vectors, learned from the company they keep. Taught in chapter 06."""

import torch
from torch import nn

from attend import checks
from attend.text import UNK_ID, Vocabulary
from attend.training import fit

__all__ = [
    "SkipGram",
    "WordVectors",
    "context_pairs",
    "cosine",
    "principal_components",
    "rescaled",
    "skip_gram_gradients",
    "skip_gram_loss",
    "thin_out",
    "train_skip_gram",
    "train_word_vectors",
]


def cosine(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a·b / (|a| |b|): 1 for vectors of one direction, 0 at right angles, −1 for opposite ones.
    a [..., D], b [..., D] → [...]. The length of the vectors plays no part; a vector of zeros is at
    right angles to all.

    Raises TypeError for what are not floating-point tensors, ValueError for widths that differ.
    Taught in chapter 06.
    """
    checks.float_tensor("a", a, min_dims=1)
    checks.float_tensor("b", b, min_dims=1)
    if not a.shape[-1] == b.shape[-1] > 0:
        raise ValueError(f"b must be as wide as a, {a.shape[-1]}, got {b.shape[-1]}")
    a, b = rescaled(a), rescaled(b)
    lengths = a.norm(dim=-1) * b.norm(dim=-1)  # [...]
    return (a * b).sum(dim=-1) / lengths.clamp(min=1)  # at least 1, but for a vector of zeros


def rescaled(a: torch.Tensor) -> torch.Tensor:
    """a / max|a|: the same direction, the largest number 1 or −1, so that no square overflows or
    vanishes. a [..., D] → [..., D]; zeros stay zeros. Taught in chapter 06.
    """
    largest = a.abs().amax(dim=-1, keepdim=True)  # [..., 1]
    return a / largest.where(largest > 0, 1)


def principal_components(X: torch.Tensor, n: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    """The n directions along which the rows of X differ most, as the columns of [D, n], and the
    share of the variance that lies along each [n].
    X [V, D]. They are the first right singular vectors of X with the mean row taken off; of the two
    signs a direction can have, its largest number is positive. The rows seen along them: (X − mean)
    @ directions [V, n].

    Raises ValueError for n below 1 or above V or D. Source: Pearson 1901. Taught in chapter 06.
    """
    checks.float_tensor("X", X, min_dims=2)
    if X.dim() != 2 or checks.whole_number("n", n) > min(X.shape):
        raise ValueError(f"X must be [V, D], V and D at least n={n}, got {list(X.shape)}")
    centred = X - X.mean(dim=0)
    _, sizes, directions = torch.linalg.svd(centred, full_matrices=False)  # [min(V, D), D]
    largest = directions.abs().argmax(dim=1, keepdim=True)
    directions = directions * directions.gather(1, largest).sign()
    return directions[:n].T, (sizes**2 / (sizes**2).sum().clamp(min=1e-30))[:n]


# ------------------------------------------------------------------------------------- skip-gram


def context_pairs(rows, window: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Each word with each other word at most `window` places away in its sentence.
    rows: lists of token numbers → the words in the middle [P] and their neighbours [P].

    Raises ValueError for a window below 1. Taught in chapter 06.
    """
    window = checks.whole_number("window", window)
    text = torch.tensor([token for row in rows for token in row], dtype=torch.long)
    home = torch.tensor([i for i, row in enumerate(rows) for _ in row])  # which sentence
    pairs = []
    for apart in range(1, window + 1):
        together = home[apart:] == home[:-apart]
        left, right = text[:-apart][together], text[apart:][together]
        pairs += [torch.stack([left, right]), torch.stack([right, left])]
    middle, near = torch.cat(pairs, dim=1)
    return middle, near


def skip_gram_loss(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """−log σ(u·v₀) − Σ log σ(−u·vₖ): low when u points along its true neighbour v₀ and away from
    the words v₁ … v_K that were drawn.
    u [B, D], v [B, 1 + K, D] → [B].

    Source: Mikolov et al. 2013, equation 4. Taught in chapter 06.
    """
    scores = torch.einsum("bd,bkd->bk", u, v)  # [B, 1 + K]
    true, drawn = scores[:, 0], scores[:, 1:]
    return -nn.functional.logsigmoid(true) - nn.functional.logsigmoid(-drawn).sum(dim=1)


def skip_gram_gradients(u: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of skip_gram_loss with respect to u [B, D] and v [B, 1 + K, D].
    The slope in a score is σ(score) − 1 for the true neighbour and σ(score) for a drawn word: by
    how much the answer was too high. Taught in chapter 06.
    """
    errors = torch.sigmoid(torch.einsum("bd,bkd->bk", u, v))  # [B, 1 + K]
    errors[:, 0] -= 1
    return torch.einsum("bk,bkd->bd", errors, v), torch.einsum("bk,bd->bkd", errors, u)


class SkipGram(nn.Module):
    """Two tables of vectors, one for a word in the middle and one for a word beside it.
    middle [B], others [B, 1 + K] (the true neighbour first) → the mean skip_gram_loss.

    Raises ValueError for a size below 1. Source: Mikolov et al. 2013. Taught in chapter 06.
    """

    def __init__(self, vocabulary_size: int, dimension: int = 32):
        super().__init__()
        V = checks.whole_number("vocabulary_size", vocabulary_size)
        D = checks.whole_number("dimension", dimension)
        self.middle, self.beside = nn.Embedding(V, D), nn.Embedding(V, D)
        nn.init.uniform_(self.middle.weight, -0.5 / D, 0.5 / D)
        nn.init.zeros_(self.beside.weight)

    def forward(self, middle, others):
        return skip_gram_loss(self.middle(middle), self.beside(others)).mean()


def thin_out(rows, counts: torch.Tensor, threshold: float) -> list[list[int]]:
    """The rows with common words left out at random: a word whose share of the text is f stays with
    probability √(threshold / f), at most 1.

    Source: Mikolov et al. 2013, section 2.3.
    """
    stays = (threshold * counts.sum() / counts.clamp(min=1)).sqrt().tolist()
    draws = iter(torch.rand(sum(map(len, rows))).tolist())
    return [[token for token in row if next(draws) < stays[token]] for row in rows]


def train_skip_gram(
    sentences,
    dimension=32,
    window=3,
    noise_words=5,
    epochs=5,
    threshold=1e-3,
    learning_rate=0.01,
    seed=0,
):
    """Skip-gram trained on sentences (lists of words): the model with its two tables, and the
    vocabulary whose numbers are their rows.
    The drawn words come with the probability of their count to the power ¾. Adam, batches of 2048
    pairs.

    Raises ValueError for sentences without neighbours and for sizes below 1. Source: Mikolov et al.
    2013. Taught in chapter 06.
    """
    torch.manual_seed(seed)
    noise_words = checks.whole_number("noise_words", noise_words)
    checks.above_0("threshold", threshold)
    sentences = list(sentences)
    vocabulary = Vocabulary(sentences)
    rows = [vocabulary.encode(sentence) for sentence in sentences]
    if not any(len(row) > 1 for row in rows):
        raise ValueError("sentences must hold at least one of two words, got none")
    counts = torch.tensor([t for row in rows for t in row]).bincount(minlength=len(vocabulary))
    model = SkipGram(len(vocabulary), dimension)

    def batches():
        middle, near = context_pairs(thin_out(rows, counts, threshold), window)
        for pick in torch.randperm(len(middle)).split(2048):
            drawn = torch.multinomial(counts**0.75, len(pick) * noise_words, replacement=True)
            yield middle[pick], torch.cat([near[pick, None], drawn.view(len(pick), -1)], dim=1)

    optimizer = torch.optim.Adam(
        model.parameters(), lr=checks.above_0("learning_rate", learning_rate)
    )
    fit(model, batches, lambda model, batch: model(*batch), optimizer, epochs, name="skip-gram")
    return model, vocabulary


def train_word_vectors(sentences, **options):
    """The vectors of the words in the middle that skip-gram learns from sentences (lists of words):
    a WordVectors. options: those of `train_skip_gram`, by name.

    Raises as train_skip_gram does. Taught in chapter 06.
    """
    model, vocabulary = train_skip_gram(sentences, **options)
    first = UNK_ID + 1  # <pad> and <unk> are no words
    return WordVectors(vocabulary.tokens[first:], model.middle.weight.detach()[first:])


# ------------------------------------------------------------------------ what they are good for


class WordVectors:
    """Words and their vectors [V, D], each of length 1, so that a dot product is a cosine.
    vectors["tea"] → [D].

    Raises ValueError for a word that is not there, for words given twice, and where words and
    vectors are not equally many. Taught in chapter 06.
    """

    def __init__(self, words, vectors: torch.Tensor):
        self.words = list(words)
        self.numbers = {word: number for number, word in enumerate(self.words)}
        checks.float_tensor("vectors", vectors, min_dims=2)
        if vectors.dim() != 2 or len(self.words) != len(vectors) or not vectors.shape[1]:
            n, shape = len(self.words), list(vectors.shape)
            raise ValueError(f"vectors must be [{n}, D], a row a word, got shape {shape}")
        if len(self.numbers) < len(self.words):
            twice = next(w for i, w in enumerate(self.words) if self.numbers[w] != i)
            raise ValueError(f"words must differ, got {twice!r} twice")
        self.vectors = nn.functional.normalize(rescaled(vectors), dim=1)  # [V, D]

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word) -> bool:
        return word in self.numbers

    def __getitem__(self, word: str) -> torch.Tensor:
        if word not in self.numbers:
            raise ValueError(f"word {word!r} is not among the {len(self)} words")
        return self.vectors[self.numbers[word]]

    def nearest(self, to, n: int = 5, without=()) -> list[tuple[str, float]]:
        """The n words with the largest cosine to a word or a vector [D], nearest first; a word is
        not its own neighbour."""
        checks.whole_number("n", n)
        vector = self[to] if isinstance(to, str) else to
        left_out = {to, *without} if isinstance(to, str) else set(without)
        cosines = cosine(self.vectors, vector)  # [V]
        order = cosines.argsort(descending=True, stable=True).tolist()
        near = [i for i in order if self.words[i] not in left_out][:n]
        return [(self.words[i], cosines[i].item()) for i in near]

    def analogy(self, a: str, b: str, c: str, n: int = 1, raw: bool = False):
        """a is to b as c is to what? The words nearest to b − a + c, without a, b and c; with
        `raw`, even those."""
        target = self[b] - self[a] + self[c]
        return self.nearest(target, n, without=() if raw else (a, b, c))
