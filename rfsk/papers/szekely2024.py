"""Claims of E. Szekely et al. (NeurIPS 2024): learning from higher-order correlations.

Inputs with a spiked cumulant are white noise, except that their projection on one direction, the
spike, has a distribution with two Gaussian peaks. The peaks are at +-(b / (1 + b))^(1/2) and have
the variance 1 / (1 + b), where b is the strength of the spike. Inputs with a spiked cumulant have
the covariance of white noise, so that only the distribution of their projection on the spike
distinguishes them from white noise. The best possible accuracy of a classifier is (1 + T) / 2,
where T is the total variation distance of the projection on the spike from a standard Gaussian. The
polynomials of fourth degree in D pixels form a space whose dimension is of order D^4. If K is much
smaller than D^4, then K random features span only a small part of the space of polynomials of
fourth degree, and the accuracy of a linear classifier on these features remains at chance.
"""

import warnings
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import RidgeClassifier
from sklearn.neural_network import MLPClassifier

from ..analysis import cumulant, ipr, match_matrix, symmetric_cp
from ..datasets import NLGP
from ..datasets import SpikedCumulant as Spiked
from ..nets import FCNet
from ..plotting.style import INPUT, OTHER, OUTCOME, tidy
from ..theory import localization_sample_size
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

RING = NLGP((30,), correlation_length=3.0, gain=3.0)
SIDE, SPIKE, WIDTH = 12, 40.0, 16
RATES = (1.0, 1e-2, 1e-4)  # learning rates of the first layer, relative to the readout


def sample_size() -> float:
    """Predicted number n* of inputs from which the leading CP factor can be estimated."""
    return float(localization_sample_size(RING, random_state=0))


def factors(bench: Bench, number: int, multiple: float) -> tuple[float, float]:
    """Mean match of sample CP factors with the exact factor; their mean IPR divided by its IPR."""
    exact = bench.once("exact", lambda: symmetric_cp(cumulant(RING), 1, random_state=0).components)
    model = RING.gaussian_clone() if bench.control == "Gaussian inputs" else RING
    rng = np.random.default_rng([bench.seeds[number], 0])
    found = []
    for _ in range(8):
        X = model.sample(int(multiple * sample_size()), rng)
        factor = symmetric_cp(cumulant(X), 1, random_state=0).components
        match = match_matrix(exact, factor, RING.shape).max()
        found.append((match, ipr(factor)[0] / ipr(exact)[0]))
    match, size = np.mean(found, axis=0)
    return float(match), float(size)


