"""reproduce: run the claims of a paper and report which of them hold."""

import json
import os
import platform
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._core._runs import installed_versions, tqdm
from .._core._validation import check_positive
from ._bench import Bench
from ._claim import Claim
from .ingrosso2022 import CLAIMS


@dataclass(frozen=True)
class ClaimResult:
    """Measured values and verdict of a claim.

    Attributes
    ----------
    claim : Claim
    values : dict of str to list of float
        Values of each quantity, one per seed; empty if the measurement failed.
    seconds : float
        Wall time in seconds, without the training of nets that an earlier claim also used.
    error, traceback, figure_error : str or None
        Message and traceback of a failed measurement, and message of a failed figure; None if
        there was no failure.

    Examples
    --------
    >>> from rfsk.papers import Claim, Quantity, reproduce
    >>> answer = Quantity("answer", "inequality", high=41.5, digits=1)
    >>> claim = Claim("Q", "the answer", "It is known.", (answer,), lambda *_: {"answer": 42.0})
    >>> result = reproduce(claims=[claim], n_seeds=2).results[0]
    >>> result.verdict, result.values
    ('fails', {'answer': [42.0, 42.0]})
    """

    claim: Claim
    values: dict[str, list[float]]
    seconds: float
    error: str | None = None
    traceback: str | None = None
    figure_error: str | None = None

    @property
    def verdict(self) -> str:
        """One of "holds", "fails" and "error"."""
        if self.error is not None:
            return "error"
        holds = all(q.holds(self.values[q.name]) for q in self.claim.quantities)
        return "holds" if holds else "fails"

    def table(self) -> pd.DataFrame:
        """Name, bounds, evidence, measured values and verdict of each quantity, as text."""
        rows = []
        for quantity in self.claim.quantities if self.values else ():
            values, digits = np.array(self.values[quantity.name]), quantity.digits
            spread = f" ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else ""
            is_known, holds = np.isfinite(values).all(), quantity.holds(values)
            judged = "reported" if quantity.evidence == "report" else "holds" if holds else "fails"
            row = {
                "quantity": quantity.name,
                "expected": quantity.expected,
                "evidence": ": ".join(filter(None, (quantity.evidence, quantity.source))),
                "obtained": f"{values.mean():.{digits}f}{spread}" if is_known else "not a number",
                "verdict": judged,
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def markdown(self) -> str:
        """Heading, statement and table of quantities, as Markdown."""
        claim, table = self.claim, self.table().replace(r"\|", r"\\|", regex=True)
        lines = [f"## {claim.name}: {claim.title} ({self.verdict})", "", claim.statement, ""]
        if self.error is not None:
            return "\n".join([*lines, self.error, ""])
        rows = [list(table), ["---"] * len(table.columns), *table.to_numpy()]
        return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows), ""])

    def as_dict(self) -> dict[str, Any]:
        """Dictionary of all values and messages that JSON can encode; missing values are None."""
        found = {name: getattr(self.claim, name) for name in ("name", "title", "statement")}
        found |= {name: getattr(self, name) for name in ("verdict", "seconds", "error")}
        found |= {"traceback": self.traceback, "figure_error": self.figure_error}
        rows = [{**asdict(q), "values": self.values.get(q.name, [])} for q in self.claim.quantities]
        table = pd.DataFrame(rows).to_json(orient="records", double_precision=15)
        return {**found, "quantities": json.loads(table)}


