"""All seven modes, from request to file, on a tiny real model: the path, the promises about size, rate and sound."""

import dataclasses
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines import PIPELINES
from pipelines.errors import Cancelled, InputError, OutOfMemory, SeptetError
from pipelines.marking import Box, Point
from pipelines.media.metadata import read_recipe
from pipelines.media.probe import probe_video
from pipelines.media.provenance import read_origin
from pipelines.media.read import read_video
from pipelines.media.write import write_video
from pipelines.model import LatentVideoModel
from pipelines.motion.camera import Camera
from pipelines.settings import Finishing
from pipelines.types import Progress, Request
from tests.media_samples import collect, make_video, moving_square, picture, stream_of, tone
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="16")
RATE = Fraction(12)
GENERATED = ("text-to-video", "text-image-to-video", "image-to-video")
MIXED = "compositeWithTrainedAlgorithmicMedia"


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, str]:
    """A source with sound, pictures, and a mask picture of the source's size."""
    folder = tmp_path_factory.mktemp("inputs")
    make_video(folder / "source.mp4", moving_square(18, 96, 48, 2.0), RATE, sound=tone(1.5))
    cv2.imwrite(str(folder / "photo.png"), picture(120, 60))
    cv2.imwrite(str(folder / "other.png"), picture(120, 60, seed=5))
    mask = np.zeros((48, 96), np.uint8)
    mask[12:36, 2:30] = 255
    cv2.imwrite(str(folder / "mask.png"), mask)
    return {path.stem: str(path) for path in folder.iterdir()}


def request_for(mode: str, files: dict[str, str], **changes) -> Request:
    given = {
        "text-to-video": {},
        "text-image-to-video": {"image": files["photo"]},
        "image-to-video": {"image": files["photo"]},
        "mask": {"video": files["source"], "mask": files["mask"]},
    }.get(mode, {"video": files["source"]})
    plain = {"prompt": "a red ball", "seed": 3, "finishing": Finishing(upscaler="lanczos")}
    return PIPELINES[mode].request_type(**{**plain, **given, **changes})


def run(model, mode: str, files, folder: Path, on_progress=lambda _: None, **changes):
    request = PIPELINES[mode].prepare(request_for(mode, files, **changes), INFO)
    return PIPELINES[mode](model).run(request, folder, on_progress)


