"""Checks of how an input model draws: shapes, seeds and independence."""

import copy
import math
import numbers
import pickle
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._core._random import spawn_seeds
from ._checks import NotApplicable, Remark
from ._statistics import farthest, mean_and_error

Array = NDArray[np.float64]

FEW = 7  # rows that tell rows from columns on nearly every lattice
_UNSEEDED = 12  # further calls without a seed


class Subject:
    """A model under check, and the samples that the checks share."""

    def __init__(self, model: Any, n_samples: int, random_state: Any) -> None:
        self.model = model
        self.n_samples = n_samples
        self.seeds = spawn_seeds(random_state, 8)

    @property
    def n_features(self) -> int:
        """Number of sites."""
        return int(self.model.n_features)

    @cached_property
    def X(self) -> Array:  # noqa: N802
        """Inputs drawn by the model."""
        return np.asarray(self.model.sample(self.n_samples, self.seeds[0]))

    @cached_property
    def covariance(self) -> Array:
        """What the model says of its covariance."""
        return np.asarray(self.closed_form("covariance"))

    def rng(self, number: int) -> np.random.Generator:
        """A generator of the checker's own."""
        return np.random.default_rng(self.seeds[number])

    def closed_form(self, member: str, *arguments: Any) -> Any:
        """What a member gives; the check does not apply where the model has none."""
        method = getattr(self.model, member, None)
        if method is None:
            raise NotApplicable(f"the model has no {member}.")
        try:
            return method(*arguments)
        except NotImplementedError as error:
            raise NotApplicable(f"{member} is not implemented: {error}") from error


def check_shape(subject: Subject) -> None:
    """`shape` is a tuple of sides that multiply to `n_features`."""
    shape, n_features = subject.model.shape, subject.model.n_features
    valid = isinstance(shape, tuple) and len(shape) > 0
    if not valid or not all(isinstance(side, numbers.Integral) and int(side) > 0 for side in shape):
        raise AssertionError(
            f"shape is {shape!r}; expected a tuple of sides in sites, such as (30,) for a ring or "
            "(6, 5) for a torus. A single number needs its comma: (30,)."
        )
    if not isinstance(n_features, numbers.Integral) or n_features != math.prod(shape):
        raise AssertionError(
            f"n_features is {n_features!r}; expected the product of the sides of shape {shape}, "
            f"{math.prod(shape)}, as an attribute or property."
        )


def check_sample_shape(subject: Subject) -> None:
    """`sample` gives one row an input, also if there is one only."""
    # Never as many rows as features, or a transposed array would look right.
    few = FEW if subject.n_features != FEW else FEW + 1
    for n_samples in (few, 1):
        X = subject.model.sample(n_samples, subject.seeds[1])
        expected = (n_samples, subject.n_features)
        if not isinstance(X, np.ndarray):
            raise AssertionError(
                f"sample({n_samples}) gave a {type(X).__name__}; expected a NumPy array of shape "
                f"{expected}."
            )
        if X.shape == expected[::-1] != expected:
            raise AssertionError(
                f"sample({n_samples}) has shape {X.shape}, which is transposed; expected "
                f"{expected}, one row an input. Return the array's .T."
            )
        if X.shape != expected:
            flat = math.prod(X.shape) == math.prod(expected)
            hint = " Lay images out flat: X.reshape(n_samples, -1)." if flat else ""
            raise AssertionError(
                f"sample({n_samples}) has shape {X.shape}; expected {expected}, one row an input "
                f"and one column a site.{hint}"
            )


def check_sample_dtype(subject: Subject) -> None:
    """Inputs are in double precision."""
    dtype = subject.X.dtype
    if dtype != np.float64:
        raise AssertionError(
            f"sample gives {dtype}; expected float64, in which moments are exact enough. Draw in "
            "double precision, or return X.astype(np.float64) if the numbers are whole."
        )


def check_sample_finite(subject: Subject) -> None:
    """Inputs are numbers."""
    rows = np.flatnonzero(~np.isfinite(subject.X).all(axis=1))
    if len(rows):
        raise AssertionError(
            f"{len(rows)} of {len(subject.X)} inputs hold NaN or infinity, the first in row "
            f"{rows[0]}; expected finite numbers. Look for a division by zero, an overflow, or "
            "the root of a negative eigenvalue."
        )


def check_same_seed(subject: Subject) -> None:
    """One seed gives one array."""
    seed = subject.seeds[2]
    first = subject.model.sample(FEW, seed)
    for again in (
        subject.model.sample(FEW, seed),
        subject.model.sample(FEW, random_state=seed),
    ):
        if not np.array_equal(first, again):
            raise AssertionError(
                f"sample({FEW}, {seed}) gave two different arrays; expected the same one. The "
                "seed is not used, or only in part: begin with rng = np.random.default_rng("
                "random_state) and draw from this rng alone, never from np.random.randn and the "
                "like."
            )


def check_other_seeds(subject: Subject) -> None:
    """Other seeds give other arrays, and so does none."""
    sample = subject.model.sample
    if np.array_equal(sample(FEW * 4, subject.seeds[2]), sample(FEW * 4, subject.seeds[3])):
        raise AssertionError(
            "two different seeds gave the same array; expected different ones. A generator with a "
            "fixed seed is used in place of random_state."
        )
    first = sample(FEW * 4)
    # No seed decides here: a law of few values may repeat itself by chance, but not so often.
    if all(np.array_equal(first, sample(FEW * 4)) for _ in range(_UNSEEDED)):
        raise AssertionError(
            "calls without random_state gave the same array; expected fresh numbers each "
            "time. Let random_state default to None, which np.random.default_rng takes as such."
        )


