"""C3: on Gaussian inputs of the same covariance fields oscillate."""

from typing import Any

import numpy as np

from ..analysis import ipr
from ..experiments import nlgp_task
from ..nets import FCNet
from ._bench import Bench
from ._claim import Claim, Quantity
from ._sources import CONTROL, INDEPENDENT, PAPER
from ._units import fields_of, mean_iprs, share_localized

_GAINS = (0.1, 1.0, 10.0)  # beside 3, that of the task


def gain_nets(bench: Bench) -> dict[str, list[FCNet]]:
    """Nets on the NLGP of other gains, one a seed."""
    tasks = {f"gain {gain:g}": nlgp_task(gain=gain) for gain in _GAINS}
    return bench.nets("gains", tasks, bench.ring_training)


def measure(bench: Bench, number: int) -> dict[str, float]:
    """IPR of nets on the clone, alone, against those on the NLGP and over its gain."""
    seed = bench.seeds[number]
    ring, torus = bench.ring_nets(), bench.torus_nets()
    net, image_net = ring["clone"][number], torus["clone"][number]
    on_clone, of_images = mean_iprs(net), mean_iprs(image_net)
    sites = image_net.n_features_in_
    fields = net.receptive_fields_
    found = {f"ring: IPR, {group}": value for group, value in on_clone.items()}
    found |= {f"torus: D x IPR, {group}": sites * value for group, value in of_images.items()}
    for name, nets in (("ring", ring), ("torus", torus)):
        pair = [mean_iprs(nets[law][number])["b > 0"] for law in ("nlgp", "clone")]
        found[f"{name}: IPR, b > 0, NLGP over clone"] = pair[0] / pair[1]
    for gain, of_gain in zip(_GAINS, gain_nets(bench).values(), strict=True):
        found[f"ring: IPR, b > 0, NLGP of gain {gain:g}"] = mean_iprs(of_gain[number])["b > 0"]
    return found | {
        "ring: share localized": share_localized(fields, net.shape_, seed),
        "ring: share of power in two modes": two_modes(fields),
        "ring: accuracy": net.score(*bench.ring_task.gaussian_clone().sample(20_000, seed)),
        "torus: share localized": share_localized(
            image_net.receptive_fields_, image_net.shape_, seed
        ),
        "torus: accuracy": image_net.score(*bench.torus_task.gaussian_clone().sample(10_000, seed)),
    }


def two_modes(fields: np.ndarray) -> float:
    """Median share of the power of fields on a ring in their two strongest frequencies."""
    power = np.abs(np.fft.fft(fields, axis=1)) ** 2
    folded = power[:, : fields.shape[1] // 2 + 1].copy()
    folded[:, 1 : (fields.shape[1] + 1) // 2] *= 2.0
    strongest = np.sort(folded, axis=1)[:, -2:].sum(axis=1)
    return float(np.median(strongest / folded.sum(axis=1)))


def draw(bench: Bench) -> Any:
    """Fields on the NLGP and on its clone, their spectra, and the IPR of all units."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, ORANGE, limit, tidy

    nets = bench.ring_nets()
    first = {law: fields_of(of_law[0])["b > 0"] for law, of_law in nets.items()}
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
        bumps = np.concatenate([fields_of(net)["b > 0"] for net in nets[law]])
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
        Quantity.near("ring: IPR, b > 0, NLGP of gain 0.1", 0.0195, 0.1, INDEPENDENT, 4),
        Quantity.near("ring: IPR, b > 0, NLGP of gain 1", 0.0401, 0.1, INDEPENDENT, 4),
        Quantity.near("ring: IPR, b > 0, NLGP of gain 10", 0.0651, 0.1, INDEPENDENT, 4),
        Quantity.at_most("ring: share localized", 0.1, PAPER, 2),
        Quantity.at_least("ring: share of power in two modes", 0.75, PAPER, 2),
        Quantity.near("ring: accuracy", 0.817, 0.02, INDEPENDENT),
        Quantity.at_most("torus: D x IPR, b > 0", 3.04, INDEPENDENT, 2),
        Quantity.near("torus: D x IPR, b < 0", 3.04, 0.15, INDEPENDENT, 2),
        Quantity.at_least("torus: IPR, b > 0, NLGP over clone", 2.0, PAPER, 2),
        Quantity.at_most("torus: share localized", 0.1, PAPER, 2),
        Quantity.at_least("torus: accuracy", 0.8, CONTROL),
    ),
    measure,
    draw,
)
