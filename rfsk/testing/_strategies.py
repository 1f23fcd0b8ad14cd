"""Hypothesis strategies for lattices, fields and input models."""

import math
from collections.abc import Collection
from functools import cache, partial
from typing import Any

import numpy as np

from .._core._types import Array, Shape
from ..datasets import (
    NLGP,
    Algebraic,
    EllipticalField,
    GaussianField,
    Ising,
    Matern,
    Phi4,
    Pulses,
    StudentT,
    TransformedField,
)

try:
    from hypothesis import assume
    from hypothesis import strategies as st
    from hypothesis.extra.numpy import arrays
except ImportError as error:
    raise ImportError(
        "The strategies of `rfsk.testing` need Hypothesis: pip install hypothesis."
    ) from error


def lattice_shapes(*, max_side: int = 24) -> st.SearchStrategy[Shape]:
    """Draw shapes of rings and tori; a torus has at most about twice `max_side` sites.

    Parameters
    ----------
    max_side : int, default=24
        Number of sites of the largest ring.

    Returns
    -------
    shapes : SearchStrategy of tuple of int

    Examples
    --------
    >>> from hypothesis import given
    >>> from rfsk.testing import lattice_shapes
    >>> @given(lattice_shapes(max_side=12))
    ... def test_sides(shape):
    ...     assert len(shape) in (1, 2) and max(shape) <= 12
    >>> test_sides()
    """
    sides = st.integers(1, min(max_side, round(math.sqrt(2 * max_side))))
    return st.one_of(st.tuples(st.integers(1, max_side)), st.tuples(sides, sides))


@st.composite
def fields(
    draw: st.DrawFn, shape: int | Shape | None = None, *, n_units: int | None = None
) -> Array:
    """Draw nonzero receptive fields: arbitrary values, Gaussian bumps or Fourier modes.

    Parameters
    ----------
    shape : int or tuple of int, optional
        Lattice of the fields; drawn from `lattice_shapes` by default.
    n_units : int, optional
        Number of fields; a single field by default.

    Returns
    -------
    fields : SearchStrategy of ndarray of shape `shape` or (n_units, n_features)

    Examples
    --------
    >>> from hypothesis import given
    >>> from rfsk import ipr
    >>> from rfsk.testing import fields
    >>> @given(fields(12, n_units=3))
    ... def test_lower_bound(population):
    ...     assert all(ipr(population) > 0.08)
    >>> test_lower_bound()
    """
    if shape is None:
        shape = draw(lattice_shapes())
    elif isinstance(shape, int):
        shape = (shape,)
    rows = [_field(draw, shape) for _ in range(n_units or 1)]
    return rows[0] if n_units is None else np.stack(rows).reshape(n_units, -1)


