"""`python -m studio users`: who may sign in. Passwords are asked for or come from standard input, never an argument."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from pipelines.errors import InputError
from studio.access.users import UserFile


def add_user(options: argparse.Namespace) -> int:
    """Add a person, or give one a new password."""
    users = _users(options)
    is_new = users.add(options.name, _password(), is_admin=options.admin)
    sys.stdout.write(f"{options.name.lower()} {'added to' if is_new else 'has a new password in'} {users.path}\n")
    return 0


def remove_user(options: argparse.Namespace) -> int:
    """Remove a person; their clips stay."""
    users = _users(options)
    users.remove(options.name)
    sys.stdout.write(f"{options.name.lower()} removed from {users.path}\n")
    return 0


def list_users(options: argparse.Namespace) -> int:
    """Show who may sign in."""
    for name, account in sorted(_users(options).accounts().items()):
        sys.stdout.write(f"{name}{'  admin' if account.is_admin else ''}\n")
    return 0


def _users(options: argparse.Namespace) -> UserFile:
    """The file named, else users.json in the data folder."""
    return UserFile(Path(options.auth).expanduser() if options.auth else options.folder.create().root / "users.json")


def _password() -> str:
    """A new password: typed twice on a terminal, else the first line of standard input. Raises InputError."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise InputError("These were two different passwords. Nothing was changed.")
    return password
