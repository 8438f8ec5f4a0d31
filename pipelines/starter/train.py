"""The stages of making the starter, one command each, in order; each may be stopped and started again.

    python -m pipelines.starter.train vae --minutes 40          the autoencoder
    python -m pipelines.starter.train freeze                    its latent statistics; from here on it stays as it is
    python -m pipelines.starter.train clips --minutes 30        clips as latents; may run beside the next
    python -m pipelines.starter.train words                     the text encoder, by itself
    python -m pipelines.starter.train transformer --minutes 60  the transformer and the text encoder
    python -m pipelines.starter.train export --out assets/starter

All work happens in `--folder` (training/ unless told otherwise): `real/` may hold pictures, a file `PAUSE` makes every
stage wait. With `--device cuda` the same code trains on a GPU. Several processes share one training when started with
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

from pipelines.starter.captions import all_words
from pipelines.starter.clips import NATIVE, LatentEncoder, SceneSource, produce
from pipelines.starter.export import Defaults, export
from pipelines.starter.text import build_text_encoder, build_tokenizer
from pipelines.starter.train_transformer import ClipBank, train_transformer
from pipelines.starter.train_vae import latent_statistics, train_vae
from pipelines.starter.train_words import teach_words
from pipelines.starter.transformer import StarterModel
from pipelines.starter.vae import build_vae

WORLD_CLIPS = 160
WORDS_STEPS = 200


def _world_source(folder: Path) -> SceneSource:
    return SceneSource(time.time_ns() % 2**31, folder / "real")


def run_vae(options: argparse.Namespace) -> None:
    source = _world_source(options.folder)
    worlds = [source.clip(*NATIVE, 17).frames for _ in range(WORLD_CLIPS)]
    train_vae(
        options.folder, options.folder / "real", worlds, options.minutes, options.late, options.device, options.compile,
        options.begin_with and options.begin_with / "vae",
    )  # fmt: skip


def run_freeze(options: argparse.Namespace) -> None:
    """Measure the latents on pictures and short clips alike, and save the autoencoder the other stages use."""
    vae = build_vae()
    vae.load_state_dict(torch.load(options.folder / "vae.pt", map_location="cpu")["vae"])
    source = _world_source(options.folder)
    clips = [source.clip(*NATIVE, 1).frames for _ in range(40)] + [source.clip(*NATIVE, 9).frames for _ in range(8)]
    mean, std = latent_statistics(vae.eval(), clips)
    # half-whitened: channels of little spread (fine detail) keep less than unit variance, so that they are denoised
    # late and do not drown the loss of those that carry layout and colour
    std = [round((value * max(std)) ** 0.5, 5) for value in std]
    vae.register_to_config(latents_mean=mean, latents_std=std)
    vae.save_pretrained(options.folder / "vae")


def run_clips(options: argparse.Namespace) -> None:
    width, height = (int(side) for side in options.size.split("x"))
    produce(
        _frozen(options.folder), options.folder / "cache", options.folder / "real", options.minutes, (width, height),
        options.frames, compiled=options.compile,
    )  # fmt: skip


def run_words(options: argparse.Namespace) -> None:
    tokenizer = build_tokenizer(all_words())
    text = build_text_encoder(len(tokenizer))
    print(f"{teach_words(text, tokenizer, WORDS_STEPS, seed=0):.3f} nats a question")
    text.save_pretrained(options.folder / "text_encoder")


def run_transformer(options: argparse.Namespace) -> None:
    encoder = LatentEncoder(_frozen(options.folder), options.device)
    train_transformer(options.folder, encoder, options.minutes, options.device, options.compile, options.begin_with)


def run_export(options: argparse.Namespace) -> None:
    vae, model = _frozen(options.folder), StarterModel.build()
    model.load_state_dict(torch.load(options.folder / "transformer.pt", map_location="cpu")["average"])
    bank = ClipBank(options.folder / "cache", LatentEncoder(vae), 0)
    bank.refresh(limit=1000)
    export(vae, model, bank, options.out, Defaults())


def _frozen(folder: Path) -> AutoencoderKLWan:
    return AutoencoderKLWan.from_pretrained(folder / "vae")


STAGES = {
    "vae": run_vae,
    "freeze": run_freeze,
    "clips": run_clips,
    "words": run_words,
    "transformer": run_transformer,
    "export": run_export,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=tuple(STAGES))
    parser.add_argument("--folder", type=Path, default=Path("training"))
    parser.add_argument("--minutes", type=float, default=30, help="how long, counting what earlier runs spent")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compile", action="store_true", help="compile the networks first; pays on long runs")
    parser.add_argument("--late", action="store_true", help="vae: add the longest clips and the widest view")
    parser.add_argument("--size", default="160x96", help="clips: width x height")
    parser.add_argument("--frames", type=int, default=17, help="clips: frames in each, 4k + 1")
    parser.add_argument("--begin-with", type=Path, help="a saved starter whose weights a new training begins with")
    parser.add_argument("--out", type=Path, default=Path("assets/starter"))
    options = parser.parse_args()
    if "WORLD_SIZE" in os.environ:
        dist.init_process_group()
    STAGES[options.stage](options)


if __name__ == "__main__":
    main()
