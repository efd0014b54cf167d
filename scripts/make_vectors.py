#!/usr/bin/env python3
"""Writes the vectors of messages, good and bad, with what is expected of each.

tests/vectors/good/<group>/<case>.edxml    expected.json: {case: facts that a reader finds}
tests/vectors/bad/<reason>/<case>.edxml    expected.json: {case: place, line and words of the refusal}

The tables are tests/support/good_vectors.py, warning_vectors.py and bad_vectors.py. Nothing here asks the code under test,
and the same tables always give the same bytes; `scripts/check-vectors` holds the files to that.
"""

import argparse
import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support.bad_vectors import BAD  # noqa: E402 -- the checkout must be importable first
from tests.support.good_vectors import GOOD  # noqa: E402
from tests.support.warning_vectors import WARNED  # noqa: E402


def main() -> None:
    """Writes both trees below `--out`, in place of what was there."""
    arguments = argparse.ArgumentParser(description="Write the vectors of messages.")
    arguments.add_argument("--out", type=Path, default=ROOT / "tests" / "vectors")
    out: Path = arguments.parse_args().out
    good = {name: (vector.body, dict(vector.facts)) for name, vector in {**GOOD, **WARNED}.items()}
    bad = {
        name: (vector.body, {"at": vector.at, "line": vector.line, "says": vector.says})
        for name, vector in BAD.items()
    }
    write(out / "good", good)
    write(out / "bad", bad)
    print(f"{len(good)} good and {len(bad)} bad vectors in {out}")


def write(folder: Path, vectors: Mapping[str, tuple[bytes, dict[str, Any]]]) -> None:
    """One file for each vector, one expected.json for each group."""
    if folder.exists():
        shutil.rmtree(folder)
    expected: dict[str, dict[str, Any]] = defaultdict(dict)
    for name, (body, facts) in vectors.items():
        group, _, case = name.partition("/")
        (folder / group).mkdir(parents=True, exist_ok=True)
        (folder / group / f"{case}.edxml").write_bytes(body)
        expected[group][case] = facts
    for group, cases in expected.items():
        text = json.dumps(cases, ensure_ascii=False, indent=2, sort_keys=True)
        (folder / group / "expected.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
