"""Where the parts of the model live, and in which precision: one CPU, one GPU, or a GPU too small for all of it.

Reads sizes from the weight files' headers; torch is imported inside the functions, so that the web side may ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

HEADROOM = 1.35  # activations, hints and the decoder need about a third on top of the weights


@dataclass(frozen=True)
class Placement:
    """device: the loop and the VAE; text_device: the text encoder; streamed: transformer blocks come and go."""

    device: str
    text_device: str
    dtype: torch.dtype
    streamed: bool = False

    def smaller(self) -> Placement | None:
        """The next one that takes less of the GPU's memory, None if there is none."""
        if not self.device.startswith("cuda") or self.streamed:
            return None
        if self.text_device != "cpu":
            return replace(self, text_device="cpu")
        return replace(self, streamed=True)

    def dtypes(self) -> dict[str, Any]:
        """Per component: the VAE stays in float32, encoding in less loses the given pixels."""
        import torch

        text = torch.float32 if self.text_device == "cpu" and self.device == "cpu" else torch.bfloat16
        return {"default": self.dtype, "vae": torch.float32, "text_encoder": text}


def choose_placement(folder: Path, device: str) -> Placement:
    """Put everything on the GPU if it fits, else the text encoder on the CPU, else stream the transformer too."""
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if not device.startswith("cuda"):
        return Placement(device, device, torch.float32)
    free, _ = torch.cuda.mem_get_info(torch.device(device))
    text = folder_bytes(folder / "text_encoder")
    heart = folder_bytes(folder / "vae") + sum(folder_bytes(folder / part) for part in _TRANSFORMERS)
    if (text + heart) * HEADROOM < free:
        return Placement(device, device, torch.bfloat16)
    return Placement(device, "cpu", torch.bfloat16, streamed=heart * HEADROOM >= free)


def place(pipeline: Any, placement: Placement) -> None:
    """Move the parts where `choose_placement` wants them."""
    import torch

    pipeline.vae.to(placement.device)
    if pipeline.text_encoder is not None:
        pipeline.text_encoder.to(placement.text_device)
    for part in _TRANSFORMERS:
        transformer = getattr(pipeline, part, None)
        if transformer is None:
            continue
        if placement.streamed:
            transformer.enable_group_offload(
                onload_device=torch.device(placement.device),
                offload_type="block_level",
                num_blocks_per_group=1,
                use_stream=True,
            )
        else:
            transformer.to(placement.device)


def folder_bytes(folder: Path) -> int:
    """Size of the weight files in a folder, 0 if there is none."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


_TRANSFORMERS = ("transformer", "transformer_2")
