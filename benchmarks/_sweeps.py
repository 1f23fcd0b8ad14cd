"""Whole studies: against a loop over nets, and how they take to more workers."""

import time
from collections.abc import Iterator

import joblib

from rfsk import FCNet
from rfsk.experiments import FieldStudy, measure_fields, nlgp_task, sweep

from ._rows import Row, ratio_row

N_CELLS, ALONE = 64, 8
GRID = {"gain": [0.3, 1.0, 3.0, 10.0]}
TIME = 10_000.0


def rows() -> Iterator[Row]:
    """A sweep of 64 nets."""
    seconds = {n: a_sweep(n) for n in workers()}
    most = max(seconds)
    yield ratio_row(
        f"sweep of {N_CELLS} nets, D=100, K=40, {most} workers: {seconds[most]:.1f} s",
        "FCNet.fit_online and measure_fields in a loop, on all cores",
        seconds[most] / (a_loop() / ALONE * N_CELLS),
        1.0,
        seconds[most],
    )
    if most > 1:
        row = ratio_row(
            f"the same, {most} workers times their number",
            "one worker",
            most * seconds[most] / seconds[1],
            1.5,
            seconds[most],
        )
        yield {**row, "curve": {"workers": list(seconds), "seconds": list(seconds.values())}}


def workers() -> list[int]:
    """1, 2, 4 and so on, up to the cores."""
    cores = joblib.cpu_count()
    return [*(n for n in (2**k for k in range(10)) if n < cores), cores]


def a_sweep(n_workers: int) -> float:
    """Seconds with workers that are there already."""
    options = {"n_jobs": n_workers, "random_state": 0}
    sweep(FieldStudy(), GRID, 2, fixed={"learning_time": 10.0}, **options)
    start = time.perf_counter()
    sweep(FieldStudy(), GRID, N_CELLS // 4, fixed={"learning_time": TIME}, **options)
    return time.perf_counter() - start


def a_loop() -> float:
    """Seconds of a few cells as one would write them by hand."""
    tasks = [nlgp_task(gain=gain) for gain in GRID["gain"] * (ALONE // 4)]
    start = time.perf_counter()
    for seed, task in enumerate(tasks):
        net = FCNet(40, learning_rate=5.0, batch_size=100, weight_decay=0.0, random_state=seed)
        measure_fields(net.fit_online(task, int(TIME / 5.0) * 100), task, seed)
    return time.perf_counter() - start
