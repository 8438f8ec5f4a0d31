"""A plan is carried out: every question is encoded, denoised and decoded, the answers are finished and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipelines.fields import media_fields
from pipelines.finishing.effect import finish
from pipelines.latents import LatentStore, question_key
from pipelines.media.join import Film, Shot, join_clips
from pipelines.media.provenance import Origin, read_origin
from pipelines.media.write import write_video
from pipelines.portrait import portrait
from pipelines.progress import Meter, Stage
from pipelines.types import MAX_SEED, Clip, Conditioning, Frame, Frames, FrameStream, Joining, OnProgress, Plan, Request
from pipelines.windows import Seam

if TYPE_CHECKING:
    from torch import Tensor

    from pipelines.model import LatentVideoModel
    from pipelines.sampling import Sampling

TRACK = "subject.npz"  # the masks that were used, beside the clip
TAKE_STEP = 1_000_003  # between the seeds of two takes of a shot: more than a plan has shots
VOLUME = 1e6  # work is counted in millions of pixels


@dataclass
class PlanRun:
    """One plan, once. `request` is the prepared request it was made from; `metadata` goes into the file.

    Latents are kept in `folder` until the clip is written: a second run there denoises nothing twice.
    """

    model: LatentVideoModel
    request: Request
    plan: Plan
    folder: Path
    metadata: dict[str, str]
    on_progress: OnProgress
    meter: Meter = field(init=False)
    store: LatentStore = field(init=False)

    def __post_init__(self) -> None:
        self.meter = Meter(self._expected(), self.model.pace, self.on_progress)
        self.store = LatentStore(self.folder)

    def run(self) -> Clip:
        """Make folder/clip.mp4. Raises whatever the listener to progress raises (Cancelled), OutOfMemory, DiskFull."""
        adapter = Path(self.request.adapter) if self.request.adapter else None
        with self.model.adapted(adapter, self.request.adapter_weight):
            clip = self._continuous() if self.plan.joining is None else self._film(self.plan.joining)
        self.meter.close()
        if self.plan.track is not None:
            self.plan.track.save(self.folder / TRACK)
        if self.plan.joining is None:  # one shot of a film may be made again, from the latents of the others
            self.store.clear()
        return clip

    def _continuous(self) -> Clip:
        """The answers as one clip."""
        return self._write(self._stream(self._frames(), self.plan.num_frames), self.folder / "clip.mp4")

    def _film(self, joining: Joining) -> Clip:
        """Shots of their own, each finished and written apart, then joined."""
        shots = []
        seen = _Seen(joining.subjects)
        for index, asked in enumerate(self.plan.conditionings):
            conditioning = seen.shown_to(asked)
            answer = seen.listening(self._answer(conditioning, index), index, conditioning.num_frames)
            shot = self._stream(answer, conditioning.num_frames)
            path = self.folder / f"shot-{index:03}.mp4"
            finished = self._counted(finish(shot, self.plan.finishing))
            shots.append(write_video(finished, path, quality="master").path)  # it is encoded once more in the film
        clip = join_clips(
            Film.of([Shot(path) for path in shots], joining.transition),
            self.folder / "clip.mp4",
            finishing=lambda stream: self._counted(finish(stream, joining.finishing)),
            sound=self.plan.sound,
            quality=self.request.finishing.quality,
            metadata=self.metadata,
            origin=self._origin,
        )
        for path in shots:
            path.unlink()
        return clip

    def _frames(self) -> Iterator[Frames]:
        """The whole plan as one stream of frames: each window goes on from the last frames of the one before."""
        left = self.plan.num_frames
        tail: Frames | None = None
        for index, conditioning in enumerate(self.plan.conditionings):
            if tail is not None and len(tail):
                conditioning = conditioning.beginning_with(tail[: self.plan.given])
            seam = Seam(tail, 0 if index == self.plan.count - 1 else self.plan.overlap)
            for chunk in self._answer(conditioning, index):
                fresh = seam.passed(chunk)[:left]
                left -= len(fresh)
                if len(fresh):
                    yield fresh
                if left <= 0:
                    return
            tail = seam.held

    def _answer(self, conditioning: Conditioning, index: int) -> Iterator[Frames]:
        """One question to the model: encode, denoise, keep the latents, decode chunk by chunk.

        Where its frames follow from one that nobody gave, that one is asked for first, with the same words and seed.
        """
        if conditioning.onward is not None and not conditioning.hold and conditioning.num_frames > 1:
            latents = self._latents(_key_frame(conditioning), index, f"{index:04}-key")
            conditioning = conditioning.beginning_with(np.concatenate(list(self.model.decode(latents))))
        latents = self._latents(conditioning, index, f"{index:04}")
        for chunk in self.model.decode(latents):
            self.meter.advance("decode", _volume(conditioning) * len(chunk) / conditioning.num_frames, chunk[0])
            yield chunk

    def _latents(self, conditioning: Conditioning, index: int, name: str) -> Tensor:
        """The model's answer before it is decoded, kept in the store under `name`."""
        sampling = self._sampling(index, conditioning.take)
        model = f"{self.model.info.folder} {self.request.adapter} {self.request.adapter_weight}"
        key = question_key(conditioning, sampling, model)
        latents = self.store.load(name, key)
        if latents is None:
            volume = _volume(conditioning)
            encoded = self.model.encode(conditioning)
            self.meter.advance("encode", volume)

            def on_step(_done: int, total: int, clean: Tensor) -> None:
                steps = self.request.num_inference_steps or total
                self.meter.advance("denoise", volume * steps / total, self.model.preview(clean))

            latents = self.model.denoise(encoded, sampling, on_step)
            self.store.save(name, key, latents)
        return latents

    def _sampling(self, index: int, take: int) -> Sampling:
        from pipelines.sampling import Sampling

        request, info = self.request, self.model.info
        assert request.num_inference_steps and request.guidance_scale is not None and request.seed is not None
        return Sampling(
            num_inference_steps=request.num_inference_steps,
            guidance_scale=request.guidance_scale,
            seed=(request.seed + index + TAKE_STEP * (take - 1)) % (MAX_SEED + 1),
            flow_shift=info.flow_shift,
            guidance_interval=info.guidance_interval,
        )

    def _counted(self, stream: FrameStream) -> FrameStream:
        """The same frames; each chunk that is written moves the meter, which may raise Cancelled."""

        def chunks() -> Iterator[Frames]:
            for chunk in stream.chunks:
                yield chunk
                self.meter.advance("write", chunk.size / 3 / VOLUME)

        return replace(stream, chunks=chunks())

    def _write(self, stream: FrameStream, path: Path) -> Clip:
        """Finish and encode."""
        return write_video(
            self._counted(finish(stream, self.plan.finishing)),
            path,
            sound=self.plan.sound,
            quality=self.request.finishing.quality,
            metadata=self.metadata,
            origin=self._origin,
        )

    @property
    def _origin(self) -> Origin:
        """What the clip is: all of it made, or made into somebody's video."""
        videos = [Path(path) for kind, path in media_fields(self.request).values() if kind == "video"]
        made = all(read_origin(video) == "trainedAlgorithmicMedia" for video in videos)
        return "trainedAlgorithmicMedia" if made else "compositeWithTrainedAlgorithmicMedia"

    def _stream(self, chunks: Iterator[Frames], num_frames: int) -> FrameStream:
        return FrameStream(chunks, *self.request.size, frame_rate=self.plan.frame_rate, num_frames=num_frames)

    def _expected(self) -> dict[Stage, float]:
        """Units of work per stage, the writer's included; denoising counts once per step."""
        width, height = self.request.size
        made = self.plan.count * min(self.request.length, self.model.info.num_frames) * width * height / VOLUME
        final = finish(self._stream(iter(()), self.plan.num_frames), self.plan.finishing)
        volume = final.num_frames * final.width * final.height / VOLUME
        return {
            "encode": made,
            "denoise": made * (self.request.num_inference_steps or 1),
            "decode": made,
            "write": volume if self.plan.joining is None else 2 * volume,  # shots, and then the film
        }


