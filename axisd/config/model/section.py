"""What every section of the configuration is made of.

Unknown keys are refused. Every setting has a description, from which the reference is generated and
problems are explained. Settings marked with `reloads` take effect at a reload (SIGHUP); a change of any
other waits for a restart. Nothing here reads the environment, and no secret shows in a representation.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


def setting(description: str, *, reloads: bool = False, **keywords: Any) -> Any:
    """A field with its meaning; `reloads` says that a change takes effect without a restart."""
    return Field(description=description, json_schema_extra={"reloads": reloads}, **keywords)


class Section(BaseModel):
    """Immutable, and strict about names."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, value: Any) -> Any:
        """A section whose settings are all commented out means its defaults."""
        return {} if value is None else value
