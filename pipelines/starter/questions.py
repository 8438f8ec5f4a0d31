"""What the starter is asked in pixels, a mode at a time, and how the answers are judged.

Nothing is pasted back: what is judged is what the model decoded. Known first frames are held in place inside the loop,
as in use. The seeds are fixed: every model is asked the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipelines.pixels import to_tensor
from pipelines.starter.captions import plain_caption
from pipelines.starter.judge import Judge
from pipelines.starter.photos import Frame, Frames, load_pictures
from pipelines.starter.render import Rendered, portrait, render
from pipelines.starter.sampler import FRAMES, HEIGHT, WIDTH, psnr
from pipelines.starter.tracking import moved
from pipelines.starter.world import COLOURS, PLACES, Scene, sample_scene
from pipelines.structure import structure_frames
from pipelines.types import NOTHING

DIRECTIONS = ("left", "right", "up", "down", "towards", "away")


class Answering(Protocol):
    """What can be asked: a sampler, or what stands beside it in the table."""

    def __call__(
        self, prompt: str, seed: int, video: Frames | None = None, mask: NDArray[np.uint8] | None = None,
        reference: Frame | None = None, held: int = 0,
    ) -> Frames: ...  # fmt: skip

    def encode(self, video: Tensor) -> Tensor: ...

    def decode(self, latents: Tensor) -> Frames: ...


@dataclass
class Score:
    """How many of the cases of one question were right, and a number worth knowing beside it."""

    name: str
    right: int = 0
    cases: int = 0
    detail: str = ""

    def add(self, right: bool) -> None:
        self.right += bool(right)
        self.cases += 1


def _scene(rng: np.random.Generator, motions: tuple[str, ...], light: str = "day") -> Scene:
    """A plain scene for a question: a subject that stands out from a place by day, no camera move."""
    drawn = sample_scene(rng, place=str(rng.choice(PLACES)), with_subject=True)
    motion = str(rng.choice(motions))
    light = "night" if drawn.place == "space" else light
    return Scene(drawn.subject, drawn.colour, drawn.place, light, motion, "static", drawn.detail)


def tracker_trust(cases: int) -> float:
    """The share of true renders, softened as the autoencoder would, whose direction `moved` reads rightly."""
    rng, right = np.random.default_rng(606), 0
    for _ in range(cases):
        scene = _scene(rng, DIRECTIONS)
        frames = np.stack([cv2.GaussianBlur(f, (0, 0), 1.2) for f in render(scene, WIDTH, HEIGHT, FRAMES).frames])
        right += moved(frames, scene.colour or "", scene.motion)
    return right / cases


def score_text(model: Answering, judge: Judge, cases: int) -> list[Score]:
    """Subject, colour and place as named by the judge; direction by tracking the colour."""
    scores = [Score("subject"), Score("colour"), Score("place"), Score("direction")]
    rng = np.random.default_rng(101)
    for i in range(cases):
        scene = _scene(rng, DIRECTIONS)
        frames = model(plain_caption(scene), seed=i)
        seen = judge.name(list(frames[4::4]))
        scores[0].add(seen["subject"] == scene.subject)
        scores[1].add(seen["colour"] == scene.colour)
        scores[2].add(seen["place"] == scene.place)
        scores[3].add(moved(frames, scene.colour or "", scene.motion))
    return scores


def score_first_frame(model: Answering, judge: Judge, cases: int) -> list[Score]:
    """Frame 0 given, no prompt: it must be that picture (against its own reconstruction), something must move, and what
    it shows must still be there in later frames."""
    kept, alive, rng = Score("first frame kept"), Score("first frame moves"), np.random.default_rng(202)
    stays = {name: Score(f"first frame: {name} stays") for name in ("subject", "colour", "place")}
    against_own, against_picture = [], []
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "up", "down"))
        clip = render(scene, WIDTH, HEIGHT, FRAMES)
        frames = _begun(model, "", clip, i)
        with torch.inference_mode():
            own = model.decode(model.encode(to_tensor(clip.frames[:1]))[None])[0]
        against_own.append(psnr(frames[0], own))
        against_picture.append(psnr(frames[0], clip.frames[0]))
        kept.add(against_own[-1] > 30)
        alive.add(float(np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean()) > 3)
        seen = judge.name(list(frames[4::4]))
        for name, score in stays.items():
            score.add(seen[name] == getattr(scene, name))
    kept.detail = f"{np.mean(against_own):.1f} dB to its reconstruction, {np.mean(against_picture):.1f} to the picture"
    return [kept, alive, *stays.values()]


def score_first_frame_named(model: Answering, judge: Judge, cases: int) -> list[Score]:
    """Frame 0 given and a prompt that says what it shows and does: that must still be there in later frames."""
    stays = {name: Score(f"first frame and words: {name} stays") for name in ("subject", "colour", "place")}
    rng = np.random.default_rng(202)
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "up", "down"))
        frames = _begun(model, plain_caption(scene), render(scene, WIDTH, HEIGHT, FRAMES), i)
        seen = judge.name(list(frames[4::4]))
        for name, score in stays.items():
            score.add(seen[name] == getattr(scene, name))
    return list(stays.values())


def _begun(model: Answering, prompt: str, clip: Rendered, seed: int) -> Frames:
    """What a model makes of a clip's first frame."""
    video, mask = np.full_like(clip.frames, NOTHING), np.full(clip.mask.shape, 255, np.uint8)
    video[0], mask[0] = clip.frames[0], 0
    return model(prompt, seed, video, mask, held=1)


