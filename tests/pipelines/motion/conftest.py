"""A tiny real model, and what it is asked."""

from __future__ import annotations

import dataclasses

import pytest

from pipelines.model import LatentVideoModel
from pipelines.types import Conditioning
from tests.tiny import tiny_info

INFO = dataclasses.replace(tiny_info(), upscale=1, delivery_rate="8")


@pytest.fixture(scope="module")
def model() -> LatentVideoModel:
    return LatentVideoModel(INFO, "cpu")


@pytest.fixture
def asked(model: LatentVideoModel, monkeypatch: pytest.MonkeyPatch) -> list[Conditioning]:
    """Every question the model is asked, in order."""
    questions: list[Conditioning] = []
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda question: questions.append(question) or encode(question))
    return questions
