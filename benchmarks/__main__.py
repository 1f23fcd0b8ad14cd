"""Print one table of ratios and save it as JSON: ``python -m benchmarks``.

With ``--compare OLD NEW`` print two saved tables side by side instead.
"""

import argparse
import json
import sys
from pathlib import Path

from . import (
    _compile,
    _cp,
    _cuda,
    _ensemble,
    _fit,
    _lattice,
    _machine,
    _online,
    _sampling,
    _scaling,
    _sweeps,
    _theory,
)

PARTS = {
    "compile": _compile,
    "sampling": _sampling,
    "lattice": _lattice,
    "fit": _fit,
    "scaling": _scaling,
    "online": _online,
    "ensemble": _ensemble,
    "sweeps": _sweeps,
    "cp": _cp,
    "theory": _theory,
    "cuda": _cuda,
}


def main() -> int:
    """Measure everything; exit with 1 if a ratio exceeds its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--out", type=Path, help="write machine, versions and ratios as JSON")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("OLD", "NEW"))
    options = parser.parse_args()
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; expected some of {', '.join(PARTS)}")
    if options.compare:
        print(compare(*(json.loads(path.read_text()) for path in options.compare)))
        return 0
    machine = _machine.describe()
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    if machine["gpu"] is None:
        print("no GPU here: nothing of it is measured")
    print(f"{'ratio':>7}  {'limit':>6}  what, against reference", flush=True)
    results, exceeded = [], False
    for name in options.parts or PARTS:
        for row in PARTS[name].rows():
            results.append({"part": name, **row})
            exceeded |= row["limit"] is not None and row["ratio"] > row["limit"]
            limit = "" if row["limit"] is None else f"{row['limit']:.2g}"
            mark = "!" if row["limit"] is not None and row["ratio"] > row["limit"] else " "
            number = _number(row["ratio"])
            print(f"{number:>7}{mark} {limit:>6}  {row['what']}, against {row['reference']}")
            for axis, values in row.get("curve", {}).items():
                print(f"{'':17} {axis}: " + "  ".join(f"{value:.4g}" for value in values))
            sys.stdout.flush()
    if options.out:
        options.out.write_text(json.dumps({"machine": machine, "results": results}, indent=2))
    return int(exceeded)


def compare(old: dict, new: dict) -> str:
    """Two tables side by side, and where their machines or versions differ."""
    lines = [
        f"{key}: {old['machine'].get(key)} -> {value}"
        for key, value in new["machine"].items()
        if old["machine"].get(key) != value
    ]
    lines.append(f"{'old':>7}  {'new':>7}  {'new/old':>7}  what, against reference")
    before = {_name(row): row for row in old["results"]}
    for row in new["results"]:
        past = before.pop(_name(row), None)
        cells = ["-", _number(row["ratio"]), "-"]
        if past is not None:
            cells = [_number(past["ratio"]), cells[1], f"{row['ratio'] / past['ratio']:.2f}"]
        lines.append(
            "  ".join(f"{cell:>7}" for cell in cells) + "  " + ", against ".join(_name(row))
        )
    lines += [f"only in the old table: {', against '.join(name)}" for name in before]
    return "\n".join(lines)


def _name(row: dict) -> tuple[str, str]:
    """What a row measures, without what it found."""
    return row["what"].split(": ")[0], row["reference"].split(": ")[0]


def _number(ratio: float) -> str:
    return f"{ratio:.2g}" if ratio < 0.01 else f"{ratio:.2f}"


if __name__ == "__main__":
    sys.exit(main())
