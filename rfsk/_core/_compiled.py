"""Compilation of loops by numba.

Importing `_compiled` imports numba. Modules that import `_compiled` must therefore be imported only
inside the functions that need them.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])

# Options of `fastmath`. FUSED permits fused multiply-add instructions. REORDERED also permits sums
# in another order of the terms, so that sums are vectorized. The order depends only on the number
# of terms.
FUSED = {"contract", "nsz", "arcp"}
REORDERED = FUSED | {"reassoc"}


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Compile a function with ``numba.njit`` on its first call, and cache the code on disk."""

    def decorate(function: Function) -> Function:
        dispatcher = numba.njit(**{"nogil": True, "error_model": "numpy", **options})(function)
        with suppress(RuntimeError):  # raised if no folder is writable
            dispatcher._cache = _Cache(function)
        return dispatcher  # type: ignore[no-any-return]

    return decorate


class _Cache(FunctionCache):
    """Cache of compiled code on disk that skips unreadable files.

    The code is compiled again if its source file or `_single_precision.py` changes.
    """

    def __init__(self, function: Any) -> None:
        super().__init__(function)
        shared = Path(__file__).with_name("_single_precision.py").stat()
        stamp = *self._cache_file._source_stamp, shared.st_mtime, shared.st_size
        self._cache_file._source_stamp = stamp

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with suppress(OSError):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)
