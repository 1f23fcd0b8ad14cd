"""Print the tables of studies.md, every study at its default size, seed 0, and draw its figures.

Takes some five minutes on two cores.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

from rfsk import experiments
from rfsk.plotting import PhaseDiagramDisplay, SweepDisplay
from rfsk.theory import localization_index

# Study, columns of its parameters, columns of its results with their digits.
TABLES: list[tuple[str, Sequence[str], dict[str, int]]] = [
    (
        "gain_sweep",
        ["gain", "law"],
        {"ipr_positive": 4, "ipr_negative": 4, "width_positive": 1, "accuracy": 3},
    ),
    (
        "size_scaling",
        ["shape", "correlation_length"],
        {"ipr_positive": 4, "ipr_negative": 4, "width_positive": 1},
    ),
    ("localization_time", ["gain"], {"onset_time": 0, "ipr_positive": 4}),
    (
        "training_set_size",
        ["n_train"],
        {"ipr_positive": 4, "ipr_negative": 4, "accuracy": 3},
    ),
    ("width_sweep", ["n_hidden"], {"ipr_positive": 4, "localized_positive": 2, "accuracy": 3}),
    (
        "batch_noise",
        ["learning_rate", "batch_size"],
        {"ipr_positive": 4, "localized_positive": 2, "accuracy": 3},
    ),
    (
        "cumulant_transition",
        ["gain", "n_train"],
        {"factor_ipr": 3, "net_ipr": 3, "match": 3, "accuracy": 3},
    ),
    (
        "beta_lasso",
        ["l1", "l1_cut"],
        {"zero_weights": 3, "ipr_positive": 4, "ipr_negative": 4, "accuracy": 3},
    ),
    (
        "pruning",
        ["law", "round"],
        {"weights_left": 3, "ipr_positive": 4, "ipr_negative": 4, "accuracy": 3},
    ),
]


def markdown(found: Any, parameters: Sequence[str], results: dict[str, int]) -> str:
    """Means over seeds, with standard errors of the last digits."""
    table = found.mean()
    lines = ["| " + " | ".join([*parameters, *results]) + " |"]
    lines.append("|---" * (len(parameters) + len(results)) + "|")
    for row in table.to_dict("records"):
        cells = [f"{row[name]:g}" if name != "law" else row[name] for name in parameters]
        for name, digits in results.items():
            error = row[f"{name}_sem"]
            spread = f" ± {error:.{digits}f}" if error == error else ""
            n = row.get(f"{name}_n", row["n"])
            some = f" ({n:.0f} of {row['n']})" if 0 < n < row["n"] else ""
            cells.append(f"{row[name]:.{digits}f}{spread}{some}")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw(folder: Path) -> None:
    """Draw the phase diagram, with the onset that theory expects, and the course of training."""
    cells = experiments.phase_diagram(random_state=0).mean()
    cells["index"] = [
        localization_index(experiments.nlgp_task(gain=gain, length_ratio=ratio)).index
        for gain, ratio in zip(cells["gain"], cells["length_ratio"], strict=True)
    ]
    figure, axes = plt.subplots(1, 2, figsize=(9.6, 3.6), layout="constrained")
    for value, ax in zip(("ipr_positive", "localized_positive"), axes, strict=True):
        theory = {"boundary": "index", "boundary_label": "localization index 1"}
        PhaseDiagramDisplay.from_sweep(cells, "gain", "length_ratio", value, **theory, ax=ax)
    figure.savefig(folder / "phase-diagram.png", dpi=110)
    course = experiments.control_over_time(random_state=0)
    columns = ["ipr_positive", "accuracy", "accuracy_clone"]
    display = SweepDisplay.from_sweep(course, "learning_time", columns, "law")
    display.figure_.savefig(folder / "control-over-time.png", dpi=110)


def main() -> None:
    """Make what is asked for by name ("figures" among them), or all."""
    if len(sys.argv) == 1 or "figures" in sys.argv[1:]:
        draw(Path(__file__).parent)
    for name, parameters, results in TABLES:
        if len(sys.argv) > 1 and name not in sys.argv[1:]:
            continue
        found = getattr(experiments, name)(random_state=0)
        print(f"\n### `{name}`, {found.n_seeds} seeds\n")
        print(markdown(found, parameters, results), flush=True)


if __name__ == "__main__":
    main()
