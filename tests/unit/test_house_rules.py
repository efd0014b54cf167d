"""The habits of this code base that can be checked by looking at it, file by file.

What ruff, mypy and the import contracts in pyproject.toml hold is not repeated here.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = sorted((ROOT / "axisd").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
REST = sorted(p for folder in ("bench", "scripts") for p in (ROOT / folder).rglob("*.py"))


def told(path: Path, node: ast.AST | int) -> str:
    line = node if isinstance(node, int) else getattr(node, "lineno", 0)
    return f"{path.relative_to(ROOT)}:{line}"


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the dotted name of what is called; a part that is no name is `?`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def called(paths: list[Path], pattern: str) -> list[str]:
    """Where something is called whose dotted name matches as a whole."""
    wanted = re.compile(pattern)
    return [
        told(path, call) for path in paths for name, call in calls(path) if wanted.fullmatch(name)
    ]


def test_a_task_belongs_to_a_task_group() -> None:
    for name in ("asyncio", "loop", "?"):
        assert not called(PRODUCT, rf"{re.escape(name)}\.(create_task|ensure_future)")
    assert not called(PRODUCT, r"(create_task|ensure_future)")


CLOCKS = (
    r"(datetime\.)?datetime\.(now|today|utcnow)|(datetime\.)?date\.today|(uuid\.)?uuid[167]"
    r"|time\.time|(time\.)?(time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns)"
)
"""`time(…)` alone is a time of day: nothing is imported out of the module that has the clock."""


def test_time_comes_from_the_clock_adapter() -> None:
    clock = ROOT / "axisd" / "adapters" / "clock.py"
    assert called([clock], CLOCKS), "the pattern finds a clock where there is one"
    assert not called([path for path in PRODUCT if path != clock], CLOCKS)


def test_every_queue_has_a_bound() -> None:
    unbounded = [
        told(path, call)
        for path in PRODUCT
        for name, call in calls(path)
        if (name.endswith("SimpleQueue"))
        or (
            re.fullmatch(r"(\w+\.)?(Lifo|Priority)?Queue", name)
            and not (call.args or call.keywords)
        )
    ]
    assert not unbounded


def test_no_thread_sleeps() -> None:
    assert not called(PRODUCT + TESTS + REST, r"time\.sleep")


def test_no_exception_is_swallowed_without_a_word() -> None:
    swallowed = [
        told(path, node)
        for path in PRODUCT + TESTS + REST
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or all(isinstance(word, ast.Pass) for word in node.body))
    ]
    assert not swallowed


def test_no_test_is_skipped_or_expected_to_fail() -> None:
    assert not called(TESTS, r"pytest\.(skip|importorskip|xfail)|pytest\.mark\.(skip|skipif|xfail)")
    marked = [
        told(path, node)
        for path in TESTS
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and dotted(node) == "pytest.mark.skip"
    ]
    assert not marked


def test_only_the_corpus_asks_for_what_lies_outside_of_the_checkout() -> None:
    outside = [
        told(path, node)
        for path in TESTS
        if "corpus" not in path.parts and path != Path(__file__)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and node.value in {"shared", "../shared"}
    ]
    assert not outside


VAGUE = re.compile(r"managers?|helpers?|utils?|handlers?|processors?|data|infos?", re.IGNORECASE)
WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
OF_THE_REGULATION = {"OtherInfo", "BusinessInfo", "StaffInfo"}
"""QCVN 102:2016 calls these elements so."""
OF_A_LIBRARY = {("xmldsig.py", "data"), ("edge.py", "handler")}
"""Parameters of methods that a base class outside names."""


def vague(name: str) -> bool:
    """A class or module that has such a word in its name."""
    return name not in OF_THE_REGULATION and any(map(VAGUE.fullmatch, WORDS.findall(name)))


def test_a_name_says_what_it_is() -> None:
    assert vague("ConnectionManager")
    assert vague("xml_utils")
    assert not vague("Inspection")
    files = [told(path, 1) for path in PRODUCT + REST if vague(path.stem)]
    classes = [
        told(path, node)
        for path in PRODUCT + REST
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef) and vague(node.name)
    ]
    functions = [
        told(path, node)
        for path in PRODUCT + REST
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.arg)
        for name in [node.arg if isinstance(node, ast.arg) else node.name]
        if VAGUE.fullmatch(name) and (path.name, name) not in OF_A_LIBRARY
    ]
    assert not files + classes + functions


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_opens_with_what_it_is_for(path: Path) -> None:
    text = ast.get_docstring(tree(path))
    assert text, "no docstring"
    assert text.splitlines()[0].strip()


def test_files_are_small() -> None:
    """More than 400 lines is a question that `reasons` (a table) may answer; 600 is none any more."""
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in PRODUCT
        if path.name != "__init__.py"
    }
    assert median(lengths.values()) <= 175
    assert not [told(path, length) for path, length in lengths.items() if length > 600]


CALLED = {"pydantic_core": "pydantic", "yaml": "pyyaml"}
"""Libraries that are imported under another name than they are declared with."""

NAMED = {"aiosqlite"}
"""Libraries that another one imports for us: SQLAlchemy the driver that the address of a database names."""


def test_every_library_that_is_imported_is_declared() -> None:
    declared = {
        re.split(r"[\[<>=]", requirement)[0]
        for requirement in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]["dependencies"]
    }
    imported = {
        CALLED.get(name, name.replace("_", "-"))
        for path in PRODUCT
        for node in ast.walk(tree(path))
        for name in roots(node)
        if name not in sys.stdlib_module_names | {"axisd"}
    }
    assert imported | NAMED == declared


def roots(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module.partition(".")[0]]
    return []


UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError\(|raise NotImplementedError"
)
MACHINE = re.compile(
    r"(?<![\w.{}])/(?:home|work|Users)/\w|pypi\.org|pythonhosted|(?<!emit-)index-url"
    r"|BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*\n[A-Za-z0-9+/]{16}"
)


def kept() -> list[Path]:
    """Every text file that belongs to the repository; nothing where there is no repository."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    names = [name for name in listed.stdout.split("\0") if name and "tests/vectors/" not in name]
    return [ROOT / name for name in names] or [*PRODUCT, *TESTS, *REST]


@pytest.mark.parametrize("pattern", [UNFINISHED, MACHINE], ids=["unfinished", "of one machine"])
def test_nothing_unfinished_and_nothing_of_one_machine_is_kept(pattern: re.Pattern[str]) -> None:
    found = [
        told(path, text.count("\n", 0, match.start()) + 1)
        for path in kept()
        if path.is_file() and path != Path(__file__)
        for text in [path.read_text(encoding="utf-8", errors="replace")]
        if (match := pattern.search(text))
    ]
    assert not found
