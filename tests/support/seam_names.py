"""All names of seams, and who passes them: those of the platform, and the steps as the services' sources have them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.platform.process.seams import Seam, step_seam

SERVICES: Final = Path(__file__).parents[2] / "services"
MAKERS: Final = frozenset({"Step", "Named"})
"""What a step is made with; its first argument is the sentence."""


@dataclass(frozen=True)
class FoundStep:
    """A step of a service; `sentence` is None where the source does not say it in words."""

    service: str
    path: Path
    line: int
    sentence: str | None


def sources() -> list[Path]:
    """The modules of all services and of the platform; the command line is a client, which anybody may interrupt."""
    return [path for path in sorted(SERVICES.rglob("*.py")) if "cli" not in path.relative_to(SERVICES).parts]


def steps() -> list[FoundStep]:
    """Every step of every job."""
    return [step for path in sources() for step in _steps_in(path)]


def seams() -> list[str]:
    """Every name of a seam, once."""
    return [*Seam, *dict.fromkeys(step_seam(step.sentence) for step in steps() if step.sentence)]


def points() -> list[str]:
    """Every place where a process may die: before and after each seam."""
    return [f"{when} {seam}" for seam in seams() for when in ("before", "after")]


def _steps_in(path: Path) -> Iterator[FoundStep]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = dict(_constants(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MAKERS:
            sentence = node.args[0] if node.args else None
            if isinstance(sentence, ast.Attribute) and sentence.attr == "sentence":
                continue  # a step that was made before, passed on
            service = path.relative_to(SERVICES).parts[0]
            yield FoundStep(service, path.relative_to(SERVICES), node.lineno, _text(sentence, constants))


def _constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Constant):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and isinstance(node.value.value, str):
                yield target.id, node.value.value


def _text(node: ast.expr | None, constants: dict[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
