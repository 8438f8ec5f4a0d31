"""Three ways to tell who asks: nobody else can (one person, one machine), a sign-in of ours, or a proxy's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol

from starlette.requests import HTTPConnection

from pipelines.errors import StudioError
from studio import words
from studio.access.sessions import Sessions
from studio.access.users import NAME
from studio.person import LOCAL, Person

Network = IPv4Network | IPv6Network
LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


class Identity(Protocol):
    """Tells who is behind a request, or None. `shares`: whether there is anybody to share a clip with."""

    @property
    def shares(self) -> bool: ...

    def person(self, request: HTTPConnection, *, by_proxy: bool) -> Person | None: ...


@dataclass(frozen=True)
class Alone:
    """No accounts: whoever reaches the studio sits at the machine, because it listens nowhere else."""

    shares: bool = False

    def person(self, request: HTTPConnection, *, by_proxy: bool) -> Person | None:
        return LOCAL


@dataclass(frozen=True)
class SignedIn:
    """People of the user file, by the cookie they got when they signed in."""

    sessions: Sessions
    shares: bool = True

    def person(self, request: HTTPConnection, *, by_proxy: bool) -> Person | None:
        return self.sessions.person(request.cookies)


@dataclass(frozen=True)
class ByHeader:
    """People as a proxy in front names them. From any other address the header is worth nothing."""

    header: str
    admins: frozenset[str] = frozenset()
    shares: bool = True

    def person(self, request: HTTPConnection, *, by_proxy: bool) -> Person | None:
        named = request.headers.getlist(self.header)
        if not by_proxy or len(named) != 1 or not NAME.fullmatch(named[0].lower()):
            return None
        name = named[0].lower()
        return Person(name, name in self.admins)


@dataclass(frozen=True)
class Proxies:
    """The addresses whose X-Forwarded-… headers and whose word about people are believed."""

    networks: tuple[Network, ...] = LOOPBACK

    @classmethod
    def named(cls, addresses: Sequence[str]) -> Proxies:
        """This machine and those named, as addresses or networks. Raises StudioError for anything else."""
        try:
            return cls(LOOPBACK + tuple(ip_network(address) for address in addresses))
        except ValueError as error:
            raise StudioError(words.NO_SUCH_PROXY.format(error=error)) from error

    def include(self, address: str) -> bool:
        """Whether this is the address of a trusted proxy."""
        try:
            return any(ip_address(address) in network for network in self.networks)
        except ValueError:  # a socket file, or a test's client: no address at all
            return False
