"""Studies based on FieldStudy, and sweeps of the gain and of the correlation lengths."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .._core._random import spawn_seeds
from .._core._trained_nets import check_trained, starts_positive
from ..analysis import ipr, match_matrix, symmetric_cp
from ..datasets import Discrimination
from ..theory import predict_fields
from ._field_study import FieldStudy, nlgp_task, signature_of
from ._sweep import sweep


@dataclass(frozen=True)
class FactorStudy(FieldStudy):
    """Study for `sweep` that trains a net and decomposes the fourth cumulant of its inputs.

    A call of the study takes the parameters of `FieldStudy`; `n_train` must be given. The study
    returns `factor_ipr`, the IPR of the leading CP factor of the fourth cumulant of `n_train`
    samples of the long-range class; `net_ipr`, the mean IPR of the units with positive initial
    bias; `match`, the median match of the fields of these units with the factor; and `accuracy`.

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
        match = match_matrix(fields, factor, net.shape_)
        return {
            "factor_ipr": float(ipr(factor)[0]),
            "net_ipr": float(np.mean(ipr(fields))),
            "match": float(np.median(match)),
            "accuracy": float(net.score(*plan.task.sample(10_000, seeds[2]))),
        }


@dataclass(frozen=True)
class PredictionStudy:
    """Study for `sweep` that predicts the fields of a net instead of training it.

    A call of the study takes the parameters of `make_task`, and `learning_time`, the learning rate
    times the number of steps (20,000 by default). The study returns the columns of
    `FieldPrediction.table`, as obtained with ``check=False``.

    Parameters
    ----------
    make_task : callable, default=nlgp_task
        Function that returns the task for given keyword arguments.
    n_units : int, default=20
        Number of units. The predictions hardly depend on the number of units.

    Examples
    --------
    >>> from rfsk.experiments import PredictionStudy
    >>> small = {"shape": 20, "correlation_length": 2.0, "learning_time": 500}
    >>> PredictionStudy()(random_state=0, **small)["accuracy"] > 0.6
    True
    """

    make_task: Callable[..., Discrimination] = nlgp_task
    n_units: int = 20

    def __post_init__(self) -> None:
        names = {*inspect.signature(self.make_task).parameters, "learning_time", "random_state"}
        object.__setattr__(self, "__signature__", signature_of(names))

    def __call__(
        self, *, random_state: Any, learning_time: float = 20_000.0, **parameters: Any
    ) -> dict[str, float]:
        task = self.make_task(**parameters)
        end = learning_time / task.n_features
        options: Any = {"n_units": self.n_units, "end": end, "n_repeats": 1, "check": False}
        return predict_fields(task, **options, random_state=random_state).table.iloc[0].to_dict()


def gain_sweep(
    gains: Sequence[float] = (0.1, 1.0, 3.0, 10.0),
    *,
    control_gains: Sequence[float] = (3.0,),
    n_repeats: int = 3,
    fixed: Mapping[str, Any] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Sweep the gain of NLGP inputs with `FieldStudy`, and include the Gaussian control.

    By default, nets are trained in batches of 10 samples with a learning rate of 0.5.

    Parameters
    ----------
    gains : sequence of float, default=(0.1, 1.0, 3.0, 10.0)
        Gains of the NLGP.
    control_gains : sequence of float, default=(3.0,)
        Gains for which nets are also trained on the Gaussian control. For nets on the control, the
        column `inputs` of the result is "control".
    n_repeats : int, default=3
        Number of repeats at each point of the grid.
    fixed : dict, optional
        Further parameters of `FieldStudy`, such as ``{"n_hidden": 100}``.
    **options
        Other options of `sweep`.

    Returns
    -------
    found : pandas.DataFrame
        Result of `sweep`, with the columns `gain`, `inputs` and the measurements of
        `measure_fields`.

    Examples
    --------
    >>> from rfsk.experiments import gain_sweep
    >>> quick = {"learning_time": 50, "shape": 20, "correlation_length": 2.0, "n_hidden": 4}
    >>> found = gain_sweep((0.3, 3.0), n_repeats=1, fixed=quick, random_state=0, n_jobs=1)
    >>> found["inputs"].tolist()
    ['nlgp', 'nlgp', 'control']
    """
    gains_of = {"nlgp": list(gains), "control": list(control_gains)}
    grid: list[dict[str, Any]] = [
        {"gain": values, "inputs": [name]} for name, values in gains_of.items() if values
    ]
    fixed = {"learning_rate": 0.5, "batch_size": 10, **(fixed or {})}
    return sweep(FieldStudy(), grid, n_repeats, fixed=fixed, **options)


def phase_diagram(
    gains: Sequence[float] | None = None,
    length_ratios: Sequence[float] | None = None,
    *,
    study: Callable[..., Mapping[str, Any]] | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Sweep the gain of NLGP inputs and the ratio of the correlation lengths.

    Parameters
    ----------
    gains, length_ratios : sequence of float, optional
        Gains, and ratios of the longer correlation length to the shorter one. By default, 12 gains
        from 0.1 to 10 and 12 ratios from 1.25 to 5, evenly spaced in the logarithm.
    study : callable, optional
        Study that is run at each point. `FieldStudy`, the default, trains a net; `PredictionStudy`
        predicts the fields of the net instead.
    **options
        Options of `sweep`, such as `n_repeats` and `fixed`. In `fixed`, the parameter
        `correlation_length` of the study is the longer correlation length.

    Returns
    -------
    found : pandas.DataFrame
        Result of `sweep`, with the columns `gain`, `length_ratio` and the results of the study.
        `PhaseDiagramDisplay` draws the result of `phase_diagram`.

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
    return sweep(study or FieldStudy(), grid, **options)
