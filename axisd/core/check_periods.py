"""What is wrong with the times in a directory: rows of one code, closures and their successors, circles.

Pure, as `axisd.core.check_directory`, which calls this. Circles are looked for on every day on which one
could begin: the graph of references changes only where a row of a code with several rows begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from axisd.core.directory import Agency, Directory
from axisd.core.findings import REFERENCES, Finding, error, reference, title, warning


def check_periods(agencies: Sequence[Agency], directory: Directory, day: date) -> Iterator[Finding]:
    """All findings about times. `directory` is made of the same `agencies`."""
    rows: dict[str, list[int]] = {}
    for row, agency in enumerate(agencies):
        yield from _dates(row, agency)
        yield from _succession(row, agency, directory)
        rows.setdefault(agency.code, []).append(row)
    for of_code in rows.values():
        of_code.sort(key=lambda row: agencies[row].valid_from or date.min)
        for earlier, later in pairwise(of_code):
            yield from _neighbours(agencies, earlier, later)
    yield from _circles(agencies, rows, directory, day)


def _dates(row: int, agency: Agency) -> Iterator[Finding]:
    opened, closed, code = agency.valid_from, agency.valid_to, agency.code
    if opened and closed and closed <= opened:
        text = f"{code} would close on {closed} before it opens on {opened}; correct the dates"
        yield error("dates-crossed", text, agency=row)
    if agency.heirs and not closed:
        text = (
            f"{code} has a successor but no valid_to, so the successor is never used; "
            "enter the day on which the code closes, or take the successor out"
        )
        yield warning("successor-unused", text, agency=row)
    if agency.successor and agency.choices:
        text = (
            f"{code} has a successor and choices; documents are either sent on to one, "
            "or refused so that the sender chooses: keep one of the two"
        )
        yield error("successor-and-choices", text, agency=row)


def _succession(row: int, agency: Agency, directory: Directory) -> Iterator[Finding]:
    """Whether there is somebody on the day on which `agency` closes."""
    closes = agency.valid_to
    if closes is None or agency.successor is None:
        return
    successor = directory.at(agency.successor, closes)
    if successor is None or successor.code == agency.code or successor.open_on(closes):
        return  # what is missing, or leads in a circle, is found as such
    if successor.closed_on(closes):
        text = (
            f"{agency.code} closes on {closes}, but its successor {title(successor)} closed on "
            f"{successor.valid_to}; name who takes over now"
        )
        yield warning("successor-closed", text, agency=row)
    else:
        text = (
            f"{agency.code} closes on {closes}, but its successor {title(successor)} holds only from "
            f"{successor.valid_from} on; let the two days be the same"
        )
        yield warning("successor-late", text, agency=row)


def _neighbours(agencies: Sequence[Agency], earlier: int, later: int) -> Iterator[Finding]:
    """Two rows of one code, the one after the other."""
    old, new = agencies[earlier], agencies[later]
    if old.valid_to is None and new.valid_from is None:
        text = (
            f"{new.code} already stands for {title(old)}; one code stands for one organ: remove or merge "
            "one of them, or give each the days on which it holds"
        )
        yield error("code-repeated", text, agency=later)
    elif old.valid_to is None or new.valid_from is None or new.valid_from < old.valid_to:
        text = (
            f"two rows of {new.code} hold on the same day; let the earlier one end (valid_to) "
            "on the day on which the later one begins (valid_from)"
        )
        yield error("periods-overlap", text, agency=later)
    elif new.valid_from == old.valid_to and old.heirs:
        text = (
            f"{old.code} has a successor from {old.valid_to} on, and a row that holds from that day on; "
            "take the successor out"
        )
        yield warning("successor-unused", text, agency=earlier)
    if old.twin and new.twin and old.twin != new.twin:
        text = f"{new.code} has the twin {old.twin} in one row and {new.twin} in another; keep one"
        yield warning("twin-contradicts", text, agency=later)


def _circles(
    agencies: Sequence[Agency], rows: dict[str, list[int]], directory: Directory, day: date
) -> Iterator[Finding]:
    several = [agencies[row] for of_code in rows.values() if len(of_code) > 1 for row in of_code]
    # A code's only row is what it is on every day, whether or not it holds.
    days = sorted({day, *(row.valid_from for row in several if row.valid_from)})
    index = {id(agency): row for row, agency in enumerate(agencies)}
    told: set[tuple[str, frozenset[str]]] = set()
    for name in REFERENCES:
        for each in days:
            for circle in _circles_on(directory, name, each):
                key = name, frozenset(agency.code for agency in circle)
                if key in told:
                    continue
                told.add(key)
                codes = [agency.code for agency in (*circle, circle[0])]
                text = f"{name} leads in a circle: {' → '.join(codes)}; take one of them out"
                yield error("cycle", text, agency=index.get(id(circle[0])))


def _circles_on(directory: Directory, name: str, day: date) -> Iterator[list[Agency]]:
    done: set[str] = set()
    for start in directory:
        path: dict[str, Agency] = {}
        agency = directory.at(start.code, day)
        while agency is not None and agency.code not in done and agency.code not in path:
            path[agency.code] = agency
            code = reference(agency, name)
            agency = directory.at(code, day) if code else None
        if agency is not None and agency.code in path:
            codes = list(path)
            yield [path[code] for code in codes[codes.index(agency.code) :]]
        done.update(path)
