"""The seven pipelines and the model they share. What registry.py names comes on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.registry import PIPELINES, SERVICES, load_model

__all__ = ["PIPELINES", "SERVICES", "load_model"]


def __getattr__(name: str) -> Any:
    # Lazily, so that `pipelines.starter` and other leaves import without the media libraries of the modes.
    if name in __all__:
        from pipelines import registry

        return getattr(registry, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