class _Seen:
    """The subjects of those shots that later ones look back at."""

    def __init__(self, shots: frozenset[int]) -> None:
        self._frames: dict[int, list[Frame]] = {index: [] for index in shots}
        self._subjects: dict[int, Frame] = {}

    def shown_to(self, asked: Conditioning) -> Conditioning:
        """The question with the subject of an earlier shot as its first reference, where it wants one."""
        shot = asked.subject_of
        if shot is None:
            return asked
        if shot not in self._subjects:
            self._subjects[shot] = portrait(self._frames.pop(shot))
        return replace(asked, reference_images=(self._subjects[shot], *asked.reference_images))

    def listening(self, answer: Iterator[Frames], index: int, count: int) -> Iterator[Frames]:
        """The same frames; of a shot that later ones look back at, the middle one and those beside it are kept."""
        if index not in self._frames:
            yield from answer
            return
        wanted = [count // 2, count // 4, 3 * count // 4]
        found: dict[int, Frame] = {}
        begun = 0
        for chunk in answer:
            found |= {at: chunk[at - begun].copy() for at in wanted if begun <= at < begun + len(chunk)}
            begun += len(chunk)
            self._frames[index] = [found[at] for at in wanted if at in found]
            yield chunk


def _key_frame(conditioning: Conditioning) -> Conditioning:
    """The question for the first frame alone."""
    video, mask = (None if given is None else given[:1] for given in (conditioning.video, conditioning.mask))
    return replace(conditioning, num_frames=1, video=video, mask=mask, onward=None)


def _volume(conditioning: Conditioning) -> float:
    return conditioning.num_frames * conditioning.height * conditioning.width / VOLUME
