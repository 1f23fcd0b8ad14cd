"""Command line ``rfsk`` or ``python -m rfsk``: the emergence study, ``reproduce`` and ``live``."""

import argparse
import json
import sys
import warnings
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import __version__

_INTERRUPTED = 130
# Options of the emergence study only, and options of the commands that write files.
_EMERGENCE = ("dim", "gain", "correlation_length", "n_hidden", "device")
_WRITING = ("out", "quick")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; print its table and write its figures and numbers, or open the live page.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; that of the process by default.

    Returns
    -------
    status : int
        0 on success, 1 if a claim does not hold, 2 for an invalid argument, 130 after an interrupt.
    """
    defaults = argparse.Namespace(seed=0, out=None, quick=False, data=None)
    options = _parser().parse_args(arguments, defaults)
    emerge = _emerge if options.data is None else _study_data
    run = {"reproduce": _reproduce, "live": _live}.get(options.command, emerge)
    try:
        import matplotlib

        matplotlib.use("agg")
        return run(options)
    except KeyboardInterrupt:
        print("rfsk: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except (ValueError, OSError) as error:
        print(f"rfsk: {error}", file=sys.stderr)
        return 2


def _emerge(options: argparse.Namespace) -> int:
    import pandas as pd

    from rfsk.experiments import emergence
    from rfsk.plotting import EmergenceDisplay

    out = options.out or Path("emergence")
    out.mkdir(parents=True, exist_ok=True)
    own = _given(options, _EMERGENCE)
    study = emergence(**own, quick=options.quick, verbose=True, random_state=options.seed)
    figure = out / f"emergence-{len(study.shape)}d.png"
    numbers = figure.with_suffix(".json")
    numbers.write_text(json.dumps(study.summary(), indent=2) + "\n")
    EmergenceDisplay(study).plot().figure_.savefig(figure, dpi=200)
    print(study.table().to_string(float_format="{:.4g}".format, na_rep="-"))
    print("\nIPR: medians. localized: fraction of units with a larger IPR than fields of the same")
    print("spectrum and random phases, in one compact place. p regular, p clustered, coverage: how")
    print("the localized units tile.\n")
    print("Median of the best match of the fields, and the best match of a Gaussian bump:")
    print(pd.DataFrame(study.summary()["match"]).T.to_string(float_format="{:.3f}".format))
    print(f"\nfigure: {figure}\nnumbers: {numbers}\ntime: {study.seconds:.0f} s")
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
    """Read inputs and labels from one file, or from one file each."""
    import numpy as np

    suffix = path.suffix.lower()
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            names, wanted = list(arrays), ["y", "labels", "target"] if labels is None else [labels]
            of_labels = [name for name in wanted if name in names]
            of_inputs = [name for name in names if name not in of_labels]
            if not of_labels or len(of_inputs) != 1:
                raise ValueError(
                    f"{path} holds the arrays {names}; expected one of inputs and one of labels, "
                    "which --labels NAME names unless it is y, labels or target."
                )
            return arrays[of_inputs[0]], arrays[of_labels[0]]
    if suffix == ".npy":
        if labels is None:
            raise ValueError(f"{path} holds one array; name that of the labels, --labels FILE.npy.")
        return np.load(path, allow_pickle=False), np.load(labels, allow_pickle=False)
    if suffix not in (".csv", ".parquet"):
        raise ValueError(f"{path}: expected a file .npz, .npy, .csv or .parquet.")
    import pandas as pd

    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    names = [str(name) for name in table.columns]
    if labels not in names:
        listed = ", ".join(names if len(names) < 8 else [*names[:3], "...", *names[-3:]])
        raise ValueError(
            f"{path} has {len(names)} column(s): {listed}. Name that of the labels, --labels "
            f"COLUMN (got {labels!r}); columns of a .csv are separated by commas."
        )
    inputs = table.drop(columns=labels)
    odd = [*inputs.select_dtypes(exclude="number"), *inputs.filter(like="Unnamed: ")]
    if odd:
        raise ValueError(
            f"{path}: the column(s) {', '.join(map(str, odd))} are no inputs; expected numbers, "
            "and no index of the rows. Leave them out (to_csv(index=False))."
        )
    return inputs, table[labels]


def _reproduce(options: argparse.Namespace) -> int:
    from rfsk.papers import PAPERS

    _refuse_options(options, _EMERGENCE)
    if options.paper not in (*PAPERS, "all"):
        raise ValueError(f"--paper {options.paper}; expected one of {', '.join(PAPERS)}, or all.")
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
    """Options among `names` that were given, with their values."""
    given = vars(options)
    return {name: given[name] for name in names if given.get(name) not in (None, False)}


def _refuse_options(
    options: argparse.Namespace, names: Sequence[str], command: str | None = None
) -> None:
    """Raise if an option of another command was given."""
    for name in _given(options, names):
        command = command or options.command
        raise ValueError(f"--{name.replace('_', '-')} is no option of {command}.")


def _parser() -> argparse.ArgumentParser:
    """Parser of all commands; options that are not given are absent from its result."""
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--seed", type=int, help="random seed (default 0)")
    writing = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    writing.add_argument("--out", type=Path, help="folder (default emergence, or reproduction)")
    writing.add_argument("--quick", action="store_true", help="small sizes, half of the time")
    parser = argparse.ArgumentParser(
        prog="rfsk",
        description="Let a fully-connected net discover convolution: localized fields that "
        "tile space, the Gaussian control that has none, the filters and CP factors they match.",
        epilog="python -m rfsk reproduce: every claim of the paper, with numbers; "
        "python -m rfsk live: a page for lectures; see their --help",
        parents=[shared, writing],
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("--version", action="version", version=f"rfsk {__version__}")
    parser.add_argument("--dim", type=int, choices=(1, 2), help="ring or torus (default 1)")
    parser.add_argument("--gain", type=float, help="gain of the inputs (default 3)")
    pair = "of the two classes, in sites (default 5 10, or 1 2 with --dim 2)"
    ends: dict[str, Any] = {"nargs": 2, "metavar": ("SHORT", "LONG")}
    parser.add_argument("--correlation-length", type=float, help=pair, **ends)
    parser.add_argument("--n-hidden", type=int, help="hidden units (default 40, or 100)")
    parser.add_argument("--device", help="torch device (default auto)")
    own = parser.add_argument_group("your own data, in place of those of the paper")
    files = ".npz of inputs and labels, .npy of inputs, or .csv or .parquet, one row per sample"
    own.add_argument("--data", type=Path, metavar="FILE", help=files)
    names = "array or column of labels (by default y, labels or target), or a file .npy"
    own.add_argument("--labels", metavar="NAME", help=names)
    sides = "rows and columns of images that are stored as rows"
    own.add_argument("--shape", type=int, nargs="+", metavar="SIDE", help=sides)
    parts = "brightness, contrast or class_means, to remove first: this can change the verdict"
    own.add_argument("--remove", nargs="+", metavar="PART", help=parts)
    own.add_argument("--n-controls", type=int, help="Gaussian controls (default 19)")
    own.add_argument("--max-steps", type=int, help="steps of training (default 4000)")
    own.add_argument("--report", type=Path, metavar="FILE.html", help="default report.html")
    commands = parser.add_subparsers(dest="command", title="other commands")
    claims = commands.add_parser(
        "reproduce",
        parents=[shared, writing],
        help="run the claims of a paper and say which hold",
        description="Run the claims of a paper, each over several seeds: a table of what was "
        "expected and what was obtained, figures and numbers. The exit status is 0 if all hold and "
        "1 if one does not.",
    )
    some = "claims to run, such as C1; all by default"
    claims.add_argument("names", nargs="*", metavar="CLAIM", help=some)
    claims.add_argument("--list", action="store_true", help="list the claims and stop")
    key = "paper whose claims to run, or all (default ingrosso2022)"
    claims.add_argument("--paper", metavar="KEY", default="ingrosso2022", help=key)
    claims.add_argument("--n-seeds", type=int, default=3, help="repeats (default 3)")
    commands.add_parser(
        "live",
        help="open a page for lectures, on which receptive fields form",
        description="Open a page for lectures in the web browser. The page trains a network and "
        "its Gaussian control, and shows their inputs, receptive fields and IPR. Sliders change "
        "the gain and the correlation lengths.",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
