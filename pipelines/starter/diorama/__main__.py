"""Look at the larger world, and time it.

python -m pipelines.starter.diorama sheet --out sheet.png              random scenes with their captions
python -m pipelines.starter.diorama sheet --out sheet.png --passes     their depth, outline, motion, clay and mock-up
python -m pipelines.starter.diorama time --clips 8                     clips a second
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch

from pipelines.starter.atlas.making import FILE
from pipelines.starter.diorama.captions import plain_caption
from pipelines.starter.diorama.filming import film
from pipelines.starter.diorama.library import Library, open_library
from pipelines.starter.diorama.scenes import Scene, sample_scene
from pipelines.starter.diorama.sheets import sheet, strip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("sheet", "time"))
    parser.add_argument("--world", type=Path, default=Path(".cache/world") / FILE, help="what `make world` made")
    parser.add_argument("--out", type=Path, default=Path("sheet.png"))
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", default="192x112", help="width x height")
    parser.add_argument("--frames", type=int, default=17)
    parser.add_argument("--held", action="store_true", help="scenes that training never sees")
    parser.add_argument("--passes", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    library = open_library(options.world).to(options.device)
    rng = np.random.default_rng(options.seed)
    scenes = [sample_scene(rng, held=options.held) for _ in range(options.clips)]
    {"sheet": show, "time": measure}[options.task](options, library, scenes)


def show(options: argparse.Namespace, library: Library, scenes: list[Scene]) -> None:
    """Write a contact sheet."""
    size = tuple(int(side) for side in options.size.split("x"))
    rows = []
    for scene in scenes:
        made = film([scene], (size[0], size[1]), options.frames, library)
        last = options.frames - 1
        label = f"{plain_caption(scene)}"
        rows.append((label, strip(made.video, made.passes, 0, (0, last // 2, last), options.passes)))
    cv2.imwrite(str(options.out), cv2.cvtColor(sheet(rows, 1 if options.passes else 2), cv2.COLOR_RGB2BGR))


def measure(options: argparse.Namespace, library: Library, scenes: list[Scene]) -> None:
    """Print clips a second of processor time and of the clock, four at a time."""
    size = tuple(int(side) for side in options.size.split("x"))
    film(scenes[:1], (size[0], size[1]), options.frames, library)
    begun, spent = time.monotonic(), time.process_time()
    for i in range(0, len(scenes), 4):
        film(scenes[i : i + 4], (size[0], size[1]), options.frames, library)
    count = len(scenes)
    print(f"{count / (time.process_time() - spent):.2f} clips a processor second, "
          f"{count / (time.monotonic() - begun):.2f} a second by the clock")  # fmt: skip


if __name__ == "__main__":
    main()
