"""Command line of the emergence study: ``python -m rfsk``."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; print its table and write its figure and numbers.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; that of the process by default.

    Returns
    -------
    status : int
        0, or 2 where an argument is not valid.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    import matplotlib

    matplotlib.use("agg")
    from rfsk.experiments import emergence
    from rfsk.plotting import EmergenceDisplay

    try:
        options.out.mkdir(parents=True, exist_ok=True)
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
    except (ValueError, OSError) as error:
        print(f"rfsk: {error}", file=sys.stderr)
        return 2
    figure = options.out / f"emergence-{options.dim}d.png"
    numbers = options.out / f"emergence-{options.dim}d.json"
    numbers.write_text(json.dumps(study.summary(), indent=2) + "\n")
    EmergenceDisplay(study).plot().figure_.savefig(figure, dpi=200)
    print(study.table())
    print(f"\nfigure: {figure}\nnumbers: {numbers}\ntime: {study.seconds:.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rfsk",
        description="Let a fully-connected net discover convolution: localized fields that "
        "tile space, the Gaussian control that has none, the filters and CP factors they match.",
    )
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
    parser.add_argument("--seed", type=int, default=0, help="random seed (default 0)")
    parser.add_argument(
        "--out", type=Path, default=Path("emergence"), help="folder to write to (default emergence)"
    )
    parser.add_argument("--quick", action="store_true", help="train for a fraction of the time")
    return parser


if __name__ == "__main__":
    sys.exit(main())