@dataclass(frozen=True)
class Reproduction:
    """Results of all claims that were run.

    Attributes
    ----------
    results : list of ClaimResult
    settings : dict
        `quick`, `random_state` and `seeds` of the call, and `missing`, the claims that were not run
        because of an interrupt.
    seconds : float
        Wall time in seconds.
    bench : Bench
        Trained nets and other shared results, for ``claim.draw(bench)``.

    Examples
    --------
    >>> from rfsk.papers import Claim, Quantity, reproduce
    >>> answer = Quantity("answer", "inequality", low=41.5, digits=0)
    >>> claim = Claim("Q", "the answer", "It is known.", (answer,), lambda *_: {"answer": 42.0})
    >>> found = reproduce(claims=[claim], n_seeds=2)
    >>> found.holds, found.table().splitlines()[0]
    (True, 'Q  the answer: holds')
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

    def table(self) -> str:
        """Table of all quantities, as text."""
        lines: list[str] = []
        for result in self.results:
            lines += [f"{result.claim.name}  {result.claim.title}: {result.verdict}"]
            lines += [result.error or result.table().to_string(index=False), ""]
        n_seeds = len(self.settings["seeds"])
        spread = f"mean ± standard deviation over {n_seeds} seeds" if n_seeds > 1 else "one seed"
        lines += [f"obtained: {spread}; a quantity holds if every seed's number is as expected"]
        lines += ["quick: small sizes"] if self.settings["quick"] else []
        for result in self.results:
            if result.figure_error is not None:
                lines.append(f"no figure of {result.claim.name}: {result.figure_error}")
        if self.settings["missing"]:
            lines.append(f"interrupted before {', '.join(self.settings['missing'])}")
        return "\n".join(lines)


def reproduce(
    names: str | Iterable[str] | None = None,
    *,
    claims: Sequence[Claim] = CLAIMS,
    quick: bool = False,
    n_seeds: int = 3,
    out: str | os.PathLike[str] | None = None,
    n_jobs: int | None = -1,
    verbose: int = 0,
    random_state: int | None = 0,
) -> Reproduction:
    """Run the claims of a paper and report which of them hold.

    Parameters
    ----------
    names : str or iterable of str, optional
        Claims to run, such as "C1" or ["C1", "C7"]; all claims by default.
    claims : sequence of Claim, default=CLAIMS
        Claims to choose from; by default those of Ingrosso and Goldt (PNAS 119, e2201854119, 2022).
    quick : bool, default=False
        Whether to use small sizes: training on batches instead of single samples, a smaller torus
        and, where this changes the results little, shorter training.
    n_seeds : int, default=3
        Number of repeats, each with its own nets and samples.
    out : path-like, optional
        Folder to which each finished claim writes files such as ``C1.json``, ``C1.md`` and
        ``C1.png``. Other files in the folder are kept. By default, no files are written.
    n_jobs : int, default=-1
        Number of groups of nets to train in parallel, as in joblib: -1 for all cores, None for 1.
    verbose : int, default=0
        If positive, a progress bar is shown.
    random_state : int or None, default=0
        Seed of all repeats.

    Returns
    -------
    reproduction : Reproduction
        A claim whose measurement raises an error has the verdict "error"; the other claims still
        run. After an interrupt (Ctrl-C), the result contains the finished claims.

    Examples
    --------
    >>> from rfsk.papers import Claim, Quantity, reproduce
    >>> answer = Quantity("answer", "inequality", low=41.0, high=43.0)
    >>> claim = Claim("Q", "the answer", "It is known.", (answer,), lambda *_: {"answer": 42.0})
    >>> reproduce(claims=[claim], n_seeds=2).holds
    True
    """
    by_name = {claim.name.lower(): claim for claim in claims}
    if len(by_name) < len(claims):
        raise ValueError(f"Two claims have one name: {[claim.name for claim in claims]}.")
    asked = [names] if isinstance(names, str) else list(by_name if names is None else names)
    unknown = [name for name in asked if name.lower() not in by_name]
    if unknown or not asked:
        what = f"There is no claim {unknown[0]!r}" if unknown else "No claim is named"
        raise ValueError(f"{what}; expected some of {', '.join(c.name for c in claims)}.")
    wanted = {name.lower() for name in asked}
    chosen = [claim for name, claim in by_name.items() if name in wanted]
    if random_state is not None:
        check_positive(random_state, "random_state", integer=True, zero=True)
        random_state = int(random_state)
    bench = Bench(n_seeds, quick=quick, n_jobs=n_jobs, random_state=random_state)
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # raises early if the folder is not writable
    settings: dict[str, Any] = {
        "quick": bool(quick),
        "random_state": random_state,
        "seeds": list(bench.seeds),
        "missing": [claim.name for claim in chosen],
    }
    results: list[ClaimResult] = []
    started = time.perf_counter()
    try:
        with tqdm(chosen, disable=not verbose, unit="claim", leave=False) as bar:
            for claim in bar:
                bar.set_description(f"{claim.name}, {claim.title}")
                start = time.perf_counter()
                try:
                    values, error, where = claim.run(bench), None, None
                except Exception as problem:
                    values, where = {}, traceback.format_exc()
                    error = f"{type(problem).__name__}: {problem}"
                seconds = time.perf_counter() - start
                results.append(ClaimResult(claim, values, seconds, error, where))
                settings["missing"].remove(claim.name)
                if folder is not None:
                    results[-1] = _write(results[-1], bench, settings, folder)
    except KeyboardInterrupt:
        warnings.warn(
            f"Interrupted; {len(results)} of {len(chosen)} claims are finished.", stacklevel=2
        )
    return Reproduction(results, settings, time.perf_counter() - started, bench)


def _write(result: ClaimResult, bench: Bench, settings: dict[str, Any], path: Path) -> ClaimResult:
    """Write the files of a claim; return `result`, with the error of its figure if any."""
    claim = result.claim
    if claim.draw is not None and result.error is None:
        import matplotlib.pyplot as plt

        try:
            figure = claim.draw(bench)
            figure.savefig(path / f"{claim.name}.png", dpi=150)
            plt.close(figure)
        except Exception as problem:
            result = replace(result, figure_error=f"{type(problem).__name__}: {problem}")
    content = {
        "settings": {**settings, "missing": []},
        "versions": installed_versions(),
        "machine": platform.machine(),
        "claim": result.as_dict(),
    }
    try:
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        (path / f"{claim.name}.json").write_text(text, encoding="utf-8")
        (path / f"{claim.name}.md").write_text(result.markdown(), encoding="utf-8")
    except OSError as problem:
        warnings.warn(f"{claim.name} could not be written: {problem}", stacklevel=3)
    return result
