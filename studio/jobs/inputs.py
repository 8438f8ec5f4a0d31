"""The input store: every file a job was given, once, under the hash of its content."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import MediaError
from pipelines.media.container import shown_name

_NAME = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,12}")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """A file in the store: `file` is its name there, `name` what the person called it, as it may be shown."""

    file: str
    sha256: str
    name: str


class InputStore:
    """Files named <sha256>.<extension> in one folder. Safe to use from several processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, source: Path) -> Stored:
        """Copy a file in, unless it is there already. Raises MediaError if it cannot be read, OSError if disk is full.

        A copy and not a link: the person may go on editing the original.
        """
        try:
            digest = sha256_of(source)
            if self.path(f"{digest}.{_extension(source)}") is None:
                digest = self._copy(source)
        except (FileNotFoundError, PermissionError, IsADirectoryError) as error:
            raise MediaError(f"{shown_name(source)} cannot be read ({error.strerror}). Give it again.") from error
        return Stored(f"{digest}.{_extension(source)}", digest, shown_name(source))

    def _copy(self, source: Path) -> str:
        """Copy a file in under the hash of what was in fact read, and return that."""
        partial = self.folder / f".{secrets.token_hex(8)}.partial"
        digest = hashlib.sha256()
        try:
            with source.open("rb") as reader, partial.open("xb") as writer:
                while block := reader.read(_BLOCK):
                    digest.update(block)
                    writer.write(block)
                writer.flush()
                os.fsync(writer.fileno())
            os.replace(partial, self.folder / f"{digest.hexdigest()}.{_extension(source)}")
        finally:
            partial.unlink(missing_ok=True)
        return digest.hexdigest()

    def path(self, file: str) -> Path | None:
        """Where a stored file is, or None if it is not in the store."""
        path = self.folder / file
        return path if _NAME.fullmatch(file) and path.is_file() else None

    def remove(self, files: Iterable[str]) -> None:
        """Delete stored files; one that is gone already is no error."""
        for file in files:
            if _NAME.fullmatch(file):
                (self.folder / file).unlink(missing_ok=True)

    def files(self) -> list[str]:
        """The name of every stored file."""
        return sorted(entry.name for entry in self.folder.iterdir() if _NAME.fullmatch(entry.name))

    def find(self, sha256: str) -> Path | None:
        """The stored file with this content, whatever its extension."""
        if not re.fullmatch(r"[0-9a-f]{64}", sha256):
            return None
        return next(iter(sorted(self.folder.glob(f"{sha256}.*"))), None)


def describe(path: Path) -> Stored:
    """What the store would call a file, which need not be in it."""
    digest = sha256_of(path)
    return Stored(f"{digest}.{_extension(path)}", digest, shown_name(path))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()


def _extension(source: Path) -> str:
    letters = re.sub(r"[^a-z0-9]", "", source.suffix.lower())
    return letters[:12] or "bin"
