"""Reading a model's weights into memory, on a device that may turn out to be too small for all of them."""

from __future__ import annotations

import gc
from typing import Any

import torch
from diffusers import WanVACEPipeline

from pipelines.checkpoints import ModelInfo
from pipelines.errors import ModelMissing, OutOfMemory, is_out_of_memory
from pipelines.placement import Placement, place


def load_within_memory(info: ModelInfo, placement: Placement) -> tuple[Placement, Any]:
    """The pipeline of a WanVACE folder and where its parts went: where they were wanted, or else less on the device.

    Raises ModelMissing, or OutOfMemory where the smallest way does not fit.
    """
    wanted: Placement | None = placement
    while wanted is not None:
        try:
            pipeline = _read(info, wanted)
            place(pipeline, wanted)
            return wanted, pipeline
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # outside the handler, where what was loaded is no longer held by its traceback
        pipeline = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        wanted = wanted.smaller()
    raise OutOfMemory(
        f"{info.title} does not fit into the memory of this machine ({placement.device}). "
        "Close other programs that use it, or choose a smaller model."
    )


def _read(info: ModelInfo, placement: Placement) -> Any:
    try:
        return WanVACEPipeline.from_pretrained(
            info.folder,
            dtype=placement.dtypes(),
            local_files_only=True,
            use_safetensors=True,
            low_cpu_mem_usage=True,
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelMissing(
            f"{info.title} cannot be loaded: its folder is incomplete or damaged ({type(error).__name__}). "
            "Fetch it again, or choose another model."
        ) from error
