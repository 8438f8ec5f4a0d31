"""How well the starter obeys, as a table: every mode's request, asked of the saved model and judged on its frames.

`python -m pipelines.starter.evaluate [--model assets/starter] [--cases 50] [--photos FOLDER] [--only text ...]` prints
markdown and writes JSON. Nothing is pasted back: what is judged is what the model decoded. Known first frames are held
in place inside the loop, as in use.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.starter.captions import plain_caption
from pipelines.starter.clips import to_tensor
from pipelines.starter.conditioning import GREY
from pipelines.starter.judge import Judge, train_judge
from pipelines.starter.photos import Frames, load_pictures
from pipelines.starter.render import portrait, render
from pipelines.starter.sampler import FRAMES, HEIGHT, WIDTH, Sampler, psnr
from pipelines.starter.world import COLOURS, PLACES, Scene, sample_scene
from pipelines.structure import structure_frames

DIRECTIONS = ("left", "right", "up", "down", "towards", "away")


def colour_track(frames: Frames, colour: str) -> NDArray[np.float64]:
    """(F, 3): centre x, y and area of the pixels of a named colour in each frame; NaN where there are none."""
    target = cv2.cvtColor(np.array([[COLOURS[colour]]], np.uint8), cv2.COLOR_RGB2LAB)[0, 0].astype(np.float32)
    track = np.full((len(frames), 3), np.nan)
    for i, frame in enumerate(frames):
        lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.float32)
        weight = np.clip(1 - np.linalg.norm((lab - target) * (0.6, 1, 1), axis=2) / 42, 0, 1)
        if weight.sum() > 15:
            y, x = np.mgrid[0 : frame.shape[0], 0 : frame.shape[1]]
            track[i] = (weight * x).sum() / weight.sum(), (weight * y).sum() / weight.sum(), weight.sum()
    return track


def moved(frames: Frames, colour: str, motion: str) -> bool:
    """Whether the coloured thing moves as asked: left, right, up, down, towards or away."""
    track = colour_track(frames, colour)
    track = track[~np.isnan(track[:, 0])]
    if len(track) < 6:
        return False
    change = track[-4:].mean(axis=0) - track[:4].mean(axis=0)
    if motion in ("left", "right"):
        return bool((change[0] < 0) == (motion == "left") and abs(change[0]) > 8)
    if motion in ("up", "down"):
        return bool((change[1] < 0) == (motion == "up") and abs(change[1]) > 5)
    ratio = track[-4:, 2].mean() / track[:4, 2].mean()
    return bool(ratio > 1.3 if motion == "towards" else ratio < 0.77)


def tracker_trust(cases: int) -> float:
    """The share of true renders, softened as the autoencoder would, whose direction `moved` reads rightly."""
    rng, right = np.random.default_rng(606), 0
    for _ in range(cases):
        scene = _scene(rng, DIRECTIONS)
        frames = np.stack([cv2.GaussianBlur(f, (0, 0), 1.2) for f in render(scene, WIDTH, HEIGHT, FRAMES).frames])
        right += moved(frames, scene.colour or "", scene.motion)
    return right / cases


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


def score_text(sampler: Sampler, judge: Judge, cases: int) -> list[Score]:
    """Subject, colour and place as named by the judge; direction by tracking the colour."""
    scores = [Score("subject"), Score("colour"), Score("place"), Score("direction")]
    rng = np.random.default_rng(101)
    for i in range(cases):
        scene = _scene(rng, DIRECTIONS)
        frames = sampler(plain_caption(scene), seed=i)
        seen = judge.name(list(frames[4::4]))
        scores[0].add(seen["subject"] == scene.subject)
        scores[1].add(seen["colour"] == scene.colour)
        scores[2].add(seen["place"] == scene.place)
        scores[3].add(moved(frames, scene.colour or "", scene.motion))
    return scores


def score_first_frame(sampler: Sampler, cases: int) -> list[Score]:
    """Frame 0 given, no prompt: it must be that picture (against its own reconstruction), and something must move."""
    kept, alive, rng = Score("first frame kept"), Score("first frame moves"), np.random.default_rng(202)
    against_own, against_picture = [], []
    for i in range(cases):
        clip = render(_scene(rng, ("left", "right", "up", "down")), WIDTH, HEIGHT, FRAMES)
        video, mask = np.full_like(clip.frames, GREY), np.full(clip.mask.shape, 255, np.uint8)
        video[0], mask[0] = clip.frames[0], 0
        frames = sampler("", i, video, mask, held=1)
        with torch.inference_mode():
            own = sampler.decode(sampler.encode(to_tensor(clip.frames[:1]))[None])[0]
        against_own.append(psnr(frames[0], own))
        against_picture.append(psnr(frames[0], clip.frames[0]))
        kept.add(against_own[-1] > 30)
        alive.add(float(np.abs(frames[0].astype(int) - frames[-1].astype(int)).mean()) > 3)
    kept.detail = f"{np.mean(against_own):.1f} dB to its reconstruction, {np.mean(against_picture):.1f} to the picture"
    return [kept, alive]


def _correlation(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    return float(np.corrcoef(a.ravel().astype(np.float64), b.ravel().astype(np.float64))[0, 1])


def score_structure(sampler: Sampler, judge: Judge, cases: int) -> list[Score]:
    """Grey structure of one scene and a prompt with another colour: the form stays, the colour is the prompt's."""
    form, colour, rng = Score("structure kept"), Score("structure recoloured"), np.random.default_rng(303)
    found = []
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "up", "down"))
        clip = render(scene, WIDTH, HEIGHT, FRAMES)
        grey = structure_frames(clip.frames, "grey", 0)
        frames = sampler(plain_caption(scene), i, grey, np.full(clip.mask.shape, 255, np.uint8))
        found.append(_correlation(structure_frames(frames, "grey", 0), grey))
        form.add(found[-1] > 0.8)
        colour.add(judge.name(list(frames[4::4]))["colour"] == scene.colour)
    form.detail = f"mean correlation {np.mean(found):.3f}"
    return [form, colour]


