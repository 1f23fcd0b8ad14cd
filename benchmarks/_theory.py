"""Flows of the theory: many starts at once, and how a step scales with the ring."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from rfsk.datasets import NLGP
from rfsk.experiments import FieldStudy, PredictionStudy
from rfsk.theory import CubicFlow, RectifiedFlow

from ._rows import Row, ratio_row
from ._timing import best_of


def rows() -> Iterator[Row]:
    """All rows of this module."""
    point: dict[str, Any] = {"gain": 3.0, "length_ratio": 2.0, "random_state": 0}
    studies = {"prediction": PredictionStudy(), "net": FieldStudy()}
    times = best_of({name: partial(study, **point) for name, study in studies.items()}, rounds=2)
    what = "PredictionStudy, a cell of 100 sites"
    yield ratio_row(
        what, "FieldStudy", times["prediction"] / times["net"], 1.0, times["prediction"]
    )
    worlds = [NLGP(40, correlation_length=xi, gain=2**0.5) for xi in (1.0, 3.0)]
    flow = RectifiedFlow(worlds)
    run = {"flow": lambda: flow.integrate(20, 20_000.0, n_steps=40_000, random_state=0)}
    seconds = best_of(run, rounds=2)["flow"]
    what = "RectifiedFlow, 20 starts x 40,000 steps at 40 sites"
    yield ratio_row(what, "2 s", seconds / 2.0, 1.0, seconds)
    sizes = (60, 120)
    flows = [CubicFlow(_task(n)) for n in sizes]
    fields = [flow.initial_fields(10, random_state=0) for flow in flows]
    times = best_of(
        {
            "small": lambda: flows[0].velocity(fields[0]),
            "large": lambda: flows[1].velocity(fields[1]),
        }
    )
    exponent = math.log2(times["large"] / times["small"])
    what = f"exponent of a step of CubicFlow in the ring, exact cumulant, {sizes[0]} to {sizes[1]}"
    yield ratio_row(what, "3 (D^3)", exponent / 3.0, 1.1, times["large"])
    samples = [np.random.default_rng(0).standard_normal((n, 200)) for n in (10_000, 20_000)]
    implicit = [CubicFlow((x, x[::-1] ** 3)) for x in samples]
    u = implicit[0].initial_fields(10, random_state=0)
    times = best_of(
        {"small": lambda: implicit[0].velocity(u), "large": lambda: implicit[1].velocity(u)}
    )
    exponent = math.log2(times["large"] / times["small"])
    yield ratio_row(
        "exponent of a step of CubicFlow in samples", "1", exponent, 1.2, times["large"]
    )


def _task(n_sites: int) -> list[NLGP]:
    return [NLGP(n_sites, correlation_length=xi, gain=3.0) for xi in (n_sites / 20, n_sites / 10)]
