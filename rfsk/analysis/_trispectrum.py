"""Cumulants of translation-invariant distributions, contracted in Fourier space."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_array

from .._core._lattice import site_differences
from ._cumulant import Cumulant

Array = NDArray[np.float64]

_CHUNK = 2**22  # products of modes held at a time


class TranslationInvariantCumulant(Cumulant):
    """Fourth cumulant of a distribution that is invariant under translations of the lattice.

    The entries that involve the first site determine it: kappa_ijkl depends on the displacements
    from i only. Its Fourier transform vanishes unless the four wave vectors add to zero (the
    trispectrum), so that a contraction costs n_features^3 rather than n_features^4.

    Parameters
    ----------
    entries : ndarray of shape (n_features, n_features, n_features)
        kappa_0jkl, symmetric in its axes.
    shape : tuple of int
        The lattice; n_features is the product of its sides.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import NLGP
    >>> from rfsk.analysis import TranslationInvariantCumulant
    >>> model = NLGP(12, correlation_length=1.5, gain=3.0)
    >>> kappa = TranslationInvariantCumulant.from_model(model)
    >>> bool(np.ptp(kappa.strength(np.eye(12))) < 1e-12)  # the same at every site
    True
    """

    order = 4

    def __init__(self, entries: ArrayLike, shape: tuple[int, ...]) -> None:
        self._slice = check_array(entries, allow_nd=True, dtype=np.float64, input_name="slice")
        self.n_features = D = math.prod(shape)
        if self._slice.shape != (D,) * 3:
            raise ValueError(
                f"slice has shape {self._slice.shape}; expected ({D},) * 3, of a "
                f"lattice of shape {shape}."
            )
        self.shape = tuple(shape)
        # Entry (i, j) is the site, or the wave vector, i - j.
        self._minus = site_differences(self.shape)
        # Of a sum s of two wave vectors and its opposite one is enough: inputs are real.
        opposite = self._minus[0]
        self._sums = np.flatnonzero(np.arange(D) <= opposite)
        self._times = np.where(self._sums == opposite[self._sums], 1.0, 2.0)
        axes = range(3 * len(shape))
        transform = np.conj(np.fft.fftn(self._slice.reshape(shape * 3), axes=axes))
        transform = transform.reshape((D,) * 3) / D**2
        # (s, k3, k1): the trispectrum at k1, s - k1 and k3.
        rest = self._minus[self._sums]
        self._trispectrum = transform[np.arange(D), rest].transpose(0, 2, 1).copy()

    @classmethod
    def from_model(cls, model: Any) -> "TranslationInvariantCumulant":
        """Exact cumulant of a periodic input model that knows its `fourth_cumulant_slice`.

        Parameters
        ----------
        model : input model
        """
        is_periodic = getattr(model, "boundary", None) == "periodic"
        if not is_periodic or not hasattr(model, "fourth_cumulant_slice"):
            raise NotImplementedError(
                f"No cumulant of {type(model).__name__} is known in closed form; estimate it: "
                "cumulant(model.sample(n))."
            )
        return cls(model.fourth_cumulant_slice(), model.shape)

    def contract(self, directions: Array) -> Array:
        """Contract in Fourier space; costs n_directions D^3."""
        gradients = np.empty(np.shape(directions))
        rows = max(1, _CHUNK // (len(self._sums) * self.n_features))
        for start in range(0, len(directions), rows):
            block = slice(start, start + rows)
            gradients[block] = self._contract(np.asarray(directions[block], dtype=np.float64))
        return gradients

    def _contract(self, directions: Array) -> Array:
        D, axes = self.n_features, tuple(range(1, 1 + len(self.shape)))
        modes = np.fft.fftn(directions.reshape(-1, *self.shape), axes=axes).reshape(-1, D).T
        pairs = modes * modes[self._minus[self._sums]]  # (s, k1, direction)
        triples = (self._trispectrum @ pairs) * modes  # (s, k3, direction)
        # Wave vector k of the gradient is s + k3.
        placed = np.take_along_axis(triples, self._minus.T[self._sums][:, :, None], axis=1)
        total = np.tensordot(self._times, placed, axes=1).T.reshape(-1, *self.shape)
        return np.asarray(np.fft.ifftn(total, axes=axes).real.reshape(-1, D))

    def tensor(self) -> Array:
        """All entries, from their displacements."""
        self._check_fits()
        return np.stack([self._slice[np.ix_(d, d, d)] for d in self._minus.T])

    def inner(self, other: Cumulant, random_state: Any = None) -> float:
        """Sum of the products of entries, exactly: of one lattice from the slices alone."""
        if not isinstance(other, TranslationInvariantCumulant) or other.shape != self.shape:
            return super().inner(other, random_state)
        return self.n_features * float((self._slice * other._slice).sum())
