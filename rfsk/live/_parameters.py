"""Parameters of a run, as the query of the page's address specifies them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._core._validation import check_positive
from ..datasets import NLGP, Discrimination

N_SITES = 40
_LIMITS = {"gain": (0.01, 100.0), "short": (0.25, N_SITES / 2), "long": (0.25, N_SITES / 2)}
_MOST_STEPS = 20_000


@dataclass(frozen=True)
class Parameters:
    """Gain, correlation lengths of both classes (in sites), seed, and steps of 200 samples each."""

    gain: float = 3.0
    short: float = 2.0
    long: float = 4.0
    seed: int = 0
    steps: int = 2000

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            check_positive(value, name)
            if not low <= value <= high:
                raise ValueError(f"{name}={value:g}; expected a number from {low:g} to {high:g}.")
        if not self.short < self.long:
            raise ValueError(
                f"short={self.short:g}, long={self.long:g}; expected short < long: the first class "
                "must be the short-range one. Lower the short correlation length or raise the long "
                "one."
            )
        check_positive(self.seed, "seed", integer=True, zero=True)
        check_positive(self.steps, "steps", integer=True)
        if self.steps > _MOST_STEPS:
            raise ValueError(f"steps={self.steps}; expected at most {_MOST_STEPS}.")

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "Parameters":
        """Read parameters from the texts of a query; the others keep their defaults."""
        kinds = {name: type(value) for name, value in asdict(cls()).items()}
        values: dict[str, Any] = {}
        for name, text in query.items():
            if name not in kinds:
                raise ValueError(f"{name!r} is unknown; expected one of {', '.join(kinds)}.")
            try:
                values[name] = kinds[name](text)
            except ValueError:
                expected = "an integer" if kinds[name] is int else "a number"
                raise ValueError(f"{name}={text!r}; expected {expected}.") from None
        return cls(**values)

    def task(self) -> Discrimination:
        """Return the task of distinguishing short-range from long-range fields on a ring."""
        lengths = self.short, self.long
        return Discrimination(
            [NLGP((N_SITES,), correlation_length=xi, gain=self.gain) for xi in lengths]
        )
