"""Number of samples whose cumulant shows the localized factor of their distribution."""

import math
from typing import Any

import numpy as np

from ..analysis import SampleCumulant, cumulant, symmetric_cp

# In units of the noise: of a sample's own direction, and, for Gaussian inputs, the standard
# error of the fourth cumulant along the direction that varies most.
_CLEAR = 3.0


def localization_sample_size(source: Any, *, random_state: Any = None) -> float:
    """Number of samples above which the leading CP factor is that of their distribution.

    With few samples, the empirical cumulant has directions that are dominated by a single sample:
    along x_i the fourth moment is at least ``|x_i|^4 / n``, about (tr C)^2 / n for inputs of equal
    length. The factor a of the distribution leads if its value of the quartic form is larger:

        n > (tr C)^2 / |kappa(a, a, a, a)|.

    This is a scale, not a sharp threshold: the median match with that factor reaches 0.9 at 1.1 to
    3.2 times this number (NLGP of gains 1 and 3, 30 to 100 sites). Heavy tails need more.

    Parameters
    ----------
    source : input model or array-like of shape (n_samples, n_features)
        A model, or enough samples to determine its leading factor.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the decomposition.

    Returns
    -------
    n_samples : float

    Raises
    ------
    ValueError
        If the fourth cumulant is zero, or that of the samples does not exceed its noise.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.theory import localization_sample_size
    >>> round(localization_sample_size(NLGP(30, correlation_length=3.0, gain=3.0), random_state=0))
    44
    """
    if hasattr(source, "models"):
        raise TypeError("Got a task; expected the model of one class, such as task.models[1].")
    kappa = cumulant(source)
    leading = symmetric_cp(kappa, 1, tol=1e-10, random_state=random_state)
    covariance = cumulant(source, 2).tensor()
    total, strength = float(np.trace(covariance)), abs(float(leading.weights[0]))
    if strength <= 1e-10 * total**2:
        raise ValueError("The fourth cumulant is zero: no number of samples shows a factor.")
    if isinstance(kappa, SampleCumulant):
        largest = float(np.linalg.eigvalsh(covariance)[-1])
        noise = max(total**2 / kappa.n_samples, largest**2 * math.sqrt(24.0 / kappa.n_samples))
        if strength <= _CLEAR * noise:
            raise ValueError(
                f"In these {kappa.n_samples} samples the leading factor does not stand out from "
                "noise; expected more of them."
            )
    return total**2 / strength
