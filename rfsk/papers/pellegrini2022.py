"""Claims of Pellegrini and Biroli (ICML 2022) on the connectivity that pruning leaves.

Images are NLGPs on a torus (gain 3, correlation lengths 1 and 2). Each of four rounds of pruning
removes 41 % of the weights, so that 35 % are left after two rounds and 12 % after four. The
relative spread of a mask is the spread of its pixels about their centre, divided by the spread of
random masks with the same number of pixels per unit. The relative spread of a mask is close
to 1 if the labels are unrelated to the images. Median spreads over the 20 units with positive
initial bias have errors of about 10 %. Therefore, the bounds on ratios of spreads differ from 1 by
20 % for different networks, and by 10 % for different masks of one network. Differences between
accuracies on 20,000 images have errors of about .003.
"""

from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone

from .._core._types import Array
from ..datasets import NLGP, Discrimination
from ..experiments import iterative_magnitude_pruning
from ..nets import FCNet
from ..plotting.style import CLASS_COLORS, GREY, INPUT, OTHER, centered, show_image
from ._bench import Bench
from ._claim import Claim, Quantity
from ._masks import largest, scattered, spread, weights_axis

Numbers = dict[str, float]

FEW, MANY, N_ROUNDS, FRACTION = 2000, 20_000, 4, 0.41
POSITIVE = slice(0, 20)  # units with positive initial bias
DATA = {"few": (FEW, 0.0), "many": (MANY, 0.0), "half": (MANY, 0.5), "shuffled": (MANY, 1.0)}


def side(bench: Bench) -> int:
    """Side of the images."""
    return 10 if bench.quick else 14


def task(bench: Bench) -> Discrimination:
    """Task of discriminating two classes of images."""
    shape = (side(bench),) * 2
    return Discrimination([NLGP(shape, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)])


def sample(bench: Bench, name: str, number: int) -> tuple[Array, Array]:
    """Samples, some of whose labels are replaced by random ones."""
    n_samples, noise = DATA[name]
    X, y = task(bench).sample(n_samples, bench.seeds[number])
    rng = np.random.default_rng(bench.seeds[number])
    return X, np.where(rng.random(n_samples) < noise, rng.permutation(y), y)


