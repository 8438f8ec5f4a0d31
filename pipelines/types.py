"""What travels through Septet: Request -> Plan -> frames -> Clip.

This module knows no model, no file format and no page. Frames are uint8 RGB arrays of shape (F, H, W, 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, StringConstraints

from pipelines.settings import Finishing, NetworkFile, Settings, VideoFile
from pipelines.wording import printable

if TYPE_CHECKING:
    from pipelines.finishing.effect import Effect
    from pipelines.masking import MaskTrack
    from pipelines.motion.path import Motion

Frame = NDArray[np.uint8]  # (H, W, 3) RGB
Frames = NDArray[np.uint8]  # (F, H, W, 3) RGB
Mask = NDArray[np.uint8]  # (F, H, W); 255 = make, 0 = keep

MAX_SEED = 2**63 - 1
NOTHING = 127  # the grey that the checkpoints were trained to read as "to be made"
MAX_PROMPT = 4000

Prompt = Annotated[str, StringConstraints(max_length=MAX_PROMPT), AfterValidator(printable)]


class Request(Settings):
    """What every mode is asked: the words, the size, how long and how carefully. None: the model's own default."""

    mode: ClassVar[str] = ""

    prompt: Prompt = Field("", description="what to see")
    negative_prompt: Prompt = Field("", description="what not to see")
    height: int | None = Field(None, ge=16, le=4096, description="height the model works at, in pixels")
    width: int | None = Field(None, ge=16, le=4096, description="width the model works at, in pixels")
    num_frames: int | None = Field(None, ge=1, le=1_000_000, description="frames the model makes")
    frame_rate: float | None = Field(None, ge=1, le=240, description="frames per second the model makes")
    num_inference_steps: int | None = Field(None, ge=1, le=200, description="denoising steps")
    guidance_scale: float | None = Field(None, ge=0, le=50, description="how strictly to follow the prompt")
    seed: int | None = Field(None, ge=0, le=MAX_SEED, description="same seed, same clip; left out, a random one")
    adapter: NetworkFile | None = Field(None, description="a LoRA for this model, as .safetensors: a style, a subject")
    adapter_weight: float = Field(1.0, ge=0, le=2, description="how strongly the adapter works; 1 as it was trained")
    finishing: Finishing = Finishing()

    # A prepared request (VideoPipeline.prepare) leaves nothing open; these say so to whoever runs it.

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) the model works at, of a prepared request."""
        assert self.width and self.height, "not prepared"
        return self.width, self.height

    @property
    def rate(self) -> Fraction:
        """Frames per second the model makes, of a prepared request."""
        assert self.frame_rate, "not prepared"
        return Fraction(self.frame_rate).limit_denominator(1001)

    @property
    def pace(self) -> Fraction:
        """How fast the model's time runs in the clip: at 2 it shows twice as much of what the model makes."""
        return Fraction(1)

    @property
    def length(self) -> int:
        """Frames the model makes, of a prepared request."""
        assert self.num_frames, "not prepared"
        return self.num_frames


class VideoRequest(Request):
    """A request that starts from a source video; the clip keeps its size, rate, length and audio."""

    num_frames: int | None = Field(None, ge=1, le=1_000, description="frames the model makes at a time")
    video: VideoFile = Field(description="the source video")
    start: float = Field(0.0, ge=0, le=36_000, description="seconds into the source to begin at")
    seconds: float | None = Field(
        None, gt=0, le=600, description="how much of the source to use; all of it if left out"
    )