def net_gain(bench: Bench, number: int, multiple: float) -> float:
    """Accuracy above 1/2 of a network trained on `multiple` x `sample_size()` inputs per class."""

    def train() -> float:
        control = RING.gaussian_clone()
        model = control if bench.control == "Gaussian inputs" else RING
        rng = np.random.default_rng([bench.seeds[number], 1])
        n, seed = int(multiple * sample_size()), bench.seeds[number] % 2**32
        sizes = {"batch_size": min(2 * n, 200), "max_iter": max(1, 200_000 // n)}
        net = MLPClassifier(
            (32,), alpha=0.03, learning_rate_init=0.005, tol=0.0, random_state=seed, **sizes
        )
        train, test = (np.vstack([control.sample(m, rng), model.sample(m, rng)]) for m in (n, 5000))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            net.set_params(n_iter_no_change=10**6).fit(train, np.repeat([0, 1], n))
        return float(net.score(test, np.repeat([0, 1], 5000))) - 0.5

    return bench.once((bench.control, number, "S1", multiple), train)


def sample_sizes(bench: Bench, number: int) -> dict[str, float]:
    """Claim S1: CP factors and accuracies of networks for different numbers of inputs."""
    few, more = factors(bench, number, 0.25), factors(bench, number, 3.0)
    gain = net_gain(bench, number, 3.0), net_gain(bench, number, 40.0)
    return {
        "factor, n = n* / 4: IPR over exact": few[1],
        "factor, n = 3 n*: IPR over exact": more[1],
        "factor, n = 3 n*: match with exact": more[0],
        "network, n = 40 n*: accuracy above chance": gain[1],
        "network, n = 3 n*: accuracy above chance, over that": gain[0] / max(gain[1], 0.01),
    }


def best_accuracy() -> float:
    """Best possible accuracy of a classifier of spiked inputs and white noise, by quadrature."""
    center, scale = np.sqrt(SPIKE / (1.0 + SPIKE)), 1.0 / np.sqrt(1.0 + SPIKE)

    def gap(h: float) -> float:
        peaks = stats.norm.pdf(h, center, scale) + stats.norm.pdf(h, -center, scale)
        return abs(0.5 * peaks - stats.norm.pdf(h))

    total = 2.0 * integrate.quad(gap, 0.0, 9.0, points=[0.5, center, 1.5], limit=200)[0]
    return float(0.5 + 0.25 * total)


def classes(bench: Bench, number: int, n: int, part: int) -> tuple[Array, Array]:
    """Draw white noise and spiked inputs, which the bench's control can change."""
    rng = np.random.default_rng([bench.seeds[number], part])
    spike = np.random.default_rng(bench.seeds[number]).standard_normal(SIDE)
    latent = stats.norm() if bench.control == "Gaussian spike" else "rademacher"
    spiked = Spiked((SIDE,), strength=SPIKE, spike=spike, latent=latent)
    X, noise = spiked.sample(n, rng), rng.standard_normal((n, SIDE))
    if bench.control == "spiked covariance":
        X += np.sqrt(SPIKE) * np.outer(X @ spike, spike) / (spike @ spike)
    return np.vstack([noise, X]), np.repeat([0, 1], n)


def accuracy(bench: Bench, number: int, rate: float) -> float:
    """Accuracy of a net whose first layer learns `rate` times as fast as the readout (0: fixed)."""

    def train() -> float:
        X, y = classes(bench, number, 40 * SIDE**2 // 2, 1)
        X_test, y_test = classes(bench, number, 10_000, 2)
        if rate == 0.0:
            layer = np.random.default_rng([bench.seeds[number], 3]).standard_normal((SIDE, WIDTH))
            model = RidgeClassifier(alpha=1.0).fit(np.maximum(X @ layer, 0.0), y)
            return float(model.score(np.maximum(X_test @ layer, 0.0), y_test))
        rates: Any = {"learning_rate": 0.05 * rate, "readout_rate": 1.0 / rate, "weight_decay": 0.0}
        sizes: Any = {"batch_size": 200, "max_epochs": 100, "init_scale": 1.0}
        net = FCNet(
            WIDTH,
            activation="relu",
            readout="linear",
            optimizer="adam",
            random_state=bench.seeds[number],
            **rates,
            **sizes,
        )
        return float(net.fit(X, y).score(X_test, y_test))

    return bench.once((bench.control, number, "S2", rate), train)


def hardness(bench: Bench, number: int) -> dict[str, float]:
    """Claim S2: accuracies above chance of networks and of random features."""
    best = best_accuracy() - 0.5
    return {
        "network: accuracy above chance over best": (accuracy(bench, number, 1.0) - 0.5) / best,
        "random features: accuracy above chance": accuracy(bench, number, 0.0) - 0.5,
    }


def laziness(bench: Bench, number: int) -> dict[str, float]:
    """Claim S3: accuracies of networks whose first layer learns slowly."""
    rich, middle, lazy = (accuracy(bench, number, rate) for rate in RATES)
    features = accuracy(bench, number, 0.0)
    return {
        "relative rate 1: accuracy over best": rich / best_accuracy(),
        "relative rate 0.01: accuracy minus that at 1": middle - rich,
        "relative rate 0.0001: accuracy minus that of random features": lazy - features,
        "relative rate 0.0001: accuracy minus that at 1": lazy - rich,
    }


def draw(bench: Bench, claim: str) -> Any:
    """Draw IPR and accuracy against number of inputs, or accuracy against first-layer rate."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(4.8, 3.2), layout="constrained")
    if claim == "S1":
        multiples = np.array([0.25, 0.5, 1.0, 3.0, 10.0, 40.0])
        sizes = [factors(bench, 0, each)[1] for each in multiples]
        gains = [2.0 * net_gain(bench, 0, each) for each in multiples]
        ax.plot(multiples, sizes, "s--", color=OUTCOME, label="factor: IPR over exact")
        ax.plot(multiples, gains, "o-", color=INPUT, label="network: 2 x accuracy - 1")
        ax.set(xscale="log", xlabel="inputs per class / n*")
        ax.set(ylabel="relative IPR or accuracy", ylim=(0.0, 1.3))
    else:
        rates = (1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4)
        ax.semilogx(
            rates, [accuracy(bench, 0, rate) for rate in rates], "o-", color=INPUT, label="net"
        )
        ax.axhline(best_accuracy(), color=OUTCOME, label="best classifier")
        ax.axhline(accuracy(bench, 0, 0.0), ls="--", color=OTHER, label="random features")
        ax.set(xlabel="relative rate of the first layer", ylabel="accuracy", ylim=(0.48, 0.9))
    ax.legend(frameon=False, fontsize="small", loc="upper left" if claim == "S1" else "center left")
    tidy(ax)
    return figure


CLAIMS = (
    Claim(
        "S1",
        "the cumulant localizes before networks learn",
        "The leading factor of the sample cumulant localizes at a number of samples at which a "
        "network does not yet distinguish the inputs from their Gaussian control.",
        (
            Quantity("factor, n = n* / 4: IPR over exact", "inequality", high=0.75),
            Quantity("factor, n = 3 n*: IPR over exact", "derivation", value=1.0, tolerance=0.25),
            Quantity("factor, n = 3 n*: match with exact", "derivation", low=0.9),
            Quantity("network, n = 40 n*: accuracy above chance", "inequality", low=0.15),
            Quantity("network, n = 3 n*: accuracy above chance, over that", "inequality", high=0.5),
        ),
        sample_sizes,
        partial(draw, claim="S1"),
        ("Gaussian inputs",),
    ),
    Claim(
        "S2",
        "networks learn what random features do not",
        "With 40 D^2 inputs in D dimensions whose covariances do not distinguish the classes, a "
        "network approaches the best possible accuracy. The accuracy of a linear classifier on as "
        "many random features as the network has hidden units remains at chance.",
        (
            Quantity("network: accuracy above chance over best", "derivation", low=0.7, high=1.04),
            Quantity("random features: accuracy above chance", "derivation", low=-0.03, high=0.03),
        ),
        hardness,
        partial(draw, claim="S2"),
        ("Gaussian spike", "spiked covariance"),
    ),
    Claim(
        "S3",
        "lazy networks become random features",
        "If the first layer learns much more slowly than the readout, the accuracy of a network "
        "decreases to that of random features.",
        (
            Quantity("relative rate 1: accuracy over best", "derivation", low=0.9, high=1.01),
            Quantity("relative rate 0.01: accuracy minus that at 1", "inequality", high=0.02),
            Quantity(
                "relative rate 0.0001: accuracy minus that of random features",
                "derivation",
                low=-0.03,
                high=0.03,
            ),
            Quantity("relative rate 0.0001: accuracy minus that at 1", "inequality", high=-0.1),
        ),
        laziness,
        partial(draw, claim="S3"),
        ("Gaussian spike",),
    ),
)
