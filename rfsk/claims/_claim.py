"""Claim: a statement, the quantities it stands on, and how to measure them."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ._bench import Bench

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """A number that a claim stands on, and what it is expected to be.

    Make it by `near`, `at_least`, `at_most` or `between`, which put the bounds in words.

    Parameters
    ----------
    name : str
        What it is, as the table has it.
    low, high : float
        Bounds between which every seed's number must lie.
    expected : str
        The same in words, such as "0.059 ± 10 %".
    source : str
        Where the expectation comes from.
    digits : int, default=3
        Digits after the point in tables.

    Raises
    ------
    ValueError
        If there is no room between the bounds.

    Examples
    --------
    >>> from rfsk.claims import Quantity
    >>> Quantity.near("IPR", 0.06, 0.1, "measured before").holds([0.058, 0.064])
    True
    """

    name: str
    low: float
    high: float
    expected: str
    source: str
    digits: int = 3

    def __post_init__(self) -> None:
        if not self.low <= self.high or (math.isinf(self.low) and math.isinf(self.high)):
            raise ValueError(
                f"{self.name!r} is expected between {self.low!r} and {self.high!r}; expected two "
                "bounds, the lower one first, of which one at least is finite."
            )

    @classmethod
    def near(
        cls, name: str, value: float, tolerance: float, source: str, digits: int = 3
    ) -> "Quantity":
        """Expect a number within a relative tolerance of a value.

        Parameters
        ----------
        name : str
            What it is, as the table has it.
        value : float
            What is expected.
        tolerance : float
            How far the number may be off, as a share of the value.
        source : str
            Where the expectation comes from.
        digits : int, default=3
            Digits after the point in tables.

        Returns
        -------
        quantity : Quantity
        """
        if not value or not tolerance > 0.0:
            raise ValueError(
                f"{name!r} is near {value!r} ± {tolerance!r} of it; expected numbers other than 0."
            )
        margin = abs(value) * tolerance
        words = f"{value:.{digits}f} ± {100 * tolerance:g} %"
        return cls(name, value - margin, value + margin, words, source, digits)

    @classmethod
    def at_least(cls, name: str, value: float, source: str, digits: int = 3) -> "Quantity":
        """Expect a number not below a value.

        Parameters
        ----------
        name : str
            What it is, as the table has it.
        value : float
            Least number that holds.
        source : str
            Where the expectation comes from.
        digits : int, default=3
            Digits after the point in tables.

        Returns
        -------
        quantity : Quantity
        """
        return cls(name, value, math.inf, f">= {value:.{digits}f}", source, digits)

    @classmethod
    def at_most(cls, name: str, value: float, source: str, digits: int = 3) -> "Quantity":
        """Expect a number not above a value.

        Parameters
        ----------
        name : str
            What it is, as the table has it.
        value : float
            Largest number that holds.
        source : str
            Where the expectation comes from.
        digits : int, default=3
            Digits after the point in tables.

        Returns
        -------
        quantity : Quantity
        """
        return cls(name, -math.inf, value, f"<= {value:.{digits}f}", source, digits)

    @classmethod
    def between(
        cls, name: str, low: float, high: float, source: str, digits: int = 3
    ) -> "Quantity":
        """Expect a number between two values.

        Parameters
        ----------
        name : str
            What it is, as the table has it.
        low, high : float
            Least and largest number that holds.
        source : str
            Where the expectation comes from.
        digits : int, default=3
            Digits after the point in tables.

        Returns
        -------
        quantity : Quantity
        """
        return cls(name, low, high, f"{low:.{digits}f} to {high:.{digits}f}", source, digits)

    def holds(self, values: Any) -> bool:
        """Whether every value lies within the bounds; NaN and infinity do not.

        Parameters
        ----------
        values : float or array-like of shape (n_seeds,)
            What was measured.

        Returns
        -------
        holds : bool
        """
        numbers = np.asarray(values, dtype=np.float64)
        inside = np.isfinite(numbers) & (numbers >= self.low) & (numbers <= self.high)
        return bool(inside.size and inside.all())


@dataclass(frozen=True)
class Claim:
    """A statement that holds if each of its quantities comes out as expected.

    Parameters
    ----------
    name : str
        What it is called by, and its files: letters, digits, "-" and "_", such as "C1".
    title : str
        A few words.
    statement : str
        What is claimed, in a sentence.
    quantities : tuple of Quantity
        What it stands on.
    measure : callable
        ``measure(bench, number)`` returns the quantities of one seed, ``bench.seeds[number]``, by
        name. Nets of all seeds are trained at once where the bench trains them.
    draw : callable, optional
        ``draw(bench)`` returns a matplotlib figure.

    Raises
    ------
    ValueError
        If the name has other characters, there is no quantity, or two have one name.

    Examples
    --------
    >>> import numpy as np
    >>> from rfsk import NLGP, ipr
    >>> from rfsk.claims import Claim, Quantity, reproduce
    >>> def measure(bench, number):
    ...     X = NLGP(100, correlation_length=5.0, gain=1.0).sample(1000, bench.seeds[number])
    ...     return {"excess kurtosis": (X**4).mean() / (X**2).mean() ** 2 - 3.0}
    >>> uniform = Quantity.near("excess kurtosis", -1.2, 0.05, "derived: uniform at gain 1", 2)
    >>> claim = Claim("kurtosis", "pixels at gain 1", "They are uniform.", (uniform,), measure)
    >>> reproduce(claims=[claim], random_state=0).holds
    True
    """

    name: str
    title: str
    statement: str
    quantities: tuple[Quantity, ...]
    measure: Callable[["Bench", int], Mapping[str, float]]
    draw: Callable[["Bench"], Any] | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w-]+", self.name):
            raise ValueError(f"name={self.name!r}; expected letters, digits, '-' and '_' only.")
        names = [quantity.name for quantity in self.quantities]
        if not names:
            raise ValueError(f"Claim {self.name!r} has no quantity; expected at least one.")
        if len(set(names)) < len(names):
            raise ValueError(f"Claim {self.name!r} has two quantities of one name: {names!r}.")

    def run(self, bench: "Bench") -> dict[str, list[float]]:
        """Measure every quantity at every seed.

        Parameters
        ----------
        bench : Bench
            Seeds, sizes and nets.

        Returns
        -------
        values : dict of str to list of float
            By the name of the quantity, one for each seed.

        Raises
        ------
        ValueError
            If what is measured is not what the quantities name.
        """
        names = [quantity.name for quantity in self.quantities]
        found: dict[str, list[float]] = {name: [] for name in names}
        for number in range(len(bench.seeds)):
            numbers = self.measure(bench, number)
            if set(numbers) != set(names):
                odd = sorted(set(numbers) ^ set(names))
                raise ValueError(
                    f"Claim {self.name!r} measured {sorted(numbers)}; expected {sorted(names)}. "
                    f"Only in one of the two: {odd}."
                )
            for name in names:
                found[name].append(float(numbers[name]))
        return found
