"""Print the tables of studies.md, every study at its default size, seed 0, and draw its figures.

Takes some five minutes on two cores. Names on the command line, "figures" among them, select what
to make.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd

from rfsk import experiments
from rfsk.analysis import onset
from rfsk.experiments import (
    FactorStudy,
    FieldStudy,
    measure_course,
    sweep,
)
from rfsk.plotting import PhaseDiagramDisplay, SweepDisplay
from rfsk.plotting.style import INPUT, OUTCOME
from rfsk.theory import localization_index

IPR = {"ipr_positive": 4, "ipr_negative": 4}
LEVELS = (0.03, 0.04, 0.05, 0.06, 0.08)  # of the mean IPR, as contours


def onset_time(random_state: int, **parameters: Any) -> dict[str, float]:
    """Learning time at which fields begin to localize, and the final IPR."""
    study = FieldStudy(measure=measure_course)
    course = study(random_state=random_state, n_measures=40, **parameters)
    time = onset(course["learning_time"], course["ipr_positive"])
    return {"onset_time": time, "ipr_positive": course["ipr_positive"][-1]}


# Study and columns of results with their digits.
TABLES: dict[str, dict[str, int]] = {
    "gain_sweep": {**IPR, "width_positive": 1, "accuracy": 3},
    "size_scaling": {**IPR, "width_positive": 1},
    "localization_time": {"onset_time": 0, "ipr_positive": 4},
    "training_set_size": {**IPR, "accuracy": 3},
    "width_sweep": {"ipr_positive": 4, "localized_positive": 2, "accuracy": 3},
    "batch_noise": {"ipr_positive": 4, "localized_positive": 2, "accuracy": 3},
    "cumulant_transition": {"factor_ipr": 3, "net_ipr": 3, "match": 3, "accuracy": 3},
    "beta_lasso": {"zero_weights": 3, **IPR, "accuracy": 3},
    "pruning": {"weights_left": 3, **IPR, "accuracy": 3},
}
# Task, grid, repeats and fixed arguments of the studies that have no function of their own.
STUDIES: dict[str, tuple[Any, Any, int, dict[str, Any]]] = {
    "size_scaling": (
        FieldStudy(),
        [
            {
                "shape": [size],
                "correlation_length": [5.0, 7.5, 10.0, 15.0],
                "learning_time": [200.0 * size],
            }
            for size in (50, 100, 200)
        ],
        3,
        {},
    ),
    "localization_time": (
        onset_time,
        {"gain": [0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]},
        3,
        {},
    ),
    "training_set_size": (
        FieldStudy(),
        {"n_train": [2_000, 5_000, 10_000, 20_000, 50_000]},
        3,
        {"n_hidden": 64, "batch_size": 500, "weight_decay": 2e-4},
    ),
    "width_sweep": (FieldStudy(), {"n_hidden": [4, 8, 16, 32, 64, 128]}, 3, {}),
    "batch_noise": (
        FieldStudy(),
        {"learning_rate": [2.5, 5.0, 10.0, 20.0], "batch_size": [25, 50, 100, 200, 400]},
        3,
        {},
    ),
    "cumulant_transition": (
        FactorStudy(),
        {"gain": [1.0, 3.0], "n_train": [100, 300, 1_000, 3_000, 10_000, 30_000]},
        5,
        {"shape": 30, "correlation_length": 3.0, "learning_time": 3000.0},
    ),
    "beta_lasso": (FieldStudy(), {"l1": [0.0, 3e-5, 1e-4, 3e-4], "l1_cut": [0.0, 200.0]}, 3, {}),
    "pruning": (
        FieldStudy(),
        {"inputs": ["nlgp", "control"]},
        3,
        {"n_rounds": 6, "n_train": 20_000, "batch_size": 500},
    ),
    "control_over_time": (
        FieldStudy(measure=measure_course),
        {"inputs": ["nlgp", "control"]},
        3,
        {"n_measures": 25},
    ),
}


def run(name: str) -> pd.DataFrame:
    """Run a study by its name."""
    if name not in STUDIES:
        return getattr(experiments, name)(random_state=0)
    study, grid, n_repeats, fixed = STUDIES[name]
    return sweep(study, grid, n_repeats, fixed=fixed, random_state=0)


def markdown(found: pd.DataFrame, results: dict[str, int]) -> str:
    """Means over repeats, with standard errors of the last digits."""
    parameters = [name for name in found.attrs["parameters"] if name != "learning_time"]
    parameters += [name for name in ("round",) if name in found]
    n_repeats = found["repeat"].max() + 1
    lines = ["| " + " | ".join([*parameters, *results]) + " |"]
    lines.append("|---" * (len(parameters) + len(results)) + "|")
    for values, rows in found.groupby(parameters, sort=False):
        cells = [value if isinstance(value, str) else f"{value:g}" for value in values]
        for name, digits in results.items():
            mean, error, n = rows[name].agg(["mean", "sem", "count"])
            spread = f" ± {error:.{digits}f}" if error == error else ""
            some = f" ({n:.0f} of {n_repeats})" if 0 < n < n_repeats else ""
            cells.append(f"{mean:.{digits}f}{spread}{some}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(folder: Path) -> None:
    """Draw the phase diagram, with the onset that theory predicts, and the course of training."""
    cells = run("phase_diagram")
    cells["index"] = [
        localization_index(
            experiments.nlgp_task(gain=gain, length_ratio=ratio), random_state=0
        ).index
        for gain, ratio in zip(cells["gain"], cells["length_ratio"], strict=True)
    ]
    predicted = experiments.phase_diagram(study=experiments.PredictionStudy(), random_state=0)
    print("seconds in cells of nets and of predictions:", end=" ")
    print(cells["duration"].sum(), predicted["duration"].sum())
    panels = {"sharex": True, "sharey": True, "layout": "constrained"}
    figure, axes = plt.subplots(1, 3, figsize=(14.4, 3.8), **panels)
    for value, ax in zip(("ipr_positive", "localized_positive"), axes, strict=False):
        theory = {"boundary": "index", "boundary_label": "theory: localization index 1"}
        PhaseDiagramDisplay.from_sweep(cells, "gain", "length_ratio", value, **theory, ax=ax)
    handles = []
    for found, name, color, dash in (
        (cells, "mean IPR of nets", INPUT, "-"),
        (predicted, "theory: copula flow", OUTCOME, "--"),
    ):
        grid = found.pivot_table(index="length_ratio", columns="gain", values="ipr_positive")
        style = {"colors": color, "linestyles": dash}
        lines = axes[2].contour(grid.columns, grid.index, grid, LEVELS, **style)
        if found is cells:  # both have the same levels
            axes[2].clabel(lines, fontsize=8)
        handles.append(plt.Line2D([], [], color=color, linestyle=dash, label=name))
    axes[2].set_xlabel(axes[0].get_xlabel())
    axes[1].label_outer()
    above = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "frameon": False, "ncols": 2}
    axes[2].legend(handles=handles, borderaxespad=0.2, **above)
    figure.savefig(folder / "phase-diagram.png", dpi=110)
    columns = ["ipr_positive", "accuracy", "accuracy_control"]
    course = run("control_over_time")
    display = SweepDisplay.from_sweep(course, "learning_time", columns, "inputs")
    display.figure_.savefig(folder / "control-over-time.png", dpi=110)


def main(names: list[str]) -> None:
    """Make what is asked for by name, or all."""
    if not names or "figures" in names:
        draw(Path(__file__).parent)
    for name in [name for name in TABLES if name in names or not names]:
        found = run(name)
        print(f"\n### `{name}`\n")
        print(markdown(found, TABLES[name]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
