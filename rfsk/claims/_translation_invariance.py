"""C8: localized fields tile only where inputs are translation-invariant."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from ..analysis import field_center, ipr, tiling
from ..datasets import (
    NLGP,
    Discrimination,
    GaussianField,
    MultivariateGaussian,
    Sampler,
    augment_shifts,
)
from ..nets import FCNet
from ._bench import Bench, Training
from ._claim import Claim, Quantity
from ._sources import CONTROL, PAPER
from ._units import fields_of, share_localized

Array = NDArray[np.float64]

UNEVENNESS = 0.7
_N_SITES, _FINE = 100, 10  # sites, and those of the fine ring for each of them
_INPUTS = ("even", "uneven", "shifted", "clone")


def sites() -> NDArray[np.int64]:
    """Sites of a fine ring that are kept; they are 10 (1 + UNEVENNESS cos(2 pi i / 100)) apart."""
    place = np.arange(_N_SITES) / _N_SITES
    place += UNEVENNESS * np.sin(2.0 * np.pi * place) / (2.0 * np.pi)
    return np.round(_N_SITES * _FINE * place).astype(np.int64)


@dataclass(frozen=True)
class UnevenNLGP(Sampler):
    """NLGP of gain 3 on a fine ring, at 100 sites that are spaced unevenly.

    All sites have one marginal distribution. The fine ring is drawn at these sites only. The
    correlation length is in mean spacings, and `shifted` says whether each input is shifted by a
    random number of sites.
    """

    correlation_length: float
    shifted: bool = False
    shape: tuple[int, ...] = (_N_SITES,)

    @cached_property
    def _fine(self) -> NLGP:
        length = self.correlation_length * _FINE
        return NLGP((_N_SITES * _FINE,), correlation_length=length, gain=3.0)

    @cached_property
    def _latent(self) -> MultivariateGaussian:
        length = self.correlation_length * _FINE
        return _at_sites(GaussianField(self._fine.shape, correlation_length=length))

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw inputs; see `Sampler.draw`."""
        rows = self._latent.draw(n_samples, rng)
        erf(rows * (self._fine.gain / np.sqrt(2.0)), out=rows)
        rows /= self._fine.normalization
        return augment_shifts(rows, random_state=rng) if self.shifted else rows

    def gaussian_clone(self) -> MultivariateGaussian:
        """The Gaussian distribution of equal covariance, not shifted."""
        return _at_sites(self._fine)


def _at_sites(model: NLGP | GaussianField) -> MultivariateGaussian:
    covariance = model.covariance()[np.ix_(sites(), sites())]
    return MultivariateGaussian(np.zeros(_N_SITES), covariance)


def nets(bench: Bench) -> dict[str, list[FCNet]]:
    """Nets on evenly and unevenly spaced sites, on shifted inputs and on the clone."""

    def task(shifted: bool) -> Discrimination:
        models: Any = [UnevenNLGP(length, shifted) for length in (5.0, 10.0)]
        return Discrimination(models)

    tasks = (bench.ring_task, task(False), task(True), task(False).gaussian_clone())
    training = Training(5.0, 100, 10_000.0) if bench.quick else bench.ring_training
    key = f"unevenness {UNEVENNESS}"
    return bench.nets(key, dict(zip(_INPUTS, tasks, strict=True)), training)


def fraction_in_dense_third(fields: Array) -> float:
    """Fraction of centres in the third of the sites that are spaced most closely, 33 to 67."""
    centers = field_center(fields)[:, 0]
    return float(np.mean(np.abs(centers - _N_SITES / 2.0) <= _N_SITES / 6.0))


def measure(bench: Bench, number: int) -> dict[str, float]:
    """Coverage and centres of the units with b > 0, and their IPR against the clone."""
    fields = {name: fields_of(of_task[number])["b > 0"] for name, of_task in nets(bench).items()}
    found = {
        "uneven: IPR, b > 0, over clone": ipr(fields["uneven"]).mean() / ipr(fields["clone"]).mean()
    }
    for name in ("even", "uneven", "shifted"):
        found[f"{name}: fraction of centres in the dense third"] = fraction_in_dense_third(
            fields[name]
        )
    for name in ("even", "shifted"):
        tiled = tiling(fields[name])
        found[f"{name}: coverage, relative to random places"] = (
            tiled.coverage / tiled.random_coverage
        )
        found[f"{name}: Rayleigh p of the centres"] = tiled.rayleigh_p
    shape, seed = (_N_SITES,), bench.seeds[number]
    found["shifted: fraction localized, b > 0"] = share_localized(fields["shifted"], shape, seed)
    return found


def draw(bench: Bench) -> Any:
    """Fields of one net of each kind, and where the centres of all nets lie."""
    import matplotlib.pyplot as plt

    from ..plotting import ReceptiveFieldDisplay
    from ..plotting._style import BLUE, GREEN, GREY, ORANGE, tidy

    titles = ("even sites", "uneven sites", "uneven sites, shifted", "uneven sites, clone")
    figure, axes = plt.subplots(
        2, 4, sharey="row", figsize=(11, 5.0), layout="constrained", height_ratios=(3, 2)
    )
    styles = zip(_INPUTS, titles, (GREY, BLUE, GREEN, ORANGE), strict=True)
    for (upper, lower), (name, title, color) in zip(axes.T, styles, strict=True):
        of_nets = [fields_of(net)["b > 0"] for net in nets(bench)[name]]
        first = of_nets[0][np.argsort(field_center(of_nets[0])[:, 0])]
        scaled = first / np.abs(first).max(axis=1, keepdims=True)
        display = ReceptiveFieldDisplay.from_fields(scaled, ax=upper)
        upper.set(title=title, ylabel="")
        centers = field_center(np.concatenate(of_nets))[:, 0]
        lower.hist(centers, np.linspace(0.0, _N_SITES, 21), color=color)
        lower.axvspan(_N_SITES / 3.0, _N_SITES / 1.5, color="0.9", zorder=0)
        lower.set(xlabel="centre (site), all seeds")
        tidy(lower)
    axes[0, 0].set_ylabel("unit, b > 0")
    axes[1, 0].set_ylabel("units, b > 0")
    figure.colorbar(display.image_, ax=axes[0], label="weight / largest")
    return figure


CLAIM = Claim(
    "C8",
    "tiling needs translation-invariant inputs",
    "Higher-order statistics localize fields, and translation invariance makes them tile: on sites "
    "that are spaced unevenly fields localize, but few lie where sites are close together; random "
    "shifts of the same inputs restore the tiling.",
    (
        Quantity.at_least("even: coverage, relative to random places", 1.0, PAPER, 2),
        Quantity.at_least("even: Rayleigh p of the centres", 0.01, PAPER, 2),
        Quantity.between("even: fraction of centres in the dense third", 0.17, 0.5, CONTROL, 2),
        Quantity.at_least("uneven: IPR, b > 0, over clone", 2.0, PAPER, 2),
        Quantity.at_most("uneven: fraction of centres in the dense third", 0.17, PAPER, 2),
        Quantity.at_least("shifted: coverage, relative to random places", 1.0, PAPER, 2),
        Quantity.between("shifted: fraction of centres in the dense third", 0.17, 0.5, PAPER, 2),
        Quantity.at_least("shifted: Rayleigh p of the centres", 0.01, PAPER, 2),
        Quantity.at_least("shifted: fraction localized, b > 0", 0.5, PAPER, 2),
    ),
    measure,
    draw,
)
