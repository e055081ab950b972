"""The house stays small-roomed: what no linter of imports or style looks at."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_LEVEL = {"pyproject.toml", "README.md", "services", "contracts", "infra", "docker-compose.yml", "tests"}
LONGEST_MODULE = 400
VAGUE = re.compile(r"(^|_)(utils?|helpers?|common|misc|manager|stuff|base)(_|$)")
SILENCER = re.compile(
    r"(#\s*noqa(?!.*-- )|#\s*type:\s*ignore(?!.*-- )|pytest\.(skip|xfail|importorskip)|mark\.(skip|xfail))"
)
CLOCKS_AND_DICE = {"time", "random", "secrets"}
"""Rules get time, ids and chance as arguments (spec: retention §2)."""
REGISTRY = re.compile(r"https?://[^/\s\"']*(pypi|pythonhosted|maven|npmjs|crates\.)", re.IGNORECASE)


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607 -- git
    paths = [Path(line) for line in listed.stdout.splitlines()]
    return [path for path in paths if (ROOT / path).is_file() and (not suffixes or path.suffix in suffixes)]


@cache
def modules() -> dict[Path, str]:
    """Each with its text."""
    return {path: (ROOT / path).read_text(encoding="utf-8") for path in tracked(".py")}


def test_the_top_level_is_the_one_that_was_agreed() -> None:
    tops = {path.parts[0] for path in tracked()}
    assert {top for top in tops if not top.startswith(".")} <= TOP_LEVEL


def test_a_module_has_a_telling_name_and_a_bearable_length() -> None:
    assert [path for path in modules() if any(VAGUE.search(part.removesuffix(".py")) for part in path.parts)] == []
    assert [path for path, text in modules().items() if text.count("\n") > LONGEST_MODULE] == []


def test_nothing_is_silenced_without_its_reason_and_no_test_is_skipped() -> None:
    others = [(path, text) for path, text in modules().items() if path.name != Path(__file__).name]
    found = [(path, line) for path, text in others for line in text.splitlines() if SILENCER.search(line)]
    assert found == []


def test_every_module_says_why_it_exists() -> None:
    assert [path for path, text in modules().items() if not ast.get_docstring(ast.parse(text))] == []


def test_no_file_names_a_package_registry() -> None:
    texts = [p for p in tracked(".py", ".md", ".toml", ".txt", ".yml", ".sha256", "") if p.name != Path(__file__).name]
    assert not [str(p) for p in texts if REGISTRY.search((ROOT / p).read_text(encoding="utf-8", errors="replace"))]


def is_rule(path: Path) -> bool:
    return path.parts[0] == "contracts" or (path.parts[0] == "services" and "domain" in path.parts)


def test_no_rule_reads_a_clock_or_throws_dice() -> None:
    assert {path: chance for path, text in modules().items() if is_rule(path) and (chance := _chance(text))} == {}


def _chance(text: str) -> set[str]:
    """What a module imports or calls that says something else each time."""
    nodes = list(ast.walk(ast.parse(text)))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    called = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    called |= {alias.name for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names}
    return imported & CLOCKS_AND_DICE | called & {"now", "today", "utcnow", "uuid1", "uuid4", "urandom"}


MIGRATIONS = sorted(ROOT.glob("services/**/sql/migrations"))


@pytest.mark.parametrize("folder", MIGRATIONS, ids=lambda folder: folder.parents[1].name)
def test_migrations_are_numbered_from_one_and_none_twice(folder: Path) -> None:
    numbers = sorted(int(path.name.split("_", 1)[0]) for path in folder.glob("*.sql"))
    assert numbers == list(range(1, len(numbers) + 1))
