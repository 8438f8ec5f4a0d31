"""What requests are built of: their common rules, the files they name, and how a clip is finished."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

ASPECT_RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "21:9")

Quality = Literal["draft", "good", "master"]
AspectRatio = Literal["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]


@dataclass(frozen=True)
class Media:
    """Marks a request field that holds the path of a file; `kind` says what is accepted there."""

    kind: Literal["image", "video", "mask", "audio", "network", "mesh"]


ImageFile = Annotated[str, Media("image")]
VideoFile = Annotated[str, Media("video")]
MaskFile = Annotated[str, Media("mask")]  # an image, or a video as long as the source
AudioFile = Annotated[str, Media("audio")]  # sound, or a video's sound
NetworkFile = Annotated[str, Media("network")]  # weights, as .safetensors
MeshFile = Annotated[str, Media("mesh")]  # a GLB, OBJ, STL or PLY; only its geometry is used


class Settings(BaseModel):
    """Frozen, strict, closed, finite: the same rules for the page, the API, the command line and a recipe."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class Finishing(Settings):
    """What happens to the frames after the model made them. None: what the model or the source suggests."""

    upscale: Literal[1, 2, 4, 8] | None = Field(None, description="how many times larger")
    upscaler: Literal["network", "lanczos"] = Field("network", description="how to enlarge")
    upscaler_file: NetworkFile | None = Field(
        None, description="a super-resolution network (.safetensors) that enlarges in place of the one built in"
    )
    size: Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$")] | None = Field(
        None, description="exact size of the clip, WIDTHxHEIGHT; beats upscale"
    )
    frame_rate: Annotated[str, StringConstraints(pattern=r"^\d{1,6}(/\d{1,6})?$")] | None = Field(
        None, description="frames per second of the clip, whole or as a fraction such as 30000/1001"
    )
    aspect_ratio: AspectRatio | None = Field(None, description="crop to exactly this ratio")
    fit: Literal["crop", "pad"] = Field("crop", description="reach aspect_ratio by cutting edges off or adding black")
    colour_match: bool | None = Field(None, description="keep the colours of the source or the first frame")
    deflicker: bool = Field(False, description="even out brightness and tint that jump from frame to frame")
    sharpen: float = Field(0.0, ge=0, le=1, description="how much harder edges are drawn")
    grain: float = Field(0.0, ge=0, le=1, description="how much film grain lies over the clip")
    speed: float = Field(1.0, ge=0.25, le=4, description="how fast time runs: 0.5 is slow motion, 2 is twice as fast")
    loop: Literal["off", "seam", "boomerang"] = Field(
        "off", description="let the end lead back to the beginning: turned into it, or played backwards"
    )
    fade_in: float = Field(0.0, ge=0, le=10, description="seconds over which picture and sound come up")
    fade_out: float = Field(0.0, ge=0, le=10, description="seconds over which picture and sound go away")
    sound_gain: float = Field(0.0, ge=-60, le=20, description="decibels by which the source's own sound is changed")
    music: AudioFile | None = Field(None, description="a sound file laid under the clip, begun again where it ends")
    music_gain: float = Field(0.0, ge=-60, le=20, description="decibels by which the music is changed")
    quality: Quality = Field("good", description="how much of the picture the file keeps, and how large it gets")
    label: bool = Field(False, description="lay a small mark in the corner that says a machine made this")

    @field_validator("size")
    @classmethod
    def _size_in_range(cls, value: str | None) -> str | None:
        if value is not None and not all(16 <= int(side) <= 8192 for side in value.split("x")):
            raise ValueError(f"size {value} must have sides of 16 to 8192 pixels")
        return value

    @field_validator("frame_rate")
    @classmethod
    def _rate_in_range(cls, value: str | None) -> str | None:
        if value is None:
            return None
        bottom = value.partition("/")[2]
        if int(bottom or 1) == 0 or not 1 <= Fraction(value) <= 240:
            raise ValueError(f"frame_rate {value} must lie between 1 and 240")
        return value
