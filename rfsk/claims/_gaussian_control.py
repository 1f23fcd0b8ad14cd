"""C3: on Gaussian inputs of the same covariance fields oscillate."""

from typing import Any

import numpy as np

from ..analysis import group_split, ipr
from ..experiments._field_study import starts_positive
from ._bench import Bench
from ._claim import Claim, Quantity
from ._sources import INDEPENDENT, PAPER


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR of nets on the clone, alone and against those on the NLGP, and groups of units."""
    seed = bench.seeds[number]
    ring, torus = bench.ring_nets(), bench.torus_nets()
    fields = ring["clone"][number].receptive_fields_
    positive = starts_positive(fields)
    ratio = ipr(fields)
    images = torus["clone"][number]
    split = group_split(fields, n_null=199, random_state=seed)
    of_images = group_split(images.receptive_fields_, images.shape_, n_null=199, random_state=seed)
    control = bench.ring_task.gaussian_clone()
    return {
        "ring: IPR, b > 0": ratio[positive].mean(),
        "ring: IPR, b < 0": ratio[~positive].mean(),
        "ring: IPR, b > 0, NLGP over clone": _over_clone(ring, number),
        "ring: share localized": split.share["localized"],
        "ring: share oscillating": split.share["oscillating"],
        "ring: accuracy": ring["clone"][number].score(*control.sample(20_000, seed)),
        "torus: D x IPR, all units": images.n_features_in_ * ipr(images.receptive_fields_).mean(),
        "torus: IPR, b > 0, NLGP over clone": _over_clone(torus, number),
        "torus: share localized": of_images.share["localized"],
    }


def _over_clone(nets: dict[str, Any], number: int) -> float:
    fields = {law: _bumps(of_law[number].receptive_fields_) for law, of_law in nets.items()}
    means = {law: ipr(rows).mean() for law, rows in fields.items()}
    return float(means["nlgp"] / means["clone"])


def _bumps(fields: np.ndarray) -> np.ndarray:
    """Fields of the units with b > 0."""
    return fields[starts_positive(fields)]


def draw(bench: Bench) -> Any:
    """Fields on the NLGP and on its clone, their spectra, and the IPR of all units."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, ORANGE, limit, tidy

    nets = bench.ring_nets()
    first = {law: _bumps(of_law[0].receptive_fields_) for law, of_law in nets.items()}
    bound = limit(np.concatenate(list(first.values())))
    figure, axes = plt.subplots(1, 4, figsize=(12, 3.2), layout="constrained")
    for ax, (law, fields) in zip(axes, first.items(), strict=False):
        display = ReceptiveFieldDisplay.from_fields(fields, ax=ax)
        display.image_.set_clim(-bound, bound)
        ax.set_title({"nlgp": "NLGP, b > 0", "clone": "Gaussian clone, b > 0"}[law])
    figure.colorbar(display.image_, ax=axes[:2], label="weight", shrink=0.8)
    for law, color, dash in (("nlgp", BLUE, "-"), ("clone", ORANGE, "--")):
        name = {"nlgp": "NLGP", "clone": "Gaussian clone"}[law]
        all_fields = np.concatenate([net.receptive_fields_ for net in nets[law]])
        bumps = np.concatenate([_bumps(net.receptive_fields_) for net in nets[law]])
        power = np.abs(np.fft.rfft(bumps, axis=1)) ** 2
        share = np.median(power / power.sum(axis=1, keepdims=True), axis=0)
        axes[2].plot(np.arange(16), share[:16], dash, color=color, label=name)
        bins = np.linspace(0.0, 0.08, 41)
        axes[3].hist(
            ipr(all_fields), bins, color=color, histtype="step", linestyle=dash, label=name
        )
    axes[2].set(xlabel="periods around the ring", ylabel="share of power (median), b > 0")
    axes[3].set(xlabel="IPR, all units and seeds", ylabel="units")
    for value, name, side in ((0.015, "wave", "right"), (0.03, "noise", "left")):
        axes[3].axvline(value, color="0.7", linestyle=":", zorder=0)
        axes[3].annotate(
            name, (value, 1.0), xycoords=("data", "axes fraction"), ha=side, va="bottom"
        )
    axes[3].set_ylim(0, 1.35 * axes[3].get_ylim()[1])
    for ax in axes[2:]:
        tidy(ax)
        ax.legend(frameon=False, loc="upper right", fontsize="small")
    return figure


CLAIM = Claim(
    "C3",
    "a Gaussian control does not localize",
    "On Gaussian inputs with the mean and covariance of each class fields oscillate and never "
    "localize: what triggers localization is non-Gaussian, higher-order structure.",
    (
        Quantity.near("ring: IPR, b > 0", 0.0200, 0.1, INDEPENDENT, 4),
        Quantity.near("ring: IPR, b < 0", 0.0233, 0.15, INDEPENDENT, 4),
        Quantity.at_least("ring: IPR, b > 0, NLGP over clone", 2.0, PAPER, 2),
        Quantity.at_most("ring: share localized", 0.1, PAPER, 2),
        Quantity.at_least("ring: share oscillating", 0.9, PAPER, 2),
        Quantity.near("ring: accuracy", 0.817, 0.02, INDEPENDENT),
        Quantity.at_most("torus: D x IPR, all units", 3.3, INDEPENDENT, 2),
        Quantity.at_least("torus: IPR, b > 0, NLGP over clone", 2.0, PAPER, 2),
        Quantity.at_most("torus: share localized", 0.1, PAPER, 2),
    ),
    measure,
    draw,
)
