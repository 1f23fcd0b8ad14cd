"""The study that sweeps are made of: a net is trained on a task, and its fields are measured."""

import inspect
import math
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core._averages import mean_and_error
from .._core._random import spawn_seeds
from .._core._validation import check_lattice_shape, check_number, check_option, check_positive
from ..analysis import field_width, group_split, ipr
from ..datasets import NLGP, Discrimination
from ..nets import FCNet, fit_many_online
from ..nets._device import resolve_device
from ._trained_nets import check_trained, starts_positive

_FEW_SAMPLES = 8  # a step: below, a net alone on a CPU is faster than in company
_AT_ONCE = {"cpu": 16, "cuda": 512}
# What a kill may cost of a group on a CPU; how fast one thread is, and what a step costs besides.
_GROUP_SECONDS, _OPERATIONS_A_SECOND, _STEP_SECONDS = 20.0, 2e10, 2e-5
_LAWS = ("nlgp", "clone")
_OWN = {"max_epochs", "random_state", "warm_start"}  # parameters of FCNet that a study sets


def nlgp_task(
    *,
    shape: int | tuple[int, ...] = 100,
    correlation_length: float = 10.0,
    length_ratio: float = 2.0,
    gain: float = 3.0,
    law: str = "nlgp",
) -> Discrimination:
    """Two classes of NLGP inputs, or of their Gaussian clone.

    Parameters
    ----------
    shape : int or (int, int), default=100
        Lattice of the inputs.
    correlation_length : float, default=10.0
        xi of class 1, the long-range one, in sites.
    length_ratio : float, default=2.0
        Above 1: xi of class 1 over that of class 0.
    gain : float, default=3.0
        Gain of both.
    law : {"nlgp", "clone"}, default="nlgp"
        "clone" is the Gaussian law with the covariance of each class.

    Returns
    -------
    task : Discrimination

    Examples
    --------
    >>> from rfsk.experiments import nlgp_task
    >>> task = nlgp_task(correlation_length=9.0, length_ratio=3.0)
    >>> [model.correlation_length for model in task.models]
    [3.0, 9.0]
    """
    check_option(law, "law", _LAWS)
    check_number(length_ratio, "length_ratio")
    if not length_ratio > 1.0:
        raise ValueError(f"length_ratio={length_ratio!r}; expected a number above 1.")
    check_positive(correlation_length, "correlation_length")
    lengths = correlation_length / length_ratio, correlation_length
    sides = check_lattice_shape(shape)
    task = Discrimination([NLGP(sides, correlation_length=xi, gain=gain) for xi in lengths])
    return task.gaussian_clone() if law == "clone" else task


def measure_fields(net: FCNet, task: Discrimination, random_state: Any) -> dict[str, float]:
    """Measure the fields of a trained net.

    Parameters
    ----------
    net : FCNet
    task : Discrimination
        What it was trained on.
    random_state : int, Generator, RandomState or None
        Seed of the samples to test on, and of the surrogates of fields.

    Returns
    -------
    numbers : dict of str to float
        `accuracy` on 10,000 fresh samples; `ipr_positive` and `ipr_negative`, mean IPR of the units
        whose bias started positive and of the others; `width_positive`, median full width at half
        maximum in sites; `localized_positive` and `localized_negative`, shares of units with a
        localized field (`group_split`); `zero_weights`, share of weights that are zero.

    Examples
    --------
    >>> from rfsk import FCNet
    >>> from rfsk.experiments import measure_fields, nlgp_task
    >>> task = nlgp_task(shape=20, correlation_length=2.0)
    >>> net = FCNet(4, batch_size=50, random_state=0).fit_online(task, 500)
    >>> measure_fields(net, task, random_state=0)["zero_weights"]
    0.0
    """
    seeds = spawn_seeds(random_state, 2)
    fields = net.receptive_fields_
    positive = starts_positive(fields)
    ratio = ipr(fields)
    X, y = task.sample(10_000, seeds[0])
    split = group_split(fields, net.shape_, n_null=199, inputs=X, random_state=seeds[1])
    localized = split.groups == "localized"
    return {
        "accuracy": float(net.score(X, y)),
        "ipr_positive": mean_and_error(ratio[positive])[0],
        "ipr_negative": mean_and_error(ratio[~positive])[0],
        "width_positive": float(np.median(field_width(fields, net.shape_)[positive])),
        "localized_positive": float(localized[positive].mean()),
        "localized_negative": mean_and_error(localized[~positive])[0],
        "zero_weights": float((fields == 0.0).mean()),
    }


