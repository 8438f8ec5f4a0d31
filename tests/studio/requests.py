"""Hypothesis strategies for the requests of every mode, derived from their fields."""

from types import NoneType
from typing import Any, Literal, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from pipelines.fields import media_kind
from pipelines.settings import Settings

PATTERNED = {"size": ["64x32", "1920x1080"], "frame_rate": ["24", "30000/1001", "59"], "name": ["hero", "home-2"]}


def requests(settings: type[Settings], files: list[str]) -> st.SearchStrategy[Any]:
    """Valid instances of a settings class; `files` are the paths its media fields may name."""
    fields = {name: _values(name, info, files) for name, info in settings.model_fields.items()}
    return st.fixed_dictionaries(fields).map(settings.model_validate)


def _values(name: str, info: FieldInfo, files: list[str]) -> st.SearchStrategy[Any]:
    annotation = info.annotation
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType] if NoneType in get_args(annotation) else []
    chosen = _of(name, kinds[0] if kinds else annotation, info, files)
    return st.none() | chosen if kinds else chosen


def _of(name: str, annotation: Any, info: FieldInfo, files: list[str]) -> st.SearchStrategy[Any]:
    if media_kind(info) and get_origin(annotation) is not tuple:
        return st.sampled_from(files)
    if get_origin(annotation) is tuple and media_kind(info):
        return st.lists(st.sampled_from(files), max_size=3).map(tuple)
    if get_origin(annotation) is tuple:
        return st.lists(requests(get_args(annotation)[0], files), max_size=3).map(tuple)
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return requests(annotation, files)
    while get_origin(annotation) not in (None, Literal):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    low, high = (_bound(info, *names) for names in (("ge", "gt"), ("le", "lt")))
    if annotation is bool:
        return st.booleans()
    if annotation is int:
        return st.integers(low, high)
    if annotation is float:
        return st.floats(low, high, exclude_min=_bound(info, "gt") is not None)
    return st.sampled_from(PATTERNED[name]) if name in PATTERNED else st.text(max_size=30)


def _bound(info: FieldInfo, *names: str) -> Any:
    rules = [getattr(rule, name) for rule in info.metadata for name in names if hasattr(rule, name)]
    return rules[0] if rules else None