def score_mask(sampler: Sampler, judge: Judge, cases: int) -> list[Score]:
    """The subject's box is to be made anew in another colour; outside stays."""
    inside, outside, rng = Score("mask: inside as asked"), Score("mask: outside kept"), np.random.default_rng(404)
    quality = []
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "still"))
        other = str(rng.choice([c for c in COLOURS if c != scene.colour]))
        clip = render(scene, WIDTH, HEIGHT, FRAMES)
        mask = np.stack([cv2.dilate(m, np.ones((11, 11), np.uint8)) for m in clip.mask])
        mask = np.where(mask > 127, 255, 0).astype(np.uint8)
        video = np.where(mask[..., None] > 0, np.uint8(GREY), clip.frames)
        asked = Scene(scene.subject, other, scene.place, scene.light, scene.motion, "static", 0)
        frames = sampler(plain_caption(asked), i, video, mask)
        inside.add(judge.name(list(frames[4::4]))["colour"] == other)
        keep = mask == 0
        quality.append(psnr(frames[keep], clip.frames[keep]))
        outside.add(quality[-1] > 18)
    outside.detail = f"{np.mean(quality):.1f} dB outside"
    return [inside, outside]


def score_reference(sampler: Sampler, judge: Judge, cases: int) -> list[Score]:
    """A picture of the subject on white and a prompt that says only what happens: colour and kind come from it."""
    colour, subject, rng = Score("reference: colour"), Score("reference: subject"), np.random.default_rng(505)
    for i in range(cases):
        scene = _scene(rng, ("left", "right", "still"))
        words = plain_caption(scene, unnamed=True)
        seen = judge.name(list(sampler(words, i, reference=portrait(scene, WIDTH, HEIGHT, rng))[4::4]))
        colour.add(seen["colour"] == scene.colour)
        subject.add(seen["subject"] == scene.subject)
    return [colour, subject]


def score_photos(sampler: Sampler, folder: Path) -> list[Score]:
    """Real photographs as frame 0, nothing pasted: at least 20 dB."""
    score, found = Score("real photo as first frame"), []
    for i, picture in enumerate(load_pictures(folder)):
        scale = max(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
        fitted = cv2.resize(picture, None, fx=scale * 1.001, fy=scale * 1.001, interpolation=cv2.INTER_AREA)
        top, left = (fitted.shape[0] - HEIGHT) // 2, (fitted.shape[1] - WIDTH) // 2
        photo = fitted[top : top + HEIGHT, left : left + WIDTH]
        video, mask = (
            np.full((FRAMES, HEIGHT, WIDTH, 3), GREY, np.uint8),
            np.full((FRAMES, HEIGHT, WIDTH), 255, np.uint8),
        )
        video[0], mask[0] = photo, 0
        found.append(psnr(sampler("", i, video, mask, held=1)[0], photo))
        score.add(found[-1] >= 20)
    score.detail = "dB " + ", ".join(f"{value:.1f}" for value in found)
    return [score]


QUESTIONS: dict[str, Callable[[Sampler, Judge, int], list[Score]]] = {
    "text": score_text,
    "first": lambda sampler, judge, cases: score_first_frame(sampler, cases),
    "structure": score_structure,
    "mask": score_mask,
    "reference": score_reference,
}


def evaluate(folder: Path, cases: int, photos: Path | None, only: Sequence[str], kept: Path) -> dict[str, object]:
    """The scores of the saved model in the questions named, and how long a default clip took; the judge is trained once
    and `kept`."""
    judge = train_judge(9, kept)
    trust = {**judge.trust(seed=10), "direction": tracker_trust(cases)}
    sampler = Sampler(folder)
    started = time.monotonic()
    sampler("a red ball moving left", 0)
    seconds = time.monotonic() - started
    scores = [score for name in only for score in QUESTIONS[name](sampler, judge, cases)]
    if photos is not None:
        scores += score_photos(sampler, photos)
    return {"judge": trust, "seconds": round(seconds, 2), "scores": [vars(score) for score in scores]}


def as_table(result: dict[str, object]) -> str:
    """The result as a markdown table."""
    rows = ["| asked | right | of | |", "|---|---|---|---|"]
    for score in result["scores"]:  # type: ignore[attr-defined]
        rows.append(f"| {score['name']} | {score['right']} | {score['cases']} | {score['detail']} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("assets/starter"))
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--out", type=Path, default=Path("training/evaluation.json"))
    parser.add_argument("--only", nargs="+", choices=tuple(QUESTIONS), default=tuple(QUESTIONS))
    options = parser.parse_args()
    result = evaluate(options.model, options.cases, options.photos, options.only, options.out.parent / "judge.pt")
    options.out.write_text(json.dumps(result, indent=2))
    print(as_table(result))
    print(f"judge {result['judge']}; a default clip took {result['seconds']} s")


if __name__ == "__main__":
    main()