@dataclass(frozen=True)
class Conditioning:
    """One question to the model: which pixels are given, which are to be made, what should they look like.

    video                (F, H, W, 3) uint8, or None where nothing is given
    mask                 (F, H, W) uint8, 255 = make, 0 = keep; None = make everything
    reference_images     up to three (h, w, 3) pictures of the subject or the look, any size
    conditioning_scale   0..2, how strongly video, mask and references steer
    hold                 leading frames (0 or 4k+1) of `video` whose latents are held in place while denoising
    start_from           (F, H, W, 3) uint8, what denoising starts from where `strength` is below 1; None: `video`
    strength             0..1; how much of the way from noise is denoised: 1 is all of it, whatever `start_from` shows
    onward               what its first frame says of those after it, or None; where that is not given it is made first
    subject_of           an earlier answer, by its place in the plan, whose subject becomes the first reference; or None
    take                 from 1: another number, another answer to the same question
    """

    num_frames: int
    height: int
    width: int
    prompt: str
    negative_prompt: str = ""
    video: Frames | None = None
    mask: Mask | None = None
    reference_images: tuple[Frame, ...] = ()
    conditioning_scale: float = 1.0
    hold: int = 0
    start_from: Frames | None = None
    strength: float = 1.0
    onward: Motion | None = None
    subject_of: int | None = None
    take: int = 1

    def beginning_with(self, first: Frames) -> Conditioning:
        """The same question with its first frames given, and held in place while the rest is made."""
        video, mask = self._pixels()
        if self.onward is not None and len(first) < self.num_frames:
            video[len(first) :], mask[len(first) :] = self.onward.after(first[-1], self.num_frames - len(first))
        video[: len(first)], mask[: len(first)] = first, 0
        begun = replace(self, video=video, mask=mask, hold=len(first))
        if self.onward is None or self.onward.strength == 1:
            return begun
        return replace(begun, start_from=self.onward.patched(video, mask), strength=self.onward.strength)

    def ending_with(self, last: Frame) -> Conditioning:
        """The same question with its last frame given."""
        video, mask = self._pixels()
        video[-1], mask[-1] = last, 0
        return replace(self, video=video, mask=mask)

    def _pixels(self) -> tuple[Frames, Mask]:
        """Copies to draw on; where nothing is given, grey (nothing) under a white (make it) mask."""
        shape = (self.num_frames, self.height, self.width)
        video = np.full((*shape, 3), NOTHING, np.uint8) if self.video is None else self.video.copy()
        mask = np.full(shape, 255, np.uint8) if self.mask is None else self.mask.copy()
        return video, mask


@dataclass(frozen=True)
class Sound:
    """What is heard with a clip: a file's own sound, music under it, or both.

    source      the file whose sound is kept, from `start` seconds on, `seconds` of it or all; None: silence
    speed       how fast that runs; its pitch stays
    gain, music_gain   decibels
    music       a file whose sound begins with the clip, again and again until it ends
    fade_in, fade_out   seconds at the clip's ends
    """

    source: Path | None = None
    start: float = 0.0
    seconds: float | None = None
    speed: float = 1.0
    gain: float = 0.0
    music: Path | None = None
    music_gain: float = 0.0
    fade_in: float = 0.0
    fade_out: float = 0.0

    @property
    def is_untouched(self) -> bool:
        """Whether it is a part of the source's sound exactly as it was recorded."""
        return self.music is None and (self.speed, self.gain, self.fade_in, self.fade_out) == (1.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Joining:
    """How finished shots become one film.

    transition   seconds of cross-fade, 0 for cuts
    finishing    effects on the whole
    subjects     the shots whose subject later ones are shown, by their place
    """

    transition: float = 0.0
    finishing: tuple[Effect, ...] = ()
    subjects: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Plan:
    """A request, translated: the questions in order, and what becomes of the answers.

    conditionings   made one at a time, so that a long source never sits in memory whole
    count           how many there are
    overlap         frames (0 or 4k+1) each one shares with the one before; 0: each is a shot of its own
    given           how many of the shared ones it is given (1 or 4k+1); the rest are made twice, and one dissolves
                    into the other. None: all of them
    num_frames      frames to keep of the joined answer, at the model's rate
    frame_rate      the model's rate
    finishing       effects to run on the frames, in order, the putting back of the source last
    sound           what is heard; None: nothing
    joining         how the answers are joined as shots of their own; None: they form one continuous clip
    track           the subject's masks that were used, to be kept with the clip; None where they can be made anew
    """

    conditionings: Iterable[Conditioning]
    count: int
    num_frames: int
    frame_rate: Fraction
    overlap: int = 0
    given: int | None = None
    finishing: tuple[Effect, ...] = ()
    sound: Sound | None = None
    joining: Joining | None = None
    track: MaskTrack | None = None


@dataclass(frozen=True)
class FrameStream:
    """Frames on their way: chunks of (n, H, W, 3) uint8 with what a writer must know about them."""

    chunks: Iterator[Frames]
    width: int
    height: int
    frame_rate: Fraction
    num_frames: int


@dataclass(frozen=True)
class Clip:
    """A finished file."""

    path: Path
    frame_rate: Fraction
    num_frames: int
    width: int
    height: int
    recipe: dict[str, Any] = field(default_factory=dict)

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return float(self.num_frames / self.frame_rate)


@dataclass(frozen=True)
class Progress:
    """Where a job is. `fraction` is of the whole job, 0..1; `preview` a small picture of what is forming."""

    stage: Literal["load", "encode", "denoise", "decode", "finish", "write"]
    fraction: float
    preview: Frame | None = None


OnProgress = Callable[[Progress], None]  # may raise Cancelled, which stops the work cleanly
