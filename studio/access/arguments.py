"""Calls with named fields, as gradio's own description of its endpoints tells programs to make them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from pipelines.errors import InputError, SeptetError
from studio import words

InOrder = Callable[[str, Mapping[str, Any]], list[Any]]


class NoEndpoint(SeptetError):
    """There is no endpoint of that name."""


def arguments_of(page: Any) -> InOrder:
    """What puts an endpoint's fields in the order the page's function takes them, those left out at their defaults.

    It raises NoEndpoint, or InputError for a field that is unknown or missing.
    """

    @cache
    def endpoints() -> Mapping[str, Any]:
        described: Mapping[str, Any] = page.get_api_info()["named_endpoints"]
        return described

    def in_order(name: str, given: Mapping[str, Any]) -> list[Any]:
        endpoint = endpoints().get(f"/{name}")
        if endpoint is None:
            raise NoEndpoint(words.REFUSALS[404])
        parameters = {each["parameter_name"]: each for each in endpoint["parameters"]}
        if unknown := sorted(given.keys() - parameters.keys()):
            raise InputError(words.NO_FIELD.format(name=name, field=unknown[0], fields=", ".join(parameters)))
        return [_value(name, each, given) for each in parameters.values()]

    return in_order


def _value(name: str, parameter: Mapping[str, Any], given: Mapping[str, Any]) -> Any:
    field = parameter["parameter_name"]
    if field in given:
        return given[field]
    if not parameter["parameter_has_default"]:
        raise InputError(words.FIELD_MISSING.format(name=name, field=field))
    return parameter["parameter_default"]
