"""InputDisplay: inputs of a task and their second-order statistics."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .._core._random import as_generator
from .._core._types import Shape
from ..datasets import Discrimination, InputModel, StationaryField, as_task
from ._display import Display
from ._fields import draw_lines
from .style import CLASS_COLORS, IMAGE_COLORS, show_row, tidy

_N_SAMPLES = 2000  # number of samples for covariances without closed form
_DASHES = ("-", "--", "-.", ":")


class InputDisplay(Display):
    """Samples, covariance and spectrum of the classes of a task.

    Parameters
    ----------
    samples : ndarray of shape (n_classes, n_features)
        One input per class.
    autocovariance : ndarray of shape (n_classes,) + shape
        Covariance of site 0 with every site, for each class.
    shape : tuple of int
        Lattice of the features.

    Attributes
    ----------
    axes_, figure_ : ndarray of matplotlib Axes, and Figure

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> from rfsk.plotting import InputDisplay
    >>> task = make_nlgp(2, return_X_y=False).task
    >>> display = InputDisplay.from_task(task, random_state=0)
    """

    def __init__(self, samples: NDArray[Any], autocovariance: NDArray[Any], shape: Shape) -> None:
        self.samples, self.autocovariance, self.shape = samples, autocovariance, shape

    @classmethod
    def from_task(
        cls,
        task: Discrimination | tuple[Any, Any],
        *,
        cmap: str = IMAGE_COLORS,
        random_state: Any = None,
    ) -> Self:
        """Draw one input per class, with the covariance and the spectrum of each class.

        The covariance is exact for periodic models whose covariance has a closed form. For other
        models, the covariance is estimated from 2000 samples and averaged over translations.

        Parameters
        ----------
        task : Discrimination, or data (X, y) with labels 0, 1, ...
            Source of the inputs. If data are passed, rows of `X` are drawn with replacement. Images
            of shape (n_samples, rows, columns) are on a lattice of shape (rows, columns); other
            data are on a ring.
        cmap : str, default="gray"
            Colour map of inputs that are images.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the samples.
        """
        task, rng = as_task(task), as_generator(random_state)
        samples = np.stack([model.sample(1, rng)[0] for model in task.models])
        covariance = [_autocovariance(model, rng) for model in task.models]
        return cls(samples, np.stack(covariance), task.shape).plot(cmap)

    def plot(self, cmap: str = IMAGE_COLORS) -> Self:
        """Draw the samples, and the covariance and the spectrum along the last axis of the lattice.

        Parameters
        ----------
        cmap : str, default="gray"
            Colour map of inputs that are images.
        """
        is_ring = len(self.shape) == 1
        width = 9.0 if is_ring else 6.0 + 3.0 * len(self.samples)
        ratios = [1 if is_ring else len(self.samples), 1, 1]
        self._make_panels(1, 3, figsize=(width, 2.6), width_ratios=ratios)
        sample_ax, covariance_ax, spectrum_ax = self.axes_
        plot_samples(sample_ax, self.samples, self.shape, cmap)
        half = self.shape[-1] // 2 + 1
        frequency = np.arange(half) / self.shape[-1]
        for label, autocovariance in enumerate(self.autocovariance):
            color, dash = (styles[label % len(styles)] for styles in (CLASS_COLORS, _DASHES))
            style = {"color": color, "linestyle": dash, "label": f"class {label}"}
            along = () if is_ring else 0  # the first row of an image
            covariance_ax.plot(np.arange(half), autocovariance[along][:half], **style)
            spectrum = np.fft.fftn(autocovariance).real[along][:half]
            visible = spectrum > 1e-6 * spectrum.max()  # smaller values are rounding
            spectrum_ax.semilogy(frequency[visible], spectrum[visible], **style)
        covariance_ax.set(xlabel="distance (sites)", ylabel="covariance")
        spectrum_ax.set(xlabel="frequency (cycles/site)", ylabel="power")
        covariance_ax.legend(frameon=False)
        tidy(covariance_ax)
        tidy(spectrum_ax)
        return self


def _autocovariance(model: InputModel, rng: np.random.Generator) -> NDArray[Any]:
    """Covariance of site 0 with every site, averaged over translations."""
    if isinstance(model, StationaryField) and model.boundary == "periodic":
        try:
            return model.autocovariance()
        except NotImplementedError:
            pass
    samples = model.sample(_N_SAMPLES, rng).reshape(-1, *model.shape)
    axes = tuple(range(1, samples.ndim))
    power = np.mean(np.abs(np.fft.fftn(samples, axes=axes)) ** 2, axis=0)
    return np.fft.ifftn(power).real / model.n_features


def plot_samples(ax: Any, samples: NDArray[Any], shape: Shape, cmap: str = IMAGE_COLORS) -> None:
    """Draw one input per class: offset curves on a ring, images side by side on a torus."""
    names = [f"class {label}" for label in range(len(samples))]
    if len(shape) == 1:
        spread = 2.6 * np.abs(samples).max()
        draw_lines(ax, samples, spread, CLASS_COLORS)
        ax.set_yticks(-spread * np.arange(len(samples)), names)
        ax.set(xlabel="site")
    else:
        show_row(ax, dict(zip(names, samples, strict=True)), shape, cmap)
