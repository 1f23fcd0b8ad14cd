"""Receptive fields of the optimal linear denoiser."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._types import Array
from .._core._validation import check_positive
from ..analysis import DenseCumulant, cumulant


def denoiser_fields(source: Any | ArrayLike, noise: float) -> Array:
    """Compute the receptive fields of the optimal linear denoiser.

    The inputs x have the covariance C and are observed with white Gaussian noise of standard
    deviation s. The Wiener filter S = C (C + s^2)^-1 estimates x by S (x + noise) with the least
    squared error. The Wiener filter depends only on the covariance C and the noise level s. By the
    Cramer-Rao inequality, the Wiener filter minus the mean Jacobian of the optimal nonlinear
    denoiser is a positive semi-definite matrix, which is zero for Gaussian inputs.

    Parameters
    ----------
    source : input model or array-like of shape (n_features, n_features)
        Input model, or covariance of the inputs.
    noise : float
        Standard deviation s of the noise of each pixel.

    Returns
    -------
    fields : ndarray of shape (n_features, n_features)
        Wiener filter S. Row i is the derivative of the estimate of pixel i with respect to all
        noisy pixels.

    Examples
    --------
    >>> from rfsk import Ising, analysis, theory
    >>> spins = Ising.from_correlation_length(60, 5.0)
    >>> for noise in (0.1, 1.0, 3.0):
    ...     print(f"{analysis.field_width(theory.denoiser_fields(spins, noise))[0]:.1f}")
    1.0
    2.2
    4.8
    """
    check_positive(noise, "noise")
    is_model = hasattr(source, "covariance")
    C = (cumulant(source, 2) if is_model else DenseCumulant(source)).tensor()
    if C.ndim != 2:
        raise ValueError(f"`source` must be an input model or a matrix, got {C.ndim} axes.")
    variances, modes = np.linalg.eigh(C)
    gains = np.maximum(variances, 0.0)
    return np.asarray((modes * (gains / (gains + noise**2))) @ modes.T)
