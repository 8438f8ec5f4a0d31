"""What the catalogue knows of a model, without loading it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.checkpoints import ASSETS, CATALOGUE, ModelInfo, default_model, installed, model_info
from pipelines.errors import InputError, ModelMissing
from tests.tiny import tiny_info, tiny_model_folder


def wan(**changes) -> ModelInfo:
    return ModelInfo("wan", "Wan", Path("."), Path("."), **changes)


def test_a_folder_is_described_from_its_own_configuration():
    info = model_info(str(tiny_model_folder()), Path("."))
    assert (info.spatial_factor, info.temporal_factor, info.patch, info.multiple) == (8, 4, 2, 16)
    assert info.flow_shift == 3.0


def test_settings_beside_the_weights_win(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model_folder(), folder)
    own = {"title": "Own", "native_size": [160, 96], "num_frames": 17, "frame_rate": 8, "guidance_interval": [0, 0.6]}
    own |= {"guides_by_frames": True, "approach": 3.0, "moved_strength": 0.4, "redrawn_strength": 0.2}
    (folder / "septet.json").write_text(json.dumps(own))
    info, plain = model_info(str(folder), tmp_path), model_info(str(tiny_model_folder()), tmp_path)
    assert (info.guides_by_frames, info.approach, info.moved_strength, info.redrawn_strength) == (True, 3.0, 0.4, 0.2)
    assert (plain.guides_by_frames, plain.approach, plain.moved_strength, plain.redrawn_strength) == (False, 0, 1, 0.65)
    assert (info.title, info.width, info.height, info.num_frames, info.frame_rate) == ("Own", 160, 96, 17, 8)
    assert info.guidance_interval == (0, 0.6)


@pytest.mark.parametrize("name", ["nowhere", "../../evil", "/etc"])
def test_a_folder_without_a_model_is_refused_in_words(name, tmp_path):
    with pytest.raises(ModelMissing, match="no model in"):
        model_info(name, tmp_path)


def test_a_model_of_another_class_is_refused(tmp_path):
    (tmp_path / "model_index.json").write_text('{"_class_name": "WanPipeline"}')
    with pytest.raises(ModelMissing, match="WanVACEPipeline only"):
        model_info(str(tmp_path), tmp_path)


def test_an_incomplete_folder_says_what_is_missing(tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model_folder(), folder)
    (folder / "vae" / "config.json").unlink()
    with pytest.raises(ModelMissing, match=r"vae/config\.json"):
        model_info(str(folder), tmp_path)


def test_a_catalogue_model_that_is_not_on_disk_says_how_to_get_it(tmp_path):
    with pytest.raises(ModelMissing, match=r"studio fetch wan2\.1-vace-1\.3b"):
        model_info("wan2.1-vace-1.3b", tmp_path)


def test_a_fetched_model_becomes_the_default(tmp_path):
    assert default_model(tmp_path).name == "starter"
    shutil.copytree(tiny_model_folder(), tmp_path / "wan2.1-vace-1.3b")
    assert [info.name for info in installed(tmp_path)] == ["starter", "wan2.1-vace-1.3b"]
    assert default_model(tmp_path).name == "wan2.1-vace-1.3b"
    assert next(iter(CATALOGUE)) == "starter"


@pytest.mark.parametrize(
    ("aspect", "expected"), [(16 / 9, (832, 464)), (9 / 16, (464, 832)), (1.0, (624, 624)), (832 / 480, (832, 480))]
)
def test_the_size_for_a_ratio_keeps_the_area(aspect, expected):
    width, height = wan().size_for(aspect)
    assert abs(width - expected[0]) <= 32
    assert abs(height - expected[1]) <= 32
    assert width % 16 == height % 16 == 0


@pytest.mark.parametrize("frames", [2, 8, 10, 80])
def test_frame_counts_the_model_cannot_make_are_refused_with_the_nearest(frames):
    with pytest.raises(InputError, match=rf"num_frames is {frames}; .* Choose \d+"):
        tiny_info().check_frames(frames)


@pytest.mark.parametrize("size", [(100, 32), (64, 8), (4096, 4096)])
def test_sizes_the_model_cannot_make_are_refused(size):
    with pytest.raises(InputError, match="Choose"):
        tiny_info().check_size(*size)


def test_the_catalogue_and_every_request_load_without_torch():
    code = (
        "import sys; from pipelines import PIPELINES; import pipelines.checkpoints; "
        "assert len(PIPELINES) == 7; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ASSETS.parent, check=False).returncode == 0


@pytest.mark.parametrize(
    ("seconds", "rate", "frames"), [(2.0, None, 17), (2.125, 8, 17), (5, 8, 41), (5, 16, 81), (0.01, 8, 1), (0.4, 8, 5)]
)
def test_seconds_become_the_nearest_number_of_frames_it_can_make(seconds, rate, frames):
    info = wan(frame_rate=8.0)
    assert info.frames_lasting(seconds, rate) == frames
    info.check_frames(frames)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_a_clip_that_lasts_no_time_or_for_ever_is_refused(seconds):
    with pytest.raises(InputError, match=f"would last {seconds:g} s"):
        wan().frames_lasting(seconds)
