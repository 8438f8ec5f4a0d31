"""The denoising loop, on velocities whose answer is known."""

import pytest
import torch

from pipelines.errors import Cancelled
from pipelines.sampling import Sampling, denoise, evened, seeded_noise

SHAPE = (1, 2, 3, 4, 4)
CLEAN = torch.linspace(-1, 1, 96).reshape(SHAPE)


def straight(noise: torch.Tensor):
    """The velocity of a model that knows the answer: every path leads straight to CLEAN."""
    return lambda latents, timestep, done: noise - CLEAN


def sampling(steps: int = 4, seed: int = 1) -> Sampling:
    return Sampling(num_inference_steps=steps, guidance_scale=3.0, seed=seed, flow_shift=3.0)


def test_a_perfect_model_is_followed_to_its_answer():
    noise = seeded_noise(SHAPE, 1)
    assert torch.allclose(denoise(straight(noise), noise, sampling()), CLEAN, atol=2e-3)


def test_the_seed_alone_decides_the_noise():
    assert torch.equal(seeded_noise(SHAPE, 5), seeded_noise(SHAPE, 5))
    assert not torch.equal(seeded_noise(SHAPE, 5), seeded_noise(SHAPE, 6))


def test_known_latents_come_out_exactly_and_are_seen_on_their_way():
    noise, known = seeded_noise(SHAPE, 1), torch.full((1, 2, 1, 4, 4), 0.7)
    seen = []

    def wrong(latents, timestep, done):
        seen.append((float(timestep) / 1000, latents[:, :, 1:2].clone()))
        return torch.zeros_like(latents)

    result = denoise(wrong, noise, sampling(6), known=known, known_at=1)
    assert torch.equal(result[:, :, 1:2], known)
    assert torch.allclose(result[:, :, :1], noise[:, :, :1], atol=1e-4)
    for sigma, latents in seen[1:]:
        expected = (1 - sigma) * known + sigma * noise[:, :, 1:2]
        assert torch.allclose(latents, expected, atol=5e-3)


def test_strength_starts_from_the_initial_latents():
    noise = seeded_noise(SHAPE, 1)
    calls = []

    def count(latents, timestep, done):
        calls.append(float(timestep))
        return noise - CLEAN

    denoise(count, noise, sampling(10), initial=CLEAN, strength=0.3)
    assert len(calls) == 3
    assert max(calls) < 750


def test_each_step_reports_the_clean_latents_it_expects():
    noise, reports = seeded_noise(SHAPE, 1), []
    denoise(straight(noise), noise, sampling(3), on_step=lambda *report: reports.append(report))
    assert [(done, total) for done, total, _ in reports] == [(1, 3), (2, 3), (3, 3)]
    assert all(torch.allclose(clean, CLEAN, atol=2e-3) for _, _, clean in reports)


def test_raising_in_on_step_stops_at_once_and_leaves_nothing_behind():
    noise, calls = seeded_noise(SHAPE, 1), []

    def cancel(done, total, clean):
        calls.append(done)
        raise Cancelled

    with pytest.raises(Cancelled):
        denoise(straight(noise), noise, sampling(), on_step=cancel)
    assert calls == [1]
    assert torch.allclose(denoise(straight(noise), noise, sampling()), CLEAN, atol=2e-3)


def test_guidance_is_on_only_inside_its_interval():
    limited = Sampling(8, 3.0, 0, 3.0, guidance_interval=(0.25, 0.75))
    assert [limited.guided(done) for done in (0.0, 0.25, 0.5, 0.75)] == [False, True, True, False]
    assert not Sampling(8, 1.0, 0, 3.0).guided(0.5)


def test_evened_noise_has_no_light_side_and_is_noise_still():
    noise = seeded_noise((1, 2, 3, 12, 20), 1)
    even = evened(noise)
    assert noise.mean(dim=(3, 4)).abs().max() > 0.02 > even.mean(dim=(3, 4)).abs().max()
    assert (even[..., :6, :].mean() - even[..., 6:, :].mean()).abs() < 0.3 * (
        noise[..., :6, :].mean() - noise[..., 6:, :].mean()
    ).abs()
    assert 0.95 < even.std() / noise.std() < 1
    assert evened(seeded_noise((1, 2, 1, 1, 1), 1)).shape == (1, 2, 1, 1, 1)
