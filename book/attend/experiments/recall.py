"""The recall task: how far back can a recurrent network name the first token of a sequence?
Chapters 07 and 08.

Every kind of cell is trained at several distances, at five learning rates a factor of two apart,
from eight seeds each. For each kind and distance the rate with the best mean accuracy over three of
the seeds (TRIAL) is the one at which the five others (FRESH) are shown: no run is shown that helped
to choose its rate. A control: an RNN of other widths.

All networks of a kind and distance are trained side by side, as one batched computation: each as
`train_recaller` would train it, in a tenth of the time.
"""

from itertools import product
from statistics import fmean

import torch
from torch import nn

from attend.experiments import provenance
from attend.recurrent import GRU, LSTM, RNN
from attend.text import Vocabulary
from attend.training import fit

__all__ = [
    "DISTANCES",
    "RATES",
    "SYMBOLS",
    "TRIAL",
    "TRIED",
    "VARIANTS",
    "VOCABULARY",
    "Recaller",
    "examine",
    "measure",
    "runs",
    "sequences",
    "shown",
    "train_many",
    "train_recaller",
]

SYMBOLS = ("A", "B", "C", "D")  # one of them comes first, and is to be named at the end
FILLERS = ("u", "v", "w", "x", "y", "z")
VOCABULARY = Vocabulary([SYMBOLS, FILLERS])
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
# A cell, what is added to its forget gates before training, and whether W_hh begins orthogonal.
VARIANTS = {
    "rnn": ("rnn", 0.0, False),
    "rnn orthogonal": ("rnn", 0.0, True),
    "gru": ("gru", 0.0, False),
    "lstm": ("lstm", 0.0, False),
    "lstm+1": ("lstm", 1.0, False),
    "lstm+3": ("lstm", 3.0, False),
}
DISTANCES = (5, 10, 20, 30, 50)
RATES = (0.0025, 0.005, 0.01, 0.02, 0.04)
TRIAL, FRESH = (0, 1, 2), (3, 4, 5, 6, 7)  # seeds
# Where the answer is clear from the neighbouring distance, nothing is run.
TRIED = dict.fromkeys(VARIANTS, DISTANCES) | {
    "gru": (10, 20, 50),
    "lstm": (5, 10, 20),
    "lstm+1": (10, 20),
    "lstm+3": (20, 50),
}
WIDE_RATES = (0.00125, 0.0025, 0.005, 0.01)
WIDTHS = ((8, 20), (64, 20))  # of the RNN; all others have 16


def sequences(distance: int, count: int, generator=None) -> tuple[torch.Tensor, torch.Tensor]:
    """Random sequences: a symbol, then `distance` random fillers. Returns ids [B, distance + 1] and
    the number of the symbol in SYMBOLS [B]."""
    symbols = torch.randint(len(SYMBOLS), (count,), generator=generator)  # [B]
    fillers = torch.randint(len(FILLERS), (count, distance), generator=generator)
    first = VOCABULARY.ids[SYMBOLS[0]] + symbols[:, None]  # symbols have numbers in a row
    return torch.cat([first, VOCABULARY.ids[FILLERS[0]] + fillers], dim=1), symbols


class Recaller(nn.Module):
    """Embeds the tokens, reads them with one cell, and names the first from the last state.

    variant: one of VARIANTS; all but the open forget gates and the orthogonal matrix begins as
    torch begins it. ids [B, T] → logits over SYMBOLS [B, 4]. Taught in chapters 07 and 08.
    """

    def __init__(self, variant: str = "rnn", n_embed: int = 8, n_hidden: int = 16):
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, got {variant!r}")
        cell, forget_bias, orthogonal = VARIANTS[variant]
        self.embed = nn.Embedding(len(VOCABULARY), n_embed)
        self.cell = CELLS[cell](n_embed, n_hidden)
        self.answer = nn.Linear(n_hidden, len(SYMBOLS))
        if forget_bias:
            open_forget_gates(self.cell, forget_bias)
        if orthogonal:
            nn.init.orthogonal_(self.cell.weight_hh_l0)

    def forward(self, ids):
        return self.read(self.embed(ids))

    def read(self, x):
        """x [B, T, I], the embedded tokens → logits [B, 4]."""
        states, _ = self.cell(x)  # [B, T, D]
        return self.answer(states[:, -1])


