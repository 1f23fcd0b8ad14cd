"""FieldStudy: study for `sweep` that trains a net and measures its fields."""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._core._random import spawn_seeds
from .._core._trained_nets import check_trained, mean_of_known, starts_positive
from .._core._validation import check_lattice_shape, check_number, check_option, check_positive
from ..analysis import field_width, group_split, ipr
from ..datasets import NLGP, Discrimination
from ..nets import FCNet
from ._pruning import iterative_magnitude_pruning

_OF_STUDY = {"learning_time", "n_train", "n_measures", "n_rounds", "random_state"}
_SET_BY_STUDY = {"max_epochs", "warm_start"}  # parameters of FCNet
_DEFAULTS: dict[str, Any] = {"n_hidden": 40, "learning_rate": 5.0, "batch_size": 100}


def nlgp_task(
    *,
    shape: int | tuple[int, ...] = 100,
    correlation_length: float = 10.0,
    length_ratio: float = 2.0,
    gain: float = 3.0,
    inputs: str = "nlgp",
) -> Discrimination:
    """Task of discriminating two classes of NLGP inputs, or its Gaussian control.

    Parameters
    ----------
    shape : int or (int, int), default=100
        Lattice of the inputs.
    correlation_length : float, default=10.0
        Correlation length of class 1, the long-range one, in sites.
    length_ratio : float, default=2.0
        Ratio of the correlation length of class 1 to that of class 0, above 1.
    gain : float, default=3.0
        Gain of the NLGP.
    inputs : {"nlgp", "control"}, default="nlgp"
        Distribution of the inputs. "control" stands for Gaussian inputs with the same mean and
        covariance in each class.

    Returns
    -------
    task : Discrimination

    Examples
    --------
    >>> from rfsk.experiments import nlgp_task
    >>> [model.correlation_length for model in nlgp_task(length_ratio=4.0).models]
    [2.5, 10.0]
    """
    check_option(inputs, "inputs", ("nlgp", "control"))
    check_number(length_ratio, "length_ratio")
    if not length_ratio > 1.0:
        raise ValueError(f"`length_ratio` must be above 1, got {length_ratio!r}.")
    check_positive(correlation_length, "correlation_length")
    lengths = correlation_length / length_ratio, correlation_length
    sides = check_lattice_shape(shape)
    task = Discrimination([NLGP(sides, correlation_length=xi, gain=gain) for xi in lengths])
    return task.gaussian_clone() if inputs == "control" else task


