"""Decompose the fourth cumulant of rows on disk on two Dask workers, in bounded memory.

Run from the root: ``python -m benchmarks.out_of_core``; ``--rows`` sets the number of rows. The
rows are NLGP samples on a torus of 28 x 28, written as float32 in blocks and read from memory maps.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import dask.array
import numpy as np
from distributed import Client, LocalCluster

from rfsk import NLGP, CumulantCP, LocalizationAnalyzer

SHAPE = (28, 28)
BLOCK = 10_000
MEMORY_LIMIT = "1 GiB"  # of each worker
MODEL = NLGP(SHAPE, correlation_length=3.0, gain=3.0)


def draw(block_info: Any = None) -> np.ndarray:
    """Draw one block; its number is its seed."""
    info = block_info[None]
    X = MODEL.sample(info["chunk-shape"][0], random_state=info["chunk-location"][0])
    return X.astype(np.float32)


def write(folder: Path, n_rows: int) -> None:
    """Write the rows to a stack of files on the workers."""
    sizes = [min(BLOCK, n_rows - start) for start in range(0, n_rows, BLOCK)]
    chunks = (tuple(sizes), (MODEL.n_features,))
    dask.array.to_npy_stack(folder, dask.array.map_blocks(draw, chunks=chunks, dtype=np.float32))


def peak_memory() -> float:
    """Peak resident memory of this process in MiB, memory-mapped pages included."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    """Draw, decompose and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--tol", type=float, default=1e-4)
    options = parser.parse_args()
    workers = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": MEMORY_LIMIT}
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(**workers, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        start = time.perf_counter()
        write(Path(folder), options.rows)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        print(f"wrote {size / 1e9:.2f} GB in {time.perf_counter() - start:.0f} s", flush=True)
        X = dask.array.from_npy_stack(folder)
        cp = CumulantCP(options.rank, tol=options.tol, random_state=0)
        start = time.perf_counter()
        cp.fit(X)
        seconds = time.perf_counter() - start
        print(f"decomposed in {seconds:.0f} s and {cp.n_iter_} iterations")
        peaks = {"client": peak_memory()}
        peaks |= {f"worker {k}": peak for k, peak in enumerate(client.run(peak_memory).values())}
        worked = sum(client.run(time.process_time).values())
        print(f"CPU time of the workers, with drawing: {worked:.0f} s")
        print("peak memory: " + ", ".join(f"{k} {v:.0f} MiB" for k, v in peaks.items()))
    print(f"relative error {cp.relative_error_:.3f}, weights {cp.weights_.round(0)}")
    analyzer = LocalizationAnalyzer(SHAPE, random_state=0).set_output(transform="pandas")
    found = analyzer.fit_transform(cp.components_)
    print(f"localized factors: {found['is_localized'].sum():.0f} of {options.rank}")
    print(found[["ipr", "width"]].round(3).to_string(index=False))


if __name__ == "__main__":
    main()