def measure_course(net: FCNet, task: Discrimination, random_state: Any) -> dict[str, float]:
    """Measure what changes in training, quickly: IPR, and accuracy on both laws.

    Parameters
    ----------
    net : FCNet
    task : Discrimination
        What it is trained on.
    random_state : int, Generator, RandomState or None
        Seed of the samples to test on.

    Returns
    -------
    numbers : dict of str to float
        `learning_time`, learning rate times steps so far; `accuracy` on 4,000 samples of the task
        and `accuracy_clone` on so many of its Gaussian clone; `ipr_positive`, `ipr_negative`.

    Examples
    --------
    >>> from rfsk import FCNet
    >>> from rfsk.experiments import measure_course, nlgp_task
    >>> task = nlgp_task(shape=20, correlation_length=2.0)
    >>> net = FCNet(4, batch_size=50, random_state=0).fit_online(task, 500)
    >>> sorted(measure_course(net, task, random_state=0))
    ['accuracy', 'accuracy_clone', 'ipr_negative', 'ipr_positive', 'learning_time']
    """
    seeds = spawn_seeds(random_state, 2)
    ratio = ipr(net.receptive_fields_)
    positive = starts_positive(ratio)
    return {
        "learning_time": net.n_steps_ * net.learning_rate,
        "accuracy": float(net.score(*task.sample(4000, seeds[0]))),
        "accuracy_clone": float(net.score(*task.gaussian_clone().sample(4000, seeds[1]))),
        "ipr_positive": mean_and_error(ratio[positive])[0],
        "ipr_negative": mean_and_error(ratio[~positive])[0],
    }


@dataclass(frozen=True)
class FieldStudy:
    """A study for `sweep`: train FCNet on a task, measure its fields.

    Called with any of the parameters below and any parameter of `FCNet`, so that all of them can
    be swept. The net has 40 units, learning rate 5, batches of 100 and no weight decay unless
    told otherwise: at this ratio of rate to batch size a net grows the same fields as by steps of
    rate 0.05 on single samples, in half of the time. Cells of equal shape are trained
    together.

    Parameters
    ----------
    make_task : callable, default=nlgp_task
        Makes the task, a Discrimination, from the arguments that it names.
    measure : callable, default=measure_fields
        ``measure(net, task, random_state)`` gives the numbers of a trained net.

    Notes
    -----
    Parameters of a call, beside those of `make_task` and of FCNet:

    learning_time : float, default=20_000
        Learning rate times number of steps.
    n_train : int, optional
        Train on so many samples, over and over, instead of on fresh ones; the net then has its own
        default of weight decay.
    n_measures : int, default=1
        Measure at the end, or so often on the way, at times spaced evenly in the logarithm over
        three decades; the results are then arrays.

    Examples
    --------
    >>> from rfsk.experiments import FieldStudy, sweep
    >>> small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 100}
    >>> found = sweep(FieldStudy(), {"gain": [0.3, 3.0]}, 2, fixed=small, random_state=0, n_jobs=1)
    >>> list(found.table()["gain"])
    [0.3, 0.3, 3.0, 3.0]
    """

    make_task: Callable[..., Discrimination] = nlgp_task
    measure: Callable[[FCNet, Discrimination, Any], Mapping[str, Any]] = measure_fields

    def __call__(self, *, random_state: Any, **parameters: Any) -> dict[str, Any]:
        """Run one cell; see `run_many`."""
        (answer,) = self.run_many([{**parameters, "random_state": random_state}])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def check(self, parameters: Mapping[str, Any]) -> None:
        """Raise unless a cell can be run.

        Parameters
        ----------
        parameters : mapping of str to object
            Of one cell.

        Raises
        ------
        ValueError
            If a parameter is unknown or out of range.
        """
        self.plan(parameters).net._check_parameters()

    def plan(self, parameters: Mapping[str, Any]) -> "Plan":
        """Task, net and length of training of a cell.

        Parameters
        ----------
        parameters : mapping of str to object
            Of one cell.
        """
        return Plan(self.make_task, parameters)

    def group(self, parameters: Mapping[str, Any]) -> Hashable:
        """What cells that are trained together have in common; None for one that is not.

        Parameters
        ----------
        parameters : mapping of str to object
            Of one cell.
        """
        plan = self.plan(parameters)
        net, task = plan.net, plan.task
        device = resolve_device(net.device)
        few = device.type == "cpu" and net.batch_size < _FEW_SAMPLES
        if few or plan.n_train is not None or net.callbacks:
            return None
        sizes = task.n_features, net._layer_sizes(), net.activation, net.batch_size
        return (*sizes, tuple(plan.steps), str(device))

    def at_once(self, parameters: Mapping[str, Any]) -> int:
        """How many cells to train together at most: what takes some 20 seconds on a CPU.

        Parameters
        ----------
        parameters : mapping of str to object
            Of one cell.
        """
        plan = self.plan(parameters)
        kind = resolve_device(plan.net.device).type
        most = _AT_ONCE.get(kind, 16)
        if kind != "cpu":
            return most
        operations = 6 * plan.net.batch_size * plan.net._layer_sizes()[0] * plan.task.n_features
        seconds = plan.steps[-1] * (_STEP_SECONDS + operations / _OPERATIONS_A_SECOND)
        return max(1, min(most, int(_GROUP_SECONDS / seconds)))

    def run_many(self, cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any] | Exception]:
        """Train the nets of some cells together, and measure each.

        Parameters
        ----------
        cells : sequence of dict
            Parameters, `random_state` among them, of cells of one `group`.

        Returns
        -------
        answers : list of dict or Exception
            Numbers, or why there are none.
        """
        plans = [self.plan(cell) for cell in cells]
        together = self.group(cells[0]) is not None
        measured: list[list[Mapping[str, Any]]] = [[] for _ in plans]
        failures: dict[int, Exception] = {}
        for number, step in enumerate(plans[0].steps):
            alive = [i for i in range(len(plans)) if i not in failures]
            if together:
                self._train_together([plans[i] for i in alive], number)
            for i in alive:
                plan = plans[i]
                try:
                    if not together:
                        plan.train(number)
                    check_trained(plan.net, step if together else None)
                    measured[i].append(self.measure(plan.net, plan.task, plan.seeds[2]))
                except Exception as error:
                    failures[i] = error
        return [
            failures[i] if i in failures else plan.answer(rows)
            for i, (plan, rows) in enumerate(zip(plans, measured, strict=True))
        ]

    def _train_together(self, plans: list["Plan"], number: int) -> None:
        if not plans:
            return
        with warnings.catch_warnings():
            # Said of each cell, and of the sweep, instead.
            warnings.filterwarnings("ignore", "Nets .* diverged|Training was interrupted")
            fit_many_online(
                [plan.net for plan in plans],
                [plan.task for plan in plans],
                plans[0].n_samples(number),
                n_jobs=1,
            )


