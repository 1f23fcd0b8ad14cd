"""Studies whose cells are more than one net: onset of localization, CP factors, pruning."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from numpy.typing import ArrayLike

from .._core._random import spawn_seeds
from ..analysis import FieldMatcher, ipr, symmetric_cp
from ._field_study import FieldStudy, Plan, measure_course, measure_fields
from ._pruning import iterative_magnitude_pruning
from ._sweep import SweepOptions, sweep
from ._sweep_result import Sweep
from ._trained_nets import check_trained, starts_positive


def onset(times: ArrayLike, values: ArrayLike, factor: float = 1.5) -> float:
    """When a curve first exceeds its lowest value so far by a factor, by linear interpolation.

    Parameters
    ----------
    times, values : array-like of shape (n,)
        The curve, in order of time.
    factor : float, default=1.5
        Above 1.

    Returns
    -------
    time : float
        In the logarithm of time interpolated; NaN if it never does.

    Examples
    --------
    >>> from rfsk.experiments import onset
    >>> round(onset([1.0, 10.0, 100.0], [0.02, 0.02, 0.04]), 3)  # half way in the logarithm
    31.623
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    limits = factor * np.minimum.accumulate(values)
    above = np.flatnonzero(values > limits)
    if not len(above):
        return math.nan
    after = above[0]
    before = after - 1  # the first value is its own minimum
    share = (limits[before] - values[before]) / (values[after] - values[before])
    log_time = (1.0 - share) * np.log(times[before]) + share * np.log(times[after])
    return float(np.exp(log_time))


@dataclass(frozen=True)
class OnsetStudy(FieldStudy):
    """`FieldStudy` that tells when the fields began to localize.

    Its numbers are `onset_time`, the learning time at which the mean IPR of the units whose bias
    started positive exceeds 1.5 times its minimum (NaN if it never does), and `ipr_positive` and
    `accuracy` at the end. `n_measures` is 40 unless told otherwise.

    Parameters
    ----------
    make_task : callable, default=nlgp_task
        As of `FieldStudy`.
    measure : callable, default=measure_course
        As of `FieldStudy`; it must give what `measure_course` gives.

    Examples
    --------
    >>> from rfsk.experiments import OnsetStudy
    >>> study = OnsetStudy()
    >>> small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "n_measures": 3}
    >>> sorted(study(random_state=0, learning_time=50, **small))
    ['accuracy', 'ipr_positive', 'onset_time']
    """

    measure: Any = measure_course

    def plan(self, parameters: Mapping[str, Any]) -> Plan:
        """Measure on the way."""
        plan = super().plan({"n_measures": 40, **parameters})
        if plan.n_measures < 2:
            raise ValueError(f"n_measures={plan.n_measures!r}; an onset needs at least 2.")
        return plan

    def run_many(self, cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | Exception]:
        """Run cells of one group, and sum up the course of each."""
        return [
            answer
            if isinstance(answer, Exception)
            else {
                "onset_time": onset(answer["learning_time"], answer["ipr_positive"]),
                "ipr_positive": answer["ipr_positive"][-1],
                "accuracy": answer["accuracy"][-1],
            }
            for answer in super().run_many(cells)
        ]


class TrainingSetStudy(FieldStudy):
    """A study of one training set at a time, whose size `n_train` must be given."""

    def plan(self, parameters: Mapping[str, Any]) -> Plan:
        """Insist on a training set."""
        plan = super().plan(parameters)
        if plan.n_train is None:
            raise ValueError("n_train=None; this study needs a number of training samples.")
        return plan

    def run_many(self, cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | Exception]:
        """Run cells one after another."""
        answers: list[dict[str, Any] | Exception] = []
        for cell in cells:
            try:
                answers.append(self._run(self.plan(cell)))
            except Exception as error:
                answers.append(error)
        return answers

    @abstractmethod
    def _run(self, plan: Plan) -> dict[str, Any]:
        """Run one cell."""


@dataclass(frozen=True)
class FactorStudy(TrainingSetStudy):
    """`FieldStudy` on a training set whose fourth cumulant is decomposed as well.

    Its numbers are `factor_ipr`, the IPR of the leading CP factor of the cumulant of the long-range
    class (as many samples of it as the net sees of both); `net_ipr`, mean IPR of the units
    whose bias started positive; `match`, their median match to the factor; and `accuracy`. The
    parameter `n_train` must be given.

    Examples
    --------
    >>> from rfsk.experiments import FactorStudy
    >>> small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 50}
    >>> sorted(FactorStudy()(random_state=0, n_train=300, **small))
    ['accuracy', 'factor_ipr', 'match', 'net_ipr']
    """

    def _run(self, plan: Plan) -> dict[str, Any]:
        plan.train(0)
        check_trained(plan.net, None)
        seeds = spawn_seeds(plan.seeds[2], 3)
        X = plan.task.models[-1].sample(plan.n_train, seeds[0])
        factor = symmetric_cp(X, 1, random_state=seeds[1]).components
        fields = plan.net.receptive_fields_
        positive = fields[starts_positive(fields)]
        match = FieldMatcher(plan.net.shape_).fit(factor).transform(positive)[:, 0]
        return {
            "factor_ipr": float(ipr(factor)[0]),
            "net_ipr": float(np.mean(ipr(positive))),
            "match": float(np.median(match)),
            "accuracy": float(plan.net.score(*plan.task.sample(10_000, seeds[2]))),
        }


