"""Who asks. Everything that is kept belongs to one person, and this is all the studio needs to know of one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Person:
    """One person. `name` owns what they make; an admin may see and end what belongs to others, and choose the model."""

    name: str
    is_admin: bool = False

    def may_see(self, owner: str) -> bool:
        """Whether something of this owner's is there at all, as far as this person is told."""
        return self.is_admin or owner == self.name

    @property
    def folder(self) -> str:
        """A name for a folder of theirs, safe in every file system and hard to guess from the outside."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:32]


LOCAL = Person("local", is_admin=True)  # whoever sits at the machine, where there are no accounts
