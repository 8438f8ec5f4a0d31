"""How a judge is made, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from pipelines.checkpoints import ASSETS
from pipelines.media.publish import published
from pipelines.starter.diorama.judge import LOOKED_AT, WATCHED, WHERE, Judge
from pipelines.starter.diorama.lessons import (
    ASKED,
    JUDGE_SEEDS,
    NOTHING,
    PERSON,
    Lessons,
    draw_lessons,
    is_right,
    joined,
    load_lessons,
    true_lessons,
)
from pipelines.starter.diorama.library import Library
from pipelines.starter.diorama.prompts import held_out_scenes, wish_of
from pipelines.starter.diorama.recogniser import RECOGNISED, cut_out
from pipelines.starter.diorama.subjects import PEOPLE
from pipelines.starter.diorama.varying import motion_lessons, softened, softly, varied
from pipelines.starter.runs import Checkpoint, half_precision

JUDGE = ASSETS / "judge" / "judge.safetensors"  # one of effort CPU
TRUST_SEEDS = 2 * JUDGE_SEEDS  # details of the scenes a judge is examined on begin here
FINDING = 5.0  # how much finding the subject counts beside each question: all else is read from where it was found
TOLD = 0.3  # cut-outs made where the subject is known to be; the others are where it was found, as in use


@dataclass(frozen=True)
class Effort:
    """How much a judge learns: from so many scenes, in so many steps of `batch` frames, twice as many of cut-outs and
    as many of clips, with networks so wide."""

    scenes: int
    steps: int
    batch: int = 96
    width: int = 24


CHUNK = 300  # scenes a file
CPU = Effort(scenes=12_000, steps=2_200)  # 10 minutes of two cores to draw, 42 or less to learn
GPU = Effort(scenes=40_000, steps=20_000, batch=256, width=64)


def trained_judge(kept: Path, library: Library, effort: Effort, seed: int = 9) -> Judge:
    """A trained judge on the device the library is on, from the file it is `kept` in where that is there already. What
    it learns from is kept beside it, a few hundred scenes a file, and so is how far it has come: all of it may be
    stopped and gone on with."""
    device = library.textures.texels.device
    if kept.exists():
        return load_judge(kept, device)
    kept.parent.mkdir(parents=True, exist_ok=True)
    lessons = _kept_lessons(kept, library, effort, seed)
    torch.manual_seed(seed)
    judge = Judge(effort.width).to(device)
    unfinished = {part: kept.with_name(f"{kept.stem}-{part}.pt") for part in ("looker", "recogniser", "watcher")}
    teach(judge, lessons, effort, seed, unfinished)
    save_judge(judge, kept)
    for path in unfinished.values():
        path.unlink()
    return load_judge(kept, device)


def save_judge(judge: Judge, path: Path) -> None:
    """Write its weights, float16, whole or not at all."""
    weights = {name: part.half() if part.is_floating_point() else part for name, part in judge.state_dict().items()}
    with published(path) as part:
        save_file(weights, part, {"width": str(judge.width)})


def load_judge(path: Path, device: str | torch.device = "cpu") -> Judge:
    """What `save_judge` wrote, float32."""
    with safe_open(path, "pt") as file:
        judge = Judge(int(file.metadata()["width"]))
        judge.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 no mapping
    return judge.to(device)


def _kept_lessons(kept: Path, library: Library, effort: Effort, seed: int) -> Lessons:
    """Those of the files beside the judge's, and of more where they are too few."""
    batch = 4 if library.textures.texels.device.type == "cpu" else 64
    parts = []
    for number, begin in enumerate(range(0, effort.scenes, CHUNK)):
        path = kept.with_name(f"{kept.stem}-lessons-{number}.pt")
        if not path.exists():
            rng = np.random.default_rng([seed, number])
            joined(list(draw_lessons(rng, min(CHUNK, effort.scenes - begin), library, batch))).save(path)
        parts.append(load_lessons(path))
    return joined(parts)


