"""Fair timing: contenders take turns, the best round of each counts."""

import time
from collections.abc import Callable


def best_of(contenders: dict[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """Seconds of the best of `rounds` alternated runs of each contender, after a warm-up."""
    for run in contenders.values():
        run()
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best
