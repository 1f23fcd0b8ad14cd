"""Parts that all generators `make_*` share: their documentation, and how they draw."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sklearn.utils import Bunch

from .._core._docstrings import shared_entries
from .._core._random import generator_and_seed
from .._core._validation import check_one_per_class
from ._discrimination import Discrimination
from ._model import InputModel

Make = TypeVar("Make", bound=Callable[..., Any])

_ENTRIES = """\
n_samples : int, default=20_000
    Number of inputs over all classes.
shape : int or (int, int), default=100
    Sites of the ring, or (rows, columns) of the torus.
correlation_length : sequence of float, default=(5.0, 10.0)
    One length per class, in sites: class i has the i-th. In two dimensions an entry may be a
    pair, one length along each axis.
kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
    Kernel of the Gaussian field, see `rfsk.datasets.GaussianField`.
boundary : {"periodic", "open"}, default="periodic"
    A ring or torus, or a window on an endless field.
n_sweeps : int, optional
    Sweeps between two samples of a chain (torus only), see `rfsk.datasets.Ising`.
"""
_DRAW = """\
priors : sequence of float, optional
        Fraction of each class; equal by default.
    shuffle : bool, default=True
        Whether to put the classes in random order.
    random_state : int, Generator, RandomState or None, default=None
        Seed of the draw.
    return_X_y : bool, default=True
        False returns a Bunch with X, y, task, shape, target_names, parameters and DESCR.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Inputs, float64.
    y : ndarray of shape (n_samples,)
        Labels from 0, int64."""


def documented(make: Make) -> Make:
    """Fill shared entries into the docstring of a generator, in place of lines ``@name``."""
    make.__doc__ = (make.__doc__ or "").replace("@draw", _DRAW)
    return shared_entries(_ENTRIES)(make)


def draw_models(
    models: Sequence[InputModel],
    parameters: dict[str, Any],
    n_samples: int,
    priors: Sequence[float] | None,
    shuffle: bool,
    random_state: Any,
    return_X_y: bool,
) -> Any:
    """Draw X and y, or a Bunch; the first of `parameters` has one value per class."""
    task = Discrimination(models, priors)
    rng, seed = generator_and_seed(random_state)
    X, y = task.sample(n_samples, rng, shuffle=shuffle)
    if return_X_y:
        return X, y
    name, values = next(iter(parameters.items()))
    classes = [f"class {label}: {model!r}" for label, model in enumerate(task.models)]
    remark = getattr(task.models[0], "remark", "")
    return Bunch(
        X=X,
        y=y,
        task=task,
        shape=task.shape,
        target_names=[value if name == "class" else f"{name}={_brief(value)}" for value in values],
        parameters=parameters,
        random_state=seed,
        DESCR="\n".join(filter(None, [*classes, f"random_state: {seed}", remark])),
    )


def draw_family(
    model: Any, shape: Any, name: str, values: Any, common: dict[str, Any], *draw: Any
) -> Any:
    """Draw classes of one model that differ in one parameter; `draw` is as for `draw_models`."""
    values = check_one_per_class(values, name)
    models = [model(shape, **{name: value}, **common) for value in values]
    return draw_models(models, {name: values, **common}, *draw)


def _brief(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
