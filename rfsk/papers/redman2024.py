"""Claims of Redman et al. (arXiv:2412.06545) on iterative magnitude pruning (IMP).

Inputs are rings of 100 sites: an NLGP of gain 3 with correlation lengths 5 and 10, or its Gaussian
control. Each round of pruning removes 30 % of the weights, so that 34, 24, 17 and 12 % are left
after 3, 4, 5 and 6 rounds. After pruning, units keep different numbers of weights. The mask of each
unit is compared with other masks that have the same number of weights.

The spread of a mask is the circular standard deviation of its pixels. The spread is given in units
of the spread of pixels that are evenly distributed over a quarter of the ring, D / (4 sqrt 12) for
D sites. Surrogates with random phases have the spectrum of the dense fields; the largest weights of
such surrogates form clusters. Therefore, a mask whose spread is smaller than the spread of masks of
surrogates is more local than the second-order statistics of the dense network imply. Median spreads
over 20 units have errors of about 10 %. Only spreads that differ by at least 20 % count as
different.

Second-order statistics can localize masks. While the weights w of a unit with b < 0 are small,
dw/dt is proportional to M w, where the matrix M is the difference C_0 - C_1 of the covariances of
the classes, restricted to the pixels of the mask. The weights of a unit with b < 0 therefore
approach the leading eigenvector of the matrix M. If the mask contains the whole ring, the leading
eigenvector of M is a Fourier mode. If the gaps of the mask are uneven, the leading eigenvector of M
concentrates where the remaining pixels are dense. The masks can be predicted without training: in
each round, the pixels where the leading eigenvector of M is smallest in magnitude are removed.
"""

from functools import partial
from typing import Any

import numpy as np
from scipy import stats
from sklearn.base import clone

from .._core._types import Array
from ..analysis import cavity_score, random_phase_fields
from ..datasets import NLGP, Discrimination
from ..experiments import iterative_magnitude_pruning
from ..nets import FCNet
from ..plotting.style import CONTROL, GREY, INPUT, OTHER, OUTCOME, tidy
from ._bench import Bench
from ._claim import Claim, Quantity
from ._masks import largest, scattered, spread, weights_axis

Numbers = dict[str, float]

