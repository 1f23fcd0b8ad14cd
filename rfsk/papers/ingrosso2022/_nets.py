"""The inputs and nets of the paper, each trained once, and the controls that replace them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from ...analysis import field_width, random_phase_fields
from ...datasets import (
    NLGP,
    Discrimination,
    GaussianField,
    Ising,
    MultivariateGaussian,
    Phi4,
    augment_shifts,
)
from ...experiments import nlgp_task
from ...nets import ConvNet, FCNet
from .._bench import Bench

Array = NDArray[np.float64]

GROUPS = ("b > 0", "b < 0")
SMALL_SIDE, RING_SIDE = 30, 100
GAINS = (0.1, 1.0, 10.0)  # beside 3, that of the reference task
TIMES = (10, 30, 44, 94, 200, 450, 1000, 4000)  # t = learning rate x steps / (0.05 D)
UNEVENNESS = 0.7
_FINE = 10  # sites of the fine ring for each site of the uneven one


def small_task(gain: float = 3.0, correlation_length: float = 3.0) -> Discrimination:
    """Task of the reduced model: 30 sites, correlation lengths 1.5 and 3 by default."""
    return nlgp_task(shape=SMALL_SIDE, correlation_length=correlation_length, gain=gain)


def torus_task(bench: Bench) -> Discrimination:
    """NLGP of gain 3 on a torus, correlation lengths 1 and 2."""
    return nlgp_task(shape=(14, 14) if bench.quick else (20, 20), correlation_length=2.0)


def ising_task() -> Discrimination:
    """Spins on a ring of 100 sites, correlation lengths 2 and 5."""
    return Discrimination([Ising.from_correlation_length(RING_SIDE, xi) for xi in (2.0, 5.0)])


def phi4_task() -> Discrimination:
    """Field in two wells on a ring of 100 sites, couplings 0.6 and 1.2, of unit variance."""
    return Discrimination([Phi4(RING_SIDE, coupling=k, standardize=True) for k in (0.6, 1.2)])


def uneven_sites() -> NDArray[np.int64]:
    """Sites of a fine ring that are kept; they are 10 (1 + UNEVENNESS cos(2 pi i / 100)) apart."""
    place = np.arange(RING_SIDE) / RING_SIDE
    place += UNEVENNESS * np.sin(2.0 * np.pi * place) / (2.0 * np.pi)
    return np.round(RING_SIDE * _FINE * place).astype(np.int64)


@dataclass(frozen=True)
class UnevenNLGP:
    """NLGP of gain 3 on a fine ring, at 100 sites that are spaced unevenly.

    All sites have one marginal distribution. The correlation length is in mean spacings, and
    `shifted` says whether each input is shifted by a random number of sites.
    """

    correlation_length: float
    shifted: bool = False
    shape: tuple[int, ...] = (RING_SIDE,)
    n_features: int = RING_SIDE

    @cached_property
    def _models(self) -> tuple[MultivariateGaussian, NLGP]:
        fine = {"correlation_length": self.correlation_length * _FINE}
        latent = GaussianField(RING_SIDE * _FINE, **fine)
        return _at_sites(latent), NLGP(RING_SIDE * _FINE, gain=3.0, **fine)

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, one per row."""
        rng = np.random.default_rng(random_state)
        latent, fine = self._models
        X = erf(latent.sample(n_samples, rng) * (fine.gain / np.sqrt(2.0))) / fine.normalization
        return augment_shifts(X, random_state=rng) if self.shifted else X

    def excess_kurtosis(self) -> float:
        """Excess kurtosis of one pixel."""
        return self._models[1].excess_kurtosis()

    def covariance(self) -> Array:
        """Covariance of the inputs before shifts."""
        return self.gaussian_clone().covariance()

    def gaussian_clone(self) -> MultivariateGaussian:
        """Gaussian distribution of equal covariance, not shifted."""
        return _at_sites(self._models[1])


def _at_sites(model: NLGP | GaussianField) -> MultivariateGaussian:
    kept = np.ix_(uneven_sites(), uneven_sites())
    return MultivariateGaussian(np.zeros(RING_SIDE), model.covariance()[kept])


