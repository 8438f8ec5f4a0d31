"""The flags that say who may come in, and what follows from them."""

from __future__ import annotations

import argparse
import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import StudioError
from studio import words

JOBS_PER_PERSON = 16  # waiting
UPLOAD_GB = 4.0


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Everything about other people, in a group of its own."""
    group = parser.add_argument_group("for more than one person")
    group.add_argument(
        "--auth", metavar="FILE", help="people sign in with accounts of this file: python -m studio users"
    )
    group.add_argument("--auth-header", metavar="NAME", help="people are who this header says, set by a proxy in front")
    group.add_argument("--admin", action="append", default=[], metavar="NAME", help="an admin, with --auth-header")
    group.add_argument("--proxy", action="append", default=[], metavar="ADDRESS", help="a proxy on another machine")
    group.add_argument("--name", action="append", default=[], metavar="HOST", help="a name the studio is reached by")
    group.add_argument(
        "--jobs-per-person",
        type=int,
        default=JOBS_PER_PERSON,
        metavar="N",
        help="how many of one person's jobs may wait (default: %(default)s)",
    )
    group.add_argument(
        "--upload-gb",
        type=float,
        default=UPLOAD_GB,
        metavar="GB",
        help="how much one person may upload in a day (default: %(default)g)",
    )


@dataclass(frozen=True)
class Limits:
    """Of one person: jobs waiting, bytes uploaded. None: as many as there is room for."""

    jobs: int | None = None
    uploads: int | None = None


def checked(flags: argparse.Namespace) -> Limits:
    """Raise StudioError for flags that contradict each other, before anything is done; else the limits they set."""
    if flags.auth and flags.auth_header:
        raise StudioError(words.TWO_WAYS_IN)
    if flags.admin and not flags.auth_header:
        raise StudioError(words.ONLY_WITH_HEADER)
    if flags.auth_header and not re.fullmatch(r"[A-Za-z0-9-]{1,64}", flags.auth_header):
        raise StudioError(words.BAD_HEADER.format(header=flags.auth_header))
    if flags.jobs_per_person < 1 or not flags.upload_gb > 0:
        raise StudioError(words.BAD_LIMITS.format(jobs=flags.jobs_per_person, uploads=flags.upload_gb))
    if not flags.auth and not flags.auth_header:
        if not _is_loopback(flags.host):
            raise StudioError(words.NOT_LOOPBACK.format(host=flags.host))
        return Limits()
    if flags.auth:
        from studio.access.users import UserFile

        path = Path(flags.auth).expanduser()
        if not UserFile(path).accounts():
            raise StudioError(words.NO_USERS.format(path=path))
    return Limits(flags.jobs_per_person, round(flags.upload_gb * 1e9))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
