"""A clip that goes on from another begins with it, untouched, and has no jump where the new frames start."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.continuing import Ending
from pipelines.errors import InputError, MediaError
from pipelines.finishing.continue_clip import Continue
from pipelines.finishing.effect import finish
from pipelines.media.probe import probe_video
from pipelines.media.provenance import read_origin
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from pipelines.model import LatentVideoModel
from pipelines.settings import Finishing
from pipelines.text_to_video import TextToVideo, TextToVideoRequest
from tests.media_samples import collect, make_video, moving_square, psnr, stream_of, tone
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="16")


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Two seconds of 96x48 at 24 frames a second, with sound."""
    return make_video(tmp_path / "clip.mp4", moving_square(48, 96, 48), 24, sound=tone(2.0))


def asked(clip: Path, **changes: object) -> TextToVideoRequest:
    fields = {"prompt": "a red ball", "seed": 3, "continues": str(clip), "finishing": Finishing(upscaler="lanczos")}
    return TextToVideoRequest(**{**fields, **changes})


def test_an_ending_is_the_last_moments_at_the_models_rate(clip: Path) -> None:
    ending = Ending.of(clip, (64, 32), Fraction(8), 5)
    assert ending.frames.shape == (5, 32, 64, 3)
    assert ending.begins == Fraction(11, 8)  # sixteen frames at that rate, of which eleven come before
    shown = collect(read_video(clip, frame_rate=Fraction(8), size=(64, 32)))
    assert np.array_equal(ending.frames, shown[-5:])


def test_of_a_clip_too_short_only_the_last_frame_is_given(tmp_path: Path) -> None:
    short = make_video(tmp_path / "short.mp4", moving_square(6, 64, 32), 24)
    ending = Ending.of(short, (64, 32), Fraction(8), 5)
    assert len(ending.frames) == 1


def test_the_clip_comes_first_and_dissolves_into_what_follows(clip: Path) -> None:
    before = collect(read_video(clip))
    after = np.full((24, 48, 96, 3), 200, np.uint8)
    joined = Continue(clip, Fraction(11, 8), Fraction(4, 8)).apply(stream_of(after))
    frames = collect(joined)
    assert len(frames) == joined.num_frames == 33 + 24
    assert np.array_equal(frames[:33], before[:33])
    assert np.array_equal(frames[33 + 13 :], after[13:])
    towards = [np.abs(frame.astype(int) - 200).mean() for frame in frames[33 : 33 + 13]]
    assert towards == sorted(towards, reverse=True)


def test_the_new_clip_has_the_size_rate_and_sound_of_the_old_and_is_longer(
    model: LatentVideoModel, clip: Path, tmp_path: Path
) -> None:
    request = TextToVideo.prepare(asked(clip), INFO)
    made = TextToVideo(model).run(request, tmp_path / "work", lambda _progress: None)
    info = probe_video(made.path)
    assert (info.width, info.height, info.frame_rate, info.has_audio) == (96, 48, 24, True)
    # nine frames of the model at 8 a second, of which five show the clip's end
    assert info.num_frames == round(11 / 8 * 24) + round(9 / 8 * 24)
    kept = collect(read_video(made.path, seconds=1.3))
    assert psnr(kept, collect(read_video(clip, seconds=1.3))) > 35


def test_longer_continuations_go_over_several_windows(model: LatentVideoModel, clip: Path) -> None:
    request = TextToVideo.prepare(asked(clip, num_frames=21), INFO)
    plan = TextToVideo(model).plan(request)
    first, *others = plan.conditionings
    assert plan.count == 4
    assert first.hold == 5 and all(other.hold == 0 for other in others)  # theirs are held once they are known
    length = finish(dataclasses.replace(stream_of(moving_square(21, 64, 32), 8)), plan.finishing).num_frames
    assert length == 33 + 63


def test_what_is_about_the_whole_clip_happens_to_the_whole(model: LatentVideoModel, clip: Path) -> None:
    twice = Finishing(upscaler="lanczos", speed=2.0, fade_in=0.5)
    plan = TextToVideo(model).plan(TextToVideo.prepare(asked(clip, finishing=twice), INFO))
    stream = finish(stream_of(np.full((9, 32, 64, 3), 90, np.uint8), 8), plan.finishing)
    assert stream.num_frames == round((33 + 27) / 2)
    assert collect(stream)[0].max() < 12  # it is the old clip's beginning that comes up from black


def test_a_clip_made_here_stays_one_made_by_a_machine(model: LatentVideoModel, tmp_path: Path) -> None:
    made = write_video(
        stream_of(moving_square(24, 96, 48)), tmp_path / "made.mp4", origin="trainedAlgorithmicMedia"
    ).path
    filmed = make_video(tmp_path / "filmed.mp4", moving_square(24, 96, 48), 24)
    for given, expected in ((made, "trainedAlgorithmicMedia"), (filmed, "compositeWithTrainedAlgorithmicMedia")):
        request = TextToVideo.prepare(asked(given), INFO)
        clip = TextToVideo(model).run(request, tmp_path / given.stem, lambda _progress: None)
        assert read_origin(clip.path) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"num_frames": 5}, "nothing would follow"),
        ({"finishing": Finishing(aspect_ratio="9:16")}, "keeps that shape"),
        ({"finishing": Finishing(size="64x64")}, "keeps that shape"),
        ({"prompt": " "}, "prompt is empty"),
    ],
)
def test_what_cannot_go_on_is_refused_at_the_door(clip: Path, changes: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        TextToVideo.prepare(asked(clip, **changes), INFO)


def test_a_file_that_is_no_video_is_refused_at_the_door(tmp_path: Path) -> None:
    (tmp_path / "no.mp4").write_text("no")
    with pytest.raises(MediaError):
        TextToVideo.prepare(asked(tmp_path / "no.mp4"), INFO)
