"""Finishing on its own: any video, no model, everything the chain can do."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipelines.errors import Cancelled, InputError, MediaError
from pipelines.finish import FinishRequest, FinishVideo, crop_stated, one_frame
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from pipelines.media.read import read_video
from pipelines.settings import Finishing
from pipelines.types import Clip, Progress
from tests.media_samples import collect, make_video, moving_square, picture, psnr, tone


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(
        tmp_path_factory.mktemp("source") / "in.mp4", moving_square(48, 128, 96), options={"crf": "4"}, sound=tone(2)
    )


def _run(video: Path, folder: Path, seen: list[Progress] | None = None, **fields: object) -> Clip:
    finishing = Finishing(**fields.pop("finishing", {}))  # type: ignore[arg-type]
    request = FinishVideo.prepare(FinishRequest(video=str(video), finishing=finishing, **fields))  # type: ignore[arg-type]
    return FinishVideo(None).run(request, folder, (seen if seen is not None else []).append)  # type: ignore[arg-type]


def test_nothing_asked_gives_the_same_clip_within_a_hundredth(video: Path, tmp_path: Path) -> None:
    clip = _run(video, tmp_path)
    assert (clip.width, clip.height, clip.frame_rate, clip.num_frames) == (128, 96, 24, 48)
    before, after = collect(read_video(video)), collect(read_video(clip.path))
    assert psnr(before, after) > 36
    assert np.abs(before.mean((1, 2)) - after.mean((1, 2))).max() < 2.55
    assert probe_video(clip.path).has_audio


@pytest.mark.parametrize(
    ("finishing", "expected"),
    [
        ({"size": "64x48"}, (64, 48, 24, 48)),
        ({"frame_rate": "60"}, (128, 96, 60, 120)),
        ({"frame_rate": "30000/1001"}, (128, 96, Fraction(30000, 1001), 60)),
        ({"aspect_ratio": "1:1"}, (96, 96, 24, 48)),
        ({"aspect_ratio": "1:1", "fit": "pad"}, (128, 128, 24, 48)),
        ({"upscale": 2, "upscaler": "lanczos"}, (256, 192, 24, 48)),
        ({"speed": 2.0}, (128, 96, 24, 24)),
        ({"speed": 0.5, "frame_rate": "12"}, (128, 96, 12, 48)),
        ({"loop": "boomerang"}, (128, 96, 24, 94)),
        ({"loop": "seam"}, (128, 96, 24, 32)),
    ],
    ids=str,
)
def test_size_rate_and_length_are_as_asked(video: Path, tmp_path: Path, finishing: dict, expected: tuple) -> None:
    clip = _run(video, tmp_path, finishing=finishing)
    assert (clip.width, clip.height, clip.frame_rate, clip.num_frames) == expected
    assert probe_video(clip.path).num_frames == expected[3]


@pytest.mark.parametrize(
    "finishing",
    [{"sharpen": 0.8}, {"grain": 0.8}, {"label": True}, {"fade_in": 1.0}, {"fade_out": 1.0}, {"deflicker": True}],
    ids=str,
)
def test_every_effect_shows(video: Path, tmp_path: Path, finishing: dict) -> None:
    frames = moving_square(48, 128, 96)
    frames[::5] = np.clip(frames[::5] * 1.15, 0, 255)
    video = make_video(tmp_path / "flickering.mp4", frames, options={"crf": "4"})
    plain, changed = (_run(video, tmp_path / str(index), **more).path for index, more in enumerate(({}, {"finishing": finishing})))  # fmt: skip  # noqa: E501
    assert psnr(collect(read_video(plain)), collect(read_video(changed))) < 42


def test_a_part_is_used(video: Path, tmp_path: Path) -> None:
    clip = _run(video, tmp_path, start=0.5, seconds=1.0)
    assert clip.num_frames == 24
    assert psnr(collect(read_video(clip.path))[0], collect(read_video(video))[12]) > 34


def test_the_file_says_what_was_done(video: Path, tmp_path: Path) -> None:
    clip = _run(video, tmp_path, finishing={"speed": 2.0})
    recipe = read_recipe(clip.path)
    assert recipe is not None
    assert recipe["mode"] == "finish"
    assert recipe["request"]["finishing"]["speed"] == 2.0
    assert json.dumps(recipe)


def test_progress_rises_and_shows_what_is_made(video: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    _run(video, tmp_path, seen, finishing={"upscale": 4, "upscaler": "lanczos"})
    fractions = [each.fraction for each in seen]
    assert fractions == sorted(fractions) and fractions[-1] > 0.9
    assert seen[-1].preview is not None
    assert max(seen[-1].preview.shape) <= 480


def test_cancelling_leaves_nothing(video: Path, tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        if progress.fraction > 0.2:
            raise Cancelled("stopped")

    request = FinishVideo.prepare(FinishRequest(video=str(video)))
    with pytest.raises(Cancelled):
        FinishVideo(None).run(request, tmp_path, stop)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"start": 9.0}, "start is 9 s"),
        ({"finishing": {"size": "8000x8000"}}, "10667x8000 pixels on the way"),
        ({"finishing": {"colour_match": True}, "title": "x"}, "not those of a film"),
        ({"title": "\u732b"}, "\u732b"),
        ({"then": "itself", "transition": 4.0}, "Choose at most 1.00 s"),
        ({"finishing": {"music": "/nowhere.mp3"}}, "nowhere.mp3"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_before_any_work(video: Path, tmp_path: Path, fields: dict, sentence: str) -> None:
    if fields.get("then") == "itself":
        fields = fields | {"then": (str(video),)}
    with pytest.raises((InputError, MediaError), match=sentence):
        _run(video, tmp_path, **fields)


def test_an_image_is_no_music(video: Path, tmp_path: Path) -> None:
    from PIL import Image

    Image.fromarray(picture(64, 48)).save(tmp_path / "face.png")
    with pytest.raises(MediaError, match=r"face\.png"):
        _run(video, tmp_path, finishing={"music": str(tmp_path / "face.png")})


def test_one_frame_looks_as_the_clip_will_begin(video: Path, tmp_path: Path) -> None:
    finishing = {"size": "256x192", "upscaler": "lanczos", "label": True, "sharpen": 0.5, "quality": "master"}
    request = FinishRequest(video=str(video), start=0.5, finishing=Finishing(**finishing, fade_in=1.0, loop="seam"))
    clip = _run(video, tmp_path, start=0.5, finishing=finishing)
    frame = one_frame(FinishVideo.prepare(request))
    assert frame.shape == (192, 256, 3)
    assert psnr(frame, collect(read_video(clip.path))[0]) > 34


def test_several_videos_become_one_film_with_title_sound_and_music(video: Path, tmp_path: Path) -> None:
    tall = make_video(tmp_path / "tall.mp4", moving_square(24, 48, 96), 12)
    music = make_video(tmp_path / "song.mp4", moving_square(12), 12, sound=tone(1))
    clip = _run(
        video,
        tmp_path / "film",
        seconds=1.0,
        then=(str(tall),),
        transition=0.5,
        title="Two shots",
        finishing={"music": str(music), "frame_rate": "12"},
    )
    frames = collect(read_video(clip.path))
    assert (clip.width, clip.height, clip.frame_rate) == (128, 96, 12)
    assert clip.num_frames == len(frames) == round((2.5 + 1 + 2 - 2 * 0.5) * 12)
    assert frames[15].max() > 200 and (frames[15] < 20).mean() > 0.5  # the title
    assert (frames[-1][:, :30] < 16).all()  # black beside the tall shot, which is not stretched
    assert probe_video(clip.path).has_audio


def test_a_film_that_is_too_long_is_refused_by_its_length(tmp_path: Path) -> None:
    slow = make_video(tmp_path / "slow.mp4", moving_square(500), 1)
    with pytest.raises(InputError, match="would last 2000 s"):
        FinishVideo.prepare(FinishRequest(video=str(slow), finishing=Finishing(speed=0.25)))


def test_what_video_ldm_showed_can_be_had(tmp_path: Path) -> None:
    video = make_video(tmp_path / "in.mp4", moving_square(38, 160, 96), 8)
    clip = _run(video, tmp_path, seconds=4.7, finishing={"size": "204x128", "frame_rate": "24"})
    assert (clip.width, clip.height, clip.frame_rate, clip.num_frames) == (204, 128, 24, 113)


@pytest.mark.parametrize(
    ("finishing", "said"),
    [
        ({"size": "320x192"}, ""),
        ({"size": "64x64"}, "cropped from 107x64 to 64x64, the middle kept"),
        ({"aspect_ratio": "16:9"}, "cropped from 160x96 to 160x90, the middle kept"),
        ({"aspect_ratio": "16:9", "fit": "pad"}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_what_is_cut_off_is_said(tmp_path: Path, finishing: dict, said: str) -> None:
    video = make_video(tmp_path / "in.mp4", moving_square(3, 160, 96), 8)
    assert crop_stated(FinishRequest(video=str(video), finishing=Finishing(**finishing))) == said


def test_the_sound_of_a_seamless_loop_begins_where_its_pictures_do(tmp_path: Path) -> None:
    frames = np.zeros((72, 48, 64, 3), np.uint8)
    frames[48:] = 200  # at two seconds a light goes on, and a tone begins
    video = make_video(tmp_path / "in.mov", frames, 24, sound=tone(3, onset=2.0), sound_codec="pcm_s16le")
    for speed in (1.0, 2.0):
        clip = _run(video, tmp_path / str(speed), finishing={"loop": "seam", "speed": speed})
        shown = collect(read_video(clip.path)).mean((1, 2, 3))
        light = int(np.argmax(shown > 150)) / 24
        with av.open(str(clip.path)) as container:
            heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)[0]
        assert int(np.argmax(np.abs(heard) > 0.2)) / 48_000 == pytest.approx(light, abs=0.06)


@pytest.mark.parametrize("size", ["8x8", "15x400", "9000x900"])
def test_sizes_no_file_can_have_are_named(size: str) -> None:
    with pytest.raises(ValueError, match=f"size {size} must have sides of 16 to 8192"):
        Finishing(size=size)


def test_letters_of_many_alphabets_can_be_set_in_a_title(video: Path) -> None:
    for words in ("Caf\u00e9 – 3 €", "\u041f\u0440\u0438\u0432\u0435\u0442", "\u0393\u03b5\u03b9\u03ac"):
        FinishVideo.prepare(FinishRequest(video=str(video), title=words))