@dataclass(frozen=True)
class PruningStudy(TrainingSetStudy):
    """`FieldStudy` of iterative magnitude pruning, one row a round.

    Its numbers are `round`, from 0, the dense net; `weights_left`, a share; and those of
    `measure`. The parameter `n_train` must be given.

    Parameters
    ----------
    make_task : callable, default=nlgp_task
        As of `FieldStudy`.
    measure : callable, default=measure_fields
        As of `FieldStudy`.
    n_rounds : int, default=6
        Rounds of pruning.
    fraction : float, default=0.3
        Of the weights that are left, to be removed in a round.

    Examples
    --------
    >>> from rfsk.experiments import PruningStudy
    >>> small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 50}
    >>> PruningStudy(n_rounds=2)(random_state=0, n_train=300, **small)["round"]
    [0, 1, 2]
    """

    measure: Any = measure_fields
    n_rounds: int = 6
    fraction: float = 0.3

    def _run(self, plan: Plan) -> dict[str, Any]:
        plan.set_epochs(0)
        nets = iterative_magnitude_pruning(
            plan.net, *plan.data(), n_rounds=self.n_rounds, fraction=self.fraction
        )
        rows = [self.measure(net, plan.task, plan.seeds[2]) for net in nets]
        left = [float((net.receptive_fields_ != 0.0).mean()) for net in nets]
        measured = {name: [row[name] for row in rows] for name in rows[0]}
        return {"round": list(range(len(nets))), "weights_left": left, **measured}


def localization_time(
    gains: Sequence[float] = (0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0),
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """When fields begin to localize, against the gain.

    Parameters
    ----------
    gains : sequence of float, default=(0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
        Gains of the NLGP.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `gain` and those of `OnsetStudy`.

    Examples
    --------
    >>> from rfsk.experiments import localization_time
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = localization_time([3.0], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> list(found.table()["gain"])
    [3.0]
    """
    return sweep(OnsetStudy(), {"gain": gains}, n_seeds, fixed=fixed, **options)


def cumulant_transition(
    sizes: Sequence[int] = (100, 300, 1_000, 3_000, 10_000, 30_000),
    gains: Sequence[float] = (1.0, 3.0),
    *,
    n_seeds: int = 5,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """How many samples show a localized CP factor, and how many make a net grow such fields.

    Parameters
    ----------
    sizes : sequence of int, default=(100, 300, 1_000, 3_000, 10_000, 30_000)
        Samples.
    gains : sequence of float, default=(1.0, 3.0)
        Gains of the NLGP.
    n_seeds : int, default=5
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`. A ring of 30 sites, correlation length 3, and a learning time of 3000.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `gain`, `n_train` and those of `FactorStudy`.

    Examples
    --------
    >>> from rfsk.experiments import cumulant_transition
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = cumulant_transition([99], [3.0], n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> found.table()[["gain", "n_train"]].to_numpy().tolist()
    [[3.0, 99.0]]
    """
    settings = {"shape": 30, "correlation_length": 3.0, "learning_time": 3000.0}
    grid: dict[str, Any] = {"gain": list(gains), "n_train": [int(size) for size in sizes]}
    return sweep(FactorStudy(), grid, n_seeds, fixed={**settings, **(fixed or {})}, **options)


def pruning(
    n_rounds: int = 6,
    fraction: float = 0.3,
    *,
    n_seeds: int = 3,
    fixed: dict[str, Any] | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """How local the weights are that iterative magnitude pruning leaves, NLGP against clone.

    Parameters
    ----------
    n_rounds : int, default=6
        Rounds of pruning.
    fraction : float, default=0.3
        Of the weights that are left, to be removed in a round.
    n_seeds : int, default=3
        Repeats.
    fixed : dict, optional
        As in `gain_sweep`. 20,000 samples, batches of 500.
    **options
        As in `gain_sweep`.

    Returns
    -------
    found : Sweep
        Columns: `law` and those of `PruningStudy`, one row a round.

    Examples
    --------
    >>> from rfsk.experiments import pruning
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_train": 500}
    >>> found = pruning(n_rounds=1, n_seeds=1, fixed=quick, random_state=0, n_jobs=1)
    >>> found.table()["weights_left"].tolist()
    [1.0, 0.7, 1.0, 0.7]
    """
    study = PruningStudy(n_rounds=n_rounds, fraction=fraction)
    settings = {"n_train": 20_000, "batch_size": 500, **(fixed or {})}
    return sweep(study, {"law": ["nlgp", "clone"]}, n_seeds, fixed=settings, **options)
