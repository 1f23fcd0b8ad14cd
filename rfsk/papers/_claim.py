"""Claim: a statement, the quantities that support it, and how to measure them."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._core._validation import check_option
from ._bench import Bench

EVIDENCE = (
    "derivation",
    "independent code",
    "earlier measurement",
    "inequality",
    "control",
    "report",
)


@dataclass(frozen=True)
class Quantity:
    """Number that supports a claim, the bounds expected of it, and where they come from.

    Parameters
    ----------
    name : str
        Name of the quantity in tables.
    evidence : str
        Kind of evidence for the bounds: "derivation" (a formula), "independent code" (a program
        that anybody can run), "earlier measurement" (by a program that was not kept), "inequality"
        (a word of the paper made a bound) or "control" (what must or must not show in a control).
        A "report" has no bounds and is not judged.
    low, high : float, optional
        Bounds, which belong to the range; one of them may be left out.
    value : float, optional
        Expected value, instead of bounds.
    tolerance : float, default=0.0
        Largest deviation, as a fraction of `value`.
    source : str, default=""
        Formula or part of the program.
    digits : int, default=3
        Digits after the point in tables.

    Raises
    ------
    ValueError
        If there are no bounds, they are in the wrong order, or the evidence is unknown.

    Examples
    --------
    >>> from rfsk.papers import Quantity
    >>> near = Quantity("IPR", "independent code", value=0.06, tolerance=0.1)
    >>> near.expected, near.holds([0.058, 0.064])
    ('0.060 ± 10 %', True)
    >>> Quantity("coverage", "inequality", low=1.0, digits=1).expected
    '>= 1.0'
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
        check_option(self.evidence, "evidence", EVIDENCE)
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
        """Lower and upper bound, infinite where there is none."""
        if self.value is not None:
            margin = abs(self.value) * self.tolerance
            return self.value - margin, self.value + margin
        low, high = self.low, self.high
        return -math.inf if low is None else low, math.inf if high is None else high

    @property
    def expected(self) -> str:
        """Bounds in words, such as "0.060 ± 10 %"."""
        low, high = (f"{bound:.{self.digits}f}" for bound in self.bounds)
        if self.evidence == "report":
            return "not judged"
        if self.value is not None:
            return f"{self.value:.{self.digits}f} ± {100 * self.tolerance:g} %"
        if math.isinf(self.bounds[0]):
            return f"<= {high}"
        return f">= {low}" if math.isinf(self.bounds[1]) else f"{low} to {high}"

    def holds(self, values: ArrayLike) -> bool:
        """Whether every value lies within the bounds; NaN and infinity do not.

        Parameters
        ----------
        values : float or array-like of shape (n_seeds,)
            Measured numbers.

        Returns
        -------
        holds : bool
        """
        numbers = np.asarray(values, dtype=np.float64)
        low, high = self.bounds
        inside = np.isfinite(numbers) & (numbers >= low) & (numbers <= high)
        return bool(inside.size and (inside.all() or self.evidence == "report"))


@dataclass(frozen=True)
class Claim:
    """Statement that holds if each of its quantities lies within its bounds at every seed.

    Parameters
    ----------
    name : str
        Short name, which its files get as well: letters, digits, "-" and "_", such as "C1".
    title : str
        A few words.
    statement : str
        The claim as a sentence.
    quantities : tuple of Quantity
        The numbers that support it.
    measure : callable
        ``measure(bench, number)`` returns the quantities of one seed, ``bench.seeds[number]``, by
        name.
    draw : callable, optional
        ``draw(bench)`` returns a matplotlib figure.
    controls : tuple of str, default=()
        Names of controls on which the claim must fail; `measure` finds the one to apply in
        ``bench.control``.

    Raises
    ------
    ValueError
        If the name has other characters, there is no quantity, or two have the same name.

    Examples
    --------
    >>> from rfsk import NLGP
    >>> from rfsk.papers import Bench, Claim, Quantity
    >>> def measure(bench, number):
    ...     model = NLGP(100, correlation_length=5.0, gain=1.0)
    ...     if bench.control == "Gaussian inputs":
    ...         model = model.gaussian_clone()
    ...     X = model.sample(1000, bench.seeds[number])
    ...     return {"excess kurtosis": (X**4).mean() / (X**2).mean() ** 2 - 3.0}
    >>> uniform = Quantity("excess kurtosis", "derivation", value=-1.2, tolerance=0.05)
    >>> title, controls = "pixels at gain 1", ("Gaussian inputs",)
    >>> claim = Claim("kurtosis", title, "They are uniform.", (uniform,), measure, None, controls)
    >>> bench = Bench(random_state=0)
    >>> [
    ...     uniform.holds(claim.run(bench.under(control))["excess kurtosis"])
    ...     for control in (None, "Gaussian inputs")
    ... ]
    [True, False]
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
        """Measure every quantity at every seed.

        Parameters
        ----------
        bench : Bench
            Seeds, sizes, nets and the control, if any.

        Returns
        -------
        values : dict of str to list of float
            By the name of the quantity, one for each seed.

        Raises
        ------
        ValueError
            If `measure` does not return exactly the named quantities.
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
