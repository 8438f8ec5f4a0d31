"""What a recipe claims, held against what is here: the inputs by their hashes, the model by its fingerprint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.checkpoints import CATALOGUE, model_info
from pipelines.errors import ModelMissing, SeptetError
from pipelines.registry import PIPELINES, SERVICES
from studio.jobs.inputs import InputStore, sha256_of
from studio.paths import DataFolder
from studio.recipes import build_request, fingerprint
from studio.versions import libraries


@dataclass(frozen=True)
class Finding:
    """One line of the answer; `differs` where a claim no longer holds."""

    text: str
    differs: bool = False


def findings(recipe: Mapping[str, Any], folder: DataFolder) -> list[Finding]:
    """Everything there is to say about a recipe. Never raises on odd content: a recipe may come from anywhere."""
    return [
        *_claims(recipe),
        *_request(recipe),
        *_inputs(recipe, folder),
        *([_model(recipe, folder)] if recipe.get("model") or recipe.get("mode") in PIPELINES else []),
        *_made(recipe),
    ]


def _claims(recipe: Mapping[str, Any]) -> Iterator[Finding]:
    yield Finding(f"recipe version {recipe.get('septet')!r}")
    yield Finding(f"mode           {recipe.get('mode')!r}")
    for field, value in _mapping(recipe, "request").items():
        if value not in (None, "", [], {}):
            yield Finding(f"  {field:20} {json.dumps(value, ensure_ascii=False)}")


def _request(recipe: Mapping[str, Any]) -> Iterator[Finding]:
    mode = str(recipe.get("mode"))
    if mode not in SERVICES:
        yield Finding("request        this Septet has no such mode", differs=True)
        return
    try:
        build_request(SERVICES[mode].request_type, _mapping(recipe, "request"))
    except SeptetError as error:
        yield Finding(f"request        {error}", differs=True)


def _inputs(recipe: Mapping[str, Any], folder: DataFolder) -> Iterator[Finding]:
    store = InputStore(folder.inputs)
    for field, entry in _mapping(recipe, "inputs").items():
        known = entry if isinstance(entry, dict) else {}
        claimed, name = str(known.get("sha256")), known.get("name")
        path = store.find(claimed) if folder.inputs.is_dir() else None
        if path is None:
            yield Finding(f"input          {field} ({name}) is not here")
        elif sha256_of(path) == claimed:
            yield Finding(f"input          {field} ({name}) is here and matches")
        else:
            yield Finding(f"input          {field} ({name}) differs from what was used: {path}", differs=True)


def _model(recipe: Mapping[str, Any], folder: DataFolder) -> Finding:
    claimed = _mapping(recipe, "model")
    name, title = str(claimed.get("name")), claimed.get("title")
    if name not in CATALOGUE:
        return Finding(f"model          {title} ({name}) is not in the catalogue")
    try:
        info = model_info(name, folder.models)
    except ModelMissing:
        return Finding(f"model          {title} is not here. Get it with: python -m studio fetch {name}")
    if fingerprint(info.folder) == claimed.get("fingerprint"):
        return Finding(f"model          {title} is here and matches")
    return Finding(f"model          {title} is here, but its files differ from those used", differs=True)


def _made(recipe: Mapping[str, Any]) -> Iterator[Finding]:
    made = _mapping(recipe, "made")
    if made:
        yield Finding(f"made with      Septet {made.get('version')} on {made.get('device')}")
    here = libraries()
    for library, version in _mapping(made, "libraries").items():
        note = "" if here.get(library) == version else f" (here: {here.get(library, 'not installed')})"
        yield Finding(f"  {library:20} {version}{note}")


def _mapping(recipe: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = recipe.get(name)
    return value if isinstance(value, dict) else {}
