"""Claims of Ocker and Buice (NeurIPS 2021): Hebbian rules decompose cumulants."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, special, stats
from sklearn.exceptions import ConvergenceWarning

from ..analysis import (
    Cumulant,
    DenseCumulant,
    NonlinearHebbian,
    cumulant,
    ipr,
    match_matrix,
    symmetric_cp,
)
from ..datasets import NLGP
from ..plotting.style import INPUT, MATCH_COLORS, OTHER, tidy
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

LAMBDAS = np.array([2.0, 4.0, 8.0, 16.0])  # fourth cumulants of the sources
RING = NLGP((30,), correlation_length=3.0, gain=3.0)
N_STEPS = 1000


def mixing(bench: Bench, number: int) -> Array:
    """Orthogonal directions of the sources, one per row."""
    return np.asarray(stats.ortho_group.rvs(len(LAMBDAS), random_state=bench.seeds[number] % 2**32))


def cumulants_of(bench: Bench) -> Array:
    """Fourth cumulants of the sources; the bench's control can set them all equal or to zero."""
    controlled = {"Gaussian inputs": 0.0 * LAMBDAS, "equal cumulants": np.full_like(LAMBDAS, 6.0)}
    return controlled.get(bench.control or "", LAMBDAS)


def samples(bench: Bench, number: int) -> Array:
    """Mixtures of sources with values 0 and +-(k + 3)^(1/2), where k is the fourth cumulant."""
    rng = np.random.default_rng([bench.seeds[number], 1])
    shape = (10_000 if bench.quick else 40_000, len(LAMBDAS))
    height = cumulants_of(bench) + 3.0
    sources = rng.standard_normal(shape)
    if bench.control != "Gaussian inputs":
        sources = np.sign(sources) * np.sqrt(height) * (rng.random(shape) < 1.0 / height)
    return sources @ mixing(bench, number)


def exact(bench: Bench, number: int) -> Cumulant:
    """Exact fourth cumulant of the mixtures, from the cumulants and directions of the sources."""
    u = mixing(bench, number)
    return DenseCumulant(np.einsum("n,ni,nj,nk,nl->ijkl", cumulants_of(bench), u, u, u, u))


def fixed_points(bench: Bench, kappa: Cumulant, covariance: Array, fields: Array) -> Array:
    """Unit-length fields after N_STEPS steps of the cubic rule or, for a control, a linear rule."""
    for _ in range(N_STEPS):
        is_linear = bench.control == "second-order rule"
        moved = fields @ covariance if is_linear else kappa.contract(fields)
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        fields = np.divide(moved, length, out=np.zeros_like(moved), where=length > 1e-12)
    return fields


def residuals(kappa: Cumulant, fields: Array) -> Array:
    """Relative residuals of fields as eigenvectors of a cumulant; infinite for eigenvalue zero."""
    moved = kappa.contract(fields)
    weights = np.einsum("rd,rd->r", moved, fields)
    rest = np.linalg.norm(moved - weights[:, None] * fields, axis=1)
    return np.divide(rest, abs(weights), out=np.full(len(rest), np.inf), where=abs(weights) > 1e-12)


def by_power(bench: Bench, number: int) -> Array:
    """Fixed points of the cubic rule with the exact cumulant of the mixtures."""
    initial = np.random.default_rng([bench.seeds[number], 2]).standard_normal((4000, len(LAMBDAS)))
    initial /= np.linalg.norm(initial, axis=1, keepdims=True)
    return fixed_points(bench, exact(bench, number), np.eye(len(LAMBDAS)), initial)


