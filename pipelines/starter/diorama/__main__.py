"""Look at the world, and time it.

python -m pipelines.starter.diorama sheet --out sheet.png              random scenes with their captions
python -m pipelines.starter.diorama sheet --out sheet.png --passes     their depth, outline, motion, clay and mock-up
python -m pipelines.starter.diorama time --clips 8                     clips a second, with and without passes
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
from pipelines.starter.diorama.drawing import PASSES
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
    """Print clips a second of processor time and of the clock, four at a time: with every pass, and with masks alone;
    in turn, so that whatever else the machine does slows both."""
    width, height = (int(side) for side in options.size.split("x"))
    wanted: dict[str, tuple[str, ...]] = {"every pass": PASSES, "masks alone": ("masks",)}
    film(scenes[:1], (width, height), options.frames, library)
    clock, processor = dict.fromkeys(wanted, 0.0), dict.fromkeys(wanted, 0.0)
    for i in range(0, len(scenes), 4):
        for name, passes in wanted.items():
            begun, spent = time.monotonic(), time.process_time()
            film(scenes[i : i + 4], (width, height), options.frames, library, passes)
            clock[name] += time.monotonic() - begun
            processor[name] += time.process_time() - spent
    for name in wanted:
        print(f"{name}: {len(scenes) / processor[name]:.2f} clips a processor second, "
              f"{len(scenes) / clock[name]:.2f} a second by the clock")  # fmt: skip


if __name__ == "__main__":
    main()
