"""predict_fields: prediction of the receptive fields of a net from statistics of its inputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from .._core._random import spawn_seeds
from .._core._trained_nets import starts_positive
from .._core._types import Array
from .._core._validation import check_image_shape, check_positive
from ..analysis import field_width, ipr, match_matrix, onset, receptive_fields
from ._copula_flow import CopulaFlow, CopulaFlowResult
from ._statistics import class_pair

_N_TIMES = 30  # stored times, evenly spaced in the logarithm over three decades
_N_SAMPLES = 5_000, 50_000  # samples per class, without and with the check
_LARGEST_LOSS_ERROR = 0.2  # largest error of the loss, relative to its decrease
_LARGEST_IPR_ERROR = 0.06


@dataclass(frozen=True)
class FieldPrediction:
    """Predicted fields of a net, the result of `predict_fields`.

    Attributes
    ----------
    courses : list of CopulaFlowResult
        Time courses of the fields, biases and loss, one for each set of initial fields.
    table : pandas.DataFrame
        One row per time course; ``table.mean()`` is the prediction, and ``table.sem()`` its
        standard error. The columns are `ipr_positive` and `ipr_negative`, the mean IPR of the units
        with positive and negative initial bias; `width_positive`, the median full width at half
        maximum, in sites, of the fields of the units with positive initial bias;
        `localization_time`, the time (learning rate x steps / D) at which the mean IPR of the units
        with positive initial bias exceeds 1.5 times its minimum, or NaN; `loss`; `gap`, the
        Gaussian-equivalence gap, that is, the loss on the control (Gaussian inputs with the same
        mean and covariance) minus `loss`; and, for a net with the predicted fields and biases on
        samples, `accuracy`, `sample_loss` and its standard error `sample_loss_error`. If `check` is
        True, the table has the further columns `ipr_error_positive` and `ipr_error_negative`,
        estimates of the relative errors of the mean IPR. The estimated errors of the IPR are about
        two thirds of the errors found in trained nets.
    shape : tuple of int
        Lattice of the inputs.

    Examples
    --------
    >>> from rfsk import NLGP, predict_fields
    >>> task = [NLGP(12, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    >>> predict_fields(task, n_units=2, end=5.0, random_state=0).fields.shape
    (2, 12)
    """

    courses: list[CopulaFlowResult]
    table: pd.DataFrame
    shape: tuple[int, ...]

    @property
    def fields(self) -> Array:
        """Final fields of the first time course, (n_units, n_features)."""
        return self.courses[0].fields

    @property
    def biases(self) -> Array:
        """Final biases of the first time course, (n_units,)."""
        return self.courses[0].biases

    def match(self, net: Any) -> dict[str, float]:
        """Match the fields of a net with the predicted ones, separately for each sign of the bias.

        Parameters
        ----------
        net : fitted estimator or array-like of shape (n_units, n_features)
            Net or fields whose first half of units had a positive initial bias.

        Returns
        -------
        match : dict of str to float
            For the units with "positive" and with "negative" initial bias, the median over units of
            the best match with the predicted fields of the same sign of the bias.
        """
        trained = receptive_fields(net)
        is_first, is_mine = starts_positive(trained), starts_positive(self.fields)
        if is_first.all():
            raise ValueError(
                "`net` must have at least two units, one of each sign of the bias, got one."
            )
        pairs = {"positive": (is_first, is_mine), "negative": (~is_first, ~is_mine)}
        return {
            name: float(
                np.median(match_matrix(trained[rows], self.fields[mine], self.shape).max(axis=1))
            )
            for name, (rows, mine) in pairs.items()
        }


def predict_fields(
    task: Any,
    *,
    n_units: int = 40,
    activation: str = "erf",
    bias_init: float | None = None,
    train_bias: bool = True,
    shape: int | tuple[int, ...] | None = None,
    end: float = 100.0,
    start: ArrayLike | None = None,
    n_repeats: int = 3,
    check: bool = True,
    random_state: Any = None,
) -> FieldPrediction:
    """Predict the fields, biases and loss of a net from second- and fourth-order statistics.

    `CopulaFlow` is integrated from several sets of random initial fields. The variation between the
    sets of initial fields gives the standard error of the prediction. The closure, that is, the
    approximation of the loss by `CopulaFlow`, is checked on samples.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Class 0 and class 1.
    n_units : int, default=40
        Number of units, of which the first half has a positive initial bias.
    activation : {"erf", "tanh", "relu"}, default="erf"
        Activation function, as in `CopulaFlow`.
    bias_init : float, optional
        Initial bias, as in `CopulaFlow.integrate`.
    train_bias : bool, default=True
        Whether the biases are trained.
    shape : int or tuple of int, optional
        Lattice of the sites if samples are passed. The default is a ring.
    end : float, default=100.0
        Final time, learning rate x steps / D.
    start : array-like of shape (n_units, n_features), optional
        Initial fields to use instead of random ones. If `start` is passed, the result has a single
        time course.
    n_repeats : int, default=3
        Number of sets of random initial fields.
    check : bool, default=True
        Whether to check the loss and the velocities of `CopulaFlow` on samples. The check on
        samples takes about half of the computing time.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the initial fields and of the samples.

    Returns
    -------
    prediction : FieldPrediction

    Raises
    ------
    ValueError
        If `CopulaFlow` fails the check on samples: either the loss of the flow and the loss on
        samples differ by more than the sum of four standard errors and 0.2 times the decrease of
        the loss during training, or the relative error of the mean IPR of the units with positive
        or negative initial bias exceeds 6 %, as estimated from the velocities on samples.
        `CopulaFlow` can fail the check if the inputs have odd moments, discrete pixels or heavy
        tails.

    Examples
    --------
    >>> from rfsk import NLGP, predict_fields
    >>> task = [NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)]
    >>> predict_fields(task, random_state=0).table["ipr_positive"].mean().round(2)
    np.float64(0.2)
    """
    check_positive(n_units, "n_units", integer=True)
    check_positive(n_repeats, "n_repeats", integer=True)
    if n_units < 2:
        raise ValueError(
            f"`n_units` must be at least 2, one for each sign of the bias, got {n_units!r}."
        )
    pair = class_pair(task)
    flow = CopulaFlow(pair, activation=activation, train_bias=train_bias)
    sides = pair[0].shape if hasattr(pair[0], "covariance") else shape
    sides = check_image_shape(sides, flow.n_features)
    *seeds, of_samples = spawn_seeds(random_state, n_repeats + 1)
    n_samples = _N_SAMPLES[check]
    samples = tuple(
        source.sample(n_samples, of_samples) if hasattr(source, "sample") else np.asarray(source)
        for source in pair
    )
    check_positive(end, "end")
    times = np.append(0.0, np.geomspace(end / 1000, end, _N_TIMES))
    initial: list[Any] = [n_units] * n_repeats if start is None else [start]
    courses = [
        flow.integrate(begin, end, bias_init=bias_init, times=times, random_state=seed)
        for begin, seed in zip(initial, seeds, strict=False)
    ]
    table = pd.DataFrame([_measures(flow, course, samples, sides) for course in courses])
    if check:
        table["ipr_error_positive"], table["ipr_error_negative"] = np.transpose(
            [_ipr_errors(flow, course, samples) for course in courses]
        )
        _refuse_if_wrong(table, float(np.square(flow.targets).mean()))
    return FieldPrediction(courses, table, sides)


def _ipr_errors(
    flow: CopulaFlow, course: CopulaFlowResult, samples: tuple[Array, ...]
) -> tuple[float, float]:
    """Estimated relative errors of the mean IPR of units with positive and negative initial bias.

    The flow is continued from the end of the time course for half of the course's duration, once
    unchanged and once with a constant added to its velocity: the velocity on samples minus the
    velocity of the flow.
    """
    u, b = course.fields, course.biases
    positive, end = starts_positive(u), np.array([0.5 * course.times[-1]])
    difference = np.append(*_sample_velocity(flow, u, b, samples)) - np.append(*flow.velocity(u, b))
    mean_ipr = []
    for push in (0.0, difference):
        ratio = ipr(flow._course(u, b, end, push)[0][-1])
        mean_ipr.append([ratio[positive].mean(), ratio[~positive].mean()])
    first, second = np.array(mean_ipr[0]) / mean_ipr[1] - 1.0
    return float(first), float(second)


def _sample_velocity(
    flow: CopulaFlow, u: Array, b: Array, samples: tuple[Array, ...]
) -> tuple[Array, Array]:
    """Velocities of fields and biases, from at most about 50,000 samples per class."""
    by_u, by_b, (function, derivative) = np.zeros_like(u), np.zeros_like(b), flow.functions
    for X, target in zip(samples, flow.targets, strict=True):
        rows = X[:: -(-len(X) // _N_SAMPLES[True])]
        h = rows @ u.T + b
        slopes = (function(h).mean(axis=1) - target)[:, None] * derivative(h) / len(rows)
        by_u, by_b = by_u + slopes.T @ rows, by_b + slopes.sum(axis=0)
    return -by_u, -by_b * flow.train_bias


def _refuse_if_wrong(table: pd.DataFrame, initial_loss: float) -> None:
    mean = table.mean()
    loss_error, learnt = mean.loss - mean.sample_loss, initial_loss - mean.sample_loss
    noise = 4.0 * mean.sample_loss_error
    advice = "Train nets instead (FCNet.fit_online), or pass check=False."
    if abs(loss_error) > _LARGEST_LOSS_ERROR * learnt + noise:
        raise ValueError(
            f"The closure predicts a loss of {mean.loss:.3f}, but on samples the loss is "
            f"{mean.sample_loss:.3f}: the local fields are not close to saturated Gaussian "
            f"variables (they may be skewed or discrete). {advice}"
        )
    for sign in ("positive", "negative"):
        if abs(mean[f"ipr_error_{sign}"]) > _LARGEST_IPR_ERROR:
            raise ValueError(
                f"The predicted IPR of units with {sign} initial bias is "
                f"{mean[f'ipr_{sign}']:.3f}, with an error of about "
                f"{mean[f'ipr_error_{sign}']:+.0%} according to the velocities on samples: the "
                f"local fields are not close to saturated Gaussian variables. {advice}"
            )


def _measures(
    flow: CopulaFlow, course: CopulaFlowResult, samples: Any, sides: tuple[int, ...]
) -> dict[str, float]:
    u, b = course.fields, course.biases
    positive = starts_positive(u)
    ratio = ipr(u)
    of_first = course.history[1:, positive].reshape(-1, flow.n_features)
    mean_ipr = ipr(of_first).reshape(-1, positive.sum()).mean(axis=1)
    middle = 0.5 * sum(flow.targets)
    outputs = [flow.output(u, b, X) for X in samples]
    pairs = list(zip(outputs, flow.targets, strict=True))
    losses = [(o - t) ** 2 for o, t in pairs]
    return {
        "ipr_positive": float(ratio[positive].mean()),
        "ipr_negative": float(ratio[~positive].mean()),
        "width_positive": float(np.median(field_width(u[positive], sides))),
        "localization_time": onset(course.times[1:], mean_ipr),
        "loss": float(course.loss[-1]),
        "gap": flow.loss(u, b, gaussian=True) - float(course.loss[-1]),
        "accuracy": float(np.mean([np.mean((o - middle) * (t - middle) > 0.0) for o, t in pairs])),
        "sample_loss": float(np.mean([np.mean(each) for each in losses])),
        "sample_loss_error": float(
            np.sqrt(np.mean([each.var() / len(each) for each in losses]) / 2)
        ),
    }
