"""How well the starter obeys, as a table: every mode's request, asked of the saved model and judged on its frames.

    python -m pipelines.starter.evaluate --limit 50 --photos FOLDER --json FILE     the table, and all its numbers
    python -m pipelines.starter.evaluate --against assets/starter --model FOLDER    two models side by side
    python -m pipelines.starter.evaluate --prompts FILE --sheet FILE.png            a clip for every line, as pictures

Beside the model stand its like with random weights and a copier that hands back what it is given (`--against`).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pipelines.starter.baselines import Copier, untrained
from pipelines.starter.judge import train_judge
from pipelines.starter.questions import QUESTIONS, Answering, score_photos, tracker_trust
from pipelines.starter.sampler import Sampler

BASELINES: dict[str, Callable[[Path], Answering]] = {"random weights": untrained, "copy of the input": Copier}
SHOWN = (0, 4, 8, 12, 16)  # the frames of a clip on a contact sheet


def evaluate(
    folder: Path, limit: int, photos: Path | None, only: Sequence[str], against: Sequence[str], kept: Path
) -> dict[str, Any]:
    """The scores in the questions named of the saved model and of what it is held `against`, by title; how far the
    judge can be trusted, which is trained once and `kept`; and how many seconds a default clip took."""
    judge = train_judge(9, kept)
    trust = {**judge.trust(seed=10), "direction": tracker_trust(limit)}
    models: dict[str, Answering] = {"model": Sampler(folder)}
    started = time.monotonic()
    models["model"]("a red ball moving left", 0)
    seconds = time.monotonic() - started
    for name in against:
        models[name] = BASELINES[name](folder) if name in BASELINES else Sampler(Path(name))
    scores = {}
    for title, model in models.items():
        found = [score for name in only for score in QUESTIONS[name](model, judge, limit)]
        if photos is not None:
            found += score_photos(model, photos)
        scores[title] = [vars(score) for score in found]
    return {"judge": trust, "seconds": round(seconds, 2), "scores": scores}


def as_table(scores: dict[str, list[dict[str, Any]]]) -> str:
    """Markdown: a row for every question, a column of right answers for every model."""
    titles = list(scores)
    rows = [f"| asked | of | {' | '.join(titles)} | |", "|---" * (len(titles) + 3) + "|"]
    for same in zip(*scores.values(), strict=True):
        right = " | ".join(str(score["right"]) for score in same)
        rows.append(f"| {same[0]['name']} | {same[0]['cases']} | {right} | {same[0]['detail']} |")
    return "\n".join(rows)


def contact_sheet(model: Answering, prompts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(rows, width, 3) RGB: a row for every prompt, its words above frames of the clip."""
    rows = []
    for seed, prompt in enumerate(prompts):
        frames = np.hstack(list(model(prompt, seed)[list(SHOWN)]))
        words = np.full((22, frames.shape[1], 3), 255, np.uint8)
        cv2.putText(words, prompt, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (20, 20, 20), 1, cv2.LINE_AA)
        rows += [words, frames]
    return np.vstack(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("assets/starter"))
    parser.add_argument("--limit", type=int, default=50, help="cases of each question")
    parser.add_argument("--photos", type=Path, help="a folder of pictures to be set in motion")
    parser.add_argument("--only", nargs="+", choices=tuple(QUESTIONS), default=tuple(QUESTIONS))
    parser.add_argument("--against", nargs="*", default=tuple(BASELINES), help="other starters' folders or baselines")
    parser.add_argument("--json", type=Path, default=Path("training/evaluation.json"))
    parser.add_argument("--prompts", type=Path, help="one a line: make a sheet of these instead of the table")
    parser.add_argument("--sheet", type=Path, default=Path("training/sheet.png"))
    options = parser.parse_args()
    if options.prompts is not None:
        prompts = [line.strip() for line in options.prompts.read_text().splitlines() if line.strip()]
        cv2.imwrite(str(options.sheet), cv2.cvtColor(contact_sheet(Sampler(options.model), prompts), cv2.COLOR_RGB2BGR))
        return
    options.json.parent.mkdir(parents=True, exist_ok=True)
    kept = options.json.parent / "judge.pt"
    result = evaluate(options.model, options.limit, options.photos, options.only, options.against, kept)
    options.json.write_text(json.dumps(result, indent=2))
    print(as_table(result["scores"]))
    print(f"judge {result['judge']}; a default clip took {result['seconds']} s")


if __name__ == "__main__":
    main()
