"""Sees to it, on the syntax tree, that effects happen only at named seams: commits, sends, puts, renames, offsets."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

EFFECTS: Final = frozenset(
    {
        "commit",  # a transaction, or a consumer's offsets
        "send_and_wait",
        "put_object",
        "copy_object",
        "delete_object",
        "delete_objects",
        "complete_multipart_upload",
        "rename",
        "renames",
        "renameat2",
        "link",
        "hardlink_to",
        "move",
    }
)
"""Methods of drivers and of the operating system that nobody calls but inside a seam."""
PRODUCERS: Final = frozenset({"AIOKafkaProducer"})
"""Where one of these is named, every `send` is an effect."""
OURS: Final = ("database", "run", "leases", "self")
"""What ends like this has a `transaction` that is a seam already; anything else is a driver's connection."""
SAVEPOINTS: Final = frozenset({"_react", "_attempt", "stream_references"})
"""Functions whose transaction is inside another one, or writes nothing."""
WRAPPERS: Final = ("os", "shutil")


@dataclass(frozen=True)
class Breach:
    """An effect outside any seam."""

    line: int
    what: str


def breaches(source: str) -> list[Breach]:
    """Every effect in a module's `source` that passes no seam, in the order of its lines."""
    tree = ast.parse(source)
    produces = any(isinstance(node, ast.Name) and node.id in PRODUCERS for node in ast.walk(tree))
    found = [*_imports(tree), *_Looking(produces=produces).looked(tree)]
    return sorted(found, key=lambda one: one.line)


def _imports(tree: ast.AST) -> Iterator[Breach]:
    """`from os import rename` would hide whose it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in WRAPPERS:
            hidden = [name.name for name in node.names if name.name in EFFECTS | {"replace", "*"}]
            yield from (Breach(node.lineno, f"from {node.module} import {name}") for name in hidden)


class _Looking(ast.NodeVisitor):
    """Goes down the tree and knows what it is inside of."""

    def __init__(self, *, produces: bool) -> None:
        self._produces = produces
        self._inside: list[ast.AST] = []
        self._found: list[Breach] = []

    def looked(self, tree: ast.AST) -> list[Breach]:
        """What was found."""
        self.visit(tree)
        return self._found

    def generic_visit(self, node: ast.AST) -> None:
        self._inside.append(node)
        super().generic_visit(node)
        self._inside.pop()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """An effect's name counts as its call: a method may be handed on."""
        if node.attr in EFFECTS and not self._in_a_seam():
            self._breach(node)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """What is an effect only by whose it is or how it is called."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        hidden = isinstance(node.func, ast.Name) and node.func.id in {"getattr", "attrgetter", "methodcaller"}
        if hidden and any(isinstance(one, ast.Constant) and one.value in EFFECTS for one in node.args):
            self._breach(node)
        if self._replaces(node, name) and not self._in_a_seam():
            self._breach(node)
        if name == "send" and self._produces and not self._in_a_seam():
            self._breach(node)
        if name == "transaction" and self._is_a_drivers(node):
            self._breach(node)
        self.generic_visit(node)

    def _replaces(self, node: ast.Call, name: str) -> bool:
        """Files are replaced with one argument, or by `os`; texts take two, instants and data classes none."""
        of_os = isinstance(node.func, ast.Attribute) and _last(node.func.value) == "os"
        return name == "replace" and (of_os or (len(node.args) == 1 and not node.keywords))

    def _is_a_drivers(self, node: ast.Call) -> bool:
        assert isinstance(node.func, ast.Attribute)
        reads = any(one.arg == "readonly" for one in node.keywords)
        if reads or _last(node.func.value).removeprefix("_").endswith(OURS):
            return False
        function = next((one for one in reversed(self._inside) if isinstance(one, ast.AsyncFunctionDef)), None)
        return function is None or not (function.name in SAVEPOINTS or self._is_sealed(function))

    def _is_sealed(self, function: ast.AsyncFunctionDef) -> bool:
        """The block ends with `before`, and `after` comes right behind it."""
        block = next(one for one in reversed(self._inside) if isinstance(one, ast.AsyncWith))
        behind = next((body[body.index(block) + 1 :] for body in _bodies(function) if block in body), [])
        return _calls(block.body[-1:], "before") and _calls(behind[:1], "after")

    def _in_a_seam(self) -> bool:
        withs = [one for one in self._inside if isinstance(one, ast.With)]
        return any(_is_call(item.context_expr, "passing") for one in withs for item in one.items)

    def _breach(self, node: ast.AST) -> None:
        self._found.append(Breach(getattr(node, "lineno", 0), ast.unparse(node)))


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _bodies(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for one in ast.walk(node):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(one, name, None)
            if isinstance(body, list):
                yield body


def _calls(statements: list[ast.stmt], name: str) -> bool:
    return bool(statements) and isinstance(statements[0], ast.Expr) and _is_call(statements[0].value, name)


def _is_call(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and _last(node.func) == name