def _correlation(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.corrcoef(a.ravel().astype(np.float64), b.ravel().astype(np.float64))[0, 1])


def score_structure(model: Answering, judge: Judge, cases: int) -> list[Score]:
    """Grey structure of one scene and a prompt with another colour: the form stays, the colour is the prompt's."""
    form, colour, rng = Score("structure kept"), Score("structure recoloured"), np.random.default_rng(303)
    found = []
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "up", "down"))
        clip = render(scene, WIDTH, HEIGHT, FRAMES)
        grey = structure_frames(clip.frames, "grey", 0)
        frames = model(plain_caption(scene), i, grey, np.full(clip.mask.shape, 255, np.uint8))
        found.append(_correlation(structure_frames(frames, "grey", 0), grey))
        form.add(found[-1] > 0.8)
        colour.add(judge.name(list(frames[4::4]))["colour"] == scene.colour)
    form.detail = f"mean correlation {np.mean(found):.3f}"
    return [form, colour]


def score_mask(model: Answering, judge: Judge, cases: int) -> list[Score]:
    """The subject's box is to be made anew in another colour; outside stays."""
    inside, outside, rng = Score("mask: inside as asked"), Score("mask: outside kept"), np.random.default_rng(404)
    quality = []
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "still"))
        other = str(rng.choice([c for c in COLOURS if c != scene.colour]))
        clip = render(scene, WIDTH, HEIGHT, FRAMES)
        mask = np.stack([cv2.dilate(m, np.ones((11, 11), np.uint8)) for m in clip.mask])
        mask = np.where(mask > 127, 255, 0).astype(np.uint8)
        video = np.where(mask[..., None] > 0, np.uint8(NOTHING), clip.frames)
        wanted = Scene(scene.subject, other, scene.place, scene.light, scene.motion, "static", 0)
        frames = model(plain_caption(wanted), i, video, mask)
        inside.add(judge.name(list(frames[4::4]))["colour"] == other)
        keep = mask == 0
        quality.append(psnr(frames[keep], clip.frames[keep]))
        outside.add(quality[-1] > 18)
    outside.detail = f"{np.mean(quality):.1f} dB outside"
    return [inside, outside]


def score_reference(model: Answering, judge: Judge, cases: int) -> list[Score]:
    """A picture of the subject on white and a prompt that says only what happens, and where: colour and kind come from
    the picture, the place from the words."""
    colour, subject, place = Score("reference: colour"), Score("reference: subject"), Score("reference: place as asked")
    rng = np.random.default_rng(505)
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "still"))
        words = plain_caption(scene, unnamed=True)
        seen = judge.name(list(model(words, i, reference=portrait(scene, WIDTH, HEIGHT, rng))[4::4]))
        colour.add(seen["colour"] == scene.colour)
        subject.add(seen["subject"] == scene.subject)
        place.add(seen["place"] == scene.place)
    return [colour, subject, place]


def score_photos(model: Answering, folder: Path) -> list[Score]:
    """Real photographs as frame 0, nothing pasted: at least 20 dB."""
    score, found = Score("real photo as first frame"), []
    for i, picture in enumerate(load_pictures(folder)):
        scale = max(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
        fitted = cv2.resize(picture, None, fx=scale * 1.001, fy=scale * 1.001, interpolation=cv2.INTER_AREA)
        top, left = (fitted.shape[0] - HEIGHT) // 2, (fitted.shape[1] - WIDTH) // 2
        photo = fitted[top : top + HEIGHT, left : left + WIDTH]
        video, mask = (
            np.full((FRAMES, HEIGHT, WIDTH, 3), NOTHING, np.uint8),
            np.full((FRAMES, HEIGHT, WIDTH), 255, np.uint8),
        )
        video[0], mask[0] = photo, 0
        found.append(psnr(model("", i, video, mask, held=1)[0], photo))
        score.add(found[-1] >= 20)
    score.detail = "dB " + ", ".join(f"{value:.1f}" for value in found)
    return [score]


QUESTIONS: dict[str, Callable[[Answering, Judge, int], list[Score]]] = {
    "text": score_text,
    "first": score_first_frame,
    "named": score_first_frame_named,
    "structure": score_structure,
    "mask": score_mask,
    "reference": score_reference,
}
