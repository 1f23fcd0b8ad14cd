"""Command line: ``rfsk`` or ``python -m rfsk``."""

import argparse
import json
import re
import sys
import warnings
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import __version__

_INTERRUPTED = 130
# Options of the emergence study, of the study of data, and of the commands that write files.
_EMERGENCE = ("dim", "gain", "correlation_length", "n_hidden", "device")
_DATA = ("labels", "shape", "remove", "n_controls", "max_steps", "report")
_WRITING = ("out", "quick")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, which prints a table and writes figures and numbers, or opens a web page.

    Parameters
    ----------
    arguments : sequence of str, optional
        Arguments of the command; by default, those of the process.

    Returns
    -------
    status : int
        0 on success, 1 if a claim of a paper does not hold, 2 for an invalid argument, 130 after an
        interrupt.

    Raises
    ------
    SystemExit
        After ``--help`` or ``--version``, and if the command line cannot be parsed.
    """
    defaults = argparse.Namespace(seed=0, out=None, quick=False, data=None)
    parser, commands = _parsers()
    options, unknown = parser.parse_known_args(arguments, defaults)
    used = commands.get(options.command, parser)
    if unknown:
        used.error(f"unrecognized arguments: {' '.join(unknown)}")
    emerge = _emerge if options.data is None else _study_data
    run = {"reproduce": _reproduce, "live": _live}.get(options.command, emerge)
    try:
        import matplotlib

        matplotlib.use("agg")
        return run(options)
    except KeyboardInterrupt:
        print(f"{used.prog}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except (ValueError, OSError) as error:
        print(f"{used.prog}: {_with_options(str(error), options)}", file=sys.stderr)
        print(f"`{used.prog} --help` lists the options.", file=sys.stderr)
        return 2


def _with_options(message: str, options: argparse.Namespace) -> str:
    """Replace names of Python parameters in an error message by the options that set them."""
    named = {name: f"--{name.replace('_', '-')}" for name in vars(options)}
    named |= {"random_state": "--seed"}
    for name, option in named.items():
        message = re.sub(rf"`{name}`|\b{name}(?==)", option, message)
    return message


def _emerge(options: argparse.Namespace) -> int:
    import pandas as pd

    from rfsk.experiments import emergence
    from rfsk.plotting import EmergenceDisplay

    _refuse_options(options, _DATA, "the main study; it needs --data")
    out = options.out or Path("emergence")
    out.mkdir(parents=True, exist_ok=True)
    own = _given(options, _EMERGENCE)
    study = emergence(**own, quick=options.quick, verbose=True, random_state=options.seed)
    figure = out / f"emergence-{len(study.shape)}d.png"
    numbers = figure.with_suffix(".json")
    numbers.write_text(json.dumps(study.summary(), indent=2) + "\n")
    EmergenceDisplay(study).plot().figure_.savefig(figure, dpi=200)
    print(study.table().to_string(float_format="{:.4g}".format, na_rep="-"))
    print("\nIPR: median. localized: fraction of all units whose field is compact and has a larger")
    print(
        "IPR than fields of the same spectrum with random phases. p regular, p clustered: p-values"
    )
    print("of the places of the localized fields. coverage: fraction of the lattice that localized")
    print("fields cover.\n")
    print("Median of the best match of the fields, and the best match of a Gaussian bump:")
    print(pd.DataFrame(study.summary()["match"]).T.to_string(float_format="{:.3f}".format))
    print(f"\nfigure: {figure}\nnumbers: {numbers}\ntime: {study.seconds:.0f} s")
    print(f"\n{study.verdict}")
    return 0


def _study_data(options: argparse.Namespace) -> int:
    from rfsk.experiments import study_data

    _refuse_options(options, _EMERGENCE, "--data")
    X, y = _read(options.data, getattr(options, "labels", None))
    report = getattr(options, "report", Path("report.html"))
    if not report.absolute().parent.is_dir():
        raise ValueError(f"--report {report}: there is no such folder.")
    own = _given(options, ("shape", "remove", "n_controls", "max_steps"))
    own |= {"max_steps": 400} if options.quick else {}
    study = study_data(X, y, **own, verbose=1, random_state=options.seed)
    study.to_html(report)
    print(study.verdict, *(f"- {note}" for note in study.notes), f"\nreport: {report}", sep="\n")
    return 0


def _read(path: Path, labels: str | None) -> tuple[Any, Any]:
    """Read inputs and labels from one file that holds both, or from two files."""
    import numpy as np

    suffix = path.suffix.lower()
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            names, wanted = list(arrays), ["y", "labels", "target"] if labels is None else [labels]
            of_labels = [name for name in wanted if name in names]
            of_inputs = [name for name in names if name not in of_labels]
            if not of_labels or len(of_inputs) != 1:
                raise ValueError(
                    f"{path} holds the arrays {names}; expected one array of inputs and one of "
                    "labels, called y, labels or target, or named by --labels NAME."
                )
            return arrays[of_inputs[0]], arrays[of_labels[0]]
    if suffix == ".npy":
        if labels is None:
            raise ValueError(
                f"{path} holds one array; name the file of the labels by --labels FILE.npy."
            )
        return np.load(path, allow_pickle=False), np.load(labels, allow_pickle=False)
    if suffix not in (".csv", ".parquet"):
        raise ValueError(f"{path}: expected a .npz, .npy, .csv or .parquet file.")
    import pandas as pd

    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    names = [str(name) for name in table.columns]
    # pandas renames a repeated "0" to "0.1", so that repeated integers in the first row also match.
    if 2 * sum(bool(re.match(r"-?\d*\.\d", name)) for name in names) > len(names):
        raise ValueError(f"{path}: the first row must hold the names of the columns, got numbers.")
    if labels not in names:
        listed = ", ".join(names if len(names) < 8 else [*names[:3], "...", *names[-3:]])
        raise ValueError(
            f"{path} has {len(names)} column(s): {listed}. Name the column of the labels by "
            "--labels COLUMN. The first row of a .csv holds the names, separated by commas."
        )
    inputs = table.drop(columns=labels)
    odd = [*inputs.select_dtypes(exclude="number"), *inputs.filter(like="Unnamed: ")]
    if odd:
        raise ValueError(
            f"{path}: the column(s) {', '.join(map(str, odd))} are not inputs. Remove columns that "
            "hold no numbers, and the index of the rows (to_csv(index=False))."
        )
    return inputs, table[labels]


def _reproduce(options: argparse.Namespace) -> int:
    from rfsk.papers import PAPERS

    _refuse_options(options, _EMERGENCE)
    if options.paper not in (known := [*PAPERS, "all"]):
        raise ValueError(f"--paper {options.paper}: unknown; expected one of {', '.join(known)}.")
    papers = [*PAPERS] if options.paper == "all" else [options.paper]
    if options.list:
        for paper in papers:
            print("\n".join(f"{paper}  {claim.name}  {claim.title}" for claim in PAPERS[paper]))
        return 0
    return max(_reproduce_paper(paper, options) for paper in papers)


def _reproduce_paper(paper: str, options: argparse.Namespace) -> int:
    from rfsk.papers import PAPERS, reproduce

    out = (options.out or Path("reproduction")) / paper
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Interrupted|Training was interrupted")  # reported below
        found = reproduce(
            options.names or None,
            claims=PAPERS[paper],
            quick=options.quick,
            n_seeds=options.n_seeds,
            out=out,
            verbose=1,
            random_state=options.seed,
        )
    print(found.table())
    failed = [result.claim.name for result in found.results if result.verdict != "holds"]
    print(f"\nfigures and numbers: {out}\ntime: {found.seconds:.0f} s")
    if failed:
        print(f"claims that do not hold: {', '.join(failed)}")
    if found.settings["missing"]:
        raise KeyboardInterrupt
    if not failed:
        print(f"{len(found.results)} of {len(found.results)} claims hold")
    return 1 if failed else 0


def _live(options: argparse.Namespace) -> int:
    _refuse_options(options, (*_EMERGENCE, *_WRITING, *(["seed"] if options.seed else [])))
    from rfsk import live

    page = Path(live.__file__).with_name("page.html")
    print(f"The live page is {page}")
    webbrowser.open(page.as_uri())
    return 0


def _given(options: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Options of the given names that were set on the command line, with their values."""
    given = vars(options)
    return {n: given[n] for n in names if given.get(n) is not None and given[n] is not False}


