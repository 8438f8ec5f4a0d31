"""What of a source's form is kept, and how loosely."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

from pipelines.depth import DEPTH_MODEL, estimate_depth, find_depth_model
from pipelines.errors import InputError, ModelMissing
from pipelines.structure import (
    BLUR_SIGMAS,
    StructureMaker,
    available_structures,
    blur_planes,
    structure_frames,
)
from tests.pipelines.moving_subject import moving_subject


@pytest.fixture(scope="module")
def frames():
    return moving_subject(4, 96, 160)[0]


@pytest.fixture(scope="module")
def depth_folder(tmp_path_factory) -> Path:
    """A Depth Anything network of the real class, a thousandth of the size, with RANDOM weights.

    It shows that the folder is loaded, the sizes fit and the scaling is right; its depth means nothing.
    """
    torch.manual_seed(0)
    backbone = Dinov2Config(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        image_size=70,
        patch_size=14,
        out_indices=[1, 2, 3, 4],
        reshape_hidden_states=False,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone,
        patch_size=14,
        reassemble_hidden_size=16,
        neck_hidden_sizes=[4, 8, 8, 8],
        fusion_hidden_size=8,
        head_hidden_size=4,
    )
    folder = tmp_path_factory.mktemp("models") / DEPTH_MODEL
    network = DepthAnythingForDepthEstimation(config)
    for parameter in network.parameters():  # the usual small start would give one distance everywhere
        torch.nn.init.normal_(parameter, 0.1, 0.3)
    network.save_pretrained(folder)
    return folder


def test_grey_is_the_luma_in_all_three_channels(frames):
    grey = structure_frames(frames, "grey", 0)
    assert grey.shape == frames.shape
    assert grey.dtype == np.uint8
    assert np.array_equal(grey[2, ..., 1], cv2.cvtColor(frames[2], cv2.COLOR_RGB2GRAY))
    assert np.array_equal(grey[..., 0], grey[..., 2])


def test_every_level_is_looser_than_the_one_before(frames):
    detail = [
        np.abs(np.diff(structure_frames(frames[:2], "grey", level)[..., 0].astype(int), axis=2)).mean()
        for level in range(8)
    ]
    assert len(BLUR_SIGMAS) == 8
    assert all(tighter > looser for tighter, looser in pairwise(detail))


def test_a_level_looks_the_same_at_every_size():
    small = np.zeros((1, 96, 96), np.uint8)
    small[:, 24:72, 24:72] = 255
    large = np.kron(small, np.ones((1, 4, 4), np.uint8))
    shrunk = cv2.resize(blur_planes(large, 5)[0], (96, 96), interpolation=cv2.INTER_AREA)
    assert np.abs(shrunk.astype(int) - blur_planes(small, 5)[0]).max() <= 8


def test_edges_are_white_lines_on_black_along_the_outlines():
    rows, columns = np.mgrid[0:96, 0:160]
    away = np.abs(np.hypot(rows - 48, columns - 80) - 30)
    frame = np.full((96, 160, 3), (90, 120, 160), np.uint8)
    frame[np.hypot(rows - 48, columns - 80) < 30] = (250, 220, 120)
    edges = structure_frames(frame[None], "edges", 0)[0, ..., 0]
    assert set(np.unique(edges)) == {0, 255}
    assert away[edges > 0].max() < 2.5
    assert (edges > 0).sum() > 150


def test_blurred_edges_stay_visible(frames):
    lines = structure_frames(frames, "edges", 0).mean()
    assert structure_frames(frames, "edges", 7).max() > 25
    assert structure_frames(frames, "edges", 2).mean() >= lines


def test_edges_of_a_still_picture_hold_still_under_grain():
    random = np.random.default_rng(0)
    still = moving_subject(1, 96, 160)[0][0].astype(float)
    grainy = np.stack([np.clip(still + random.normal(0, 6, still.shape), 0, 255) for _ in range(8)])
    calm = structure_frames(grainy.astype(np.uint8), "edges", 0)[..., 0]
    frame_by_frame = np.concatenate([structure_frames(f[None], "edges", 0)[..., 0] for f in grainy.astype(np.uint8)])

    def flicker(lines):
        return (lines[1:] != lines[:-1]).mean() / (lines > 0).mean()

    assert flicker(calm) < 0.75 * flicker(frame_by_frame)


def test_later_windows_keep_the_thresholds_of_the_first(frames):
    maker = StructureMaker("edges")
    first = maker(frames)
    maker(frames // 3)
    assert np.array_equal(maker(frames), first)


def test_depth_is_black_to_white_once_for_the_whole_clip(frames, depth_folder):
    frames = frames[:2]
    depth = structure_frames(frames, "depth", 0, depth_folder)
    raw = estimate_depth(frames, depth_folder)
    assert depth.shape == frames.shape
    assert raw.shape == frames.shape[:3]
    assert depth.min() == 0
    assert depth.max() == 255
    # one scale for all frames: the order of raw distances survives between frames, not only inside one
    low, high = np.percentile(raw, (20, 80))
    assert depth[..., 0][raw < low].max() <= depth[..., 0][raw > high].min()


def test_a_window_of_other_depths_does_not_jump(frames, depth_folder):
    maker = StructureMaker("depth", depth=depth_folder)
    frames = frames[:2]
    end = maker(frames)[-1].astype(int)
    dim = moving_subject(1, 96, 160, seed=9)[0] // 2
    following = maker(np.concatenate([frames[-1:], dim]))
    assert np.abs(following[0] - end).max() <= 1
    assert np.abs(following[-1] - structure_frames(dim, "depth", 0, depth_folder)[-1].astype(int)).max() > 1


def test_depth_without_its_network_says_how_to_get_it(frames, tmp_path):
    assert find_depth_model(tmp_path) is None
    with pytest.raises(ModelMissing, match=r"fetch depth-anything-v2-small.*grey or edges"):
        structure_frames(frames, "depth", 0, None)


def test_a_depth_folder_with_missing_weights_is_refused(frames, depth_folder, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = tmp_path / DEPTH_MODEL
    folder.mkdir()
    (folder / "config.json").write_text((depth_folder / "config.json").read_text())
    weights = load_file(depth_folder / "model.safetensors")
    save_file(dict(list(weights.items())[:-3]), folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelMissing, match="lacks some of its weights"):
        estimate_depth(frames, folder)


def test_depth_is_offered_only_when_its_network_is_on_disk(depth_folder, tmp_path):
    assert available_structures(tmp_path) == ("grey", "edges")
    assert available_structures(depth_folder.parent) == ("grey", "edges", "depth")


@pytest.mark.parametrize(("kind", "blur", "says"), [("lines", 0, "lines"), ("grey", 8, "8"), ("grey", -1, "-1")])
def test_an_unknown_kind_or_level_is_refused_by_its_value(kind, blur, says):
    with pytest.raises(InputError, match=says):
        StructureMaker(kind, blur)
