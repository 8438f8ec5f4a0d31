"""What a judge learns from: true renders of scenes that neither training nor any prompt shows, and their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pipelines.starter.diorama.drawing import draw
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.looks import dressed
from pipelines.starter.diorama.prompts import wish_of
from pipelines.starter.diorama.scenes import CAMERAS, LIGHTS, LOOKS, MOTIONS, PLACES, Cast, Scene
from pipelines.starter.diorama.setting import set_stage
from pipelines.starter.diorama.stage import Camera, Card, Stage
from pipelines.starter.diorama.subjects import COLOURS, KINDS, PEOPLE
from pipelines.starter.runs import save_whole

SIZE = (112, 64)  # pixels a judge sees
CELL = 8  # pixels of those, in which it is told where the subject is
DRAWN = (160, 96)  # pixels they are drawn at
MOMENTS, STEP = 5, 4  # of a clip of 17 frames, every fourth
JUDGE_SEEDS = 2**31  # details of these scenes begin here; training's lie below
PERSON = "person"  # looks like a man, a woman or a child: no picture says it
ASKED: dict[str, tuple[str, ...]] = {
    "subject": tuple(name for name in KINDS if name != PERSON), "colour": tuple(COLOURS), "place": PLACES,
    "light": LIGHTS, "look": LOOKS, "motion": MOTIONS, "camera": CAMERAS,
}  # fmt: skip
NOTHING = -100  # what `cross_entropy` passes over: nothing there to be named


@dataclass(frozen=True, eq=False)
class Lessons:
    """`frames` (N, MOMENTS, 3, h, w) uint8; `where` (N, MOMENTS, 1, h / CELL, w / CELL) uint8 how much of each cell the
    subject fills; `answers` (N, len(ASKED)) index of the answer, NOTHING where there is none."""

    frames: Tensor
    where: Tensor
    answers: Tensor

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        save_whole({field.name: getattr(self, field.name) for field in fields(self)}, path)


def joined(parts: Sequence[Lessons]) -> Lessons:
    """Several as one."""
    return Lessons(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(Lessons)))


def load_lessons(path: Path) -> Lessons:
    """What `save` wrote."""
    return Lessons(**torch.load(path))


def lesson_scene(rng: np.random.Generator, subjects: Sequence[str]) -> Scene:
    """A scene of one of these subjects. All answers are as likely as each other where the place allows; mostly either
    the subject or the camera moves, as in what a model is asked."""
    subject = str(rng.choice(subjects))
    place = str(rng.choice(PLACES))
    lights = ("night",) if place == "space" else LIGHTS[:3] if place == "room" else LIGHTS
    able = [motion for motion in MOTIONS if motion != "walking" or KINDS[subject].walks]
    which = rng.random()
    motion = str(rng.choice(able)) if which < 0.55 else "still"
    camera = str(rng.choice(CAMERAS)) if which > 0.48 else "static"
    colour = str(rng.choice(tuple(COLOURS))) if rng.random() < 0.9 else None
    amounts = rng.uniform(0.45, 1.0, 2).round(2)
    return Scene(
        (Cast(subject, colour, motion, float(amounts[0])),), place, str(rng.choice(lights)), camera,
        float(amounts[1]), str(rng.choice(LOOKS)), JUDGE_SEEDS + int(rng.integers(2**31)),
    )  # fmt: skip


def answers_of(scene: Scene) -> list[int]:
    """The index of the right answer to each of ASKED, NOTHING where the scene has none."""
    wanted = wish_of(scene).wanted
    if scene.place == "space":
        del wanted["light"]  # there it is always night
    return [options.index(wanted[name]) if wanted.get(name) in options else NOTHING for name, options in ASKED.items()]


def is_right(question: str, wanted: str, seen: str) -> bool:
    """Whether an answer is the one wanted; any man, woman or child is a person."""
    return seen in PEOPLE if question == "subject" and wanted == PERSON else seen == wanted


def draw_lessons(rng: np.random.Generator, count: int, library: Library, batch: int = 4) -> Iterator[Lessons]:
    """So many scenes, a batch at a time, on the device the library is on; each in its own look and as a photo."""
    subjects = [name for name in ASKED["subject"] if name in library.things]
    for begin in range(0, count, batch):
        scenes = [lesson_scene(rng, subjects) for _ in range(min(batch, count - begin))]
        yield true_lessons(scenes, library, twice=True)


def true_lessons(scenes: Sequence[Scene], library: Library, twice: bool = False) -> Lessons:
    """These scenes at the moments a judge sees; with `twice` those of another look as a photo, too."""
    whole = STEP * (MOMENTS - 1) + 1
    stages = [every(set_stage(scene, DRAWN, whole, library), STEP) for scene in scenes]
    passes = draw(stages, DRAWN, library.textures, ("masks", "clay"))
    video = dressed(passes, [scene.look for scene in scenes])
    answers = [answers_of(scene) for scene in scenes]
    where = passes.masks.amax(dim=1, keepdim=True)
    again = [i for i, scene in enumerate(scenes) if twice and scene.look != "photo"]
    if again:
        video, where = torch.cat([video, passes.colour[again]]), torch.cat([where, where[again]])
        answers += [answers_of(replace(scenes[i], look="photo")) for i in again]
    return Lessons(small(video), small(where, CELL), torch.tensor(answers))


def small(video: Tensor, cell: int = 1) -> Tensor:
    """(B, C, F, H, W) in 0..1 -> (B, F, C, h, w) uint8 on the CPU, of SIZE, or a number for each of its cells."""
    frames = video.transpose(1, 2)
    shrunk = F.interpolate(frames.flatten(0, 1), size=(SIZE[1] // cell, SIZE[0] // cell), mode="area")
    return (shrunk * 255).round().clamp(0, 255).byte().unflatten(0, frames.shape[:2]).cpu()


def every(stage: Stage, step: int) -> Stage:
    """Every so many frames of a stage, just as they are in the whole clip; only its flow is another."""
    camera = Camera(stage.camera.eye[::step], stage.camera.axes[::step], stage.camera.focal[::step])
    sky = replace(stage.sky, drift=stage.sky.drift[::step])
    return Stage(camera, sky, tuple(_every(card, step) for card in stage.cards), stage.haze, stage.thickness)


def _every(card: Card, step: int) -> Card:
    rows = {field.name: getattr(card, field.name) for field in fields(card)}
    shorter: dict[str, Any] = {name: row[::step] for name, row in rows.items() if isinstance(row, np.ndarray)}
    return replace(card, **shorter)