def check_generator(subject: Subject) -> None:
    """A Generator is drawn from, and so advances."""
    rng = np.random.default_rng(subject.seeds[2])
    try:
        first = subject.model.sample(FEW * 4, rng)
    except (TypeError, ValueError, AttributeError) as error:
        raise AssertionError(
            f"sample refused a numpy.random.Generator ({type(error).__name__}: {error}); expected "
            "it to be drawn from, as tasks pass one on. np.random.default_rng(random_state) takes "
            "integers, None and generators alike."
        ) from error
    if np.array_equal(first, subject.model.sample(FEW * 4, rng)):
        raise AssertionError(
            "two draws from one Generator gave the same array; expected the second to go on where "
            "the first ended. Draw from the generator itself, not from a copy or from a seed taken "
            "from its state; every batch of a training would be the same."
        )
    again = subject.model.sample(FEW * 4, np.random.default_rng(subject.seeds[2]))
    if not np.array_equal(first, again):
        raise AssertionError(
            "two equal Generators gave different arrays; expected the same one. Something is drawn "
            "from elsewhere than the Generator passed as random_state."
        )


def check_global_state(subject: Subject) -> None:
    """NumPy's global generator is neither read nor seeded."""
    before = np.random.get_state()  # noqa: NPY002
    try:
        np.random.seed(subject.seeds[4])  # noqa: NPY002
        state = np.random.get_state()  # noqa: NPY002
        for seed in (subject.seeds[2], None):
            subject.model.sample(FEW, seed)
            if not _same_state(state, np.random.get_state()):  # noqa: NPY002
                raise AssertionError(
                    f"sample({FEW}, {seed}) changed NumPy's global generator; expected it left "
                    "alone, as other code may rely on it. Replace np.random.seed and "
                    "np.random.randn by rng = np.random.default_rng(random_state) and "
                    "rng.standard_normal."
                )
    finally:
        np.random.set_state(before)  # noqa: NPY002


def _same_state(first: Any, second: Any) -> bool:
    return all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def check_independent_rows(subject: Subject) -> None:
    """Products of values and of squares of two rows of one draw vanish on average."""
    other = np.asarray(subject.model.sample(subject.n_samples, subject.seeds[5]))
    other_mean = other.mean(axis=0)
    scale = float(np.sqrt(np.mean((other - other_mean) ** 2))) or 1.0
    values = (subject.X - other_mean) / scale
    # Bounded, so that laws with heavy tails tell as much as others.
    squares = np.tanh(values**2)
    squares -= np.tanh(((other - other_mean) / scale) ** 2).mean(axis=0)
    half = len(values) // 2
    pairs = {
        "neighbouring rows": (slice(0, 2 * half, 2), slice(1, 2 * half, 2)),
        "rows half a draw apart": (slice(0, half), slice(half, 2 * half)),
    }
    for which, (one, two) in pairs.items():
        for what, rows in (("values", values), ("squares", squares)):
            products = (rows[one] * rows[two]).mean(axis=1)
            mean, error = mean_and_error(products[:, None])
            deviation = farthest(mean, error, 0.0)
            if deviation is not None:
                raise AssertionError(
                    f"{which} are not independent: the average product of their {what} is "
                    f"{deviation.got:.3g}, {deviation.standard_errors:.1f} standard errors from "
                    "zero. Draw noise of shape (n_samples, n_features) rather than one row for "
                    "all, and leave enough sweeps of a Markov chain between two inputs."
                )


def check_pickling(subject: Subject) -> None:
    """A copy by pickle draws the same inputs, and is equal where models are values."""
    model = subject.model
    try:
        again = pickle.loads(pickle.dumps(model))
    except Exception as error:
        raise AssertionError(
            f"the model cannot be pickled ({type(error).__name__}: {error}); expected a copy, as "
            "processes working in parallel receive one. Lambdas and functions inside functions "
            "cannot be pickled: define them at the top of a module."
        ) from error
    if not np.array_equal(again.sample(FEW, subject.seeds[2]), model.sample(FEW, subject.seeds[2])):
        raise AssertionError(
            "the pickled copy draws other inputs from the same seed; expected the same. Keep what "
            "the law depends on in attributes, not in module variables or open files."
        )
    # Of a class without an equality of its own not even a shallow copy is equal.
    if _is_equal(copy.copy(model), model) and not _is_equal(again, model):
        raise Remark(
            "the pickled copy draws the same inputs but is not equal to the model, though its "
            "class defines equality: some parameter, such as a frozen SciPy distribution, has none."
        )


def _is_equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except ValueError:  # of arrays among the parameters, whose comparison is an array
        return False


def check_chunks(subject: Subject) -> None:
    """`chunks` gives the rows of `sample`, in pieces."""
    total = 50
    chunks = list(subject.closed_form("chunks", total, 20, subject.seeds[2]))
    sizes = [np.shape(chunk) for chunk in chunks]
    expected = [(n, subject.n_features) for n in (20, 20, 10)]
    if sizes != expected:
        raise AssertionError(
            f"chunks({total}, 20) gave arrays of shapes {sizes}; expected {expected}, the last one "
            "with the rows that remain."
        )
    rows = np.concatenate(list(subject.model.chunks(total, random_state=subject.seeds[2])))
    if not np.array_equal(rows, subject.model.sample(total, subject.seeds[2])):
        raise AssertionError(
            "the chunks of the default size and sample give other rows from the same seed; "
            "expected the same. Draw all chunks from one generator, made before the first."
        )
