"""What a reload can change, and what waits for a restart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from axisd.config.model import Settings


def waits_for_restart(old: Settings, new: Settings) -> tuple[str, ...]:
    """Names of the settings that differ and do not take effect at a reload, as `amqp.prefetch`."""
    return tuple(_differing(old, new, ""))


def _differing(old: BaseModel, new: BaseModel, prefix: str) -> Iterator[str]:
    for name, field in type(old).model_fields.items():
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        if isinstance(before, BaseModel) and isinstance(after, BaseModel):
            yield from _differing(before, after, f"{prefix}{name}.")
        elif not _reloads(field.json_schema_extra):
            yield f"{prefix}{name}"


def _reloads(extra: Any) -> bool:
    return bool(isinstance(extra, dict) and extra.get("reloads"))
