"""Inputs and nets of the claims, and the inputs and nets that controls use instead."""

from dataclasses import dataclass
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

Array = NDArray[Any]

GROUPS = ("b > 0", "b < 0")
SMALL_SIDE, RING_SIDE = 30, 100
GAINS = (0.1, 1.0, 10.0)  # in addition to 3, the gain of the reference task
TIMES = (10, 30, 44, 94, 200, 450, 1000, 4000)  # t = learning rate x steps / (0.05 D)
UNEVENNESS = 0.7
_FINE = 10  # sites of the fine ring per uneven site


def small_task(gain: float = 3.0, correlation_length: float = 3.0) -> Discrimination:
    """Task of the reduced model: 30 sites, by default with correlation lengths 1.5 and 3."""
    return nlgp_task(shape=SMALL_SIDE, correlation_length=correlation_length, gain=gain)


def torus_task(bench: Bench) -> Discrimination:
    """Task on a torus: NLGPs of gain 3 with correlation lengths 1 and 2."""
    return nlgp_task(shape=(14, 14) if bench.quick else (20, 20), correlation_length=2.0)


def ising_task() -> Discrimination:
    """Task of Ising spins on a ring of 100 sites, with correlation lengths 2 and 5."""
    return Discrimination([Ising.from_correlation_length(RING_SIDE, xi) for xi in (2.0, 5.0)])


def uneven_sites() -> NDArray[np.int64]:
    """Positions of 100 sites i on a ring, spaced by 10 (1 + UNEVENNESS cos(2 pi i / 100))."""
    place = np.arange(RING_SIDE) / RING_SIDE
    place += UNEVENNESS * np.sin(2.0 * np.pi * place) / (2.0 * np.pi)
    return np.round(RING_SIDE * _FINE * place).astype(np.int64)


@dataclass(frozen=True)
class UnevenNLGP:
    """NLGP of gain 3 on a fine ring, observed at 100 unevenly spaced sites."""

    correlation_length: float  # in units of the mean spacing
    shifted: bool = False  # whether inputs are shifted by random numbers of sites
    shape: tuple[int, ...] = (RING_SIDE,)
    n_features: int = RING_SIDE

    @cached_property
    def _models(self) -> tuple[MultivariateGaussian, NLGP]:
        shape, length = (RING_SIDE * _FINE,), self.correlation_length * _FINE
        latent = GaussianField(shape, correlation_length=length)
        return _at_sites(latent), NLGP(shape, correlation_length=length, gain=3.0)

    def sample(self, n_samples: int, random_state: Any = None) -> Array:
        """Draw inputs, one per row."""
        rng = np.random.default_rng(random_state)
        latent, fine = self._models
        X = erf(latent.sample(n_samples, rng) * (fine.gain / np.sqrt(2.0))) / fine.normalization
        return augment_shifts(X, random_state=rng) if self.shifted else X

    def covariance(self) -> Array:
        """Covariance of the inputs before any random shifts."""
        return self.gaussian_clone().covariance()

    def gaussian_clone(self) -> MultivariateGaussian:
        """Gaussian distribution with the covariance of the inputs before any random shifts."""
        return _at_sites(self._models[1])


def _at_sites(model: NLGP | GaussianField) -> MultivariateGaussian:
    kept = np.ix_(uneven_sites(), uneven_sites())
    return MultivariateGaussian(np.zeros(RING_SIDE), model.covariance()[kept])


def uneven_tasks() -> dict[str, Discrimination]:
    """Tasks on evenly and unevenly spaced sites, the latter also with shifted inputs; control."""
    uneven, shifted = (
        Discrimination([UnevenNLGP(xi, is_shifted) for xi in (5.0, 10.0)])
        for is_shifted in (False, True)
    )
    control = uneven.gaussian_clone()
    return {"even": nlgp_task(), "uneven": uneven, "shifted": shifted, "control": control}


def _with_control(task: Discrimination) -> dict[str, Discrimination]:
    return {"nlgp": task, "control": task.gaussian_clone()}


def _plan(bench: Bench, kind: str) -> tuple[dict[str, Discrimination], float, dict[str, Any]]:
    """Tasks, learning rate x steps, and further parameters of a kind of nets, such as "torus"."""
    quick, short = bench.quick, 10_000.0 if bench.quick else 20_000.0
    if kind == "ring":
        return _with_control(nlgp_task()), 20_000.0, {"record": 40}
    if kind == "torus":
        size = {"n_hidden": 40 if quick else 100, "image_shape": torus_task(bench).shape}
        time = 100_000.0 if quick else 800_000.0
        return _with_control(torus_task(bench)), time, {**_rate(20.0, 100), **size}
    if kind == "gains":
        return {f"{gain:g}": nlgp_task(gain=gain) for gain in GAINS}, 20_000.0, {}
    if kind == "small":
        small = _with_control(small_task())
        tasks = {"gain 1": small_task(1.0), "gain 3": small["nlgp"], "control": small["control"]}
        return tasks, 3000.0, {**_rate(1.0, 1000), "record": 60}
    if kind == "tanh":
        return _with_control(nlgp_task()), short, {"activation": "tanh"}
    if kind == "relu":
        return _with_control(nlgp_task()), 10_000.0, {"activation": "relu"}
    if kind == "ising":
        return _with_control(ising_task()), 15_000.0, {}
    if kind == "phi^4":
        models = [Phi4((RING_SIDE,), coupling=k, standardize=True) for k in (0.6, 1.2)]
        return _with_control(Discrimination(models)), short, _rate(10.0, 100) if quick else {}
    if kind == "uneven":
        return uneven_tasks(), 20_000.0, {}
    if kind == "ring filters":
        return {"nlgp": nlgp_task()}, short, {**_rate(5.0, 100), "kernel_size": 51}
    task, time = torus_task(bench), 20_000.0 if quick else 50_000.0  # torus filters
    window = {"kernel_size": 11, "image_shape": task.shape}
    return {"nlgp": task}, time, {**_rate(50.0, 100), **window}


