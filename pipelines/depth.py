"""Relative depth of frames by Depth Anything V2 (Yang et al., arXiv 2406.09414), through transformers.

The small network is Apache-2.0 and optional: it is fetched into the data folder's models. This module knows
nothing of clips or windows; making depth steady over time is the caller's.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.checkpoints import CatalogueEntry
from pipelines.errors import ModelMissing
from pipelines.types import Frames

if TYPE_CHECKING:
    from transformers import PreTrainedModel

DEPTH_MODEL = "depth-anything-v2-small"
DEPTH_ENTRY = CatalogueEntry(
    DEPTH_MODEL,
    "Depth Anything V2 small",
    "depth-anything/Depth-Anything-V2-Small-hf",
    "main",
    0.1,
    0.5,
)
SHORT_SIDES = (252, 518)  # the network was trained at 518; small frames gain nothing from it
BATCH = 4
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def find_depth_model(models_dir: Path) -> Path | None:
    """Where the depth network lies on disk, or None."""
    folder = models_dir / DEPTH_MODEL
    return folder if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")) else None


def estimate_depth(frames: Frames, folder: Path) -> NDArray[np.float32]:
    """Relative inverse depth of each frame, larger = nearer, in no fixed unit.

    frames (F, H, W, 3) uint8 RGB -> (F, H, W) float32. Runs on a GPU when there is one.
    Raises ModelMissing when `folder` does not hold a network transformers can load.
    """
    import torch

    network, patch = _network(folder)
    height, width = frames.shape[1:3]
    short = int(np.clip(min(height, width), *SHORT_SIDES))
    scale = short / min(height, width)
    size = tuple(max(patch, round(side * scale / patch) * patch) for side in (width, height))
    mean, std = np.array(IMAGENET_MEAN, np.float32), np.array(IMAGENET_STD, np.float32)
    planes = []
    for start in range(0, len(frames), BATCH):
        batch = frames[start : start + BATCH]
        small = [cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC) for frame in batch]
        pixels = (np.stack(small).astype(np.float32) / 255 - mean) / std
        with torch.inference_mode():
            tensor = torch.from_numpy(pixels).permute(0, 3, 1, 2).to(network.device, network.dtype)
            predicted = network(pixel_values=tensor).predicted_depth.float().cpu().numpy()
        planes += [cv2.resize(plane, (width, height), interpolation=cv2.INTER_LINEAR) for plane in predicted]
    return np.stack(planes).astype(np.float32)


@lru_cache(maxsize=1)
def _network(folder: Path) -> tuple[PreTrainedModel, int]:
    """The network, loaded once per process, and the size of its patches in pixels."""
    import torch
    from transformers import AutoModelForDepthEstimation

    advice = f"Remove that folder and fetch it again with “python -m studio fetch {DEPTH_MODEL}”."
    try:
        network, report = AutoModelForDepthEstimation.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelMissing(f"The depth network in {folder} cannot be loaded ({error}). {advice}") from error
    if report["missing_keys"]:
        raise ModelMissing(f"The depth network in {folder} lacks some of its weights. {advice}")
    return network.to("cuda" if torch.cuda.is_available() else "cpu").eval(), int(network.config.patch_size)
