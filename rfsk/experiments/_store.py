"""The store of a sweep: one file a finished cell, written at once or not at all."""

import contextlib
import hashlib
import json
import os
import time
import uuid
import warnings
from pathlib import Path
from typing import Any

_ABANDONED = 3600.0  # seconds after which a file half written has no writer any more


class Store:
    """Folder of records, one JSON file each, which several sweeps may share.

    A record is written to a file of another name, which then takes the place of the old one: a
    reader finds it whole or not at all. It carries a checksum of its own.

    Parameters
    ----------
    folder : path-like
        Made if it is not there.

    Raises
    ------
    ValueError
        If there is a file of this name, or the folder cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.unwritten: dict[str, dict[str, Any]] = {}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"store={str(folder)!r} cannot be used ({error.strerror}); expected a folder, or "
                "the name of one to be made."
            ) from error
        self._remove_abandoned()

    def read(self, key: str) -> dict[str, Any] | None:
        """Return a record; None if there is none, or, with a warning, if it is damaged."""
        path = self._path(key)
        try:
            text = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            text = b""
        try:
            entry = json.loads(text)
            record: dict[str, Any] = entry["record"]
            is_whole = entry["sha256"] == _checksum(record) and record["key"] == key
        except (ValueError, KeyError, TypeError):
            is_whole = False
        if is_whole:
            return record
        warnings.warn(
            f"The entry {path.name} of the store is damaged; its cell is computed anew.",
            stacklevel=2,
        )
        return None

    def write(self, record: dict[str, Any]) -> None:
        """Keep a record; if that fails, as on a full disk, warn once and remember it."""
        try:
            self._write(record)
        except OSError as error:
            if not self.unwritten:
                warnings.warn(
                    f"A finished cell could not be stored ({error}). The sweep goes on; its "
                    "result is in memory, and storing it is tried again at the end.",
                    stacklevel=2,
                )
            self.unwritten[record["key"]] = record

    def write_again(self) -> None:
        """Try once more to keep what could not be written; warn if some still cannot."""
        pending, self.unwritten = self.unwritten, {}
        for i, record in enumerate(pending.values()):
            try:
                self._write(record)
            except OSError as error:
                self.unwritten = {r["key"]: r for r in list(pending.values())[i:]}
                warnings.warn(
                    f"{len(self.unwritten)} finished cell(s) are not in the store ({error}): a "
                    "later call computes them anew.",
                    stacklevel=2,
                )
                return

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _write(self, record: dict[str, Any]) -> None:
        path = self._path(record["key"])
        passing = path.with_name(f".{record['key']}.{uuid.uuid4().hex}.tmp")
        try:
            with open(passing, "w", encoding="utf-8") as file:
                json.dump({"sha256": _checksum(record), "record": record}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(passing, path)
        except BaseException:
            with contextlib.suppress(OSError):
                passing.unlink(missing_ok=True)
            raise

    def _remove_abandoned(self) -> None:
        """Remove what a writer that was killed left behind."""
        for passing in self.folder.glob(".*.tmp"):
            with contextlib.suppress(OSError):
                if time.time() - passing.stat().st_mtime > _ABANDONED:
                    passing.unlink()


def _checksum(record: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()
