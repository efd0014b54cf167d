"""From what pydantic found to problems that a person can mend: file, line, setting, sentence.

The sentence says what is wrong and what to write instead; a key that nobody knows is answered with the
nearest one that exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from axisd.config.yamlfile import Document, Step
from axisd.errors import Problem


def problems_of(
    error: ValidationError,
    document: Document,
    model: type[BaseModel],
    prefix: tuple[Step, ...] = (),
) -> Iterator[Problem]:
    """One problem for each thing that `error` lists; `prefix` is where the model starts in `document`."""
    items = error.errors(include_url=False, include_input=False)
    for item in items:
        path = item["loc"]
        if item["type"] == "too_short" and any(_inside(other["loc"], path) for other in items):
            continue  # it lacks only what is wrong in it, and that is told
        whole = (*prefix, *path)
        yield document.problem(whole, f"{_name(whole)}{_sentence(item, path, model)}")


def _inside(path: tuple[Step, ...], outer: tuple[Step, ...]) -> bool:
    return len(path) > len(outer) and path[: len(outer)] == outer


def _sentence(item: Any, path: tuple[Step, ...], model: type[BaseModel]) -> str:
    kind, message = item["type"], item["msg"]
    if kind == "extra_forbidden":
        return f" is not a setting; {_instead(path, model)}"
    if kind == "missing":
        return f" is missing: {_meaning(path, model)}"
    if kind in {"model_type", "dict_type", "model_attributes_type"}:
        return " must be a section with settings of its own, indented below it"
    if kind in {"tuple_type", "list_type"}:
        return " must be a list: [one, two] or lines that start with a dash"
    if kind == "value_error":
        return f": {item['ctx']['error']!s}"
    return f": {message[0].lower()}{message[1:]}"


def _name(path: tuple[Step, ...]) -> str:
    parts = [f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".") or "the file"


def _instead(path: tuple[Step, ...], model: type[BaseModel]) -> str:
    section = _model_at(path[:-1], model)
    names = list(section.model_fields) if section else []
    close = get_close_matches(str(path[-1]), names, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known here: {', '.join(names)}" if names else "take it out"


def _meaning(path: tuple[Step, ...], model: type[BaseModel]) -> str:
    section = _model_at(path[:-1], model)
    field = section.model_fields.get(str(path[-1])) if section else None
    return (field.description or "give it a value") if field else "give it a value"


def _model_at(path: tuple[Step, ...], model: type[BaseModel]) -> type[BaseModel] | None:
    here: type[BaseModel] | None = model
    for step in path:
        if here is None:
            return None
        if isinstance(step, int):
            continue
        field = here.model_fields.get(step)
        here = _model_in(field.annotation) if field else None
    return here


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in get_args(annotation):
        if (found := _model_in(argument)) is not None:
            return found
    return None
