"""Command line: ``rfsk`` or ``python -m rfsk``."""

import argparse
import difflib
import itertools
import json
import re
import sys
import tempfile
import warnings
import webbrowser
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import __version__

_INTERRUPTED = 130
# Options of the emergence study, of the study of data, and of the commands that write files.
_EMERGENCE = ("dim", "gain", "correlation_length", "n_hidden", "device")
_DATA = ("data", "labels", "shape", "remove", "n_controls", "max_steps", "report")
_WRITING = ("out", "quick")
# What the command line calls the arguments of Python that messages name.
_OTHER_NAMES = {"random_state": "--seed", "image_shape": "--shape"}
_PLAIN_WORDS = {
    "`X`": "the inputs",
    "`y`": "the labels",
    "Input X contains": "the inputs contain",
    "Input y contains": "the labels contain",
    "control_test compares": "The verdict compares",
    ", or set `class_weight` to 'balanced'": "",
}


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
    arguments = sys.argv[1:] if arguments is None else arguments
    _refuse_unknown(itertools.takewhile(lambda word: word not in commands, arguments), parser)
    options, unknown = parser.parse_known_args(arguments, defaults)
    used = commands.get(options.command, parser)
    if unknown:
        used.error(f"unrecognized arguments: {' '.join(unknown)}")
    emerge = _emerge if options.data is None else _study_data
    run = {"reproduce": _reproduce, "live": _live}.get(options.command, emerge)

    def say(message: object, *_: Any) -> None:
        print(f"{used.prog}: {_with_options(message, options)}", file=sys.stderr)

    try:
        import matplotlib

        matplotlib.use("agg")
        with warnings.catch_warnings():
            warnings.showwarning = say  # type: ignore[assignment]
            if options.seed < 0:
                raise ValueError(f"--seed must be a non-negative integer, got {options.seed}.")
            return run(options)
    except KeyboardInterrupt:
        say("interrupted")
        return _INTERRUPTED
    except ModuleNotFoundError as error:
        say(f"{error}. Install it: pip install {error.name}")
        return 2
    except (ValueError, OSError) as error:
        say(error)
        print(f"`{used.prog} --help` lists the options.", file=sys.stderr)
        return 2


def _refuse_unknown(words: Iterable[str], parser: argparse.ArgumentParser) -> None:
    """Exit with an error if an option is unknown; argparse would call its value a bad command."""
    known = re.findall(r"(?<!\S)--?[a-z][-a-z]*", parser.format_help())
    for name in (word.partition("=")[0] for word in words):
        if re.match("--?[a-z]", name) and not any(option.startswith(name) for option in known):
            parser.error(f"there is no option {name}.{_nearest(name, known)}")


def _nearest(name: str, names: Sequence[str]) -> str:
    """Question for the name that was probably meant, or an empty text."""
    return "".join(f" Did you mean {near}?" for near in difflib.get_close_matches(name, names, 1))


def _with_options(message: object, options: argparse.Namespace) -> str:
    """Message in which names of options replace the names of the Python arguments that they set."""
    text = str(message)
    named = {n: f"--{n.replace('_', '-')}" for n in (*vars(options), *_EMERGENCE, *_DATA)}
    for name, option in {**named, **_OTHER_NAMES}.items():
        text = text.replace(f"`{name}`", option)
        start = rf"(?<!\()\b{name}="
        text = re.sub(rf"{start}\((\d+), (\d+)\)", rf"{option} \1 \2", text)
        text = re.sub(rf"{start}(?:'(\w*)'|(?=\w))", rf"{option} \1", text)
    for name, words in _PLAIN_WORDS.items():
        text = text.replace(name, words)
    return text


@contextmanager
def _blaming(
    name: str, path: Any, options: argparse.Namespace, *, also_values: bool = False
) -> Iterator[None]:
    """Context that adds the option `name` and its value `path` to errors that name no option."""
    try:
        yield
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and not also_values:
            raise
        text = _with_options(error, options)
        if isinstance(error, OSError) and error.strerror:
            text = f"{error.strerror}. Choose another path."
        named = text if text.startswith("--") else f"--{name} {path}: {text.rstrip('.')}."
        raise ValueError(named) from error


def _emerge(options: argparse.Namespace) -> int:
    import pandas as pd

    from rfsk.experiments import emergence
    from rfsk.plotting import EmergenceDisplay

    _refuse_options(options, _DATA, "the main study; it needs --data")
    out = options.out or Path("emergence")
    with _blaming("out", out, options):
        out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()  # raises early if the folder is not writable
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

    _refuse_options(options, (*_EMERGENCE, "out"), "--data, which writes to --report")
    report = getattr(options, "report", Path("report.html"))
    with _blaming("report", report, options):
        if report.is_dir() or not report.absolute().parent.is_dir():
            raise ValueError(f"--report {report}: expected a file in an existing folder.")
        if report.suffix.lower() not in (".html", ".htm"):
            raise ValueError(f"--report {report}: the report is a web page; end its name in .html.")
        tempfile.TemporaryFile(dir=report.absolute().parent).close()
    own: dict[str, Any] = {"max_steps": 400} if options.quick else {}
    own |= _given(options, ("shape", "remove", "n_controls", "max_steps"))
    with _blaming("data", options.data, options, also_values=True):
        X, y = _read(options)
        study = study_data(X, y, **own, verbose=1, random_state=options.seed)
    study.notes[:] = [_with_options(note, options) for note in study.notes]
    study.to_html(report, title=f"Receptive fields on {options.data.name}")
    print(study.verdict, *(f"- {note}" for note in study.notes), f"\nreport: {report}", sep="\n")
    return 0