N_SAMPLES, N_HIDDEN, N_ROUNDS = 20_000, 40, 6
SIGNS = {"b > 0": slice(0, N_HIDDEN // 2), "b < 0": slice(N_HIDDEN // 2, None)}
LEFT = {3: "a third", 4: "a quarter", 6: "an eighth"}  # weights left, by round


def task(bench: Bench, source: str) -> Discrimination:
    """Task on the NLGP or on its Gaussian control."""
    shape, lengths = ((60,), (3.0, 6.0)) if bench.quick else ((100,), (5.0, 10.0))
    found = Discrimination([NLGP(shape, correlation_length=xi, gain=3.0) for xi in lengths])
    return found if source == "NLGP" else found.gaussian_clone()


def pruned(bench: Bench, source: str, number: int) -> list[FCNet]:
    """Dense network, and the network of each round of pruning."""

    def prune() -> list[FCNet]:
        seed = bench.seeds[number]
        net = FCNet(N_HIDDEN, max_epochs=40 if bench.quick else 100, random_state=seed)
        X, y = task(bench, source).sample(N_SAMPLES, seed)
        return iterative_magnitude_pruning(net, X, y, n_rounds=N_ROUNDS, fraction=0.3)

    return bench.once((source, number), prune)


def fields(bench: Bench, source: str, stage: int, number: int, kind: str = "IMP") -> Array:
    """Fields of a pruned network, or of one with "one-shot" or "random" masks of equal size."""
    nets = pruned(bench, source, number)
    if kind == "IMP" or stage == 0:
        return nets[stage].receptive_fields_

    def train() -> Array:
        dense, masks = nets[0].receptive_fields_, nets[stage].receptive_fields_ != 0.0
        seed = bench.seeds[number]
        other = scattered(masks, seed) if kind == "random" else largest(dense, masks.sum(axis=1))
        net = clone(nets[0]).set_params(mask=other)
        return net.fit(*task(bench, source).sample(N_SAMPLES, seed)).receptive_fields_

    return bench.once((source, number, stage, kind), train)


def eigenvector_masks(matrix: Array, masks: Array, counts: Array) -> Array:
    """Masks that repeated pruning of leading eigenvectors of `matrix` makes from initial masks.

    Row i of `counts` lists how many pixels of each mask are left after round i.
    """
    found = np.zeros_like(masks)
    for unit, mask in enumerate(masks):
        kept = np.flatnonzero(mask)
        for count in counts[:, unit]:
            leading = np.linalg.eigh(matrix[np.ix_(kept, kept)])[1][:, -1]
            kept = kept[np.argsort(-np.abs(leading))[: max(count, 1)]]
        found[unit, kept] = True
    return found


def spreads(bench: Bench, source: str, sign: str, stage: int, number: int) -> Numbers:
    """Spread of the masks of a group of units, and of other masks of the same size."""
    seed, group, model = bench.seeds[number], SIGNS[sign], task(bench, source)
    source = "control" if bench.control == "Gaussian inputs" else source
    source = "NLGP" if bench.control == "NLGP in place of the control" else source
    stages = [fields(bench, source, s, number)[group] for s in range(stage + 1)]
    dense, masks = stages[0], np.array([field != 0.0 for field in stages])
    counts, found = masks.sum(axis=2), {"IMP": masks[-1]}
    found["one-shot"] = largest(dense, counts[-1])
    if bench.control == "one-shot":
        found["IMP"] = found["one-shot"]
    if bench.control == "permuted pixels":
        found["IMP"] = scattered(masks[-1], seed)
    found["random masks"] = np.vstack([scattered(masks[-1], seed + i) for i in range(20)])
    phases = [random_phase_fields(dense, random_state=seed + i) for i in range(20)]
    found["random phases"] = np.vstack([largest(field, counts[-1]) for field in phases])
    difference = np.subtract(*(m.covariance() for m in model.models))
    if (sign == "b > 0") != (bench.control == "other sign"):
        difference = -difference
    found["eigenvectors"] = eigenvector_masks(difference, masks[min(1, stage)], counts[2:])
    quarter = dense.shape[1] / (4.0 * 12.0**0.5)
    return {name: spread(each, dense.shape[1:]) / quarter for name, each in found.items()}


def local(bench: Bench, number: int) -> Numbers:
    """Claim R1: spread of the masks of units with b > 0 on the NLGP."""
    third, eighth = (spreads(bench, "NLGP", "b > 0", stage, number) for stage in (3, 6))
    ratio = {name: third["IMP"] / third[name] for name in third}
    return {
        "a third left: spread in units of a quarter ring": third["IMP"],
        **{f"a third left: over {name}": ratio[name] for name in ("random masks", "random phases")},
        "a third left: over one-shot": ratio["one-shot"],
        "an eighth left: over random phases": eighth["IMP"] / eighth["random phases"],
    }


def necessary(bench: Bench, number: int) -> Numbers:
    """Claim R2: spread of the masks of units with b > 0 and b < 0 on the Gaussian control."""
    found: Numbers = {}
    for sign in SIGNS:
        for stage in (3, 6):
            here = spreads(bench, "control", sign, stage, number)
            name = f"{sign}, {LEFT[stage]} left: over"
            found[f"{name} random phases"] = here["IMP"] / here["random phases"]
        found[f"{name} random masks"] = here["IMP"] / here["random masks"]
    return found


def second_order(bench: Bench, number: int) -> Numbers:
    """Claim R3: spread of the masks of units with b < 0, compared with pruned eigenvectors."""
    sixth = spreads(bench, "control", "b < 0", 5, number)
    found = {"control, a sixth left: over eigenvectors": sixth["IMP"] / sixth["eigenvectors"]}
    for source in ("control", "NLGP"):
        here = spreads(bench, source, "b < 0", 6, number)
        for name in ("eigenvectors", "one-shot"):
            found[f"{source}, an eighth left: over {name}"] = here["IMP"] / here[name]
    return found


def inputs(bench: Bench, number: int) -> Array:
    """Test samples of class 1 of the NLGP."""
    model, seed = task(bench, "NLGP").models[1], bench.seeds[number] + 1
    return bench.once(
        ("inputs", number), lambda: model.sample(5000 if bench.quick else N_SAMPLES, seed)
    )


def removed(bench: Bench, number: int) -> list[tuple[Array, Array]]:
    """Fields of units with b > 0 before each of four rounds, and masks of removed weights."""
    found = []
    for stage in range(4):
        now, then = (fields(bench, "NLGP", s, number)[SIGNS["b > 0"]] for s in (stage, stage + 1))
        gone, rng = (now != 0.0) & (then == 0.0), np.random.default_rng(bench.seeds[number] + stage)
        if bench.control in ("random pruning", "largest weights"):
            size = rng.random(now.shape) if bench.control == "random pruning" else np.abs(now)
            gone = largest(np.where(now != 0.0, size, 0.0), gone.sum(axis=1))
        found.append((now, gone))
    return found


def mean_kurtosis(bench: Bench, source: str, stage: int, number: int, kind: str = "IMP") -> float:
    """Mean excess kurtosis of the inputs w.x of units with b > 0, on class 1 of the NLGP."""
    rows = fields(bench, source, stage, number, kind)[SIGNS["b > 0"]]
    return float(stats.kurtosis(inputs(bench, number) @ rows[rows.any(axis=1)].T).mean())


def kurtosis(bench: Bench, number: int) -> Numbers:
    """Claim R4: effect of pruning on the excess kurtosis of w.x for units with b > 0."""
    X, joint, predicted, gains = inputs(bench, number), [], [], []
    for field, gone in removed(bench, number):
        before, after = (stats.kurtosis(X @ w.T) for w in (field, np.where(gone, 0.0, field)))
        gain = cavity_score(field, X) / before[:, None]
        joint.append(np.mean(after / before - 1.0))
        predicted.append(np.where(gone, gain, 0.0).sum(axis=1).mean())
        gains.append(gain[gone])

    def growth(stage: int, kind: str = "IMP", source: str = "NLGP") -> float:
        now, dense = (mean_kurtosis(bench, source, s, number, kind) for s in (stage, 0))
        return now / dense

    kind = "random" if bench.control == "random pruning" else "IMP"
    return {
        "removal: growth of |kurtosis| in four rounds": sum(joint),
        "removal: sum of the cavity scores over the growth": sum(predicted) / sum(joint),
        "removal, from a half: fraction of weights that raise it": (gains[2] > 0.0).mean(),
        **{f"{left} left: over dense": growth(stage, kind) for stage, left in LEFT.items()},
        "an eighth left, random masks: over dense": growth(6, "random"),
        "an eighth left, one-shot masks: over dense": growth(6, "one-shot"),
        "an eighth left, network on the control: over dense": growth(6, source="control"),
    }


def draw_spreads(bench: Bench, panels: tuple[tuple[str, str], ...]) -> Any:
    """Claims R1 to R3: spread of masks against the fraction of weights that pruning leaves."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained", sharey=True)
    styles = {"IMP": (INPUT, "o-"), "one-shot": (OTHER, "s--"), "random phases": (OUTCOME, "^:")}
    styles |= {"random masks": (GREY, "-."), "eigenvectors": ("black", "x:")}
    stages = range(2, N_ROUNDS + 1)
    for ax, (source, sign) in zip(axes, panels, strict=True):
        rows = [spreads(bench, source, sign, stage, 0) for stage in stages]
        for name, (color, style) in styles.items():
            if name != "eigenvectors" or sign == "b < 0":
                left, curve = [0.7**s for s in stages], [row[name] for row in rows]
                color = CONTROL if (name, source) == ("IMP", "control") else color
                ax.plot(left, curve, style, color=color, label=name, markersize=5)
        weights_axis(ax, 0.53).set_title(f"{source}, {sign}")
    axes[0].set(ylabel="spread of masks / quarter ring", ylim=(0.0, None))
    axes[1].legend(frameon=False, fontsize=8)
    return figure


def draw_kurtosis(bench: Bench) -> Any:
    """Claim R4: excess kurtosis of w.x during pruning, and cavity scores against weight size."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4), layout="constrained")
    X, stages = inputs(bench, 0), (0, 3, 6)
    for source, kind, color, style, label in (
        ("NLGP", "IMP", INPUT, "o-", "IMP"),
        ("NLGP", "one-shot", OTHER, "s--", "one-shot masks"),
        ("NLGP", "random", GREY, "^-.", "random masks"),
        ("control", "IMP", CONTROL, "x:", "IMP on the control"),
    ):
        curve = [-mean_kurtosis(bench, source, stage, 0, kind) for stage in stages]
        left.plot([0.7**s for s in stages], curve, style, color=color, label=label, markersize=5)
    weights_axis(left, 1.1).set(
        ylim=(0.0, None), ylabel="|kurtosis| of w.x", title="networks, b > 0"
    )
    left.legend(frameon=False, fontsize=8)
    field, gone = removed(bench, 0)[2]
    gain = cavity_score(field, X) / stats.kurtosis(X @ field.T)[:, None]
    size = np.abs(field) / np.abs(field).max(axis=1, keepdims=True)
    kept = (field != 0.0) & np.logical_not(gone)
    right.plot(size[kept], 100.0 * gain[kept], "o", color=INPUT, label="kept", markersize=4)
    right.plot(size[gone], 100.0 * gain[gone], "x", color=OTHER, label="removed", markersize=4)
    right.axhline(0.0, color=GREY, linestyle=":")
    right.set(xlabel="|weight| / largest of the unit", ylabel="cavity score (% of |kurtosis|)")
    tidy(right).set_title("third round")
    right.legend(frameon=False)
    return figure


def _quantities(evidence: str = "inequality", **bounds: Any) -> Any:
    """Return a function that makes a `Quantity` of each given name, all with `bounds`."""
    return lambda *names: tuple(Quantity(n, evidence, **bounds, digits=2) for n in names)


_report = _quantities("report")

CLAIMS = (
    Claim(
        "R1",
        "masks are local on non-Gaussian inputs",
        "Pruning a network that is trained on non-Gaussian inputs leaves masks that are more local "
        "than random masks, and more local than the largest weights of fields with the same "
        "spectrum and random phases.",
        (
            *_quantities("derivation", high=1.0)("a third left: spread in units of a quarter ring"),
            *_quantities(high=0.5)("a third left: over random masks"),
            *_quantities(high=0.8)("a third left: over random phases"),
            *_report("a third left: over one-shot", "an eighth left: over random phases"),
        ),
        local,
        partial(draw_spreads, panels=(("NLGP", "b > 0"), ("control", "b > 0"))),
        ("Gaussian inputs", "permuted pixels"),
    ),
    Claim(
        "R2",
        "local masks need non-Gaussian inputs",
        "On the Gaussian control, pruning leaves masks that are not more local than the largest "
        "weights of fields with the same spectrum and random phases.",
        (
            *_quantities(low=0.8)(
                "b > 0, a third left: over random phases",
                "b > 0, an eighth left: over random phases",
                "b < 0, a third left: over random phases",
                "b < 0, an eighth left: over random phases",
            ),
            *_report(
                "b > 0, an eighth left: over random masks",
                "b < 0, an eighth left: over random masks",
            ),
        ),
        necessary,
        partial(draw_spreads, panels=(("control", "b > 0"), ("control", "b < 0"))),
        ("NLGP in place of the control",),
    ),
    Claim(
        "R3",
        "second-order statistics make masks local",
        "On the Gaussian control, the masks of units with b < 0 have the same spread as masks that "
        "result from pruning the leading eigenvector of the difference of the covariances.",
        (
            *_quantities("derivation", low=1.0 / 1.3, high=1.3)(
                "control, a sixth left: over eigenvectors",
                "control, an eighth left: over eigenvectors",
            ),
            *_report(
                "NLGP, an eighth left: over eigenvectors",
                "control, an eighth left: over one-shot",
                "NLGP, an eighth left: over one-shot",
            ),
        ),
        second_order,
        partial(draw_spreads, panels=(("NLGP", "b < 0"), ("control", "b < 0"))),
        ("one-shot", "permuted pixels", "other sign"),
    ),
    Claim(
        "R4",
        "pruning makes the inputs of units less Gaussian",
        "Removing the smallest weights increases the magnitude of the excess kurtosis of w.x, as "
        "the cavity scores of single weights predict. The increase of the kurtosis persists when "
        "the pruned networks are trained again.",
        (
            *_quantities(low=0.05)("removal: growth of |kurtosis| in four rounds"),
            *_quantities("derivation", low=0.75, high=1.25)(
                "removal: sum of the cavity scores over the growth"
            ),
            *_quantities(low=0.8)("removal, from a half: fraction of weights that raise it"),
            *_quantities(low=1.0)(
                "a third left: over dense",
                "a quarter left: over dense",
                "an eighth left: over dense",
            ),
            *_report(
                "an eighth left, random masks: over dense",
                "an eighth left, one-shot masks: over dense",
                "an eighth left, network on the control: over dense",
            ),
        ),
        kurtosis,
        draw_kurtosis,
        ("random pruning", "largest weights"),
    ),
)
