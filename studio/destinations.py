"""Where the command line reads from and writes to: checked before anything is made, written whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from pipelines.errors import InputError, MediaError


def source_file(path: Path) -> Path:
    """The path, if a file is there. Raises MediaError."""
    if not path.is_file():
        raise MediaError(f"There is no file {path}.")
    return path


def destination(out: Path, *given: Path) -> Path:
    """Where a job's clip goes, checked before anything is made."""
    if out.suffix.lower() != ".mp4":
        raise InputError(f"--out is {out.name}; a clip is an MP4 file. Give a name that ends in .mp4.")
    return writable(out, *given)


def writable(out: Path, *given: Path) -> Path:
    """The path, absolute, if a file can be written there that is none of those given."""
    out = out.expanduser().resolve()
    if not out.parent.is_dir() or not os.access(out.parent, os.W_OK) or out.is_dir():
        raise InputError(f"--out cannot be written: {out}. Choose a folder that is there and can be written to.")
    if any(path.resolve() == out for path in given):
        raise InputError(f"--out is the same file as the input, {out}. Choose another name.")
    return out


def copy_clip(clip: Path, out: Path) -> None:
    """Put the clip where it was asked for, whole or not at all."""
    partial = out.with_name(f".{out.name}.{secrets.token_hex(4)}.partial")
    try:
        shutil.copyfile(clip, partial)
        os.replace(partial, out)
    except OSError as error:
        raise MediaError(f"The clip is finished, but cannot be copied to {out} ({error.strerror}): {clip}") from error
    finally:
        partial.unlink(missing_ok=True)
