"""Checks of a Python plugin's source text, which is parsed and never imported."""

from __future__ import annotations

import ast
import inspect
import os
import warnings
from collections.abc import Iterator

from polyroute._internal import files
from polyroute.conformance.terms import near
from polyroute.plugins import hookspecs
from polyroute.results import Finding

_FILES = 1_000
_FILE_BYTES = 4 << 20
_BROKEN = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What parsing a text may raise, the last two for one that is nested too deep."""


def check(folder: str, target: str) -> Iterator[Finding]:
    """Yield the findings about the module that `target` names, in a folder, or about all modules of a package."""
    module = target.partition(":")[0]
    place = os.path.join(folder, *module.split("."))
    paths = list(_modules(place))
    if not paths:
        yield Finding("module-missing", "error", f"there is no module {module} in {folder}", "Correct the entry point.")
    for path in paths[:_FILES]:
        try:
            tree = _parsed(path)
        except _BROKEN as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
            yield Finding("not-imported", "error", f"{path}{line} is not valid Python: {_why(error)}")
        except OSError as error:
            yield Finding("not-imported", "error", f"{path} can't be read: {error.strerror or error}")
        else:
            yield from _hooks(tree)
    yield Finding(
        "not-run", "advice", f"{module} was not imported, so what it declares is unknown", "To import it: --run."
    )


def _modules(place: str) -> Iterator[str]:
    if os.path.isfile(f"{place}.py"):
        yield f"{place}.py"
    for path, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(path, name) for name in sorted(names) if name.endswith(".py"))


def _parsed(path: str) -> ast.Module:
    text = files.read(path, _FILE_BYTES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the parser warns of what only the author can change
        return ast.parse(text)


def _why(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error) or "it is nested too deep"


def _hooks(tree: ast.Module) -> Iterator[Finding]:
    """Yield what is wrong with the names and the arguments of functions that are marked as implementations."""
    known = {name: each for name, each in vars(hookspecs).items() if name.startswith("polyroute_")}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not any(map(_is_mark, node.decorator_list)):
            continue
        if node.name not in known:
            message = f"{node.name}: implements a hook that does not exist"
            yield Finding("problem", "error", message, near(node.name, known))
            continue
        names = [each.arg for each in (*node.args.posonlyargs, *node.args.args) if each.arg != "self"]
        if more := [name for name in names if name not in inspect.signature(known[node.name]).parameters]:
            message = f"{node.name}: takes {', '.join(more)}, which the hook does not have"
            yield Finding("problem", "error", message, "Correct the names of its arguments.")


def _is_mark(decorator: ast.expr) -> bool:
    """Return whether a decorator is `hookimpl`, by any path; one with options may name another hook."""
    name = decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
    return name == "hookimpl"
