r"""Claims of Harsh et al. (J Phys A 53, 174002, 2020): place cells in Boltzmann machines.

The log-likelihood of a machine with Gaussian visible units and one hidden spin is, up to a
constant, exactly

.. math:: L(w) = E \log \cosh(w \cdot x) - \lVert w \rVert^2 / 2.

*Uniform state.* A uniform field, whose D weights are all equal to a, is stationary if E S tanh(a S)
= D a, where S is the sum of the pixels of an input. A small deviation from the uniform field that
is a Fourier mode q grows at the rate I_q - 1, where I_q = E[P_q / D / cosh(a S)^2], and P_q is the
power of the mode q of an input. The uniform state is unstable if the index of the inputs, which is
the largest I_q of the modes other than 0, exceeds 1. For Gaussian inputs with covariance C, the
log-likelihood L(w) depends on the field w only through w.Cw and the length of w, so that the field
of largest likelihood is in the first eigenspace of C.

*Retarded learning.* Consider n inputs of D sites that are white noise plus a pair of Fourier modes
of variance l. If the inputs are treated as Gaussian, the field of largest likelihood is the first
eigenvector of the sample covariance. The squared overlap of the first eigenvector with the pair of
modes of variance l is (1 - D / (n l^2)) / (1 + D / (n l)) if the number n of inputs of D sites
exceeds n_c = D / l^2, and 0 otherwise (Baik, Ben Arous and Peche, Annals of Probability 33, 1643,
2005).

*Diffusion.* The log-likelihood does not change if the field w is shifted along the ring. Let c be
the centre of the field, and w' = dw/dc. The mean gradient along w' = dw/dc is zero, so that only
the noise of the gradient moves the centre of the field. One step with learning rate r, on B inputs
and B samples drawn from the machine, moves the centre of the field by -r z.w' / w'.w', where z is
the noise of the gradient and w' is the derivative of the field w with respect to its centre. With
learning rate r and batch size B, the mean squared move of the centre in a step is, to first order
in r / B, r^2 V / (B (w'.w')^2), where w' = dw/dc, and V is the variance of (w'.x) tanh(w.x) over
inputs x plus that over samples x of the machine.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ..analysis import ipr
from ..datasets import NLGP, Pulses
from ..nets import RBM
from ..plotting.style import CLASS_COLORS, CONTROL, GREY, INPUT, OTHER, tidy
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

SIDE = 48
BROKEN = NLGP((SIDE,), correlation_length=4.0, gain=3.0)
MODELS = {
    "gain 3, length 4": BROKEN,
    "gain 0.5, length 4": NLGP((SIDE,), correlation_length=4.0, gain=0.5),
    "gain 3, length 10": NLGP((SIDE,), correlation_length=10.0, gain=3.0),
}
JUMP = Pulses((120,), length=(60, 61))
CASES = {
    "l = 1, n = 4 n_c: overlap over formula": (1.0, 4.0),  # l, n / n_c
    "l = 0.5, n = 4 n_c: overlap over formula": (0.5, 4.0),
    "l = 1, n = n_c / 4: overlap": (1.0, 0.25),
    "l = 0.5, n = n_c / 4: overlap": (0.5, 0.25),
}
RATE, LAG = 0.1, 50  # learning rate, and steps between recordings, for the diffusion


def inputs(bench: Bench, number: int, model: NLGP, n: int) -> Array:
    """Inputs of a model, changed as the control of the bench requires."""
    rng = np.random.default_rng([bench.seeds[number], 0])
    X = (model.gaussian_clone() if bench.control == "Gaussian inputs" else model).sample(n, rng)
    return rng.permuted(X, axis=1) if bench.control == "permuted sites" else X


def index(X: Array) -> float:
    """Index of the inputs, estimated from samples; above 1, the uniform state is unstable."""
    total = X.sum(axis=1)
    a = optimize.brentq(lambda a: np.mean(total * np.tanh(a * total)) - a * X.shape[1], 1e-3, 9.0)
    power = abs(np.fft.rfft(X, axis=1)[:, 1:]) ** 2 / X.shape[1]
    return float(((1.0 / np.cosh(a * total) ** 2) @ power / len(X)).max())


def fields(bench: Bench, number: int, name: str, n_hidden: int) -> tuple[Array, Array]:
    """Inputs, and the fields of a Boltzmann machine that was trained on the inputs."""

    def train() -> tuple[Array, Array]:
        X = inputs(bench, number, MODELS[name], 50_000)
        rates: Any = {
            "learning_rate": 0.05,
            "batch_size": 200,
            "max_epochs": 8 if bench.quick else 24,
        }
        seed = bench.seeds[number]
        machine = RBM(n_hidden, train_bias=False, random_state=seed, **rates).fit(X)
        return X, machine.receptive_fields_

    return bench.once((bench.control, number, name, n_hidden), train)


def largest_gap(weights: Array) -> float:
    """Largest distance between adjacent field centres on the ring, divided by the mean distance."""
    angle = np.sort(np.angle(weights**2 @ np.exp(2j * np.pi * np.arange(SIDE) / SIDE)))
    gaps = np.diff(np.append(angle, angle[0] + 2.0 * np.pi))
    return float(gaps.max() / gaps.mean())


def place_cells(bench: Bench, number: int) -> dict[str, float]:
    """Claim H1: stability of the uniform state, and sizes and positions of trained fields."""
    found = {}
    for name in MODELS:
        X, weights = fields(bench, number, name, 1)
        found[f"{name}: index"] = index(X)
        found[f"{name}: D x IPR"] = SIDE * float(ipr(weights)[0])
    eight = fields(bench, number, next(iter(MODELS)), 8)[1]
    found["8 units: smallest D x IPR"] = SIDE * float(ipr(eight).min())
    found["8 units: largest gap over mean gap"] = largest_gap(eight)
    return found


def theory_overlap(variance: float, excess: float) -> float:
    """Predicted squared overlap of field and modes for `excess` x (critical number) inputs."""
    return max(0.0, (1.0 - 1.0 / excess) / (1.0 + variance / excess))


def overlaps(bench: Bench, number: int, variance: float, excess: float) -> float:
    """Train fields on new inputs; return their mean squared overlap with the Fourier modes."""

    def train() -> float:
        rng, side = np.random.default_rng([bench.seeds[number], 1]), JUMP.n_features
        mode = np.exp(2j * np.pi * np.arange(side) / side) * np.sqrt(2.0 / side)
        n, steps = int(excess * side / variance**2), 1000 if bench.quick else 1500
        amplitude = np.sqrt(variance / np.fft.fft(JUMP.autocovariance()).real[1])
        rates: Any = {"learning_rate": 0.02, "batch_size": min(n, 200)}
        found = []
        for seed in rng.integers(2**31, size=3 if bench.quick else 6):
            X = amplitude * JUMP.sample(n, rng) + rng.standard_normal((n, side))
            X = rng.permuted(X, axis=0) if bench.control == "white sites" else X
            epochs = steps * rates["batch_size"] // n
            machine = RBM(1, train_bias=False, random_state=int(seed), max_epochs=epochs, **rates)
            w = machine.fit(X).receptive_fields_[0]
            found.append(abs(w @ mode) ** 2 / (w @ w))
        return float(np.mean(found))

    return bench.once((bench.control, number, variance, excess), train)


def retarded_learning(bench: Bench, number: int) -> dict[str, float]:
    """Claim H2: overlap of fields with the pair of modes, for few and for many samples."""
    found = {}
    for case, (variance, excess) in CASES.items():
        formula = theory_overlap(variance, excess)
        found[case] = overlaps(bench, number, variance, excess) / (formula or 1.0)
    return found


def best_field(X: Array) -> Array:
    """Field of largest likelihood of a machine with one hidden unit."""

    def loss(w: Array) -> tuple[float, Array]:
        h = X @ w
        value = 0.5 * w @ w - np.mean(np.logaddexp(h, -h) - np.log(2.0))
        return value, w - np.tanh(h) @ X / len(X)

    start = np.random.default_rng(0).normal(0.0, 0.01, X.shape[1])
    w = optimize.minimize(loss, start, jac=True).x
    return np.asarray(w * np.sign(w.sum()))


def step_variance(bench: Bench) -> tuple[Array, float]:
    """Field of largest likelihood, and mean squared move of its centre in a training step.

    The learning rate and the batch size of the step are 1.
    """

    def compute() -> tuple[Array, float]:
        rng = np.random.default_rng(0)
        X = BROKEN.sample(100_000, rng)
        w = best_field(X)
        slope = np.fft.irfft(2j * np.pi / SIDE * np.arange(SIDE // 2 + 1) * np.fft.rfft(w), SIDE)
        dreams = rng.choice([-1.0, 1.0], (len(X), 1)) * w + rng.standard_normal(X.shape)
        noise = sum(np.var((x @ slope) * np.tanh(x @ w)) for x in (X, dreams))
        return w, float(noise / (slope @ slope) ** 2)

    return bench.once("step variance", compute)


def paths(bench: Bench, number: int, batch: int) -> tuple[Array, Array]:
    """Centres of the fields of eight machines, and the fields, every LAG steps."""

    def train() -> tuple[Array, Array]:
        best, recorded, n = step_variance(bench)[0], [], LAG * batch
        n_blocks = 20 if bench.quick else 80
        rates: Any = {"learning_rate": RATE, "batch_size": batch, "train_bias": False}
        unevenness = 0.2 if bench.control == "uneven sites" else 0.0
        scale = 1.0 + unevenness * np.cos(2.0 * np.pi * np.arange(SIDE) / SIDE)
        for repeat in range(8):
            rng = np.random.default_rng([bench.seeds[number], 2, repeat])
            machine = RBM(1, random_state=rng, **rates).partial_fit(BROKEN.sample(batch, rng))
            machine.receptive_fields_[:] = best
            for _ in range(12 + n_blocks):
                w = machine.partial_fit(BROKEN.sample(n, rng) * scale).receptive_fields_[0]
                recorded.append(w * np.sign(w.sum()))
        weights = np.reshape(recorded, (8, -1, SIDE))[:, -n_blocks:]
        shifts, modes = np.arange(0.0, SIDE, 0.02), np.arange(1, SIDE // 2)
        cross = (np.fft.rfft(weights) * np.fft.rfft(best).conj())[..., modes]
        phases = np.exp(2j * np.pi / SIDE * np.outer(modes, shifts))
        centers = shifts[(cross @ phases).real.argmax(axis=-1)]
        return np.unwrap(centers, period=SIDE, axis=1), weights

    return bench.once((bench.control, number, batch), train)


def squared_move(centers: Array, blocks: int) -> float:
    """Mean squared displacement of field centres in a number of blocks of LAG steps."""
    return float(np.mean((centers[:, blocks:] - centers[:, :-blocks]) ** 2))


def diffusion(bench: Bench, number: int) -> dict[str, float]:
    """Claim H3: mean squared displacement of field centres for two batch sizes and durations."""
    (slow, weights), fast = paths(bench, number, 400), paths(bench, number, 100)[0]
    move, late = squared_move(slow, 1), 10 if bench.quick else 20
    formula = LAG * RATE**2 / 400 * step_variance(bench)[1]
    values = (
        move / formula,
        squared_move(fast, 1) / move,
        squared_move(slow, late) / (late * move),
        SIDE * float(ipr(weights.reshape(-1, SIDE)).min()),
    )
    return dict(zip((quantity.name for quantity in _DIFFUSION), values, strict=True))


def draw_place_cells(bench: Bench) -> Any:
    """Claim H1: fields of machines with one unit or, on the NLGP and its control, eight units."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(11, 3.0), layout="constrained")
    for name, style, color in zip(MODELS, ("-", "--", ":"), CLASS_COLORS, strict=False):
        X, (w,) = fields(bench, 0, name, 1)
        w = np.roll(w * np.sign(w.sum()), SIDE // 2 - int(abs(w).argmax()))
        axes[0].plot(w, style, color=color, label=f"{name} (index {index(X):.2f})")
    axes[0].set(title="one unit, centred", ylabel="weight", ylim=(-0.05, 1.0))
    axes[0].legend(frameon=False, fontsize="small", loc="upper center")
    for ax, control in zip(axes[1:], (None, "Gaussian inputs"), strict=True):
        for w in fields(bench.under(control), 0, next(iter(MODELS)), 8)[1]:
            ax.plot(w * np.sign(w[abs(w).argmax()]), color=CONTROL if control else INPUT)
        ax.set(title=f"eight units, {'Gaussian control' if control else 'NLGP'}", ylim=(-0.5, 1.0))
    for ax in axes:
        ax.set(xlabel="site", xlim=(0, SIDE - 1))
        tidy(ax)
    return figure


def draw_retarded_learning(bench: Bench) -> Any:
    """Claim H2: squared overlap of fields with the Fourier modes against the number of samples."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(4.5, 3.2), layout="constrained")
    excess, measured = np.geomspace(0.2, 6.0, 300), (0.25, 1.0, 2.0, 4.0)
    for variance, style, marker, color in ((1.0, "-", "o", INPUT), (0.5, "--", "s", OTHER)):
        n_c, label = JUMP.n_features / variance**2, f"l = {variance:g}"
        curve = [theory_overlap(variance, each) for each in excess]
        ax.plot(excess * n_c, curve, style, color=color, label=f"{label}, formula")
        found = [overlaps(bench, 0, variance, each) for each in measured]
        ax.plot(n_c * np.array(measured), found, marker, color=color, label=f"{label}, machine")
    ax.set(xscale="log", xlabel="number of samples", ylabel="squared overlap", ylim=(0.0, 1.0))
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    tidy(ax)
    return figure


def draw_diffusion(bench: Bench) -> Any:
    """Claim H3: positions and mean squared displacement of field centres as functions of time."""
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
    uneven = bench.under("uneven sites")
    for here, batch, style, color, label in (
        (bench, 100, "-", CLASS_COLORS[1], "batch 100"),
        (bench, 400, "--", INPUT, "batch 400"),
        (uneven, 400, ":", OTHER, "batch 400, uneven sites"),
    ):
        centers = paths(here, 0, batch)[0]
        steps, blocks = LAG * np.arange(centers.shape[1]), np.arange(1, centers.shape[1] // 2)
        left.plot(steps, (centers - centers[:, :1])[:4].T, style, color=color, linewidth=1.0)
        moves = [squared_move(centers, each) for each in blocks]
        right.loglog(LAG * blocks, moves, style, color=color, label=label)
        rate = RATE**2 / batch * step_variance(bench)[1]
        right.loglog(LAG * blocks, LAG * blocks * rate, color=GREY, linewidth=0.8)
    left.set(
        xlabel="step", ylabel="shift of the centre (sites)", title="centres of four machines each"
    )
    right.set(
        xlabel="steps", ylabel="mean squared shift", title="mean squared shift (grey: formula)"
    )
    right.tick_params(which="minor", labelbottom=False)
    right.legend(frameon=False, fontsize="small")
    for ax in (left, right):
        tidy(ax)
    return figure


_UNIFORM = {"high": 1.25, "source": "1, and sampling noise", "digits": 2}
_MODES = [
    Quantity(f"{name}: {measure}", "derivation", **bounds)
    for name, index_of, size in (
        ("gain 3, length 4", {"low": 1.0}, {"low": 2.0, "digits": 2}),
        ("gain 0.5, length 4", {"high": 1.0}, _UNIFORM),
        ("gain 3, length 10", {"high": 1.0}, _UNIFORM),
    )
    for measure, bounds in (("index", index_of), ("D x IPR", size))
]
_DIFFUSION = (
    Quantity("batch 400: squared move over formula", "derivation", value=1.0, tolerance=0.4),
    Quantity("squared move of batch 100 over 400", "derivation", low=2.4, source="4", digits=2),
    Quantity("batch 400: growth of the squared move over that of time", "derivation", low=0.3),
    Quantity("batch 400: smallest D x IPR", "inequality", low=1.5, digits=2),
)

CLAIMS = (
    Claim(
        "H1",
        "fields break the symmetry where the uniform state is unstable",
        "A restricted Boltzmann machine that is trained on translation-invariant inputs learns a "
        "uniform field if the index of the uniform state is below 1, and a localized field if "
        "this index exceeds 1. The fields of several units cover the ring evenly.",
        (
            *_MODES,
            Quantity("8 units: smallest D x IPR", "inequality", low=3.0, digits=2),
            Quantity("8 units: largest gap over mean gap", "inequality", high=1.5, digits=2),
        ),
        place_cells,
        draw_place_cells,
        ("Gaussian inputs", "permuted sites"),
    ),
    Claim(
        "H2",
        "learning is retarded until there are enough samples",
        "Below a critical number of samples, the learnt field is noise. Above the critical "
        "number, the field aligns with the correlations of the inputs as the formula for retarded "
        "learning predicts. The critical number is smaller for larger correlations.",
        tuple(
            Quantity(case, "derivation", value=1.0, tolerance=0.2, digits=2)
            if excess > 1.0
            else Quantity(case, "inequality", high=0.2)
            for case, (_, excess) in CASES.items()
        ),
        retarded_learning,
        draw_retarded_learning,
        ("white sites",),
    ),
    Claim(
        "H3",
        "the centre diffuses and restores the symmetry",
        "The localized field keeps its shape while its centre diffuses along the ring. The "
        "diffusion rate of the centre follows from the noise of the gradient and decreases with "
        "the batch size.",
        _DIFFUSION,
        diffusion,
        draw_diffusion,
        ("uneven sites",),
    ),
)
