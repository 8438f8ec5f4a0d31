"""A network of one's own: the embedded one, written as other programs write it, gives the pictures it gives here."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pipelines.errors import InputError, MediaError
from pipelines.finish import FinishRequest, FinishVideo
from pipelines.finishing.super_resolution import OVERLAP, TILE, check_network, enlarge_with, load_network
from pipelines.finishing.upscale import WEIGHTS, Upscale, _run
from pipelines.media.probe import probe_video
from pipelines.settings import Finishing
from tests.media_samples import collect, make_video, moving_square, picture, psnr, stream_of

HALF_PRECISION = b"\x47\x6b\x30\x01"  # how ncnn marks weights of sixteen bits


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded network's weights as a .safetensors file with the names its authors gave them."""
    path = tmp_path_factory.mktemp("networks") / "animevideov3.safetensors"
    save_file(_from_ncnn(), path)
    return path


def _from_ncnn() -> dict[str, torch.Tensor]:
    data = (WEIGHTS / "realesr-animevideov3-x4.bin").read_bytes()
    layers = [line.split() for line in (WEIGHTS / "realesr-animevideov3-x4.param").read_text().splitlines()[2:]]
    found: dict[str, torch.Tensor] = {}
    at = inputs = number = 0
    for layer in layers:
        options = dict(word.split("=") for word in layer if "=" in word)
        if layer[0] == "Convolution":
            assert data[at : at + 4] == HALF_PRECISION
            outputs, count = int(options["0"]), int(options["6"])
            inputs = count // outputs // 9
            kernel = np.frombuffer(data, np.float16, count, at + 4).astype(np.float32)
            at += 4 + (2 * count + 3) // 4 * 4
            bias = np.frombuffer(data, np.float32, outputs, at)
            at += 4 * outputs
            found[f"body.{number}.weight"] = torch.from_numpy(kernel.reshape(outputs, inputs, 3, 3).copy())
            found[f"body.{number}.bias"] = torch.from_numpy(bias.copy())
            number += 1
        elif layer[0] == "PReLU":
            slopes = int(options["0"])
            found[f"body.{number}.weight"] = torch.from_numpy(np.frombuffer(data, np.float32, slopes, at).copy())
            at += 4 * slopes
            number += 1
    assert at == len(data)
    return found


def test_two_runtimes_make_the_same_picture_of_the_same_weights(weights: Path) -> None:
    network = load_network(weights)
    frame = picture(40, 24)
    assert network.scale == 4
    difference = np.abs(enlarge_with(network, frame).astype(int) - _run(frame))
    assert difference.max() <= 2  # one of them multiplies in half precision


def test_a_picture_larger_than_a_tile_shows_no_seam(weights: Path) -> None:
    network = load_network(weights)
    frame = picture(TILE + OVERLAP, 24)
    tiled = enlarge_with(network, frame)
    middle = frame[:, TILE - 60 : TILE + OVERLAP]
    around = enlarge_with(network, middle)[:, 40 * 4 : -4]
    assert psnr(tiled[:, (TILE - 20) * 4 : -4], around) > 55


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_whatever_the_network_enlarges_by_the_clip_is_as_large_as_asked(weights: Path, factor: int) -> None:
    stream = Upscale(factor, weights=weights).apply(stream_of(moving_square(2, 24, 16)))
    assert (stream.width, stream.height) == (24 * factor, 16 * factor)
    assert collect(stream).shape == (2, 16 * factor, 24 * factor, 3)


def test_a_video_is_finished_with_it_and_looks_other_than_without(weights: Path, tmp_path: Path) -> None:
    video = make_video(tmp_path / "in.mp4", moving_square(2, 32, 32), rate=Fraction(8))
    clips = []
    for chosen in (Finishing(upscale=2, upscaler="lanczos"), Finishing(upscale=2, upscaler_file=str(weights))):
        request = FinishVideo.prepare(FinishRequest(video=str(video), finishing=chosen))
        clip = FinishVideo().run(request, tmp_path / f"{len(clips)}", lambda _progress: None)
        assert (clip.width, clip.height) == (64, 64)
        assert probe_video(clip.path).num_frames == 2
        clips.append(clip.path.read_bytes())
    assert clips[0] != clips[1]


def test_the_recipe_names_the_network_and_no_folder(weights: Path) -> None:
    request = FinishRequest(video="/somewhere/in.mp4", finishing=Finishing(upscale=2, upscaler_file=str(weights)))
    assert FinishVideo.recipe(request)["request"]["finishing"]["upscaler_file"] == weights.name


def _saved(path: Path, **tensors: torch.Tensor) -> Path:
    save_file(tensors, path)
    return path


def test_files_that_are_no_weights_are_refused_at_the_door(tmp_path: Path) -> None:
    pickled = tmp_path / "net.pth"
    pickled.write_bytes(b"cos\nsystem\n")
    with pytest.raises(MediaError, match=r"net\.pth is not a \.safetensors file"):
        check_network(pickled)
    long_header = tmp_path / "long.safetensors"
    long_header.write_bytes((2 << 30).to_bytes(8, "little") + b"{}")
    with pytest.raises(MediaError, match="damaged or not complete"):
        check_network(long_header)
    with pytest.raises(MediaError, match="damaged or not complete"):
        check_network(tmp_path / "absent.safetensors")
    with pytest.raises(MediaError, match="no layer that works on pictures"):
        check_network(_saved(tmp_path / "words.safetensors", table=torch.ones(4, 4)))


def test_weights_that_do_not_enlarge_are_refused_before_any_work(weights: Path, tmp_path: Path) -> None:
    other = _saved(tmp_path / "other.safetensors", **{"conv.weight": torch.ones(3, 3, 3, 3)})
    check_network(other)
    with pytest.raises(InputError, match="no upscaler of a kind known here"):
        load_network(other)
    spoilt = _from_ncnn()
    spoilt["body.0.bias"][0] = float("nan")
    with pytest.raises(InputError, match="no numbers"):
        load_network(_saved(tmp_path / "spoilt.safetensors", **spoilt))


def test_settings_that_leave_the_network_nothing_to_do_are_refused(weights: Path, tmp_path: Path) -> None:
    video = str(make_video(tmp_path / "in.mp4", moving_square(2, 32, 32)))
    with pytest.raises(InputError, match="nothing is enlarged"):
        FinishVideo.prepare(FinishRequest(video=video, finishing=Finishing(upscaler_file=str(weights))))
    both = Finishing(upscale=2, upscaler="lanczos", upscaler_file=str(weights))
    with pytest.raises(InputError, match="upscaler is lanczos"):
        FinishVideo.prepare(FinishRequest(video=video, finishing=both))


@pytest.mark.skipif(
    find_spec("torchvision") is not None, reason="the real one is installed, so nothing stands in for it"
)
def test_the_stand_in_for_torchvision_is_gone_once_the_library_is_there(weights: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from pipelines.finishing.super_resolution import load_network;"
        f"load_network(Path({str(weights)!r}));"
        "sys.exit('torchvision' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