def open_forget_gates(lstm: LSTM, bias: float = 1.0) -> None:
    """Add `bias` to what goes into every forget gate. Rows D … 2 D of bias_ih are theirs. Source:
    Gers et al. 2000; Jozefowicz et al. 2015."""
    D = lstm.hidden_size
    with torch.no_grad():
        for name in lstm.passes:
            getattr(lstm, f"bias_ih_{name}")[D : 2 * D] += bias


def train_recaller(
    variant: str,
    distance: int,
    lr: float = 0.01,
    seed: int = 0,
    batches: int = 400,
    n_hidden: int = 16,
) -> Recaller:
    """A model trained on `batches` batches of 32 fresh sequences with Adam, gradients clipped at
    norm 1."""
    torch.manual_seed(seed)
    model = Recaller(variant, n_hidden=n_hidden)
    fit(
        model,
        batches=lambda: (sequences(distance, 32) for _ in range(batches)),
        loss=lambda model, batch: nn.functional.cross_entropy(model(batch[0]), batch[1]),
        optimizer=torch.optim.Adam(model.parameters(), lr),
        name=f"{variant}, distance {distance}",
        clip=1.0,
    )
    return model


def train_many(
    variant: str, distance: int, rates, seeds, batches: int = 400, n_hidden: int = 16
) -> dict[str, torch.Tensor]:
    """What `train_recaller` makes at each of these rates from each of these seeds: the weights, by
    their names, [rates · seeds, …]. All of them are trained in one go."""
    models, streams = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        models.append(Recaller(variant, n_hidden=n_hidden).state_dict())
        drawn = [sequences(distance, 32) for _ in range(batches)]
        streams.append([[part.byte() for part in parts] for parts in zip(*drawn, strict=True)])
    weights = {
        name: torch.stack([model[name] for model in models] * len(rates)).requires_grad_()
        for name in models[0]
    }
    lr = torch.tensor(rates).repeat_interleave(len(models))  # [K], K networks
    slope, size = ({name: torch.zeros_like(w) for name, w in weights.items()} for _ in range(2))
    for step in range(batches):
        ids, symbols = (
            torch.stack([stream[part][step] for stream in streams] * len(rates)).long()
            for part in (0, 1)
        )  # [K, B, T], [K, B]
        logits = read_many(weights, embedded(weights, ids), variant)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), symbols.flatten(), reduction="sum")
        found = torch.autograd.grad(loss / ids.shape[1], list(weights.values()))
        norm = sum(g.flatten(1).square().sum(dim=1) for g in found).sqrt()  # [K]
        short = (1 / (norm + 1e-6)).clamp(max=1)  # clipped at norm 1, each network by itself
        with torch.no_grad():  # Adam (Kingma and Ba, 2015), each network at its own rate
            for (name, weight), g in zip(weights.items(), found, strict=True):
                g = g * over(short, g)
                slope[name].lerp_(g, 0.1)
                size[name].lerp_(g.square(), 0.001)
                root = (size[name] / (1 - 0.999 ** (step + 1))).sqrt() + 1e-8
                weight -= over(lr / (1 - 0.9 ** (step + 1)), g) * slope[name] / root
    return weights


def over(numbers, tensor):
    """One number a network, shaped to multiply [K, …]."""
    return numbers.view(-1, *[1] * (tensor.dim() - 1))


def embedded(weights, ids):
    """ids [K, B, T] → x [K, B, T, I], each network's own."""
    return weights["embed.weight"][torch.arange(len(ids))[:, None, None], ids]


def read_many(weights, x, variant: str):
    """x [K, B, T, I] → logits [K, B, 4]: `Recaller.read` for K networks."""
    kind = CELLS[VARIANTS[variant][0]]
    cell = kind(1, 1)  # for its `step`
    W, U, b, d = (weights[f"cell.{part}_l0"] for part in PARTS)
    inputs = x @ W.mT[:, None] + b[:, None, None]  # [K, B, T, G]
    state = (x.new_zeros(*x.shape[:2], U.shape[-1]),) * kind.n_states
    for each in inputs.unbind(dim=2):
        state = cell.step(each, torch.baddbmm(d[:, None], state[0], U.mT), state)
    return torch.baddbmm(weights["answer.bias"][:, None], state[0], weights["answer.weight"].mT)


