"""predict_fields: prediction of the receptive fields of a net from its inputs."""

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

_N_TIMES = 30  # at which the course is kept, evenly spaced in the logarithm over three decades
_N_SAMPLES = 5_000  # of each class, for the accuracy and the check of the closure
_LARGEST_ERROR = 0.2  # of the loss, relative to what has been learnt


@dataclass(frozen=True)
class FieldPrediction:
    """Prediction of the copula flow for the fields of a net.

    Attributes
    ----------
    courses : list of CopulaFlowResult
        Time course from each set of initial fields.
    table : pandas.DataFrame
        One row for each of them; ``table.mean()`` is the prediction and ``table.sem()`` its
        standard error. Columns: `ipr_positive` and `ipr_negative`, mean IPR of the units with
        positive initial bias and of the others; `width_positive`, median full width at half maximum
        in sites; `localization_time`, learning rate x steps / D at which the mean IPR of the first
        exceeds 1.5 times its minimum, or NaN; `loss`; `gap`, the Gaussian-equivalence gap, that is
        the loss on the Gaussian clone minus `loss`; `accuracy` and `sample_loss`, those of the
        predicted units on samples, 20,000 of each class if the task is of models.
    shape : tuple of int

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
        """Final fields from the first initial fields, (n_units, n_features)."""
        return self.courses[0].fields

    @property
    def biases(self) -> Array:
        """Their biases, (n_units,)."""
        return self.courses[0].biases

    def match(self, net: Any) -> dict[str, float]:
        """Match the fields of a net with those predicted, separately for each sign of the bias.

        Parameters
        ----------
        net : fitted estimator or array-like of shape (n_units, n_features)
            Net or fields whose first half of units had a positive initial bias.

        Returns
        -------
        match : dict of str to float
            "positive" and "negative": median over units of the best match with a predicted field.
        """
        grown = receptive_fields(net)
        is_first, is_mine = starts_positive(grown), starts_positive(self.fields)
        if is_first.all():
            raise ValueError("The net has one unit; expected units of both signs of the bias.")
        pairs = {"positive": (is_first, is_mine), "negative": (~is_first, ~is_mine)}
        return {
            name: float(
                np.median(match_matrix(grown[rows], self.fields[mine], self.shape).max(axis=1))
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
    random_state: Any = None,
) -> FieldPrediction:
    """Predict the fields, biases and loss of a net from second- and fourth-order statistics.

    The prediction is that of `CopulaFlow` from random initial fields, and its error bar comes from
    repeats with other ones. The closure itself is checked on samples of the inputs.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Class 0 and class 1.
    n_units : int, default=40
        Number of units, the first half with positive initial bias.
    activation : {"erf", "tanh", "relu"}, default="erf"
    bias_init : float, optional
        As in `CopulaFlow.integrate`.
    train_bias : bool, default=True
    shape : int or tuple of int, optional
        Lattice of samples, a ring by default.
    end : float, default=100.0
        Final time, learning rate x steps / D.
    start : array-like of shape (n_units, n_features), optional
        Initial fields, in place of random ones; there is then one repeat.
    n_repeats : int, default=3
        Number of sets of random initial fields.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the initial fields and of the samples.

    Returns
    -------
    prediction : FieldPrediction

    Raises
    ------
    ValueError
        If the loss of the closure and that on samples of the inputs differ by more than 0.2 of what
        has been learnt, 1 minus the loss. The closure has no meaning then; odd moments may be why.

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
        raise ValueError(f"n_units={n_units!r}; expected at least two, one of each sign.")
    pair = class_pair(task)
    flow = CopulaFlow(pair, activation=activation, train_bias=train_bias)
    sides = pair[0].shape if hasattr(pair[0], "covariance") else shape
    sides = check_image_shape(sides, flow.n_features)
    *seeds, of_samples = spawn_seeds(random_state, n_repeats + 1)
    samples = tuple(
        source.sample(_N_SAMPLES, of_samples) if hasattr(source, "sample") else np.asarray(source)
        for source in pair
    )
    check_positive(end, "end")
    times = np.append(0.0, np.geomspace(end / 1000, end, _N_TIMES))
    starts: list[Any] = [n_units] * n_repeats if start is None else [start]
    courses = [
        flow.integrate(begin, end, bias_init=bias_init, times=times, random_state=seed)
        for begin, seed in zip(starts, seeds, strict=False)
    ]
    table = pd.DataFrame([_measures(flow, course, samples, sides) for course in courses])
    error = table["loss"] - table["sample_loss"]
    learnt = float(np.square(flow.targets).mean() - table["sample_loss"].mean())
    if abs(error.mean()) > _LARGEST_ERROR * learnt:
        raise ValueError(
            f"The closure predicts a loss of {table['loss'].mean():.3f} for units that have one of "
            f"{table['sample_loss'].mean():.3f} on samples of the inputs: their local fields are "
            "not close to saturated Gaussians (they may be skewed or discrete). Train nets "
            "instead, by FCNet.fit_online, or integrate a CopulaFlow, which checks nothing."
        )
    return FieldPrediction(courses, table, sides)


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
    return {
        "ipr_positive": float(ratio[positive].mean()),
        "ipr_negative": float(ratio[~positive].mean()),
        "width_positive": float(np.median(field_width(u[positive], sides))),
        "localization_time": onset(course.times[1:], mean_ipr),
        "loss": float(course.loss[-1]),
        "gap": flow.loss(u, b, gaussian=True) - float(course.loss[-1]),
        "accuracy": float(np.mean([np.mean((o - middle) * (t - middle) > 0.0) for o, t in pairs])),
        "sample_loss": float(np.mean([np.mean((o - t) ** 2) for o, t in pairs])),
    }
