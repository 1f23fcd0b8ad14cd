r"""Claims of Refinetti, Ingrosso and Goldt (ICML 2023) and of Belrose et al. (ICML 2024).

Both papers claim that networks use the means of the classes first, then the covariances, and then
higher cumulants.

With u = w / sqrt(D) and t = learning rate x steps / D, small fields of erf units follow

.. math::

    \frac{du}{dt} = 2 s'(b)\, E[y x] + 2 s''(b)\, E[y x x^\top] u
    + \frac{s''''(b)}{3} E[y\, x x x x]\, u u u + \dots.

In the equation of du/dt, s is the activation function, and y = +1 or -1 is the target. The
difference of the means drives the fields at a constant rate and has an effect at once. The
difference of the covariances makes fields grow exponentially, so that the time until covariances
have an effect is proportional to the logarithm of the inverse of the initial size of the fields.
The drive of the fourth cumulant is cubic in the fields, so that the time until the cumulant has an
effect is inversely proportional to the square of the initial size of the fields. The output phi of
the network does not change the order in which means, covariances and cumulants have an effect. For
erf units with input h, s''(h) = -h s'(h), where s is the activation function. Fields orthogonal to
the learnt directions therefore neither grow nor decay once E[(y - phi) s'(h)] = 0, where y is the
target and phi the output. Each class is a mixture of Gaussians, so that `MixtureFlow` is exact to
all orders and gives the expected times of claim R1.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..datasets import Discrimination, Sampler, make_gaussian_clone
from ..nets import FCNet
from ..plotting.style import CONTROL, INPUT, OTHER, tidy
from ..theory import MixtureFlow
from ._bench import Bench
from ._claim import Claim, Quantity

Array = NDArray[Any]
Course = list[tuple[Array, Array]]  # fields and biases at each time of TIMES

D, THRESHOLD, STEP = 12, 0.02, 0.04  # sites, threshold of a gap of the loss, time step
STEPS = np.append(0, np.unique(np.geomspace(2, 1000, 40).round().astype(int)))
TIMES = STEP * STEPS
# The data, and controls that have the same covariance or only the same mean in each class.
RUNGS: tuple[Any, ...] = ("data", "covariance", "mean")


@dataclass(frozen=True)
class Inputs(Sampler):
    """White noise, except for the mean of site 0, variance of site 1 and density of site 2."""

    mean: float
    variance: float = 1.0
    density: float = 1.0
    shape = (D,)

    def draw(self, n_samples: int, rng: np.random.Generator) -> Array:
        """Draw inputs, (n_samples, D)."""
        X = rng.standard_normal((n_samples, D))
        X[:, 0] += self.mean
        X[:, 1] *= self.variance**0.5
        X[:, 2] *= (rng.random(n_samples) < self.density) / self.density**0.5
        return X

    def components(self, rung: str) -> list[tuple[float, Array, Array]]:
        """Components of the "data", or of a Gaussian with the same "mean" (and "covariance")."""
        mean, C, p = self.mean * np.eye(D)[0], np.eye(D), self.density
        C[1, 1] = self.variance
        if rung == "mean":
            return [(1.0, mean, np.eye(D) * np.trace(C) / D)]
        if rung == "covariance" or p == 1.0:
            return [(1.0, mean, C)]
        sparse = np.diag(np.eye(D)[2])
        return [(p, mean, C + (1.0 / p - 1.0) * sparse), (1.0 - p, mean, C - sparse)]


def classes(control: str | None) -> list[Any]:
    """Class 0 and class 1; each control removes one of the differences between the classes."""
    mean = 0.0 if control == "equal means" else 0.4
    variance = 1.0 if control == "equal covariances" else 3.0
    return [Inputs(mean, variance, 1.0 if control == "Gaussian inputs" else 0.1), Inputs(-mean)]


def theory(control: str | None, rung: str = "data") -> MixtureFlow:
    """Flow on the "data", or on Gaussian inputs with the same "mean" or mean and "covariance"."""
    return MixtureFlow([model.components(rung) for model in classes(control)])


def trained(bench: Bench, number: int) -> Course:
    """Time course of a network that is trained online on the data."""

    def train() -> Course:
        n_parts = 2 if bench.quick else 8  # training steps per time step
        net = FCNet(40, learning_rate=STEP * D / n_parts, batch_size=1000, init_scale=0.6)
        net.set_params(
            weight_decay=0.0, record=2, warm_start=True, random_state=bench.seeds[number]
        )
        task = Discrimination(classes(bench.control))
        course: Course = []
        for n_steps in np.diff(STEPS):
            net.fit_online(task, int(n_steps) * n_parts * net.batch_size)
            if not course:
                course.append((net.receptive_field_history_[0], np.repeat([1.0, -1.0], 20)))
            course.append((net.receptive_fields_, net.biases_))
        return course

    return bench.once((bench.control, number, "net"), train)


def followed(bench: Bench, number: int) -> Course:
    """Time course of the gradient flow on the data, from the initial fields of the network."""

    def follow() -> Course:
        start, _ = trained(bench, number)[0]
        course = theory(None).integrate(start, TIMES[-1], times=TIMES)
        return list(zip(course.history, course.bias_history, strict=True))

    return bench.once((bench.control, number, "flow"), follow)


def losses(course: Course, control: str | None) -> Array:
    """Losses at each time, on the data and on the controls."""
    flows = [theory(control, rung) for rung in RUNGS]
    return np.array([[flow.loss(*net) for flow in flows] for net in course])


def crossings(curves: Array) -> Array:
    """Times t0, t1 and t2 at which means, covariances and cumulants change a loss by THRESHOLD."""
    data, control, mean = curves.T
    found = []
    for gap in (mean[0] - mean, mean - data, control - data):
        after = int(np.argmax(gap > THRESHOLD))
        place = slice(after - 1, after + 1)
        found.append(np.interp(THRESHOLD, gap[place], TIMES[place]) if after else np.inf)
    return np.array(found)


def samples(bench: Bench, number: int) -> tuple[Array, Array]:
    """Test samples and their labels."""
    task, rng = Discrimination(classes(bench.control)), np.random.default_rng(bench.seeds[number])
    return task.sample(30_000 if bench.quick else 50_000, rng)


def order(bench: Bench, number: int) -> dict[str, float]:
    """Claim R1: times at which the losses on the controls deviate from the loss on the data."""
    course = trained(bench, number)
    found, expected = losses(course, bench.control), losses(followed(bench, number), None)
    times, predicted = crossings(found), crossings(expected)
    (X, y), deviations = samples(bench, number), []
    ladder = [X, *(make_gaussian_clone(X, y, keep=k, random_state=0)[0] for k in RUNGS[1:])]
    for place in np.searchsorted(TIMES, (0.25, 6.0, 40.0)):
        u, b = course[int(place)]
        outputs = np.array([theory(None).output(u, b, rows) for rows in ladder])
        errors = (outputs - (1.0 - 2.0 * y)) ** 2
        deviations.append(errors.mean(axis=1) - found[place])
    with np.errstate(invalid="ignore"):
        return {
            "t0, means: over flow": times[0] / predicted[0],
            "t1, covariances: over flow": times[1] / predicted[1],
            "t2, cumulants: over flow": times[2] / predicted[2],
            "t1 over t0": times[1] / times[0],
            "t2 over t1": times[2] / times[1],
            "losses: largest deviation from the flow": abs(found - expected).max(),
            "losses on samples: largest deviation from the formula": abs(
                np.array(deviations)
            ).max(),
        }


def effects(course: Course, X: Array, y: Array) -> Array:
    """Relative change of the mean output of class 1 when its samples are edited.

    Samples of class 1 are given the mean, or the mean and covariance, of class 0. The change is
    divided by the difference between the mean outputs of the classes.
    """
    to, of = X[y == 0], X[y == 1]
    centered, mean = of - of.mean(axis=0), to.mean(axis=0)
    roots = [np.linalg.cholesky(np.cov(rows.T)) for rows in (to, of)]
    edited = [of, centered + mean, centered @ np.linalg.solve(roots[1].T, roots[0].T) + mean, to]
    mean_of = [[theory(None).output(*net, rows).mean() for rows in edited] for net in course]
    start, *others, end = np.array(mean_of).T
    return np.array([(other - start) / (end - start) for other in others])


def edits(bench: Bench, number: int) -> dict[str, float]:
    """Claim R2: effects of edited samples, and excess loss on the control with only the means."""
    places, (X, y) = np.searchsorted(TIMES, (0.25, 6.0, 40.0)), samples(bench, number)
    courses = [
        [course[int(place)] for place in places]
        for course in (trained(bench, number), followed(bench, number))
    ]
    found, expected = (effects(course, X, y) for course in courses)
    control = make_gaussian_clone(X, y, keep="mean", random_state=0)[0]
    values: dict[str, float] = {}
    for place, name in enumerate(("t = 0.25", "t = 6", "t = 40")):
        outputs = np.array([theory(None).output(*courses[0][place], rows) for rows in (X, control)])
        errors = (outputs - (1.0 - 2.0 * y)) ** 2
        score = np.diff(errors.mean(axis=1))[0] / np.sqrt(errors.var(axis=1).sum() / len(y))
        values[f"{name}: mean edited"], values[f"{name}: covariance edited"] = found[:, place]
        values[f"{name}: gap to the mean control over standard error"] = score
    return values | {"largest deviation from the flow": abs(found - expected).max()}


def draw(bench: Bench, claim: str) -> Any:
    """Draw losses or effects of edited samples, for the network (marks) and the flow (lines)."""
    import matplotlib.pyplot as plt

    courses = trained(bench, 0)[1:], followed(bench, 0)[1:]
    X, y = samples(bench, 0)
    curves = [losses(course, bench.control).T for course in courses]
    panels: dict[str, list[Array]] = {"loss": curves}
    panels["loss minus that on the data"] = [net[1:] - net[0] for net in curves]
    names, colors = ("data", "control", "control of the means"), (INPUT, CONTROL, OTHER)
    if claim == "R2":
        panels = {"effect of an edit": [effects(c, X[::10], y[::10])[::-1] for c in courses]}
        names, colors = ("", "mean and covariance edited", "mean edited"), ("", INPUT, OTHER)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.6 * len(panels), 3.4), layout="constrained", squeeze=False
    )
    times = crossings(losses(followed(bench, 0), None))
    for ax, (title, (dots, lines)) in zip(axes[0], panels.items(), strict=True):
        for k in range(-len(dots), 0):
            ax.plot(TIMES[1:], dots[k], "os^"[k], markersize=4, color=colors[k], label=names[k])
            ax.plot(TIMES[1:], lines[k], ("-", "--", ":")[k], color=colors[k])
        for number, time in enumerate(times):
            ax.axvline(time, color="0.8", zorder=0)
            ax.text(time, 1.01, f"$t_{number}$", transform=ax.get_xaxis_transform(), ha="center")
        ax.set(xscale="log", xlabel="t = learning rate x steps / D", ylabel=title)
        ax.legend(edgecolor="none", title="network (marks) and flow (lines)")
        tidy(ax)
    return figure


def _near(name: str, tolerance: float) -> Quantity:
    return Quantity(name, "derivation", value=1.0, tolerance=tolerance, digits=2)


CLAIMS = (
    Claim(
        "R1",
        "means first, then covariances, then cumulants",
        "The loss of a network on Gaussian inputs with the class means of the data agrees with "
        "the loss on the data until a time t1. The loss on Gaussian inputs with the class means "
        "and covariances of the data agrees with the loss on the data until a later time t2. The "
        "network uses the means of the classes before the time t1.",
        (
            _near("t0, means: over flow", 0.1),
            _near("t1, covariances: over flow", 0.15),
            _near("t2, cumulants: over flow", 0.2),
            Quantity("t1 over t0", "inequality", low=3.0, digits=1),
            Quantity("t2 over t1", "inequality", low=3.0, digits=1),
            Quantity("losses: largest deviation from the flow", "derivation", high=0.01),
            Quantity(
                "losses on samples: largest deviation from the formula", "derivation", high=0.01
            ),
        ),
        order,
        partial(draw, claim="R1"),
        ("Gaussian inputs", "equal covariances", "equal means"),
    ),
    Claim(
        "R2",
        "early networks respond to edits of low-order statistics",
        "Samples of class 1 that are given the mean of class 0 are classified as class 0 by a "
        "network before the time t1 of claim R1, but not afterwards. Samples of class 1 that are "
        "given the mean and covariance of class 0 are classified as class 0 until the time t2 of "
        "claim R1. Before the time t1, the network does not distinguish the data from Gaussian "
        "inputs with the class means of the data.",
        (
            Quantity("t = 0.25: mean edited", "inequality", low=0.9),
            Quantity("t = 6: mean edited", "inequality", high=0.95),
            Quantity("t = 40: mean edited", "inequality", high=0.8),
            Quantity("t = 0.25: covariance edited", "inequality", 0.95, 1.05),
            Quantity("t = 6: covariance edited", "inequality", 0.95, 1.05),
            Quantity("t = 40: covariance edited", "inequality", high=0.95),
            Quantity("largest deviation from the flow", "derivation", high=0.05),
            Quantity(
                "t = 0.25: gap to the mean control over standard error",
                "inequality",
                -3.0,
                3.0,
                digits=1,
            ),
            Quantity("t = 6: gap to the mean control over standard error", "report", digits=1),
            Quantity(
                "t = 40: gap to the mean control over standard error",
                "inequality",
                low=10.0,
                digits=1,
            ),
        ),
        edits,
        partial(draw, claim="R2"),
        ("Gaussian inputs", "equal covariances", "equal means"),
    ),
)
