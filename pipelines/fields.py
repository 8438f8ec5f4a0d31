"""The files a request names, wherever in it they stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic.fields import FieldInfo

from pipelines.settings import Media, Settings

S = TypeVar("S", bound=Settings)


def media_fields(request: Settings, prefix: str = "") -> dict[str, tuple[str, str]]:
    """Every file a request names: {"video": ("video", path), "panels.0.image": ("image", path), ...}."""
    found: dict[str, tuple[str, str]] = {}

    def note(kind: str, path: str, name: str) -> str:
        found[name] = (kind, path)
        return path

    _walk(request, prefix, note)
    return found


def map_media(request: S, new_path: Callable[[str, str], str]) -> S:
    """A copy of the request with every file path replaced by `new_path(kind, path)`."""
    return _walk(request, "", lambda kind, path, _name: new_path(kind, path))


def media_kind(info: FieldInfo) -> str | None:
    """What kind of file a request's field holds, as `Media` names it, or None if it holds none."""
    pending: list[Any] = [*info.metadata, info.annotation]
    while pending:
        item = pending.pop()
        if isinstance(item, Media):
            return item.kind
        pending += [*getattr(item, "__metadata__", ()), *getattr(item, "__args__", ())]
    return None


def _walk(settings: S, prefix: str, visit: Callable[[str, str, str], str]) -> S:
    """Rebuild `settings` with `visit(kind, path, dotted_name)` in place of each file path, nested ones too."""
    changes: dict[str, Any] = {}
    for name, info in type(settings).model_fields.items():
        value, kind, dotted = getattr(settings, name), media_kind(info), prefix + name
        if isinstance(value, str) and kind:
            changes[name] = visit(kind, value, dotted)
        elif isinstance(value, Settings):
            changes[name] = _walk(value, f"{dotted}.", visit)
        elif isinstance(value, tuple):
            changes[name] = tuple(
                _walk(item, f"{dotted}.{index}.", visit)
                if isinstance(item, Settings)
                else visit(kind, item, f"{dotted}.{index}")
                if kind
                else item
                for index, item in enumerate(value)
            )
    return settings.model_copy(update=changes)
