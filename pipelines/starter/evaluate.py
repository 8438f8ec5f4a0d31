"""How well the starter obeys, as a table: every mode's request, asked of the saved model and judged on its frames.

    python -m pipelines.starter.evaluate --limit 50 --photos FOLDER --json FILE     the table, and all its numbers
    python -m pipelines.starter.evaluate --against assets/starter --model FOLDER    two models side by side
    python -m pipelines.starter.evaluate --prompts FILE --sheet FILE.png            a clip for every line, as pictures
    python -m pipelines.starter.evaluate --world large --limit 200                  of the larger world

Beside the model stand its like with random weights and a copier that hands back what it is given (`--against`). Of the
larger world (docs/world.md) a line of --prompts is judged by what its words say, and all that was judged is kept as
pictures in the folder --sheet.
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

from pipelines.checkpoints import model_info
from pipelines.starter.atlas.making import FILE
from pipelines.starter.baselines import Copier, untrained
from pipelines.starter.diorama import evaluation as large
from pipelines.starter.diorama.answering import BASELINES as STANDING
from pipelines.starter.diorama.answering import TRUE, Model, answering
from pipelines.starter.diorama.cases import CASES, Set
from pipelines.starter.diorama.evaluation import Asking
from pipelines.starter.diorama.judging import CPU, GPU, JUDGE, trained_judge, trust
from pipelines.starter.diorama.library import open_library
from pipelines.starter.diorama.prompts import understood
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
        right = " | ".join(_cell(score) for score in same)
        rows.append(f"| {same[0]['name']} | {same[0]['cases']} | {right} | {same[0]['detail']} |")
    return "\n".join(rows)


def _cell(score: dict[str, Any]) -> str:
    return str(score["right"]) if score.get("mean") is None else f"{score['right']} ({score['mean']:.3g})"


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
    parser.add_argument("--only", nargs="+", choices=tuple(dict.fromkeys((*QUESTIONS, *CASES))))
    parser.add_argument("--against", nargs="*", help="other starters' folders or baselines")
    parser.add_argument("--json", type=Path, default=Path("training/evaluation.json"))
    parser.add_argument("--prompts", type=Path, help="one a line: make a sheet of these instead of the table")
    parser.add_argument("--sheet", type=Path, help="file, or of the larger world folder, for pictures of the clips")
    parser.add_argument("--world", choices=("small", "large"), default="small")
    parser.add_argument("--atlas", type=Path, default=Path(".cache/world") / FILE, help="what `make world` made")
    parser.add_argument("--judge", type=Path, help="another judge's file; one is made where it is missing")
    parser.add_argument("--device", default="cpu", help="of the larger world: where to draw, learn and ask")
    options = parser.parse_args()
    known = tuple(QUESTIONS) if options.world == "small" else tuple(CASES)
    options.only = options.only or known
    if unknown := [name for name in options.only if name not in known]:
        parser.error(f"the {options.world} world has no question {unknown[0]}; it has {', '.join(known)}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    {"small": small_world, "large": large_world}[options.world](options)


def small_world(options: argparse.Namespace) -> None:
    """The table of the world that the present weights know, or a sheet."""
    if options.prompts is not None:
        prompts = [line.strip() for line in options.prompts.read_text().splitlines() if line.strip()]
        sheet = options.sheet or options.json.parent / "sheet.png"
        cv2.imwrite(str(sheet), cv2.cvtColor(contact_sheet(Sampler(options.model), prompts), cv2.COLOR_RGB2BGR))
        return
    kept = options.judge or options.json.parent / "judge.pt"
    against = tuple(BASELINES) if options.against is None else options.against
    result = evaluate(options.model, options.limit, options.photos, options.only, against, kept)
    options.json.write_text(json.dumps(result, indent=2))
    print(as_table(result["scores"]))
    print(f"judge {result['judge']}; a default clip took {result['seconds']} s")


def large_world(options: argparse.Namespace) -> None:
    """The table of the larger world, of its own questions or of the words in a file."""
    info = model_info(str(options.model), options.model.parent)
    library = open_library(options.atlas).to(options.device)
    judge = trained_judge(options.judge or JUDGE, library, CPU if options.device == "cpu" else GPU)
    lines = options.prompts.read_text().splitlines() if options.prompts is not None else ()
    wishes = tuple(understood(line.strip()) for line in lines if line.strip())
    asking = Asking(options.limit, options.only, wishes, options.photos)
    against = tuple(STANDING) if options.against is None else options.against
    models = {"model": Model(info, options.device)} | {
        name: answering(name, info, options.device) for name in against if not (wishes and name == TRUE)
    }
    rows = trust(judge, library, options.limit)
    where = Set(library, (info.width, info.height), info.num_frames)
    scores = large.evaluate(models, judge, where, asking, options.sheet or options.json.parent / "sheets")
    options.json.write_text(json.dumps({"judge": rows, "scores": scores}, indent=2))
    print(as_table(scores))
    print(f"judge {', '.join(f'{row} {right} of {cases}' for row, (right, cases) in rows.items())}")


if __name__ == "__main__":
    main()
