"""Claims of Neyshabur (NeurIPS 2020): the beta-lasso learns local connections from scratch.

The beta-lasso is an `FCNet` with the parameters `l1` (lambda) and `l1_cut` (beta). After each step,
weights move towards zero by learning rate x lambda, and weights of magnitude below beta x lambda
are set to zero. Networks learn to discriminate two classes of images (NLGPs on a torus) from few
samples. The initial weights have unit variance, so that a dense network fits its training samples
but generalizes badly.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..analysis import compactness
from ..datasets import NLGP, Discrimination
from ..experiments import iterative_magnitude_pruning
from ..nets import FCNet
from ..plotting.style import GREY, INPUT, OTHER, show_row, tidy
from ._bench import Bench
from ._claim import Claim, Quantity
from ._masks import largest

Array = NDArray[Any]

SIDES = (16, 16)
LAMBDA, BETA, N_NULL = 2e-3, 30.0, 99


def data(bench: Bench, number: int, part: int, *, is_control: bool = False) -> tuple[Array, Array]:
    """Samples of the inputs or of their Gaussian control; with part=2, the test samples."""
    inputs = [NLGP(SIDES, correlation_length=xi, gain=3.0) for xi in (1.0, 2.0)]
    task = Discrimination(inputs)
    task = task.gaussian_clone() if is_control else task
    n = 2000 if bench.quick else 3000
    n = 20_000 if part == 2 else 30 * n if bench.control == "many samples" else n
    X, y = task.sample(n, np.random.default_rng([bench.seeds[number], part]))
    if bench.control == "permuted pixels":  # the same permutation for all parts
        X = X[:, np.random.default_rng(bench.seeds[number]).permutation(X.shape[1])]
    return X, y


def net(bench: Bench, number: int, part: int, n_samples: int, **options: Any) -> FCNet:
    """Untrained network; `fit` takes about the same number of steps for any `n_samples`."""
    size, n_steps = (40, 4000) if bench.quick else (80, 10_000)
    options |= {"batch_size": 100, "max_epochs": max(1, n_steps * 100 // n_samples)}
    options |= {"init_scale": 1.0, "weight_decay": 0.0, "learning_rate": 2.0}
    return FCNet(size, random_state=(bench.seeds[number] + part) % 2**32, **options)


def fitted(
    bench: Bench, number: int, name: str = "dense", part: int = 0, *, is_control: bool = False
) -> FCNet:
    """Trained network: dense, or with the lasso or the beta-lasso."""
    options = {"lasso": {"l1": LAMBDA}, "beta-lasso": {"l1": LAMBDA, "l1_cut": BETA}}.get(name, {})

    def fit() -> FCNet:
        X, y = data(bench, number, part, is_control=is_control)
        return net(bench, number, part, len(X), **options).fit(X, y)

    return bench.once((bench.control, number, name, part, is_control), fit)


def left(trained: FCNet) -> Array:
    """Mask of the weights that are not zero."""
    return np.asarray(trained.receptive_fields_ != 0.0)


def pruned(dense: FCNet, mask: Array) -> Array:
    """Mask of the largest weights of each unit, with the same number of weights as in `mask`."""
    return largest(dense.receptive_fields_, mask.sum(axis=1))


def locality(bench: Bench, number: int, mask: Array) -> tuple[float, float, float]:
    """Compactness of a mask, its ratio to that of random masks, and the fraction of local units.

    The compactness of a mask is a mean over its units, each weighted by its number of weights in
    the mask. Random masks have the same number of weights per unit as the mask. A unit is local if
    its mask is significantly more compact (at the 5 % level) than random masks.
    """
    mask = mask[mask.any(axis=1)]
    if not len(mask):
        return (np.nan,) * 3
    rng = np.random.default_rng([bench.seeds[number], 3])
    shuffled = rng.permuted(np.repeat(mask[:, None], N_NULL, axis=1), axis=2)
    found, null = compactness(mask, SIDES), compactness(shuffled.reshape(-1, mask.shape[1]), SIDES)
    null, counts = null.reshape(len(mask), N_NULL), mask.sum(axis=1)
    p_values = (1 + (null >= found[:, None] - 1e-9).sum(axis=1)) / (1 + N_NULL)
    mean = np.average(found, weights=counts)
    by_chance = np.average(null.mean(axis=1), weights=counts)
    return mean, mean / by_chance, (p_values <= 0.05).mean()


def connections(bench: Bench, number: int) -> dict[str, float]:
    """Claim N1: sparsity and locality of the first layer of networks."""
    mask, dense = left(fitted(bench, number, "beta-lasso")), fitted(bench, number)
    X, y = data(bench, number, 0)
    fraction = 1.0 - max(mask.mean(), 0.01) ** 0.25
    start = net(bench, number, 0, len(X))
    rounds = iterative_magnitude_pruning(start, X, y, n_rounds=4, fraction=fraction)
    masks = {
        "beta-lasso": mask,
        "pruned": pruned(dense, mask),
        "iterative": left(rounds[-1]),
        "control": left(fitted(bench, number, "beta-lasso", is_control=True)),
    }
    found = {name: locality(bench, number, mask) for name, mask in masks.items()}
    return {
        "fraction of weights left": mask.mean(),
        "fraction left without the cut, beta = 0": left(fitted(bench, number, "lasso")).mean(),
        "compactness over random masks": found["beta-lasso"][1],
        "compactness over pruned dense network": found["beta-lasso"][0] / found["pruned"][0],
        "fraction of units local, p <= 0.05": found["beta-lasso"][2],
        "pruned dense network: fraction of units local": found["pruned"][2],
        "pruned in four rounds: compactness over random masks": found["iterative"][1],
        "Gaussian control: compactness over random masks": found["control"][1],
    }


def accuracies(bench: Bench, number: int) -> dict[str, float]:
    """Test accuracies of dense networks, of the beta-lasso, and of networks with fixed masks."""

    def measure() -> dict[str, float]:
        test, other = data(bench, number, 2), data(bench, number, 1)
        rng = np.random.default_rng([bench.seeds[number], 4])
        dense, mask = fitted(bench, number), left(fitted(bench, number, "beta-lasso"))
        random = rng.permuted(mask, axis=1)
        mask = random if bench.control == "random masks" else mask
        masks = {
            "mask": mask,
            "pruned": pruned(dense, mask),
            "permuted mask": mask[:, rng.permutation(mask.shape[1])],
            "random mask": rng.permuted(mask, axis=1),
        }
        found = {name: fitted(bench, number, name).score(*test) for name in ("dense", "beta-lasso")}
        found["dense, other samples"] = fitted(bench, number, part=1).score(*test)
        for name, rest in masks.items():
            again = net(bench, number, 1, len(other[0]), mask=rest).fit(*other)
            found[name] = again.score(*test)
        return found

    return bench.once((bench.control, number, "accuracies"), measure)


def generalization(bench: Bench, number: int) -> dict[str, float]:
    """Claim N2: gain in test accuracy of the beta-lasso, and of networks with its mask."""
    found = accuracies(bench, number)
    return {
        "dense network: test accuracy": found["dense"],
        "beta-lasso: gain over the dense network": found["beta-lasso"] - found["dense"],
        **{
            f"its mask, other samples: gain over {name}": found["mask"] - found[key]
            for name, key in (
                ("the dense network", "dense, other samples"),
                ("random masks", "random mask"),
                ("the mask with permuted pixels", "permuted mask"),
                ("the pruned network's mask", "pruned"),
            )
        },
    }


def draw_connections(bench: Bench) -> Any:
    """Claim N1: masks of eight units that keep many weights."""
    import matplotlib.pyplot as plt

    mask = left(fitted(bench, 0, "beta-lasso"))
    masks: dict[str, Callable[[], Array]] = {
        "beta-lasso": lambda: mask,
        "pruned dense network": lambda: pruned(fitted(bench, 0), mask),
        "random masks": lambda: np.random.default_rng(0).permuted(mask, axis=1),
    }
    figure, axes = plt.subplots(3, 1, figsize=(9, 4.2), layout="constrained")
    units = mask.sum(axis=1).argsort()[::-1][:24:3]
    for ax, (title, make) in zip(axes, masks.items(), strict=True):
        rows = make()[units]
        local = compactness(rows, SIDES)
        names = [f"{c:.2f}" + " " * k for k, c in enumerate(local)]  # keys must be distinct
        show_row(ax, dict(zip(names, rows * 1.0, strict=True)), SIDES)
        ax.set_ylabel(title.replace(" ", "\n"))
    axes[-1].set_xlabel("compactness")
    return figure


def draw_generalization(bench: Bench) -> Any:
    """Claim N2: test accuracies of networks."""
    import matplotlib.pyplot as plt

    names = ("dense", "beta-lasso", "dense", "beta-lasso", "pruned", "permuted", "random")
    found = [list(accuracies(bench, number).values()) for number in range(len(bench.seeds))]
    places = [0.0, 1.0, 2.7, 3.7, 4.7, 5.7, 6.7]
    figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
    colors = (GREY, INPUT, GREY, INPUT, OTHER, OTHER, OTHER)
    ax.bar(places, np.mean(found, axis=0), color=colors, alpha=0.6)
    ax.plot(places, np.transpose(found), "k.")
    ax.set_xticks(places, names)
    for place, label in (
        (0.5, "first samples"),
        (4.7, "other samples: dense network and four masks"),
    ):
        ax.text(place, 0.96, label, ha="center")
    ax.set(ylabel="test accuracy", ylim=(0.5, 1.0))
    tidy(ax)
    return figure


CLAIMS = (
    Claim(
        "N1",
        "the beta-lasso learns sparse and local connections",
        "With the beta-lasso, few weights of a fully-connected network are left. The remaining "
        "weights of a unit lie closer together than in random masks, and closer than in a dense "
        "network that is pruned to the same number of weights.",
        (
            Quantity("fraction of weights left", "inequality", high=0.2),
            Quantity("fraction left without the cut, beta = 0", "control", low=0.5),
            Quantity("compactness over random masks", "inequality", low=1.25, digits=2),
            Quantity("compactness over pruned dense network", "inequality", low=1.1, digits=2),
            Quantity("fraction of units local, p <= 0.05", "inequality", low=0.5, digits=2),
            Quantity("pruned dense network: fraction of units local", "report", digits=2),
            Quantity("pruned in four rounds: compactness over random masks", "report", digits=2),
            Quantity("Gaussian control: compactness over random masks", "report", digits=2),
        ),
        connections,
        draw_connections,
        ("permuted pixels",),
    ),
    Claim(
        "N2",
        "the learnt connections generalize",
        "With few samples, a network trained with the beta-lasso has a higher test accuracy than "
        "the dense network without it. A network that is trained on other samples with only the "
        "mask of the beta-lasso also has a higher test accuracy than the dense network, because "
        "of the positions of the connections and not only because of their number.",
        (
            Quantity("dense network: test accuracy", "report"),
            Quantity("beta-lasso: gain over the dense network", "inequality", low=0.03),
            Quantity(
                "its mask, other samples: gain over the dense network", "inequality", low=0.03
            ),
            Quantity("its mask, other samples: gain over random masks", "inequality", low=0.03),
            Quantity(
                "its mask, other samples: gain over the mask with permuted pixels",
                "inequality",
                low=0.03,
            ),
            Quantity(
                "its mask, other samples: gain over the pruned network's mask",
                "inequality",
                low=0.0,
            ),
        ),
        generalization,
        draw_generalization,
        ("many samples", "random masks"),
    ),
)
