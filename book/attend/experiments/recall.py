"""The recall task: name the first token of a sequence after it has been followed by fillers.
Chapters 07 and 08.

    python -m attend.experiments.recall

trains an RNN, a GRU, an LSTM, and LSTMs whose forget gates begin open (lstm+1, lstm+3), at several
distances, from five seeds each; the first three once more at distance 20 with four times as many
batches (rnn x4, …); and writes recall.csv.
"""

import time

import torch
from torch import nn

from attend.experiments import provenance
from attend.recurrent import GRU, LSTM, RNN
from attend.text import Vocabulary
from attend.training import fit

__all__ = [
    "DISTANCES",
    "SYMBOLS",
    "VARIANTS",
    "VOCABULARY",
    "Recaller",
    "examine",
    "sequences",
    "train_recaller",
]

SYMBOLS = ("A", "B", "C", "D")  # one of them comes first, and is to be named at the end
FILLERS = ("u", "v", "w", "x", "y", "z")
VOCABULARY = Vocabulary([SYMBOLS, FILLERS])
CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU}
# What recall.csv compares: a cell, and what is added to its forget gates before training.
VARIANTS = {
    "rnn": ("rnn", 0.0),
    "lstm": ("lstm", 0.0),
    "gru": ("gru", 0.0),
    "lstm+1": ("lstm", 1.0),
    "lstm+3": ("lstm", 3.0),
}
DISTANCES = (2, 5, 10, 15, 20, 30, 50)
SEEDS = range(5)


def sequences(distance: int, count: int, generator=None) -> tuple[torch.Tensor, torch.Tensor]:
    """Random sequences: a symbol, then `distance` random fillers. Returns ids [B, distance + 1] and
    the number of the symbol in SYMBOLS [B]."""
    symbols = torch.randint(len(SYMBOLS), (count,), generator=generator)  # [B]
    fillers = torch.randint(len(FILLERS), (count, distance), generator=generator)
    first = VOCABULARY.ids[SYMBOLS[0]] + symbols[:, None]  # symbols have numbers in a row
    return torch.cat([first, VOCABULARY.ids[FILLERS[0]] + fillers], dim=1), symbols


class Recaller(nn.Module):
    """Embeds the tokens, reads them with one cell, and names the first from the last state.

    cell: "rnn", "lstm" or "gru". forget_bias: what is added to an LSTM's forget gates before
    training; 0 leaves them as torch begins them, half open. ids [B, T] → logits over SYMBOLS
    [B, 4]. Taught in chapters 07 and 08.
    """

    def __init__(self, cell: str = "rnn", n_embed: int = 8, n_hidden: int = 16, forget_bias=0.0):
        super().__init__()
        if cell not in CELLS:
            raise ValueError(f"cell must be one of {', '.join(CELLS)}, got {cell!r}")
        if forget_bias and cell != "lstm":
            raise ValueError(f"forget_bias={forget_bias} belongs to cell 'lstm', got {cell!r}")
        self.embed = nn.Embedding(len(VOCABULARY), n_embed)
        self.cell = CELLS[cell](n_embed, n_hidden)
        self.answer = nn.Linear(n_hidden, len(SYMBOLS))
        if forget_bias:
            open_forget_gates(self.cell, forget_bias)

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
    cell: str,
    distance: int,
    seed: int = 0,
    steps: int = 400,
    n_hidden: int = 16,
    forget_bias: float = 0.0,
    max_norm: float = 1.0,
) -> Recaller:
    """A model trained for `steps` batches of 32 fresh sequences with Adam (0.005), gradients
    clipped at `max_norm`."""
    torch.manual_seed(seed)
    model = Recaller(cell, n_hidden=n_hidden, forget_bias=forget_bias)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)

    def clip(*_):
        nn.utils.clip_grad_norm_(model.parameters(), max_norm)

    optimizer.register_step_pre_hook(clip)
    fit(
        model,
        batches=lambda: (sequences(distance, 32) for _ in range(steps)),
        loss=lambda model, batch: nn.functional.cross_entropy(model(batch[0]), batch[1]),
        optimizer=optimizer,
        name=f"{cell}, distance {distance}",
    )
    return model


def examine(model: Recaller, distance: int, count: int = 500) -> dict[str, float]:
    """Accuracy on fresh sequences, the loss, and the gradient of the loss by the embedded tokens:
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


def run(name: str, distance: int, seed: int, times: int = 1) -> dict:
    """One row of recall.csv: how large the gradients are before training, and how it ends."""
    cell, forget_bias = VARIANTS[name]
    torch.manual_seed(seed)
    before = examine(Recaller(cell, forget_bias=forget_bias), distance)
    trained = train_recaller(cell, distance, seed, 400 * times, forget_bias=forget_bias)
    after = examine(trained, distance)
    row = {
        "cell": name if times == 1 else f"{name} x{times}",
        "distance": distance,
        "seed": seed,
        "accuracy": round(after["accuracy"], 4),
        "loss": float(f"{after['loss']:.4g}"),
    }
    for when, sizes in (("before", before), ("after", after)):
        for key in ("gradient_first", "gradient_last"):
            row[f"{key}_{when}"] = float(f"{sizes[key]:.4g}")
    return row


def main() -> None:
    torch.set_num_threads(1)
    started = time.process_time()
    rows = [
        run(name, distance, seed) for name in VARIANTS for distance in DISTANCES for seed in SEEDS
    ]
    rows += [run(name, 20, seed, times=4) for name in CELLS for seed in SEEDS]
    print(provenance.write("recall", rows, time.process_time() - started))


if __name__ == "__main__":
    main()
