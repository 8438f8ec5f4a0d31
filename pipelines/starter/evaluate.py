"""How well the starter obeys, as a table: every mode's request, asked of the saved model and judged on its frames.

    python -m pipelines.starter.evaluate --limit 50 --photos FOLDER --json FILE     the table, and all its numbers
    python -m pipelines.starter.evaluate --against assets/starter --model FOLDER    two models side by side
    python -m pipelines.starter.evaluate --prompts FILE --sheet FOLDER              a clip for every line, judged

Beside the model stand its like with random weights, a copier that hands back what it is given, and true renders
(`--against`). A line of --prompts is judged by what its words say. Of all that is judged, pictures are kept in the
folder --sheet. It needs the world's file (docs/world.md).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pipelines.checkpoints import model_info
from pipelines.starter.atlas.making import FILE
from pipelines.starter.diorama.answering import BASELINES, TRUE, Model, answering
from pipelines.starter.diorama.cases import CASES, Set
from pipelines.starter.diorama.evaluation import Asking, as_table, evaluate
from pipelines.starter.diorama.judging import CPU, GPU, JUDGE, trained_judge, trust
from pipelines.starter.diorama.library import open_library
from pipelines.starter.diorama.prompts import understood


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=Path("assets/starter"))
    parser.add_argument("--limit", type=int, default=50, help="cases of each question")
    parser.add_argument("--photos", type=Path, help="a folder of pictures to be set in motion")
    parser.add_argument("--only", nargs="+", choices=tuple(CASES), default=tuple(CASES))
    parser.add_argument("--against", nargs="*", default=tuple(BASELINES), help="other starters' folders or baselines")
    parser.add_argument("--json", type=Path, default=Path("training/evaluation.json"))
    parser.add_argument("--prompts", type=Path, help="one a line: ask these instead of the world's own")
    parser.add_argument("--sheet", type=Path, help="folder for pictures of the clips")
    parser.add_argument("--atlas", type=Path, default=Path(".cache/world") / FILE, help="what `make world` made")
    parser.add_argument("--judge", type=Path, default=JUDGE, help="another judge's file; made where it is missing")
    parser.add_argument("--device", default="cpu", help="where to draw, learn and ask")
    options = parser.parse_args()
    options.json.parent.mkdir(parents=True, exist_ok=True)
    info = model_info(str(options.model), options.model.parent)
    library = open_library(options.atlas).to(options.device)
    judge = trained_judge(options.judge, library, CPU if options.device == "cpu" else GPU)
    lines = options.prompts.read_text().splitlines() if options.prompts is not None else ()
    wishes = tuple(understood(line.strip()) for line in lines if line.strip())
    asking = Asking(options.limit, options.only, wishes, options.photos)
    models = {"model": Model(info, options.device)} | {
        name: answering(name, info, options.device) for name in options.against if not (wishes and name == TRUE)
    }
    rows = trust(judge, library, options.limit)
    where = Set(library, (info.width, info.height), info.num_frames)
    scores = evaluate(models, judge, where, asking, options.sheet or options.json.parent / "sheets")
    options.json.write_text(json.dumps({"judge": rows, "scores": scores}, indent=2))
    print(as_table(scores))
    print(f"judge {', '.join(f'{row} {right} of {cases}' for row, (right, cases) in rows.items())}")


if __name__ == "__main__":
    main()
