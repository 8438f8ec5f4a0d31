"""The life of a request, written once: check -> plan -> encode -> denoise -> decode -> finish -> put back -> write.

A mode adds two things: what it asks of its request (`check`) and its translation of the request into a `Plan`.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pipelines.adapters import check_adapter
from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError
from pipelines.finishing.chain import check_files, finishing_chain, load_networks, sound_of
from pipelines.finishing.loop import check_boomerang
from pipelines.media.metadata import recipe_metadata
from pipelines.presets import redrawing, styled_prompt
from pipelines.running import PlanRun
from pipelines.settings import Finishing
from pipelines.types import Clip, Conditioning, Frame, OnProgress, Plan, Progress, Request
from pipelines.windows import Windows

if TYPE_CHECKING:
    from pipelines.model import LatentVideoModel

R = TypeVar("R", bound=Request)

LONGEST_SECONDS = 60  # of a clip made from nothing; sources have their own limit


class VideoPipeline(ABC, Generic[R]):
    """One mode. Thin: seven of them share one model."""

    mode: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    request_type: ClassVar[type[Any]]
    needs_prompt: ClassVar[bool] = False

    def __init__(self, model: LatentVideoModel) -> None:
        self.model = model
        self.info = model.info

    # --- check ----------------------------------------------------------------------------------------------

    @classmethod
    def prepare(cls, request: R, info: ModelInfo) -> R:
        """The request with nothing left open, checked against the model and the files it names.

        Quick and without torch, so that the page can refuse before anything is queued. Raises InputError.
        """
        if cls.needs_prompt and not request.prompt.strip():
            raise InputError(f"The prompt is empty; {cls.title} needs one. Say what you want to see.")
        width, height = cls.working_size(request, info)
        info.check_size(width, height)
        num_frames = request.num_frames or info.num_frames
        info.check_frames(num_frames)
        frame_rate = request.frame_rate or cls.working_rate(request, info)
        if num_frames > LONGEST_SECONDS * frame_rate:
            raise InputError(
                f"num_frames is {num_frames}, {num_frames / frame_rate:.0f} s at {frame_rate:g} frames a second; "
                f"the longest clip is {LONGEST_SECONDS} s. Choose at most {int(LONGEST_SECONDS * frame_rate)}."
            )
        filled = request.model_copy(
            update={
                "width": width,
                "height": height,
                "num_frames": num_frames,
                "frame_rate": frame_rate,
                "num_inference_steps": request.num_inference_steps or info.num_inference_steps,
                "guidance_scale": info.guidance_scale if request.guidance_scale is None else request.guidance_scale,
                "seed": secrets.randbelow(2**31) if request.seed is None else request.seed,
            }
        )
        filled = filled.model_copy(update={"finishing": cls.resolve_finishing(filled, info)})
        check_files(filled.finishing)
        if filled.adapter:
            check_adapter(Path(filled.adapter), info)
        if filled.finishing.loop == "boomerang":
            check_boomerang(cls.seconds(filled) / filled.finishing.speed)
        cls.check(filled, info)
        return filled

    @classmethod
    def check(cls, request: R, info: ModelInfo) -> None:
        """What this mode asks of a filled request beyond the common rules. Raises InputError."""

    @classmethod
    def aspect(cls, request: R, info: ModelInfo) -> float:
        """Width over height the model should work at."""
        wanted = request.finishing.aspect_ratio
        if wanted is None:
            return info.width / info.height
        across, down = wanted.split(":")
        return int(across) / int(down)

    @classmethod
    def seconds(cls, request: R) -> float:
        """How long the clip of a filled request is before time is bent."""
        return request.length / float(request.rate)

    @classmethod
    def working_size(cls, request: R, info: ModelInfo) -> tuple[int, int]:
        """(width, height) the model works at: as asked, or the best it can do for the wanted aspect."""
        if request.width and request.height:
            return request.width, request.height
        aspect = cls.aspect(request, info)
        if request.width:
            return request.width, max(2, round(request.width / aspect / info.multiple)) * info.multiple
        if request.height:
            return max(2, round(request.height * aspect / info.multiple)) * info.multiple, request.height
        return info.size_for(aspect)

    @classmethod
    def working_rate(cls, request: R, info: ModelInfo) -> float:
        """Frames per second the model works at."""
        return info.frame_rate

    @classmethod
    def resolve_finishing(cls, request: R, info: ModelInfo) -> Finishing:
        """The finishing with nothing left open."""
        finishing = request.finishing
        return finishing.model_copy(
            update={
                "upscale": finishing.upscale or info.upscale,
                "frame_rate": finishing.frame_rate or info.delivery_rate or rate_text(request.rate),
                "colour_match": bool(finishing.colour_match),
            }
        )

    @classmethod
    def prompts(cls, request: R, info: ModelInfo) -> dict[str, str]:
        """What the model will read, by the field it comes from."""
        return {"prompt": styled_prompt(request, info), "negative_prompt": request.negative_prompt}

    # --- plan -----------------------------------------------------------------------------------------------

    @abstractmethod
    def plan(self, request: R) -> Plan:
        """Translate a prepared request. Frames only, no tensors."""

    def question(self, request: R, **given: Any) -> Conditioning:
        """A conditioning of the request's words and size; `given` are its other fields."""
        width, height = request.size
        given.setdefault("num_frames", self._windows(request).lengths(self.info.temporal_factor)[0])
        return Conditioning(
            height=height,
            width=width,
            prompt=styled_prompt(request, self.info),
            negative_prompt=request.negative_prompt,
            **given,
        )

    def unroll(self, request: R, first: Conditioning, last_image: Frame | None = None) -> Plan:
        """A plan that goes on from `first` for as long as the request asks; `last_image` ends the clip.

        At another pace than 1 a different number of frames covers the clip's time, and finishing brings back its rate.
        """
        windows = self._windows(request)
        lengths = windows.lengths(self.info.temporal_factor)

        def questions() -> Iterator[Conditioning]:
            asked, begun = first, 0
            for index, length in enumerate(lengths):
                if index:
                    begun += lengths[index - 1] - self.overlap
                    asked = self.question(
                        request,
                        num_frames=length,
                        reference_images=first.reference_images,
                        onward=first.onward and first.onward.later(begun + self.overlap - max(1, first.hold)),
                    )
                yield (asked.ending_with(last_image) if last_image is not None and index == len(lengths) - 1 else asked)

        return Plan(
            conditionings=questions(),
            count=windows.count,
            num_frames=_shown(request),
            frame_rate=request.rate * request.pace,
            overlap=self.overlap,
            finishing=(
                *redrawing(request, self.info),
                *finishing_chain(
                    request.finishing,
                    *request.size,
                    request.rate * request.pace,
                    num_frames=self._paced_frames(request),
                ),
            ),
            sound=sound_of(request.finishing),
        )

    def _windows(self, request: R) -> Windows:
        """The windows that cover a request made from nothing.

        Below a pace of 1 the model is asked for as many frames as ever, and only the first of them are shown: in a
        shorter clip it would hurry through the same motion.
        """
        least = min(request.length, self.info.num_frames)
        return Windows(max(_shown(request), least), self.info.num_frames, self.overlap)

    def _paced_frames(self, request: R) -> int | None:
        """How many frames the clip has where time is bent; None where the model's own say it."""
        if request.pace == 1:
            return None
        return max(1, round(request.length / request.rate * Fraction(request.finishing.frame_rate or request.rate)))

    @property
    def overlap(self) -> int:
        """Frames a window shares with the one before: two latent frames, so that motion goes on."""
        return self.info.temporal_factor + 1

    # --- run ------------------------------------------------------------------------------------------------

    def run(self, request: R, folder: Path, on_progress: OnProgress, recipe: dict[str, Any] | None = None) -> Clip:
        """Make `folder`/clip.mp4. The request must be prepared. `on_progress` may raise Cancelled.

        Latents are saved in `folder` before they are decoded; a second run in the same folder starts from them.
        `recipe` is what the file says of itself, in place of `self.recipe(request)`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        on_progress(Progress("encode", 0.0))
        load_networks(request.finishing)
        metadata = recipe_metadata(recipe or self.recipe(request)) | {"title": request.prompt[:200] or self.title}
        return PlanRun(self.model, request, self.plan(request), folder, metadata, on_progress).run()

    def recipe(self, request: R) -> dict[str, Any]:
        """What the clip was made from; the job desk adds the hashes of the inputs."""
        return {
            "septet": 1,
            "mode": self.mode,
            "request": request.model_dump(mode="json"),
            "model": {"name": self.info.name, "title": self.info.title},
        }


def _shown(request: Request) -> int:
    """Frames of the model's own time that a clip made from nothing shows."""
    return round((request.length - 1) * request.pace) + 1


def rate_text(rate: Fraction) -> str:
    """A frame rate as requests hold it: "24" or "30000/1001"."""
    return str(rate.limit_denominator(1001))
