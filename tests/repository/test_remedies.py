"""What remedies tell users to do can be done: the commands and variables that they name exist."""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from polyroute import Plugins
from polyroute.cli import main
from tests.support.catalogs import MakeCatalog

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"`polyroute ([^`]+)`")
VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
VALUE = "VALUE"


def _texts() -> Iterator[tuple[str, str]]:
    """Yield every text in the code and the data of the product with its file, each value in it as VALUE."""
    for folder in ("core/polyroute", "plugins"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield from ((path.name, text) for text in _literals(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sorted((ROOT / folder).rglob("*.toml")):
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            yield from ((path.name, text) for text in _leaves(content))


def _literals(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(each.value) if isinstance(each, ast.Constant) else VALUE for each in node.values)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)


def _fault(words: list[str]) -> str:
    """Return which word of a command line does not exist; empty if all do."""
    parser: argparse.ArgumentParser = main.build(words[0])
    for each in words:
        word = each.partition("|")[0]  # one of several
        commands = _commands(parser)
        if word in commands:
            parser = commands[word]
        elif word.startswith("--"):
            if word.partition("=")[0] not in parser._option_string_actions:
                return word
        elif commands and word.isalpha() and word.islower():
            return word
    return ""


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    groups = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(next((each.choices for each in groups), {}))


def test_every_command_that_is_named_exists() -> None:
    """Each command that a text of the product names exists, with its subcommands and options."""
    named = {(place, command) for place, text in _texts() for command in COMMAND.findall(text)}
    named = {each for each in named if not each[1].startswith(VALUE)}
    assert len(named) > 60
    assert [each for each in sorted(named) if _fault(each[1].split())] == []


def _unknown(remedy: str, known: Iterable[str]) -> set[str]:
    return {*VARIABLE.findall(re.sub("`[^`]*`", "", remedy))} - {*known}


@pytest.mark.parametrize("value", ["", "!", "your-key-here", "~/nothing"])
def test_every_variable_that_a_remedy_names_is_read(plugins: Plugins, make_catalog: MakeCatalog, value: str) -> None:
    """Each variable that a remedy names is one that is read, and no remedy is empty, whatever all variables hold."""
    known = {*plugins.index[0], *plugins.readers, *(each for p in plugins.providers.values() for each in p.detects)}
    found = make_catalog(**(dict.fromkeys(sorted(known), value) if value else {}))
    routes = [route for status in found.status().providers.values() for route in status.routes if not route.usable]
    remedies = {*(route.remedy for route in routes), *(each.remedy for each in found.problems)}
    assert len(remedies) > 20
    assert [each for each in remedies if not each.strip(" .") or re.search(r"Set (and|or|\.)", each)] == []
    assert {each: unknown for each in remedies if (unknown := _unknown(each, known))} == {}
