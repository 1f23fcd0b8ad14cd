"""Loops compiled by numba. Only modules that are imported where they run may import this one."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import numba
from numba.core.caching import FunctionCache

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(**options: Any) -> Callable[[Function], Function]:
    """Decorate a function that numba is to compile when it is first called.

    The machine code is kept on disk for later processes: in the folder `NUMBA_CACHE_DIR`, beside
    the source or in the cache folder of the user, whichever can be written. If none can, each
    process compiles again.

    Parameters
    ----------
    **options
        Of ``numba.njit``, for example ``fastmath=True``. Other threads run during a call, and
        divisions are those of NumPy, unless an option says otherwise.

    Returns
    -------
    decorate : callable
        Takes a function and returns its compiled version.
    """

    def decorate(function: Function) -> Function:
        dispatcher = numba.njit(**{"nogil": True, "error_model": "numpy", **options})(function)
        with suppress(RuntimeError):  # no folder can be written
            dispatcher._cache = _Cache(function)
        return dispatcher  # type: ignore[no-any-return]

    return decorate


class _Cache(FunctionCache):
    """Cache on disk in which a file that cannot be read or written is a missing one."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with suppress(OSError):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)
