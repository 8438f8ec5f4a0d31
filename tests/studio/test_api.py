"""The endpoints for programs follow from the requests, and take no file that was not uploaded."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines import SERVICES
from pipelines.checkpoints import ASSETS
from pipelines.errors import InputError
from studio.api import make_endpoint, submit_fields
from studio.person import LOCAL
from studio.shelf import Shelf
from tests.studio.rooms import quiet_shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = quiet_shelf(tmp_path)
    yield shelf
    shelf.desk.close()


def _upload(path: Path) -> dict[str, Any]:
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("mode", SERVICES)
def test_an_endpoint_takes_the_fields_of_its_request_by_name(shelf: Shelf, mode: str) -> None:
    fields = SERVICES[mode].request_type.model_fields
    parameters = inspect.signature(make_endpoint(shelf, mode)).parameters
    assert set(parameters) - {"caller"} == set(fields)
    for name, parameter in parameters.items() - {("caller", parameters["caller"])}:
        assert (parameter.default is inspect.Parameter.empty) == fields[name].is_required()


def test_types_of_parameters_are_plain(shelf: Shelf) -> None:
    annotations = make_endpoint(shelf, "storyboard").__annotations__
    assert annotations["seed"] == int | None
    assert annotations["structure"] == str | None
    assert annotations["panels"] == list | None
    assert annotations["finishing"] == dict | None
    assert annotations["video"] == dict | None


def test_an_uploaded_file_becomes_a_job(shelf: Shelf, tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    Image.new("RGB", (192, 128), (9, 99, 199)).save(picture)
    job = submit_fields(shelf, LOCAL, "image-to-video", {"image": _upload(picture), "seed": 3})
    assert (job.state, job.seed) == ("queued", 3)


def test_a_path_that_was_not_uploaded_is_refused(shelf: Shelf, tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    Image.new("RGB", (192, 128)).save(picture)
    with pytest.raises(InputError, match="image"):
        submit_fields(shelf, LOCAL, "image-to-video", {"image": str(picture)})
    with pytest.raises(InputError, match=r"panels\.0\.image"):
        submit_fields(shelf, LOCAL, "storyboard", {"panels": [{"image": str(picture), "prompt": "x"}]})
    assert shelf.desk.jobs(LOCAL) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"prompt": "x", "guidance_scale": float("nan")}, "guidance_scale"),
        ({"prompt": "x", "guidance_scale": 1e308}, "guidance_scale"),
        ({"prompt": "x", "seed": -1}, "seed"),
        ({"prompt": "x", "num_frames": "12"}, "num_frames"),
        ({"prompt": "x", "num_inference_steps": True}, "num_inference_steps"),
        ({"prompt": "x", "surprise": 1}, "surprise"),
        ({"prompt": "x" * 5000}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x", "num_frames": 8}, "num_frames"),
    ],
)
def test_bad_settings_are_named_and_leave_no_trace(shelf: Shelf, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        submit_fields(shelf, LOCAL, "text-to-video", fields)
    assert shelf.desk.jobs(LOCAL) == []


def test_an_unknown_mode_is_answered_with_the_known_ones(shelf: Shelf) -> None:
    with pytest.raises(InputError, match="text-to-video"):
        submit_fields(shelf, LOCAL, "text_to_film", {"prompt": "x"})


def test_the_same_key_never_makes_a_second_job(shelf: Shelf) -> None:
    first = submit_fields(shelf, LOCAL, "text-to-video", {"prompt": "x"}, "key")
    assert submit_fields(shelf, LOCAL, "text-to-video", {"prompt": "x"}, "key").id == first.id


def test_a_3d_file_that_was_uploaded_is_kept_with_its_job(shelf: Shelf) -> None:
    rocket = ASSETS / "examples" / "toy-rocket.glb"
    job = submit_fields(
        shelf, LOCAL, "render", {"mesh": _upload(rocket), "prompt": "a red rocket", "camera_amount": 0.5}
    )
    kept = shelf.fields(LOCAL, job.id)
    assert Path(kept["mesh"]).read_bytes() == rocket.read_bytes()
    assert (Path(kept["mesh"]).suffix, kept["camera_amount"]) == (".glb", 0.5)
    annotations = make_endpoint(shelf, "render").__annotations__
    assert (annotations["mesh"], annotations["camera_amount"]) == (dict | None, float | None)


def test_a_3d_file_that_is_none_is_refused_before_it_is_queued(shelf: Shelf, tmp_path: Path) -> None:
    bad = tmp_path / "bad.stl"
    bad.write_bytes(b"not a mesh")
    with pytest.raises(InputError, match=r"bad\.stl is not a STL file"):
        submit_fields(shelf, LOCAL, "render", {"mesh": _upload(bad), "prompt": "x"})
    assert shelf.desk.jobs(LOCAL) == []
