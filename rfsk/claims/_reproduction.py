"""Reproduction: what claims came to, as table, Markdown and JSON."""

import math
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._core._versions import installed_versions
from ._bench import Bench
from ._claim import Claim, Quantity

_HEADER = ("quantity", "expected", "source", "obtained", "verdict")


@dataclass(frozen=True)
class ClaimResult:
    """What a claim came to.

    Attributes
    ----------
    claim : Claim
    values : dict of str to list of float
        By the name of the quantity, one for each seed; empty if the claim could not be measured.
    seconds : float
        Wall time; nets that an earlier claim has trained are not counted again.
    error, traceback : str or None
        Why there are no values, and where.
    figure_error : str or None
        Why there is no figure.

    Examples
    --------
    >>> from rfsk.claims import Claim, Quantity, reproduce
    >>> def measure(bench, number):
    ...     return {"answer": 42.0 + number}
    >>> quantities = (Quantity.at_most("answer", 42.5, "folklore", digits=1),)
    >>> claim = Claim("Q", "the answer", "It is known.", quantities, measure)
    >>> found = reproduce(claims=[claim], n_seeds=2)
    >>> found.results[0].verdict, found.results[0].rows()[0]["values"]
    ('fails', [42.0, 43.0])
    """

    claim: Claim
    values: dict[str, list[float]]
    seconds: float
    error: str | None = None
    traceback: str | None = None
    figure_error: str | None = None

    @property
    def verdict(self) -> str:
        """Tell "holds", "fails" or "error"."""
        if self.error is not None:
            return "error"
        holds = all(q.holds(self.values[q.name]) for q in self.claim.quantities)
        return "holds" if holds else "fails"

    def rows(self) -> list[dict[str, Any]]:
        """One dict a quantity: its bounds, its values, mean, standard deviation and verdict."""
        return [self._row(quantity) for quantity in self.claim.quantities]

    def markdown(self) -> str:
        """Heading, statement and table of quantities, as Markdown."""
        claim = self.claim
        lines = [f"## {claim.name}: {claim.title} ({self.verdict})", "", claim.statement, ""]
        if self.error is not None:
            return "\n".join([*lines, self.error, ""])
        lines += ["| " + " | ".join(_HEADER) + " |", "|---" * len(_HEADER) + "|"]
        cells = [[cell.replace("|", "\\|") for cell in _cells(row)] for row in self.rows()]
        return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells), ""])

    def as_dict(self) -> dict[str, Any]:
        """All of it ready for JSON; a number that does not exist is None."""
        return {
            "name": self.claim.name,
            "title": self.claim.title,
            "statement": self.claim.statement,
            "verdict": self.verdict,
            "seconds": self.seconds,
            "error": self.error,
            "traceback": self.traceback,
            "figure_error": self.figure_error,
            "quantities": self.rows(),
        }

    def _row(self, quantity: Quantity) -> dict[str, Any]:
        values = np.asarray(self.values.get(quantity.name, []), dtype=np.float64)
        verdict = "error" if self.error else "holds" if quantity.holds(values) else "fails"
        return {
            "claim": self.claim.name,
            "quantity": quantity.name,
            "expected": quantity.expected,
            "low": _finite(quantity.low),
            "high": _finite(quantity.high),
            "source": quantity.source,
            "values": [_finite(value) for value in values],
            "mean": _finite(values.mean()) if len(values) else None,
            "sd": _finite(values.std(ddof=1)) if len(values) > 1 else None,
            "digits": quantity.digits,
            "verdict": verdict,
        }


