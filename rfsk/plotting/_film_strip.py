"""FilmStripDisplay: fields as they form."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._validation import check_image_shape, check_positive
from ..analysis import field_center, ipr
from ._images import plot_map, plot_mosaic
from ._style import limit

Array = NDArray[np.float64]

_MOSAIC_UNITS = 16


class FilmStripDisplay:
    """The fields of a net at a few moments of its training, on one colour scale.

    Build it with `from_estimator`.

    Parameters
    ----------
    history : array-like of shape (n_snapshots, n_units, n_features)
        Fields.
    steps : array-like of shape (n_snapshots,)
        When they were taken.
    shape : tuple of int, optional
        Lattice of the features, a ring by default.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Raises
    ------
    ValueError
        If history and steps do not go together.

    Examples
    --------
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.plotting import FilmStripDisplay
    >>> X, y = make_nlgp(2000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> net = FCNet(8, record=20, max_epochs=20, random_state=0).fit(X, y)
    >>> display = FilmStripDisplay.from_estimator(net, n_frames=4)
    """

    def __init__(
        self, history: ArrayLike, steps: ArrayLike, shape: tuple[int, ...] | None = None
    ) -> None:
        self.history = np.asarray(history, dtype=np.float64)
        self.steps = np.asarray(steps)
        if self.history.ndim != 3 or self.steps.shape != self.history.shape[:1]:
            raise ValueError(
                f"history has shape {self.history.shape} and steps {self.steps.shape}; expected "
                "(n_snapshots, n_units, n_features) and (n_snapshots,)."
            )
        self.shape = check_image_shape(shape, self.history.shape[2])

    @classmethod
    def from_estimator(cls, estimator: Any, *, n_frames: int = 5) -> "FilmStripDisplay":
        """Draw snapshots of a net.

        Parameters
        ----------
        estimator : FCNet or ConvNet
            Fitted with ``record=``.
        n_frames : int, default=5
            How many snapshots to show, evenly among those kept; the last is among them.

        Returns
        -------
        display : FilmStripDisplay

        Raises
        ------
        ValueError
            If the net kept no snapshots.
        """
        if not hasattr(estimator, "receptive_field_history_"):
            raise ValueError(
                f"{type(estimator).__name__} has no receptive_field_history_; train it with "
                "record=30, say."
            )
        history, steps = estimator.receptive_field_history_, estimator.snapshot_steps_
        return cls(history, steps, estimator.shape_).plot(n_frames=n_frames)

    def plot(self, *, n_frames: int = 5) -> "FilmStripDisplay":
        """Draw a row of frames: localized units first, in the order of where their fields end up.

        Units whose IPR ends above that of white noise count as localized here. Of images the 16
        most localized units are shown.

        Parameters
        ----------
        n_frames : int, default=5
            How many snapshots to show.

        Returns
        -------
        self : FilmStripDisplay
        """
        import matplotlib.pyplot as plt

        check_positive(n_frames, "n_frames", integer=True)
        n_frames = min(n_frames, len(self.steps))
        last = self.history[-1]
        is_ring = len(self.shape) == 1
        if is_ring:
            center = np.nan_to_num(field_center(last, self.shape)[:, 0], nan=np.inf)
            is_localized = np.nan_to_num(ipr(last)) > 3.0 / last.shape[1]
            order = np.lexsort((center, ~is_localized))
        else:
            order = np.argsort(-np.nan_to_num(ipr(last)), kind="stable")[:_MOSAIC_UNITS]
        frames = np.linspace(len(self.steps) - 1, 0, n_frames).round().astype(int)[::-1]
        bound = limit(self.history[:, order])
        self.figure_, axes = plt.subplots(
            1, n_frames, figsize=(2.1 * n_frames + 0.9, 2.8), layout="constrained", squeeze=False
        )
        self.axes_ = axes[0]
        for ax, frame in zip(self.axes_, frames, strict=True):
            fields = self.history[frame, order]
            if is_ring:
                image = plot_map(ax, fields, bound)
            else:
                image = plot_mosaic(ax, fields, self.shape, bound)
            ax.set_title(f"step {self.steps[frame]:,}", fontsize=10)
        for ax in self.axes_[1:]:
            ax.set(yticks=[], ylabel="")
        self.figure_.colorbar(image, ax=self.axes_, label="weight", shrink=0.8)
        return self
