"""Nets against the copula flow on thirty tasks that were chosen beforehand.

``python -m benchmarks.copula_flow`` prints a table, in about ten minutes, and with ``new`` that of
eleven tasks on which the check of `predict_fields` had not been tuned. Nets of 40 units are
trained on fresh batches of 1000 at learning rate 1 to t = learning rate x steps / D = 100, without
weight decay, from three seeds, and the flow starts from the initial weights of each.
"""

import sys

import numpy as np

from rfsk import NLGP, FCNet, Ising, TransformedField, fit_many_online, ipr
from rfsk.datasets import Algebraic, Discrimination, InputModel
from rfsk.theory import CopulaFlow, predict_fields

END, TIMES = 100.0, (5.0, 10.0, 20.0, 40.0, 80.0)
HALVES = slice(20), slice(20, None)


def tasks() -> dict[str, list[InputModel]]:
    """Tasks by name."""
    rings = [(30, g, (1.5, 3.0)) for g in (0.3, 0.5, 1.0, 3.0, 10.0, 30.0)]
    rings += [(30, g, (2.4, 3.0)) for g in (1.0, 3.0, 10.0)]
    rings += [(30, g, (1.0, 4.0)) for g in (1.0, 3.0, 30.0)]
    rings += [(30, 3.0, (0.6, 1.2)), (50, 1.0, (2.5, 5.0)), (50, 3.0, (2.5, 5.0))]
    rings += [(50, 10.0, (2.0, 6.0)), (100, 1.0, (5.0, 10.0)), (100, 3.0, (5.0, 10.0))]
    rings += [(100, 10.0, (5.0, 10.0)), (100, 3.0, (4.0, 10.0))]
    tori = [((8, 8), g, (0.7, 1.4)) for g in (1.0, 3.0, 10.0)] + [((10, 10), 3.0, (1.0, 2.0))]
    found: dict[str, list[InputModel]] = {
        f"NLGP, gain {gain:g}, {shape}, {lengths[0]:g} / {lengths[1]:g}": [
            NLGP(shape, correlation_length=xi, gain=gain) for xi in lengths
        ]
        for shape, gain, lengths in [*rings, *tori]
    }
    for lengths in ((1.0, 2.5), (1.5, 3.0)):
        name = f"Ising, 30, {lengths[0]:g} / {lengths[1]:g}"
        found[name] = [Ising.from_correlation_length(30, xi) for xi in lengths]
    others = [("uniform", "uniform", 30, (1.5, 3.0)), ("uniform", "uniform", 50, (2.0, 4.0))]
    others += [(f"algebraic({k})", Algebraic(k), 30, (1.5, 3.0)) for k in (7, 10)]
    for name, marginal, side, lengths in others:
        found[f"{name}, {side}, {lengths[0]:g} / {lengths[1]:g}"] = [
            TransformedField(side, correlation_length=xi, marginal=marginal) for xi in lengths
        ]
    return found


def new_tasks() -> dict[str, list[InputModel]]:
    """Tasks chosen after the check of `predict_fields`, and before these were run, to test it."""
    fields = [((9, 9), 5.0, (0.8, 1.6)), ((12, 6), 2.0, (0.8, 1.6)), (40, 20.0, (2.0, 4.0))]
    fields += [(60, 5.0, (2.0, 6.0)), (40, 0.7, (3.2, 4.0)), ((7, 7), 0.5, (0.6, 1.5))]
    found: dict[str, list[InputModel]] = {
        f"NLGP, gain {gain:g}, {shape}, {lengths[0]:g} / {lengths[1]:g}": [
            NLGP(shape, correlation_length=xi, gain=gain) for xi in lengths
        ]
        for shape, gain, lengths in fields
    }
    found["Ising, 40, 0.8 / 2"] = [Ising.from_correlation_length(40, xi) for xi in (0.8, 2.0)]
    others = [("uniform", "uniform", (8, 8)), ("laplace", "laplace", 30)]
    others += [(f"algebraic({k})", Algebraic(k), 40) for k in (6.5, 8)]
    for name, marginal, shape in others:
        lengths = (0.7, 1.4) if shape == (8, 8) else (1.5, 3.5)
        found[f"{name}, {shape}, {lengths[0]:g} / {lengths[1]:g}"] = [
            TransformedField(shape, correlation_length=xi, marginal=marginal) for xi in lengths
        ]
    return found


def compare(models: list[InputModel]) -> dict[str, np.ndarray]:
    """Figures of nets and of the flow, means over three seeds."""
    task = Discrimination(models)
    options = {"learning_rate": 1.0, "weight_decay": 0.0, "batch_size": 1000, "record": 200}
    nets = [FCNet(40, **options, random_state=seed) for seed in range(3)]
    fit_many_online(nets, task, int(1000 * END * task.n_features))
    flow, rows = CopulaFlow(task), []
    X, y = task.sample(500_000, random_state=5)
    for net in nets:
        times, history = net.snapshot_steps_ / task.n_features, net.receptive_field_history_
        course = flow.integrate(history[0], END, times=times)
        norms = np.linalg.norm([course.history, history], axis=3)
        cosine = np.sum(course.history * history, axis=2) / norms.prod(axis=0)
        at = np.searchsorted(times, TIMES)
        loss = np.mean((-net.decision_function(X) - np.where(y == 0, 1.0, -1.0)) ** 2)
        rows.append(
            {
                "ipr": [
                    [ipr(fields[half]).mean() for fields in (history[-1], course.fields)]
                    for half in HALVES
                ],
                "cosine": [np.median(cosine[at, half], axis=1) for half in HALVES],
                "loss": [loss, course.loss[-1]],
                "biases": [
                    [b[half].mean() for b in (net.biases_, course.biases)] for half in HALVES
                ],
            }
        )
    found = {name: np.mean([row[name] for row in rows], axis=0) for name in rows[0]}
    try:
        predict_fields(task, n_repeats=1, random_state=0)
    except ValueError as error:
        found["refused"] = np.array(str(error))
    return found


def main(tasks: dict[str, list[InputModel]]) -> None:
    """Print a row per task, and the errors over all tasks."""
    print("| task | IPR, b > 0 | error | IPR, b < 0 | error | loss | biases | check |")
    print("|---|---|---|---|---|---|---|---|")
    errors, cosines, losses, accepted = [], [], [], []
    for name, models in tasks.items():
        found = compare(models)
        error = found["ipr"][:, 1] / found["ipr"][:, 0] - 1.0
        errors.append(error)
        accepted.append("refused" not in found)
        cosines.append(found["cosine"])
        losses.append(found["loss"][1] / found["loss"][0] - 1.0)
        cells = [name]
        for (net, flow), off in zip(found["ipr"], error, strict=True):
            cells += [f"{net:.3f}, {flow:.3f}", f"{off:+.0%}"]
        cells += ["{:.3f}, {:.3f}".format(*found["loss"])]
        cells += [" and ".join("{:.2f}, {:.2f}".format(*pair) for pair in found["biases"])]
        cells += ["" if accepted[-1] else "refused"]
        print("|", " | ".join(cells), "|", flush=True)
    sizes = np.abs(errors)
    print("accepted", np.sum(accepted), "largest error of these", sizes[accepted].max(axis=0))
    print("median error of the IPR", np.median(sizes, axis=0), "largest", sizes.max(axis=0))
    print("median cosine over tasks at t =", TIMES, np.median(cosines, axis=0))
    print("least cosine over tasks", np.min(cosines, axis=0))
    print("error of the loss", np.median(np.abs(losses)), np.abs(losses).max())


if __name__ == "__main__":
    main(new_tasks() if "new" in sys.argv else tasks())
