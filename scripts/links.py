"""Follows every relative link in Markdown files, to files and to headings.

    scripts/links.py [FOLDER]    say which lead nowhere, and fail if any does

What has a scheme (https:, mailto:) is not asked for: no network. Code is no prose and is passed over.
Headings are compared in the form in which forges make anchors of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

PASSED_OVER: Final = frozenset({".git", ".venv", "var", "build", "dist", "node_modules"})

_FENCE: Final = re.compile(r"^ {0,3}(```+|~~~+)")
_CODE: Final = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
_INLINE: Final = re.compile(
    r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)"
)
_DEFINED: Final = re.compile(r"^ {0,3}\[[^\]]+\]:\s+<?(\S+?)>?(?:\s|$)")
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$")
_SCHEME: Final = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def pages(folder: Path) -> Iterator[Path]:
    """Every Markdown file below `folder` that is ours."""
    for page in sorted(folder.rglob("*.md")):
        parts = page.relative_to(folder).parts
        if not any(part in PASSED_OVER or part.startswith(".") for part in parts):
            yield page


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines of `page` with their numbers, less fenced code."""
    fence = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        mark = _FENCE.match(line)
        if mark is not None and not fence:
            fence = mark[1]
        elif mark is not None and mark[1].startswith(fence):
            fence = ""
        elif not fence:
            yield number, line


def targets(page: Path) -> Iterator[tuple[int, str]]:
    """Where the links of `page` lead, less those with a scheme."""
    for number, line in prose(page):
        plain = _CODE.sub("", line)
        found = [*_INLINE.findall(plain), *_DEFINED.findall(plain)]
        yield from ((number, target) for target in found if not _SCHEME.match(target))


def anchors(page: Path) -> frozenset[str]:
    """The anchors of the headings of `page`; a heading that comes again is numbered."""
    seen: dict[str, int] = {}
    found = set()
    for _, line in prose(page):
        heading = _HEADING.match(line)
        if heading is None:
            continue
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading[1]).replace("`", "")
        anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = seen.get(anchor, 0)
        seen[anchor] = count + 1
        found.add(f"{anchor}-{count}" if count else anchor)
    return frozenset(found)


def fault(folder: Path, page: Path, target: str) -> str | None:
    """What is wrong with a link from `page` to `target`; None if it leads somewhere."""
    path, _, anchor = unquote(target).partition("#")
    if path.startswith("/"):
        return "is absolute"
    place = (page.parent / path).resolve() if path else page
    if not place.is_relative_to(folder):
        return "leads out of the repository"
    if not place.exists():
        return "leads nowhere"
    if anchor and place.suffix == ".md" and anchor not in anchors(place):
        return f"has no heading #{anchor}"
    return None


def broken(folder: Path) -> Iterator[str]:
    """One sentence for each link below `folder` that leads nowhere."""
    folder = folder.resolve()
    for page in pages(folder):
        for number, target in targets(page):
            wrong = fault(folder, page, target)
            if wrong is not None:
                yield f"{page.relative_to(folder)}:{number}: {target} {wrong}"


def main() -> int:
    """0 when every link leads somewhere."""
    found = list(broken(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
    for sentence in found:
        print(sentence)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
