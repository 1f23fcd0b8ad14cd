"""Command line: ``python -m rfsk``, the emergence study, and ``python -m rfsk reproduce``."""

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_INTERRUPTED = 130
# Options of the emergence study alone, and their defaults.
_EMERGENCE: dict[str, Any] = {
    "dim": 1,
    "gain": 3.0,
    "correlation_length": None,
    "n_hidden": None,
    "device": "auto",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; print its table and write its figures and numbers.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; that of the process by default.

    Returns
    -------
    status : int
        0; 1 where a claim does not hold; 2 where an argument is not valid; 130 where the run was
        interrupted.
    """
    options = _parser().parse_args(arguments)
    import matplotlib

    matplotlib.use("agg")
    try:
        return _reproduce(options) if options.command == "reproduce" else _emerge(options)
    except (ValueError, OSError) as error:
        print(f"rfsk: {error}", file=sys.stderr)
        return 2


def _emerge(options: argparse.Namespace) -> int:
    from rfsk.experiments import emergence
    from rfsk.plotting import EmergenceDisplay

    out = options.out or Path("emergence")
    out.mkdir(parents=True, exist_ok=True)
    study = emergence(
        dim=options.dim,
        gain=options.gain,
        correlation_length=options.correlation_length,
        n_hidden=options.n_hidden,
        device=options.device,
        quick=options.quick,
        verbose=True,
        random_state=options.seed,
    )
    figure = out / f"emergence-{options.dim}d.png"
    numbers = out / f"emergence-{options.dim}d.json"
    numbers.write_text(json.dumps(study.summary(), indent=2) + "\n")
    EmergenceDisplay(study).plot().figure_.savefig(figure, dpi=200)
    print(study.table())
    print(f"\nfigure: {figure}\nnumbers: {numbers}\ntime: {study.seconds:.0f} s")
    return 0


def _reproduce(options: argparse.Namespace) -> int:
    from rfsk.claims import reproduce

    odd = [name for name in _EMERGENCE if getattr(options, name) != _EMERGENCE[name]]
    if odd:
        raise ValueError(f"--{odd[0].replace('_', '-')} is no option of reproduce.")
    out = options.out or Path("reproduction")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Interrupted|Training was interrupted")  # told below
        found = reproduce(
            options.names or None,
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
        return _INTERRUPTED
    if not failed:
        print(f"{len(found.results)} of {len(found.results)} claims hold")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rfsk",
        description="Let a fully-connected net discover convolution: localized fields that "
        "tile space, the Gaussian control that has none, the filters and CP factors they match.",
        epilog="python -m rfsk reproduce: every claim of the paper, with numbers; see its --help",
    )
    _add_shared(parser, "emergence", "train for a fraction of the time")
    parser.add_argument("--dim", type=int, choices=(1, 2), default=1, help="ring or torus")
    parser.add_argument("--gain", type=float, default=3.0, help="gain of the inputs (default 3)")
    parser.add_argument(
        "--correlation-length",
        type=float,
        nargs=2,
        metavar=("SHORT", "LONG"),
        help="of the two classes, in sites (default 5 10, or 1 2 with --dim 2)",
    )
    parser.add_argument("--n-hidden", type=int, help="hidden units (default 40, or 100)")
    parser.add_argument("--device", default="auto", help="torch device (default auto)")
    commands = parser.add_subparsers(dest="command", title="other commands")
    claims = commands.add_parser(
        "reproduce",
        help="run the claims of the paper and say which hold",
        description="Run the claims C1 to C7 of Ingrosso and Goldt (PNAS 2022), each over several "
        "seeds: a table of what was expected and what was obtained, figures and numbers. The exit "
        "status is 0 if all hold and 1 if one does not.",
    )
    claims.add_argument(
        "names",
        nargs="*",
        metavar="CLAIM",
        help="claims to run, all by default: C1 fields localize and tile, C2 they match "
        "convolutional filters, C3 a Gaussian control, C4 a reduced model, C5 cumulant factors, "
        "C6 other units and inputs, C7 Gaussian equivalence",
    )
    claims.add_argument("--n-seeds", type=int, default=3, help="repeats (default 3)")
    _add_shared(claims, "reproduction", "small sizes: three minutes instead of seventeen", True)
    return parser


def _add_shared(
    parser: argparse.ArgumentParser, out: str, quick: str, nested: bool = False
) -> None:
    """Options of both commands; given before the name of a nested one they count as well."""
    absent: dict[str, Any] = {"default": argparse.SUPPRESS} if nested else {}
    seed = absent or {"default": 0}
    parser.add_argument("--seed", type=int, help="random seed (default 0)", **seed)
    parser.add_argument("--out", type=Path, help=f"folder to write to (default {out})", **absent)
    parser.add_argument("--quick", action="store_true", help=quick, **absent)


if __name__ == "__main__":
    sys.exit(main())
