"""The student says with one pass what its teacher says with two, all along the way."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pipelines.sampling import Sampling, denoise
from pipelines.starter.batch import Batch, unknown_origins
from pipelines.starter.export import DISTILLED, Defaults
from pipelines.starter.optim import Trainer
from pipelines.starter.text import Tokens, build_text_encoder, build_tokenizer, tokenize
from pipelines.starter.train_distil import Way, student_loss, taught_way
from pipelines.starter.transformer import StarterModel, build_transformer

WORDS = build_tokenizer(["a", "red", "ball"])
TEACHING = Defaults(num_inference_steps=5, guidance_scale=2.0, guidance_interval=(0.0, 1.0))


def batch(held: int = 0, references: int = 0, count: int = 4) -> Batch:
    torch.manual_seed(3)
    shape = (4, 2 + references, 4, 4)
    return Batch(
        torch.randn(count, *shape), torch.zeros(count, 72, *shape[1:]), torch.zeros(count, *shape[1:]),
        Known().tokens(["a red ball", ""] * (count // 2)), ["none"] * count, torch.zeros(count, 1),
        torch.full((count,), held), unknown_origins(count, *shape[1:]), references,
    )  # fmt: skip


class Known(nn.Module):
    """A teacher whose clips are known: with words it makes ones, without them zeros."""

    def tokens(self, captions: list[str]) -> Tokens:
        return tokenize(WORDS, captions)

    def forward(self, latents: Tensor, sigma: Tensor, tokens: Tokens, control: Tensor) -> Tensor:
        clip = (tokens.mask.sum(dim=1) > 1).float().view(-1, 1, 1, 1, 1)  # more than the end
        return (latents - clip) / sigma.view(-1, 1, 1, 1, 1)


def test_a_way_leads_from_noise_to_what_guidance_makes_of_it() -> None:
    way = taught_way(Known(), batch(), TEACHING, seed=1)
    assert len(way.sigmas) == len(way.points) == len(way.velocities) == 5 and way.sigmas[0] > 0.99
    assert (way.sigmas.diff() < 0).all()
    assert torch.allclose(way.points[0], torch.randn(way.points[0].shape, generator=torch.Generator().manual_seed(1)))
    once = taught_way(Known(), batch(), Defaults(5, 1.0), seed=1)
    assert torch.allclose(once.end[0], torch.ones(4, 2, 4, 4), atol=0.02)
    assert way.end[0].mean() > 1.3, "guidance goes beyond"
    assert way.end[1].abs().max() < 0.02, "without words there is nothing to be guided to"


def test_what_is_held_stays_on_its_straight_line() -> None:
    asked = batch(held=1, references=1)
    way = taught_way(Known(), asked, TEACHING, seed=1)
    noise = way.points[0][:, :, 1]
    for sigma, point in zip(way.sigmas, way.points, strict=True):
        line = (1 - sigma) * asked.clean[:, :, 1] + sigma * noise
        assert torch.allclose(point[:, :, 1], line, atol=0.01)
    assert not torch.allclose(way.end[:, :, 0], asked.clean[:, :, 0], atol=0.5), "a reference is made, too"


def test_a_student_is_wrong_by_what_guidance_adds_and_not_about_what_is_held() -> None:
    asked = batch(held=1)
    way = taught_way(Known(), asked, TEACHING, seed=1)

    class Echo(Known):
        """Says what the teacher said at the very point, but of frames that are held."""

        def forward(self, latents: Tensor, sigma: Tensor, tokens: Tokens, control: Tensor) -> Tensor:
            at = [way.sigmas.tolist().index(value) for value in sigma.tolist()]
            assert torch.equal(latents, torch.stack([way.points[step, i] for i, step in enumerate(at)]))
            said = torch.stack([way.velocities[step, i] for i, step in enumerate(at)])
            said[:, :, 0] = 7.0
            return said

    assert student_loss(Echo(), asked, way).max() == 0
    unguided = student_loss(Known(), asked, way)
    assert unguided[0] > 0.01 and unguided[1] < 1e-6


def _model() -> StarterModel:
    torch.manual_seed(1)
    model = StarterModel(build_transformer(4, layers=2), build_text_encoder(len(WORDS)), WORDS)
    for parameter in model.transformer.parameters():  # its answers are to depend on what it is asked
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, std=0.08)
    return model


@pytest.mark.slow
def test_a_student_comes_to_make_in_one_pass_what_its_teacher_makes_in_two() -> None:
    teacher, student = _model().eval(), _model()
    asked = batch()
    trainer = Trainer(student, StarterModel.PLAIN, 0.002, 5e-4)
    far = Defaults(num_inference_steps=5, guidance_scale=12.0, guidance_interval=(0.0, 1.0))
    ways = [taught_way(teacher, asked, far, seed) for seed in range(2)]
    before = _distance(student, asked, ways[0])
    for step in range(40):
        student_loss(student, asked, ways[step % 2]).mean().backward()
        trainer.step(0.5, warmup=1)
    assert _distance(student, asked, ways[0]) < 0.6 * before


def _distance(student: StarterModel, asked: Batch, way: Way) -> float:
    """How far from the teacher's clips the student's of as many steps and no second pass are."""
    sampling = Sampling(TEACHING.num_inference_steps, 1.0, 0, TEACHING.flow_shift)

    def predict(latents: Tensor, timestep: Tensor, done: float) -> Tensor:
        return student(latents, (timestep.float() / 1000).expand(len(latents)), asked.tokens, asked.control)

    with torch.no_grad():
        made = denoise(predict, way.points[0].clone(), sampling)
    return float((made - way.end).square().mean())


def test_a_distilled_model_is_sampled_in_four_to_eight_steps_without_a_second_pass() -> None:
    assert 4 <= DISTILLED.num_inference_steps <= 8
    sampling = Sampling(
        DISTILLED.num_inference_steps, DISTILLED.guidance_scale, 0, DISTILLED.flow_shift, DISTILLED.guidance_interval
    )
    assert not any(sampling.guided(done / 8) for done in range(8))