class Plan:
    """One cell: its task, its net, and how far to train it."""

    def __init__(
        self, make_task: Callable[..., Discrimination], parameters: Mapping[str, Any]
    ) -> None:
        options = dict(parameters)
        seed = options.pop("random_state", 0)
        self.learning_time = options.pop("learning_time", 20_000.0)
        self.n_train = options.pop("n_train", None)
        self.n_measures = options.pop("n_measures", 1)
        check_positive(self.learning_time, "learning_time")
        check_positive(self.n_measures, "n_measures", integer=True)
        if self.n_train is not None:
            check_positive(self.n_train, "n_train", integer=True)
            if self.n_measures > 1:
                raise ValueError(
                    f"n_measures={self.n_measures!r} with n_train={self.n_train!r}; a net is "
                    "measured on the way only if it is trained on fresh samples."
                )
        of_task = inspect.signature(make_task).parameters
        self.task = make_task(**{name: options.pop(name) for name in of_task if name in options})
        known = FCNet().get_params().keys() - _OWN
        unknown = [name for name in options if name not in known]
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is not a parameter of the study; expected learning_time, n_train, "
                f"n_measures, one of the task ({', '.join(of_task)}) or one of FCNet but "
                f"{', '.join(sorted(_OWN))}, which the study sets."
            )
        defaults: dict[str, Any] = {
            "n_hidden": 40,
            "learning_rate": 5.0,
            "batch_size": 100,
            "warm_start": True,
        }
        shape = next((m.shape for m in self.task.models if hasattr(m, "shape")), ())
        if len(shape) > 1:
            defaults["image_shape"] = shape
        if self.n_train is None:
            defaults["weight_decay"] = 0.0
        self.seeds = spawn_seeds(seed, 3)
        self.net = FCNet(**{**defaults, **options}, random_state=self.seeds[0])
        check_positive(self.net.learning_rate, "learning_rate")
        n_steps = max(1, round(self.learning_time / self.net.learning_rate))
        first = n_steps if self.n_measures == 1 else max(1.0, n_steps / 1000)
        spaced = np.geomspace(first, n_steps, self.n_measures).round().astype(int)
        self.steps = np.unique(spaced).tolist()

    def n_samples(self, number: int) -> int:
        """Samples up to the next measurement."""
        return int(np.diff([0, *self.steps])[number]) * self.net.batch_size

    def train(self, number: int) -> None:
        """Train up to the next measurement."""
        if self.n_train is None:
            self.net.fit_online(self.task, self.n_samples(number))
            return
        self.set_epochs(number)
        self.net.fit(*self.data())

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Samples to train on, where these are finite."""
        return self.task.sample(self.n_train, self.seeds[1])

    def set_epochs(self, number: int) -> None:
        """Set the epochs over a finite training set up to a measurement."""
        steps_an_epoch = math.ceil(self.n_train / self.net.batch_size)
        self.net.set_params(max_epochs=math.ceil(self.steps[number] / steps_an_epoch))

    def answer(self, rows: list[Mapping[str, Any]]) -> dict[str, Any]:
        """Numbers of the cell: as they are if measured once, else as arrays."""
        if self.n_measures == 1:
            return dict(rows[0])
        return {name: [row[name] for row in rows] for name in rows[0]}