def teach(judge: Judge, lessons: Lessons, effort: Effort, seed: int, files: dict[str, Path]) -> None:
    """Teach all three, each of which goes on from its file, if there is one."""
    device = next(judge.parameters()).device
    drawing = torch.Generator().manual_seed(seed)
    rng = np.random.default_rng(seed)

    def frames() -> tuple[Tensor, Tensor, Tensor]:
        clip = torch.randint(len(lessons.frames), (effort.batch,), generator=drawing)
        moment = torch.randint(lessons.frames.shape[1], (effort.batch,), generator=drawing)
        seen, where = (part[clip, moment].to(device).float() / 255 for part in (lessons.frames, lessons.where))
        return seen, where, lessons.answers[clip].to(device)

    def pictures() -> tuple[Tensor, Tensor, Tensor]:
        seen, where, answers = frames()
        return *varied(seen, where, drawing), answers

    _learn(judge.looker, pictures, LOOKED_AT, effort.steps, files["looker"])

    judge.looker.eval()

    def cut_outs() -> tuple[Tensor, None, Tensor]:
        seen, where, answers = frames()
        seen = softly(seen, drawing)
        with torch.no_grad():
            found = judge.looker(seen)[WHERE].float().sigmoid()
        told = (torch.rand(len(seen), 1, 1, 1, generator=drawing) < TOLD).to(device)
        return cut_out(seen, torch.where(told, where, found), drawing), None, answers

    _learn(judge.recogniser, cut_outs, RECOGNISED, 2 * effort.steps, files["recogniser"])
    motions, answers = motion_lessons(lessons, rng)

    def clips() -> tuple[Tensor, None, Tensor]:
        pick = torch.randint(len(motions), (effort.batch,), generator=drawing)
        noisy = motions[pick].to(device).float()
        return noisy + 0.03 * torch.randn_like(noisy), None, answers[pick].to(device)

    _learn(judge.watcher, clips, WATCHED, effort.steps, files["watcher"])


def _learn(
    network: nn.Module, lessons: Callable[[], tuple[Tensor, Tensor | None, Tensor]], names: Sequence[str], steps: int,
    path: Path,
) -> None:  # fmt: skip
    """So many steps of AdamW on one cycle, those before a stop included; `lessons` gives what it sees, where in it the
    subject is, if it is asked that, and the answers to all of ASKED."""
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.03)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps)
    column = {name: list(ASKED).index(name) for name in names}
    network.train()
    checkpoint = Checkpoint(
        path, {"network": network, "optimiser": optimiser, "schedule": schedule}, next(network.parameters()).device.type
    )
    for step in range(schedule.last_epoch, steps):
        seen, where, answers = lessons()
        with half_precision(seen.device.type):
            scores = network(seen)
        loss = torch.zeros((), device=seen.device)
        if where is not None:
            loss = loss + FINDING * F.binary_cross_entropy_with_logits(scores[WHERE].float(), where)
        for name in names:
            right = answers[:, column[name]]
            if (right != NOTHING).any():
                loss = loss + F.cross_entropy(scores[name].float(), right, ignore_index=NOTHING, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        checkpoint.keep(over=step + 1 == steps)


def trust(judge: Judge, library: Library, cases: int, seed: int = 10) -> dict[str, tuple[int, int]]:
    """By row of the table: how many true renders, softened as an autoencoder would, it names rightly, and of how many.
    The scenes are those of the prompts, as often as needed, with seeds that nothing else draws."""
    rng = np.random.default_rng(seed)
    known = {*library.things, *((PERSON,) if library.things.keys() & set(PEOPLE) else ())}
    asked = [scene for scene in held_out_scenes() if scene.cast[0].subject in known]
    found: dict[str, list[bool]] = {}
    for i in range(cases):
        scene = replace(asked[i % len(asked)], detail=TRUST_SEEDS + i)
        frames = true_lessons([scene], library).frames[0].permute(0, 2, 3, 1).numpy()
        seen = judge.name(softened(rng, frames))
        for row, (question, wanted) in wish_of(scene).rows().items():
            found.setdefault(row, []).append(is_right(question, wanted, seen[question]))
    return {row: (sum(right), len(right)) for row, right in found.items()}
