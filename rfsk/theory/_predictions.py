"""predict_fields: prediction of the receptive fields of a net from its inputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_image_shape, check_number, check_positive
from ..analysis import dominant_frequency, field_width, ipr, match_matrix, receptive_fields
from ._cubic_flow import CubicFlow, activation_derivatives
from ._flow import FlowResult

_LIFETIMES = 33.0  # of the fastest growth that the flow is followed for by default
_N_TIMES = 400


@dataclass(frozen=True)
class FieldPrediction:
    """Prediction of the reduced model for the fields of a net.

    Attributes
    ----------
    biases : ndarray of shape (n_units,)
        Biases, positive ones first.
    fields : ndarray of shape (n_units, n_features)
        Fields at the end of the flow.
    ipr, width : ndarray of shape (n_units,)
        Inverse participation ratios and widths, in sites, of these fields.
    first_frequency, growth_rate : ndarray of shape (n_units,)
        Frequency (cycles per site) and rate of the mode that grows fastest to second order.
    onset : ndarray of shape (n_units,)
        Time, learning rate x steps / D, at which a field has doubled its norm, or NaN.
    flow : FlowResult
    shape : tuple of int

    Examples
    --------
    >>> from rfsk import NLGP, predict_fields
    >>> task = [NLGP(12, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    >>> predict_fields(task, n_units=2, random_state=0).biases
    array([ 1., -1.])
    """

    biases: Array
    fields: Array
    ipr: Array
    width: Array
    first_frequency: Array
    growth_rate: Array
    onset: Array
    flow: FlowResult
    shape: tuple[int, ...]

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
        half = (len(grown) + 1) // 2
        if half == len(grown):
            raise ValueError("The net has one unit; expected units of both signs of the bias.")

        def median(rows: Array, is_mine: Any) -> float:
            matches = match_matrix(rows, self.fields[is_mine], self.shape)
            return float(np.median(matches.max(axis=1)))

        positive = median(grown[:half], self.biases > 0)
        return {"positive": positive, "negative": median(grown[half:], self.biases < 0)}


def predict_fields(
    task: Any,
    *,
    n_units: int = 20,
    bias: float = 1.0,
    activation: Any = "erf",
    shape: int | tuple[int, ...] | None = None,
    end: float | None = None,
    start: ArrayLike | None = None,
    random_state: Any = None,
) -> FieldPrediction:
    """Predict the fields of a committee machine from second- and fourth-order statistics.

    The prediction follows `CubicFlow` for units of biases +bias and -bias, on inputs with P(x) =
    P(-x). It predicts well which group localizes, the shape and IPR of its fields (within 12 % for
    lengths of at least 1.5 sites that differ by a factor of two) and when structure emerges. For
    larger fields (u.Cu about 1), localization is predicted two to three times too early.

    Parameters
    ----------
    task : Discrimination, data (X, y), or pair of input models or of arrays of samples
        Class 0 and class 1.
    n_units : int, default=20
        Number of units, half of them of each sign of the bias.
    bias : float, default=1.0
    activation : {"erf", "tanh"}, default="erf"
        sigma; see `activation_derivatives`.
    shape : int or tuple of int, optional
        Lattice of samples, a ring by default.
    end : float, optional
        Final time, learning rate x steps / D; by default 33 lifetimes of the fastest growth.
    start : array-like of shape (n_units, n_features), optional
        Initial fields; random ones by default.
    random_state : int, Generator, RandomState or None, default=None
        Seed of random initial fields.

    Returns
    -------
    prediction : FieldPrediction

    Examples
    --------
    >>> from rfsk import NLGP, predict_fields
    >>> task = [NLGP(30, correlation_length=xi, gain=3.0) for xi in (1.5, 3.0)]
    >>> predict_fields(task, n_units=4, random_state=0).ipr[:2].round(2)
    array([0.21, 0.2 ])
    """
    check_positive(n_units, "n_units", integer=True)
    check_number(bias, "bias")
    if n_units < 2 or bias == 0.0:
        raise ValueError(
            f"n_units={n_units!r}, bias={bias!r}; expected at least two units, and a bias that is "
            "not zero: without one nothing is learnt."
        )
    half = (n_units + 1) // 2
    biases = np.repeat([abs(bias), -abs(bias)], [half, n_units - half])
    flow = CubicFlow(task, bias=biases, activation=activation)
    model = (task.models if hasattr(task, "models") else task)[0]
    sides = check_image_shape(
        model.shape if hasattr(model, "covariance") else shape, flow.n_features
    )
    rates, modes = np.linalg.eigh(flow.difference)
    slope = 2.0 * activation_derivatives(activation, biases)[2]
    if not slope.all():
        raise ValueError(
            f"activation={activation!r} has no curvature at a bias of {bias:g}: nothing grows."
        )
    fastest = np.where(slope > 0.0, len(rates) - 1, 0)
    growth = slope * rates[fastest]
    if growth.max() <= 0.0:
        raise ValueError("Both classes have one covariance: nothing grows to second order.")
    end = _LIFETIMES / float(growth.max()) if end is None else end
    check_positive(end, "end")
    u = flow.starts(n_units, random_state) if start is None else start
    times = np.linspace(0.0, end, _N_TIMES + 1)
    result = flow.integrate(u, end, times=times)
    norms = np.linalg.norm(result.history, axis=2)
    doubled = (norms >= 2.0 * norms[0]) & (norms[0] > 0.0)
    onset = np.where(doubled.any(axis=0), times[doubled.argmax(axis=0)], np.nan)
    fields, first = result.fields, dominant_frequency(modes.T[fastest], sides)
    measures = ipr(fields), field_width(fields, sides)
    return FieldPrediction(biases, fields, *measures, first, growth, onset, result, sides)
