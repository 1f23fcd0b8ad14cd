"""Claim: a statement, the quantities that support it, and a function that measures them."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._validation import check_option
from ._bench import Bench

_KINDS = "derivation", "independent code", "earlier measurement", "inequality", "control", "report"


@dataclass(frozen=True)
class Quantity:
    """Quantity that supports a claim, with expected bounds and the source of the bounds.

    Parameters
    ----------
    name : str
        Name that tables show.
    evidence : str
        Origin of the bounds: "derivation" (a formula), "independent code" (a public program),
        "earlier measurement" (a measurement by a program that is lost), "inequality" (a statement
        of the paper in words), "control" (an effect that a control must or must not show) or
        "report" (no bounds, so that the quantity has no verdict).
    low, high : float, optional
        Inclusive bounds. One of the two bounds may be omitted.
    value : float, optional
        Expected value, which can be given instead of bounds.
    tolerance : float, default=0.0
        Largest allowed deviation, as a fraction of `value`.
    source : str, default=""
        Formula, or part of a program, that gives the bounds.
    digits : int, default=3
        Number of decimals in tables.

    Examples
    --------
    >>> from rfsk.papers import Quantity
    >>> quantity = Quantity("IPR", "independent code", value=0.06, tolerance=0.1)
    >>> quantity.expected, quantity.holds([0.058, 0.064])
    ('0.060 ± 10 %', True)
    """

    name: str
    evidence: str
    low: float | None = None
    high: float | None = None
    value: float | None = None
    tolerance: float = 0.0
    source: str = ""
    digits: int = 3

    def __post_init__(self) -> None:
        check_option(self.evidence, "evidence", _KINDS)
        if self.value is not None and not abs(self.value) * self.tolerance > 0.0:
            raise ValueError(
                f"`value` of {self.name!r} must not be 0, and `tolerance` must be positive, got "
                f"{self.value!r} and {self.tolerance!r}."
            )
        low, high = self.bounds
        unbounded = math.isinf(low) and math.isinf(high)
        if not low <= high or unbounded != (self.evidence == "report"):
            raise ValueError(
                f"`low` of {self.name!r} must not exceed `high`, and at least one must be finite "
                f"(none for evidence='report'), got {self.low!r} and {self.high!r}."
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound, which are infinite if they are not given."""
        if self.value is not None:
            margin = abs(self.value) * self.tolerance
            return self.value - margin, self.value + margin
        low, high = self.low, self.high
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def expected(self) -> str:
        """Bounds as text, such as "0.060 ± 10 %"."""
        low, high = (f"{bound:.{self.digits}f}" for bound in self.bounds)
        if self.evidence == "report":
            return "not judged"
        if self.value is not None:
            return f"{self.value:.{self.digits}f} ± {100 * self.tolerance:g} %"
        if math.isinf(self.bounds[0]):
            return f"<= {high}"
        return f">= {low}" if math.isinf(self.bounds[1]) else f"{low} to {high}"

    def holds(self, values: ArrayLike) -> bool:
        """Whether all measured values are finite and within the bounds of the quantity.

        Parameters
        ----------
        values : float or array-like of shape (n_seeds,)
            Measured values.
        """
        numbers = np.asarray(values, dtype=np.float64)
        low, high = self.bounds
        inside = np.isfinite(numbers) & (numbers >= low) & (numbers <= high)
        return bool(inside.size and (inside.all() or self.evidence == "report"))


@dataclass(frozen=True)
class Claim:
    """Claim of a paper, which holds if all quantities are within their bounds for all seeds.

    Parameters
    ----------
    name : str
        Short name such as "C1", which is also used in file names. `name` may contain letters,
        digits, "-" and "_".
    title, statement : str
        Short title, and the claim in one or two sentences.
    quantities : tuple of Quantity
        Quantities that support the claim, with distinct names.
    measure : callable
        Function ``measure(bench, number)`` that returns the values of all quantities, by name, for
        ``bench.seeds[number]``. `measure` must apply the control ``bench.control``.
    draw : callable, optional
        Function ``draw(bench)`` that returns a matplotlib figure.
    controls : tuple of str, default=()
        Names of the controls on which the claim must fail.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.papers import Bench, Claim, Quantity
    >>> def measure(bench, number):
    ...     X = NLGP(100, correlation_length=5.0, gain=1.0).sample(1000, bench.seeds[number])
    ...     return {"kurtosis": (X**4).mean() / (X**2).mean() ** 2}
    >>> quantity = Quantity("kurtosis", "derivation", value=1.8, tolerance=0.05)
    >>> claim = Claim("K", "kurtosis", "Pixels are uniform at gain 1.", (quantity,), measure)
    >>> quantity.holds(claim.run(Bench(random_state=0))["kurtosis"])
    True
    """

    name: str
    title: str
    statement: str
    quantities: tuple[Quantity, ...]
    measure: Callable[[Bench, int], Mapping[str, float]]
    draw: Callable[[Bench], Any] | None = None
    controls: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w-]+", self.name):
            raise ValueError(
                f"`name` may have only letters, digits, '-' and '_', got {self.name!r}."
            )
        names = [quantity.name for quantity in self.quantities]
        if not names:
            raise ValueError(f"`quantities` of claim {self.name!r} must not be empty.")
        if len(set(names)) < len(names):
            raise ValueError(
                f"Quantities of claim {self.name!r} must have distinct names: {names!r}."
            )

    def run(self, bench: Bench) -> dict[str, list[float]]:
        """Measure every quantity for every seed.

        Parameters
        ----------
        bench : Bench
            Bench that holds the seeds, the sizes, the cached nets and the control.

        Returns
        -------
        values : dict of str to list of float
            Values of each quantity, one per seed.
        """
        names = [quantity.name for quantity in self.quantities]
        found: dict[str, list[float]] = {name: [] for name in names}
        for number in range(len(bench.seeds)):
            numbers = self.measure(bench, number)
            if odd := sorted(set(numbers) ^ set(names)):
                raise ValueError(
                    f"`measure` of claim {self.name!r} must return exactly its quantities, got "
                    f"{sorted(numbers)} instead of {sorted(names)}. The names {odd} differ."
                )
            for name in names:
                found[name].append(float(numbers[name]))
        return found
