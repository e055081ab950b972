"""Takes evidence with programs that Nightkeep does not take its own with: psql and sha256sum, and pg_dump's plain text.

One database and one directory; what changes while it is looked at is the caller's business.
"""

import re
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from uuid import UUID

from infra.demo.evidence import Evidence, Fact, Kind, Subject
from infra.sample.app import SampleEnvironment
from infra.sample.errors import SampleError
from infra.sample.psql import Psql

SQL: Final = Path(__file__).with_name("sql")
AREA: Final = ".nightkeep"
"""Where a restore keeps what it set aside, below the root; no part of the documents."""
HEADING: Final = re.compile(r"-- Name: (?P<name>.*); Type: (?P<type>.*); Schema: (?P<schema>.*); Owner: (?P<owner>.*)")

POLICY: Final = re.compile(
    r"^(?P<policy>CREATE POLICY .* TO )(?P<roles>.+?)(?= USING \(| WITH CHECK \(|;$)", re.MULTILINE
)


def look(environment: SampleEnvironment, *, documents: bool = True) -> Evidence:
    """Everything that an environment holds, its roles told by what they are for."""
    roles = {environment.names.owner: "(owner)", environment.names.reader: "(reader)"}
    with ThreadPoolExecutor(2) as pool:
        database = pool.submit(look_at_database, environment.psql, roles)
        files = look_at_documents(environment.documents) if documents else {}
        return {**database.result(), **files}


def look_at_database(psql: Psql, roles: Mapping[str, str]) -> Evidence:
    """Rows, sequences, large objects and definitions. Roles are said as `roles` calls them."""
    told = dict(_fact(line) for line in psql.scripts("witness", folder=SQL).splitlines())
    plain = psql.program("pg_dump", ["--schema-only", "--no-password"])
    told |= {Subject(Kind.STRUCTURE, name): Fact(None, text) for name, text in definitions(plain).items()}
    return {
        subject: _renamed(fact, roles) if subject.kind is Kind.STRUCTURE else fact for subject, fact in told.items()
    }


def look_at_documents(root: Path) -> Evidence:
    """Every file below a root by its path, as sha256sum sees it."""
    found = _run(["find", ".", "-name", AREA, "-prune", "-o", "-type", "f", "-printf", "%s %P\\0"], root)
    sizes = {path: int(size) for size, _, path in (item.partition(" ") for item in _items(found))}
    sums = _run(["xargs", "-0", "-r", "sha256sum", "-z", "--"], root, "\0".join(sizes))
    hashes = {path: digest for digest, _, path in (item.partition("  ") for item in _items(sums))}
    return {Subject(Kind.DOCUMENT, path): Fact(size, hashes[path]) for path, size in sizes.items()}


def without_strays(evidence: Evidence) -> Evidence:
    """What a backup takes: files that are named by a UUID are documents, others are not."""
    return {subject: fact for subject, fact in evidence.items() if not _is_stray(subject)}


def definitions(plain: str) -> dict[str, str]:
    """pg_dump's plain text, by object: each begins with a comment that names it."""
    found: dict[str, list[str]] = {}
    statements: list[str] = []
    for line in plain.splitlines():
        heading = HEADING.fullmatch(line)
        if heading:
            name = f"{heading['type']} {heading['schema']}.{heading['name']}".replace(" -.", " ")
            statements = found.setdefault(name, [f"owner {heading['owner']}"])
        elif line and not line.startswith(("--", "\\restrict", "\\unrestrict")):
            statements.append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


def _fact(line: str) -> tuple[Subject, Fact]:
    kind, name, size, value = line.split("\t")
    told = _checksum(value) if kind == Kind.TABLE else value
    return Subject(Kind(kind), name), Fact(int(size) if size else None, told)


def _checksum(halves: str) -> str:
    """The two sums of a table as 128 bits in hex; a table without rows has none."""
    if not halves or not halves[-1].isdigit():
        return halves or "no rows"
    high, low = (int(half) % 2**64 for half in halves.split())
    return f"{high:016x}{low:016x}"


def _renamed(fact: Fact, roles: Mapping[str, str]) -> Fact:
    """Only definitions name roles; checksums and values hold no word that could be one."""
    return Fact(fact.size, renamed(fact.value, roles))


def renamed(definition: str, roles: Mapping[str, str]) -> str:
    """A definition with its roles as `roles` calls them; those of a policy in order, which pg_dump does not keep."""
    pattern = "|".join(re.escape(role) for role in roles)
    told = re.sub(rf"\b({pattern})\b", lambda found: roles[found[1]], definition)
    return POLICY.sub(lambda found: found["policy"] + ", ".join(sorted(found["roles"].split(", "))), told)


def _is_stray(subject: Subject) -> bool:
    if subject.kind is not Kind.DOCUMENT:
        return False
    try:
        UUID(Path(subject.name).name)
    except ValueError:
        return True
    return False


def _items(text: str) -> list[str]:
    return [item for item in text.split("\0") if item]


def _run(argv: list[str], directory: Path, stdin: str = "") -> str:
    done = subprocess.run(argv, cwd=directory, input=stdin.encode(), capture_output=True, check=False)
    if done.returncode:
        raise SampleError(f"{argv[0]} in {directory}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
