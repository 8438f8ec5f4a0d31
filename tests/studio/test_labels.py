"""Every word shown has its place, and fits what it is said about."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

import pytest

from pipelines import PIPELINES, SERVICES
from pipelines.motion.camera import Camera
from pipelines.settings import Finishing
from studio import labels

FIELDS = sorted({field for each in SERVICES.values() for field in each.request_type.model_fields} - {"finishing"})


NESTED = [f"finishing.{name}" for name in Finishing.model_fields] + [f"camera.{name}" for name in Camera.model_fields]


@pytest.mark.parametrize("field", [*FIELDS, *NESTED])
def test_every_field_of_every_mode_has_a_name_for_people(field: str) -> None:
    assert field in labels.LABELS
    assert "_" not in labels.label(field)


@pytest.mark.parametrize("field", ["image_role", "structure", "region", "style", "change"])
def test_every_choice_a_request_offers_has_a_name_for_people(field: str) -> None:
    offered: set[str] = set()
    for each in PIPELINES.values():
        info = each.request_type.model_fields.get(field)
        kinds = [] if info is None else [info.annotation, *get_args(info.annotation)]
        offered |= {value for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)}
    assert offered
    assert set(labels.CHOICES[field]) == offered


def test_every_mode_that_takes_a_prompt_shows_an_idea_of_one() -> None:
    assert set(PIPELINES) <= set(labels.PLACEHOLDERS)


def test_structure_blur_says_which_end_is_which() -> None:
    said = labels.help_line("structure_blur") or ""
    assert "0 is glued" in said
    assert "7 is loose" in said
