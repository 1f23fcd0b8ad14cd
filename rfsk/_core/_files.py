"""Replacement of files in one step, so that an interrupted write leaves the old file intact."""

import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no locks that end with a process, so temporary files can remain
    fcntl = None  # type: ignore[assignment]


def replace_file(path: str | os.PathLike[str], contents: bytes) -> Path:
    """Write a temporary file, rename it to `path`, and return the path without symbolic links."""
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder; pass the path of a file.")
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(beside, "xb") as file:
            with suppress(OSError, AttributeError):  # not every file system has locks
                fcntl.flock(file, fcntl.LOCK_EX)
            file.write(contents)
            file.flush()
            os.fsync(file.fileno())
            if fcntl is None:
                file.close()  # Windows does not rename open files
            if target.exists():
                shutil.copymode(target, beside)
            os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Search all files of a folder for temporary files of killed processes, and remove these."""
    for left in folder.glob(f".{pattern}.{'[0-9a-f]' * 32}.tmp"):
        with suppress(OSError, AttributeError), open(left, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while the file is written
            left.unlink()
