"""Small pipelines at the process border: real files, real folders, no network. Loaded inside real workers."""

from __future__ import annotations

import json
import os
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError, ModelMissing, OutOfMemory
from pipelines.media.metadata import recipe_metadata
from pipelines.media.write import write_video
from pipelines.registry import SERVICES
from pipelines.settings import Finishing, ImageFile
from pipelines.types import Clip, FrameStream, OnProgress, Progress, Request
from studio.jobs.worker import Loaded

LOADER = "tests.studio.jobs.fakes:load"


class PlainRequest(Request):
    mode: ClassVar[str] = "plain"


class PictureRequest(Request):
    mode: ClassVar[str] = "picture"
    image: ImageFile


class Plain:
    """The prompt is a little program: `slow 50` takes 50 steps of 20 ms, `fail`, `crash`, `oom`, `hang`, ..."""

    mode = "plain"
    title = "Plain"
    released = shrunk = False
    summary = "Makes a grey clip."
    request_type: type[Any] = PlainRequest

    @classmethod
    def prepare(cls, request: Any, info: ModelInfo) -> Any:
        if not request.prompt:
            raise InputError("The prompt is empty. Say what you want to see.")
        return request.model_copy(
            update={
                "width": request.width or info.width,
                "height": request.height or info.height,
                "num_frames": request.num_frames or info.num_frames,
                "frame_rate": request.frame_rate or info.frame_rate,
                "num_inference_steps": request.num_inference_steps or info.num_inference_steps,
                "guidance_scale": info.guidance_scale if request.guidance_scale is None else request.guidance_scale,
                "seed": 7 if request.seed is None else request.seed,
                "finishing": Finishing(upscale=1, frame_rate="16"),
            }
        )

    @classmethod
    def prompts(cls, request: Any, info: ModelInfo) -> dict[str, str]:
        return {"prompt": request.prompt}

    def __init__(self) -> None:
        self.model = self

    def release_memory(self) -> None:
        self.released = True

    def shrink(self) -> bool:
        if self.shrunk:
            return False
        self.shrunk = True
        return True

    def run(self, request: Any, folder: Path, on_progress: OnProgress, recipe: dict[str, Any]) -> Clip:
        word, _, rest = request.prompt.partition(" ")
        _misbehave(word, rest, folder, self)
        frame = np.full((request.height, request.width, 3), 90, np.uint8)
        steps = int(rest) if word == "slow" else request.num_inference_steps
        for step in range(steps):
            on_progress(Progress("denoise", step / steps, frame))
            _log(folder, f"{request.prompt} step {step}")
            time.sleep(0.02 if word == "slow" else 0)
        on_progress(Progress("decode", 1.0))
        frames = np.broadcast_to(frame, (request.num_frames, *frame.shape)).copy()
        stream = FrameStream(iter([frames]), request.width, request.height, Fraction(16), request.num_frames)
        clip = write_video(stream, folder / "clip.mp4", metadata=recipe_metadata(recipe))
        for latents in folder.glob("latents-*"):
            latents.unlink()
        return clip


class Picture(Plain):
    mode = "picture"
    request_type = PictureRequest


FAKES: dict[str, Any] = {Plain.mode: Plain, Picture.mode: Picture}


def load(model: str, models_dir: Path, device: str) -> Loaded:
    """What the worker calls in place of loading a real model."""
    if "missing" in Path(model).name:
        raise ModelMissing("The fake model is missing. Fetch it.")
    if "huge" in Path(model).name:
        raise OutOfMemory("The fake model does not fit. Choose a smaller one.")
    if "broken" in Path(model).name:
        raise RuntimeError("weights are of the wrong shape")
    while "awaited" in Path(model).name and not (models_dir / "come").exists():
        time.sleep(0.01)
    _log(models_dir, f"load {Path(model).name}")
    pipelines = {mode: pipeline() for mode, pipeline in FAKES.items()}
    for mode, real in SERVICES.items():
        pipelines[mode] = Plain()
        pipelines[mode].request_type = real.request_type
    return Loaded("A fake model", "cpu", pipelines)


def model_folder(root: Path, name: str = "fake") -> str:
    """A folder that says it is a small WanVACE model, for the side of the studio that never loads it."""
    described = {
        "model_index.json": {"_class_name": "WanVACEPipeline"},
        "vae/config.json": {"temperal_downsample": [False, True, True]},
        "transformer/config.json": {"patch_size": [1, 2, 2]},
        "scheduler/scheduler_config.json": {"flow_shift": 3.0},
        "septet.json": {
            "title": "A fake model",
            "native_size": [32, 32],
            "num_frames": 5,
            "num_inference_steps": 4,
            "frame_rate": 16.0,
        },
    }
    for file, content in described.items():
        path = root / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")
    return str(root / name)


def _misbehave(word: str, rest: str, folder: Path, model: Plain) -> None:
    first_time = not folder.name.endswith("-2")
    if word == "fail":
        raise InputError("This one cannot be done.")
    if word == "bug":
        raise KeyError("a bug")
    if word == "crash" or (word == "crash-once" and first_time):
        os.kill(os.getpid(), 9)
    if word == "oom" or (word == "oom-once" and not model.released) or (word == "oom-twice" and not model.shrunk):
        _log(folder, f"{word} released {model.released} shrunk {model.shrunk}")
        raise MemoryError("not enough memory")
    latents = folder / "latents-0000.safetensors"
    if word == "full-decode" and not latents.exists():
        latents.write_bytes(b"hours of work")
        (folder / "clip.mp4.part").touch()
        raise OSError(28, "No space left on device")
    if word == "crash-decode" and not latents.exists():
        latents.write_bytes(b"hours of work")
        os.kill(os.getpid(), 9)
    if word == "device-lost" and first_time:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    if word == "full":
        raise OSError(28, "No space left on device")
    if word == "hang":
        time.sleep(float(rest))


def _log(folder: Path, line: str) -> None:
    """Append to a log at the top of the data folder, for tests that ask what happened in which order."""
    top = next(parent for parent in (folder, *folder.parents) if (parent / "ledger.sqlite3").exists())
    with (top / "log").open("a") as log:
        log.write(line + "\n")
