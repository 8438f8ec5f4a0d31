"""The ten places: what the ground is, what stands on it, what is far away, and what moves by itself."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.starter.diorama.acting import Floor
from pipelines.starter.diorama.site import Site
from pipelines.starter.diorama.stage import FALLEN, GROUND, RGB, VEIL, Card, Sky

# Photographed surroundings that may be a place, each with the lights it was taken in
AROUND: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "street": (("city", ("day", "rain")), ("venice", ("day", "sunset"))),
    "forest": (("forest", ("day",)),),
    "field": (("park", ("day",)), ("sunrise", ("day", "sunset"))),
    "room": (("apartment", ("day",)), ("lobby", ("day",)), ("hall", ("night",))),
    "desert": (("dawn", ("sunset",)),),
}
PHOTOGRAPHED = 0.3  # of the scenes that could be


def _beach(s: Site) -> None:
    s.set_sky()
    s.ground("sand", 5.0)
    s.ground("water", 9.0, (0.05, -0.12 if not s.lively else -0.25), begin=1.35, height=0.02)
    s.ground("glints", 6.0, (-0.08, -0.06), begin=1.33, height=0.03, role=VEIL, opacity=0.9)
    s.props("garden tree:coconut", 3, 0.9, 1.6, sway=0.03, size=4.4)
    s.props("rock", 2, 0.8, 1.3, size=0.7)


def _sea(s: Site) -> None:
    s.set_sky()
    s.ground("water", 8.0, (0.06, -0.1 if not s.lively else -0.22))
    s.ground("glints", 5.0, (-0.1, -0.07), role=VEIL, height=0.01)
    if s.rng.random() < 0.4:
        s.backdrop("mountains", 22, 2.2, 10)


def _forest(s: Site) -> None:
    s.set_sky()
    s.ground("soil", 4.0)
    s.ground("patches", 7.0, role=VEIL)
    dark: RGB = tuple(0.75 * v for v in s.weather.light)  # type: ignore[assignment]
    s.backdrop("wood", 4.6, 4.6, 4, dark)
    s.backdrop("wood", 2.9, 3.2, 4)
    s.props("garden tree", 7, 1.15, 2.6, sway=0.02, size=4.6)
    s.props("bush", 4, 0.9, 1.8, size=1.2, sway=0.02)
    s.props("mushroom", 2, 0.7, 1.0, size=0.3)


def _desert(s: Site) -> None:
    s.set_sky()
    s.ground("sand", 6.0)
    s.backdrop("dunes", 9, 1.5, 9)
    s.backdrop("dunes", 4.5, 0.5, 13)
    s.props("cactus", 4, 1.2, 3.2, size=1.9)
    s.props("rock", 3, 0.9, 2.5, size=0.8)


def _street(s: Site) -> None:
    night = s.light == "night"
    s.set_sky()
    half = 1.25 * max(s.distance, 3.4) * 0.8
    s.ground("asphalt", 2 * half)
    glow: RGB = (0.9, 0.85, 0.8) if night else s.weather.light
    s.backdrop("skyline by night" if night else "skyline", 13, 3.6, 4, glow)
    for side in (-1, 1):
        s.side_wall("houses by night" if night else "houses", side * half, 1.15 * half,
                    (-s.distance, 12 * s.distance), (0.62, 0.58, 0.62) if night else None)  # fmt: skip
    for side in (-1, 1):
        for z in (1.25, 2.4, 3.6):
            s.prop("lamppost", side * half * 0.74, z * s.distance, size=0.62 * half)
    s.prop("hydrant", half * 0.72 * float(s.rng.choice((-1, 1))), 1.05 * s.distance, size=0.16 * half)
    if night:
        _neon_signs(s, half)


def _neon_signs(s: Site, half: float) -> None:
    """Signs on the walls that flicker."""
    tones = ((1.0, 0.15, 0.5), (0.1, 0.8, 1.0), (0.5, 1.0, 0.3), (1.0, 0.75, 0.1))
    for side in (-1, 1):
        for i in range(3):
            tone = tones[int(s.rng.integers(4))]
            z, size = s.distance * (1.1 + 0.9 * i + s.rng.uniform(0, 0.4)), half * s.rng.uniform(0.14, 0.2)
            on = np.where(s.rng.random(s.frames) < (0.35 if s.lively else 0.12), 0.35, 1.0)
            s.cards.append(Card(
                s.still((side * half * 0.97, half * s.rng.uniform(0.42, 0.7), z)),
                s.still(np.array([(0, 0, 1.0), (0, 1.0, 0), (-side, 0, 0)])), np.full(s.frames, s.pick("water")),
                (-size * 1.6, size * 1.6, -size, size), light=(9 * tone[0], 9 * tone[1], 9 * tone[2]),
                flat=tone, flicker=on,
            ))  # fmt: skip


def _mountains(s: Site) -> None:
    s.set_sky()
    s.ground("rock", 6.0)
    s.backdrop("mountains", 16, 4.6, 4)
    s.backdrop("pines", 7, 0.62, 5)
    s.props("rock", 5, 0.9, 2.4, size=1.0)
    s.props("garden tree:pine", 4, 1.5, 3.2, size=3.6, sway=0.01)


def _field(s: Site) -> None:
    s.set_sky()
    s.ground("meadow", 5.0)
    s.ground("patches", 11.0, role=VEIL)
    s.backdrop("hills", 12, 1.5, 6)
    s.backdrop("hills", 7, 0.6, 9)
    s.props("garden tree", 3, 2.2, 4.5, size=4.0, sway=0.02)
    s.props("bush", 3, 1.6, 3.0, size=1.1, sway=0.02)
    s.props("flower", 5, 0.7, 1.5, size=0.42, sway=0.05)


def _cool(light: RGB) -> RGB:
    """What snow makes of a light: never the colour of sand."""
    level = sum(light) / 3
    red, green, blue = (0.35 * part + 0.65 * level * share for part, share in zip(light, (0.98, 1.0, 1.1), strict=True))
    return red, green, blue


def _snow(s: Site) -> None:
    s.set_sky()
    s.ground("snow", 7.0, light=_cool(s.weather.light))
    red, green, blue = s.weather.light
    s.backdrop("mountains", 16, 3.2, 4, (red * 1.25, green * 1.3, blue * 1.35))
    s.backdrop("pines", 7, 0.6, 5, (red * 1.5, green * 1.35, blue * 1.7))
    s.props("snowy tree", 6, 1.2, 3.0, size=3.6)
    s.props("snowman", 1, 1.3, 1.8, size=1.3)


def _room(s: Site) -> None:
    s.set_sky()
    s.ground(str(s.rng.choice(("boards", "carpet"))), 4.0)
    half, high = 1.35 * s.distance, 0.92 * s.distance
    dim = s.light == "night"
    light: RGB = (0.5, 0.42, 0.36) if dim else s.weather.light
    picture = s.pick("wall")
    for middle, axes, reach in (
        ((0, 0, 1.75 * s.distance), [(1.0, 0, 0), (0, 1.0, 0), (0, 0, -1.0)], half),
        ((-half, 0, 0), [(0, 0, 1.0), (0, 1.0, 0), (1.0, 0, 0)], 4 * s.distance),
        ((half, 0, 0), [(0, 0, -1.0), (0, 1.0, 0), (-1.0, 0, 0)], 4 * s.distance),
    ):
        s.cards.append(Card(
            s.still(middle), s.still(np.array(axes)), np.full(s.frames, picture), (-reach, reach, 0, high),
            repeat=(high * 4, high), scroll=s.still((s.rng.random(), 0.0)), light=light, flat=s.lit(picture, light),
            layer=FALLEN,
        ))  # fmt: skip
    s.cards.append(Card(
        s.still((0, high, 0)), s.still(np.array([(1.0, 0, 0), (0, 0, 1.0), (0, -1.0, 0)])),
        np.full(s.frames, s.pick("carpet")), (-half, half, -6 * s.distance, 1.75 * s.distance), repeat=(2.0, 2.0),
        light=(1.3 * light[0], 1.35 * light[1], 1.42 * light[2]), flat=(0.85 * light[0],) * 3, layer=GROUND,
    ))  # fmt: skip


def _space(s: Site) -> None:
    s.set_sky("sky space")
    for away, size in ((30, s.rng.uniform(3.5, 7.0)), (45, s.rng.uniform(1.5, 3.0))):
        side = float(s.rng.choice((-1, 1)))
        x, y = side * away * s.rng.uniform(0.22, 0.48) * s.distance, away * s.rng.uniform(-0.05, 0.28) * s.distance
        drift = np.arange(s.frames)[:, None] * np.array([0.02, 0.008, 0]) * away * s.distance * 0.1
        s.cards.append(Card(
            s.still((x, y, away * s.distance)) + drift, s.still(np.diag((1.0, 1.0, -1.0))) * size * s.distance,
            np.full(s.frames, s.pick("planet")), (-1.6, 1.6, -1.6, 1.6), flat=(0.5, 0.42, 0.5),
        ))  # fmt: skip


BUILD: dict[str, Callable[[Site], None]] = {
    "beach": _beach,
    "sea": _sea,
    "forest": _forest,
    "desert": _desert,
    "street": _street,
    "mountains": _mountains,
    "field": _field,
    "snow": _snow,
    "room": _room,
    "space": _space,
}


def build(place: str, site: Site) -> None:
    """Fill a site: its cards, sky and floor."""
    weather = site.weather
    sun = site.rng.uniform(-0.9, 0.9) + np.pi * (0.75 if site.rng.random() < 0.5 else 1.25)
    site.floor = Floor(
        weather.on_subjects, (float(np.sin(sun)), float(np.cos(sun))),
        weather.slant if place not in ("room", "forest") else 0.0, water=place == "sea", none=place == "space",
    )  # fmt: skip
    around = [name for name, lights in AROUND.get(place, ()) if site.light in lights]
    around = [name for name in around if f"around {name}" in site.library.pictures]
    if around and site.rng.random() < PHOTOGRAPHED:
        _photographed(site, str(site.rng.choice(around)))
        return
    BUILD[place](site)


def _photographed(s: Site, name: str) -> None:
    picture = s.pick(f"around {name}")
    light: RGB = (1.0, 1.0, 1.0)
    s.sky = Sky(
        picture, np.full(s.frames, s.rng.uniform(0, 2 * np.pi)), light, s.lit(picture, light),
        dome=float(s.camera.eye[0, 1]) * 1.3, haze=0.0,
    )  # fmt: skip
