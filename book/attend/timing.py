"""How long something takes, where a chapter compares two ways of doing it on the spot."""

import time

__all__ = ["seconds"]


def seconds(function, repeats: int = 5) -> float:
    """The shortest of several runs of `function`, in seconds: what else runs only adds to it."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)
