"""MixtureFlow: exact gradient flow of a committee machine on mixtures of Gaussians."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from .._core._types import Array
from ..datasets import MultivariateGaussian
from ._copula_flow import CopulaFlow
from ._gaussian_equivalence import bivariate_normal_cdf

Component = tuple[float, ArrayLike, ArrayLike]


class MixtureFlow(CopulaFlow):
    """Gradient flow of erf units with a mean readout on classes that are mixtures of Gaussians.

    `MixtureFlow` uses the unit of time, the targets and the methods of `CopulaFlow`, but its loss
    is exact, and the classes may have nonzero means. Within each component of a mixture, the local
    fields are Gaussian. Therefore, the expectations of the outputs of units, and of products of two
    outputs, follow from the normal distributions of one and two variables.
    The fourth cumulant of a class is nonzero if, for example, its components have equal means and
    different covariances.

    Parameters
    ----------
    classes : pair of sequences of (weight, mean, covariance)
        Components of class 0 and class 1. The weights of the components of a class must sum to 1.

    Attributes
    ----------
    n_features : int
    targets : tuple of float
        Targets +1 and -1 of class 0 and class 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.theory import MixtureFlow
    >>> flow = MixtureFlow([[(1.0, [m, 0.0], np.eye(2))] for m in (1.0, -1.0)])
    >>> round(float(flow.integrate(4, 10.0, random_state=0).loss[-1]), 2)
    0.45
    """

    def __init__(self, classes: Sequence[Sequence[Component]]) -> None:
        self.activation, self.train_bias, self.targets = "erf", True, (1.0, -1.0)
        self._parts: list[list[tuple[float, Array, Array]]] = []
        for components in classes:
            models = [MultivariateGaussian(mean, cov) for _, mean, cov in components]
            weights = [float(weight) for weight, _, _ in components]
            self._parts.append(
                [
                    (p, np.asarray(g.mean), np.asarray(g.cov))
                    for p, g in zip(weights, models, strict=True)
                ]
            )
            if min(weights, default=0.0) <= 0.0 or not math.isclose(sum(weights), 1.0):
                raise ValueError(
                    f"The weights of a class must be positive and sum to 1, got {weights}."
                )
        sizes = {len(mean) for parts in self._parts for _, mean, _ in parts}
        if len(self._parts) != 2 or len(sizes) != 1:
            raise ValueError(
                "`classes` must be two classes with the same number of features, got "
                f"{len(self._parts)} classes with {sorted(sizes)} features."
            )
        self.n_features = sizes.pop()

    def gaussian_clone(self) -> "MixtureFlow":
        """Flow on the control: a Gaussian with the mean and covariance of each class."""
        controls = []
        for parts in self._parts:
            mean = np.sum([p * m for p, m, _ in parts], axis=0)
            second = np.sum([p * (C + np.outer(m, m)) for p, m, C in parts], axis=0)
            controls.append([(1.0, mean, second - np.outer(mean, mean))])
        return MixtureFlow(controls)

    def _gradient(self, u: Array, b: Array, gaussian: bool = False) -> tuple[float, Array, Array]:
        if gaussian:
            return self.gaussian_clone()._gradient(u, b)
        loss, by_u, by_b, n = 0.0, np.zeros_like(u), np.zeros_like(b), len(u)
        for parts, target in zip(self._parts, self.targets, strict=True):
            for weight, mean, covariance in parts:
                scaled = u @ covariance
                Q = scaled @ u.T
                deviation = np.sqrt(1.0 + np.diag(Q))
                h, r = (b + u @ mean) / deviation, Q / np.outer(deviation, deviation)
                below, left = ndtr(h), 1.0 - r**2
                both = 4.0 * bivariate_normal_cdf(h[:, None], h, r) - 4.0 * below + 1.0
                loss += weight / 2 * (both.mean() - 2 * target * np.mean(2 * below - 1) + 1.0)
                density = np.exp(-0.5 * h**2) / math.sqrt(2.0 * math.pi)
                others = 4.0 * ndtr((h - r * h[:, None]) / np.sqrt(left)) - 2.0
                by_h = density / n * (2.0 * others.mean(axis=1) - 4.0 * target)
                exponent = (h[:, None] ** 2 + h**2 - 2.0 * r * np.outer(h, h)) / (2.0 * left)
                by_r = 4.0 * np.exp(-exponent) / (2.0 * math.pi * np.sqrt(left) * n**2)
                by_variance = -(by_h * h / 2 + (by_r * r).sum(axis=1)) / deviation**2
                by_Q = by_r / np.outer(deviation, deviation) + np.diag(by_variance)
                by_u += weight / 2 * (np.outer(by_h / deviation, mean) + 2.0 * by_Q @ scaled)
                by_b += weight / 2 * by_h / deviation
        return float(loss), by_u, by_b
