"""Run the ledger of locality at seed 0, print the tables of ledger.md, and draw its figure.

With "run" on the command line, the cells are computed, into a store, and written to ledger.csv, and
nets whose weights are cut are added: some ten minutes on one core. Otherwise the script uses the
cells in ledger.csv.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from rfsk.experiments import locality_ledger
from rfsk.nets import FCNet
from rfsk.plotting.style import CONTROL, GREY, INPUT, MATCH_COLORS

DOCS = Path(__file__).parent
SIGNS = {"local": "local", "not local": "no", "undecided": "?"}
KEY = ["learner", "inputs", "is_control"]


def cut_net(X: Any, y: Any, n_units: int, seed: int) -> Any:
    """Fields of a dense net of which only the largest 24 % of the weights are kept."""
    options: dict[str, Any] = {"learning_rate": 2.0, "batch_size": 100, "max_epochs": 20}
    fields = FCNet(n_units, random_state=seed, **options).fit(X, y).receptive_fields_
    return np.where(np.abs(fields) >= np.quantile(np.abs(fields), 0.76), fields, 0.0)


def compared() -> pd.DataFrame:
    """Cells with their predictions."""
    cells = pd.read_csv(DOCS / "ledger.csv")
    predicted = pd.read_csv(DOCS / "ledger_predictions.csv")
    found = cells.merge(predicted, on=KEY, validate="one_to_one")
    found["fails"] = (found["verdict"] != "undecided") & (found["verdict"] != found["predicted"])
    return found


def print_tables(found: pd.DataFrame) -> None:
    """Print verdicts, data before control with failed predictions bold, and numbers."""
    found = found.assign(sign=found["verdict"].map(SIGNS))
    found["sign"] = found["sign"].mask(found["fails"], "**" + found["sign"] + "**")
    found["number"] = [
        f"{row.locality:.2f} = {row.alignment:.2f} x {row.reach:.2f}" for row in found.itertuples()
    ]
    for column in ("sign", "number"):
        table = found.pivot(index="learner", columns=["inputs", "is_control"], values=column)
        inputs, learners = found["inputs"].unique(), found["learner"].unique()
        print(f"\n| learner | {' | '.join(inputs)} |\n|---|{'---|' * len(inputs)}")
        for learner in learners:
            row = [
                f"{table.loc[learner, (i, False)]} / {table.loc[learner, (i, True)]}"
                for i in inputs
            ]
            print(f"| {learner} | {' | '.join(row)} |")
    decided = found[found["verdict"] != "undecided"]
    print(f"\n{len(decided)} decided, {(~decided['fails']).sum()} as predicted")


def draw(found: pd.DataFrame) -> None:
    """Draw locality of all cells, and alignment against reach."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(12, 4.6), layout="constrained", width_ratios=[1.5, 1]
    )
    learners, inputs = list(found["learner"].unique()), list(found["inputs"].unique())
    table = found.pivot(index="learner", columns=["inputs", "is_control"], values="locality")
    columns = [(name, control) for name in inputs for control in (False, True)]
    values = table.loc[learners, columns].to_numpy()
    image = left.imshow(values, cmap=MATCH_COLORS, vmin=0.0, vmax=1.0, aspect="auto")
    for row in found.itertuples():
        x, y = columns.index((row.inputs, row.is_control)), learners.index(row.learner)
        color = "black" if row.locality > 0.6 else "white"
        mark = {"local": "L", "not local": "", "undecided": "?"}[row.verdict]
        left.text(x, y, mark, ha="center", va="center", color=color)
        if row.fails:
            left.add_patch(plt.Rectangle((x - 0.46, y - 0.46), 0.92, 0.92, fill=False, lw=2))
    left.set_title("locality (L: local, ?: undecided, frame: not as predicted)", pad=24)
    left.set_xticks(range(len(columns)), ["data", "control"] * len(inputs), rotation=90)
    left.set_yticks(range(len(learners)), learners)
    for k, name in enumerate(inputs):
        left.text(2 * k + 0.5, -0.7, name, ha="center", va="bottom")
        left.axvline(2 * k - 0.5, color="white", lw=4)
    figure.colorbar(image, ax=left, label="locality")
    for k, learner in enumerate(learners):
        rows = found[found["learner"] == learner]
        for control, color, face in ((False, INPUT, INPUT), (True, CONTROL, "none")):
            part = rows[rows["is_control"] == control]
            label = None if control else learner
            right.plot(
                part["reach"], part["alignment"], "os^vD<>p"[k], mfc=face, mec=color, label=label
            )
    reach = np.linspace(0.5, 1.0, 50)
    right.plot(reach, 0.5 / reach, color=GREY, lw=1, label="locality 1/2")
    right.set(
        xlabel="reach",
        ylabel="alignment",
    )
    right.set_title("all cells (filled: data, open: control)", pad=24)
    right.legend(frameon=False, fontsize="small")
    right.spines[["top", "right"]].set_visible(False)
    figure.savefig(DOCS / "ledger.png", dpi=110)


if __name__ == "__main__":
    if "run" in sys.argv:
        options: dict[str, Any] = {"n_jobs": 1, "random_state": 0, "verbose": 1}
        locality_ledger(store="ledger-store", **options).to_csv(DOCS / "ledger.csv", index=False)
        print(locality_ledger([cut_net], **options).round(2).to_string())
    print_tables(compared())
    draw(compared())
