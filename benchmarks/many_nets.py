"""Train the nets of a phase diagram on two Dask workers; kill a worker, and then the whole run.

Run from the root: ``python -m benchmarks.many_nets``; ``--repeats`` sets the number of nets at each
of 500 points. One worker is killed when a quarter of the nets are trained, and the whole run when
half of them are. A second run takes these from the store and trains the others.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from rfsk import FCNet, ipr
from rfsk.experiments import FieldStudy, phase_diagram

GAINS = np.geomspace(0.1, 10.0, 25).round(3)
RATIOS = np.geomspace(1.25, 5.0, 20).round(3)
TINY = {
    "shape": 20,
    "correlation_length": 4.0,
    "n_hidden": 8,
    "batch_size": 100,
    "learning_rate": 20.0,
    "learning_time": 1000,
}
CHECKED = 2  # gains whose nets are trained again in this process


def mean_ipr(net: FCNet, task: Any, random_state: Any) -> dict[str, float]:
    """Measure the IPR of the fields only, in next to no time."""
    return {"ipr": float(ipr(net.receptive_fields_).mean())}


def run(store: Path, n_repeats: int) -> None:
    """Train on a cluster of two workers, and write down their process numbers and the table."""
    workers = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**workers) as cluster, Client(cluster) as client:
        pids = client.run(os.getpid).values()
        store.with_suffix(".pids").write_text(" ".join(map(str, pids)))
        with joblib.parallel_config("dask"):
            diagram(GAINS, n_repeats, store=store).to_pickle(store.with_suffix(".pkl"))
        seconds = [time.process_time(), *client.run(time.process_time).values()]
        print("CPU time of client and workers:", *(f"{value:.0f} s" for value in seconds))


def diagram(gains: Any, n_repeats: int, **options: Any) -> pd.DataFrame:
    """Run the sweep."""
    study = FieldStudy(measure=mean_ipr)
    options |= {"n_repeats": n_repeats, "random_state": 0, "fixed": TINY}
    return phase_diagram(gains, RATIOS, study=study, **options)


def cells(store: Path) -> dict[str, int]:
    """Finished cells, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in store.glob("[!m.]*.json")}


def wait_for(n_cells: int, store: Path, process: subprocess.Popen) -> None:
    """Wait for so many finished cells."""
    while len(cells(store)) < n_cells:
        if process.poll() is not None:
            sys.exit(f"the run ended with status {process.returncode}")
        time.sleep(0.5)


def main() -> None:
    """Run twice, kill, and print times and counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run(options.run, options.repeats)
        return
    n_cells = len(GAINS) * len(RATIOS) * options.repeats
    command = [sys.executable, "-m", "benchmarks.many_nets", "--repeats", str(options.repeats)]
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder, "store")
        command += ["--run", str(store)]
        start = time.perf_counter()
        process = subprocess.Popen(command, start_new_session=True)
        wait_for(n_cells // 4, store, process)
        os.kill(int(store.with_suffix(".pids").read_text().split()[0]), signal.SIGKILL)
        print(f"{time.perf_counter() - start:.0f} s: killed a worker", flush=True)
        wait_for(n_cells // 2, store, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        before = cells(store)
        seconds = time.perf_counter() - start
        print(f"{seconds:.0f} s: killed the run, with {len(before)} of {n_cells} nets", flush=True)
        start = time.perf_counter()
        subprocess.run(command, check=True)
        after = cells(store)
        kept = sum(after[name] == written for name, written in before.items())
        print(f"{time.perf_counter() - start:.0f} s: the second run ended")
        print(f"nets in the store: {len(after)}; taken from it: {kept} of {len(before)}")
        found = pd.read_pickle(store.with_suffix(".pkl"))
    print(
        f"failed: {found['error'].notna().sum()}; {1e3 * found['duration'].median():.1f} ms a net"
    )
    again = diagram(GAINS[-CHECKED:], 1, n_jobs=1)
    there = found[(found["repeat"] == 0) & found["gain"].isin(GAINS[-CHECKED:])]
    same = np.array_equal(there["ipr"], again["ipr"])
    print(f"{len(again)} nets trained again without Dask: {'equal' if same else 'not equal'}")
    print(
        "mean IPR",
        found.pivot_table("ipr", "gain", "length_ratio").iloc[::6, ::6].round(3),
        sep="\n",
    )


if __name__ == "__main__":
    main()
