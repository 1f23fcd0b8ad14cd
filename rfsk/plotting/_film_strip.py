"""FilmStripDisplay: fields at several steps of training."""

from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._core._types import Shape
from .._core._validation import check_image_shape, check_numbers, check_positive, plain
from ..analysis import field_center, ipr
from ._display import Display
from ._fields import as_image, draw_fields
from .style import FIELD_COLORS, color_bar, limit

_MOSAIC_UNITS = 16


class FilmStripDisplay(Display):
    """Fields of a net at several steps of its training, on one colour scale.

    Parameters
    ----------
    history, steps : array-like of shape (n_snapshots, n_units, n_features) and (n_snapshots,)
        Receptive fields, and the steps at which they were recorded.
    shape : tuple of int, optional
        Lattice of the features, a ring by default.

    Attributes
    ----------
    axes_, figure_ : ndarray of matplotlib Axes, and Figure

    Examples
    --------
    >>> from rfsk import FCNet, make_nlgp
    >>> from rfsk.plotting import FilmStripDisplay
    >>> X, y = make_nlgp(2000, 30, correlation_length=(1.5, 3.0), random_state=0)
    >>> net = FCNet(8, record=20, max_epochs=20, random_state=0).fit(X, y)
    >>> display = FilmStripDisplay.from_estimator(net, n_frames=4)
    """

    def __init__(self, history: ArrayLike, steps: ArrayLike, shape: Shape | None = None) -> None:
        self.history = check_numbers(history, "history")
        self.steps = np.asarray(plain(steps, "steps"))
        if self.history.ndim != 3 or self.steps.shape != self.history.shape[:1]:
            raise ValueError(
                "`history` and `steps` must have shapes (n_snapshots, n_units, n_features) and "
                f"(n_snapshots,), got {self.history.shape} and {self.steps.shape}."
            )
        self.shape = check_image_shape(shape, self.history.shape[2])

    @classmethod
    def from_estimator(cls, estimator: Any, **options: Any) -> Self:
        """Draw snapshots of a net.

        Parameters
        ----------
        estimator : FCNet or ConvNet
            Net fitted with `record`.
        **options
            Parameters of `plot`: `n_frames` and `cmap`.
        """
        if not hasattr(estimator, "receptive_field_history_"):
            raise ValueError(
                f"{type(estimator).__name__} has no receptive_field_history_; train it with the "
                "parameter record=30, for example."
            )
        history, steps = estimator.receptive_field_history_, estimator.snapshot_steps_
        return cls(history, steps, estimator.shape_).plot(**options)

    def plot(self, *, n_frames: int = 5, cmap: str = FIELD_COLORS) -> Self:
        """Draw snapshots of the fields side by side.

        On a ring, units are ordered by the centre of their field at the last step. Units whose IPR
        at the last step exceeds the IPR of white noise come first. On a torus, the 16 most
        localized units are shown.

        Parameters
        ----------
        n_frames : int, default=5
            Number of frames. The frames show snapshots that are evenly spaced in the order of
            recording; the last frame shows the last snapshot.
        cmap : str, default="RdBu_r"
            Colour map, white at zero by default. The ends of the colour scale are set by
            `style.limit` of the snapshot with the largest weights.
        """
        frames = self._frames(n_frames)
        self._make_panels(1, len(frames), figsize=(2.1 * len(frames) + 0.9, 2.8))
        for ax, frame in zip(self.axes_, frames, strict=True):
            self._draw(ax, frame, cmap)
        for ax in self.axes_[1:]:
            ax.set(yticks=[], ylabel="")
        color_bar(self.axes_, "weight", pad=0.01)
        return self

    def animate(self, *, interval: int = 150, n_frames: int = 40, cmap: str = FIELD_COLORS) -> Any:
        """Animate the units that `plot` shows, in the same order and on the same colour scale.

        Parameters
        ----------
        interval : int, default=150
            Milliseconds between frames.
        n_frames : int, default=40
            Largest number of frames. If there are more recorded snapshots, `n_frames` of them are
            shown.
        cmap : str, default="RdBu_r"
            Colour map, as in `plot`.

        Returns
        -------
        animation : matplotlib.animation.FuncAnimation
            Keep the animation in a variable, because matplotlib stops unreferenced animations.
            ``animation.to_jshtml()`` returns a player for a notebook, and
            ``animation.save("film.gif")`` writes a file.
        """
        import matplotlib.pyplot as plt
        from matplotlib.animation import FuncAnimation

        frames = self._frames(n_frames)
        figure, ax = plt.subplots(figsize=(4.4, 3.6), layout="constrained")
        image = self._draw(ax, frames[-1], cmap)
        color_bar(ax, "weight", shrink=1.0)

        def show(frame: int) -> list[Any]:
            image.set_data(as_image(self.history[frame, self._shown], self.shape))
            return [image, ax.set_title(self._title(frame), fontsize=10)]

        animation = FuncAnimation(figure, show, frames=frames, interval=interval)
        figure.canvas.draw()  # matplotlib warns when it deletes an animation that was never drawn
        return animation

    def _frames(self, n_frames: int) -> list[int]:
        """Evenly spaced indices of at most `n_frames` recorded snapshots."""
        check_positive(n_frames, "n_frames", integer=True)
        n_frames = min(n_frames, len(self.steps))
        return np.linspace(len(self.steps) - 1, 0, n_frames).round().astype(int)[::-1].tolist()

    @cached_property
    def _shown(self) -> NDArray[np.intp]:
        """Indices of the units that are shown, in the order in which they are drawn."""
        last = self.history[-1]
        localization = np.nan_to_num(ipr(last))
        if len(self.shape) == 2:
            return np.argsort(-localization, kind="stable")[:_MOSAIC_UNITS]
        center = np.nan_to_num(field_center(last, self.shape)[:, 0], nan=np.inf)
        return np.lexsort((center, localization <= 3.0 / last.shape[1]))

    def _draw(self, ax: Any, frame: int, cmap: str) -> Any:
        """Draw one snapshot on the shared colour scale, and return the image."""
        ax.set_title(self._title(frame), fontsize=10)
        shown = self.history[:, self._shown]
        bound = limit(max(shown, key=np.linalg.norm))
        return draw_fields(ax, shown[frame], self.shape, bound, cmap)

    def _title(self, frame: int) -> str:
        return f"step {self.steps[frame]:,}"