def measure_fields(net: FCNet, task: Discrimination, random_state: Any) -> dict[str, float]:
    """Measure the fields of a trained net.

    Parameters
    ----------
    net : FCNet
        Trained net.
    task : Discrimination
        Task that the net was trained on.
    random_state : int, Generator, RandomState or None
        Seed of the test samples and of the surrogate fields.

    Returns
    -------
    numbers : dict of str to float
        `accuracy` on 10,000 new samples; `ipr_positive` and `ipr_negative`, the mean IPR of the
        units with positive and negative initial bias; `width_positive`, the median full width at
        half maximum, in sites, of the fields of the units with positive initial bias;
        `localized_positive` and `localized_negative`, the fractions of units with positive and
        negative initial bias that are localized (`group_split`); and `zero_weights`, the fraction
        of weights that are zero.

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
        "ipr_positive": mean_of_known(ratio[positive]),
        "ipr_negative": mean_of_known(ratio[~positive]),
        "width_positive": float(np.median(field_width(fields, net.shape_)[positive])),
        "localized_positive": float(localized[positive].mean()),
        "localized_negative": mean_of_known(localized[~positive]),
        "zero_weights": float((fields == 0.0).mean()),
    }


def measure_course(net: FCNet, task: Discrimination, random_state: Any) -> dict[str, float]:
    """Measure the IPR and the accuracy of a net, faster than `measure_fields`.

    Use `measure_course` for repeated measurements during training.

    Parameters
    ----------
    net : FCNet
        Trained net.
    task : Discrimination
        Task that the net was trained on.
    random_state : int, Generator, RandomState or None
        Seed of the test samples.

    Returns
    -------
    numbers : dict of str to float
        `learning_time`, the learning rate times the number of steps; `accuracy` on 4,000 samples of
        the task; `accuracy_control` on 4,000 samples of the Gaussian control of the task; and
        `ipr_positive` and `ipr_negative`, as in `measure_fields`.

    Examples
    --------
    >>> from rfsk import FCNet
    >>> from rfsk.experiments import measure_course, nlgp_task
    >>> task = nlgp_task(shape=20, correlation_length=2.0)
    >>> net = FCNet(4, batch_size=50, random_state=0).fit_online(task, 500)
    >>> measure_course(net, task, random_state=0)["learning_time"]
    50.0
    """
    seeds = spawn_seeds(random_state, 2)
    ratio = ipr(net.receptive_fields_)
    positive = starts_positive(ratio)
    return {
        "learning_time": net.n_steps_ * net.learning_rate,
        "accuracy": float(net.score(*task.sample(4000, seeds[0]))),
        "accuracy_control": float(net.score(*task.gaussian_clone().sample(4000, seeds[1]))),
        "ipr_positive": mean_of_known(ratio[positive]),
        "ipr_negative": mean_of_known(ratio[~positive]),
    }


@dataclass(frozen=True)
class FieldStudy:
    """Study for `sweep` that trains an `FCNet` on a task and measures its fields.

    A call of the study takes the parameters of `make_task`, the parameters of `FCNet`, and the
    parameters listed in the Notes. By default, the net has 40 units, learning rate 5, batches of
    100 and no weight decay. The fields of the default net agree with the fields of a net that is
    trained with learning rate 0.05 on single samples.

    Parameters
    ----------
    make_task : callable, default=nlgp_task
        Function that returns the task for given keyword arguments.
    measure : callable, default=measure_fields
        Function ``measure(net, task, random_state)`` that returns a dict of measurements.

    Notes
    -----
    learning_time : float, default=20_000
        Learning rate times number of steps.
    n_train : int, optional
        Number of training samples. If `n_train` is given, the net is trained with the default
        weight decay of `FCNet`. By default, each batch consists of new samples.
    n_measures : int, default=1
        Number of measurements. By default, the net is measured once, at the end of training. If
        `n_measures` is greater than 1, the results are arrays of measurements at times that are
        evenly spaced in the logarithm, from a thousandth of the training time to its end.
    n_rounds : int, default=0
        Number of rounds of `iterative_magnitude_pruning` on `n_train` samples. If `n_rounds` is
        positive, each result is an array with one measurement of the dense net and one per round.
        The results of pruning include `round` (0 for the dense net) and `weights_left`, the
        fraction of the weights that are left.

    Examples
    --------
    >>> from rfsk.experiments import FieldStudy
    >>> small = {"shape": 20, "correlation_length": 2.0, "n_hidden": 4, "learning_time": 100}
    >>> FieldStudy()(gain=3.0, random_state=0, **small)["zero_weights"]
    0.0
    """

    make_task: Callable[..., Discrimination] = nlgp_task
    measure: Callable[[FCNet, Discrimination, Any], Mapping[str, Any]] = measure_fields

    def __post_init__(self) -> None:
        # The signature lets `sweep` check the names of the parameters before it runs the study.
        names = {*inspect.signature(self.make_task).parameters, *FCNet().get_params(), *_OF_STUDY}
        object.__setattr__(self, "__signature__", signature_of(names - _SET_BY_STUDY))

    def __call__(self, *, random_state: Any, **parameters: Any) -> dict[str, Any]:
        plan = self._plan(random_state=random_state, **parameters)
        rows = []
        for number, net in enumerate(plan.train()):
            left = float((net.receptive_fields_ != 0.0).mean())
            pruned = {"round": number, "weights_left": left} if plan.n_rounds else {}
            rows.append({**pruned, **self.measure(net, plan.task, plan.seeds[2])})
        if plan.n_measures == 1 and not plan.n_rounds:
            return rows[0]
        return {name: [row[name] for row in rows] for name in rows[0]}

    def _plan(self, **parameters: Any) -> "Plan":
        names = inspect.signature(self.make_task).parameters
        of_task = {name: parameters.pop(name) for name in names if name in parameters}
        return Plan(self.make_task(**of_task), **parameters)


def signature_of(names: set[str]) -> inspect.Signature:
    """Return a signature with optional keyword parameters of the given names."""
    keyword = partial(inspect.Parameter, kind=inspect.Parameter.KEYWORD_ONLY, default=...)
    return inspect.Signature([keyword(name) for name in sorted(names)])


class Plan:
    """Task, net and duration of training of one call of a study."""

    def __init__(
        self,
        task: Discrimination,
        *,
        random_state: Any,
        learning_time: float = 20_000.0,
        n_train: int | None = None,
        n_measures: int = 1,
        n_rounds: int = 0,
        **parameters: Any,
    ) -> None:
        check_positive(learning_time, "learning_time")
        check_positive(n_measures, "n_measures", integer=True)
        check_positive(n_rounds, "n_rounds", integer=True, zero=True)
        if n_train is not None:
            check_positive(n_train, "n_train", integer=True)
            if n_measures > 1:
                raise ValueError(
                    f"`n_measures` must be 1 if `n_train` is given, got {n_measures!r}. To measure "
                    "during training, pass n_train=None: each batch then has new samples."
                )
        self.task, self.n_measures, self.n_rounds = task, n_measures, n_rounds
        self.n_train: Any = n_train
        self.seeds = spawn_seeds(random_state, 3)
        shape = next((m.shape for m in task.models if hasattr(m, "shape")), ())
        options = {**_DEFAULTS, **({"weight_decay": 0.0} if n_train is None else {})}
        options |= {"image_shape": shape} if len(shape) > 1 else {}
        options |= {"warm_start": True, "random_state": self.seeds[0], **parameters}
        self.net = FCNet(**options)
        check_positive(self.net.learning_rate, "learning_rate")
        n_steps = max(1, round(learning_time / self.net.learning_rate))
        first = n_steps if n_measures == 1 else max(1.0, n_steps / 1000)
        self.steps = np.unique(np.geomspace(first, n_steps, n_measures).round().astype(int))
        if n_train is not None:
            n_epochs = math.ceil(n_steps / math.ceil(n_train / self.net.batch_size))
            self.net.set_params(max_epochs=n_epochs)

    def train(self) -> Iterator[FCNet]:
        """Train the net, and yield the net for each measurement."""
        if self.n_rounds:
            yield from iterative_magnitude_pruning(self.net, *self.data(), n_rounds=self.n_rounds)
            return
        if self.n_train is not None:
            check_trained(self.net.fit(*self.data()))
            yield self.net
            return
        for n_steps in np.diff(self.steps, prepend=0):
            self.net.fit_online(self.task, int(n_steps) * self.net.batch_size)
            check_trained(self.net)
            yield self.net

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        if self.n_train is None:
            raise ValueError("`n_train` must be given for this study. Pass a number of samples.")
        return self.task.sample(self.n_train, self.seeds[1])
