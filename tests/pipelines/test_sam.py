"""SAM 2 in place of outlines and flow, on a tiny network of its real class with random weights.

It makes noise, not masks: what is tested is the path to it and back, never the meaning.
"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import Sam2HieraDetConfig, Sam2VideoConfig, Sam2VideoModel, Sam2VisionConfig
from transformers.models.sam2_video.configuration_sam2_video import (
    Sam2VideoMaskDecoderConfig,
    Sam2VideoPromptEncoderConfig,
)

from pipelines import sam
from pipelines.errors import ModelMissing
from pipelines.following import OUTLINES, follower_in
from pipelines.marking import Point, Subject
from pipelines.mask import MaskEdit, MaskRequest
from pipelines.masking import MaskTrack, source_track
from pipelines.model import LatentVideoModel
from pipelines.pointing import Mark
from pipelines.sam import SAM_ENTRY, SAM_MODEL, Sam, find_sam
from pipelines.source import Source
from tests.media_samples import make_video, moving_square
from tests.tiny import tiny_info

SIDE, WIDTH, HEIGHT, FRAMES = 64, 80, 48, 10


def tiny_sam() -> Sam2VideoModel:
    torch.manual_seed(3)
    backbone = Sam2HieraDetConfig(
        hidden_size=8,
        num_attention_heads=1,
        image_size=[SIDE, SIDE],
        window_positional_embedding_background_size=[4, 4],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[8, 16, 32, 64],
        num_attention_heads_per_stage=[1, 1, 1, 1],
        window_size_per_stage=[4, 2, 4, 2],
        global_attention_blocks=[3],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[64, 32, 16, 8],
        backbone_feature_sizes=[[SIDE // 4, SIDE // 4], [SIDE // 8, SIDE // 8], [SIDE // 16, SIDE // 16]],
        fpn_hidden_size=128,
    )
    config = Sam2VideoConfig(
        vision_config=vision,
        prompt_encoder_config=Sam2VideoPromptEncoderConfig(hidden_size=128, image_size=SIDE, mask_input_channels=4),
        mask_decoder_config=Sam2VideoMaskDecoderConfig(
            hidden_size=128, mlp_dim=16, num_hidden_layers=2, num_attention_heads=2, iou_head_hidden_dim=16
        ),
        image_size=SIDE,
        memory_attention_hidden_size=128,
        memory_attention_num_layers=1,
        memory_attention_feed_forward_hidden_size=16,
        memory_attention_rope_feat_sizes=[SIDE // 16, SIDE // 16],
        memory_encoder_hidden_size=128,
        memory_encoder_output_channels=64,
        mask_downsampler_embed_dim=128,
        memory_fuser_num_layers=1,
        memory_fuser_embed_dim=128,
        memory_fuser_intermediate_dim=16,
    )
    network = Sam2VideoModel(config).eval()
    # by chance it would say of nearly every frame that nothing is there, and every mask would be as empty
    torch.nn.init.constant_(network.mask_decoder.pred_obj_score_head.proj_out.bias, 9.0)
    return network


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder's models with SAM 2 among them."""
    folder = tmp_path_factory.mktemp("models")
    tiny_sam().save_pretrained(folder / SAM_MODEL)
    return folder


@pytest.fixture(scope="module")
def follower(models: Path) -> Sam:
    found = follower_in(models)
    assert isinstance(found, Sam)
    return found


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("video") / "square.mp4"
    make_video(path, moving_square(FRAMES, WIDTH, HEIGHT, 2.0), 12)
    return str(path)


@pytest.fixture
def frame() -> np.ndarray:
    return moving_square(1, WIDTH, HEIGHT)[0]


def square() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[12:36, 8:32] = 255
    return mask


def test_it_is_used_where_its_weights_are_and_nowhere_else(models: Path, tmp_path: Path) -> None:
    assert follower_in(tmp_path) is OUTLINES
    assert find_sam(models) == models / SAM_MODEL
    assert SAM_ENTRY.name == SAM_MODEL


def test_clicks_and_a_box_reach_the_network_where_they_were_made(follower: Sam, frame, monkeypatch) -> None:
    told: list[dict[str, torch.Tensor]] = []
    network, side = sam._network(follower.folder)
    real = network.forward

    def watched(inference_session, frame_idx, **given):
        told.append(inference_session.point_inputs_per_obj[0][frame_idx])
        assert inference_session.processed_frames[frame_idx].shape == (3, side, side)
        return real(inference_session=inference_session, frame_idx=frame_idx, **given)

    monkeypatch.setattr(network, "forward", watched)
    marks = (Mark(box=(0.1, 0.2, 0.5, 0.8)), Mark(at=(0.25, 0.5)), Mark(False, at=(0.75, 0.125)))
    mask = follower.pointed(frame, marks)
    assert (mask.shape, mask.dtype) == ((HEIGHT, WIDTH), np.uint8)
    places = told[0]["point_coords"] / side
    assert torch.allclose(places, torch.tensor([[[[0.1, 0.2], [0.5, 0.8], [0.25, 0.5], [0.75, 0.125]]]]))
    assert told[0]["point_labels"].tolist() == [[[2, 3, 1, 0]]]