@dataclass(frozen=True)
class Reproduction:
    """What the claims came to.

    Attributes
    ----------
    results : list of ClaimResult
        Of the claims that were run.
    settings : dict
        `quick`, `random_state`, `seeds`, and `missing`, the names of claims that an interrupt left
        out.
    seconds : float
        Wall time.
    bench : Bench
        Nets and whatever else the claims have made.

    Examples
    --------
    >>> from rfsk.claims import Claim, Quantity, reproduce
    >>> def measure(bench, number):
    ...     return {"answer": 42.0 + number}
    >>> quantities = (Quantity.at_most("answer", 42.5, "folklore", digits=1),)
    >>> claim = Claim("Q", "the answer", "It is known.", quantities, measure)
    >>> found = reproduce(claims=[claim], n_seeds=2)
    >>> found.holds, found.rows()[0]["mean"]
    (False, 42.5)
    """

    results: list[ClaimResult]
    settings: dict[str, Any]
    seconds: float = field(compare=False)
    bench: Bench = field(repr=False, compare=False)

    @property
    def holds(self) -> bool:
        """Whether all claims were run and each of them holds."""
        verdicts = [result.verdict for result in self.results]
        return not self.settings["missing"] and all(v == "holds" for v in verdicts)

    def draw(self, name: str) -> Any:
        """Draw the figure of a claim that was run.

        Parameters
        ----------
        name : str
            Of the claim.

        Returns
        -------
        figure : matplotlib Figure

        Raises
        ------
        ValueError
            If it was not run, could not be measured or has no figure.
        """
        for result in self.results:
            claim = result.claim
            if claim.name.lower() == name.lower() and claim.draw and result.error is None:
                return claim.draw(self.bench)
        can = [r.claim.name for r in self.results if r.claim.draw and r.error is None]
        raise ValueError(f"There is no figure of {name!r}; expected one of {', '.join(can)}.")

    def rows(self) -> list[dict[str, Any]]:
        """One dict a quantity, of all claims."""
        return [row for result in self.results for row in result.rows()]

    def table(self) -> str:
        """Table of all quantities, as text."""
        cells = {r.claim.name: [_cells(row) for row in r.rows()] for r in self.results}
        every = [_HEADER, *(row for rows in cells.values() for row in rows)]
        widths = [max(len(row[k]) for row in every) for k in range(len(_HEADER))]

        def line(row: Sequence[str]) -> str:
            return "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()

        lines = [line(_HEADER)]
        for result in self.results:
            claim = result.claim
            lines += ["", f"{claim.name}  {claim.title}: {result.verdict}"]
            lines.append("-" * sum(widths, 2 * (len(widths) - 1)))
            if result.error is not None:
                lines.append(result.error)
            else:
                lines += [line(row) for row in cells[claim.name]]
        n_seeds = len(self.settings["seeds"])
        spread = f"mean ± standard deviation over {n_seeds} seeds" if n_seeds > 1 else "one seed"
        lines += ["", f"obtained: {spread}; a quantity holds if every seed's number is as expected"]
        if self.settings["quick"]:
            lines.append("quick: small sizes")
        for result in self.results:
            if result.figure_error is not None:
                lines.append(f"no figure of {result.claim.name}: {result.figure_error}")
        if self.settings["missing"]:
            lines.append(f"interrupted before {', '.join(self.settings['missing'])}")
        return "\n".join(lines)

    def markdown(self) -> str:
        """Headings, statements and tables of all claims, as Markdown."""
        return "\n".join(result.markdown() for result in self.results)

    def as_dict(self) -> dict[str, Any]:
        """All of it ready for JSON; a number that does not exist is None."""
        claims = [result.as_dict() for result in self.results]
        return {"holds": self.holds, **about(self.settings), "claims": claims}


def about(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings of a run, versions of what computed it, and the machine."""
    return {"settings": settings, "versions": installed_versions(), "machine": platform.machine()}


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row as texts, in the order of the header."""
    digits = row["digits"]
    if row["mean"] is None:
        obtained = "-" if not row["values"] else "not a number"
    else:
        obtained = f"{row['mean']:.{digits}f}"
        if row["sd"] is not None:
            obtained += f" ± {row['sd']:.{digits}f}"
    return row["quantity"], row["expected"], row["source"], obtained, row["verdict"]


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
