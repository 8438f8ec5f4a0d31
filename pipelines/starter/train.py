"""The stages of making the starter, in order; each may be stopped and started again.

    python -m pipelines.starter.train draw --minutes 60         clips and what is given of them; may run beside the rest
    python -m pipelines.starter.train vae --minutes 40          the autoencoder
    python -m pipelines.starter.train freeze                    its latent statistics; from here on it stays as it is
    python -m pipelines.starter.train clips --minutes 30        what is drawn, as latents; may run beside the next
    python -m pipelines.starter.train plain --frames 1          pictures and their words alone; as latents at once
    python -m pipelines.starter.train words                     the text encoder, by itself: looks, and what words tell
    python -m pipelines.starter.train transformer --minutes 60  the transformer and the text encoder
    python -m pipelines.starter.train average --of A.pt B.pt    the mean of two such trainings, or of two decoders'
    python -m pipelines.starter.train distil --minutes 20       a student of few steps and no second pass
    python -m pipelines.starter.train decoder --minutes 30      the autoencoder's decoder, on what the transformer makes
    python -m pipelines.starter.train export --out FOLDER       the student, or the transformer where there is none

All work happens in `--folder` (training/ unless told otherwise): `real/` may hold pictures, a file `PAUSE` makes every
stage wait. With `--device cuda` the same code trains on a GPU. `--workers` are processes beside the one that learns,
which draw or make batches ready: as many as there are cores to spare. With them `plain` draws pixels for `clips`.
Several processes share one training when started with
`python -m torch.distributed.run --nproc-per-node 2 -m pipelines.starter.train ...`: on a CPU two of one thread each
(OMP_NUM_THREADS=1) are faster than one of two.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import cv2
import torch
import torch.distributed as dist

from pipelines.errors import InputError
from pipelines.starter.atlas.making import FILE
from pipelines.starter.clips import LatentEncoder, encode_drawn, frozen_encoder, load_shard
from pipelines.starter.diorama.library import open_library
from pipelines.starter.exercises import NATIVE, awaited, draw, drawn, load_exercises, sample_shape
from pipelines.starter.export import export
from pipelines.starter.looks import pictures_of_one
from pipelines.starter.plain import PlainSource, film_plain
from pipelines.starter.runs import mean_of
from pipelines.starter.shots import ShotSource
from pipelines.starter.text import build_text_encoder
from pipelines.starter.train_decoder import best_autoencoder, train_decoder
from pipelines.starter.train_distil import distil, to_export
from pipelines.starter.train_transformer import train_transformer
from pipelines.starter.train_vae import latent_statistics, train_vae
from pipelines.starter.train_words import teach_looks, teach_words
from pipelines.starter.vae import build_vae
from pipelines.starter.vocabulary import world_tokenizer

WORDS_STEPS = 1500
MEASURED = (30, 4, 9)  # files, clips of each, and frames of those: what the latents' statistics are of
PREVIEWED = 24  # clips that the small pictures of unfinished latents are fitted to


def run_draw(options: argparse.Namespace) -> None:
    _drawing(options, _draw)


def _drawing(options: argparse.Namespace, drawing: Callable[[argparse.Namespace], None]) -> None:
    """Draw in this process, or in as many workers as there are to be."""
    if not options.workers:
        drawing(options)
        return
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_aside, args=(drawing, options)) for _ in range(options.workers)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("Drawing failed; what went wrong is written above.")


def _aside(drawing: Callable[[argparse.Namespace], None], options: argparse.Namespace) -> None:
    """One worker's part: a core each, so none has threads of its own, and all give way to one that learns."""
    os.nice(10)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    drawing(options)


def _draw(options: argparse.Namespace) -> None:
    source = ShotSource(_seed(), open_library(options.world).to(options.device), options.folder / "real")
    width, height = (int(side) for side in options.size.split("x")) if options.size else (0, 0)
    fixed = ((width, height), options.frames)
    draw(source, options.folder / "drawn", options.minutes, (lambda _: fixed) if options.size else sample_shape)


def _draw_plain(options: argparse.Namespace) -> None:
    source = PlainSource(_seed(), open_library(options.world).to(options.device))
    draw(source, options.folder / "drawn", options.minutes, lambda _: (NATIVE, options.frames))


def _seed() -> int:
    """Of one process's drawing, another each time."""
    return (time.time_ns() + os.getpid()) % 2**31


def run_vae(options: argparse.Namespace) -> None:
    train_vae(
        options.folder, options.minutes, options.late, options.device,
        options.begin_with and options.begin_with / "vae", options.workers,
    )  # fmt: skip


def run_freeze(options: argparse.Namespace) -> None:
    """Measure the latents on pictures and short clips alike, and save the autoencoder the other stages use."""
    vae = build_vae()
    vae.load_state_dict(torch.load(options.folder / "vae.pt", map_location="cpu")["vae"])
    files, clips, frames = MEASURED
    found = [one for path in awaited(options.folder / "drawn")[:files] for one in load_exercises(path)[:clips]]
    mean, std = latent_statistics(vae.eval().to(options.device), [one.frames[:frames] for one in found])
    # half-whitened: channels of little spread (fine detail) keep less than unit variance, so that they are denoised
    # late and do not drown the loss of those that carry layout and colour
    std = [round((value * max(std)) ** 0.5, 5) for value in std]
    vae.register_to_config(latents_mean=mean, latents_std=std)
    shutil.rmtree(options.folder / "vae", ignore_errors=True)
    vae.save_pretrained(options.folder / "vae.tmp")
    (options.folder / "vae.tmp").rename(options.folder / "vae")


