"""Recipes: there and back for every mode, and refusals in words."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.checkpoints import model_info
from pipelines.errors import InputError, MediaError
from pipelines.fields import map_media, media_fields
from pipelines.registry import SERVICES
from pipelines.types import Request
from studio.jobs.inputs import Stored
from studio.recipes import build_request, fingerprint, load_recipe, read_request, with_own_names, write_recipe
from tests.studio.jobs.fakes import PictureRequest, PlainRequest, model_folder
from tests.studio.requests import requests

FILES = ["/home/ann/holiday.mp4", "/home/ann/face.png"]
SHA = {path: hashlib.sha256(path.encode()).hexdigest() for path in FILES}
STORED = {path: Stored(f"{SHA[path]}{Path(path).suffix}", SHA[path], Path(path).name) for path in FILES}
REGISTRY = {"plain": type("Plain", (), {"request_type": PlainRequest})}


def find(sha256: str) -> Path | None:
    return next((Path(path) for path, known in SHA.items() if known == sha256), None)


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("models")
    return model_info(model_folder(root), root)


@pytest.mark.parametrize("mode", SERVICES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_request_of_any_mode_survives_its_recipe(mode: str, data: st.DataObject, info) -> None:
    request = data.draw(requests(SERVICES[mode].request_type, FILES))
    recipe = json.loads(json.dumps(write_recipe(request, info, STORED)))
    assert read_request(recipe, find) == request
    assert "/home/ann" not in json.dumps(recipe)
    assert set(recipe["inputs"]) == set(media_fields(request))


def a_recipe(info, **changes: object) -> dict:
    return {**write_recipe(PlainRequest(prompt="a ball", seed=1), info, {}), **changes}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"septet": 2}, "version 2"),
        ({"septet": True}, "version True"),
        ({"mode": "telepathy"}, "telepathy"),
        ({"request": {"prompt": "a", "wings": 2}}, "no setting called wings"),
        ({"request": {"prompt": "a", "seed": "12"}}, "seed: .* not '12'"),
        ({"request": {"prompt": "a", "seed": True}}, "seed"),
        ({"request": {"guidance_scale": float("nan")}}, "guidance_scale.*finite"),
        ({"request": {"finishing": {"upscale": 3}}}, "finishing.upscale"),
        ({"request": []}, "no request"),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused_in_words(info, changes: dict, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_request(a_recipe(info, **changes), find, REGISTRY)


def test_inputs_that_are_not_here_are_named_as_the_person_named_them(info) -> None:
    request = PictureRequest(prompt="a", image=FILES[1])
    registry = {"picture": type("Picture", (), {"request_type": PictureRequest})}
    with pytest.raises(MediaError, match=r"image \(face\.png\)"):
        read_request(write_recipe(request, info, STORED), lambda _sha: None, registry)


def test_a_recipe_is_read_from_its_own_file_and_other_files_are_refused(info, tmp_path: Path) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(a_recipe(info)))
    assert load_recipe(path)["mode"] == "plain"
    for content in (b"{", b"[1]", b"\xff\xfe\x00", b'{"a": 1}'):
        path.write_bytes(content)
        with pytest.raises(MediaError, match="no Septet recipe"):
            load_recipe(path)
    with pytest.raises(MediaError, match="no file"):
        load_recipe(tmp_path / "nowhere.json")


def test_a_request_from_plain_fields_takes_no_guess(info) -> None:
    assert build_request(PlainRequest, {"prompt": "a", "num_frames": 5}).num_frames == 5
    for fields in ({"num_frames": 5.5}, {"num_frames": "5"}, {"prompt": None}, {"mode": "plain"}, {"seed": 2**63}):
        with pytest.raises(InputError, match="cannot be done as asked"):
            build_request(PlainRequest, fields)
    with pytest.raises(InputError, match="plain JSON"):
        build_request(PlainRequest, {"prompt": object()})


def test_the_fingerprint_sees_weights_and_settings_but_not_the_place(tmp_path: Path) -> None:
    first, second = (Path(model_folder(tmp_path / name)) for name in ("a", "b"))
    (first / "w.safetensors").write_bytes(b"\0" * 200_000)
    (second / "w.safetensors").write_bytes(b"\0" * 200_000)
    assert fingerprint(first) == fingerprint(second)
    (second / "w.safetensors").write_bytes(b"\0" * 199_999 + b"\1")
    assert fingerprint(first) != fingerprint(second)


def test_media_paths_are_all_replaced(info) -> None:
    request: Request = PictureRequest(prompt="a", image=FILES[0])
    assert map_media(request, lambda _kind, _path: "x").image == "x"


def test_a_message_calls_files_what_their_owner_called_them() -> None:
    video = STORED[FILES[0]]
    recipe = {"inputs": {"video": {"sha256": video.sha256, "name": r"my \1 holiday.mp4"}}}
    assert with_own_names(f"{video.file} is damaged.", recipe) == r"my \1 holiday.mp4 is damaged."
    assert with_own_names("There is no memory.", {"inputs": {}}) == "There is no memory."