def _rate(learning_rate: float, batch_size: int) -> dict[str, Any]:
    return {"learning_rate": learning_rate, "batch_size": batch_size}


def nets(bench: Bench, kind: str) -> dict[str, list[Any]]:
    """Trained nets of a kind, such as "torus": one net per seed, for each name of a task."""

    def train() -> dict[str, list[Any]]:
        tasks, time, more = _plan(bench, kind)
        # In quick runs, batches are larger, with the same ratio of learning rate to batch size.
        parameters = {**(_rate(5.0, 100) if bench.quick else _rate(0.05, 1)), **more}
        make = partial(_net, **parameters)
        return bench.nets(kind, make, tasks, round(time / parameters["learning_rate"]))

    return bench.once(kind, train)


def _net(seed: int, **parameters: Any) -> FCNet | ConvNet:
    if "kernel_size" in parameters:
        return ConvNet(4, weight_decay=0.0, random_state=seed, **parameters)
    return FCNet(**{"n_hidden": 40, "weight_decay": 0.0, "random_state": seed, **parameters})


def course(bench: Bench, number: int, inputs: str = "nlgp") -> list[FCNet]:
    """Nets on the ring: for each of TIMES, one that was trained from the start to this time."""
    rate = _rate(1.0, 20) if bench.quick else _rate(0.05, 1)
    tasks = _with_control(nlgp_task())
    steps = {
        (inputs, t): round(0.05 * RING_SIDE * t / rate["learning_rate"])
        for inputs in tasks
        for t in TIMES
    }
    each = {key: tasks[key[0]] for key in steps}
    found = bench.nets("course", partial(_net, **rate), each, steps)
    return [found[replaced(bench, inputs), t][number] for t in TIMES]


# For each control, the tasks that are replaced and the tasks that replace them.
_REPLACED: dict[str, dict[str, str]] = {
    "Gaussian inputs": dict.fromkeys(("nlgp", "gain 1", "gain 3", "uneven", "shifted"), "control"),
    "inputs in place of the control": {"control": "nlgp"},
    "other gain": {"gain 1": "gain 3", "gain 3": "gain 1"},
    "even sites": {"uneven": "even"},
}


def replaced(bench: Bench, inputs: str) -> str:
    """Name of the inputs that replace `inputs` in the control of `bench`; by default `inputs`."""
    return _REPLACED.get(bench.control or "", {}).get(inputs, inputs)


def net(bench: Bench, kind: str, number: int, inputs: str = "nlgp") -> Any:
    """Net of one seed for `inputs`, or for the task that the bench's control uses instead."""
    return nets(bench, kind)[replaced(bench, inputs)][number]


def fields(bench: Bench, kind: str, number: int, inputs: str = "nlgp") -> dict[str, Array]:
    """Fields of the units with positive and with negative initial bias, by group."""
    of_net = net(bench, kind, number, inputs)
    found = groups(changed(bench, of_net.receptive_fields_, of_net.shape_, number), bench)
    if bench.control == "plain bumps":
        found["b > 0"] = plain_bumps(found["b > 0"], of_net.shape_)
    return found


def groups(rows: Array, bench: Bench | None = None) -> dict[str, Array]:
    """Group units by the sign of the initial bias; control "swapped classes" swaps the groups."""
    # Swapped classes have negated targets, and a net with negated parameters has a negated output.
    half = (len(rows) + 1) // 2
    found = rows[:half], rows[half:]
    if bench is not None and bench.control == "swapped classes":
        found = found[::-1]
    return dict(zip(GROUPS, found, strict=True))


def changed(bench: Bench, rows: Array, shape: tuple[int, ...], number: int) -> Array:
    """Fields, changed as the controls "permuted pixels" and "random phases" require."""
    seed = bench.seeds[number]
    if bench.control == "permuted pixels":
        return rows[:, np.random.default_rng(seed).permutation(rows.shape[1])]
    if bench.control == "random phases":
        return random_phase_fields(rows, shape, random_state=seed)
    return rows


def plain_bumps(rows: Array, shape: tuple[int, ...]) -> Array:
    """Gaussian bump with the peak and the full width at half maximum of each field."""
    place, width = np.abs(rows).argmax(axis=1), field_width(rows, shape)
    distances = np.zeros(rows.shape)
    for sites, side in zip(np.indices(shape), shape, strict=True):
        away = np.abs(sites.ravel() - sites.ravel()[place][:, None])
        distances += np.minimum(away, side - away) ** 2
    peak = np.take_along_axis(rows, place[:, None], axis=1)
    return np.asarray(peak * np.exp(-4.0 * np.log(2.0) * distances / width[:, None] ** 2))
