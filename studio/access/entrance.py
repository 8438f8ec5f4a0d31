"""The way in as the flags want it: how people are told apart, and the routes that belong to that."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import APIRouter

from studio.access.gate import Access, access_names
from studio.access.identity import Alone, ByHeader, Identity, Proxies, SignedIn
from studio.access.sessions import Sessions, session_key
from studio.access.setup import Limits
from studio.access.sign_in import sign_in_routes
from studio.access.throttle import Throttle
from studio.access.users import UserFile
from studio.jobs.ledger import Ledger
from studio.paths import DataFolder


@dataclass(frozen=True)
class Entrance:
    """Who gets in (`access`), the routes for it, and how much one person may upload. By default: one person, here."""

    access: Access = field(default_factory=Access)
    routes: Sequence[APIRouter] = ()
    uploads: int | None = None

    @property
    def identity(self) -> Identity:
        return self.access.identity


def entrance(flags: argparse.Namespace, data: DataFolder, limits: Limits) -> Entrance:
    """What the checked flags of `app.py` say. Raises StudioError."""
    names, proxies = access_names([flags.host, *flags.name]), Proxies.named(flags.proxy)
    if flags.auth:
        return with_accounts(UserFile(Path(flags.auth).expanduser()), data, names, proxies, limits)
    if flags.auth_header:
        admins = frozenset(name.lower() for name in flags.admin)
        return Entrance(Access(ByHeader(flags.auth_header, admins), names, proxies), uploads=limits.uploads)
    return Entrance(Access(Alone(), names, proxies), uploads=limits.uploads)


def with_accounts(
    users: UserFile, data: DataFolder, names: frozenset[str], proxies: Proxies, limits: Limits
) -> Entrance:
    """People of a user file, who sign in."""
    sessions = Sessions(session_key(data.session_key), users, Ledger(data.ledger))
    routes = (sign_in_routes(users, sessions, Throttle()),)
    return Entrance(Access(SignedIn(sessions), names, proxies), routes, limits.uploads)