def uneven_tasks(bench: Bench) -> dict[str, Discrimination]:
    """Even and uneven sites, uneven ones with shifts, and the clone of the uneven ones."""
    uneven, shifted = (
        Discrimination([UnevenNLGP(xi, is_shifted) for xi in (5.0, 10.0)])
        for is_shifted in (False, True)
    )
    clone = uneven.gaussian_clone()
    return {"even": nlgp_task(), "uneven": uneven, "shifted": shifted, "clone": clone}


def _with_clone(make: Callable[..., Discrimination], *args: Any) -> dict[str, Discrimination]:
    task = make(*args)
    return {"nlgp": task, "clone": task.gaussian_clone()}


def _small_tasks(bench: Bench) -> dict[str, Discrimination]:
    gains = {f"gain {gain:g}": small_task(gain) for gain in (1.0, 3.0)}
    return {**gains, "clone": small_task().gaussian_clone()}


# (learning rate, batch size): single samples as in the paper, or batches of equal noise.
_SINGLE, _BATCHES, _SMALLER = (0.05, 1), (5.0, 100), (1.0, 20)


@dataclass(frozen=True)
class _Plan:
    """Tasks, and how nets are trained at full and at small size."""

    tasks: Callable[[Bench], dict[str, Discrimination]]
    steps: tuple[tuple[float, int], tuple[float, int]] = (_SINGLE, _BATCHES)
    learning_time: tuple[float, float] = (20_000.0, 20_000.0)  # learning rate x steps
    parameters: Mapping[str, Any] = field(default_factory=dict)
    make: type[FCNet] | type[ConvNet] = FCNet
    size: tuple[int, int] = (40, 40)


_PLANS = {
    "ring": _Plan(lambda _: _with_clone(nlgp_task), parameters={"record": 40}),
    "torus": _Plan(
        lambda bench: _with_clone(torus_task, bench),
        ((20.0, 100), (20.0, 100)),
        (800_000.0, 100_000.0),
        size=(100, 40),
    ),
    "gains": _Plan(lambda _: {f"{gain:g}": nlgp_task(gain=gain) for gain in GAINS}),
    "small": _Plan(_small_tasks, ((1.0, 1000),) * 2, (3000.0, 3000.0), {"record": 60}),
    "tanh": _Plan(
        lambda _: _with_clone(nlgp_task),
        learning_time=(20_000.0, 10_000.0),
        parameters={"activation": "tanh"},
    ),
    "relu": _Plan(
        lambda _: _with_clone(nlgp_task),
        learning_time=(10_000.0, 10_000.0),
        parameters={"activation": "relu"},
    ),
    "ising": _Plan(lambda _: _with_clone(ising_task), learning_time=(15_000.0, 15_000.0)),
    "phi^4": _Plan(lambda _: _with_clone(phi4_task), (_SINGLE, (10.0, 100)), (20_000.0, 10_000.0)),
    "uneven": _Plan(uneven_tasks, learning_time=(20_000.0, 10_000.0)),
    "ring filters": _Plan(
        lambda _: {"nlgp": nlgp_task()},
        (_BATCHES, _BATCHES),
        (20_000.0, 10_000.0),
        {"kernel_size": 51},
        ConvNet,
        (4, 4),
    ),
    "torus filters": _Plan(
        lambda bench: {"nlgp": torus_task(bench)},
        ((50.0, 100), (50.0, 100)),
        (50_000.0, 20_000.0),
        {"kernel_size": 11},
        ConvNet,
        (4, 4),
    ),
}


def nets(bench: Bench, kind: str) -> dict[str, list[Any]]:
    """Nets of a kind by the name of their task, one for each seed."""
    plan = _PLANS[kind]
    rate, batch_size = plan.steps[bench.quick]
    shape = torus_task(bench).shape if kind.startswith("torus") else None
    make = partial(_net, plan.make, plan.size[bench.quick], rate, batch_size, shape)
    n_steps = round(plan.learning_time[bench.quick] / rate)
    return bench.once(
        kind, lambda: bench.nets(kind, partial(make, plan.parameters), plan.tasks(bench), n_steps)
    )


