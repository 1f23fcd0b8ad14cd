"""Families of input models for the strategies: which parameters each of them takes."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

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

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    Shapes = SearchStrategy[tuple[int, ...]]

BOUNDARIES = ("periodic", "open")


class Family(NamedTuple):
    """A class of models, how one is drawn on a lattice, and the lattices it knows."""

    cls: type
    draw: Callable[["DrawFn", tuple[int, ...], str], Any]
    open: bool = False
    planar: bool = True
    min_sites: int = 1

    def knows(self, shape: tuple[int, ...]) -> bool:
        """Whether there is a model on this lattice."""
        return (self.planar or len(shape) == 1) and math.prod(shape) >= self.min_sites


def _kernel_field(draw: "DrawFn", shape: tuple[int, ...]) -> dict[str, Any]:
    """Parameters of a field on a lattice, one correlation length or one an axis."""
    from hypothesis import strategies as st

    relative = st.floats(0.1, 1.0)
    length = draw(st.one_of(relative, st.tuples(*[relative] * len(shape))))
    kernels = st.one_of(
        st.sampled_from(["gaussian", "exponential"]), st.floats(0.3, 5.0).map(Matern)
    )
    return {
        "shape": shape,
        "correlation_length": np.multiply(length, min(shape)).tolist(),
        "kernel": draw(kernels),
    }


def _gaussian(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> GaussianField:
    return GaussianField(**_kernel_field(draw, shape), boundary=boundary)


def _nlgp(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> NLGP:
    from hypothesis import strategies as st

    gain = 10.0 ** draw(st.floats(-3, 3))
    maps = st.sampled_from(["erf", "tanh", "sign"])
    return NLGP(
        **_kernel_field(draw, shape),
        boundary=boundary,
        gain=gain,
        nonlinearity=draw(maps) if gain > 0.1 else "erf",
    )


def _transformed(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> TransformedField:
    from hypothesis import strategies as st

    marginals = st.one_of(
        st.sampled_from(["uniform", "sign", "laplace"]), st.floats(2.5, 20.0).map(Algebraic)
    )
    return TransformedField(
        **_kernel_field(draw, shape), boundary=boundary, marginal=draw(marginals)
    )


def _elliptical(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> EllipticalField:
    from hypothesis import strategies as st

    radial = draw(st.one_of(st.just("shell"), st.floats(2.1, 50.0).map(StudentT)))
    return EllipticalField(**_kernel_field(draw, shape), radial=radial)


def _ising(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> Ising:
    from hypothesis import strategies as st

    return Ising(shape, temperature=draw(st.floats(0.2, 50.0)))


def _pulses(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> Pulses:
    from hypothesis import strategies as st

    (side,) = shape
    lowest = draw(st.integers(1, side - 1))
    return Pulses(shape, length=(lowest, draw(st.integers(lowest + 1, side))))


def _phi4(draw: "DrawFn", shape: tuple[int, ...], boundary: str) -> Phi4:
    """A field of single or double wells on a ring, or a free one on any lattice."""
    from hypothesis import strategies as st

    if len(shape) > 1 or min(shape) < 2 or draw(st.booleans()):
        return Phi4(
            shape,
            coupling=draw(st.floats(0.0, 10.0)),
            mass_squared=draw(st.floats(0.1, 10.0)),
            quartic=0.0,
            standardize=True,
        )
    return Phi4(
        shape,
        coupling=draw(st.floats(0.0, 5.0)),
        mass_squared=draw(st.floats(-15.0, 5.0)),
        quartic=draw(st.floats(0.5, 10.0)),
        standardize=True,
    )


FAMILIES = {
    family.cls: family
    for family in (
        Family(GaussianField, _gaussian, open=True),
        Family(NLGP, _nlgp, open=True),
        Family(TransformedField, _transformed, open=True),
        Family(EllipticalField, _elliptical),
        Family(Ising, _ising, planar=False, min_sites=2),
        Family(Pulses, _pulses, planar=False, min_sites=2),
        Family(Phi4, _phi4),
    )
}


def chosen_families(classes: Sequence[type] | None) -> list[Family]:
    """Families of the classes, all by default."""
    if classes is None:
        return list(FAMILIES.values())
    for cls in classes:
        if cls not in FAMILIES:
            known = ", ".join(known.__name__ for known in FAMILIES)
            raise ValueError(f"families holds {cls!r}; expected classes among {known}.")
    if not classes:
        raise ValueError("families is empty; expected at least one class of models.")
    return [FAMILIES[cls] for cls in classes]
