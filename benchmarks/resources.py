"""Measure whether memory, open files or threads accumulate over many fits and figures.

Run from the root: ``python -m benchmarks.resources``; about two minutes on one core. It exits with
1 if the memory grows by more than 20 KB per fit or figure, or if files or threads accumulate.
"""

import gc
import sys
from collections.abc import Callable
from typing import Any

import matplotlib as mpl

mpl.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import psutil

from rfsk import Autoencoder, ConvNet, FCNet, fit_many, make_nlgp, plotting

N_CALLS, N_WARM_UP, BETWEEN = 300, 50, 10  # calls between two readings
MOST_KB = 20.0  # per call
NET = {"batch_size": 100, "max_epochs": 2}
LENGTHS = {"correlation_length": (1.0, 2.0), "random_state": 0}
X, Y = make_nlgp(500, 20, **LENGTHS)
TASK = make_nlgp(2, 20, return_X_y=False, **LENGTHS).task
FITTED = FCNet(8, record=5, random_state=0, **NET).fit_online(TASK, 1000, n_eval=100)
FIELDS = FITTED.receptive_fields_

FITS: dict[str, Callable[[int], Any]] = {
    "FCNet": lambda seed: FCNet(8, record=5, random_state=seed, **NET).fit(X, Y),
    "online": lambda seed: FCNet(8, random_state=seed, **NET).fit_online(TASK, 1000, n_eval=100),
    "autograd": lambda seed: FCNet(8, readout="linear", random_state=seed, **NET).fit(X, Y),
    "ConvNet": lambda seed: ConvNet(2, random_state=seed, **NET).fit(X, Y),
    "fit_many": lambda seed: fit_many(
        [FCNet(8, random_state=seed + k, **NET) for k in range(2)], X, Y, n_jobs=2
    ),
    "Autoencoder": lambda seed: Autoencoder(8, random_state=seed, **NET).fit(X),
}
FIGURES: dict[str, Callable[[], Any]] = {
    "fields": lambda: plotting.ReceptiveFieldDisplay.from_fields(FIELDS),
    "film strip": lambda: plotting.FilmStripDisplay.from_estimator(FITTED),
    "inputs": lambda: plotting.InputDisplay.from_task(TASK, random_state=0),
    "training": lambda: plotting.TrainingDisplay.from_estimator(FITTED),
}


def fit(number: int) -> None:
    """Fit nets of one kind, and use them."""
    kind = list(FITS)[number % len(FITS)]
    fitted = FITS[kind](number)
    for net in fitted if isinstance(fitted, list) else [fitted]:
        net.transform(X)


def draw(number: int) -> None:
    """Draw one figure and close it."""
    display = FIGURES[list(FIGURES)[number % len(FIGURES)]]()
    display.figure_.canvas.draw()
    plt.close(display.figure_)


def is_flat(call: Callable[[int], None], name: str) -> bool:
    """Whether the resources of the process stay constant over calls; prints what was found."""
    process, rows = psutil.Process(), []
    for number in range(0, N_CALLS, BETWEEN):
        for k in range(number, number + BETWEEN):
            call(k)
        gc.collect()  # closed figures refer to themselves
        rows.append((process.memory_info().rss / 1024, process.num_fds(), process.num_threads()))
    memory, files, threads = np.array(rows[N_WARM_UP // BETWEEN :]).T
    slope = np.polyfit(BETWEEN * np.arange(len(memory)), memory, 1)[0]
    print(
        f"{name:>7}: {slope:+.1f} KB per call, {memory[0] / 1024:.0f} to {memory[-1] / 1024:.0f} "
        f"MB; files {files[0]:.0f} to {files[-1]:.0f}; threads {threads[0]:.0f} to "
        f"{threads[-1]:.0f}",
        flush=True,
    )
    return bool(slope <= MOST_KB and files[-1] <= files[0] and threads[-1] <= threads[0])


def main() -> int:
    """Measure fits and figures; exit with 1 if a resource accumulates."""
    return 0 if all([is_flat(fit, "fits"), is_flat(draw, "figures")]) else 1


if __name__ == "__main__":
    sys.exit(main())
