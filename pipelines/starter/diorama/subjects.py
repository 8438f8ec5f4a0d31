"""What can be in a scene: its size on the stage, where it is at home, and what it can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """`size` of its longest side in metres of the stage; it `walks` on legs, `heads` where it goes, `flies` or hangs in
    the air by nature, `sails` on water; seen from its side it is known best, `sideways`, or else from its front."""

    size: float
    walks: bool = False
    heads: bool = False
    flies: bool = False
    sails: bool = False
    sideways: bool = False


KINDS: dict[str, Kind] = {
    "person": Kind(1.75, walks=True),
    "man": Kind(1.8, walks=True),
    "woman": Kind(1.7, walks=True),
    "child": Kind(1.3, walks=True),
    "dog": Kind(1.1, walks=True, sideways=True),
    "cat": Kind(0.9, walks=True, sideways=True),
    "horse": Kind(2.3, walks=True, sideways=True),
    "deer": Kind(2.0, walks=True, sideways=True),
    "rabbit": Kind(0.7, walks=True, sideways=True),
    "bird": Kind(0.7, walks=True, sideways=True),
    "fish": Kind(0.8, heads=True, flies=True, sideways=True),
    "teddy bear": Kind(0.9, walks=True),
    "car": Kind(3.4, heads=True, sideways=True),
    "bus": Kind(5.0, heads=True, sideways=True),
    "truck": Kind(4.4, heads=True, sideways=True),
    "bicycle": Kind(1.7, heads=True, sideways=True),
    "motorbike": Kind(2.0, heads=True, sideways=True),
    "boat": Kind(2.8, heads=True, sails=True),
    "plane": Kind(3.4, heads=True, flies=True),
    "rocket": Kind(2.6, flies=True),
    "balloon": Kind(1.6, flies=True),
    "ball": Kind(0.9),
    "cube": Kind(1.0),
    "cone": Kind(1.1),
    "tree": Kind(4.0),
    "flower": Kind(1.1),
    "mushroom": Kind(0.9),
    "cactus": Kind(1.5),
    "house": Kind(4.2),
    "tower": Kind(5.5),
    "castle": Kind(5.0),
    "bridge": Kind(6.0),
    "chair": Kind(1.1),
    "table": Kind(1.6),
    "sofa": Kind(2.2),
    "lamp": Kind(1.3),
    "book": Kind(0.8),
    "cup": Kind(0.7),
    "guitar": Kind(1.2),
    "clock": Kind(0.8),
    "robot": Kind(1.7, walks=True),
    "apple": Kind(0.7),
    "cake": Kind(0.8),
    "star": Kind(1.0, flies=True),
    "heart": Kind(1.0, flies=True),
    "cloud": Kind(2.2, flies=True),
}
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.86, 0.1, 0.1),
    "orange": (0.97, 0.48, 0.05),
    "yellow": (0.98, 0.84, 0.12),
    "green": (0.14, 0.62, 0.22),
    "blue": (0.1, 0.32, 0.88),
    "purple": (0.5, 0.18, 0.74),
    "pink": (0.98, 0.48, 0.7),
    "brown": (0.43, 0.25, 0.12),
    "white": (0.96, 0.96, 0.96),
    "black": (0.09, 0.09, 0.1),
}
PEOPLE = ("man", "woman", "child")  # a person is any of them
