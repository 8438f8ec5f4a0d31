"""Command-line options made from the fields of a request, and requests made from the options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from pipelines.errors import InputError
from pipelines.fields import media_kind
from pipelines.settings import Settings
from pipelines.types import Request
from studio.recipes import build_request


@dataclass(frozen=True)
class Option:
    """One option and the field it fills; `path` leads to a nested field, `items` is what a repeated one is made of."""

    flag: str
    path: tuple[str, ...]
    info: FieldInfo
    items: type[Settings] | None = None

    @property
    def destination(self) -> str:
        """Where argparse keeps the value."""
        return "field:" + ".".join(self.path)


def options_of(settings: type[Settings]) -> list[Option]:
    """One option per field. Fields of nested settings stand beside the others; the outer one keeps a shared name."""
    fields = settings.model_fields
    found = []
    for name, info in fields.items():
        inner = _settings_in(info.annotation)
        if inner is None:
            found.append(Option(_flag(name), (name,), info))
        elif _is_many(info.annotation):
            found.append(Option(_flag(_singular(name)), (name,), info, inner))
        else:
            for nested, nested_info in inner.model_fields.items():
                flag = _flag(f"{name}-{nested}" if nested in fields else nested)
                found.append(Option(flag, (name, nested), nested_info))
    return found


def add_options(parser: argparse.ArgumentParser, settings: type[Settings], *, but: tuple[str, ...] = ()) -> None:
    """Add an option for every field `but` those; one that is not given leaves its field open."""
    for option in options_of(settings):
        if option.path[0] in but:
            continue
        annotation = _required(option.info.annotation)
        text = (option.info.description or "").replace("%", "%%") + _range(option.info)
        common: dict[str, Any] = {"dest": option.destination, "default": None}
        if option.items is not None:
            names = ", ".join(_item_fields(option.items))
            text += f"; once for each, as name=value pairs ({names})"
            common |= {"action": "append", "nargs": "+", "metavar": "NAME=VALUE"}
        elif annotation is bool:
            common["action"] = argparse.BooleanOptionalAction
        elif get_origin(annotation) is Literal:
            common |= {"type": type(get_args(annotation)[0]), "choices": get_args(annotation)}
        elif media_kind(option.info):
            common |= {"metavar": "FILE", "nargs": "+" if get_origin(option.info.annotation) is tuple else None}
        else:
            common |= {"type": _reader(annotation), "metavar": _metavar(annotation)}
        parser.add_argument(option.flag, help=text, **common)


def request_from(namespace: argparse.Namespace, request_type: type[Request]) -> Request:
    """The request the options ask for. Raises InputError."""
    return build_request(request_type, fields_from(namespace, request_type))


def fields_from(namespace: argparse.Namespace, settings: type[Settings]) -> dict[str, Any]:
    """Field -> value for every option that was given, nested fields nested, paths absolute."""
    fields: dict[str, Any] = {}
    for option in options_of(settings):
        value = getattr(namespace, option.destination, None)
        if value is None:
            continue
        if option.items is not None:
            value = [_item(words, option) for words in value]
        elif media_kind(option.info):
            value = [_absolute(path) for path in value] if isinstance(value, list) else _absolute(value)
        *outer, last = option.path
        target = fields
        for name in outer:
            target = target.setdefault(name, {})
        target[last] = value
    return fields


def _item(words: list[str], option: Option) -> dict[str, Any]:
    """One panel, say, from its name=value pairs."""
    assert option.items is not None
    item: dict[str, Any] = {}
    fields = _item_fields(option.items)
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in fields:
            raise InputError(f"{option.flag} takes name=value pairs with the names {', '.join(fields)}, not {word!r}.")
        (*outer, last), info = fields[name]
        target = item
        for part in outer:
            target = target.setdefault(part, {})
        try:
            target[last] = _absolute(value) if media_kind(info) else _reader(_required(info.annotation))(value)
        except argparse.ArgumentTypeError as error:
            raise InputError(f"{option.flag} {name}: {error}.") from error
    return item


def _item_fields(items: type[Settings]) -> dict[str, tuple[tuple[str, ...], FieldInfo]]:
    """Name -> path and field of what may be given for one item, nested settings beside the others."""
    return {
        option.flag.removeprefix("--").replace("-", "_"): (option.path, option.info) for option in options_of(items)
    }


def _singular(name: str) -> str:
    """What one of several is called: panel, brush, box."""
    return name.removesuffix("es" if name.endswith(("shes", "xes")) else "s")


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().resolve())


def _reader(annotation: Any) -> Callable[[str], Any]:
    return {int: _whole, float: _number, bool: _truth}.get(annotation, str)


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "yes", "false", "no"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
    return text.lower() in ("true", "yes")


def _metavar(annotation: Any) -> str:
    return {int: "N", float: "X"}.get(annotation, "TEXT")


def _required(annotation: Any) -> Any:
    """The type without `None`, and without pydantic's annotations around it."""
    while True:
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        if get_origin(annotation) is Literal or not kinds:
            return annotation
        annotation = kinds[0]


def _settings_in(annotation: Any) -> type[Settings] | None:
    """The settings class a field holds, or holds many of."""
    kinds: list[Any] = [annotation, *get_args(annotation)]
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Settings)), None)


def _is_many(annotation: Any) -> bool:
    return get_origin(annotation) is tuple


def _range(info: FieldInfo) -> str:
    """The bounds of a number, in words."""
    bounds = list(_bounds(info))
    return f" ({', '.join(bounds)})" if bounds else ""


def _bounds(info: FieldInfo) -> Iterator[str]:
    for attribute, words in (("ge", "from"), ("gt", "more than"), ("le", "to"), ("lt", "less than")):
        for rule in info.metadata:
            if hasattr(rule, attribute):
                yield f"{words} {getattr(rule, attribute)}"
