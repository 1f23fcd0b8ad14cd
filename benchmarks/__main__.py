"""Print one table of ratios and save it as JSON: ``python -m benchmarks``."""

import argparse
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path

import torch

from . import _cp, _ensemble, _fit, _lattice, _online, _sampling, _theory


def main() -> int:
    """Measure everything; exit with 1 if a ratio exceeds its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--out", type=Path, help="write machine, versions and ratios as JSON")
    options = parser.parse_args()
    machine = {
        "processor": platform.machine(),
        "torch threads": torch.get_num_threads(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("rfsk", "torch", "numpy", "scikit-learn", "skorch")},
    }
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(f"{'ratio':>7}  {'limit':>6}  what, against reference")
    results, exceeded = [], False
    for module in (_sampling, _lattice, _fit, _online, _ensemble, _cp, _theory):
        for row in module.rows():
            results.append(row)
            limit = "" if row["limit"] is None else f"{row['limit']:g}"
            exceeded |= row["limit"] is not None and row["ratio"] > row["limit"]
            ratio = f"{row['ratio']:.2g}" if row["ratio"] < 0.01 else f"{row['ratio']:.2f}"
            print(f"{ratio:>7}  {limit:>6}  {row['what']}, against {row['reference']}")
    if options.out:
        options.out.write_text(json.dumps({"machine": machine, "results": results}, indent=2))
    return int(exceeded)


if __name__ == "__main__":
    sys.exit(main())
