"""C5: the fields are CP factors of the inputs' fourth cumulant."""

from typing import Any

import numpy as np

from ..analysis import CumulantCP, FieldMatcher, chance_match, cumulant, ipr, symmetric_cp, tiling
from ..experiments._field_study import starts_positive
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reduced_model import task as small_task
from ._sources import DERIVED, INDEPENDENT, PAPER

_N_FACTORS = 8


def factors(bench: Bench, number: int) -> CumulantCP:
    """Decompose the cumulant of a sample of the long-range class, one a seed."""

    def decompose() -> CumulantCP:
        seed = bench.seeds[number]
        inputs = bench.ring_task.models[1].sample(_n_samples(bench), seed)
        return CumulantCP(_N_FACTORS, random_state=seed).fit(inputs)

    return bench.once(("factors", number), decompose)


def _n_samples(bench: Bench) -> int:
    return 20_000 if bench.quick else 50_000


def _strength(source: Any, directions: np.ndarray) -> np.ndarray:
    """<kappa, a^4> of each direction a."""
    return np.asarray((cumulant(source).contract(directions) * directions).sum(axis=1))


def exact_factor(bench: Bench, gain: float, number: int) -> np.ndarray:
    """Leading factor of the exact cumulant of 30 sites, xi = 3; each seed starts elsewhere."""

    def decompose() -> np.ndarray:
        kappa = cumulant(small_task(gain).models[1])
        return symmetric_cp(kappa, 1, tol=1e-10, random_state=bench.seeds[number]).components

    return bench.once(("exact factor", gain, number), decompose)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR of the factors and how they tile; match of both groups of units."""
    found = {
        f"30 sites, exact, gain {gain:g}: IPR of the leading factor": float(
            ipr(exact_factor(bench, gain, number))[0]
        )
        for gain in (1.0, 3.0)
    }
    cp = factors(bench, number)
    fields = bench.ring_nets()["nlgp"][number].receptive_fields_
    positive = starts_positive(fields)
    match = FieldMatcher().fit(cp.components_).transform(fields)[:, 0]
    chance = chance_match(
        fields[positive], cp.components_, n_null=99, random_state=bench.seeds[number]
    )
    law, a = bench.ring_task.models[1], cp.components_
    drawn = [
        model.sample(_n_samples(bench), bench.seeds[number])
        for model in (law, law.gaussian_clone())
    ]
    of_law, of_clone = (np.abs(_strength(X, a)).mean() for X in drawn)
    return found | {
        "factors: smallest IPR": ipr(cp.components_).min(),
        "factors: largest IPR": ipr(cp.components_).max(),
        "factors: share of sites covered": tiling(cp.components_).coverage,
        "factors: largest weight": cp.weights_.max(),
        "match of fields, b > 0": float(np.median(match[positive])),
        "match of fields, b < 0": float(np.median(match[~positive])),
        "match, b > 0, above chance (95 %)": float(np.median(match[positive]) - chance[94]),
        "cumulant along the factors, clone over NLGP": of_clone / of_law,
    }


def draw(bench: Bench) -> Any:
    """Factors, a field with its factor, and the matches of all units."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._alignment import aligned, centered
    from ..plotting._style import BLUE, ORANGE, tidy

    cp = factors(bench, 0)
    fields = bench.ring_nets()["nlgp"][0].receptive_fields_
    positive = starts_positive(fields)
    matcher = FieldMatcher().fit(cp.components_)
    match = matcher.transform(fields)[:, 0]
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    display = ReceptiveFieldDisplay.from_fields(cp.components_, ax=axes[0])
    axes[0].set(title="CP factors of the fourth cumulant", ylabel="factor")
    figure.colorbar(display.image_, ax=axes[0], label="weight (unit length)", shrink=0.8)
    bumps = fields[positive]
    median = bumps[np.argsort(match[positive])[len(bumps) // 2]]
    laid = aligned(median, cp.components_, (len(median),))
    sites = np.arange(len(median)) - len(median) // 2
    for values, name, color, dash in (
        (median, "field", BLUE, "-"),
        (laid, "CP factor", ORANGE, "--"),
    ):
        curve = centered(values, median, (len(median),))
        axes[1].plot(sites, curve, dash, color=color, label=name)
    axes[1].set(xlabel="distance from the peak (sites)", ylabel="weight (unit length)")
    axes[1].set_title("a field of median match")
    for number in range(len(bench.seeds)):
        fields = bench.ring_nets()["nlgp"][number].receptive_fields_
        match = FieldMatcher().fit(factors(bench, number).components_).transform(fields)[:, 0]
        for select, name, color, mark in (
            (positive, "b > 0", BLUE, "o"),
            (~positive, "b < 0", ORANGE, "s"),
        ):
            axes[2].plot(
                ipr(fields[select]),
                match[select],
                mark,
                color=color,
                markersize=3,
                label=name if number == 0 else None,
            )
    axes[2].set(xlabel="IPR of the field", ylabel="match to the factors", ylim=(0, 1.02))
    axes[2].set_title("all units and seeds")
    for ax in axes[1:]:
        tidy(ax)
        ax.legend(frameon=False)
    return figure


CLAIM = Claim(
    "C5",
    "fields are factors of the fourth cumulant",
    "The CP factors of the fourth-order cumulant of the inputs are localized, tile space and "
    "resemble the fields.",
    (
        Quantity.near(
            "30 sites, exact, gain 1: IPR of the leading factor", 0.160, 0.02, INDEPENDENT
        ),
        Quantity.near(
            "30 sites, exact, gain 3: IPR of the leading factor", 0.168, 0.02, INDEPENDENT
        ),
        Quantity.at_least("factors: smallest IPR", 0.05, INDEPENDENT),
        Quantity.at_most("factors: largest IPR", 0.07, INDEPENDENT),
        Quantity.at_least("factors: share of sites covered", 0.95, PAPER, 2),
        Quantity.at_most("factors: largest weight", 0.0, INDEPENDENT, 1),
        Quantity.near("match of fields, b > 0", 0.98, 0.02, INDEPENDENT),
        Quantity.at_most("match of fields, b < 0", 0.2, INDEPENDENT),
        Quantity.at_least("match, b > 0, above chance (95 %)", 0.1, PAPER),
        Quantity.at_most("cumulant along the factors, clone over NLGP", 0.2, DERIVED),
    ),
    measure,
    draw,
)
