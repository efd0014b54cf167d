"""The directory as text, so that it can be kept as evidence, compared, and read again in a dispute.

Canonical JSON: the same directory always gives the same bytes, whatever files and order it came from. It
holds all that routing and signer trust ask of the directory: every row of every agency with its pins, and
every system. `record_of` says what changed from one text to the next, in bounded size; the texts
themselves are kept whole beside it. Authorities are not part of it, nor is anything secret.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final

from axisd.core.directory import Agency, Channel, Directory, Profile, System

VERSION: Final = 1
SUBJECT: Final = "directory"
"""What entries about changes of the directory are filed under, where others have a submission's id."""

LISTED: Final = 100
"""Changed agencies and systems that one record names at most; the others are counted."""

_TEXTS: Final = frozenset({"before", "after"})

Values = dict[str, Any]


def text_of(directory: Directory) -> bytes:
    """The directory as canonical JSON."""
    agencies = sorted(
        directory.rows(), key=lambda row: (row.code, row.valid_from or date.min, row.name)
    )
    systems = sorted(directory.systems.values(), key=lambda system: system.account)
    content = {
        "version": VERSION,
        "agencies": [_agency(agency) for agency in agencies],
        "systems": [_system(system) for system in systems],
    }
    return _json(content).encode("utf-8", "replace")


def digest_of(text: bytes) -> str:
    """`sha256:` + hex."""
    return f"sha256:{hashlib.sha256(text).hexdigest()}"


def directory_of(text: bytes) -> Directory:
    """The directory that `text_of` wrote down. Raises ValueError for anything else."""
    try:
        content = json.loads(text)
        if content["version"] != VERSION:
            raise ValueError(f"version {content['version']!r} of the text is not known here")
        agencies = [_read_agency(values) for values in content["agencies"]]
        systems = [_read_system(values) for values in content["systems"]]
    except (KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(f"not the text of a directory: {wrong!r}") from wrong
    return Directory.of(agencies, systems)


def record_of(before: bytes | None, after: bytes) -> Values:
    """What changed: digests, counts, and the rows of what changed as they were and are.

    `before` None: nothing is known of what was; then nothing is listed, the text itself says it all.
    """
    old, new = _items(before) if before else {}, _items(after)
    differing = [key for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)]
    listed = differing[:LISTED] if before else []
    return {
        "before": digest_of(before) if before else None,
        "after": digest_of(after),
        "agencies": sum(kind == "agency" for kind, _ in new),
        "systems": sum(kind == "system" for kind, _ in new),
        "added": sum(key not in old for key in differing),
        "removed": sum(key not in new for key in differing),
        "changed": sum(key in old and key in new for key in differing),
        "rows": [
            {kind: name, "old": old.get((kind, name)), "new": new.get((kind, name))}
            for kind, name in listed
        ],
        "rows_left_out": len(differing) - len(listed),
    }


def told(record: Values) -> dict[str, str]:
    """A record as the particulars of an entry: texts, those that are not being JSON."""
    return {
        name: value if isinstance(value, str) else _json(value) for name, value in record.items()
    }


def heard(particulars: Mapping[str, Any]) -> Values:
    """The record that `told` gave. Raises ValueError for anything else."""
    try:
        return {
            name: value if name in _TEXTS and value != "null" else json.loads(value)
            for name, value in particulars.items()
        }
    except TypeError as wrong:
        raise ValueError(f"not the record of a change: {wrong}") from wrong


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _items(text: bytes) -> dict[tuple[str, str], list[Values]]:
    """Rows by what they are about: `("agency", code)`, `("system", account)`."""
    content = json.loads(text)
    items: dict[tuple[str, str], list[Values]] = {}
    for agency in content["agencies"]:
        items.setdefault(("agency", agency["code"]), []).append(agency)
    for system in content["systems"]:
        items.setdefault(("system", system["account"]), []).append(system)
    return items


def _agency(agency: Agency) -> Values:
    """Only what is said: an empty field is left out."""
    return dict(_said(agency))


def _said(agency: Agency) -> Iterator[tuple[str, Any]]:
    for field in fields(agency):
        value = getattr(agency, field.name)
        if isinstance(value, date):
            value = value.isoformat()
        elif isinstance(value, frozenset):
            value = sorted(value)
        if value or field.name in {"code", "name"}:
            yield field.name, value


def _system(system: System) -> Values:
    values = {
        "account": system.account,
        "channel": system.channel,
        "agencies": list(system.agencies),
        "profile": system.profile,
        "suspended": system.suspended,
    }
    # Said only of those that may: the others' texts stay what they were.
    return values | {"registers": True} if system.registers else values


def _read_agency(values: Mapping[str, Any]) -> Agency:
    read = dict(values)
    for name in ("valid_from", "valid_to"):
        if name in read:
            read[name] = date.fromisoformat(read[name])
    if "profile" in read:
        read["profile"] = Profile(read["profile"])
    read["pins"] = frozenset(read.get("pins", ()))
    read["choices"] = tuple(read.get("choices", ()))
    return Agency(**read)


def _read_system(values: Mapping[str, Any]) -> System:
    return System(
        values["account"],
        Channel(values["channel"]),
        tuple(values["agencies"]),
        Profile(values["profile"]),
        values["suspended"],
        registers=values.get("registers", False),
    )
