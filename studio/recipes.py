"""Recipes: a request as versioned JSON, in a file of its own or inside the clip it made.

    {"septet": 1, "mode": "mask",
     "request": {every field; a file is named as in the input store: <sha256>.<extension>},
     "model": {"name", "title", "fingerprint"},
     "inputs": {"video": {"sha256", "name"}, "panels.0.image": ...},
     "flags": [prompt flags as they were written, already part of the request],
     "notices": [what a person should know of the request, such as a prompt that was cut],
     "made": {"version", "device", "libraries", ...}}

A recipe holds no path of the machine it was made on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipelines.checkpoints import ModelInfo
from pipelines.errors import InputError, MediaError
from pipelines.fields import S, map_media, media_fields
from pipelines.media.container import shown_name
from pipelines.media.metadata import read_recipe
from pipelines.registry import SERVICES, Order
from studio.jobs.inputs import Stored

VERSION = 1
LARGEST_FILE = 1 << 20  # bytes; a recipe is a few thousand

Registry = Mapping[str, Any]  # mode -> a class with `request_type`


def write_recipe(request: Order, info: ModelInfo | None, stored: Mapping[str, Stored]) -> dict[str, Any]:
    """The recipe of a prepared request. `info`: the model that has a part in it, None where none has; `stored`:
    where each path it names went in the input store.
    """
    inputs = {
        field: {"sha256": stored[path].sha256, "name": stored[path].name}
        for field, (_kind, path) in media_fields(request).items()
    }
    anonymous = map_media(request, lambda _kind, path: stored[path].file)
    return {
        "septet": VERSION,
        "mode": request.mode,
        "request": anonymous.model_dump(mode="json"),
        "model": {"name": _public_name(info), "title": info.title, "fingerprint": fingerprint(info.folder)}
        if info
        else {},
        "inputs": inputs,
        "flags": [],
        "notices": [],
        "made": {},
    }


def read_request(recipe: Mapping[str, Any], find: Callable[[str], Path | None], registry: Registry = SERVICES) -> Order:
    """The request a recipe describes, its files looked up with `find(sha256)`.

    Raises InputError for an unknown version, mode or field, and names the inputs that are not there.
    """
    request_type = _request_type(recipe, registry)
    fields = recipe.get("request")
    if not isinstance(fields, dict):
        raise InputError("The recipe has no request in it.")
    request = build_request(request_type, fields)
    inputs = recipe.get("inputs") or {}
    missing, paths = [], {}
    for field, (_kind, file) in media_fields(request).items():
        entry = inputs.get(field) if isinstance(inputs, dict) else None
        known = entry if isinstance(entry, dict) else {}
        found = find(str(known.get("sha256", file.partition(".")[0])))
        if found is None:
            missing.append(f"{field} ({known.get('name', file)})")
        else:
            paths[file] = str(found)
    if missing:
        raise MediaError(
            f"This recipe needs files that are not here: {', '.join(missing)}. Give them again, or point to the "
            "folder that holds them."
        )
    return map_media(request, lambda _kind, file: paths[file])


def with_own_names(text: str, recipe: Mapping[str, Any]) -> str:
    """The text with each file called what its owner called it, where it says what the input store does."""
    for known in recipe.get("inputs", {}).values():
        stored = re.compile(rf"{known['sha256']}\.[a-z0-9]+")
        text = shown_name(Path(known["name"])).join(stored.split(text))
    return text


def build_request(request_type: type[S], fields: Mapping[str, Any]) -> S:
    """A request from plain JSON values. Raises InputError that names the field, the value and the rule."""
    return build_settings(request_type, fields)


def build_settings(settings: type[S], fields: Mapping[str, Any]) -> S:
    """Any settings from plain JSON values, like `build_request`."""
    try:
        return settings.model_validate_json(json.dumps(dict(fields)))
    except ValidationError as error:
        raise explain(error) from error
    except (TypeError, ValueError) as error:
        raise InputError(f"These settings are not plain JSON values: {error}.") from error


def explain(error: ValidationError) -> InputError:
    """What a person is told about a request that does not fit: the first two faults."""
    faults = []
    for fault in error.errors(include_url=False)[:2]:
        field = ".".join(str(part) for part in fault["loc"]) or "the request"
        if fault["type"] == "extra_forbidden":
            faults.append(f"there is no setting called {field}")
        elif fault["type"] == "missing":
            faults.append(f"{field} is missing; give one")
        else:
            rule = fault["msg"].removeprefix("Value error, ")
            faults.append(f"{field}: {rule[:1].lower()}{rule[1:]}, not {_shown(fault['input'])}")
    return InputError(f"The request cannot be done as asked: {'; '.join(faults)}.")


def load_recipe(path: Path) -> dict[str, Any]:
    """The recipe in a JSON file or a clip. Raises MediaError where there is none."""
    if not path.is_file():
        raise MediaError(f"There is no file {path}.")
    if path.suffix.lower() == ".json":
        try:
            recipe = json.loads(path.read_text("utf-8")) if path.stat().st_size <= LARGEST_FILE else None
        except (ValueError, RecursionError):  # bad JSON, or not text at all
            recipe = None
    else:
        recipe = read_recipe(path)
    if not isinstance(recipe, dict) or "septet" not in recipe:
        raise MediaError(f"{path.name} holds no Septet recipe. Clips made here carry one; other programs' do not.")
    return recipe


def fingerprint(folder: Path) -> str:
    """A short hash that tells two models apart: names and sizes of all files, and both ends of each."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    seen = tuple((path.relative_to(folder).as_posix(), *_stamp(path)) for path in files)
    return _fingerprint(folder, seen)


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_size, facts.st_mtime_ns


@lru_cache(maxsize=16)
def _fingerprint(folder: Path, files: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, size, _changed in files:
        digest.update(f"{name}\0{size}\0".encode())
        with (folder / name).open("rb") as reader:
            digest.update(reader.read(1 << 16))
            reader.seek(max(0, size - (1 << 16)))
            digest.update(reader.read())
    return digest.hexdigest()[:32]


def _request_type(recipe: Mapping[str, Any], registry: Registry) -> type[Order]:
    version = recipe.get("septet")
    if version != VERSION or isinstance(version, bool):
        raise InputError(f"The recipe is of version {version!r}; this Septet reads version {VERSION}. Update Septet.")
    mode = str(recipe.get("mode"))
    if mode not in registry:
        raise InputError(f"The recipe asks for the mode {mode!r}; there are {', '.join(registry)}.")
    found: type[Order] = registry[mode].request_type
    return found


def _public_name(info: ModelInfo) -> str:
    """The catalogue's name, or the last part of a folder's path: where it lies is nobody else's business."""
    return Path(info.name).name or info.name


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
