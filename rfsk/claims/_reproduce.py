"""reproduce: run the claims of the paper, and say which of them hold."""

import json
import os
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .._core._progress import tqdm
from .._core._validation import check_positive
from . import (
    _convolutional_match,
    _cumulant_factors,
    _gaussian_control,
    _gaussian_equivalence,
    _localized_fields,
    _other_inputs,
    _reduced_model,
    _translation_invariance,
)
from ._bench import Bench
from ._claim import Claim
from ._reproduction import ClaimResult, Reproduction, about

#: The claims C1 to C8 of the paper.
CLAIMS: tuple[Claim, ...] = tuple(
    module.CLAIM
    for module in (
        _localized_fields,
        _convolutional_match,
        _gaussian_control,
        _reduced_model,
        _cumulant_factors,
        _other_inputs,
        _gaussian_equivalence,
        _translation_invariance,
    )
)


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
    """Run the claims of Ingrosso and Goldt (PNAS 119, e2201854119, 2022), and say which hold.

    Parameters
    ----------
    names : str or iterable of str, optional
        Which claims to run, such as "C1" or ["C1", "C7"]; all of them by default.
    claims : sequence of Claim, default=CLAIMS
        Which claims there are: C1 to C8, or your own.
    quick : bool, default=False
        Whether to take small sizes: batches instead of single samples, shorter training where that
        changes little, and a torus of 14 x 14 instead of 20 x 20 sites.
    n_seeds : int, default=3
        Repeats, each with nets and samples of its own.
    out : path-like, optional
        Folder for three files a claim, ``C1.json``, ``C1.md`` and ``C1.png``, written as soon as it
        is finished; those of other claims are left alone. Nothing is written by default.
    n_jobs : int, default=-1
        Groups of nets trained at a time, as joblib has it.
    verbose : int, default=0
        Above 0 a bar shows progress.
    random_state : int or None, default=0
        Seed of the whole.

    Returns
    -------
    reproduction : Reproduction
        A claim whose measurement raised an error has the verdict "error", and the others are run
        nevertheless. Files that cannot be written are told by a warning. An interrupt (Ctrl-C) ends
        the run early and keeps the finished claims, with a warning.

    Raises
    ------
    ValueError
        If there is no claim of a name or another argument is not valid, before any work.
    OSError
        If `out` cannot be written to, before any work.

    Examples
    --------
    >>> from rfsk.claims import Claim, Quantity, reproduce
    >>> def measure(bench, number):
    ...     return {"answer": 42.0}
    >>> quantities = (Quantity.between("answer", 41.0, 43.0, "folklore", digits=0),)
    >>> claim = Claim("Q", "the answer", "It is known.", quantities, measure)
    >>> found = reproduce(claims=[claim], n_seeds=2)
    >>> print(found.table().splitlines()[2])
    Q  the answer: holds
    """
    chosen = _choose(names, claims)
    if random_state is not None:
        check_positive(random_state, "random_state", integer=True, zero=True)
        random_state = int(random_state)
    bench = Bench(n_seeds, quick=quick, n_jobs=n_jobs, random_state=random_state)
    folder = None if out is None else Path(out)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()  # tells now whether there can be files
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
                results.append(_run(claim, bench))
                settings["missing"].remove(claim.name)
                if folder is not None:
                    results[-1] = _keep(results[-1], bench, settings, folder)
    except KeyboardInterrupt:
        warnings.warn(
            f"Interrupted; {len(results)} of {len(chosen)} claims are finished.", stacklevel=2
        )
    return Reproduction(results, settings, time.perf_counter() - started, bench)


def _choose(names: str | Iterable[str] | None, claims: Sequence[Claim]) -> list[Claim]:
    by_name = {claim.name.lower(): claim for claim in claims}
    if len(by_name) < len(claims):
        raise ValueError(f"Two claims have one name: {[claim.name for claim in claims]}.")
    if names is None:
        return list(claims)
    asked = [names] if isinstance(names, str) else list(names)
    unknown = [name for name in asked if name.lower() not in by_name]
    if unknown or not asked:
        what = f"There is no claim {unknown[0]!r}" if unknown else "No claim is named"
        raise ValueError(f"{what}; expected some of {', '.join(c.name for c in claims)}.")
    wanted = {name.lower() for name in asked}
    return [claim for name, claim in by_name.items() if name in wanted]


def _run(claim: Claim, bench: Bench) -> ClaimResult:
    started = time.perf_counter()
    try:
        values, error, where = claim.run(bench), None, None
    except Exception as problem:
        values, error, where = {}, _told(problem), traceback.format_exc()
    return ClaimResult(claim, values, time.perf_counter() - started, error, where)


def _keep(result: ClaimResult, bench: Bench, settings: dict[str, Any], folder: Path) -> ClaimResult:
    """Write numbers, table and figure of a claim; return the result with what went wrong."""
    claim = result.claim
    if claim.draw is not None and result.error is None:
        import matplotlib.pyplot as plt

        try:
            figure = claim.draw(bench)
            figure.savefig(folder / f"{claim.name}.png", dpi=150)
            plt.close(figure)
        except Exception as problem:
            result = replace(result, figure_error=_told(problem))
    content = {**about({**settings, "missing": []}), "claim": result.as_dict()}
    try:
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        (folder / f"{claim.name}.json").write_text(text, encoding="utf-8")
        (folder / f"{claim.name}.md").write_text(result.markdown(), encoding="utf-8")
    except OSError as problem:
        warnings.warn(f"{claim.name} could not be written: {problem}", stacklevel=3)
    return result


def _told(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"
