"""InputDisplay: what a task's inputs look like, and their second-order statistics."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._random import as_generator
from ..datasets import Discrimination, InputModel, StationaryField, as_task
from ._style import BLUE, FIELD_COLORS, GREEN, ORANGE, PURPLE, limit, tidy

_N_SAMPLES = 2000  # for covariances without closed form
_CLASS_STYLES = [(BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PURPLE, ":")]


class InputDisplay:
    """Samples, covariance and spectrum of the classes of a task.

    Build it with `from_task`.

    Parameters
    ----------
    samples : ndarray of shape (n_classes, n_features)
        One input of each class.
    autocovariance : ndarray of shape (n_classes,) + shape
        Covariance of site 0 with every site, by class.
    shape : tuple of int
        Lattice of the features.

    Attributes
    ----------
    figure_ : matplotlib Figure
    axes_ : ndarray of matplotlib Axes

    Examples
    --------
    >>> from rfsk import make_nlgp
    >>> from rfsk.plotting import InputDisplay
    >>> task = make_nlgp(2, return_X_y=False).task
    >>> display = InputDisplay.from_task(task, random_state=0)
    """

    def __init__(
        self, samples: NDArray[Any], autocovariance: NDArray[Any], shape: tuple[int, ...]
    ) -> None:
        self.samples = samples
        self.autocovariance = autocovariance
        self.shape = shape

    @classmethod
    def from_task(
        cls, task: Discrimination | tuple[Any, Any], *, random_state: Any = None
    ) -> "InputDisplay":
        """Draw and plot one input of each class.

        Covariances are exact where a model is periodic and has a closed form, and otherwise
        measured around the lattice on 2000 samples.

        Parameters
        ----------
        task : Discrimination, or data (X, y) with labels 0, 1, ...
            Of data, rows are drawn with replacement. Where X are images, (n_samples, rows,
            columns), their sides are the lattice, otherwise all features are a ring.
        random_state : int, Generator, RandomState or None, default=None
            Seed of the draw.

        Returns
        -------
        display : InputDisplay
        """
        task, rng = as_task(task), as_generator(random_state)
        samples = np.stack([model.sample(1, rng)[0] for model in task.models])
        covariance = [_autocovariance(model, rng) for model in task.models]
        return cls(samples, np.stack(covariance), task.shape).plot()

    def plot(self) -> "InputDisplay":
        """Draw samples, and covariance and spectrum along the last axis."""
        import matplotlib.pyplot as plt

        n_classes, is_ring = len(self.samples), len(self.shape) == 1
        n_images = 1 if is_ring else n_classes
        self.figure_, self.axes_ = plt.subplots(
            1, n_images + 2, figsize=(3.0 * (n_images + 2), 2.6), layout="constrained"
        )
        plot_samples(self.axes_[:n_images], self.samples, self.shape)
        covariance_axes, spectrum_axes = self.axes_[n_images:]
        half = self.shape[-1] // 2 + 1
        for label, autocovariance in enumerate(self.autocovariance):
            color, dash = _CLASS_STYLES[label % len(_CLASS_STYLES)]
            profile = autocovariance if is_ring else autocovariance[0]
            style = {"color": color, "linestyle": dash, "label": f"class {label}"}
            covariance_axes.plot(np.arange(half), profile[:half], **style)
            spectrum = np.fft.fftn(autocovariance).real
            spectrum = (spectrum if is_ring else spectrum[0])[:half]
            visible = spectrum > 1e-6 * spectrum.max()  # what is below is rounding
            frequency = np.arange(half) / self.shape[-1]
            spectrum_axes.semilogy(frequency[visible], spectrum[visible], **style)
        covariance_axes.set(xlabel="distance (sites)", ylabel="covariance")
        spectrum_axes.set(xlabel="frequency (cycles/site)", ylabel="power")
        covariance_axes.legend(frameon=False)
        for ax in (covariance_axes, spectrum_axes):
            tidy(ax)
        return self


def _autocovariance(model: InputModel, rng: np.random.Generator) -> NDArray[Any]:
    """Covariance with the site at a displacement around the lattice."""
    if isinstance(model, StationaryField) and model.boundary == "periodic":
        try:
            return model.autocovariance()
        except NotImplementedError:
            pass
    samples = model.sample(_N_SAMPLES, rng).reshape(-1, *model.shape)
    axes = tuple(range(1, samples.ndim))
    power = np.mean(np.abs(np.fft.fftn(samples, axes=axes)) ** 2, axis=0)
    return np.fft.ifftn(power).real / model.n_features


def plot_samples(axes: Any, samples: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Draw one input a class: offset lines on one axes, or one image an axes."""
    if len(shape) == 1:
        spread = 2.6 * np.abs(samples).max()
        for label, sample in enumerate(samples):
            color, _ = _CLASS_STYLES[label % len(_CLASS_STYLES)]
            axes[0].axhline(-spread * label, color="0.85", linewidth=0.8, zorder=0)
            axes[0].plot(sample - spread * label, color=color)
        ticks = [-spread * label for label in range(len(samples))]
        names = [f"class {label}" for label in range(len(samples))]
        axes[0].set_yticks(ticks, names)
        axes[0].set(xlabel="site")
        tidy(axes[0])
        return
    bound = limit(samples)
    for label, (ax, sample) in enumerate(zip(axes, samples, strict=True)):
        ax.imshow(sample.reshape(shape), cmap=FIELD_COLORS, vmin=-bound, vmax=bound)
        ax.set(xticks=[], yticks=[], xlabel=f"class {label}")