def run_clips(options: argparse.Namespace) -> None:
    encoder = frozen_encoder(options.folder, options.device)
    encode_drawn(options.folder / "drawn", encoder, options.folder / "cache", options.minutes)


def run_plain(options: argparse.Namespace) -> None:
    """Draw and encode in this process; or let workers draw, for the stage `clips` to encode."""
    if options.workers:
        _drawing(options, _draw_plain)
        return
    source = PlainSource(_seed(), open_library(options.world).to(options.device))
    encoder = frozen_encoder(options.folder, options.device)
    film_plain(source, encoder, options.folder / "cache", options.frames, options.minutes)


def run_words(options: argparse.Namespace) -> None:
    tokenizer = world_tokenizer()
    text = build_text_encoder(len(tokenizer)).to(options.device)
    scenes, latents = pictures_of_one([load_shard(path) for path in awaited(options.folder / "cache")])
    teach_looks(text, tokenizer, scenes, latents)
    print(f"{teach_words(text, tokenizer, WORDS_STEPS, seed=0):.3f} nats a question")
    text.save_pretrained(options.folder / "text_encoder")


def run_transformer(options: argparse.Namespace) -> None:
    train_transformer(
        options.folder, options.device, options.minutes, options.compile, options.begin_with, options.workers
    )


def run_average(options: argparse.Namespace) -> None:
    if missing := [str(path) for path in options.of if not path.is_file()]:
        raise InputError(f"--of: {', '.join(missing)} is not there; name checkpoints such as training/transformer.pt.")
    decoders = "critic" in torch.load(options.of[-1], map_location="cpu", mmap=True)
    mean_of(options.of, options.folder / ("decoder.pt" if decoders else "transformer.pt"))


def run_distil(options: argparse.Namespace) -> None:
    distil(options.folder, options.device, options.minutes, options.compile, options.begin_with, options.workers)


def run_decoder(options: argparse.Namespace) -> None:
    train_decoder(options.folder, options.minutes, options.device)


def run_export(options: argparse.Namespace) -> None:
    encoder = LatentEncoder(best_autoencoder(options.folder))
    model, defaults = to_export(options.folder)
    print(f"{defaults.num_inference_steps} steps, guidance {defaults.guidance_scale:g}")
    shards = (load_shard(path) for path in drawn(options.folder / "cache"))
    clips = (clip for shard in shards for clip in shard.clips[:4] if clip.latent_size[0] > 1)
    export(encoder, model, list(islice(clips, PREVIEWED)), options.out, defaults)


STAGES = {
    "draw": run_draw,
    "vae": run_vae,
    "freeze": run_freeze,
    "clips": run_clips,
    "plain": run_plain,
    "words": run_words,
    "transformer": run_transformer,
    "average": run_average,
    "distil": run_distil,
    "decoder": run_decoder,
    "export": run_export,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stages", nargs="+", choices=tuple(STAGES), metavar="stage", help=", ".join(STAGES))
    parser.add_argument("--folder", type=Path, default=Path("training"))
    parser.add_argument(
        "--minutes",
        type=float,
        nargs="+",
        default=[30.0],
        help="how long, with earlier runs; stage by stage",
    )
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--compile", action="store_true", help="compile the networks first; pays on long runs")
    parser.add_argument("--workers", type=int, default=0, help="processes that draw, or make batches ready")
    parser.add_argument("--late", action="store_true", help="vae: add the longest clips and the widest view")
    parser.add_argument("--size", help="draw: width x height of all; left out, every size and length of the mix")
    parser.add_argument("--frames", type=int, default=17, help="draw with --size, and plain: frames in each, 4k + 1")
    parser.add_argument("--begin-with", type=Path, help="an exported starter whose weights a new training begins with")
    parser.add_argument("--world", type=Path, default=Path(".cache/world") / FILE, help="what `make world` made")
    parser.add_argument("--of", type=Path, nargs="+", help="average: checkpoints of one descent")
    parser.add_argument("--out", type=Path, help="export: the folder to write")
    options = parser.parse_args()
    if options.device == "cuda":  # batches are of ever new sizes, and each would ask for memory of its own
        os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
    if "export" in options.stages and options.out is None:
        parser.error("export needs --out, the folder to write.")
    if "average" in options.stages and not options.of:
        parser.error("average needs --of, the checkpoints whose mean is wanted.")
    if len(options.minutes) not in (1, len(options.stages)):
        parser.error(f"--minutes has {len(options.minutes)} numbers for {len(options.stages)} stages; give one for all,"
                     " or one for each.")  # fmt: skip
    options.folder.mkdir(parents=True, exist_ok=True)
    if "WORLD_SIZE" in os.environ:
        dist.init_process_group()
    minutes = options.minutes * len(options.stages) if len(options.minutes) == 1 else options.minutes
    for stage, long in zip(options.stages, minutes, strict=True):
        options.minutes = long
        try:
            STAGES[stage](options)
        except InputError as error:
            parser.error(str(error))


if __name__ == "__main__":
    main()
