"""Sees to it, on the syntax tree, that effects happen only at named seams: commits, sends, puts, renames, removals.

What passes none on purpose is in `tests.support.seam_exempt`. Not seen here: a method that is called by a name made at
run time, and what is done with a connection that was handed over. Statements of `queries.…` that write are refused
outside a transaction when they run (`services.platform.database.queries`).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

EFFECTS: Final = frozenset(
    {
        "commit",  # a transaction, or a consumer's offsets
        "ack",  # offsets that Faust commits
        "send_and_wait",
        "rename",
        "renames",
        "renameat2",
        "link",
        "hardlink_to",
        "move",
        "symlink",
        "symlink_to",
        "unlink",
        "rmtree",
        "rmdir",
        "removedirs",
        "truncate",
        "ftruncate",
        "write_text",
        "write_bytes",
    }
)
"""Methods of drivers and of the operating system that nobody calls but inside a seam."""
OF_A_BUCKET: Final = re.compile(
    r"(put|copy|delete|create|complete|abort|upload|write|restore)_(objects?|buckets?|multipart|part|file)(_\w+)?"
)
"""What an S3 client changes; it has a hundred methods, and new ones come."""
AMBIGUOUS: Final = frozenset({"replace", "send"})
"""Effects of some objects and none of others, by how they are called; handed on, they are taken for effects."""
OF_FILES: Final = frozenset({"replace", "remove"})
PRODUCERS: Final = frozenset({"AIOKafkaProducer"})
"""Where one of these is named, every `send` is an effect."""
OURS: Final = ("database", "run", "leases", "self")
"""What ends like this has a `transaction` that is a seam already; anything else is a driver's connection."""
SAVEPOINTS: Final = frozenset({"_react", "_attempt", "stream_references"})
"""Functions whose transaction is inside another one, or writes nothing."""
WRAPPERS: Final = ("os", "shutil")
FILES: Final = (*WRAPPERS, "Path", "PosixPath")
STATEMENTS: Final = frozenset({"execute", "executemany", "fetch", "fetchrow", "fetchval"})
"""Whatever runs one: what fetches rows may change some."""
READS: Final = ("SELECT", "SET ", "SHOW ")
"""Statements that leave nothing behind."""
NAMED: Final = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Breach:
    """An effect outside any seam. `where` is the function with the classes and functions around it, by dots."""

    line: int
    what: str
    where: str = ""


def breaches(source: str) -> list[Breach]:
    """Every effect in a module's `source` that passes no seam, in the order of its lines."""
    tree = ast.parse(source)
    produces = any(isinstance(node, ast.Name) and node.id in PRODUCERS for node in ast.walk(tree))
    found = [*_imports(tree), *_Looking(produces=produces).looked(tree)]
    return sorted(found, key=lambda one: one.line)


def _imports(tree: ast.AST) -> Iterator[Breach]:
    """`from os import rename`, or `import os as o`, would hide whose it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in WRAPPERS:
            hidden = [name.name for name in node.names if _is_effect(name.name) or name.name in OF_FILES | {"*"}]
            yield from (Breach(node.lineno, f"from {node.module} import {name}") for name in hidden)
        if isinstance(node, ast.Import):
            aliased = [name for name in node.names if name.name in WRAPPERS and name.asname]
            yield from (Breach(node.lineno, f"import {name.name} as {name.asname}") for name in aliased)


def _is_effect(name: object) -> bool:
    return name in EFFECTS or (isinstance(name, str) and OF_A_BUCKET.fullmatch(name) is not None)


class _Looking(ast.NodeVisitor):
    """Goes down the tree and knows what it is inside of."""

    def __init__(self, *, produces: bool) -> None:
        self._produces = produces
        self._inside: list[ast.AST] = []
        self._statements: dict[str, str] = {}
        self._found: list[Breach] = []

    def looked(self, tree: ast.AST) -> list[Breach]:
        """What was found."""
        self.visit(tree)
        return self._found

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """A statement that has a name in its module is known by it."""
        if len(self._inside) == 1 and node.value is not None:
            self._statements[_last(node.target)] = _begins(node.value)
        self.generic_visit(node)

    def generic_visit(self, node: ast.AST) -> None:
        self._inside.append(node)
        super().generic_visit(node)
        self._inside.pop()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """An effect's name counts as its call: a method may be handed on."""
        of_files = node.attr in OF_FILES and _last(node.value) in FILES
        if (_is_effect(node.attr) or of_files or self._is_handed_on(node)) and not self._in_a_seam():
            self._breach(node)
        self.generic_visit(node)

    def _is_handed_on(self, node: ast.Attribute) -> bool:
        around = self._inside[-1] if self._inside else None
        called = isinstance(around, ast.Call) and around.func is node
        known = AMBIGUOUS if self._produces else AMBIGUOUS - {"send"}
        return node.attr in known and isinstance(node.ctx, ast.Load) and not called

    def visit_Call(self, node: ast.Call) -> None:
        """What is an effect only by whose it is or how it is called."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        hides = _last(node.func) in {"getattr", "attrgetter", "methodcaller"}
        told = [one.value for one in node.args if isinstance(one, ast.Constant)] if hides else []
        if any(_is_effect(one) or one in AMBIGUOUS | OF_FILES for one in told):
            self._breach(node)
        sends = name == "send" and self._produces
        if (sends or self._replaces(node, name) or self._commits_itself(node, name)) and not self._in_a_seam():
            self._breach(node)
        if name == "transaction" and self._is_a_drivers(node):
            self._breach(node)
        self.generic_visit(node)

    def _replaces(self, node: ast.Call, name: str) -> bool:
        """Files are replaced with one argument; texts take two, instants and data classes none."""
        by_os = isinstance(node.func, ast.Attribute) and _last(node.func.value) in FILES  # found by its name
        return name == "replace" and len(node.args) == 1 and not node.keywords and not by_os

    def _commits_itself(self, node: ast.Call, name: str) -> bool:
        """A statement on a connection that was opened right here, and in no transaction of it."""
        if name not in STATEMENTS or not self._inside or not isinstance(self._inside[-1], ast.Await):
            return False
        assert isinstance(node.func, ast.Attribute)
        items = [item for one in self._inside if isinstance(one, ast.AsyncWith) for item in one.items]
        opened = {_last(item.optional_vars) for item in items if item.optional_vars is not None}
        in_a_transaction = any(_is_call(item.context_expr, "transaction") for item in items)
        if not node.args:
            return False
        said = self._statements.get(_last(node.args[0])) or _begins(node.args[0])
        return _last(node.func.value) in opened and not in_a_transaction and not said.lstrip().startswith(READS)

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
        where = ".".join(one.name for one in self._inside if isinstance(one, NAMED))
        self._found.append(Breach(getattr(node, "lineno", 0), ast.unparse(node), where))


def _last(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _begins(node: ast.AST) -> str:
    """How a text begins, as far as it is known; empty when it is not."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else node
    return str(first.value) if isinstance(first, ast.Constant) else ""


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
