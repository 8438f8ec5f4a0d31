"""The table of the world: every question asked of every model, and pictures of what was judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines.starter.diorama.answering import Answering
from pipelines.starter.diorama.cases import CASES, Case, Set, photo_case, wish_case
from pipelines.starter.diorama.judge import Judge
from pipelines.starter.diorama.prompts import Wish
from pipelines.starter.diorama.questions import ROWS, Verdict
from pipelines.starter.diorama.sheets import sheet
from pipelines.starter.photos import Frames, load_pictures

SHOWN = 5  # moments of a clip on a contact sheet


@dataclass(frozen=True)
class Asking:
    """What is asked: `limit` cases of each of the questions `only`; of `wishes`, if there are any, the words alone;
    and pictures in the folder `photos` set in motion."""

    limit: int
    only: Sequence[str] = tuple(CASES)
    wishes: Sequence[Wish] = ()
    photos: Path | None = None

    def cases(self, where: Set) -> Iterator[tuple[str, Case]]:
        """Every question with its name, drawn when its turn comes."""
        if self.wishes:
            yield from (("text", wish_case(where, i, wish)) for i, wish in enumerate(self.wishes))
            return
        for name in self.only:
            yield from ((name, CASES[name](where, i)) for i in range(min(self.limit, len(where.scenes))))
        if self.photos is not None:
            pictures = load_pictures(self.photos)
            yield from (("photos", photo_case(where, i, picture)) for i, picture in enumerate(pictures))


@dataclass
class Tally:
    """One row of one column: how many cases were right, and the mean of the numbers behind them."""

    name: str
    right: int = 0
    cases: int = 0
    values: list[float] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        right, value = verdict
        self.right += bool(right)
        self.cases += 1
        self.values += [] if value is None else [value]

    def record(self) -> dict[str, Any]:
        """For the table and for JSON."""
        mean = round(float(np.mean(self.values)), 3) if self.values else None
        return {"name": self.name, "right": self.right, "cases": self.cases, "mean": mean}


def evaluate(
    models: Mapping[str, Answering], judge: Judge, where: Set, asking: Asking, pictures: Path
) -> dict[str, list[dict[str, Any]]]:
    """The rows of every model, by its title. What the first model made is kept as one sheet a question in the folder
    `pictures`, each clip with what it was wrong in."""
    tallies: dict[str, dict[str, Tally]] = {title: {} for title in models}
    shown: dict[str, list[tuple[str, Frames]]] = {}
    for name, case in asking.cases(where):
        begin, judged = ROWS[name]
        for column, (title, model) in enumerate(models.items()):
            frames = model(case)
            verdicts = judged(case, frames, judge)
            for row, verdict in verdicts.items():
                tallies[title].setdefault(begin + row, Tally(begin + row)).add(verdict)
            if column == 0:
                wrong = ", ".join(row for row, (right, _) in verdicts.items() if not right)
                label = f"{case.asked.prompt or name}{': not ' + wrong if wrong else ''}"
                shown.setdefault(name, []).append((label, _strip(frames)))
    pictures.mkdir(parents=True, exist_ok=True)
    for name, rows in shown.items():
        page = sheet(rows, 2 if len(rows) > 1 else 1)
        cv2.imwrite(str(pictures / f"{name}.png"), cv2.cvtColor(page, cv2.COLOR_RGB2BGR))
    return {title: [tally.record() for tally in rows.values()] for title, rows in tallies.items()}


def as_table(scores: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Markdown: a row for every question, a column of right answers for every model, means in brackets."""
    rows = [f"| asked | of | {' | '.join(scores)} |", "|---" * (len(scores) + 2) + "|"]
    for same in zip(*scores.values(), strict=True):
        rows.append(f"| {same[0]['name']} | {same[0]['cases']} | {' | '.join(_cell(score) for score in same)} |")
    return "\n".join(rows)


def _cell(score: Mapping[str, Any]) -> str:
    return str(score["right"]) if score["mean"] is None else f"{score['right']} ({score['mean']:.3g})"


def _strip(frames: Frames) -> Frames:
    """(H, W, 3) some moments side by side."""
    return np.hstack(list(frames[np.linspace(0, len(frames) - 1, SHOWN).round().astype(int)]))