def test_other_clicks_are_another_mask(follower: Sam, frame) -> None:
    one, same, other = (follower.pointed(frame, [Mark(at=at)]) for at in ((0.2, 0.5), (0.2, 0.5), (0.9, 0.1)))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_clicks_add_to_the_mask_before_and_take_away_from_it(follower: Sam, frame) -> None:
    before = square()
    seen = follower.pointed(frame, [Mark(at=(0.6, 0.5))])
    assert np.array_equal(follower.pointed(frame, [Mark(at=(0.6, 0.5))], before), np.maximum(before, seen))
    taken = follower.pointed(frame, [Mark(False, at=(0.6, 0.5))], before)
    assert np.array_equal(taken, np.minimum(before, 255 - seen))


def test_a_brush_is_taken_at_its_word(follower: Sam, frame) -> None:
    area = np.zeros((HEIGHT, WIDTH), np.uint8)
    area[:10, 60:] = 255
    added = follower.pointed(frame, [Mark(area=area)], square())
    assert np.array_equal(added, np.maximum(square(), area))
    assert np.array_equal(follower.pointed(frame, [Mark(False, area=area)], added), square())


def test_a_mask_is_followed_frame_by_frame_and_remembered_no_further_than_it_counts(follower: Sam, monkeypatch) -> None:
    monkeypatch.setattr(sam, "REMEMBERED", 3)
    sights = []
    real = sam._Sight

    def watched(folder):
        sights.append(real(folder))
        return sights[-1]

    monkeypatch.setattr(sam, "_Sight", watched)
    frames = moving_square(FRAMES, WIDTH, HEIGHT, 2.0)
    carrier = follower.carrier(square())
    masks = [carrier(frame) for frame in frames]
    assert np.array_equal(masks[0], square())
    assert {(mask.shape, str(mask.dtype)) for mask in masks} == {((HEIGHT, WIDTH), "uint8")}
    session = sights[0]._session
    assert len(session.output_dict_per_obj[0]["non_cond_frame_outputs"]) <= 3
    assert list(session.output_dict_per_obj[0]["cond_frame_outputs"]) == [0]
    assert sum(frame.numel() for frame in session.processed_frames.values()) == 0
    other = follower.carrier(255 - square())
    assert not np.array_equal([other(frame) for frame in frames][-1], masks[-1])


def test_an_empty_mask_stays_empty(follower: Sam, frame) -> None:
    carrier = follower.carrier(np.zeros((HEIGHT, WIDTH), np.uint8))
    assert not carrier(frame).any()
    assert not carrier(frame).any()


@pytest.mark.slow
def test_a_track_is_made_with_it_both_ways_from_a_click(follower: Sam, video: str) -> None:
    request = MaskRequest(video=video, prompt="x", points=(Point(x=0.3, y=0.5, at=0.4),))
    source = Source.of(request)
    by_sam = source_track(source, request, follower=follower)
    by_flow = source_track(source, request)
    assert len(by_sam) == len(by_flow) == FRAMES
    assert by_sam[0].shape == by_flow[0].shape
    assert any(not np.array_equal(by_sam[index], by_flow[index]) for index in range(FRAMES))


def test_a_track_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    masks = [np.roll(square(), index, axis=1) for index in range(4)]
    MaskTrack(masks).save(tmp_path / "subject.npz")
    again = MaskTrack.load(tmp_path / "subject.npz")
    assert len(again) == 4
    assert all(np.array_equal(again[index], masks[index]) for index in range(4))


@pytest.mark.slow
def test_the_mode_uses_it_and_keeps_the_track_that_was_used(models: Path, video: str, tmp_path: Path) -> None:
    info = dataclasses.replace(tiny_info(), models_dir=models, upscale=1)
    model = LatentVideoModel(info, "cpu")
    asked = MaskRequest(video=video, prompt="a ball", points=(Point(x=0.3, y=0.5),), num_inference_steps=1, seed=1)
    request = MaskEdit.prepare(asked, info)
    plan = MaskEdit(model).plan(request)
    expected = source_track(Source.of(request), request, follower=Sam(models / SAM_MODEL))
    assert plan.track is not None
    assert all(np.array_equal(plan.track[index], expected[index]) for index in range(FRAMES))
    without = MaskEdit(model)
    without.info = dataclasses.replace(info, models_dir=tmp_path)
    assert without.plan(request).track is None


def test_a_network_that_is_not_whole_is_refused_in_words(tmp_path: Path) -> None:
    network = tiny_sam()
    state = {name: value for name, value in network.state_dict().items() if "mask_decoder" not in name}
    network.save_pretrained(tmp_path / "part", state_dict=state)
    with pytest.raises(ModelMissing, match="lacks some of its weights"):
        Sam(tmp_path / "part").pointed(np.zeros((HEIGHT, WIDTH, 3), np.uint8), [Mark(at=(0.5, 0.5))])
    (tmp_path / "none").mkdir()
    with pytest.raises(ModelMissing, match="cannot be loaded"):
        Sam(tmp_path / "none").pointed(np.zeros((HEIGHT, WIDTH, 3), np.uint8), [Mark(at=(0.5, 0.5))])


@pytest.mark.slow
def test_a_subject_that_is_found_is_followed_by_it_too(follower: Sam, video: str) -> None:
    request = MaskRequest(video=video, prompt="x")
    track = source_track(Source.of(request), Subject(), follower=follower)
    assert len(track) == FRAMES
