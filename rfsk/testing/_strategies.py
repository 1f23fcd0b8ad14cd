"""Hypothesis strategies: lattices, fields and input models, drawn at random and shrunk."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._core._validation import check_lattice_shape, check_option, check_positive
from ..datasets import Discrimination
from ._model_families import BOUNDARIES, chosen_families

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

Array = NDArray[np.float64]

KINDS = ("any", "bump", "wave")
_LARGEST_TORUS = 2  # sites of the largest torus, in sites of the largest ring


def require_hypothesis() -> None:
    """Raise if Hypothesis is not installed, and say how to install it."""
    try:
        import hypothesis  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "the strategies of rfsk.testing need Hypothesis, which is not installed: pip install "
            "hypothesis. The checks do without."
        ) from error


def lattice_shapes(*, min_side: int = 1, max_side: int = 24) -> "SearchStrategy[tuple[int, ...]]":
    """Draw shapes of lattices: rings, and tori small enough to be cheap.

    Parameters
    ----------
    min_side : int, default=1
        Smallest side.
    max_side : int, default=24
        Sites of the largest ring. Sides of tori are at most the root of twice that.

    Returns
    -------
    shapes : SearchStrategy of tuple of int
        (n_sites,) or (rows, columns). It shrinks towards small rings.

    Raises
    ------
    ImportError
        If Hypothesis is not installed.
    ValueError
        If a side is not a positive integer, or the smallest exceeds the largest.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rfsk.testing import lattice_shapes
    >>> @settings(max_examples=10)
    ... @given(lattice_shapes(max_side=12))
    ... def test_sides(shape):
    ...     assert len(shape) in (1, 2) and max(shape) <= 12
    >>> test_sides()
    """
    require_hypothesis()
    from hypothesis import strategies as st

    check_positive(min_side, "min_side", integer=True)
    check_positive(max_side, "max_side", integer=True)
    if min_side > max_side:
        raise ValueError(f"min_side={min_side} exceeds max_side={max_side}; expected at most that.")
    rings = st.tuples(st.integers(min_side, max_side))
    largest = min(max_side, round(math.sqrt(_LARGEST_TORUS * max_side)))
    if largest < min_side:
        return rings
    sides = st.integers(min_side, largest)
    return st.one_of(rings, st.tuples(sides, sides))


def fields(
    shape: int | tuple[int, ...] | None = None,
    *,
    n_units: int | None = None,
    kinds: Sequence[str] = KINDS,
) -> "SearchStrategy[Array]":
    """Draw receptive fields that are not zero.

    Parameters
    ----------
    shape : int or tuple of int, optional
        Lattice of the fields; drawn from `lattice_shapes` if left out.
    n_units : int, optional
        Number of fields of a population, each a row; by default a single field is drawn, laid out
        on its lattice.
    kinds : sequence of {"any", "bump", "wave"}, default=KINDS
        Arbitrary numbers; a Gaussian bump at any place, of any width and sign; a sinusoid.

    Returns
    -------
    fields : SearchStrategy of ndarray of shape `shape` or (n_units, n_features)
        Float64, of a magnitude of at most 10. It shrinks towards fields of few sites.

    Raises
    ------
    ImportError
        If Hypothesis is not installed.
    ValueError
        If a kind is unknown, or `shape` or `n_units` is not what it should be.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rfsk import ipr
    >>> from rfsk.testing import fields
    >>> @settings(max_examples=10)
    ... @given(fields(12, n_units=3))
    ... def test_bounds(population):
    ...     assert all(ipr(population) > 0.08) and all(ipr(population) <= 1.0 + 1e-12)
    >>> test_bounds()
    """
    require_hypothesis()
    from hypothesis import strategies as st

    for kind in kinds:
        check_option(kind, "kinds", KINDS)
    if not kinds:
        raise ValueError(f"kinds={kinds!r} is empty; expected some of {KINDS}.")
    if n_units is not None:
        check_positive(n_units, "n_units", integer=True)
    if shape is not None:
        shape = check_lattice_shape(shape)
    shapes = lattice_shapes() if shape is None else st.just(shape)
    kinds_drawn = st.sampled_from([kind for kind in KINDS if kind in kinds])

    @st.composite
    def draw_fields(draw: "DrawFn") -> Array:
        sides = draw(shapes)
        rows = [_draw_field(draw, sides, draw(kinds_drawn)) for _ in range(n_units or 1)]
        return rows[0] if n_units is None else np.stack(rows).reshape(n_units, -1)

    return draw_fields()


def _draw_field(draw: "DrawFn", shape: tuple[int, ...], kind: str) -> Array:
    from hypothesis import assume
    from hypothesis import strategies as st
    from hypothesis.extra.numpy import arrays

    if kind == "any":
        field = draw(arrays(np.float64, shape, elements=st.floats(-10, 10, width=16)))
        assume(np.abs(field).max() > 0.01)
        return np.asarray(field)
    sites = np.indices(shape)
    amplitude = draw(st.sampled_from([1.0, -1.0, 10.0, -0.1]))
    if kind == "bump":
        width = draw(st.floats(0.3, max(1.0, max(shape) / 4)))
        squared = np.zeros(shape)
        for axis, side in enumerate(shape):
            center = draw(st.floats(0.0, side - 1.0))
            apart = np.abs(sites[axis] - center)
            squared += np.minimum(apart, side - apart) ** 2
        return np.asarray(amplitude * np.exp(-0.5 * (squared - squared.min()) / width**2))
    phase = draw(st.floats(0.0, 1.0))
    for axis, side in enumerate(shape):
        phase = phase + draw(st.integers(0, side // 2)) * sites[axis] / side
    field = amplitude * np.cos(2.0 * np.pi * phase)
    assume(np.abs(field).max() > 0.01)
    return np.asarray(field)


def input_models(
    families: Sequence[type] | None = None,
    *,
    shape: int | tuple[int, ...] | None = None,
    boundary: str | None = None,
    max_side: int = 24,
) -> "SearchStrategy[Any]":
    """Draw input models on lattices, with all their parameters.

    Parameters
    ----------
    families : sequence of classes, optional
        Which models to draw, such as ``(NLGP, Ising)``: of `GaussianField`, `NLGP`,
        `TransformedField`, `EllipticalField`, `Ising`, `Pulses` and `Phi4`. All by default.
    shape : int or tuple of int, optional
        Lattice of the models; drawn if left out.
    boundary : {"periodic", "open"}, optional
        Only models with this boundary; both by default.
    max_side : int, default=24
        Sites of the largest ring, as in `lattice_shapes`.

    Returns
    -------
    models : SearchStrategy of input models
        Each has unit variance and a closed form of its covariance. It shrinks towards models with
        few parameters on small rings.

    Raises
    ------
    ImportError
        If Hypothesis is not installed.
    ValueError
        If there is no such family, or none with this shape and boundary.

    See Also
    --------
    check_input_model : Checks of a single model.
    tasks : Two or more models of one shape.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rfsk.testing import input_models
    >>> @settings(max_examples=5)
    ... @given(input_models(boundary="periodic", max_side=10))
    ... def test_bounds(model):
    ...     assert abs(model.covariance()).max() <= 1.0 + 1e-9
    >>> test_bounds()
    """
    require_hypothesis()
    from hypothesis import strategies as st

    chosen = chosen_families(families)
    if max_side < 2:
        raise ValueError(f"max_side={max_side}; expected at least 2, for rings of two sites.")
    if boundary is not None:
        check_option(boundary, "boundary", BOUNDARIES)
    if shape is not None:
        shape = check_lattice_shape(shape)
    fitting = [
        family
        for family in chosen
        if (family.open or boundary != "open") and (shape is None or family.knows(shape))
    ]
    if not fitting:
        listed = ", ".join(family.cls.__name__ for family in chosen)
        raise ValueError(
            f"none of {listed} has shape={shape!r} and boundary={boundary!r}; expected at least "
            "one family that has."
        )
    rings, lattices = (
        (st.just(shape), st.just(shape))
        if shape is not None
        else (st.tuples(st.integers(2, max_side)), lattice_shapes(max_side=max_side))
    )

    @st.composite
    def draw_models(draw: "DrawFn") -> Any:
        family = draw(st.sampled_from(fitting))
        sides = draw(lattices if family.planar else rings)
        both = family.open and boundary is None
        edge = draw(st.sampled_from(BOUNDARIES)) if both else boundary or "periodic"
        return family.draw(draw, sides, edge)

    return draw_models()


def tasks(
    families: Sequence[type] | None = None,
    *,
    shape: int | tuple[int, ...] | None = None,
    max_classes: int = 3,
    max_side: int = 24,
) -> "SearchStrategy[Discrimination]":
    """Draw tasks: two or more models of one shape, with priors or without.

    Parameters
    ----------
    families : sequence of classes, optional
        As in `input_models`; classes of one task may be of several families.
    shape : int or tuple of int, optional
        Lattice of the models; drawn if left out.
    max_classes : int, default=3
        Largest number of classes.
    max_side : int, default=24
        Sites of the largest ring, as in `lattice_shapes`.

    Returns
    -------
    tasks : SearchStrategy of Discrimination
        It shrinks towards two classes of equal priors.

    Raises
    ------
    ImportError
        If Hypothesis is not installed.
    ValueError
        If `max_classes` is below 2, or no family has this shape.

    Examples
    --------
    >>> from hypothesis import given, settings
    >>> from rfsk.testing import tasks
    >>> @settings(max_examples=5)
    ... @given(tasks(max_side=10))
    ... def test_labels(task):
    ...     assert set(task.sample(60, random_state=0)[1]) <= set(range(task.n_classes))
    >>> test_labels()
    """
    require_hypothesis()
    from hypothesis import strategies as st

    check_positive(max_classes, "max_classes", integer=True)
    if max_classes < 2:
        raise ValueError(f"max_classes={max_classes}; expected at least 2.")
    first = input_models(families, shape=shape, max_side=max_side)

    @st.composite
    def draw_tasks(draw: "DrawFn") -> Discrimination:
        models = [draw(first)]
        others = input_models(families, shape=models[0].shape)
        models += draw(st.lists(others, min_size=1, max_size=max_classes - 1))
        weights = st.lists(st.integers(1, 10), min_size=len(models), max_size=len(models))
        priors = draw(st.one_of(st.none(), weights))
        return Discrimination(models, priors and [share / sum(priors) for share in priors])

    return draw_tasks()
