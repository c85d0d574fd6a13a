"""Rules that turn gradients into steps: plain descent, momentum, RMSProp, Adam. Taught in 02.

They work on anything with `.data` and `.grad` (numpy arrays): fill the gradients, call `step()`,
then `zero_grad()`. Every rule answers one question, `change(i, θ, g)`: by how much does parameter
i, which stands at θ and has gradient g, move? All of them equal `torch.optim`, step for step. A
parameter without a gradient stays where it is.
"""

import numpy as np

from attend import checks

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSProp",
    "clip_gradients",
    "soft_threshold",
]


class Optimizer:
    """θ ← θ − change(g), for every parameter θ with gradient g = ∂L/∂θ.
    parameters: things with .data and .grad of one shape. learning_rate: at least 0.

    Raises ValueError for an empty list of parameters and for a learning rate that is negative or
    not finite, TypeError for what has no .grad. Chapter 02.
    """

    def __init__(self, parameters, learning_rate):
        self.parameters = checks.parameters(parameters)
        self.learning_rate = checks.at_least_0("learning_rate", learning_rate)

    def zero_grad(self):
        """Forget the gradients: `backward` adds to what is there."""
        for parameter in self.parameters:
            parameter.grad = None

    def step(self):
        """Move every parameter once."""
        for i, parameter in enumerate(self.parameters):
            if parameter.grad is not None:
                parameter.data = parameter.data - self.change(i, parameter.data, parameter.grad)

    def change(self, i, theta, gradient):
        raise NotImplementedError(f"{type(self).__name__} must say by how much a parameter moves")


class SGD(Optimizer):
    """v ← μ v + g, change = η v: a ball that keeps the fraction μ of its speed. With μ = 0, η g:
    plain descent.
    nesterov looks ahead: change = η (g + μ v). weight_decay λ adds λθ to g, the gradient of ½λ|θ|²
    (L2). momentum is in [0, 1), weight_decay at least 0, nesterov wants momentum; else ValueError.

    Source: Polyak 1964, Sutskever et al. 2013. Chapter 02; weight decay in 04.
    """

    def __init__(
        self, parameters, learning_rate=0.01, momentum=0.0, nesterov=False, weight_decay=0.0
    ):
        super().__init__(parameters, learning_rate)
        self.momentum = checks.probability("momentum", momentum)
        self.weight_decay = checks.at_least_0("weight_decay", weight_decay)
        if nesterov and momentum == 0:
            raise ValueError(f"momentum must be above 0 for nesterov=True, got {momentum}")
        self.nesterov = nesterov
        self.velocities = [0.0] * len(self.parameters)

    def change(self, i, theta, gradient):
        gradient = gradient + self.weight_decay * theta
        self.velocities[i] = self.momentum * self.velocities[i] + gradient
        ahead = gradient + self.momentum * self.velocities[i]
        return self.learning_rate * (ahead if self.nesterov else self.velocities[i])


class RMSProp(Optimizer):
    """s ← ρ s + (1 − ρ) g², change = η g / (√s + ε): the gradient in units of its usual size.
    decay ρ in [0, 1), epsilon ε > 0, weight_decay as in SGD; else ValueError.

    Source: Tieleman & Hinton 2012. Chapter 02.
    """

    def __init__(self, parameters, learning_rate=0.01, decay=0.99, epsilon=1e-8, weight_decay=0.0):
        super().__init__(parameters, learning_rate)
        self.decay = checks.probability("decay", decay)
        self.epsilon = checks.above_0("epsilon", epsilon)
        self.weight_decay = checks.at_least_0("weight_decay", weight_decay)
        self.squares = [0.0] * len(self.parameters)

    def change(self, i, theta, gradient):
        gradient = gradient + self.weight_decay * theta
        self.squares[i] = self.decay * self.squares[i] + (1 - self.decay) * gradient**2
        return self.learning_rate * gradient / (np.sqrt(self.squares[i]) + self.epsilon)


class Adam(Optimizer):
    """m ← β₁m + (1 − β₁)g, s ← β₂s + (1 − β₂)g², change = η m̂ / (√ŝ + ε).
    Momentum, in RMSProp's units. m̂ = m / (1 − β₁ᵗ) and ŝ = s / (1 − β₂ᵗ) after t steps, because
    averages that begin at 0 are too small at first. betas in [0, 1), epsilon > 0, weight_decay (L2,
    added to g) at least 0; else ValueError.

    Source: Kingma & Ba 2015, algorithm 1. Chapter 02.
    """

    def __init__(
        self, parameters, learning_rate=0.001, betas=(0.9, 0.999), epsilon=1e-8, weight_decay=0.0
    ):
        super().__init__(parameters, learning_rate)
        self.betas = checks.probabilities("betas", betas)
        self.epsilon = checks.above_0("epsilon", epsilon)
        self.weight_decay = checks.at_least_0("weight_decay", weight_decay)
        self.means = [0.0] * len(self.parameters)
        self.squares = [0.0] * len(self.parameters)
        self.steps = [0] * len(self.parameters)

    def change(self, i, theta, gradient):
        beta1, beta2 = self.betas
        gradient = gradient + self.weight_decay * theta
        self.steps[i] += 1
        self.means[i] = beta1 * self.means[i] + (1 - beta1) * gradient
        self.squares[i] = beta2 * self.squares[i] + (1 - beta2) * gradient**2
        mean = self.means[i] / (1 - beta1 ** self.steps[i])
        square = self.squares[i] / (1 - beta2 ** self.steps[i])
        return self.learning_rate * mean / (np.sqrt(square) + self.epsilon)


class AdamW(Adam):
    """Adam, and besides θ ← θ − ηλθ: every weight shrinks by the same fraction.
    In Adam the λθ that L2 adds to g is divided by √ŝ, so weights with large gradients hardly decay.

    Source: Loshchilov & Hutter 2019. Chapter 04.
    """

    def __init__(
        self, parameters, learning_rate=0.001, betas=(0.9, 0.999), epsilon=1e-8, weight_decay=0.01
    ):
        super().__init__(parameters, learning_rate, betas, epsilon)
        self.decoupled_decay = checks.at_least_0("weight_decay", weight_decay)

    def change(self, i, theta, gradient):
        shrinking = self.learning_rate * self.decoupled_decay * theta
        return super().change(i, theta, gradient) + shrinking


def clip_gradients(parameters, max_norm):
    """g ← g · min(1, max_norm / |g|), |g| the length of all gradients as one vector.
    The direction stays. Returns |g| as it was.

    Raises ValueError when max_norm is not above 0, or a gradient is not finite (no scale mends a
    NaN). Source: Pascanu et al. 2013. Chapter 04.
    """
    checks.above_0("max_norm", max_norm)
    parameters = [p for p in checks.parameters(parameters) if p.grad is not None]
    norm = sum(float((p.grad**2).sum()) for p in parameters) ** 0.5
    checks.number("the norm of the gradients", norm)
    if norm > max_norm:
        for parameter in parameters:
            parameter.grad = parameter.grad * (max_norm / norm)
    return norm


def soft_threshold(parameters, amount):
    """θ ← sign(θ) · max(|θ| − amount, 0): the exact step for an L1 penalty, after a step of SGD.
    For the penalty λ|θ| amount is ηλ. Its gradient alone makes weights small and lets them dance
    around 0; this sets them to 0.

    Raises ValueError when amount is negative. Source: Daubechies et al. 2004. Chapter 04.
    """
    checks.at_least_0("amount", amount)
    for parameter in checks.parameters(parameters):
        parameter.data = np.sign(parameter.data) * np.maximum(np.abs(parameter.data) - amount, 0)