@pytest.fixture(autouse=True, scope="module")
def frames_of():
    """The frames a clip's encoder was given, by its path: exact, where the codec's are not."""
    given: dict[Path, np.ndarray] = {}

    def listen(stream, path, **options):
        frames = collect(stream)
        given[path.parent] = frames
        return write_video(stream_of(frames, stream.frame_rate), path, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.running.write_video", listen)
        yield lambda clip: given[clip.path.parent]


@pytest.mark.parametrize("mode", PIPELINES)
def test_every_mode_makes_a_clip_that_keeps_its_promises(mode, model, files, tmp_path):
    reports: list[Progress] = []
    clip = run(model, mode, files, tmp_path, reports.append)
    info = probe_video(clip.path)
    assert clip.path == tmp_path / "clip.mp4"
    assert (clip.width, clip.height, clip.num_frames) == (info.width, info.height, info.num_frames)
    if mode in GENERATED:
        assert info.frame_rate == 16
        assert not info.has_audio
    else:
        assert (info.width, info.height) == (96, 48)
        assert info.frame_rate == RATE
        assert info.num_frames == 18
        assert info.has_audio
    recipe = read_recipe(clip.path)
    assert recipe["mode"] == mode
    assert recipe["request"]["seed"] == 3
    assert read_origin(clip.path) == ("trainedAlgorithmicMedia" if mode in GENERATED else MIXED)
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert {report.stage for report in reports} == {"encode", "denoise", "decode", "finish"}
    assert any(report.preview is not None for report in reports)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


@pytest.mark.parametrize("mode", PIPELINES)
def test_the_same_seed_makes_the_same_clip_and_another_does_not(mode, model, files, frames_of, tmp_path):
    first, again, other = (
        frames_of(run(model, mode, files, tmp_path / str(index), seed=seed)) for index, seed in enumerate((1, 1, 2))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


COMMON = {
    "prompt": "a blue star",
    "negative_prompt": "night",
    "width": 96,
    "height": 48,
    "num_frames": 5,
    "frame_rate": 4.0,
    "num_inference_steps": 3,
    "guidance_scale": 6.0,
    "finishing.upscale": 2,
    "finishing.size": "80x40",
    "finishing.frame_rate": "8",
    "finishing.aspect_ratio": "1:1",
    "finishing.colour_match": True,
    "finishing.deflicker": True,
    "finishing.sharpen": 0.8,
    "finishing.grain": 0.5,
}
MOVES = {"camera": Camera(pan=6.0), "motion_amount": 2.0}
OWN = {
    "text-to-video": {"style": "noir", **MOVES},
    "text-image-to-video": {"image": "other", "image_role": "reference", "style": "noir", **MOVES},
    "image-to-video": {"image": "other", "last_image": "other", **MOVES},
    "stylization": {
        "style": "noir",
        "style_image": "photo",
        "region": "subject",
        "structure": "edges",
        "structure_blur": 6,
        "conditioning_scale": 0.2,
        "start": 0.5,
        "seconds": 0.7,
    },
    "storyboard": {
        "style": "noir",
        "style_image": "photo",
        "structure": "edges",
        "structure_blur": 0,
        "conditioning_scale": 0.2,
    },
    "mask": {
        "region": "background",
        "change": "restyle",
        "invert": True,
        "grow": 12,
        "feather": 0,
        "green_screen": True,
        "carry": False,
        "points": (Point(x=0.8, y=0.2),),
        "boxes": (Box(left=0.1, top=0.1, right=0.5, bottom=0.9),),
    },
    "render": {
        "style": "noir",
        "style_image": "photo",
        "structure": "edges",
        "structure_blur": 6,
        "conditioning_scale": 0.2,
        "render_pass": "normal",
        "start": 0.5,
        "seconds": 0.7,
    },
}
CONTROLS = [("text-to-video", name, value) for name, value in COMMON.items()] + [
    (mode, name, value) for mode, controls in OWN.items() for name, value in controls.items()
]


@pytest.fixture(scope="module")
def plain_clips(model, files, frames_of, tmp_path_factory):
    made: dict[str, np.ndarray] = {}

    def clip(mode: str) -> np.ndarray:
        if mode not in made:
            made[mode] = frames_of(run(model, mode, files, tmp_path_factory.mktemp(mode)))
        return made[mode]

    return clip


@pytest.mark.parametrize(("mode", "name", "value"), CONTROLS, ids=lambda item: str(item))
def test_every_control_changes_the_clip(mode, name, value, model, files, frames_of, plain_clips, tmp_path):
    value = files.get(value, value) if isinstance(value, str) else value
    change = (
        {"finishing": Finishing(upscaler="lanczos", **{name.split(".")[1]: value})} if "." in name else {name: value}
    )
    changed = frames_of(run(model, mode, files, tmp_path, **change))
    plain = plain_clips(mode)
    assert changed.shape != plain.shape or not np.array_equal(changed, plain)


def test_frame_zero_is_the_picture_as_the_autoencoder_sees_it(model, files, frames_of, tmp_path):
    """Nothing is pasted: the file's first frame is the decoded latent of the picture."""
    from pipelines.image import image_frame
    from pipelines.pixels import to_tensor

    chosen = {"width": 64, "height": 32, "finishing": Finishing(frame_rate="8")}
    clip = run(model, "image-to-video", files, tmp_path, **chosen)
    first = image_frame(files["photo"], 64, 32)
    alone = next(iter(model.decode(model._encode_video(to_tensor(first[None])))))[0]
    shown = frames_of(clip)[0]
    assert np.array_equal(shown, alone)


def test_a_longer_clip_goes_on_where_the_last_window_ended(model, files, tmp_path):
    clip = run(model, "text-to-video", files, tmp_path, num_frames=21, finishing=Finishing(frame_rate="8"))
    assert clip.num_frames == 21


@pytest.mark.parametrize(
    ("mode", "shared", "rate"),
    [("text-to-video", 5, 8), ("stylization", 1, 12)],  # how things move is in a source: only looks have to go on
)
def test_a_window_is_given_the_last_frames_of_the_one_before(mode, shared, rate, model, files, tmp_path, monkeypatch):
    asked = []
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda question: asked.append(question) or encode(question))
    longer = {"num_frames": 13} if mode == "text-to-video" else {"num_frames": 9, "frame_rate": rate}
    run(model, mode, files, tmp_path, **longer, finishing=Finishing(frame_rate=str(rate)))
    first, *others = (question.hold for question in asked)
    assert (first, set(others)) == (0, {shared})


@pytest.mark.parametrize("change", ["replace", "restyle", "remove"])
def test_outside_the_mask_the_encoder_is_given_the_source_bit_for_bit(change, model, files, frames_of, tmp_path):
    made = frames_of(run(model, "mask", files, tmp_path, change=change, feather=4, grow=2))
    source = collect(read_video(Path(files["source"])))
    assert made.shape == source.shape
    same = (made == source).all(-1)
    assert same[:, :, 70:].all()  # the square never gets there
    assert not same[0, 16:32, 8:24].any()


@pytest.mark.parametrize("mode", ["stylization", "storyboard", "render"])
def test_one_frame_of_a_source_can_be_tried(mode, model, files, tmp_path):
    from studio.tabs.look import of_one_frame

    fields = of_one_frame({"video": files["source"], "start": 0.5})
    request = PIPELINES[mode].prepare(request_for(mode, files, **fields, style="noir"), INFO)
    assert request.num_frames == 1
    clip = PIPELINES[mode](model).run(request, tmp_path, lambda _: None)
    assert (clip.num_frames, clip.width, clip.height) == (1, 96, 48)


def test_a_frame_is_tried_of_a_video_only():
    from studio.tabs.look import of_one_frame

    with pytest.raises(InputError, match="There is no video yet"):
        of_one_frame({"prompt": "a ball"})


def test_a_board_of_panels_becomes_one_film(model, files, tmp_path):
    from pipelines.board import Panel

    panels = (Panel(prompt="a red ball", seconds=1), Panel(image=files["photo"], seconds=0.6))
    cut = run(model, "storyboard", files, tmp_path / "cut", video=None, panels=panels)
    faded = run(model, "storyboard", files, tmp_path / "faded", video=None, panels=panels, transition=0.25)
    assert abs(cut.duration - (9 + 5) / 8) < 0.15
    assert faded.duration < cut.duration


def test_cancelling_stops_within_a_step_and_leaves_no_clip(model, files, tmp_path):
    steps: list[str] = []

    def cancel(report: Progress) -> None:
        steps.append(report.stage)
        if report.stage == "denoise":
            raise Cancelled

    with pytest.raises(Cancelled):
        run(model, "text-to-video", files, tmp_path, cancel, num_inference_steps=8)
    assert steps.count("denoise") == 1
    assert not (tmp_path / "clip.mp4").exists()


def test_what_was_denoised_is_not_denoised_again_after_a_failure(model, files, tmp_path, monkeypatch):
    request = PIPELINES["text-to-video"].prepare(request_for("text-to-video", files), INFO)
    pipeline = PIPELINES["text-to-video"](model)

    def broken(*_args, **_kwargs):
        raise OutOfMemory("no room")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pipelines.running.write_video", lambda stream, *a, **k: broken(next(stream.chunks)))
        with pytest.raises(OutOfMemory):
            pipeline.run(request, tmp_path, lambda _: None)
    assert list(tmp_path.glob("latents-*.safetensors"))
    monkeypatch.setattr(model, "denoise", broken)
    clip = pipeline.run(request, tmp_path, lambda _: None)
    assert clip.path.is_file()
    assert not list(tmp_path.glob("latents-*"))


@pytest.mark.parametrize(
    ("mode", "changes", "words"),
    [
        ("text-to-video", {"prompt": "  "}, "prompt is empty"),
        ("text-image-to-video", {"prompt": ""}, "prompt is empty"),
        ("mask", {"prompt": ""}, "prompt is empty"),
        ("stylization", {"prompt": ""}, "neither a prompt nor a style image"),
        ("render", {"prompt": ""}, "neither a prompt nor a style image"),
        ("text-to-video", {"num_frames": 10}, "num_frames is 10"),
        ("text-to-video", {"width": 50}, "width is 50"),
        ("text-to-video", {"num_frames": 9001}, "longest clip"),
        ("stylization", {"style": "noir", "style_image": "photo"}, "style is noir and there is a style image"),
        ("stylization", {"start": 9.0}, "start is 9"),
        ("stylization", {"structure": "depth"}, "depth"),
        ("storyboard", {"video": None}, "mock-up video or from panels"),
        ("mask", {"mask": "photo"}, "mask .* is 120x60"),
        ("mask", {"green_screen": True, "region": "background"}, "green_screen"),
        ("mask", {"change": "remove", "region": "background"}, "remove takes the subject away"),
        ("mask", {"change": "restyle", "structure": "depth"}, "depth"),
        ("image-to-video", {"image": "/nowhere/photo.png"}, "photo.png"),
        ("image-to-video", {"last_image": "photo", "camera": Camera(zoom=1.0)}, "last_image says where the clip ends"),
        ("stylization", {"video": "photo"}, "photo.png"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(mode, changes, words, files):
    changes = {name: files.get(value, value) if isinstance(value, str) else value for name, value in changes.items()}
    with pytest.raises(SeptetError, match=words) as refused:
        PIPELINES[mode].prepare(request_for(mode, files, **changes), INFO)
    assert "/" not in str(refused.value).replace("24/", "")  # names files, never where they lie


@pytest.mark.parametrize("mode", PIPELINES)
def test_preparing_twice_changes_nothing_more(mode, files):
    once = PIPELINES[mode].prepare(request_for(mode, files), INFO)
    assert PIPELINES[mode].prepare(once, INFO) == once
    assert all(getattr(once, name) is not None for name in ("width", "height", "num_frames", "seed"))


@pytest.mark.parametrize("mode", ["text-to-video", "stylization"])
def test_a_boomerang_too_long_is_refused_at_the_door(mode, files, tmp_path):
    changes = {"finishing": Finishing(loop="boomerang", speed=0.25), "num_frames": 17, "frame_rate": 1.0}
    if mode == "stylization":
        video = make_video(tmp_path / "long.mp4", moving_square(200, 96, 48, 0.1), 12)
        changes = {"finishing": Finishing(loop="boomerang", speed=0.25), "video": str(video)}
    with pytest.raises(InputError, match="boomerang is at most 60 s"):
        PIPELINES[mode].prepare(request_for(mode, files, **changes), INFO)
