"""Compilation of numerical loops by numba."""

from collections.abc import Callable
from typing import Any

import numba


def compiled(*, reassociate: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function on its first call and keep the machine code on disk.

    The compiled function releases the GIL and fuses multiplications with additions. Where no
    folder for the machine code can be written to, each process compiles it again.

    Parameters
    ----------
    reassociate : bool, default=False
        Whether sums may be reordered, so that reductions run in vector registers. The order
        depends on the length of the sum only.

    Returns
    -------
    decorator : callable
    """
    fastmath = {"contract", "nsz", "arcp"} | ({"reassoc"} if reassociate else set())
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}

    def decorate(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba finds no folder to write to
            return numba.njit(**options)(function)

    return decorate
