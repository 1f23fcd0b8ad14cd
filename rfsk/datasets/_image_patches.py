"""Patches of photographs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from sklearn.datasets import load_sample_images

from .._core._types import Array, Integers
from .._core._validation import check_array, check_lattice_shape
from ._gaussian import MultivariateGaussian
from ._generator_decorator import Classes, generator
from ._model import InputModel, Sampler

_ROWS_AT_A_TIME = 2**22  # number of values of the patches that are copied at a time
_MOST_CHANNELS = 4  # red, green, blue and alpha
_SMALLEST = 1e-12  # directions below this fraction of the largest eigenvalue are not whitened


@dataclass(frozen=True, eq=False)
class ImagePatches(Sampler):
    """Patches of photographs at random positions, drawn with replacement.

    Images are converted to grey by averaging the colour channels. The mean of each patch and the
    mean patch are subtracted, and all pixels are divided by one factor so that the average variance
    of the pixels is one. The covariance and the kurtosis of the patches are exact averages over all
    positions of a patch in the images.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of a patch.
    images : array-like or sequence of array-like, optional
        A photograph, (rows, columns) or (rows, columns, channels), a list of photographs, or a
        stack of them. An array with three axes is one photograph if its last axis has at most four
        entries; alpha channels are ignored. By default, the two photographs of scikit-learn, which
        are loaded with Pillow.
    whiten : bool, default=False
        Whether to whiten patches by zero-phase component analysis (ZCA). In whitened patches, all
        directions except the constant patch have equal variance, and only higher-order statistics
        distinguish patches from white noise (Olshausen and Field, 1996).

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk.datasets import ImagePatches
    >>> model = ImagePatches((8, 8), images=np.random.default_rng(0).normal(size=(60, 80)))
    """

    shape: tuple[int, ...]
    _: KW_ONLY
    images: ArrayLike | Sequence[ArrayLike] | None = None
    whiten: bool = False

    def __post_init__(self) -> None:
        shape = check_lattice_shape(self.shape)
        if len(shape) != 2 or math.prod(shape) < 2:
            raise ValueError(
                "`shape` must be (rows, columns) of a patch with at least two pixels, got "
                f"{self.shape!r}."
            )
        object.__setattr__(self, "shape", shape)
        if not isinstance(self.whiten, bool | np.bool_):
            raise ValueError(f"`whiten` must be True or False, got {self.whiten!r}.")
        if self.images is not None:
            images: Any = self.images
            if not isinstance(images, Sequence):
                images = np.asarray(images)
                is_colour = images.ndim == 3 and images.shape[2] <= _MOST_CHANNELS
                images = [images] if images.ndim == 2 or is_colour else list(np.atleast_1d(images))
            if len(images) == 0 or min(map(np.ndim, images)) < 2:
                raise ValueError(
                    "`images` must be a photograph, a list of photographs or a stack of them, each "
                    "an array of shape (rows, columns) or (rows, columns, channels), got an empty "
                    "sequence or other arrays."
                )
            object.__setattr__(self, "images", images)
        self._transform  # noqa: B018  # raises if no patch fits or all are constant

    @cached_property
    def _pictures(self) -> list[Array]:
        """Grey images minus their mean; the subtraction reduces rounding errors of the patches."""
        images: Any = load_sample_images().images if self.images is None else self.images
        pictures = []
        for number, image in enumerate(images):
            name = f"images[{number}]"
            pixels = check_array(image, name, allow_nd=True)
            if pixels.ndim == 3 and (n_channels := pixels.shape[2]) <= _MOST_CHANNELS:
                pixels = pixels[:, :, : n_channels - (n_channels in (2, 4))].mean(axis=2)
            if pixels.ndim != 2 or any(
                side < wanted for side, wanted in zip(pixels.shape, self.shape, strict=True)
            ):
                raise ValueError(
                    f"`{name}` must have shape (rows, columns) or (rows, columns, channels) with "
                    f"at most {_MOST_CHANNELS} channels and be no smaller than a patch of "
                    f"{self.shape}, got shape {np.shape(image)}. If channels come first, pass "
                    "np.moveaxis(image, 0, -1)."
                )
            pictures.append(pixels - pixels.mean())
        return pictures

    @cached_property
    def _windows(self) -> list[NDArray[Any]]:
        """Views of all patches of each image, (n_down, n_across, rows, columns)."""
        return [sliding_window_view(picture, self.shape) for picture in self._pictures]

    @cached_property
    def _n_places(self) -> Integers:
        """Number of positions of a patch in each image."""
        return np.array([window.shape[0] * window.shape[1] for window in self._windows])

    def _every_patch(self) -> Iterator[Array]:
        """Yield all patches before any transformation, in blocks."""
        for window in self._windows:
            step = max(1, _ROWS_AT_A_TIME // (window.shape[1] * self.n_features))
            for top in range(0, window.shape[0], step):
                yield window[top : top + step].reshape(-1, self.n_features)

    @cached_property
    def _mean(self) -> Array:
        """Mean patch, after subtraction of the mean of each patch."""
        mean = sum(map(self._over_places, self._pictures)) / self._n_places.sum()
        return np.asarray(mean - mean.mean()).ravel()

    @cached_property
    def _raw_covariance(self) -> Array:
        """Covariance of the patches before scaling and whitening."""
        rows, columns = self.shape
        products = np.zeros((rows, columns, rows, columns))
        for down in range(rows):
            for right in range(1 - columns if down else 0, columns):
                left = max(0, -right)  # smallest column of a pixel with a partner in the patch
                sums: Any = 0.0
                for picture in self._pictures:
                    width = picture.shape[1] - abs(right)
                    first = picture[: len(picture) - down, left : left + width]
                    second = picture[down:, left + right : left + right + width]
                    sums = sums + self._over_places(first * second, (down, abs(right)))
                of_row, of_column = np.indices(sums.shape)
                of_column += left
                pair = of_row, of_column, of_row + down, of_column + right
                products[pair] = products[pair[2:] + pair[:2]] = sums
        covariance = products.reshape(self.n_features, -1) / self._n_places.sum()
        covariance -= covariance.mean(axis=0)  # subtracts the mean of each patch
        covariance -= covariance.mean(axis=1, keepdims=True)
        return np.asarray(covariance - np.outer(self._mean, self._mean))

    def _over_places(self, values: Array, lag: tuple[int, int] = (0, 0)) -> Array:
        """For each pixel of a patch, sum `values` over all positions of the patch in an image.

        Each entry of `values` belongs to a pixel of the image or, with a `lag`, to two pixels at
        this distance that must both lie in the patch.
        """
        for side, distance in zip(self.shape, lag, strict=True):
            n_places = len(values) + distance - side + 1
            steps = values[n_places:] - values[: len(values) - n_places]
            values = np.vstack([values[:n_places].sum(axis=0), steps]).cumsum(axis=0).T
        return values

    @cached_property
    def _transform(self) -> tuple[float | Array, Array]:
        """Scale factor or whitening matrix, and the covariance of scaled or whitened patches."""
        n_features, raw = self.n_features, self._raw_covariance
        variance = raw.trace() / n_features
        contrast = max(float(np.abs(picture).max()) for picture in self._pictures)
        if not variance > 1e-20 * contrast**2:
            raise ValueError(
                "`images` must have contrast within patches and at least two patches: they are "
                "constant over every patch, or have the size of a single patch."
            )
        if not self.whiten:
            return 1.0 / math.sqrt(variance), raw / variance
        eigenvalues, vectors = np.linalg.eigh(raw)
        kept = eigenvalues > _SMALLEST * eigenvalues[-1]
        vectors, eigenvalues = vectors[:, kept], eigenvalues[kept]
        scale = math.sqrt(n_features / len(eigenvalues))
        matrix = scale * (vectors / np.sqrt(eigenvalues)) @ vectors.T
        return matrix, scale**2 * vectors @ vectors.T

    def _prepare(self, patches: Array) -> Array:
        deviations = patches - patches.mean(axis=1, keepdims=True) - self._mean
        return np.asarray(np.dot(deviations, self._transform[0]))

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        rows = np.empty((n_samples, self.n_features))
        ends = np.cumsum(self._n_places)
        place = rng.integers(ends[-1], size=n_samples)
        image = np.searchsorted(ends, place, side="right")
        for number, window in enumerate(self._windows):
            chosen = image == number
            within = place[chosen] - (ends[number] - self._n_places[number])
            down, across = np.divmod(within, window.shape[1])
            rows[chosen] = self._prepare(window[down, across].reshape(-1, self.n_features))
        return rows

    def covariance(self) -> Array:
        """Exact covariance of the patches at all positions, (n_features, n_features)."""
        return np.array(self._transform[1])

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of patches, from moments averaged over all positions and pixels."""
        squares = (np.square(self._prepare(patches)) for patches in self._every_patch())
        fourth = sum(float(np.vdot(square, square)) for square in squares)
        return fourth / float(self._n_places.sum() * self.n_features) - 3.0

    def gaussian_clone(self) -> MultivariateGaussian:
        """Gaussian inputs with the same covariance as the patches."""
        return MultivariateGaussian(np.zeros(self.n_features), self.covariance(), shape=self.shape)


@generator
def make_image_patches(
    shape: tuple[int, int] = (12, 12),
    *,
    images: Sequence[ArrayLike] | None = None,
    whiten: bool = False,
) -> Classes:
    """Draw natural image patches (class 0) and Gaussian inputs of equal covariance (class 1).

    Parameters
    ----------
    shape : (int, int), default=(12, 12)
        Rows and columns of a patch.
    images : sequence of array-like, optional
        Photographs, see `rfsk.datasets.ImagePatches`; by default the two photographs of
        scikit-learn.
    whiten : bool, default=False
        Whether to whiten patches.

    Examples
    --------
    >>> from rfsk.datasets import make_image_patches
    >>> X, y = make_image_patches(1000, (8, 8), random_state=0)
    """
    patches = ImagePatches(shape, images=images, whiten=whiten)
    models: list[InputModel] = [patches, patches.gaussian_clone()]
    return models, {"class": ("patches", "gaussian clone"), "whiten": whiten}
