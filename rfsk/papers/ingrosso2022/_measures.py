"""Measurements of the claims of the paper for one seed."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from sklearn.exceptions import ConvergenceWarning

from ...analysis import (
    CumulantCP,
    bump_match,
    chance_match,
    cumulant,
    dominant_frequency,
    field_center,
    field_width,
    group_split,
    ipr,
    match_matrix,
    random_phase_fields,
    symmetric_cp,
    tiling,
)
from ...datasets import Discrimination
from ...experiments import nlgp_task
from ...theory import CubicFlow, gaussian_loss
from .._bench import Bench
from ._nets import (
    GAINS,
    GROUPS,
    RING_SIDE,
    SMALL_SIDE,
    TIMES,
    changed,
    course,
    fields,
    groups,
    ising_task,
    net,
    nets,
    replaced,
    small_task,
    torus_task,
)

Array = NDArray[Any]
Numbers = dict[str, float]

LATTICES = ("ring", "torus")
INPUTS = {  # name of the inputs, and groups of units that localize, for each kind of net
    "tanh": ("tanh units", ("b > 0",)),
    "relu": ("ReLU units", ("all",)),
    "ising": ("Ising spins", GROUPS),
    "phi^4": ("phi^4 field", GROUPS),
}
EARLY = 3.0  # t = learning rate x steps / D, before the fields of 30 sites localize
N_NULL = 99


def fraction_localized(rows: Array, shape: tuple[int, ...], seed: int) -> float:
    """Fraction of fields that are localized."""
    return group_split(rows, shape, n_null=199, random_state=seed).fraction["localized"]


def best_match(rows: Array, references: Array, shape: tuple[int, ...] | None = None) -> Array:
    """Match of each field with its best reference."""
    return match_matrix(rows, references, shape).max(axis=1)


def chance_level(rows: Array, references: Array, shape: Any, seed: int) -> float:
    """95th percentile of the median match of fields with references if phases are random."""
    chance = chance_match(rows, references, shape, n_null=N_NULL, random_state=seed)
    return float(chance[int(0.95 * (N_NULL + 1)) - 1])


def above_chance(rows: Array, references: Array, shape: Any, seed: int) -> float:
    """Median match of fields with their best references, minus the chance level."""
    level = chance_level(rows, references, shape, seed)
    return float(np.median(best_match(rows, references, shape)) - level)


def matches(
    name: str, of_net: dict[str, Array], references: Array, shape: Any, seed: int
) -> Numbers:
    """Matches of fields with references, and widths of fields divided by those of references."""
    bumps = of_net["b > 0"]
    match = match_matrix(bumps, references, shape)
    best = match.argmax(axis=1)
    widths, by_bumps = field_width(references, shape)[best], bump_match(references, shape)[best]
    return {
        **{
            f"{name}match above chance, {group}": above_chance(rows, references, shape, seed)
            for group, rows in of_net.items()
        },
        f"{name}match, b > 0": np.median(match.max(axis=1)),
        f"{name}width over that of the match, b > 0": np.median(field_width(bumps, shape) / widths),
        f"{name}match of a fitted bump, b > 0": np.median(by_bumps),
        f"{name}match minus that of a fitted bump, b > 0": np.median(match.max(axis=1) - by_bumps),
    }


def coverage(name: str, rows: Array, shape: Any) -> Numbers:
    """Coverage relative to random positions, and p-value of a test for regular positions."""
    found = tiling(rows, shape)
    return {
        f"{name}: coverage, relative to random positions": found.coverage / found.random_coverage,
        f"{name}: p-value of random positions, against regular ones": found.p_regular,
    }


def accuracy(bench: Bench, kind: str, number: int, inputs: str, task: Discrimination) -> float:
    """Accuracy of a net on samples of a task or of its Gaussian control."""
    task = task.gaussian_clone() if inputs == "control" else task
    sample = task.sample(10_000 if kind == "torus" else 20_000, bench.seeds[number])
    return float(net(bench, kind, number, inputs).score(*sample))


def localized_fields(bench: Bench, number: int) -> Numbers:
    """Claim C1: IPR, width and tiling of fields with b > 0, fraction localized, and accuracy."""
    found: Numbers = {}
    for name, task in (("ring", nlgp_task()), ("torus", torus_task(bench))):
        bumps, rest = fields(bench, name, number).values()
        localized = fraction_localized(bumps, task.shape, bench.seeds[number])
        found |= {
            f"{name}: IPR, b > 0": ipr(bumps).mean(),
            f"{name}: D x IPR, b < 0": rest.shape[1] * ipr(rest).mean(),
            f"{name}: fraction localized, b > 0": localized,
            f"{name}: accuracy": accuracy(bench, name, number, "nlgp", task),
            **coverage(name, bumps, task.shape),
        }
    width = np.median(field_width(fields(bench, "ring", number)["b > 0"]))
    return found | {"ring: width, b > 0 (sites)": width}


def filters(bench: Bench, lattice: str, number: int) -> Array:
    """Filters of the convolutional net of one seed."""
    return np.asarray(nets(bench, f"{lattice} filters")["nlgp"][number].receptive_fields_)


def convolutional_match(bench: Bench, number: int) -> Numbers:
    """Claim C2: match of the fields of both groups of units with the filters of a ConvNet."""
    found: Numbers = {}
    for name in LATTICES:
        of_net, references = fields(bench, name, number), filters(bench, name, number)
        shape = net(bench, name, number).shape_
        found |= matches(f"{name}: ", of_net, references, shape, bench.seeds[number])
    return found


def gaussian_control(bench: Bench, number: int) -> Numbers:
    """Claim C3: IPR of fields on the control, and on NLGPs of several gains."""
    found: Numbers = {}
    for name, task in (("ring", nlgp_task()), ("torus", torus_task(bench))):
        on_inputs, on_control = (fields(bench, name, number, key) for key in ("nlgp", "control"))
        for group, rows in on_control.items():
            found[f"{name}: D x IPR, {group}"] = rows.shape[1] * ipr(rows).mean()
        ratio = ipr(on_inputs["b > 0"]).mean() / ipr(on_control["b > 0"]).mean()
        found[f"{name}: IPR, b > 0, NLGP over control"] = ratio
        rows = np.concatenate(list(on_control.values()))
        localized = fraction_localized(rows, task.shape, bench.seeds[number])
        found[f"{name}: fraction localized"] = localized
        found[f"{name}: accuracy"] = accuracy(bench, name, number, "control", task)
        if name == "ring":
            found["ring: fraction of power in two modes"] = _two_modes(rows)
    for gain in GAINS:
        bumps = fields(bench, "gains", number, f"{gain:g}")["b > 0"]
        found[f"ring: IPR, b > 0, NLGP of gain {gain:g}"] = ipr(bumps).mean()
    return found


def _two_modes(rows: Array) -> float:
    """Median fraction of the power of fields on a ring that is in their two strongest modes."""
    power = np.abs(np.fft.rfft(rows, axis=1)) ** 2
    power[:, 1 : (rows.shape[1] + 1) // 2] *= 2.0
    strongest = np.sort(power, axis=1)[:, -2:].sum(axis=1)
    return float(np.median(strongest / power.sum(axis=1)))


def flow_ends(bench: Bench, number: int, form: str = "committee", **task: Any) -> Array:
    """Final fields of four units with b > 0 in the cubic flow, from random initial fields."""

    def follow() -> Array:
        flow = CubicFlow(small_task(**task), form=form)
        return flow.integrate(4, 200.0, random_state=bench.seeds[number]).fields

    return bench.once(("flow", number, form, *task.items()), follow)


def followed(bench: Bench, number: int) -> tuple[Array, Array, Array]:
    """Times; at each time, fields of a net and of the flow from the same initial fields."""
    of_net = net(bench, "small", number, "gain 3")
    times = of_net.learning_rate * of_net.snapshot_steps_ / SMALL_SIDE
    history, times = of_net.receptive_field_history_[times <= 3 * EARLY], times[times <= 3 * EARLY]

    def follow() -> Array:
        bias = np.repeat((1.0, -1.0), len(history[0]) // 2)
        flow = CubicFlow(small_task(), bias=bias, interacting=True)
        return flow.integrate(history[0], times[-1], times=times).history

    return times, history, bench.once(("followed", number), follow)


def reduced_model(bench: Bench, number: int) -> Numbers:
    """Claim C4: IPR of fields of flow and nets, match of nets and flow, frequencies at t = 3."""
    found: Numbers = {}
    for gain, other in ((1.0, 3.0), (3.0, 1.0)):
        bumps = fields(bench, "small", number, f"gain {gain:g}")["b > 0"]
        ends = flow_ends(bench, number, gain=gain)
        alone = flow_ends(bench, number, "neuron", gain=gain)
        found[f"gain {gain:g}: IPR, flow of a committee machine"] = ipr(ends).mean()
        found[f"gain {gain:g}: IPR, flow of one neuron"] = ipr(alone).mean()
        found[f"gain {gain:g}: IPR, nets, b > 0"] = ipr(bumps).mean()
        match = np.median(best_match(bumps, ends))
        found[f"gain {gain:g}: match of nets and flow"] = match
        by_other = {
            "gain": flow_ends(bench, number, gain=other),
            "lengths": flow_ends(bench, number, gain=gain, correlation_length=4.0),
        }
        for name, rows in by_other.items():
            difference = match - np.median(best_match(bumps, rows))
            found[f"gain {gain:g}: match minus that of a flow of other {name}"] = difference
    control = CubicFlow(small_task().gaussian_clone())
    ends = control.integrate(4, 200.0, random_state=bench.seeds[number]).fields
    found["control: D x IPR, flow"] = SMALL_SIDE * ipr(ends).mean()
    bumps = fields(bench, "small", number, "control")["b > 0"]
    found["control: D x IPR, nets, b > 0"] = SMALL_SIDE * ipr(bumps).mean()
    for name, inputs in (("NLGP", "gain 3"), ("control", "control")):
        early = early_groups(bench, number, inputs)
        is_low = {group: cycles(rows) < first_decaying() for group, rows in early.items()}
        found[f"t = 3, {name}: fraction of low frequencies, b > 0"] = is_low["b > 0"].mean()
        found[f"t = 3, {name}: fraction of high frequencies, b < 0"] = 1 - is_low["b < 0"].mean()
    times, history, flow = followed(bench, number)
    at = np.searchsorted(times, EARLY)
    lengths = np.linalg.norm(history[at], axis=-1) * np.linalg.norm(flow[at], axis=-1)
    found["t = 3: cosine of nets and flow"] = np.median((history[at] * flow[at]).sum(-1) / lengths)
    return found


def early_groups(bench: Bench, number: int, inputs: str) -> dict[str, Array]:
    """Fields of a net on 30 sites early in training, by group of units."""
    of_net = net(bench, "small", number, inputs)
    at = np.searchsorted(of_net.learning_rate * of_net.snapshot_steps_ / SMALL_SIDE, EARLY)
    return groups(of_net.receptive_field_history_[at], bench)


def first_decaying() -> int:
    """Lowest frequency (cycles per ring) of modes that decay at first in units with b > 0."""
    eigenvalues = np.fft.rfft(CubicFlow(small_task(), fourth="none").difference[0]).real
    return int(np.argmax(eigenvalues > 0.0))


def cycles(rows: Array) -> Array:
    """Frequency (cycles per ring) of the strongest mode of each field."""
    return np.asarray(np.rint(SMALL_SIDE * dominant_frequency(rows)))


def factors(bench: Bench, number: int, inputs: str = "nlgp") -> CumulantCP:
    """CP factors of the cumulant of samples of the long-range class, computed once per seed."""
    inputs = "control" if bench.control == "Gaussian inputs" else inputs

    def decompose() -> CumulantCP:
        seed, model = bench.seeds[number], nlgp_task().models[1]
        model = model if inputs == "nlgp" else model.gaussian_clone()
        X = model.sample(20_000 if bench.quick else 50_000, seed)
        # The cumulant of the control is noise: few steps suffice, and components may cancel.
        cp = CumulantCP(8, tol=1e-3 if inputs == "control" else 1e-6, random_state=seed)
        with warnings.catch_warnings():
            if inputs == "control":
                warnings.simplefilter("ignore", ConvergenceWarning)
            return cp.fit(X)

    return bench.once(("factors", number, inputs), decompose)


def cumulant_factors(bench: Bench, number: int) -> Numbers:
    """Claim C5: IPR and coverage of the lattice of CP factors, and their match with the fields."""
    seed, found = bench.seeds[number], {}
    for gain in (1.0, 3.0):
        exact = symmetric_cp(cumulant(small_task(gain).models[1]), 1, tol=1e-10, random_state=seed)
        found[f"exact, gain {gain:g}: size of the weight"] = -exact.weights[0]
        found[f"exact, gain {gain:g}: IPR of the factor"] = ipr(exact.components)[0]
    cp, noise = factors(bench, number), factors(bench, number, "control").components_
    of_net, shape = fields(bench, "ring", number), (RING_SIDE,)
    rows = changed(bench, cp.components_, shape, number)
    above = above_chance(of_net["b > 0"], noise, shape, seed)
    found["match to the control's factors above chance, b > 0"] = above
    found["control's sample: median IPR of the factors"] = np.median(ipr(noise))
    found["sample: weight of the weakest factor"] = cp.weights_.max()
    found["sample: fraction of factors localized"] = fraction_localized(rows, shape, seed)
    return found | coverage("sample", rows, shape) | matches("", of_net, rows, shape, seed)


def other_inputs(bench: Bench, number: int) -> Numbers:
    """Claim C6: IPR of units relative to that on the control, and accuracies on Ising spins."""
    seed, found = bench.seeds[number], {}
    for kind, (name, judged) in INPUTS.items():
        on_inputs, on_control = (fields(bench, kind, number, key) for key in ("nlgp", "control"))
        for of_net in (on_inputs, on_control):
            of_net["all"] = np.concatenate(list(of_net.values()))
        shape = net(bench, kind, number).shape_
        for group in judged:
            rows, control = on_inputs[group], on_control[group]
            found[f"{name}: IPR, {group}, over control"] = ipr(rows).mean() / ipr(control).mean()
            found[f"{name}: fraction localized, {group}"] = fraction_localized(rows, shape, seed)
        control = on_control["all"]
        localized = fraction_localized(control, shape, seed)
        found[f"{name}: fraction localized on the control"] = localized
        if kind in ("relu", "ising"):
            found[f"{name}: IPR, {judged[0]}"] = ipr(on_inputs[judged[0]]).mean()
        if kind == "relu":
            found[f"{name}: IPR on the control"] = ipr(control).mean()
    for inputs, name in (("nlgp", "accuracy"), ("control", "accuracy on the control")):
        found[f"Ising spins: {name}"] = accuracy(bench, "ising", number, inputs, ising_task())
    return found


def losses(bench: Bench, number: int, inputs: str = "nlgp") -> dict[str, Array]:
    """Losses of nets at each of TIMES; IPR and excess kurtosis of w.x of units with b > 0.

    The result `kept` is the Gaussian-equivalence gap of nets whose fields are given random phases,
    divided by the gap of the trained nets.
    """
    task = nlgp_task()

    def follow() -> dict[str, Array]:
        n_samples, n_draws = (50_000, 2) if bench.quick else (200_000, 4)
        X, y = task.sample(n_samples, bench.seeds[number])
        control = task.gaussian_clone().sample(n_samples // 2, bench.seeds[number])
        rows = []
        for of_time in course(bench, number, inputs):
            shape, biases = of_time.shape_, of_time.biases_
            weights = changed(bench, of_time.receptive_fields_, shape, number)
            rng = np.random.default_rng(bench.seeds[number])
            scrambled = (random_phase_fields(weights, shape, rng) for _ in range(n_draws))
            loss, predicted = _loss(weights, biases, X, y), gaussian_loss(weights, biases, task)
            gaps = [gaussian_loss(w, biases, task) - _loss(w, biases, X, y) for w in scrambled]
            bumps = groups(weights)["b > 0"]
            row = {
                "loss": loss,
                "control_loss": _loss(weights, biases, *control),
                "predicted": predicted,
                "kept": np.mean(gaps) / (predicted - loss),
                "ipr": ipr(bumps).mean(),
                "kurtosis": stats.kurtosis(X[y == 1] @ bumps.T).mean(),
            }
            rows.append(row)
        return {name: np.array([row[name] for row in rows]) for name in rows[0]}

    is_scrambled = bench.control == "random phases"
    return bench.once(("losses", number, replaced(bench, inputs), is_scrambled), follow)


def _loss(weights: Array, biases: Array, X: Array, y: Array) -> float:
    """Squared loss of a committee machine of erf units, with targets +1 and -1."""
    output = special.erf((X @ weights.T + biases) / np.sqrt(2.0)).mean(axis=1)
    return float(np.mean((output - (1.0 - 2.0 * y)) ** 2))


def gaussian_equivalence(bench: Bench, number: int) -> Numbers:
    """Claim C7: losses on inputs and control, and their gap for fields with random phases."""
    of_net, control = (losses(bench, number, inputs) for inputs in ("nlgp", "control"))
    gap, control_gap = (of["predicted"] - of["loss"] for of in (of_net, control))
    error, at = of_net["control_loss"] - of_net["predicted"], {t: k for k, t in enumerate(TIMES)}
    found = {
        "t <= 30: largest gap": np.abs(gap[: at[30] + 1]).max(),
        "t = 4000: excess kurtosis of w.x, class 1, b > 0": of_net["kurtosis"][-1],
        "loss on the control against the Gaussian theory": np.abs(error).max(),
        "net on the control: largest gap": np.abs(control_gap).max(),
    }
    for t in (30, 1000):
        found[f"t = {t}: loss"] = of_net["loss"][at[t]]
        found[f"t = {t}: loss on the control"] = of_net["predicted"][at[t]]
    for t in (94, 200, 1000, 4000):
        found[f"t = {t}: fraction of the gap that random phases keep"] = of_net["kept"][at[t]]
    return found


def translation_invariance(bench: Bench, number: int) -> Numbers:
    """Claim C8: coverage, centres and IPR of the fields of units with b > 0."""
    kinds, shape, seed = ("even", "uneven", "shifted", "control"), (RING_SIDE,), bench.seeds[number]
    bumps = {inputs: fields(bench, "uneven", number, inputs)["b > 0"] for inputs in kinds}
    ratio = ipr(bumps["uneven"]).mean() / ipr(bumps["control"]).mean()
    found = {"uneven: IPR, b > 0, over control": ratio}
    for inputs in kinds[:3]:  # the densest third of the sites is in the middle
        distance = np.abs(field_center(bumps[inputs])[:, 0] - RING_SIDE / 2.0)
        in_dense_third = np.mean(distance <= RING_SIDE / 6.0)
        found[f"{inputs}: fraction of centres in the dense third"] = in_dense_third
    for inputs in ("even", "shifted"):
        localized = fraction_localized(bumps[inputs], shape, seed)
        found |= {f"{inputs}: fraction localized, b > 0": localized}
        found |= coverage(inputs, bumps[inputs], shape)
    return found
