r"""Claims of Bardone and Goldt (arXiv:2404.08602): correlated latent variables.

Class 1 is the mixed cumulant model: inputs have a non-Gaussian latent variable p h along a
direction v, where p is a factor, and a Gaussian latent variable g along a direction u. If the
latent variables are correlated, h and g have the same sign. Class 0 is white noise. A field w of
unit length is trained by online gradient ascent on y f(w.x), with f(s) = -exp(-s^2) and y = +1 for
class 1 and -1 for class 0. The mean gradient of class 0 is orthogonal to the unit sphere. The mean
gradient of class 1 follows from the mean F(a, b) = E f(w.x), which depends on the overlaps a = w.u
and b = w.v of the field w with the directions u and v. With the time t = learning rate x samples,

.. math::

    \frac{da}{dt} = \frac{F_a - a (a F_a + b F_b)}{2} - e a, \qquad
    \frac{db}{dt} = \frac{F_b - b (a F_a + b F_b)}{2} - e b.

In the equations of da/dt and db/dt, F_a and F_b are the partial derivatives of F(a, b), and e =
(learning rate) V (D - 1) / 2 with V = E f'(s)^2 = 4 / 5^(3/2) is the decay rate of the overlaps
that the noise of single samples causes. The Hermite expansion of F(a, b) is const + f_2 (a^2 + 2 c
a b) / 2 + f_4 k b^4 / 24 + ..., where f_n is the mean of the n-th derivative of f at a standard
normal variable, c = p E[g h], and k < 0 is the fourth cumulant along v. If the latent variables are
independent, db/dt = f_4 k b^3 / 12 is cubic in the overlap b = w.v, so that this overlap needs a
time of order D to grow from D^(-1/2) to order 1. If the latent variables are correlated, db/dt =
f_2 c a / 2 is linear in the overlap a = w.u, and the overlap b = w.v needs a time of order log D.
If there is no latent variable along u, the equation of db/dt also needs a noise term of variance V
= E f'(s)^2. With the learning rate f_4 k / (6 V D^2), the noise of db/dt is initially as large as
the drive f_4 k b^3 / 12.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ..datasets import InputModel, SpikedCumulant
from ..plotting.style import INPUT, OTHER, tidy
from ..theory import mean_passage_time
from . import _spherical as sphere
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]

STRENGTH, V = 8.0, 4.0 / 5.0**1.5
P = np.sqrt(STRENGTH / (1.0 + STRENGTH))
QUARTIC = 12.0 * 3.0**-2.5 * 2.0 * P**4 / 12.0  # f_4 k / 12, with f_4 = -12 / 3^(5/2)
T_END = 30.0
_HALF_NORMAL = np.linspace(0.0, 8.0, 801)
_WEIGHTS = np.exp(-(_HALF_NORMAL**2) / 2.0) * np.where(_HALF_NORMAL > 0.0, 1.0, 0.5)
_WEIGHTS /= _WEIGHTS.sum()


def models(bench: Bench, size: int, coupling: float | None) -> list[InputModel]:
    """Mixed cumulant model and white noise; no Gaussian latent variable if `coupling` is None."""
    v, u = np.eye(size)[:2]
    options = {} if coupling is None else {"gaussian_spike": u, "coupling": coupling}
    if coupling and bench.control == "independent latents":
        options["coupling"] = 0.0
    model: Any = SpikedCumulant((size,), strength=STRENGTH, spike=v, **options)
    noise = SpikedCumulant((size,), strength=STRENGTH).gaussian_clone()
    return [model.gaussian_clone() if bench.control == "Gaussian inputs" else model, noise]


def potential(a: float, b: float, coupling: float | None) -> float:
    """Mean F(a, b) = E f(w.x) of class 1, by an integral over the Gaussian latent variable."""
    rest, total = 1.0 - (b * P) ** 2, 0.0
    for sign in (1.0, -1.0):
        mean = a * _HALF_NORMAL * (coupling is not None) + sign * b * P
        values = np.exp(-(mean**2) / (1.0 + 2.0 * rest)) / np.sqrt(1.0 + 2.0 * rest)
        total -= (1.0 + sign * (coupling or 0.0)) / 2.0 * (_WEIGHTS @ values)
    return float(total)


def drive(a: float, b: float, coupling: float | None, loss: float = 0.0) -> Array:
    """Time derivatives of the overlaps a = w.u and b = w.v."""
    point, step = np.array([a, b]), 1e-5
    forward, backward = (
        np.array([potential(a + h, b, coupling), potential(a, b + h, coupling)])
        for h in (step, -step)
    )
    slope = (forward - backward) / (2.0 * step)
    return (slope - point * (point @ slope)) / 2.0 - loss * point


def predicted(size: int, coupling: float, rate: float) -> Any:
    """Overlaps a = w.u and b = w.v as functions of time, by integration of da/dt and db/dt."""
    loss = rate * V * (size - 1) / 2.0
    return solve_ivp(
        lambda _, state: drive(state[0], state[1], coupling, loss),
        (0.0, T_END),
        [size**-0.5] * 2,
        rtol=1e-6,
        dense_output=True,
    ).sol


def gradient(X: Array, s: Array) -> Array:
    """Mean of y f'(w.x) x over a batch, whose halves are class 1 and class 0."""
    slope = 2.0 * s * np.exp(-(s**2))
    slope[:, X.shape[1] // 2 :] *= -1.0
    return slope.swapaxes(1, 2) @ X / X.shape[1]


def learn(bench: Bench, number: int, coupling: float | None, *sizes: Any) -> Any:
    """Yield the fields of groups of 20 units before each training step."""
    size, batch, rate, n_groups = sizes
    seed, known = [bench.seeds[number], size], np.eye(size)[: 1 if coupling is None else 2]
    fields = sphere.initial_fields(n_groups, 20, known, np.random.default_rng([*seed, 1]))
    inputs = sphere.batches(models(bench, size, coupling), n_groups, batch, seed)
    return sphere.ascend(fields, inputs, gradient, rate * batch)


def first_time(times: Array, course: Array) -> float:
    """Time at which a curve first reaches 1/2; infinite if it does not."""
    return float(times[np.argmax(course >= 0.5)]) if (course >= 0.5).any() else np.inf


def courses(bench: Bench, number: int, coupling: float) -> tuple[Array, Array, Array]:
    """Times, and measured and predicted root mean square overlaps of fields with v and u."""
    size, batch, rate = (60, 500, 2e-4) if bench.quick else (100, 1000, 1e-4)

    def run() -> tuple[Array, Array, Array]:
        times = np.arange(0.0, T_END, rate * batch)
        fields = learn(bench, number, coupling, size, batch, rate, 1)
        pairs = zip(times, fields, strict=False)
        overlaps = np.array([np.sqrt(np.mean(w[0, :, :2] ** 2, axis=0)) for _, w in pairs])
        return times, overlaps.T, abs(predicted(size, coupling, rate)(times))[::-1]

    return bench.once((bench.control, number, coupling, "courses"), run)


def overlaps_in_time(bench: Bench, number: int) -> dict[str, float]:
    """Claim B1: overlaps of fields as functions of time, compared with the predictions."""
    times, (b, a), (b_theory, a_theory) = courses(bench, number, 1.0)
    _, (b_alone, a_alone), (_, a_alone_theory) = courses(bench, number, 0.0)
    ratios = [
        first_time(times, c) / first_time(times, t) for c, t in ((a, a_theory), (b, b_theory))
    ]
    return {
        "correlated: time to find u over theory": ratios[0],
        "correlated: time to find v over theory": ratios[1],
        "correlated: largest deviation from theory": np.abs([b - b_theory, a - a_theory]).max(),
        "correlated: final overlap with v over theory": b[-1] / b_theory[-1],
        "independent: final overlap with u over theory": a_alone[-1] / a_alone_theory[-1],
        "independent: overlap with v, final over initial": b_alone[-1] / b_alone[0],
    }


def rate_and_samples(size: int, coupling: float | None) -> tuple[float, float]:
    """Learning rate, and predicted mean number of samples to find the direction v."""
    if coupling:
        rate, times = 0.1 / size, np.linspace(0.0, T_END, 3001)
        return rate, first_time(times, predicted(size, coupling, rate)(times)[1]) / rate
    rate = 2.0 * QUARTIC / (V * size**2)
    loss = rate * V * (size - 1) / 2.0
    time = mean_passage_time(
        lambda b: drive(0.0, b, None, loss)[1],
        lambda b: rate * V * (1.0 - b**2),
        start=size**-0.5,
        level=0.5,
    )
    return rate, time / rate


def waits(bench: Bench, number: int, coupling: float | None) -> tuple[Array, Array, Array]:
    """Dimensions, mean numbers of samples to find the direction v, and predicted numbers."""
    sizes = [12, 24, 48] if coupling or not bench.quick else [12, 18, 24]
    sizes += [96] if coupling and not bench.quick else []

    def found(size: int) -> tuple[float, float]:
        rate, n = rate_and_samples(size, coupling)
        batch = 2 * (size // 4) if coupling else 2 * size
        n_groups = int(np.clip(4e8 / (n * size), 8, 20))
        units = learn(bench, number, coupling, size, batch, rate, n_groups)
        steps = sphere.passages(units, np.eye(size)[0], 4.0 * n / batch)
        return batch * sphere.mean_passage(*steps), n

    key = (bench.control, number, coupling, "waits")
    samples, theory = bench.once(key, lambda: np.transpose([found(size) for size in sizes]))
    return np.array(sizes), samples, theory


def sample_numbers(bench: Bench, number: int) -> dict[str, float]:
    """Claim B2: number of samples to find the direction v, as a function of the dimension."""
    found = sphere.compared("correlated", *waits(bench, number, 1.0))
    return found | sphere.compared("v alone", *waits(bench, number, None))


def draw_overlaps(bench: Bench) -> Any:
    """Claim B1: overlaps as functions of time, for correlated and independent latent variables."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2), sharey=True, layout="constrained")
    for ax, coupling, name in zip(axes, (1.0, 0.0), ("correlated", "independent"), strict=True):
        times, found, theory = courses(bench, 0, coupling)
        styles = ("v, non-Gaussian", INPUT, "o"), ("u, Gaussian", OTHER, "s")
        for (label, color, mark), measured, expected_course in zip(
            styles, found, theory, strict=True
        ):
            style = {"linewidth": 2.5, "alpha": 0.5, "marker": mark, "markevery": len(times) // 8}
            ax.plot(times, measured, color=color, label=label, **style)
            ax.plot(times, expected_course, "--", color=color)
        ax.set(xlabel="time (rate x samples)", title=f"{name} latent variables", xlim=(0.0, T_END))
        tidy(ax)
    axes[0].plot([], [], "k--", label="theory")
    axes[0].set(ylabel="|overlap| (root mean square)", ylim=(0.0, 1.03))
    axes[0].legend(frameon=False)
    return figure


def draw_numbers(bench: Bench) -> Any:
    """Claim B2: number of samples to find the direction v, for each dimension."""
    curves: list[Any] = []
    for coupling, color, name in ((1.0, INPUT, "correlated with u"), (None, OTHER, "v alone")):
        sizes, samples, theory = waits(bench, 0, coupling)
        label = f"{name}: exponent {sphere.exponent(sizes, samples):.2f}"
        curves.append((label, color, sizes, samples, None, theory))
    return sphere.draw_samples(curves)


CLAIMS = (
    Claim(
        "B1",
        "correlated latent variables lead from u to v",
        "If the latent variables are correlated, online gradient ascent first finds the direction "
        "u of large variance, and soon afterwards the non-Gaussian direction v. If the latent "
        "variables are independent, the field converges to the direction u and does not find the "
        "direction v.",
        (
            sphere.near("correlated: time to find u over theory", 0.1),
            sphere.near("correlated: time to find v over theory", 0.1),
            Quantity("correlated: largest deviation from theory", "derivation", high=0.1),
            sphere.near("correlated: final overlap with v over theory", 0.05),
            sphere.near("independent: final overlap with u over theory", 0.05),
            Quantity("independent: overlap with v, final over initial", "derivation", high=1.0),
        ),
        overlaps_in_time,
        draw_overlaps,
        ("independent latents", "Gaussian inputs"),
    ),
    Claim(
        "B2",
        "correlated latent variables save samples",
        "The number of samples to find the non-Gaussian direction v is of order D log D with a "
        "correlated direction u of large variance, and of order D^3 without the direction u. Both "
        "orders apply to the largest learning rate that the noise of the gradient permits.",
        (*sphere.expected("correlated", 1.0, 1.6), *sphere.expected("v alone", 2.8, 4.0)),
        sample_numbers,
        draw_numbers,
        ("independent latents", "Gaussian inputs"),
    ),
)
