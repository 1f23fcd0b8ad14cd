"""Sweeps of the paper and beyond, one call each."""

import math
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np

from .._core._validation import check_lattice_shape
from ._field_study import FieldStudy, measure_course
from ._sweep import SweepOptions, sweep
from ._sweep_result import Sweep


def gain_sweep(
    gains: Sequence[float] = (0.1, 1.0, 3.0, 10.0),
    *,
    clone_of: Sequence[float] = (3.0,),
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """Sweep the gain of the inputs: fields localize where these are far from Gaussian.

    Trains by batches of ten at learning rate 0.5, close enough to the paper's single samples
    that the oscillating group is the same as well.

    Parameters
    ----------
    gains : sequence of float, default=(0.1, 1.0, 3.0, 10.0)
        Gains of the NLGP.
    clone_of : sequence of float, default=(3.0,)
        Gains of which the Gaussian clone is run too (`law` "clone").
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        Further parameters of `FieldStudy`, such as ``{"n_hidden": 100, "device": "cuda"}``.
    **options
        `store`, `n_jobs`, `random_state` and `verbose` of `sweep`.

    Returns
    -------
    found : Sweep
        Columns: `gain`, `law` and those of `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import gain_sweep
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = gain_sweep((0.3, 3.0), n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["law"])
    ['nlgp', 'nlgp', 'clone']
    """
    grid: list[dict[str, Any]] = [
        {"gain": of_law, "law": [law]}
        for law, of_law in (("nlgp", gains), ("clone", clone_of))
        if not hasattr(of_law, "__len__") or len(of_law)
    ]
    fixed = {"learning_rate": 0.5, "batch_size": 10, **(fixed or {})}
    return sweep(FieldStudy(), grid, n_seeds, fixed=fixed, **options)


def phase_diagram(
    gains: Sequence[float] | None = None,
    length_ratios: Sequence[float] | None = None,
    *,
    n_seeds: int = 1,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """Where fields localize: gain of the inputs against the ratio of correlation lengths.

    Parameters
    ----------
    gains : sequence of float, optional
        12 of them from 0.1 to 10 by default, evenly in the logarithm.
    length_ratios : sequence of float, optional
        Long over short correlation length; 12 of them from 1.25 to 5 by default.
    n_seeds : int, default=1
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`; `correlation_length` is the longer one, 10 sites.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `gain`, `length_ratio` and those of `measure_fields`; draw it by
        `rfsk.plotting.PhaseDiagramDisplay`.

    Examples
    --------
    >>> from rfsk.experiments import phase_diagram
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = phase_diagram([0.3, 3.0], [1.5, 3.0], fixed=quick, random_state=0, n_jobs=1)
    >>> len(found.table())
    4
    """
    grid = {
        "gain": _spaced(0.1, 10.0, 12) if gains is None else list(gains),
        "length_ratio": _spaced(1.25, 5.0, 12) if length_ratios is None else list(length_ratios),
    }
    return sweep(FieldStudy(), grid, n_seeds, fixed=fixed, **options)


def size_scaling(
    sizes: Sequence[int] = (50, 100, 200),
    correlation_lengths: Sequence[float] = (5.0, 7.5, 10.0, 15.0),
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """IPR against the size of a ring and the correlation length.

    A field as wide as a few correlation lengths has an IPR inverse to these, whatever the size.

    Parameters
    ----------
    sizes : sequence of int, default=(50, 100, 200)
        Sites of the ring.
    correlation_lengths : sequence of float, default=(5.0, 7.5, 10.0, 15.0)
        Of the long-range class, in sites.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`. The learning time is 200 D, the same in units of the paper's time.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `shape`, `correlation_length`, `learning_time` and those of `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import size_scaling
    >>> quick = {"learning_time": 50, "n_hidden": 4}
    >>> found = size_scaling([20, 30], [2.0], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["shape"])
    [20, 30]
    """
    time_of = (fixed or {}).get("learning_time", None)
    grid: list[dict[str, Any]] = [
        {
            "shape": [size],
            "correlation_length": list(correlation_lengths),
            "learning_time": [
                200.0 * math.prod(check_lattice_shape(size)) if time_of is None else time_of
            ],
        }
        for size in sizes
    ]
    fixed = {name: value for name, value in (fixed or {}).items() if name != "learning_time"}
    return sweep(FieldStudy(), grid, n_seeds, fixed=fixed, **options)


def training_set_size(
    sizes: Sequence[int] = (2_000, 5_000, 10_000, 20_000, 50_000),
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """How many samples localization takes: nets trained over and over on so many.

    Parameters
    ----------
    sizes : sequence of int, default=(2_000, 5_000, 10_000, 20_000, 50_000)
        Training samples.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`. Nets have 64 units, batches of 500, and weights shrink by 1e-3 a step.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `n_train` and those of `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import training_set_size
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = training_set_size([500], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["n_train"])
    [500]
    """
    settings = {"n_hidden": 64, "batch_size": 500, "weight_decay": 2e-4}
    grid = {"n_train": [int(size) for size in sizes]}
    return sweep(FieldStudy(), grid, n_seeds, fixed={**settings, **(fixed or {})}, **options)


def width_sweep(
    widths: Sequence[int] = (4, 8, 16, 32, 64, 128),
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """How localization depends on the number of hidden units.

    Parameters
    ----------
    widths : sequence of int, default=(4, 8, 16, 32, 64, 128)
        Hidden units.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `n_hidden` and those of `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import width_sweep
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0}
    >>> found = width_sweep([2, 4], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["n_hidden"])
    [2, 4]
    """
    grid = {"n_hidden": [int(width) for width in widths]}
    return sweep(FieldStudy(), grid, n_seeds, fixed=fixed, **options)


def batch_noise(
    learning_rates: Sequence[float] = (2.5, 5.0, 10.0, 20.0),
    batch_sizes: Sequence[int] = (25, 50, 100, 200, 400),
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """How localization depends on learning rate and batch size, at equal learning time.

    The noise of the steps goes with the ratio of the two.

    Parameters
    ----------
    learning_rates : sequence of float, default=(2.5, 5.0, 10.0, 20.0)
    batch_sizes : sequence of int, default=(25, 50, 100, 200, 400)
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `learning_rate`, `batch_size` and those of `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import batch_noise
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = batch_noise([2.5, 5.0], [50], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["learning_rate"])
    [2.5, 5.0]
    """
    grid: dict[str, Any] = {
        "learning_rate": list(learning_rates),
        "batch_size": [int(n) for n in batch_sizes],
    }
    return sweep(FieldStudy(), grid, n_seeds, fixed=fixed, **options)


def beta_lasso(
    penalties: Sequence[float] = (0.0, 3e-5, 1e-4, 3e-4),
    cuts: Sequence[float] = (0.0, 200.0),
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """What an L1 penalty makes of fields, and cutting small weights besides (Neyshabur, 2020).

    Parameters
    ----------
    penalties : sequence of float, default=(0.0, 3e-5, 1e-4, 3e-4)
        `l1` of FCNet.
    cuts : sequence of float, default=(0.0, 200.0)
        `l1_cut` of FCNet, the beta of the beta-lasso.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `l1`, `l1_cut` and those of `measure_fields`, among them `zero_weights`.

    Examples
    --------
    >>> from rfsk.experiments import beta_lasso
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = beta_lasso([0.0, 3e-4], [0.0], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["l1"])
    [0.0, 0.0003]
    """
    grid = {"l1": list(penalties), "l1_cut": list(cuts)}
    return sweep(FieldStudy(), grid, n_seeds, fixed=fixed, **options)


def control_over_time(
    gain: float = 3.0,
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """NLGP against Gaussian clone over training: what each net has learnt, tested on both laws.

    At first the net on the NLGP does as well on the clone: it has learnt second-order
    statistics only. It parts from there when fields localize, as distributions of increasing
    complexity are learnt one after another (Refinetti et al., 2023).

    Parameters
    ----------
    gain : float, default=3.0
        Gain of the NLGP.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`; `n_measures` is 25.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `law` and those of `measure_course`, one row a measurement.

    Examples
    --------
    >>> from rfsk.experiments import control_over_time
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_measures": 3}
    >>> found = control_over_time(n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> found.table()["learning_time"].tolist()
    [5.0, 15.0, 50.0, 5.0, 15.0, 50.0]
    """
    settings = {"gain": gain, "n_measures": 25, **(fixed or {})}
    study = FieldStudy(measure=measure_course)
    return sweep(study, {"law": ["nlgp", "clone"]}, n_seeds, fixed=settings, **options)


def _spaced(low: float, high: float, n: int) -> list[float]:
    """Numbers evenly in the logarithm, to three digits."""
    return [float(f"{value:.3g}") for value in np.geomspace(low, high, n)]