def _refuse_options(
    options: argparse.Namespace, names: Sequence[str], command: str | None = None
) -> None:
    """Raise an error if an option of another command was given."""
    for name in _given(options, names):
        command = command or options.command
        raise ValueError(f"--{name.replace('_', '-')} is not an option of {command}.")


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Parsers of the command line and of each subcommand; the result lacks options not given."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--seed", type=int, help="random seed (default 0)")
    writing = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    writing.add_argument(
        "--out", type=Path, help="folder to write to (default emergence, or reproduction)"
    )
    writing.add_argument(
        "--quick", action="store_true", help="use small sizes and shorter training"
    )
    parser = argparse.ArgumentParser(
        prog="rfsk",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Train a fully-connected network on non-Gaussian inputs and on their Gaussian\n"
        "control, and measure which receptive fields localize; or study your own data (--data).",
        epilog="exit status: 0 on success, 1 if a claim does not hold, 2 for an invalid argument,\n"
        "130 after an interrupt",
        parents=[shared, writing],
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--version", action="version", version=f"rfsk {__version__}")
    parser.add_argument(
        "--dim", type=int, choices=(1, 2), help="1 for a ring, 2 for a torus (default 1)"
    )
    parser.add_argument("--gain", type=float, help="gain of the inputs (default 3)")
    pair = "of the two classes in sites (default 5 10, or 1 2 with --dim 2)"
    ends: dict[str, Any] = {"nargs": 2, "metavar": ("SHORT", "LONG")}
    parser.add_argument("--correlation-length", type=float, help=pair, **ends)
    parser.add_argument(
        "--n-hidden", type=int, help="number of hidden units (default 40, or 100 with --dim 2)"
    )
    parser.add_argument("--device", help="torch device (default auto)")
    own = parser.add_argument_group("your own data")
    files = (
        "inputs and labels (.npz), inputs (.npy), or a table (.csv, .parquet); one row per sample"
    )
    own.add_argument("--data", type=Path, metavar="FILE", help=files)
    names = "array or column of the labels (default y, labels or target), or a .npy file"
    own.add_argument("--labels", metavar="NAME", help=names)
    sides = "numbers of rows and columns, for images that are stored as rows"
    own.add_argument("--shape", type=int, nargs="+", metavar="SIDE", help=sides)
    parts = "remove brightness, contrast or class_means first; this can change the verdict"
    own.add_argument("--remove", nargs="+", metavar="PART", help=parts)
    own.add_argument("--n-controls", type=int, help="number of Gaussian controls (default 19)")
    own.add_argument("--max-steps", type=int, help="number of training steps (default 4000)")
    own.add_argument(
        "--report", type=Path, metavar="FILE.html", help="file to write (default report.html)"
    )
    commands = parser.add_subparsers(dest="command", title="other commands")
    claims = commands.add_parser(
        "reproduce",
        parents=[shared, writing],
        help="run the claims of a paper and report which of them hold",
        description="Run the claims of a paper, each with several seeds. Print a table of expected "
        "and obtained quantities, and write figures and numbers. The exit status is 0 if all "
        "claims hold and 1 otherwise.",
    )
    some = "claim to run, such as C1 (default all)"
    claims.add_argument("names", nargs="*", metavar="CLAIM", help=some)
    claims.add_argument("--list", action="store_true", help="list the claims and exit")
    key = "key of the paper, or all (default ingrosso2022)"
    claims.add_argument("--paper", metavar="KEY", default="ingrosso2022", help=key)
    claims.add_argument("--n-seeds", type=int, default=3, help="number of seeds (default 3)")
    live = commands.add_parser(
        "live",
        help="open a page on which receptive fields form",
        description="Open a page in the web browser. The page trains one network on the inputs and "
        "one on their Gaussian control, and shows the inputs, receptive fields and IPR of both. "
        "Sliders change the gain and the correlation lengths.",
    )
    return parser, {"reproduce": claims, "live": live}


if __name__ == "__main__":
    sys.exit(main())
