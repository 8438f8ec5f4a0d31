"""Which things there are, where each comes from, and which word it stands for.

A thing whose front is not where its first view is looked at from says in which direction it lies, in degrees: -90 is
to the viewer's left, as of most pictures of animals and vehicles.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Source = Literal["furniture", "picture", "form"]
PEOPLE = ("man", "woman", "child")


@dataclass(frozen=True)
class Entry:
    """One thing: `where` is its model's folder, its picture's code point or the name of its form; `thickness` that of a
    picture's body, a part of its longer side."""

    subject: str
    source: Source
    where: str
    facing: float = 0.0
    thickness: float = 0.3

    @property
    def name(self) -> str:
        """Unlike any other's, and fit for a file."""
        return f"{self.subject}-{self.source}-{self.where}".replace("/", "-").replace(" ", "-").lower()


_FURNITURE = """
man: KatorLegaz/male-01-suit
woman: Reallusion/female02
child: Reallusion/boyStanding
dog: BlendSwap-CC-BY/bulldog
teddy bear: BlendSwap-CC-0/teddyBear
car: KatorLegaz/VW-new-beetle
table: BlendSwap-CC-0/oakTable
sofa: BlendSwap-CC-0/winchesterSofa BlendSwap-CC-0/sofa2
lamp: Scopia/living_room_lamp1
garden tree: Scopia/japaneseMaple Scopia/poplar Scopia/pine Scopia/christmas_tree Scopia/coconutTree
rock: BlendSwap-CC-0/rock1 BlendSwap-CC-0/rock3
bush: Scopia/bush
snowy tree: Scopia/pineSnow
lamppost: KatorLegaz/classic-lamppost
hydrant: KatorLegaz/fire-hydrant
snowman: BlendSwap-CC-BY/bonecoDeNeve
"""
_SIDE, _FRONT, _FLAT, _RIGHT = (-90.0, 0.26), (0.0, 0.4), (0.0, 0.2), (90.0, 0.12)
_PICTURES: dict[tuple[float, float], str] = {
    _SIDE: """
cat: 1f408
horse: 1f40e
deer: 1f98c
rabbit: 1f407
bird: 1f426
fish: 1f41f
bus: 1f68c
truck: 1f69a
bicycle: 1f6b2
motorbike: 1f3cd-fe0f
boat: 26f5
""",
    _FRONT: """
teddy bear: 1f9f8
mushroom: 1f344
cactus: 1f335
tree: 1f333
apple: 1f34e
cake: 1f382
""",
    _FLAT: """
star: 2b50
flower: 1f33b
guitar: 1f3b8
clock: 23f0
chair: 1fa91
""",
    _RIGHT: """
plane: 2708-fe0f
""",
}
_FORMS = """
ball: ball, beach ball
cube: cube
cone: cone, ringed cone
rocket: rocket
balloon: balloon, air balloon
castle: castle
tower: tower
bridge: stone bridge
robot: robot
mushroom: mushroom
cloud: cloud
apple: apple
house: house
cup: mug
book: book
heart: heart
"""


def _lines(table: str, between: str | None = None) -> Iterator[tuple[str, str]]:
    for line in table.strip().splitlines():
        subject, _, rest = line.partition(": ")
        for where in rest.split(between):
            yield subject, where.strip()


def entries() -> list[Entry]:
    """Every thing of the world."""
    furniture = [Entry(subject, "furniture", where) for subject, where in _lines(_FURNITURE)]
    pictures = [
        Entry(subject, "picture", where, facing, thickness)
        for (facing, thickness), table in _PICTURES.items()
        for subject, where in _lines(table)
    ]
    return [*furniture, *pictures, *(Entry(subject, "form", where) for subject, where in _lines(_FORMS, ","))]