def _net(kind: Any, size: int, rate: float, batch: int, shape: Any, more: Any, seed: int) -> Any:
    parameters = {"learning_rate": rate, "batch_size": batch, "image_shape": shape, **more}
    return kind(size, weight_decay=0.0, random_state=seed, **parameters)


def course(bench: Bench, number: int, law: str = "nlgp") -> list[FCNet]:
    """One net on the ring at each of TIMES: nets of one seed take the same steps."""
    rate, batch_size = _SMALLER if bench.quick else _SINGLE
    tasks = _with_clone(nlgp_task)
    steps = {(law, t): round(0.05 * RING_SIDE * t / rate) for law in tasks for t in TIMES}
    found = bench.nets(
        "course",
        partial(_net, FCNet, 40, rate, batch_size, None, {}),
        {key: tasks[key[0]] for key in steps},
        steps,
    )
    return [found[replaced(bench, law), t][number] for t in TIMES]


# Which task the nets of a control were trained on instead.
_REPLACED: dict[str, dict[str, str]] = {
    "Gaussian inputs": dict.fromkeys(("nlgp", "gain 1", "gain 3", "uneven", "shifted"), "clone"),
    "inputs in place of the clone": {"clone": "nlgp"},
    "other gain": {"gain 1": "gain 3", "gain 3": "gain 1"},
    "even sites": {"uneven": "even"},
}


def replaced(bench: Bench, law: str) -> str:
    """Name of a task, or of the one that the bench's control puts in its place."""
    return _REPLACED.get(bench.control or "", {}).get(law, law)


def net(bench: Bench, kind: str, number: int, law: str = "nlgp") -> Any:
    """The net of one seed, or the one that the bench's control puts in its place."""
    return nets(bench, kind)[replaced(bench, law)][number]


def fields(bench: Bench, kind: str, number: int, law: str = "nlgp") -> dict[str, Array]:
    """Fields of the units that start with a positive bias and of the others, by group."""
    of_law = net(bench, kind, number, law)
    found = groups(changed(bench, of_law.receptive_fields_, of_law.shape_, number), bench)
    if bench.control == "plain bumps":
        found["b > 0"] = plain_bumps(found["b > 0"], of_law.shape_)
    return found


def groups(rows: Array, bench: Bench | None = None) -> dict[str, Array]:
    """Divide units by the sign of their initial bias.

    A net with negated weights and biases has the negated output. The net that swapped classes make
    of its initial weights is therefore the negated net of the classes as they are: its groups
    change places.
    """
    half = (len(rows) + 1) // 2
    found = rows[:half], rows[half:]
    if bench is not None and bench.control == "swapped classes":
        found = found[::-1]
    return dict(zip(GROUPS, found, strict=True))


def changed(bench: Bench, rows: Array, shape: tuple[int, ...], number: int) -> Array:
    """Fields with their pixels permuted or with random phases, if this is the bench's control."""
    seed = bench.seeds[number]
    if bench.control == "permuted pixels":
        return rows[:, np.random.default_rng(seed).permutation(rows.shape[1])]
    if bench.control == "random phases":
        return random_phase_fields(rows, shape, random_state=seed)
    return rows


def plain_bumps(rows: Array, shape: tuple[int, ...]) -> Array:
    """Gaussian bump of the peak and of the full width at half maximum of each field."""
    place, width = np.abs(rows).argmax(axis=1), field_width(rows, shape)
    distances = np.zeros(rows.shape)
    for sites, side in zip(np.indices(shape), shape, strict=True):
        away = np.abs(sites.ravel() - sites.ravel()[place][:, None])
        distances += np.minimum(away, side - away) ** 2
    peak = np.take_along_axis(rows, place[:, None], axis=1)
    return np.asarray(peak * np.exp(-4.0 * np.log(2.0) * distances / width[:, None] ** 2))
