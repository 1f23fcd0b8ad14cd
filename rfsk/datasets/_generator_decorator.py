"""Decorator that makes the data generators `make_*`, and their common docstring entries."""

from collections.abc import Callable, Sequence
from functools import wraps
from inspect import Signature, cleandoc, signature
from typing import Any

from sklearn.utils import Bunch

from .._core._docstrings import shared_entries
from .._core._foreign_names import suggestion
from .._core._random import generator_and_seed
from .._core._validation import check_one_per_class
from ._discrimination import Discrimination
from ._model import InputModel

Classes = tuple[Sequence[InputModel], dict[str, Any]]

_ENTRIES = """\
shape : int or (int, int), default=100
    Sites of the ring, or (rows, columns) of the torus.
correlation_length : sequence of float, default=(5.0, 10.0)
    Correlation length of each class, in sites. In two dimensions, each entry can be a pair with one
    length per axis.
kernel : {"gaussian", "exponential"}, Matern or callable, default="gaussian"
    Kernel of the Gaussian field, see `rfsk.datasets.GaussianField`.
boundary : {"periodic", "open"}, default="periodic"
    "periodic" for a ring or torus, "open" for a window of an infinite field.
n_sweeps : int, optional
    Number of sweeps between two samples of a Markov chain (torus only); see `rfsk.datasets.Ising`.
"""
_FIRST = """
n_samples : int, default=20_000
    Total number of inputs of all classes."""
_LAST = """
priors : sequence of float, optional
    Probability of each class; equal by default.
shuffle : bool, default=True
    Whether to shuffle the rows; otherwise they are sorted by class.
random_state : int, Generator, RandomState or None, default=None
    Seed of the draw.
return_X_y : bool, default=True
    If False, return a Bunch with X, y, task, shape, target_names, parameters, random_state and
    DESCR.

Returns
-------
X : ndarray of shape (n_samples, n_features)
    Inputs, float64.
y : ndarray of shape (n_samples,)
    Labels from 0, int64."""


def generator(classes: Callable[..., Classes]) -> Callable[..., Any]:
    """Turn a function that returns models and a dict of parameters into a data generator."""

    @wraps(classes, assigned=("__module__", "__name__", "__qualname__"))
    def make(
        n_samples: int = 20_000,
        *arguments: Any,
        priors: Sequence[float] | None = None,
        shuffle: bool = True,
        random_state: Any = None,
        return_X_y: bool = True,
        **options: Any,
    ) -> Any:
        for name in options:
            if name not in known:
                raise TypeError(
                    f"{classes.__name__}() got an unexpected keyword argument {name!r}."
                    f"{suggestion(name, known)}"
                )
        models, parameters = classes(*arguments, **options)
        task = Discrimination(models, priors)
        rng, seed = generator_and_seed(random_state)
        X, y = task.sample(n_samples, rng, shuffle=shuffle)
        if return_X_y:
            return X, y
        name, values = next(iter(parameters.items()))
        texts = [f"{value:g}" if isinstance(value, int | float) else str(value) for value in values]
        lines = [f"class {label}: {model!r}" for label, model in enumerate(models)]
        lines += [f"random_state: {seed}", getattr(models[0], "remark", "")]
        return Bunch(
            X=X,
            y=y,
            task=task,
            shape=task.shape,
            target_names=list(values) if name == "class" else [f"{name}={text}" for text in texts],
            parameters=parameters,
            random_state=seed,
            DESCR="\n".join(filter(None, lines)),
        )

    first, _, *last, _ = signature(make, follow_wrapped=False).parameters.values()
    parameters = [first, *signature(classes).parameters.values(), *last]
    vars(make)["__signature__"] = Signature(parameters, return_annotation=Any)
    known = [parameter.name for parameter in parameters]
    head, line, entries = cleandoc(classes.__doc__ or "").partition("\n----------")
    entries, title, examples = entries.partition("\n\nExamples")
    make.__doc__ = head + line + _FIRST + entries + _LAST + title + examples
    return shared_entries(_ENTRIES)(make)


def family(model: Any, name: str, *, shape: Any, **common: Any) -> Classes:
    """Return one model for each value of the parameter `name`, and a dict of all parameters."""
    values = check_one_per_class(common.pop(name), name)
    return [model(shape, **{name: value}, **common) for value in values], {name: values, **common}
