"""What the embedded model makes of camera moves, brushes and amounts, as optical flow sees the finished clips.

`pytest -s -m slow tests/pipelines/motion/test_starter_moves.py` prints the table of docs/modes.md.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines import PIPELINES, load_model
from pipelines.checkpoints import model_info
from pipelines.image import image_frame
from pipelines.media.read import read_video
from pipelines.model import LatentVideoModel
from pipelines.motion.brush import MotionBrush
from pipelines.motion.camera import Camera
from pipelines.motion.told import told_way
from pipelines.settings import Finishing
from pipelines.starter.diorama.measures import psnr
from pipelines.types import Frames
from tests.media_samples import collect
from tests.pipelines.motion.seen import across, down, flow, flow_of_detail, growth, turning

pytestmark = pytest.mark.slow

INFO = model_info("starter", Path("/nonexistent"))
PHOTO = str(Path(__file__).parents[3] / "assets" / "examples" / "coffee.jpg")
PICTURE = str(Path(__file__).parents[3] / "assets" / "examples" / "city-at-sunset.jpg")
WORDS = "a red ball moving right over the sea"
PLAIN = Finishing(upscale=1, upscaler="lanczos", frame_rate="8", quality="master")
STRENGTHS = (-8.0, 4.0, 8.0)
AMOUNTS = (1.0, 3.0, 5.0, 7.0, 10.0)


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return load_model(INFO, "cpu")


def made(model: LatentVideoModel, folder: Path, mode: str, **fields: Any) -> Frames:
    """Its clip of nine frames in six steps: half as long and as careful as usual, and a quarter of the time."""
    plain = {"seed": 1, "num_frames": 9, "num_inference_steps": 6, "finishing": PLAIN}
    request = PIPELINES[mode].request_type(**{**plain, **fields})
    clip = PIPELINES[mode](model).run(PIPELINES[mode].prepare(request, INFO), folder, lambda _: None)
    return collect(read_video(clip.path))


def tell(name: str, values: list[float]) -> None:
    print(f"\n| {name} | {' | '.join(f'{value:.2f}' for value in values)} |")


MOVES = {"truck": (across, -1), "pedestal": (down, 1), "pan": (across, -1), "tilt": (down, 1)} | {
    "roll": (turning, -1),
    "zoom": (growth, 1),
}


@pytest.mark.parametrize("move", MOVES)
def test_a_camera_move_of_a_picture_goes_its_way_and_farther_the_more_is_asked(move, model, tmp_path):
    measure, sign = MOVES[move]
    found = []
    for strength in STRENGTHS:
        frames = made(
            model, tmp_path / str(strength), "image-to-video", image=PICTURE, camera=Camera(**{move: strength})
        )
        found.append(sign * measure(flow_of_detail(frames)))
    tell(f"{move}, px a frame", found)
    assert found[0] < 0 < found[1] < found[2]


def test_a_camera_moves_what_words_alone_have_made(model, tmp_path):
    found = [
        -across(flow_of_detail(made(model, tmp_path / str(pan), "text-to-video", prompt=WORDS, camera=Camera(pan=pan))))
        for pan in STRENGTHS
    ]
    tell("pan of a key frame, px a frame", found)
    assert found[0] < 0 < found[1] < found[2]


@pytest.mark.parametrize(
    ("way", "measure", "sign"), [("horizontal", across, 1), ("vertical", down, -1), ("proximity", growth, 1)]
)
def test_a_brush_moves_its_region_and_leaves_the_rest(way, measure, sign, model, tmp_path):
    height, width = image_frame(PICTURE, INFO.width, INFO.height).shape[:2]
    whole = cv2.imread(PICTURE).shape[:2]
    mask = np.zeros(whole, np.uint8)
    mask[whole[0] // 4 : 3 * whole[0] // 4, whole[1] // 3 : 2 * whole[1] // 3] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    region = np.s_[:4, height // 3 : 2 * height // 3, 5 * width // 12 : 7 * width // 12]
    found, rest = [], []
    for strength in STRENGTHS:
        brush = MotionBrush(mask=str(tmp_path / "mask.png"), **{way: strength})
        motion = flow(made(model, tmp_path / str(strength), "image-to-video", image=PICTURE, brushes=(brush,)))
        found.append(sign * measure(motion[region]))
        rest.append(float(np.hypot(*np.moveaxis(motion[:4, :, : width // 5], -1, 0)).mean()))
    tell(f"brush {way}, px a frame", found)
    tell("of what is not painted", rest)
    assert found[0] < 0 < found[1] < found[2]
    assert max(rest) < 0.35


@pytest.mark.parametrize(
    ("prompt", "camera", "lost"),
    [
        ("", Camera(zoom=INFO.approach), 3),
        ("the camera pans right", Camera(pan=5.0), 3),
        ("a cup spinning", Camera(zoom=INFO.approach), 3),
        ("a cup moving right", Camera(), 4),
    ],
)
def test_a_photograph_is_still_there_at_the_end(prompt, camera, lost, model, tmp_path):
    """The clip's last frame is as near to the photograph, moved as told, as its first is to the photograph, within so
    many dB; of what comes into view nothing is asked."""
    frames = made(model, tmp_path, "image-to-video", image=PHOTO, num_frames=INFO.num_frames, prompt=prompt)
    height, width = frames.shape[1:3]
    photo = image_frame(PHOTO, width, height)
    way = told_way(prompt, photo, Fraction(8), INFO)
    assert way is not None and way.camera == camera
    there, open_ = way.after(photo, len(frames) - 1)
    seen = open_[-1] == 0
    begun, ended, unmoved = (
        psnr(frames[0], photo),
        psnr(frames[-1][seen], there[-1][seen]),
        psnr(frames[-1][seen], photo[seen]),
    )
    print(f"\nfirst frame {begun:.1f} dB, last {ended:.1f} dB, {unmoved:.1f} to the picture as it was")
    assert ended > begun - lost
    assert ended > unmoved + 2


@pytest.mark.parametrize(
    ("mode", "given"), [("image-to-video", {"image": PICTURE}), ("text-to-video", {"prompt": WORDS})]
)
def test_more_motion_is_more_flow(mode, given, model, tmp_path):
    sizes = []
    for amount in AMOUNTS:
        motion = flow(made(model, tmp_path / str(amount), mode, motion_amount=amount, **given))
        sizes.append(float(np.hypot(*np.moveaxis(motion, -1, 0)).mean()))
    tell(f"amount, {mode}, px a frame", sizes)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 3 * sizes[0]
