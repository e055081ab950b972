"""Named SQL is called by a name that nothing else checks before it runs."""

import re
from pathlib import Path

import pytest

from services.platform.database.queries import load_queries

SERVICES = Path(__file__).parents[2] / "services"
LOADED = re.compile(r'^(\w+)(?:: Final)? = load_queries\("([\w.]+)"\)', re.MULTILINE)
MODULES = [path for path in sorted(SERVICES.rglob("*.py")) if LOADED.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_every_query_that_a_module_calls_is_in_its_sql(module: Path) -> None:
    source = module.read_text(encoding="utf-8")
    for name, package in LOADED.findall(source):
        called = set(re.findall(rf"\b{name}\.(\w+)\(", source))
        assert {query for query in called if not hasattr(load_queries(package), query)} == set()
