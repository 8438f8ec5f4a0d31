"""The stages of making the starter, one command each, in order; each may be stopped and started again.

    python -m pipelines.starter.train vae --minutes 40          the autoencoder
    python -m pipelines.starter.train freeze                    its latent statistics; from here on it stays as it is
    python -m pipelines.starter.train clips --minutes 30        clips as latents; may run beside the next; not on a GPU
    python -m pipelines.starter.train words                     the text encoder, by itself
    python -m pipelines.starter.train transformer --minutes 60  the transformer and the text encoder
    python -m pipelines.starter.train distil --minutes 20       a student of few steps and no second pass
    python -m pipelines.starter.train export --out FOLDER       the student, or the transformer where there is none

All work happens in `--folder` (training/ unless told otherwise): `real/` may hold pictures, a file `PAUSE` makes every
stage wait. With `--device cuda` the same code trains on a GPU, where the last stages draw their clips themselves.
Several processes share one training when started with
`python -m torch.distributed.run --nproc-per-node 2 -m pipelines.starter.train ...`: on a CPU two of one thread each
(OMP_NUM_THREADS=1) are faster than one of two.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
from diffusers import AutoencoderKLWan

from pipelines.starter.atlas.making import FILE
from pipelines.starter.bank import Drawing, Feed, Shards
from pipelines.starter.clips import NATIVE, LatentEncoder, make_clips, produce, sample_shape
from pipelines.starter.diorama.library import open_library
from pipelines.starter.export import export
from pipelines.starter.photos import Frames
from pipelines.starter.shots import ShotSource, world_clips
from pipelines.starter.text import build_text_encoder, build_tokenizer
from pipelines.starter.train_distil import distil, to_export
from pipelines.starter.train_transformer import train_transformer
from pipelines.starter.train_vae import latent_statistics, train_vae
from pipelines.starter.train_words import teach_words
from pipelines.starter.vae import build_vae
from pipelines.starter.vocabulary import all_words

WORLD_CLIPS = {"cpu": 120, "cuda": 1200}  # at hand while the autoencoder is trained
STATISTICS = ((1, 40), (9, 8))  # frames, and how many clips the latents' statistics are of
WORDS_STEPS = 500
PREVIEWED = 24  # clips that the small pictures of unfinished latents are fitted to


def _source(options: argparse.Namespace) -> ShotSource:
    """Clips of the larger world, drawn on the device."""
    library = open_library(options.world).to(options.device)
    return ShotSource(time.time_ns() % 2**31, library, options.folder / "real")


def _feed(options: argparse.Namespace, encoder: LatentEncoder) -> Feed:
    """What `clips` has written and writes, or, on a GPU, clips drawn when they are needed."""
    if options.device == "cpu":
        return Shards(options.folder / "cache")
    return Drawing(_source(options), encoder)


def run_vae(options: argparse.Namespace) -> None:
    source, kind = _source(options), "cpu" if options.device == "cpu" else "cuda"

    def draw(count: int) -> list[Frames]:
        return world_clips(source.shots(NATIVE, 17, count))

    train_vae(
        options.folder, options.folder / "real", draw, WORLD_CLIPS[kind], options.minutes, options.late, options.device,
        options.compile, options.begin_with and options.begin_with / "vae",
    )  # fmt: skip


def run_freeze(options: argparse.Namespace) -> None:
    """Measure the latents on pictures and short clips alike, and save the autoencoder the other stages use."""
    vae = build_vae()
    vae.load_state_dict(torch.load(options.folder / "vae.pt", map_location="cpu")["vae"])
    source = _source(options)
    clips = [shot.frames for frames, count in STATISTICS for shot in source.shots(NATIVE, frames, count)]
    mean, std = latent_statistics(vae.eval(), clips)
    # half-whitened: channels of little spread (fine detail) keep less than unit variance, so that they are denoised
    # late and do not drown the loss of those that carry layout and colour
    std = [round((value * max(std)) ** 0.5, 5) for value in std]
    vae.register_to_config(latents_mean=mean, latents_std=std)
    vae.save_pretrained(options.folder / "vae")


def run_clips(options: argparse.Namespace) -> None:
    width, height = (int(side) for side in options.size.split("x")) if options.size else NATIVE
    fixed = ((width, height), options.frames)
    produce(
        _source(options), _encoder(options), options.folder / "cache", options.minutes,
        (lambda _: fixed) if options.size else sample_shape,
    )  # fmt: skip


def run_words(options: argparse.Namespace) -> None:
    tokenizer = build_tokenizer(all_words())
    text = build_text_encoder(len(tokenizer)).to(options.device)
    print(f"{teach_words(text, tokenizer, WORDS_STEPS, seed=0):.3f} nats a question")
    text.save_pretrained(options.folder / "text_encoder")


def run_transformer(options: argparse.Namespace) -> None:
    encoder = _encoder(options)
    feed = _feed(options, encoder)
    train_transformer(options.folder, feed, encoder, options.minutes, options.compile, options.begin_with)


def run_distil(options: argparse.Namespace) -> None:
    encoder = _encoder(options)
    distil(options.folder, _feed(options, encoder), encoder, options.minutes, options.compile, options.begin_with)


def run_export(options: argparse.Namespace) -> None:
    encoder = LatentEncoder(_frozen(options.folder))
    model, defaults = to_export(options.folder)
    print(f"{defaults.num_inference_steps} steps, guidance {defaults.guidance_scale:g}")
    source = _source(options)
    clips = make_clips(source, encoder, (NATIVE, 9), PREVIEWED)
    export(encoder, model, clips, options.out, defaults)


def _encoder(options: argparse.Namespace) -> LatentEncoder:
    return LatentEncoder(_frozen(options.folder), options.device, options.compile)


def _frozen(folder: Path) -> AutoencoderKLWan:
    return AutoencoderKLWan.from_pretrained(folder / "vae")


STAGES = {
    "vae": run_vae,
    "freeze": run_freeze,
    "clips": run_clips,
    "words": run_words,
    "transformer": run_transformer,
    "distil": run_distil,
    "export": run_export,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=tuple(STAGES))
    parser.add_argument("--folder", type=Path, default=Path("training"))
    parser.add_argument("--minutes", type=float, default=30, help="how long, counting what earlier runs spent")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--compile", action="store_true", help="compile the networks first; pays on long runs")
    parser.add_argument("--late", action="store_true", help="vae: add the longest clips and the widest view")
    parser.add_argument("--size", help="clips: width x height of all; left out, every size and length of the mix")
    parser.add_argument("--frames", type=int, default=17, help="clips: with --size, frames in each, 4k + 1")
    parser.add_argument("--begin-with", type=Path, help="an exported starter whose weights a new training begins with")
    parser.add_argument("--world", type=Path, default=Path(".cache/world") / FILE, help="what `make world` made")
    parser.add_argument("--out", type=Path, help="export: the folder to write")
    options = parser.parse_args()
    if options.stage == "export" and options.out is None:
        parser.error("export needs --out, the folder to write.")
    options.folder.mkdir(parents=True, exist_ok=True)
    if "WORLD_SIZE" in os.environ:
        dist.init_process_group()
    STAGES[options.stage](options)


if __name__ == "__main__":
    main()
