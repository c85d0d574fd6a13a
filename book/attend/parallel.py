"""A step of training, shared out among processes: each takes a part of the batch, and torch's
DistributedDataParallel gives all of them the mean of their gradients. Taught in chapter 20.

    python -m attend.parallel                          two processes on this machine
    torchrun --nproc-per-node 2 -m attend.parallel     the same, started by torch's own tool
    torchrun --nnodes 2 --nproc-per-node 1 --rdzv-backend c10d --rdzv-endpoint FIRST:29500 \\
        -m attend.parallel                             on each of two machines, FIRST is one of them

Process 0 prints what was found, as JSON: how far the shared gradient is from that of one process
with the whole batch, and the bytes of weights, gradients and optimiser in each process.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from copy import deepcopy
from pathlib import Path

import torch
from torch import distributed, nn
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from attend import checks
from attend.layers import LayerNorm

__all__ = ["NORMS", "build", "example", "gap_between", "shared_step", "start"]

NORMS = {"none": nn.Identity, "layer": LayerNorm, "batch": nn.BatchNorm1d}
PROGRAM = "attend.parallel"
GONE = ("peer", "onnection", "reset", "closed")  # what the others read when one of them has ended


def build(norm="layer", width=64):
    """[B, 64] → [B, 10]: a network of two hidden layers, the same in every process."""
    torch.manual_seed(0)
    norms = [NORMS[checks.one_of("norm", norm, tuple(NORMS))](width) for _ in range(2)]
    first, second = nn.Linear(64, width), nn.Linear(width, width)
    layers = [first, norms[0], nn.ReLU(), second, norms[1], nn.ReLU(), nn.Linear(width, 10)]
    return nn.Sequential(*layers)


def example(n):
    """The same batch in every process: X [n, 64], labels [n]."""
    draw = torch.Generator().manual_seed(1)
    return torch.randn(n, 64, generator=draw), torch.randint(10, (n,), generator=draw)


def shared_step(norm, parts):
    """One case, in each process: what DDP makes of the gradient, against that of the whole batch.
    parts: how many examples each process takes. Returns the largest difference as a share of the
    largest number."""
    rank, (X, y) = distributed.get_rank(), example(sum(parts))
    mine = slice(sum(parts[:rank]), sum(parts[: rank + 1]))
    alone = build(norm)
    shared = DistributedDataParallel(deepcopy(alone))
    cross_entropy(shared(X[mine]), y[mine]).backward()  # here the processes meet
    cross_entropy(alone(X), y).backward()
    return gap_between(shared.parameters(), alone.parameters())


def gap_between(ours, theirs):
    """The largest difference between the gradients of two lists of parameters, as a share of the
    largest number."""
    ours, theirs = (torch.cat([p.grad.flatten() for p in these]) for these in (ours, theirs))
    return ((ours - theirs).abs().max() / theirs.abs().max()).item()


def held(shard):
    """Bytes of weights, gradients and Adam's two means in this process after one step, with all of
    them in each process, or cut into as many parts as there are."""
    model, (X, y) = build(), example(32)
    if shard:
        from torch.distributed.fsdp import fully_shard  # nothing else here needs it

        mesh = distributed.init_device_mesh("cpu", (distributed.get_world_size(),))
        model = fully_shard(model, mesh=mesh)
    optimizer = torch.optim.Adam(model.parameters())
    cross_entropy(model(X), y).backward()
    optimizer.step()
    means = [mean for state in optimizer.state.values() for mean in state.values() if mean.dim()]
    weights = list(model.parameters())
    kinds = {"weights": weights, "gradients": [p.grad for p in weights], "optimiser": means}
    return {kind: sum(map(bytes_here, tensors)) for kind, tensors in kinds.items()}


def bytes_here(tensor):
    """Of a tensor, or of the part of it that lies in this process."""
    part = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return part.numel() * part.element_size()


# ------------------------------------------------------------------------------------- starting it


def start(cases=(("layer", (32, 32)),), shard=False, dies=None, timeout=600.0):
    """Run this module in several processes of this machine: what process 0 printed, as a dict.

    cases: pairs of a norm ("none", "layer", "batch") and how many examples each process takes, one
    number a process; shard: also measure the bytes with everything cut into parts; dies: the
    process that ends in the middle, to see what happens. Raises ValueError for arguments that do
    not fit, and RuntimeError, in one line that names the process, where one of them ends before its
    work is done. Taught in chapter 20.
    """
    cases = checked(cases, dies)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "found.json"
        command = [sys.executable, "-m", PROGRAM, "--out", str(out)]
        command += [word for norm, parts in cases for word in ("--case", norm, *map(str, parts))]
        command += ["--shard"] * bool(shard)
        command += [] if dies is None else ["--dies", str(dies)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"{PROGRAM}: not done after {timeout:g} s") from None
        if done.returncode or not out.is_file():
            said = [line for line in done.stderr.splitlines() if line.startswith(PROGRAM)]
            raise RuntimeError(said[-1] if said else f"{PROGRAM} ended: {done.stderr[-500:]}")
        return json.loads(out.read_text("utf8"))


def checked(cases, dies):
    """The cases, of which each must name a norm and a number for each process."""
    try:
        pairs = [(norm, list(parts)) for norm, parts in cases]
    except (TypeError, ValueError):
        pairs = []
    cases = [(norm, [checks.whole_number("parts", n) for n in parts]) for norm, parts in pairs]
    if not cases or len({len(parts) for _, parts in cases}) > 1:
        raise ValueError(
            "cases must be pairs of a norm and its parts, as many parts in each as there are "
            f"processes, got {cases}"
        )
    for norm, _ in cases:
        checks.one_of("norm", norm, tuple(NORMS))
    processes = len(cases[0][1])
    if dies is not None and checks.whole_number("dies", dies, least=0) >= processes:
        raise ValueError(f"dies must lie in 0 … {processes - 1}, got {dies}")
    return cases


def in_each_process(cases, shard, dies, out):
    """In one process: meet the others, go through the cases; process 0 says what was found."""
    distributed.init_process_group("gloo")
    rank, world = distributed.get_rank(), distributed.get_world_size()
    if any(len(parts) != world for _, parts in cases):
        raise ValueError(f"parts must be one number for each of {world} processes, got {cases}")
    if rank == dies:
        os._exit(3)  # without a word, as when memory has run out
    try:
        found = {"processes": world, "numbers": sum(p.numel() for p in build().parameters())}
        found["apart"] = [[norm, parts, shared_step(norm, parts)] for norm, parts in cases]
        found["bytes"] = held(shard=False)
        if shard:
            found["sharded"] = held(shard=True)
    except RuntimeError as error:
        if not any(word in str(error) for word in GONE):
            raise
        time.sleep(30)  # another one is gone: torchrun finds out who, and ends this one
        os._exit(1)
    if rank == 0:
        print(json.dumps(found))
        if out:
            Path(out).write_text(json.dumps(found), encoding="utf8")
    distributed.destroy_process_group()


def launch(processes, arguments):
    """torchrun, in this process; its exit status. Whoever ended too soon is named in one line."""
    from torch.distributed import run
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    logging.disable(logging.CRITICAL)  # torchrun's own report is a page long
    try:
        run.main(["--standalone", f"--nproc-per-node={processes}", "-m", PROGRAM, *arguments])
    except ChildFailedError as error:
        rank, failure = error.get_first_failure()
        print(
            f"{PROGRAM}: process {rank} of {processes} ended with exit code {failure.exitcode} "
            "before its work was done; the others were stopped",
            file=sys.stderr,
        )
        return 1
    return 0


def main(arguments=None):
    """The command line, of the one that starts the others and of these. Returns the exit status."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__.partition("\n\n")[0])
    parser.add_argument("--case", action="append", nargs="+", metavar="NORM PARTS")
    parser.add_argument("--shard", action="store_true", help="cut everything into parts as well")
    parser.add_argument("--dies", type=int, help="the process that ends in the middle")
    parser.add_argument("--out", help="a file for what was found")
    given = list(sys.argv[1:] if arguments is None else arguments)
    asked = parser.parse_args(given)
    started = "RANK" in os.environ  # by torchrun
    processes = int(os.environ["WORLD_SIZE"]) if started else 2
    try:
        cases = [
            (norm, [int(n) for n in parts] or [32] * processes)
            for norm, *parts in asked.case or [["layer"]]
        ]
        cases = checked(cases, asked.dies)
    except ValueError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 1
    if started:
        in_each_process(cases, asked.shard, asked.dies, asked.out)
        return 0
    return launch(len(cases[0][1]), given)


if __name__ == "__main__":
    sys.exit(main())
