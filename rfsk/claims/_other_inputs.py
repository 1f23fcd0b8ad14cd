"""C6: fields localize with other activations and on other inputs."""

from typing import Any

import numpy as np

from ..analysis import ipr
from ..datasets import Discrimination, Ising, Phi4
from ..experiments._field_study import starts_positive
from ..nets import FCNet
from ._bench import Bench, Training, with_clone
from ._claim import Claim, Quantity
from ._sources import INDEPENDENT, PAPER


def ising_task() -> Discrimination:
    """Spins on a ring of 100 sites, correlation lengths 2 and 5."""
    return Discrimination([Ising.from_correlation_length(100, xi) for xi in (2.0, 5.0)])


def phi4_task() -> Discrimination:
    """A field in two wells on a ring of 100 sites, couplings 0.6 and 1.2, of unit variance."""
    return Discrimination([Phi4((100,), coupling=k, standardize=True) for k in (0.6, 1.2)])


def nets(bench: Bench, world: str) -> dict[str, list[FCNet]]:
    """Nets on a world and on its clone, one a seed; phi^4 fields take long to draw."""
    rate, batch_size = bench.ring_training.learning_rate, bench.ring_training.batch_size
    training = {
        "tanh": Training(rate, batch_size, 10_000.0 if bench.quick else 20_000.0),
        "relu": Training(rate, batch_size, 10_000.0),
        "ising": Training(rate, batch_size, 15_000.0),
        "phi^4": Training(10.0, 100, 10_000.0) if bench.quick else bench.ring_training,
    }
    tasks = {"ising": ising_task, "phi^4": phi4_task}
    task = tasks[world]() if world in tasks else bench.ring_task
    activation = world if world in ("tanh", "relu") else "erf"
    return bench.nets(world, with_clone(task), training[world], activation=activation)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR against that of the same group of units on the clone, and accuracy on spins."""
    found = {"tanh units: IPR, b > 0, NLGP over clone": _over_clone(bench, "tanh", number)[0]}
    for law, name in (("nlgp", "NLGP"), ("clone", "clone")):
        fields = nets(bench, "relu")[law][number].receptive_fields_
        found[f"rectified units: IPR of all, {name}"] = ipr(fields).mean()
    for world, name in (("ising", "Ising spins"), ("phi^4", "phi^4 field")):
        ratios = _over_clone(bench, world, number)
        for group, ratio in zip(("b > 0", "b < 0"), ratios, strict=True):
            found[f"{name}: IPR, {group}, over clone"] = ratio
    of_spins = nets(bench, "ising")
    fields = of_spins["nlgp"][number].receptive_fields_
    found["Ising spins: IPR, b > 0"] = ipr(fields[starts_positive(fields)]).mean()
    seed = bench.seeds[number]
    for (law, task), name in zip(
        with_clone(ising_task()).items(), ("Ising spins", "their clone"), strict=True
    ):
        found[f"{name}: accuracy"] = of_spins[law][number].score(*task.sample(20_000, seed))
    return found


def _over_clone(bench: Bench, world: str, number: int) -> list[float]:
    """Mean IPR of units of b > 0 and b < 0, over that of the same units on the clone."""
    of_law = [nets(bench, world)[law][number].receptive_fields_ for law in ("nlgp", "clone")]
    positive = starts_positive(of_law[0])
    return [
        float(np.divide(*(ipr(fields[select]).mean() for fields in of_law)))
        for select in (positive, ~positive)
    ]


def draw(bench: Bench) -> Any:
    """Fields of one net of each kind, and the IPR of all units against the clone's."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, ORANGE, tidy

    worlds = {
        "tanh": "tanh units",
        "relu": "rectified units",
        "ising": "Ising spins",
        "phi^4": r"$\phi^4$ field",
    }
    figure, axes = plt.subplots(2, 4, figsize=(11, 5.0), layout="constrained", height_ratios=(3, 2))
    for (upper, lower), (world, name) in zip(axes.T, worlds.items(), strict=True):
        of_world = nets(bench, world)
        fields = of_world["nlgp"][0].receptive_fields_
        scale = np.abs(fields).max(axis=1, keepdims=True)
        display = ReceptiveFieldDisplay.from_fields(fields / scale, ax=upper)
        upper.set_title(f"{name}, all units")
        sites = fields.shape[1]
        bins = np.linspace(0.0, 20.0, 41)
        for law, label, color, dash in (
            ("nlgp", "inputs", BLUE, "-"),
            ("clone", "clone", ORANGE, "--"),
        ):
            values = np.concatenate([ipr(net.receptive_fields_) for net in of_world[law]])
            lower.hist(
                sites * values, bins, histtype="step", color=color, linestyle=dash, label=label
            )
        lower.set(xlabel="D x IPR, all seeds", ylabel="units")
        tidy(lower)
        lower.legend(frameon=False, loc="upper right")
    figure.colorbar(display.image_, ax=axes[0], label="weight / largest")
    return figure


CLAIM = Claim(
    "C6",
    "it holds for other units and inputs",
    "Fields localize across activation functions and on other non-Gaussian inputs, Ising spins and "
    "phi^4 fields; each group of units is compared with the same on the clone.",
    (
        Quantity.at_least("tanh units: IPR, b > 0, NLGP over clone", 2.0, PAPER, 2),
        Quantity.near("rectified units: IPR of all, NLGP", 0.05, 0.15, INDEPENDENT),
        Quantity.near("rectified units: IPR of all, clone", 0.025, 0.15, INDEPENDENT),
        Quantity.near("Ising spins: IPR, b > 0", 0.107, 0.1, INDEPENDENT),
        Quantity.at_least("Ising spins: IPR, b > 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("Ising spins: IPR, b < 0, over clone", 2.0, PAPER, 2),
        Quantity.near("Ising spins: accuracy", 0.841, 0.02, INDEPENDENT),
        Quantity.near("their clone: accuracy", 0.751, 0.02, INDEPENDENT),
        Quantity.at_least("phi^4 field: IPR, b > 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("phi^4 field: IPR, b < 0, over clone", 2.0, PAPER, 2),
    ),
    measure,
    draw,
)
