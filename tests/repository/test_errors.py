"""What every error of the project says: programs get what the user can do as a field of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from polyroute import errors

ROOT = Path(__file__).parents[2]
RAISED = {name for name, found in vars(errors).items() if isinstance(found, type) and issubclass(found, Exception)}
ADVICE = re.compile(
    r"[.:;X] (Add|Choose|Correct|Fix|Find|Give|Install|Move|Remove|Replace|Run|See|Set|Try|Use) ", re.IGNORECASE
)
"""A further sentence of a message that says what to do."""


def _messages() -> Iterator[tuple[str, str]]:
    """Yield the place and the words of the message of each error that is made without a remedy."""
    for folder in ("core", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                    yield f"{path.name}:{node.lineno}", _words(node)


def _words(call: ast.Call) -> str:
    """Return the text of the only argument of a call, with each value as X; empty if there are several."""
    match call.args, call.keywords:
        case [ast.Constant(str(text))], []:
            return text
        case [ast.JoinedStr(parts)], []:
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)
    return ""


def test_what_to_do_is_a_field() -> None:
    """No error has what the user can do in its message alone: it is the remedy, which `--json` and hosts show."""
    found = list(_messages())
    assert len(found) > 200
    assert [each for each in found if ADVICE.search(each[1])] == []
