"""Three sick networks, each with each remedy alone, by learning rate. Chapter 04.

Networks whose weights begin too small, too large, or at the right size in 20 layers are trained for
five passes over the digits with plain descent at three learning rates, and with Adam. Three seeds.
"""

from attend.data import digits
from attend.experiments.depth import train_deep

__all__ = ["CURES", "SETTINGS", "SICK", "measure", "runs", "treated"]

# What is wrong with each network: hidden layers, and the initialisation of their weights.
SICK = {
    "weights too small": {"depth": 5, "initialisation": "small"},
    "weights too large": {"depth": 10, "initialisation": 0.4},
    "20 layers": {"depth": 20, "initialisation": "he"},
}
CURES = {
    "nothing": {},
    "He's initialisation": {"initialisation": "he"},
    "clipping at 1": {"max_norm": 1.0},
    "LayerNorm": {"norm": "layer"},
    "BatchNorm": {"norm": "batch"},
    "x + αF(x)": {"residual": "αF"},
    "x + F(x)": {"residual": "F"},
}
SETTINGS = [("SGD", 0.1), ("SGD", 0.025), ("SGD", 0.0125), ("Adam", 0.001)]


def treated(data, network, cure, rule, rate, seed):
    """Training and test accuracy of a sick network with a remedy."""
    options = SICK[network] | CURES[cure]
    return train_deep(data, seed=seed, rule=rule, rate=rate, passes=5, **options)


def runs() -> list[dict]:
    """Every sick network with every remedy, by rule and learning rate."""
    return [
        {"network": n, "cure": c, "rule": rule, "rate": rate, "seed": seed}
        for rule, rate in SETTINGS
        for n in SICK
        for c in CURES
        for seed in range(3)
    ]


def measure(network, cure, rule, rate, seed) -> dict:
    """The training and the test accuracy; 0 where the loss stopped being finite."""
    learnt, test = treated(digits(), network, cure, rule, rate, seed)
    return {"training_accuracy": learnt, "test_accuracy": test}
