"""C6: fields localize with other activations and on other inputs."""

from typing import Any

import numpy as np

from ..analysis import ipr
from ..datasets import Discrimination, Ising, Phi4
from ..nets import FCNet
from ._bench import Bench, Training, with_clone
from ._claim import Claim, Quantity
from ._sources import CONTROL, INDEPENDENT, PAPER
from ._units import fields_of, mean_iprs, share_localized

_WORLDS = {
    "tanh": "tanh units",
    "relu": "rectified units",
    "ising": "Ising spins",
    "phi^4": "phi^4 field",
}


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
    return bench.nets(f"{world} world", with_clone(task), training[world], activation=activation)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR of each group against the same group on the clone, shares, accuracy on spins."""
    found = {}
    for world, name in _WORLDS.items():
        of_world = nets(bench, world)
        net, control = of_world["nlgp"][number], of_world["clone"][number]
        on_inputs, on_clone = mean_iprs(net), mean_iprs(control)
        if world == "relu":
            found[f"{name}: IPR of all"] = ipr(net.receptive_fields_).mean()
            found[f"{name}: IPR of all on the clone"] = ipr(control.receptive_fields_).mean()
            continue
        for group in ("b > 0",) if world == "tanh" else ("b > 0", "b < 0"):
            found[f"{name}: IPR, {group}, over clone"] = on_inputs[group] / on_clone[group]
            if (world, group) == ("ising", "b < 0"):
                continue  # .55 to .95 over 20 seeds: no share of one net is evidence
            share = share_localized(fields_of(net)[group], net.shape_, bench.seeds[number])
            found[f"{name}: share localized, {group}"] = share
        share = share_localized(control.receptive_fields_, net.shape_, bench.seeds[number])
        found[f"{name}: share localized on the clone"] = share
        if world == "ising":
            found |= {f"{name}: IPR, {group}": value for group, value in on_inputs.items()}
            for where, task, of_law in (
                ("accuracy", ising_task(), net),
                ("accuracy on the clone", ising_task().gaussian_clone(), control),
            ):
                sample = task.sample(20_000, bench.seeds[number])
                found[f"{name}: {where}"] = of_law.score(*sample)
    return found


def draw(bench: Bench) -> Any:
    """Fields of one net of each kind, and the IPR of all units against the clone's."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, ORANGE, tidy

    figure, axes = plt.subplots(2, 4, figsize=(11, 5.0), layout="constrained", height_ratios=(3, 2))
    for (upper, lower), (world, name) in zip(axes.T, _WORLDS.items(), strict=True):
        of_world = nets(bench, world)
        fields = of_world["nlgp"][0].receptive_fields_
        scale = np.abs(fields).max(axis=1, keepdims=True)
        display = ReceptiveFieldDisplay.from_fields(fields / scale, ax=upper)
        upper.set_title(name.replace("phi^4", r"$\phi^4$") + ", all units")
        sites = fields.shape[1]
        bins = np.linspace(0.0, 25.0, 51)
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
        Quantity.at_least("tanh units: IPR, b > 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("tanh units: share localized, b > 0", 0.9, PAPER, 2),
        Quantity.at_most("tanh units: share localized on the clone", 0.1, CONTROL, 2),
        Quantity.near("rectified units: IPR of all", 0.05, 0.15, INDEPENDENT),
        Quantity.near("rectified units: IPR of all on the clone", 0.025, 0.15, INDEPENDENT),
        Quantity.near("Ising spins: IPR, b > 0", 0.107, 0.1, INDEPENDENT),
        Quantity.between("Ising spins: IPR, b < 0", 0.06, 0.14, f"{INDEPENDENT}: .084"),
        Quantity.at_least("Ising spins: IPR, b > 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("Ising spins: IPR, b < 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("Ising spins: share localized, b > 0", 0.9, PAPER, 2),
        Quantity.at_most("Ising spins: share localized on the clone", 0.1, CONTROL, 2),
        Quantity.near("Ising spins: accuracy", 0.841, 0.02, INDEPENDENT),
        Quantity.near("Ising spins: accuracy on the clone", 0.751, 0.02, INDEPENDENT),
        Quantity.at_least("phi^4 field: IPR, b > 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("phi^4 field: IPR, b < 0, over clone", 2.0, PAPER, 2),
        Quantity.at_least("phi^4 field: share localized, b > 0", 0.9, PAPER, 2),
        Quantity.at_least("phi^4 field: share localized, b < 0", 0.5, PAPER, 2),
        Quantity.at_most("phi^4 field: share localized on the clone", 0.1, CONTROL, 2),
    ),
    measure,
    draw,
)
