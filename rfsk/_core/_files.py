"""Files that are replaced as a whole, so that a failed or killed write leaves the older one."""

import glob
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

try:
    import fcntl
except ImportError:  # Windows, which neither removes nor renames an open file
    fcntl = None  # type: ignore[assignment]


def replace_file(path: str | os.PathLike[str], contents: bytes) -> None:
    """Write a file under another name and rename it; remove what killed calls have left."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file.")
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(beside, "xb") as file:
            with suppress(OSError):  # a file system without locks
                _lock(file)
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
            _close_on_windows(file)
            if target.exists():
                shutil.copymode(target, beside)
            os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    for left in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 32}.tmp"):
        with suppress(OSError), open(left, "r+b") as file:
            _lock(file)
            _close_on_windows(file)
            left.unlink()


def _lock(file: IO[Any]) -> None:
    """Take a lock that ends with the process; raise OSError if another process has it."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _close_on_windows(file: IO[Any]) -> None:
    if fcntl is None:
        file.close()
