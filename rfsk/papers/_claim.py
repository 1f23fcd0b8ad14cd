"""Claim: a statement, the quantities that support it, and the function that measures them."""

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
    """Number that supports a claim, with its expected bounds and their source.

    Parameters
    ----------
    name : str
    evidence : str
        Origin of the bounds: "derivation" (a formula), "independent code" (a public program),
        "earlier measurement" (by a lost program), "inequality" (a statement of the paper in words),
        "control" (an effect that a control must or must not show) or "report" (no bounds and no
        verdict).
    low, high : float, optional
        Inclusive bounds; one of them may be omitted.
    value : float, optional
        Expected value, instead of bounds.
    tolerance : float, default=0.0
        Largest deviation, as a fraction of `value`.
    source : str, default=""
        Formula or part of the program.
    digits : int, default=3
        Decimals in tables.

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
                f"`value` and `tolerance` of {self.name!r} are {self.value!r} and "
                f"{self.tolerance!r}; expected a value other than 0 and a positive tolerance."
            )
        low, high = self.bounds
        unbounded = math.isinf(low) and math.isinf(high)
        if not low <= high or unbounded != (self.evidence == "report"):
            raise ValueError(
                f"`low` and `high` of {self.name!r} are {self.low!r} and {self.high!r}; expected "
                "two bounds, the lower one first, of which at least one is finite, or none for "
                "evidence='report'."
            )

    @property
    def bounds(self) -> tuple[float, float]:
        """Lower and upper bound, infinite if there is none."""
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
        """Whether every value is finite and lies within the bounds.

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
    """Statement that holds if each of its quantities lies within its bounds for every seed.

    Parameters
    ----------
    name : str
        Short name, also of its files: letters, digits, "-" and "_", such as "C1".
    title, statement : str
        A short title, and the claim as a sentence.
    quantities : tuple of Quantity
        Quantities that support the claim, with distinct names.
    measure : callable
        ``measure(bench, number)`` returns a dict of the quantities for ``bench.seeds[number]``.
    draw : callable, optional
        ``draw(bench)`` returns a matplotlib figure.
    controls : tuple of str, default=()
        Controls under which the claim must fail; `measure` must apply ``bench.control``.

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
            raise ValueError(f"name={self.name!r}; expected letters, digits, '-' and '_' only.")
        names = [quantity.name for quantity in self.quantities]
        if not names:
            raise ValueError(f"Claim {self.name!r} has no quantity; expected at least one.")
        if len(set(names)) < len(names):
            raise ValueError(f"Claim {self.name!r} has two quantities of one name: {names!r}.")

    def run(self, bench: Bench) -> dict[str, list[float]]:
        """Measure every quantity for every seed.

        Parameters
        ----------
        bench : Bench
            Seeds, sizes, nets and control.

        Returns
        -------
        values : dict of str to list of float
            By the name of the quantity, one per seed.
        """
        names = [quantity.name for quantity in self.quantities]
        found: dict[str, list[float]] = {name: [] for name in names}
        for number in range(len(bench.seeds)):
            numbers = self.measure(bench, number)
            if odd := sorted(set(numbers) ^ set(names)):
                raise ValueError(
                    f"Claim {self.name!r} measured {sorted(numbers)}; expected {sorted(names)}. "
                    f"Only in one of the two: {odd}."
                )
            for name in names:
                found[name].append(float(numbers[name]))
        return found
