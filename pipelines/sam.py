"""The subject of a source by SAM 2 (Ravi et al., arXiv 2408.00714), through transformers, where it is on disk.

It points and follows in place of outlines and flow. Only the worker calls it: it needs torch. Frames are prepared here
as its processor prepares them, because that one asks for torchvision, which nothing else needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.checkpoints import CatalogueEntry
from pipelines.errors import ModelMissing
from pipelines.pointing import Mark, brushed
from pipelines.saliency import IMAGENET_MEAN, IMAGENET_STD
from pipelines.types import Frame

if TYPE_CHECKING:
    from torch import Tensor

SAM_MODEL = "sam2.1-hiera-tiny"
SAM_ENTRY = CatalogueEntry(SAM_MODEL, "SAM 2.1 tiny", "facebook/sam2.1-hiera-tiny", "main", 0.2, 1.0)
REMEMBERED = 32  # frames back whose answers are kept: twice what its memory looks at
LEFT_TOP, RIGHT_BOTTOM = 2, 3  # how it is told a box: two points with these labels

MaskFrame = NDArray[np.uint8]  # (H, W)


def find_sam(models_dir: Path) -> Path | None:
    """Where the network lies on disk, or None."""
    folder = models_dir / SAM_MODEL
    return folder if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")) else None


@dataclass(frozen=True)
class Sam:
    """Points and follows with the network in `folder`. Raises ModelMissing where that cannot be loaded."""

    folder: Path

    def pointed(self, frame: Frame, marks: Sequence[Mark], before: MaskFrame | None = None) -> MaskFrame:
        """(H, W, 3) uint8 RGB and what was marked on it -> (H, W) uint8, soft at the edges, as `pointed_mask` does.

        What belongs to the subject is seen at once and added to the mask before; where only clicks take away, what
        they are on is seen and taken away from it.
        """
        clicks = [mark for mark in marks if mark.at is not None or mark.box is not None]
        mask = np.zeros(frame.shape[:2], np.uint8) if before is None else before
        if clicks:
            adds = any(mark.include for mark in clicks)
            seen = _Sight(self.folder).look(frame, points=_points(clicks, turned=not adds))
            anew = adds and any(mark.box is not None for mark in clicks)
            mask = seen if anew else np.maximum(mask, seen) if adds else np.minimum(mask, 255 - seen)
        return brushed(mask, marks)

    def carrier(self, mask: MaskFrame) -> Callable[[Frame], MaskFrame]:
        """What follows a mask, (H, W) uint8: call it with each frame in order, the first being the mask's own."""
        sight = _Sight(self.folder)
        first = iter((mask,))

        def follow(frame: Frame) -> MaskFrame:
            given = next(first, None)
            if not mask.any():
                return mask
            seen = sight.look(frame, mask=given)
            return seen if given is None else given

        return follow


class _Sight:
    """One subject in a row of frames, and what the network remembers of it."""

    def __init__(self, folder: Path) -> None:
        from transformers.models.sam2_video.modeling_sam2_video import Sam2VideoInferenceSession

        self._network, self._side = _network(folder)
        device, dtype = self._network.device, self._network.dtype
        self._session: Any = Sam2VideoInferenceSession(
            inference_device=device, inference_state_device=device, video_storage_device=device, dtype=dtype
        )
        self._count = 0

    def look(
        self, frame: Frame, *, points: Sequence[tuple[float, float, int]] | None = None, mask: MaskFrame | None = None
    ) -> MaskFrame:
        """The subject's mask in the next frame; `points` (across, down, label) or `mask` say what it is there."""
        import torch

        height, width = frame.shape[:2]
        session, index = self._session, self._count
        if index == 0:
            session.video_height, session.video_width = height, width
        session.add_new_frame(self._prepared(frame), index)
        if points is not None or mask is not None:
            subject = session.obj_id_to_idx(1)
            if points is not None:
                session.add_point_inputs(subject, index, self._told(points))
            elif mask is not None:
                small = cv2.resize(mask, (self._side, self._side), interpolation=cv2.INTER_AREA) > 127
                session.add_mask_inputs(subject, index, torch.from_numpy(small)[None, None].float())
            session.obj_with_new_inputs = [1]
        with torch.inference_mode():
            answer = self._network(inference_session=session, frame_idx=index).pred_masks
        logits = cv2.resize(answer[0, 0].float().cpu().numpy(), (width, height), interpolation=cv2.INTER_LINEAR)
        self._forget(index)
        self._count += 1
        return np.rint(255 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.uint8)

    def _prepared(self, frame: Frame) -> Tensor:
        import torch

        small = cv2.resize(frame, (self._side, self._side), interpolation=cv2.INTER_LINEAR)
        pixels = (small.astype(np.float32) / 255 - IMAGENET_MEAN) / IMAGENET_STD
        return torch.from_numpy(pixels).permute(2, 0, 1)

    def _told(self, points: Sequence[tuple[float, float, int]]) -> dict[str, Tensor]:
        import torch

        places = torch.tensor([[x * self._side, y * self._side] for x, y, _label in points])
        labels = torch.tensor([label for _x, _y, label in points], dtype=torch.int32)
        return {"point_coords": places[None, None], "point_labels": labels[None, None]}

    def _forget(self, index: int) -> None:
        """Let go of what lies too far back to count, so that a long clip takes no more memory than a short one."""
        frames = self._session.processed_frames
        frames[index] = frames[index][:, :0]  # its number counts, its pixels are done with
        for outputs in self._session.output_dict_per_obj.values():
            outputs["non_cond_frame_outputs"].pop(index - REMEMBERED, None)


def _points(marks: Sequence[Mark], *, turned: bool) -> list[tuple[float, float, int]]:
    """Marks as the network is told them, boxes first. `turned`: what does not belong is what is looked for."""
    boxes = [mark.box for mark in marks if mark.box is not None]
    found: list[tuple[float, float, int]] = []
    if boxes:
        left, top, right, bottom = boxes[-1]  # a later box chooses anew
        found += [(left, top, LEFT_TOP), (right, bottom, RIGHT_BOTTOM)]
    return found + [(*mark.at, int(mark.include != turned)) for mark in marks if mark.at is not None]


@lru_cache(maxsize=1)
def _network(folder: Path) -> tuple[Any, int]:
    """The network, loaded once per process, and the side of the square it looks at, in pixels."""
    import torch
    from transformers import Sam2VideoModel

    advice = f"Remove that folder and fetch it again with “python -m studio fetch {SAM_MODEL}”."
    try:
        loaded: Any = Sam2VideoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelMissing(f"SAM 2 in {folder} cannot be loaded ({error}). {advice}") from error
    network, report = loaded
    if report["missing_keys"]:
        raise ModelMissing(f"SAM 2 in {folder} lacks some of its weights. {advice}")
    side = network.config.image_size
    return network.to("cuda" if torch.cuda.is_available() else "cpu").eval(), side if isinstance(side, int) else side[0]
