"""Studies built on FieldStudy, and sweeps of the gain and the correlation lengths."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._core._random import spawn_seeds
from .._core._trained_nets import check_trained, starts_positive
from ..analysis import FieldMatcher, ipr, symmetric_cp
from ._field_study import FieldStudy
from ._sweep import sweep


def onset(times: ArrayLike, values: ArrayLike, factor: float = 1.5) -> float:
    """Time at which a curve first exceeds its running minimum by a factor.

    Parameters
    ----------
    times, values : array-like of shape (n,)
        The curve, in order of time.
    factor : float, default=1.5
        Factor above 1.

    Returns
    -------
    time : float
        Interpolated linearly in the logarithm of time; NaN if there is no onset.

    Examples
    --------
    >>> from rfsk.experiments import onset
    >>> round(onset([1.0, 10.0, 100.0], [0.02, 0.02, 0.04]), 3)
    31.623
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    limits = factor * np.minimum.accumulate(values)
    above = np.flatnonzero(values > limits)
    if not len(above):
        return math.nan
    pair = slice(above[0] - 1, above[0] + 1)  # the first value is its own minimum
    return float(np.exp(np.interp(limits[pair][0], values[pair], np.log(times[pair]))))


@dataclass(frozen=True)
class FactorStudy(FieldStudy):
    """`FieldStudy` that also decomposes the fourth cumulant; `n_train` must be given.

    It returns `factor_ipr`, the IPR of the leading CP factor for `n_train` samples of the
    long-range class; `net_ipr`, the mean IPR of the units with positive initial bias; `match`,
    their median match to the factor; and `accuracy`.

    Examples
    --------
    >>> from rfsk.experiments import FactorStudy
    >>> small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 50}
    >>> sorted(FactorStudy()(random_state=0, n_train=300, **small))
    ['accuracy', 'factor_ipr', 'match', 'net_ipr']
    """

    def __call__(self, *, random_state: Any, **parameters: Any) -> dict[str, Any]:
        plan = self._plan(random_state=random_state, **parameters)
        net = plan.net.fit(*plan.data())
        check_trained(net)
        seeds = spawn_seeds(plan.seeds[2], 3)
        X = plan.task.models[-1].sample(plan.n_train, seeds[0])
        factor = symmetric_cp(X, 1, random_state=seeds[1]).components
        fields = net.receptive_fields_[starts_positive(net.receptive_fields_)]
        match = FieldMatcher(net.shape_).fit(factor).transform(fields)[:, 0]
        return {
            "factor_ipr": float(ipr(factor)[0]),
            "net_ipr": float(np.mean(ipr(fields))),
            "match": float(np.median(match)),
            "accuracy": float(net.score(*plan.task.sample(10_000, seeds[2]))),
        }


def gain_sweep(
    gains: Sequence[float] = (0.1, 1.0, 3.0, 10.0),
    *,
    clone_of: Sequence[float] = (3.0,),
    n_repeats: int = 3,
    fixed: Mapping[str, Any] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Sweep the gain of the inputs, by default in batches of 10 at learning rate 0.5.

    Parameters
    ----------
    gains : sequence of float, default=(0.1, 1.0, 3.0, 10.0)
        Gains of the NLGP.
    clone_of : sequence of float, default=(3.0,)
        Gains for which the Gaussian clone is included (`law` "clone").
    n_repeats : int, default=3
        Repeats of each point.
    fixed : dict, optional
        Further parameters of `FieldStudy`, such as ``{"n_hidden": 100}``.
    **options
        Other options of `sweep`.

    Returns
    -------
    found : pandas.DataFrame
        Columns: `gain`, `law` and those of `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import gain_sweep
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = gain_sweep((0.3, 3.0), n_repeats=1, fixed=quick, random_state=0, n_jobs=1)
    >>> found["law"].tolist()
    ['nlgp', 'nlgp', 'clone']
    """
    gains_of = {"nlgp": list(gains), "clone": list(clone_of)}
    grid: list[dict[str, Any]] = [
        {"gain": values, "law": [law]} for law, values in gains_of.items() if values
    ]
    fixed = {"learning_rate": 0.5, "batch_size": 10, **(fixed or {})}
    return sweep(FieldStudy(), grid, n_repeats, fixed=fixed, **options)


def phase_diagram(
    gains: Sequence[float] | None = None,
    length_ratios: Sequence[float] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Sweep the gain of the inputs and the ratio of correlation lengths.

    Parameters
    ----------
    gains, length_ratios : sequence of float, optional
        Gains, and ratios of the longer correlation length to the shorter; by default 12 gains from
        0.1 to 10 and 12 ratios from 1.25 to 5, evenly spaced in the logarithm.
    **options
        Options of `sweep`, such as `n_repeats` and `fixed`. `correlation_length` is the longer one.

    Returns
    -------
    found : pandas.DataFrame
        Columns: `gain`, `length_ratio` and those of `measure_fields`; see `PhaseDiagramDisplay`.

    Examples
    --------
    >>> from rfsk.experiments import phase_diagram
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = phase_diagram([0.3, 3.0], [1.5, 3.0], fixed=quick, random_state=0, n_jobs=1)
    >>> len(found)
    4
    """
    ends = {"gain": (0.1, 10.0), "length_ratio": (1.25, 5.0)}
    grid = {name: [float(f"{v:.3g}") for v in np.geomspace(*ends[name], 12)] for name in ends}
    given = {"gain": gains, "length_ratio": length_ratios}
    grid |= {name: list(values) for name, values in given.items() if values is not None}
    return sweep(FieldStudy(), grid, **options)
