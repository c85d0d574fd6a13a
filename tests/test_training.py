"""The one training loop: it learns, it shows its progress, and it stops before a NaN spreads."""

import io
import re
from functools import partial

import pytest
import torch
from torch import nn
from tqdm import tqdm

from attend import training
from attend.training import fit


def line(seed=0):
    torch.manual_seed(seed)
    x = torch.randn(40, 1)
    model = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))
    batches = list(zip(x.split(8), (3 * x + 1).split(8), strict=True))
    return model, batches


def squared(model, batch):
    x, y = batch
    return (model(x) - y).square().mean()


def test_it_is_the_plain_loop():
    model, batches = line()
    model[1].p = 0.0
    twin, _ = line()
    twin[1].p = 0.0
    means = fit(model, batches, squared, torch.optim.SGD(model.parameters(), 0.1), epochs=3)
    optimizer = torch.optim.SGD(twin.parameters(), 0.1)
    for mean in means:
        losses = []
        for batch in batches:
            loss = squared(twin, batch)
            losses.append(loss.item())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert mean == pytest.approx(sum(losses) / len(losses))
    for ours, other in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, other)
    assert means[-1] < means[0] and not model.training


def test_batches_may_be_made_anew_for_every_epoch():
    model, batches = line()
    passes = []

    def fresh():
        passes.append(1)
        return iter(batches)

    fit(model, fresh, squared, torch.optim.SGD(model.parameters(), 0.1), epochs=4)
    assert len(passes) == 4


def test_a_loss_that_is_not_finite_stops_it_before_the_step():
    model, batches = line()
    batches[2] = (batches[2][0] * float("inf"), batches[2][1])
    before = None

    def loss(model, batch):
        nonlocal before
        before = [parameter.detach().clone() for parameter in model.parameters()]
        return squared(model, batch)

    with pytest.raises(FloatingPointError, match=r"epoch 1, step 3: .* learning rate"):
        fit(model, batches, loss, torch.optim.SGD(model.parameters(), 0.1))
    for now, then in zip(model.parameters(), before, strict=True):
        torch.testing.assert_close(now.detach(), then)


def test_no_batches_and_no_epochs_are_errors():
    model, batches = line()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="epochs must be at least 1, got 0"):
        fit(model, batches, squared, optimizer, epochs=0)
    with pytest.raises(
        ValueError, match="batches must hold at least one batch, got none in epoch 2"
    ):
        fit(
            model, iter(batches), squared, optimizer, epochs=2
        )  # an iterator can be gone through once


def test_the_gradient_is_clipped_and_the_rate_scheduled_as_in_the_plain_loop():
    model, batches = line()
    model[1].p = 0.0
    twin, _ = line()
    twin[1].p = 0.0

    def of(net):
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))

    optimizer, scheduler = of(model)
    fit(model, batches, squared, optimizer, epochs=2, clip=0.3, scheduler=scheduler)
    optimizer, _ = of(twin)
    for step, batch in enumerate(2 * batches):
        optimizer.zero_grad()
        squared(twin, batch).backward()
        length = torch.cat([p.grad.flatten() for p in twin.parameters()]).norm()
        for parameter in twin.parameters():
            parameter.data -= 0.1 / (1 + step) * parameter.grad * min(1, 0.3 / length)
    for ours, other in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(ours, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("clip", [0, -1.0, float("nan")])
def test_a_clip_that_is_not_above_0_is_named(clip):
    model, batches = line()
    with pytest.raises(ValueError, match="clip must be above 0"):
        fit(model, batches, squared, torch.optim.SGD(model.parameters(), 0.1), clip=clip)


def test_it_trains_in_training_mode_and_leaves_the_model_in_evaluation_mode():
    model, batches = line()
    model.eval()  # as it comes from an evaluation
    modes, zeros = [], 0

    def loss(model, batch):
        nonlocal zeros
        modes.append(model.training)
        zeros += (model(batch[0]) == 0).sum().item()  # only dropout makes a number exactly 0
        return squared(model, batch)

    fit(model, batches, loss, torch.optim.SGD(model.parameters(), 0.01), epochs=2)
    assert modes == [True] * 10
    assert 20 < zeros < 60  # of 80, each with probability 1/2
    assert not any(module.training for module in model.modules())


def test_a_bar_shows_the_epoch_and_the_running_loss_and_then_goes(monkeypatch):
    """As a terminal shows it: what follows the last return is what is left standing."""
    terminal = io.StringIO()
    monkeypatch.setattr(
        training, "tqdm", partial(tqdm, file=terminal, disable=False, mininterval=0, ascii=True)
    )
    model, batches = line()
    losses = []

    def loss(model, batch):
        value = squared(model, batch)
        losses.append(f"loss={value.item():.3f}")
        return value

    fit(model, batches, loss, torch.optim.SGD(model.parameters(), 0.1), epochs=2)
    shown = terminal.getvalue()
    assert re.findall(r"training \d/2", shown) == sorted(re.findall(r"training \d/2", shown))
    assert {"training 1/2", "training 2/2"} == set(re.findall(r"training -?\d+/2", shown))
    assert set(re.findall(r"loss=[\d.]+", shown)) >= {losses[3], losses[8]}
    assert shown.endswith("\r") and "\n" not in shown


def test_without_epochs_it_is_one():
    model, batches = line()
    assert len(fit(model, batches, squared, torch.optim.SGD(model.parameters(), 0.1))) == 1
