"""The resident model on a tiny real WanVACE folder, held against the stock pipeline and its traps."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.errors import Cancelled, InputError, ModelMissing
from pipelines.model import LatentVideoModel
from pipelines.sampling import Sampling
from pipelines.types import Conditioning
from tests.tiny import tiny_info, tiny_model_folder

SIZE = {"num_frames": 9, "height": 32, "width": 64}


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(tiny_info(), "cpu")


def sampling(seed: int = 7, steps: int = 2, scale: float = 2.0) -> Sampling:
    return Sampling(num_inference_steps=steps, guidance_scale=scale, seed=seed, flow_shift=3.0)


def picture(seed: int, height: int = 32, width: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def stock_latents(model: LatentVideoModel, seed: int = 7, **given) -> torch.Tensor:
    return model._pipeline(
        prompt="a red ball",
        height=32,
        width=64,
        num_frames=9,
        num_inference_steps=2,
        guidance_scale=2.0,
        generator=torch.Generator().manual_seed(seed),
        max_sequence_length=model.max_prompt_tokens,
        output_type="latent",
        **given,
    ).frames


def test_text_alone_gives_the_latents_of_the_stock_pipeline(model):
    ours = model.denoise(model.encode(Conditioning(prompt="a red ball", **SIZE)), sampling())
    assert torch.allclose(ours, stock_latents(model), atol=1e-5)


def test_video_mask_and_references_give_the_latents_of_the_stock_pipeline(model):
    video = np.stack([picture(index) for index in range(9)])
    mask = np.zeros((9, 32, 64), np.uint8)
    mask[:, 8:24, 16:48] = 255
    references = (picture(20), picture(21))
    question = Conditioning(prompt="a red ball", video=video, mask=mask, reference_images=references, **SIZE)
    ours = model.denoise(model.encode(question), sampling())
    theirs = stock_latents(
        model,
        video=[Image.fromarray(frame) for frame in video],
        mask=[Image.fromarray(frame) for frame in mask],
        # the stock pipeline puts the last reference first
        reference_images=[Image.fromarray(image) for image in references[::-1]],
    )[:, :, 2:]
    assert torch.allclose(ours, theirs, atol=2e-2)
    assert (ours - theirs).abs().mean() < 2e-3  # 127.5 is no uint8: mid grey differs by half a step


def test_streamed_decoding_gives_the_pixels_of_decoding_at_once(model):
    latents = torch.randn(1, 4, 3, 4, 8, generator=torch.Generator().manual_seed(3))
    chunks = list(model.decode(latents))
    with torch.no_grad():
        whole = model._vae.decode(model._raw(latents)).sample
    whole = ((whole[0].clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 3, 0).numpy()
    assert [len(chunk) for chunk in chunks] == [1, 4, 4]
    assert np.abs(np.concatenate(chunks).astype(int) - whole).max() <= 1


def test_encoding_between_two_decoded_chunks_disturbs_neither(model):
    latents = torch.randn(1, 4, 3, 4, 8, generator=torch.Generator().manual_seed(3))
    undisturbed = np.concatenate(list(model.decode(latents)))
    stream = model.decode(latents)
    chunks = [next(stream)]
    model.encode(Conditioning(prompt="x", video=np.stack([picture(90 + i) for i in range(9)]), **SIZE))
    chunks += list(stream)
    assert np.array_equal(np.concatenate(chunks), undisturbed)


def test_the_same_seed_gives_identical_latents_and_another_does_not(model):
    encoded = model.encode(Conditioning(prompt="a red ball", **SIZE))
    first, again, other = (model.denoise(encoded, sampling(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_same_input_is_encoded_once_and_an_empty_stream_never_again(model):
    video = np.stack([picture(40 + index) for index in range(9)])
    model.encode(Conditioning(prompt="a", **SIZE))
    before = model.encoder_calls
    model.encode(Conditioning(prompt="b", **SIZE))
    assert model.encoder_calls == before
    model.encode(Conditioning(prompt="a", video=video, **SIZE))
    assert model.encoder_calls == before + 1  # reactive only: nothing is kept
    model.encode(Conditioning(prompt="c", video=video.copy(), **SIZE))
    assert model.encoder_calls == before + 1


def test_held_frames_decode_as_the_autoencoder_alone_would_decode_them(model):
    first = picture(5)
    question = Conditioning(prompt="a red ball", **SIZE).beginning_with(first[None])
    latents = model.denoise(model.encode(question), sampling())
    alone = torch.from_numpy(first).permute(2, 0, 1)[None, :, None].float() / 127.5 - 1
    with torch.no_grad():
        known = (model._vae.encode(alone).latent_dist.mode() - model._mean) / model._std
    assert torch.allclose(latents[:, :, :1], known, atol=1e-2)


def test_held_frames_stay_exact_with_references_too(model):
    first = picture(5)
    question = Conditioning(prompt="a", reference_images=(picture(6),), **SIZE).beginning_with(first[None])
    encoded = model.encode(question)
    latents = model.denoise(encoded, sampling())
    assert latents.shape[2] == 3
    assert torch.equal(latents[:, :, :1], encoded.known)


def test_strength_keeps_part_of_the_video(model):
    video = np.stack([picture(60)] * 9)
    weak, strong = (
        model.denoise(model.encode(Conditioning(prompt="a", video=video, strength=s, **SIZE)), sampling(steps=8))
        for s in (0.2, 1.0)
    )
    with torch.no_grad():
        source = model._encode_video(torch.from_numpy(video).permute(3, 0, 1, 2).float() / 127.5 - 1)
    assert (weak - source).abs().mean() < (strong - source).abs().mean()


def test_strength_keeps_part_of_other_frames_than_the_control(model):
    control, start = np.stack([picture(60)] * 9), np.stack([picture(61)] * 9)
    asked = Conditioning(prompt="a", video=control, start_from=start, strength=0.2, **SIZE)
    made = model.denoise(model.encode(asked), sampling(steps=8))
    with torch.no_grad():
        near, far = (
            model._encode_video(torch.from_numpy(frames).permute(3, 0, 1, 2).float() / 127.5 - 1)
            for frames in (start, control)
        )
    assert (made - near).abs().mean() < (made - far).abs().mean()
    with pytest.raises(InputError, match="start_from"):
        model.encode(dataclasses.replace(asked, start_from=start[:5]))


def test_outside_the_guidance_interval_the_unconditional_pass_is_saved(model):
    calls = []
    hook = model._any_transformer.register_forward_hook(lambda *_: calls.append(1))
    encoded = model.encode(Conditioning(prompt="a", **SIZE))
    model.denoise(encoded, sampling(steps=4))
    full = len(calls)
    model.denoise(encoded, Sampling(4, 2.0, 7, 3.0, guidance_interval=(0.0, 0.5)))
    hook.remove()
    assert (full, len(calls) - full) == (8, 6)


def test_where_guidance_would_lead_from_the_same_words_one_pass_is_enough(model):
    calls = []
    hook = model._any_transformer.register_forward_hook(lambda *_: calls.append(1))
    asked = Conditioning(prompt="", **SIZE).beginning_with(picture(1)[None])
    once = model.denoise(model.encode(asked), sampling(steps=4))
    hook.remove()
    assert len(calls) == 4
    assert torch.equal(once, model.denoise(model.encode(asked), sampling(steps=4, scale=1.0)))


def test_a_model_that_was_taught_so_is_guided_by_the_frames_it_begins_with_where_no_words_guide():
    model = LatentVideoModel(dataclasses.replace(tiny_info(), guides_by_frames=True), "cpu")
    nothing = Conditioning(prompt="", **SIZE)
    begun = nothing.beginning_with(picture(1)[None])
    encoded = model.encode(begun)
    assert torch.equal(encoded.unwanted[1], model.encode(nothing).control)
    weak, usual, strong = (model.denoise(encoded, sampling(scale=scale)) for scale in (1.0, 2.0, 3.0))
    # one step leads away from what would be made of nothing, the more the stronger the guidance
    assert (strong - weak).abs().mean() > 1.3 * (usual - weak).abs().mean() > 0
    assert torch.equal(strong[:, :, :1], weak[:, :, :1])  # the frame held
    said = model.encode(dataclasses.replace(begun, prompt="a red ball"))
    assert torch.equal(said.unwanted[1], said.control)  # words guide
    for other in (nothing, begun.ending_with(picture(2))):
        assert model.encode(other).unwanted is None


def test_cancelling_leaves_the_next_clip_unchanged(model):
    encoded = model.encode(Conditioning(prompt="a red ball", **SIZE))
    before = model.denoise(encoded, sampling())

    def cancel(*_):
        raise Cancelled

    with pytest.raises(Cancelled):
        model.denoise(encoded, sampling(), cancel)
    assert torch.equal(model.denoise(encoded, sampling()), before)


@pytest.mark.parametrize(
    "wrong",
    [
        {"video": np.zeros((8, 32, 64, 3), np.uint8)},  # shorter
        {"video": np.zeros((13, 32, 64, 3), np.uint8)},  # longer
        {"video": np.zeros((9, 64, 32, 3), np.uint8)},  # portrait
        {"video": np.zeros((9, 16, 32, 3), np.uint8)},  # smaller
        {"video": np.zeros((9, 32, 64, 3), np.float32)},
        {"video": np.zeros((9, 32, 64, 4), np.uint8)},  # RGBA
        {"mask": np.zeros((9, 32, 32), np.uint8)},
        {"num_frames": 8},
        {"height": 40},
        {"hold": 3},
    ],
)
def test_a_size_the_model_would_take_silently_is_refused(model, wrong):
    with pytest.raises(InputError, match=r"must be|needs|makes|held"):
        model.encode(Conditioning(**{"prompt": "a", **SIZE, **wrong}))


def test_painted_grey_reads_as_nothing_at_all(model):
    grey = np.full((9, 32, 64, 3), 127, np.uint8)
    before = model.encoder_calls
    model.encode(Conditioning(prompt="a", **SIZE))
    model.encode(Conditioning(prompt="a", video=grey, **SIZE))
    model.encode(Conditioning(prompt="a", video=grey + 1, **SIZE))
    assert model.encoder_calls <= before + 1


def test_prompts_are_remembered(model):
    assert model.encode_prompt("a red ball") is model.encode_prompt("a red ball")


def test_a_preview_is_a_small_picture(model):
    preview = model.preview(torch.randn(1, 4, 3, 4, 8))
    assert preview.shape == (4, 8, 3)
    assert preview.dtype == np.uint8


def test_two_transformers_share_the_noise_between_them():
    import dataclasses

    from pipelines.checkpoints import model_info

    folder = tiny_model_folder(two_transformers=True)
    info = dataclasses.replace(model_info(str(folder), folder), width=64, height=32, num_frames=9)
    model = LatentVideoModel(info, "cpu")
    used = []
    for name in ("transformer", "transformer_2"):
        getattr(model._pipeline, name).register_forward_hook(lambda *_, name=name: used.append(name))
    ours = model.denoise(model.encode(Conditioning(prompt="a red ball", **SIZE)), sampling())
    assert set(used) == {"transformer", "transformer_2"}
    assert torch.allclose(ours, stock_latents(model), atol=1e-5)


def test_a_damaged_folder_is_named_as_such(tmp_path):
    import dataclasses
    import shutil

    folder = tmp_path / "broken"
    shutil.copytree(tiny_model_folder(), folder)
    next((folder / "transformer").glob("*.safetensors")).write_bytes(b"not weights")
    with pytest.raises(ModelMissing, match="incomplete or damaged"):
        LatentVideoModel(dataclasses.replace(tiny_info(), folder=folder), "cpu")