def pruned(bench: Bench, name: str, number: int) -> list[FCNet]:
    """Dense network, and the network of each round of iterative pruning."""

    def prune() -> list[FCNet]:
        X, y = sample(bench, name, number)
        steps, shape = 1200 if bench.quick else 3000, (side(bench),) * 2
        net = FCNet(40, max_epochs=steps * 500 // len(X), image_shape=shape)
        net.set_params(random_state=bench.seeds[number])
        return iterative_magnitude_pruning(net, X, y, n_rounds=N_ROUNDS, fraction=FRACTION)

    return bench.once((name, number), prune)


def masked(bench: Bench, name: str, number: int, kind: str) -> FCNet:
    """Net with "one-shot" or "random" masks as large as those after the last pruning round."""

    def train() -> FCNet:
        dense, *_, last = pruned(bench, name, number)
        masks = last.receptive_fields_ != 0.0
        found = largest(dense.receptive_fields_, masks.sum(axis=1))
        found = scattered(masks, bench.seeds[number]) if kind == "random" else found
        return clone(dense).set_params(mask=found).fit(*sample(bench, name, number))

    return bench.once((name, number, kind), train)


def relative_spread(bench: Bench, name: str, stage: int, number: int, kind: str = "IMP") -> float:
    """Spread of masks, relative to that of random masks with the same number of pixels."""
    swapped = {"shuffled labels": "shuffled", "many samples of true labels": "many"}
    name = swapped.get(bench.control or "", name)
    dense, now = (pruned(bench, name, number)[s].receptive_fields_[POSITIVE] for s in (0, stage))
    masks, seed = now != 0.0, bench.seeds[number]
    null = np.vstack([scattered(masks, seed + i) for i in range(20)])
    if kind == "one-shot" or bench.control == "one-shot":
        masks = largest(dense, masks.sum(axis=1))
    if bench.control == "permuted pixels":
        masks = scattered(masks, seed)
    shape = (side(bench),) * 2
    return spread(masks, shape) / spread(null, shape)


def accuracy(bench: Bench, number: int, nets: list[FCNet]) -> list[float]:
    """Accuracies of networks on 20,000 test images."""
    X, y = task(bench).sample(20_000, bench.seeds[number] + 1)
    return [float(net.score(X, y)) for net in nets]


def local(bench: Bench, number: int) -> Numbers:
    """Claim P1: spread of the masks of networks trained on true labels and on shuffled labels."""
    found = {
        "an eighth left: spread over random masks": relative_spread(bench, "many", 4, number),
        "a third left: spread over random masks": relative_spread(bench, "many", 2, number),
    }
    shuffled = relative_spread(bench, "shuffled", 4, number)
    return found | {"shuffled labels, an eighth left: spread over random masks": shuffled}


def data(bench: Bench, number: int) -> Numbers:
    """Claim P2: mask spread for few samples or noisy labels, divided by that for many samples."""
    found: Numbers = {}
    for stage, left in ((2, "a third left"), (4, "an eighth left")):
        many = relative_spread(bench, "many", stage, number)
        for name, words in (("few", "2,000 samples"), ("half", "half of labels random")):
            ratio = relative_spread(bench, name, stage, number) / many
            found[f"{left}, {words}: spread over that of 20,000"] = ratio
    return found


def iterative(bench: Bench, number: int) -> Numbers:
    """Claim P3: spread and accuracy with iterative, one-shot and random masks."""
    found: Numbers = {}
    for name, words in (("few", "2,000 samples"), ("many", "20,000 samples")):
        wide, narrow = (
            relative_spread(bench, name, 4, number, kind) for kind in ("one-shot", "IMP")
        )
        found[f"{words}: spread of one-shot masks over IMP"] = wide / narrow
        dense, *_, last = pruned(bench, name, number)
        others = {kind: masked(bench, name, number, kind) for kind in ("one-shot", "random")}
        last = others["one-shot"] if bench.control == "one-shot" else last
        best, *rest = accuracy(bench, number, [last, dense, *others.values()])
        for kind, value in zip(
            ("dense network", "one-shot masks", "random masks"), rest, strict=True
        ):
            found[f"{words}: accuracy of IMP minus {kind}"] = best - value
    return found


def draw_masks(bench: Bench) -> Any:
    """Claim P1: remaining weights of eight units, with the largest weight in the centre."""
    import matplotlib.pyplot as plt

    rows = {
        "IMP": pruned(bench, "many", 0)[-1],
        "one-shot masks": masked(bench, "many", 0, "one-shot"),
        "random masks": masked(bench, "many", 0, "random"),
        "IMP, shuffled labels": pruned(bench, "shuffled", 0)[-1],
    }
    shape = (side(bench),) * 2
    figure, axes = plt.subplots(len(rows), 8, figsize=(8, 4.3), layout="constrained")
    for line, (name, net) in zip(axes, rows.items(), strict=True):
        line[0].set_title(name, loc="left", fontsize=10)
        for ax, field in zip(line, net.receptive_fields_[:8], strict=True):
            image = centered(field, field, shape).reshape(shape)
            show_image(ax, np.where(image == 0.0, np.nan, image), bound=0.5)  # of unit length
            ax.set(xticks=[], yticks=[])
    return figure


def draw_data(bench: Bench) -> Any:
    """Claim P2: spread of masks as a function of the fraction of weights that pruning leaves."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(5, 3.4), layout="constrained")
    left = [(1.0 - FRACTION) ** stage for stage in range(1, N_ROUNDS + 1)]
    for (name, label), color, style in zip(
        {
            "many": "20,000 samples",
            "half": "20,000, half of labels random",
            "few": "2,000 samples",
            "shuffled": "20,000, all labels random",
        }.items(),
        (INPUT, OTHER, CLASS_COLORS[1], GREY),
        ("o-", "^-.", "s--", "x:"),
        strict=True,
    ):
        curve = [relative_spread(bench, name, stage, 0) for stage in range(1, N_ROUNDS + 1)]
        ax.plot(left, curve, style, color=color, label=label, markersize=5)
    weights_axis(ax, 0.65).set(ylim=(0.0, 1.45), ylabel="spread / spread of random masks")
    ax.legend(frameon=False, fontsize=9)
    return figure


def draw_iterative(bench: Bench) -> Any:
    """Claim P3: accuracy as a function of the fraction of weights that pruning leaves."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    for ax, (name, words) in zip(
        axes, (("few", "2,000 samples"), ("many", "20,000 samples")), strict=True
    ):
        left = [(1.0 - FRACTION) ** stage for stage in range(N_ROUNDS + 1)]
        curve = accuracy(bench, 0, pruned(bench, name, 0))
        ax.plot(left, curve, "o-", color=INPUT, label="IMP", markersize=5)
        for kind, color, mark in (("one-shot", OTHER, "s"), ("random", GREY, "^")):
            value = accuracy(bench, 0, [masked(bench, name, 0, kind)])
            ax.plot(left[-1:], value, mark, color=color, label=f"{kind} masks")
        weights_axis(ax, 1.1).set(ylabel="accuracy", title=words)
    axes[0].legend(frameon=False)
    return figure


_quantity = partial(Quantity, digits=2)

CLAIMS = (
    Claim(
        "P1",
        "pruning leaves local connectivity",
        "The pixels that pruning leaves to a unit are close together, unless the labels are "
        "unrelated to the images.",
        (
            _quantity("an eighth left: spread over random masks", "inequality", high=0.5),
            _quantity("a third left: spread over random masks", "report"),
            _quantity(
                "shuffled labels, an eighth left: spread over random masks", "control", low=0.8
            ),
        ),
        local,
        draw_masks,
        ("shuffled labels", "permuted pixels"),
    ),
    Claim(
        "P2",
        "more and better data make masks more local",
        "Masks with a third of the weights left are more local with more samples, and with a "
        "smaller fraction of random labels.",
        (
            *(
                _quantity(
                    f"a third left, {words}: spread over that of 20,000", "inequality", low=1.2
                )
                for words in ("2,000 samples", "half of labels random")
            ),
            *(
                _quantity(f"an eighth left, {words}: spread over that of 20,000", "report")
                for words in ("2,000 samples", "half of labels random")
            ),
        ),
        data,
        draw_data,
        ("many samples of true labels", "shuffled labels"),
    ),
    Claim(
        "P3",
        "iterative pruning removes noise",
        "With few samples, iterative pruning leaves masks that are more local than those of "
        "one-shot pruning. The pruned network is more accurate than the dense network and than "
        "networks with one-shot or random masks that have the same number of weights.",
        (
            _quantity("2,000 samples: spread of one-shot masks over IMP", "inequality", low=1.1),
            *(
                Quantity(f"2,000 samples: accuracy of IMP minus {kind}", "inequality", low=0.005)
                for kind in ("dense network", "one-shot masks", "random masks")
            ),
            _quantity("20,000 samples: spread of one-shot masks over IMP", "report"),
            *(
                Quantity(f"20,000 samples: accuracy of IMP minus {kind}", "report")
                for kind in ("dense network", "one-shot masks", "random masks")
            ),
        ),
        iterative,
        draw_iterative,
        ("one-shot",),
    ),
)