def _field(draw: st.DrawFn, shape: Shape) -> Array:
    kind = draw(st.sampled_from(["any", "bump", "mode"]))
    if kind == "any":
        field = draw(arrays(np.float64, shape, elements=st.floats(-10, 10, width=16)))
        assume(np.abs(field).max() > 0.01)
        return np.asarray(field)
    sites, sides = np.indices(shape), np.array(shape).reshape(-1, *[1] * len(shape))
    if kind == "bump":
        width = draw(st.floats(0.3, max(1.0, max(shape) / 4)))
        center = [draw(st.floats(0.0, side - 1.0)) for side in shape]
        distance = np.abs(sites - np.reshape(center, sides.shape))
        squared = (np.minimum(distance, sides - distance) ** 2).sum(axis=0)
        field = np.exp(-0.5 * (squared - squared.min()) / width**2)
    else:
        frequency = [draw(st.integers(0, side // 2)) for side in shape]
        phase = (np.reshape(frequency, sides.shape) * sites / sides).sum(axis=0)
        field = np.cos(2.0 * np.pi * (phase + draw(st.floats(0.0, 1.0))))
    assume(np.abs(field).max() > 0.1)
    return np.asarray(draw(st.sampled_from([1.0, -1.0, 10.0, -0.1])) * field)


@cache
def _models(shape: Shape, boundary: str | None) -> dict[type, st.SearchStrategy[Any]]:
    """Strategies for the input models on a lattice; keys are the Python classes of the models."""
    relative = st.floats(0.1, 1.0)
    lengths = relative | st.tuples(*[relative] * len(shape))
    kernels = st.sampled_from(["gaussian", "exponential"]) | st.floats(0.3, 5.0).map(Matern)
    ring = {
        "shape": st.just(shape),
        "correlation_length": lengths.map(lambda length: np.multiply(length, min(shape)).tolist()),
        "kernel": kernels,
    }
    edge = st.just(boundary) if boundary else st.sampled_from(["periodic", "open"])
    field = {**ring, "boundary": edge}
    maps = st.sampled_from(["erf", "tanh", "sign"])
    small, large = (st.floats(*powers).map(lambda p: 10.0**p) for powers in [(-3, -1), (-1, 3)])
    marginals = st.sampled_from(["uniform", "sign", "laplace"]) | st.floats(2.5, 20).map(Algebraic)
    models: dict[type, st.SearchStrategy[Any]] = {
        GaussianField: st.builds(GaussianField, **field),
        NLGP: st.builds(NLGP, **field, gain=small)
        | st.builds(NLGP, **field, gain=large, nonlinearity=maps),
        TransformedField: st.builds(TransformedField, **field, marginal=marginals),
    }
    if boundary == "open":
        return models
    radial = st.just("shell") | st.floats(2.1, 50.0).map(StudentT)
    phi4 = partial(st.builds, Phi4, st.just(shape), standardize=st.just(True))
    models[EllipticalField] = st.builds(EllipticalField, **ring, radial=radial)
    models[Phi4] = phi4(
        coupling=st.floats(0, 10), mass_squared=st.floats(0.1, 10), quartic=st.just(0.0)
    )
    if len(shape) == 1 and shape[0] > 1:
        models[Phi4] |= phi4(
            coupling=st.floats(0, 5), mass_squared=st.floats(-15, 5), quartic=st.floats(0.5, 10)
        )
        temperatures = st.floats(0.2, 50.0)
        models[Ising] = st.builds(Ising, st.just(shape), temperature=temperatures)
        sides = st.integers(1, shape[0])
        lengths = st.lists(sides, min_size=2, max_size=2, unique=True).map(sorted).map(tuple)
        models[Pulses] = st.builds(Pulses, st.just(shape), length=lengths)
    return models


def input_models(
    families: Collection[type] | None = None,
    *,
    shape: int | Shape | None = None,
    boundary: str | None = None,
    max_side: int = 24,
) -> st.SearchStrategy[Any]:
    """Draw input models with unit variance and a closed form of the covariance.

    Parameters
    ----------
    families : collection of classes, optional
        Python classes of the models; by default `GaussianField`, `NLGP`, `TransformedField`,
        `EllipticalField`, `Ising`, `Pulses` and `Phi4`.
    shape : int or tuple of int, optional
        Lattice of the models; drawn by default.
    boundary : {"periodic", "open"}, optional
        Boundary of the models; by default, models with periodic and with open boundaries are drawn.
    max_side : int, default=24
        Number of sites of the largest ring, as in `lattice_shapes`.

    Returns
    -------
    models : SearchStrategy of input models

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rfsk.testing import input_models
    >>> @settings(max_examples=5)
    ... @given(input_models(boundary="periodic", max_side=10))
    ... def test_bound(model):
    ...     assert abs(model.covariance()).max() <= 1.0 + 1e-9
    >>> test_bound()
    """

    def of_shape(shape: Shape) -> st.SearchStrategy[Any]:
        known = _models(shape, boundary)
        fitting = [known[family] for family in families or known if family in known]
        if not fitting:
            raise ValueError(
                f"`families` must contain a class with models for shape={shape} and "
                f"boundary={boundary!r}. These are {[family.__name__ for family in known]}."
            )
        return st.one_of(fitting)

    if shape is not None:
        return of_shape((shape,) if isinstance(shape, int) else shape)
    of_shape((2,))
    if families and set(families) <= {Ising, Pulses}:
        return st.tuples(st.integers(2, max_side)).flatmap(of_shape)
    return lattice_shapes(max_side=max_side).flatmap(of_shape)
