"""Fair timing: contenders take turns, the best or the median round of each counts."""

import statistics
import time
from collections.abc import Callable


def best_of(contenders: dict[str, Callable[[], object]], rounds: int = 5) -> dict[str, float]:
    """Seconds of the best of `rounds` alternated runs of each contender, after a warm-up."""
    return {name: min(seconds) for name, seconds in _alternated(contenders, rounds).items()}


def median_of(contenders: dict[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """Seconds of the median of `rounds` alternated runs of each contender, after a warm-up."""
    return {
        name: statistics.median(seconds)
        for name, seconds in _alternated(contenders, rounds).items()
    }


def _alternated(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    for run in contenders.values():
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return seconds