def by_rule(bench: Bench, number: int) -> Array:
    """Fields that the cubic rule or, for a control, a linear rule learns from samples."""

    def learn() -> Array:
        X, seed = samples(bench, number), bench.seeds[number]
        is_linear = bench.control == "second-order rule"
        rule = NonlinearHebbian(1000, max_iter=1 if is_linear else 40, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fields = rule.fit(X).components_
        covariance = np.cov(X.T)
        return (
            fixed_points(bench, exact(bench, number), covariance, fields) if is_linear else fields
        )

    return bench.once((bench.control, number, "rule"), learn)


def on_ring(bench: Bench, number: int) -> Array:
    """Fixed points of the cubic rule with the exact cumulant of an NLGP."""
    model = RING.gaussian_clone() if bench.control == "Gaussian inputs" else RING
    initial = np.random.default_rng([bench.seeds[number], 3]).standard_normal((40, RING.n_features))
    kappa = bench.once((type(model).__name__, "cumulant"), lambda: cumulant(model))
    return fixed_points(bench, kappa, model.covariance(), initial)


def basins(bench: Bench, number: int, fields: Array) -> Array:
    """Fraction of fields whose cosine with the direction of each source exceeds 0.9."""
    return np.asarray((abs(fields @ mixing(bench, number).T) > 0.9).mean(axis=0))


def basin_volumes(sizes: Array) -> Array:
    """Predicted fraction of random initial fields that converge to each source.

    A field w converges to the source i with the largest lambda_i (u_i.w)^2, where lambda_i is the
    cumulant of the source and u_i its direction, because the cubic rule preserves the order of
    these numbers.
    """

    def fraction(i: int) -> float:
        others = np.sqrt(np.delete(sizes[i] / sizes, i) / 2.0)
        return integrate.quad(
            lambda g: 2.0 * stats.norm.pdf(g) * np.prod(special.erf(g * others)), 0.0, 10.0
        )[0]

    return np.array([fraction(i) for i in range(len(sizes))])


def eigenvectors(bench: Bench, number: int) -> dict[str, float]:
    """Claim O1: residuals of fixed points; cosines with sources; match with a CP factor."""
    kappa = bench.once("ring cumulant", lambda: cumulant(RING))
    leading = bench.once("factor", lambda: symmetric_cp(kappa, 1, tol=1e-10, random_state=0))
    ring, rule = on_ring(bench, number), by_rule(bench, number)
    source, is_found = exact(bench, number), ring.any(axis=1).all()
    size = RING.n_features * ipr(ring).min() if is_found else np.nan
    match = match_matrix(leading.components, ring, RING.shape).max() if is_found else np.nan
    cosines = abs(rule @ mixing(bench, number).T).max(axis=1)
    return {
        "sources, exact: largest residual": residuals(source, by_power(bench, number)).max(),
        "sources, rule: largest residual": residuals(source, rule).max(),
        "sources, rule: smallest cosine with a source": cosines.min(),
        "ring: largest residual": residuals(kappa, ring).max(),
        "ring: smallest D x IPR": size,
        "ring: match of the leading factor": match,
    }


def volumes(bench: Bench, number: int) -> dict[str, float]:
    """Claim O2: fraction of initial fields that converge to each source."""
    power, rule = (basins(bench, number, of(bench, number)) for of in (by_power, by_rule))
    expected = basin_volumes(LAMBDAS)
    return {
        "exact: largest deviation of a fraction": abs(power - expected).max(),
        "rule: largest deviation of a fraction": abs(rule - expected).max(),
        "rule: smallest fraction over that before it": min(rule[1:] / rule[:-1].clip(1e-3)),
    }


def draw_eigenvectors(bench: Bench) -> Any:
    """Claim O1: cosines of fields with the sources, and fixed points on the ring."""
    import matplotlib.pyplot as plt

    wide: dict[str, Any] = {
        "figsize": (9, 3.2),
        "layout": "constrained",
        "gridspec_kw": {"wspace": 0.06},
    }
    figure, (left, right) = plt.subplots(1, 2, **wide)
    cosines = abs(by_rule(bench, 0)[:40] @ mixing(bench, 0).T)
    order = cosines.argmax(axis=1).argsort()
    image = left.imshow(cosines[order].T, cmap=MATCH_COLORS, vmin=0.0, vmax=1.0, aspect="auto")
    left.set_yticks(range(len(LAMBDAS)), [f"{size:g}" for size in LAMBDAS])
    left.set(xlabel="unit", ylabel="cumulant of the source", title="fields of the Hebbian rule")
    figure.colorbar(image, ax=left, label="|cosine| with the source")
    sites, second = np.arange(RING.n_features), bench.under("second-order rule")
    for fields, style, color, label in (
        (on_ring(bench, 0), "-", INPUT, "third power"),
        (on_ring(second, 0), "--", OTHER, "first power"),
    ):
        for row in fields[:3]:
            right.plot(sites, row * np.sign(row.sum()), style, color=color, label=label)
            label = ""
    right.set(xlabel="site", ylabel="weight (unit length)", title="three fixed points on the ring")
    right.set(ylim=(None, 0.6), xlim=(0, 29))
    right.legend(frameon=False, ncols=2)
    tidy(right)
    return figure


def draw_volumes(bench: Bench) -> Any:
    """Claim O2: fraction of fields that converge to each source, for two sets of cumulants."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    for ax, control in zip(axes, (None, "equal cumulants"), strict=True):
        here, place = bench.under(control), np.arange(len(LAMBDAS))
        found = {"exact cumulant": by_power(here, 0), "Hebbian rule": by_rule(here, 0)}
        colors = (OTHER, INPUT)
        for shift, color, (name, fields) in zip((-0.2, 0.2), colors, found.items(), strict=True):
            ax.bar(place + shift, basins(here, 0, fields), 0.4, color=color, label=name)
        expected = basin_volumes(cumulants_of(here))
        ax.plot(place, expected, "k_", markersize=30, label="formula")
        ax.set_xticks(place, [f"{size:g}" for size in cumulants_of(here)])
        ax.set(
            xlabel="cumulant of the source", ylabel="fraction of initial fields", ylim=(0.0, 0.6)
        )
        ax.set_title(control or "unequal cumulants")
        tidy(ax)
    axes[0].legend(frameon=False, loc="upper left")
    return figure


CLAIMS = (
    Claim(
        "O1",
        "fixed points are eigenvectors of the cumulant",
        "A cubic Hebbian rule converges to eigenvectors of the fourth cumulant of its inputs. For "
        "mixtures of independent sources, these eigenvectors are the directions of the sources; "
        "for translation-invariant inputs on a ring, they are localized fields.",
        (
            Quantity("sources, exact: largest residual", "derivation", high=1e-6, digits=6),
            Quantity("sources, rule: largest residual", "inequality", high=0.1),
            Quantity("sources, rule: smallest cosine with a source", "inequality", low=0.95),
            Quantity("ring: largest residual", "derivation", high=1e-3, digits=6),
            Quantity("ring: smallest D x IPR", "inequality", low=3.0, digits=2),
            Quantity("ring: match of the leading factor", "inequality", low=0.99),
        ),
        eigenvectors,
        draw_eigenvectors,
        ("Gaussian inputs", "second-order rule"),
    ),
    Claim(
        "O2",
        "larger cumulants have larger basins",
        "The fraction of random initial fields w that converge to a source increases with the "
        "cumulant of the source. A field converges to the source i with the largest lambda_i "
        "(u_i.w)^2, where lambda_i is the cumulant of the source and u_i its direction.",
        (
            Quantity("exact: largest deviation of a fraction", "derivation", high=0.03),
            Quantity("rule: largest deviation of a fraction", "derivation", high=0.06),
            Quantity(
                "rule: smallest fraction over that before it", "inequality", low=1.0, digits=2
            ),
        ),
        volumes,
        draw_volumes,
        ("Gaussian inputs", "second-order rule", "equal cumulants"),
    ),
)