def examine_many(weights, distance: int, variant: str, count: int = 500) -> dict[str, list]:
    """What `examine` finds, for each of K networks."""
    ids, symbols = sequences(distance, count, torch.Generator().manual_seed(1234))
    x = embedded(weights, ids.expand(len(weights["answer.bias"]), -1, -1)).detach()
    logits = read_many(weights, x.requires_grad_(), variant)  # [K, B, 4]
    wanted = symbols.expand(len(logits), -1)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), x)  # [K, B, T, I]
    sizes = gradient.norm(dim=-1).mean(dim=1)  # [K, T]
    return {
        "accuracy": (logits.argmax(-1) == wanted).float().mean(dim=1).tolist(),
        "loss": loss.view(wanted.shape).mean(dim=1).tolist(),
        "gradient_first": sizes[:, 0].tolist(),
        "gradient_last": sizes[:, -1].tolist(),
    }


PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


def examine(model: Recaller, distance: int, count: int = 500) -> dict[str, float]:
    """Accuracy on fresh sequences, the loss, and the gradient of the loss at the embedded tokens:
    its size at the first and at the last, [B, I] each, mean of the norms over the sequences."""
    ids, symbols = sequences(distance, count, torch.Generator().manual_seed(1234))
    x = model.embed(ids).detach().requires_grad_()  # [B, T, I]
    logits = model.read(x)
    loss = nn.functional.cross_entropy(logits, symbols)
    (gradient,) = torch.autograd.grad(loss * count, x)  # [B, T, I], one sequence each
    sizes = gradient.norm(dim=-1).mean(dim=0)  # [T]
    return {
        "accuracy": (logits.argmax(-1) == symbols).float().mean().item(),
        "loss": loss.item(),
        "gradient_first": sizes[0].item(),
        "gradient_last": sizes[-1].item(),
    }


# ------------------------------------------------------------------------------------ the runs


def runs() -> list[dict]:
    """Every kind at its distances; and the RNN of other widths."""
    plans = [(cell, distance, 400, 16) for cell, far in TRIED.items() for distance in far]
    plans += [("rnn", distance, 400, width) for width, distance in WIDTHS]
    names = ("cell", "distance", "batches", "width")
    return [dict(zip(names, plan, strict=True)) for plan in plans]


def measure(cell: str, distance: int, batches: int, width: int) -> list[dict]:
    """For each rate and seed, how large the gradients are before training, and how it ends."""
    seeds = TRIAL + FRESH if width < 256 else TRIAL + FRESH[:3]
    rates = RATES if width < 64 else WIDE_RATES
    before = examine_many(train_many(cell, distance, rates, seeds, 0, width), distance, cell)
    after = examine_many(train_many(cell, distance, rates, seeds, batches, width), distance, cell)
    return [
        {
            "lr": lr,
            "seed": seed,
            "accuracy": after["accuracy"][k],
            "loss": after["loss"][k],
            "gradient_first": before["gradient_first"][k],
            "gradient_last": before["gradient_last"][k],
        }
        for k, (lr, seed) in enumerate(product(rates, seeds))
    ]


def shown(
    cell: str, distance: int, batches: int = 400, width: int = 16
) -> tuple[float, list[dict]]:
    """The rate that did best in the trials (of equal ones that with the least loss), and the rows
    of the other seeds at that rate."""
    plan = (cell, distance, batches, width)
    rows = [
        row
        for row in provenance.read("recall")
        if (row["cell"], row["distance"], row["batches"], row["width"]) == plan
    ]
    found: dict[float, list] = {}
    for row in rows:
        if row["seed"] in TRIAL:
            found.setdefault(row["lr"], []).append((row["accuracy"], -row["loss"]))
    best = max(found, key=lambda lr: [fmean(each) for each in zip(*found[lr], strict=True)])
    return best, [row for row in rows if row["lr"] == best and row["seed"] in FRESH]
