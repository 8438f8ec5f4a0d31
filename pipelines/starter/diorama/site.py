"""A place while it is built: grounds are laid, backdrops put up, things stood around."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pipelines.starter.diorama.acting import Floor, Path, perform, shadows
from pipelines.starter.diorama.library import Library, Shown
from pipelines.starter.diorama.stage import FALLEN, GROUND, LYING, NOBODY, RGB, SOLID, Camera, Card, Floats, Sky
from pipelines.starter.diorama.subjects import KINDS
from pipelines.starter.diorama.weather import Weather


@dataclass(eq=False)
class Site:
    """A place while it is built. `distance` to the subject is what all else is measured by; `clear` the half width that
    is kept free for it; `lively` without a subject: then surroundings move more."""

    rng: np.random.Generator
    library: Library
    camera: Camera
    light: str
    weather: Weather
    distance: float
    clear: float
    lively: bool
    cards: list[Card] = field(default_factory=list)
    sky: Sky | None = None
    floor: Floor = field(default_factory=lambda: Floor((1.0, 1.0, 1.0)))

    @property
    def frames(self) -> int:
        return len(self.camera.focal)

    def pick(self, name: str) -> int:
        """One of a picture's variants."""
        found = self.library.pictures[name]
        return found[int(self.rng.integers(len(found)))]

    def lit(self, picture: int, light: RGB | None = None) -> RGB:
        """A picture's own colour in this light, for the mock-up."""
        flat = np.array(self.library.flat[picture]) * np.array(light or self.weather.light)
        return float(flat[0]), float(flat[1]), float(flat[2])

    def still(self, rows: object) -> Floats:
        """One row for every frame."""
        return np.repeat(np.asarray(rows, np.float64)[None], self.frames, axis=0)

    def set_sky(self, name: str = "", light: RGB = (1.0, 1.0, 1.0)) -> None:
        picture = self.pick(name or f"sky {self.weather.sky}")
        speed = self.rng.uniform(0.002, 0.005) * (2.2 if self.lively else 1) * self.rng.choice((-1, 1))
        self.sky = Sky(
            picture, np.arange(self.frames) * speed, light, self.lit(picture, light), haze=self.weather.hidden
        )

    def ground(self, name: str, metres: float, scroll: tuple[float, float] = (0.0, 0.0), role: int = SOLID,
               begin: float = -6.0, height: float = 0.0, opacity: float = 1.0,
               light: RGB | None = None) -> None:  # fmt: skip
        """A level picture that repeats every so many metres and slides by `scroll` metres a frame; it begins so many
        distances ahead."""
        picture = self.pick(name)
        axes = np.array([(1.0, 0, 0), (0, 0, 1.0), (0, 1.0, 0)])
        far, low = 90 * self.distance, begin * self.distance
        rect = (-far, far, low, far)
        slide = np.arange(self.frames)[:, None] * np.array(scroll)[None] / metres + self.rng.random(2)
        if not any(scroll) and name == "asphalt":
            slide = self.still((0.5 - far / metres % 1, 0.0))  # the middle of the road lies ahead
        self.cards.append(Card(
            self.still((0, height, 0)), self.still(axes), np.full(self.frames, picture), rect, repeat=(metres, metres),
            scroll=slide, light=light or self.weather.light, flat=self.lit(picture, light), role=role,
            layer=GROUND if role == SOLID else LYING,
            opacity=opacity,
        ))  # fmt: skip

    def backdrop(self, name: str, away: float, high: float, wide: float, light: RGB | None = None) -> None:
        """A picture that stands upright, `away` and `high` in distances, repeating every `wide` of its heights."""
        picture, distance = self.pick(name), self.distance
        tall, reach = high * distance, 3.2 * away * distance
        self.cards.append(Card(
            self.still((0, -0.04 * tall, away * distance)), self.still(np.diag((1.0, 1.0, -1.0))),
            np.full(self.frames, picture), (-reach, reach, 0, tall), repeat=(tall * wide, tall),
            scroll=self.still((self.rng.random(), 0.0)), light=light or self.weather.light,
            flat=self.lit(picture, light),
        ))  # fmt: skip

    def side_wall(self, name: str, x: float, high: float, long: tuple[float, float], light: RGB | None = None) -> None:
        """An upright picture along the view, x metres to the right, from and to so many metres ahead."""
        picture, side = self.pick(name), float(np.sign(x))
        axes = np.array([(0, 0, 1.0), (0, 1.0, 0), (-side, 0, 0)])
        self.cards.append(Card(
            self.still((x, 0, 0)), self.still(axes), np.full(self.frames, picture), (*long, 0, high),
            repeat=(high * 4, high), scroll=self.still((self.rng.random(), 0.0)), light=light or self.weather.light,
            flat=self.lit(picture, light), layer=FALLEN,
        ))  # fmt: skip

    def prop(
        self, subject: str, x: float, z: float, scale: float = 1.0, size: float | None = None, sway: float = 0.0
    ) -> None:
        """A thing that belongs to the place, x and z metres from where the camera begins; "garden tree:pine" is any
        that has a pine in its name."""
        subject, _, hint = subject.partition(":")
        pool = [shown for shown in self.library.things.get(subject, ()) if hint in shown.facts.name]
        if not pool:
            return
        shown: Shown = pool[int(self.rng.integers(len(pool)))]
        metres = (size or KINDS[subject].size) * scale * self.rng.uniform(0.85, 1.15)
        path = Path(
            self.still((x, 0, z)), np.full(self.frames, self.rng.uniform(-np.pi, np.pi)), np.zeros(self.frames),
            np.full(self.frames, metres), np.zeros(self.frames),
        )  # fmt: skip
        if shown.facts.facing or shown.facts.relief < 0.25:
            path.heading[:] = np.pi - np.radians(shown.facts.facing)
        card = perform(shown, path, self.camera, None, NOBODY, Floor(self.weather.light))
        if sway:
            phase = self.rng.random() * 6.3
            card.sway = sway * np.sin(np.arange(self.frames) * 0.55 + phase) * (1.8 if self.lively else 1.0)
        self.cards += [*shadows(shown, path, self.library, self.floor), card]

    def props(self, subject: str, count: int, near: float, far: float, scale: float = 1.0, size: float | None = None,
              sway: float = 0.0) -> None:  # fmt: skip
        """Several, between two distances ahead and beside what is kept clear."""
        for i in range(count):
            z = self.rng.uniform(near, far) * self.distance
            edge = self.clear * max(0.75, z / self.distance) + 0.25 * (size or 1.0) * scale
            x = (1 if i % 2 else -1) * (edge + abs(self.rng.normal(0, 0.45)) * z * 0.5)
            self.prop(subject, float(x), float(z), scale, size, sway)
