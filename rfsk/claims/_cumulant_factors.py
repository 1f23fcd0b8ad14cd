"""C5: the fields are CP factors of the inputs' fourth cumulant."""

from typing import Any

import numpy as np

from ..analysis import CumulantCP, SymmetricCP, cumulant, ipr, symmetric_cp, tiling
from ._bench import Bench
from ._claim import Claim, Quantity
from ._reduced_model import task as small_task
from ._sources import CONTROL, INDEPENDENT, PAPER
from ._units import GROUPS, above_chance, best_match, fields_of

_N_FACTORS = 8
_STRENGTHS = {0.1: 0.50, 1.0: 16.3, 3.0: 20.4}  # of the leading factor, by gain
_IPRS = {1.0: 0.160, 3.0: 0.168}


def factors(bench: Bench, number: int, law: str = "nlgp") -> CumulantCP:
    """Decompose the cumulant of a sample of the long-range class, one a seed."""

    def decompose() -> CumulantCP:
        seed = bench.seeds[number]
        model = bench.ring_task.models[1]
        model = model if law == "nlgp" else model.gaussian_clone()
        inputs = model.sample(20_000 if bench.quick else 50_000, seed)
        # Noise has no factors to converge to; a few steps show what they look like.
        tolerance = 1e-3 if law == "clone" else 1e-6
        return CumulantCP(_N_FACTORS, tol=tolerance, random_state=seed).fit(inputs)

    return bench.once(("factors", law, number), decompose)


def leading_factor(bench: Bench, gain: float, number: int) -> SymmetricCP:
    """Leading factor of the exact cumulant of 30 sites, xi = 3; each seed starts elsewhere."""

    def decompose() -> SymmetricCP:
        kappa = cumulant(small_task(gain).models[1])
        return symmetric_cp(kappa, 1, tol=1e-10, random_state=bench.seeds[number])

    return bench.once(("leading factor", gain, number), decompose)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR of the factors and how they tile; match of both groups of units."""
    found = {}
    for gain in _STRENGTHS:
        leading = leading_factor(bench, gain, number)
        found[f"exact, gain {gain:g}: size of the weight"] = -leading.weights[0]
        if gain in _IPRS:
            found[f"exact, gain {gain:g}: IPR of the factor"] = ipr(leading.components)[0]
    components = factors(bench, number).components_
    noise = factors(bench, number, "clone").components_
    fields = fields_of(bench.ring_nets()["nlgp"][number])
    tiled = tiling(components)
    found |= {
        "sample: smallest IPR of the factors": ipr(components).min(),
        "sample: largest IPR of the factors": ipr(components).max(),
        "sample: coverage, relative to random places": tiled.coverage / tiled.random_coverage,
        "sample: weight of the weakest factor": factors(bench, number).weights_.max(),
        "clone's sample: median IPR of the factors": float(np.median(ipr(noise))),
    }
    for group, of_group in fields.items():
        found[f"match of fields, {group}"] = float(np.median(best_match(of_group, components)))
    for name, references in (("match", components), ("match to the clone's factors", noise)):
        above = above_chance(fields["b > 0"], references, None, bench.seeds[number])
        found[f"{name}, b > 0, above chance"] = above
    return found


def draw(bench: Bench) -> Any:
    """Factors, a field with its factor, and the matches of all units."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._alignment import aligned, centered
    from ..plotting._style import BLUE, ORANGE, tidy

    cp = factors(bench, 0)
    bumps = fields_of(bench.ring_nets()["nlgp"][0])["b > 0"]
    match = best_match(bumps, cp.components_)
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    display = ReceptiveFieldDisplay.from_fields(cp.components_, ax=axes[0])
    axes[0].set(title="CP factors of the fourth cumulant", ylabel="factor")
    figure.colorbar(display.image_, ax=axes[0], label="weight (unit length)", shrink=0.8)
    median = bumps[np.argsort(match)[len(bumps) // 2]]
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
    for number, net in enumerate(bench.ring_nets()["nlgp"]):
        references = factors(bench, number).components_
        for group, color, mark in zip(GROUPS, (BLUE, ORANGE), "os", strict=True):
            fields = fields_of(net)[group]
            axes[2].plot(
                ipr(fields),
                best_match(fields, references),
                mark,
                color=color,
                markersize=3,
                label=group if number == 0 else None,
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
        *(
            Quantity.near(
                f"exact, gain {gain:g}: size of the weight", strength, 0.02, INDEPENDENT, 2
            )
            for gain, strength in _STRENGTHS.items()
        ),
        *(
            Quantity.near(f"exact, gain {gain:g}: IPR of the factor", value, 0.02, INDEPENDENT)
            for gain, value in _IPRS.items()
        ),
        Quantity.at_least("sample: smallest IPR of the factors", 0.05, INDEPENDENT),
        Quantity.at_most("sample: largest IPR of the factors", 0.07, INDEPENDENT),
        Quantity.at_least("sample: coverage, relative to random places", 1.0, PAPER, 2),
        Quantity.at_most("sample: weight of the weakest factor", 0.0, INDEPENDENT, 1),
        Quantity.at_most("clone's sample: median IPR of the factors", 0.04, CONTROL),
        Quantity.between("match of fields, b > 0", 0.96, 1.0, f"{INDEPENDENT}: .98"),
        Quantity.at_most("match of fields, b < 0", 0.2, f"{INDEPENDENT}: .1 to .2"),
        Quantity.at_least("match, b > 0, above chance", 0.0, PAPER, 3),
        Quantity.at_most("match to the clone's factors, b > 0, above chance", 0.0, CONTROL, 3),
    ),
    measure,
    draw,
)