def _read(options: argparse.Namespace) -> tuple[Any, Any]:
    """Read inputs and labels from a common file or from two files."""
    path, labels = options.data, getattr(options, "labels", None)
    if path.suffix.lower() not in (".npz", ".npy", ".csv", ".tsv", ".parquet"):
        raise ValueError("expected a .npz, .npy, .csv, .tsv or .parquet file.")
    if path.suffix.lower() in (".csv", ".tsv", ".parquet"):
        return _read_table(path, labels)
    arrays = _load(path)
    if isinstance(arrays, dict):
        wanted = ["y", "labels", "target"] if labels is None else [labels]
        of_labels = [name for name in wanted if name in arrays]
        of_inputs = [name for name in arrays if name not in of_labels]
        if not of_labels or len(of_inputs) != 1:
            raise ValueError(
                f"the file holds the arrays {', '.join(arrays)}; expected one array of inputs and "
                "one of labels, called y, labels or target, or named by --labels NAME."
            )
        return arrays[of_inputs[0]], arrays[of_labels[0]]
    if labels is None:
        raise ValueError("the file holds one array; name that of the labels by --labels FILE.npy.")
    with _blaming("labels", labels, options, also_values=True):
        return arrays, _load(labels)


def _load(path: str | Path) -> Any:
    """Read the array of a .npy file, or a dict of the arrays of a .npz file."""
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        return loaded if isinstance(loaded, np.ndarray) else dict(loaded)
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        kind = "expected arrays of numbers or text, written by numpy.save or numpy.savez"
        raise ValueError(f"{kind}.") from error


def _read_table(path: Path, labels: str | None) -> tuple[Any, Any]:
    """Read inputs and labels from the columns of a table."""
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path)
        else:
            with path.open(encoding="utf-8", errors="replace") as lines:
                table = pd.read_csv(path, sep=max(",;\t", key=lines.readline().count))
    except ImportError as error:
        raise ValueError(
            "a .parquet file needs pyarrow; install it, or write a .csv file."
        ) from error
    names = [str(name) for name in table.columns]
    # pandas renames a repeated "0" to "0.1", so that repeated integers in the first row also match.
    if 2 * sum(bool(re.match(r"-?\d*\.\d", name)) for name in names) > len(names):
        raise ValueError("the first row must hold the names of the columns, got numbers.")
    if labels not in names:
        listed = ", ".join(names if len(names) < 8 else [*names[:3], "...", *names[-3:]])
        lacking = "" if labels is None else f"There is no column {labels}."
        lacking += _nearest(labels or "", names)
        raise ValueError(
            f"the file has {len(names)} column(s): {listed}. {lacking} Name the column of the "
            "labels by --labels COLUMN. The first row of a .csv holds the names, separated by "
            "commas, semicolons or tabs."
        )
    inputs = table.drop(columns=labels)
    odd = [*inputs.select_dtypes(exclude="number"), *inputs.filter(like="Unnamed: ")]
    if odd:
        raise ValueError(
            f"the column(s) {', '.join(map(str, odd))} are not inputs. Remove columns that hold no "
            "numbers, and the index of the rows."
        )
    return inputs, table[labels]


def _reproduce(options: argparse.Namespace) -> int:
    from rfsk.papers import PAPERS

    _refuse_options(options, (*_EMERGENCE, *_DATA))
    if options.paper not in (known := [*PAPERS, "all"]):
        hint = _nearest(options.paper, known)
        raise ValueError(
            f"--paper {options.paper}: unknown; expected one of {', '.join(known)}.{hint}"
        )
    papers = [*PAPERS] if options.paper == "all" else [options.paper]
    if options.list:
        for paper in papers:
            print("\n".join(f"{paper}  {claim.name}  {claim.title}" for claim in PAPERS[paper]))
        return 0
    for name in options.names:
        its = [p for p in PAPERS if name.lower() in {claim.name.lower() for claim in PAPERS[p]}]
        if its and options.paper not in its:
            remedy = " or ".join(f"--paper {paper}" for paper in its)
            raise ValueError(f"{name} is a claim of {' and '.join(its)}: add {remedy}.")
    return max(_reproduce_paper(paper, options) for paper in papers)


def _reproduce_paper(paper: str, options: argparse.Namespace) -> int:
    from rfsk.papers import PAPERS, reproduce

    out = (options.out or Path("reproduction")) / paper
    with warnings.catch_warnings(), _blaming("out", out.parent, options):
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
    _refuse_options(options, (*_EMERGENCE, *_DATA, *_WRITING, *(["seed"] if options.seed else [])))
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


def _side(text: str) -> int:
    """Side of a lattice."""
    if not re.fullmatch(r"-?\d+", text):
        raise argparse.ArgumentTypeError(f"expected integers, such as --shape 8 8, got {text!r}.")
    return int(text)


def _parsers() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Parsers of the command line and of each subcommand; they return only the given options."""
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
        "inputs and labels (.npz), inputs (.npy), or a table (.csv, .tsv, .parquet); one row per "
        "sample"
    )
    own.add_argument("--data", type=Path, metavar="FILE", help=files)
    names = "array or column of the labels (default y, labels or target), or a .npy file"
    own.add_argument("--labels", metavar="NAME", help=names)
    sides = "numbers of rows and columns, for images that are stored as rows"
    own.add_argument("--shape", type=_side, nargs="+", metavar="SIDE", help=sides)
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
    listing = "list the claims and exit; --paper all --list lists those of all papers"
    claims.add_argument("--list", action="store_true", help=listing)
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
