"""The page of all commands with their options, made from the command's parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from api_pages import GENERATED, escaped
from polyroute.cli import main

COMMANDS = """# Commands

`polyroute --help` and `polyroute COMMAND --help` print the same.

With `--json` a command prints [one JSON document](json.md) on stdout and nothing else; messages go to stderr.
The exit status is 0 for yes or done, 1 for a clear no, 2 for wrong usage or input, and 3 if the command could not
do it.
"""


def commands() -> str:
    """Return the page of all commands."""
    found = (part for name, parser in _children(main.build()) for part in _command(name, parser, 2))
    return "\n".join([COMMANDS, GENERATED.format(source="the command's parsers"), *found])


def _children(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {each.dest: each.help or "" for each in action._choices_actions}
            for name, child in action.choices.items():
                child.description = child.description or helps.get(name, "")
                yield name, child


def _command(name: str, parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    yield f"{'#' * level} {parser.prog.removeprefix('polyroute ')}\n"
    yield f"{_sentence(parser.description or '')}\n"
    yield f"`{usage(parser)}`\n"
    rows = [_row(parser, each) for each in _documented(parser)]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows]) + "\n"
    if parser.epilog:
        yield f"{_sentence(parser.epilog)}\n"
    for child, inner in _children(parser):
        yield from _command(child, inner, level + 1)


def _documented(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    hidden = (argparse._HelpAction, argparse._SubParsersAction)
    return [
        each for each in parser._actions if not isinstance(each, hidden) and each.help not in (None, argparse.SUPPRESS)
    ]


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    said = parser._get_formatter()._expand_help(action)
    names = ", ".join(f"`{each}`" for each in _spellings(action))
    return f"| {names} | {escaped(said)} |".replace("\n", " ")


def _spellings(action: argparse.Action) -> list[str]:
    if not action.option_strings:
        return [_metavar(action)]
    value = "" if action.nargs == 0 else f" {_metavar(action)}"
    return [f"{each}{value}" for each in action.option_strings]


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, str):
        return action.metavar
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()


def usage(parser: argparse.ArgumentParser) -> str:
    """Return how a command is called, in one line, the same in every version of Python."""
    shown = [each for each in parser._actions if not isinstance(each, argparse._HelpAction)]
    shown = [each for each in shown if each.help != argparse.SUPPRESS]
    options = [_optional(each) for each in shown if each.option_strings]
    return " ".join([parser.prog, *options, *(_positional(each) for each in shown if not each.option_strings)])


def _optional(action: argparse.Action) -> str:
    text = _spellings(action)[-1]
    return text if action.required else f"[{text}]"


def _positional(action: argparse.Action) -> str:
    name = _metavar(action)
    return {"*": f"[{name}…]", "+": f"{name}…", "?": f"[{name}]"}.get(str(action.nargs), name)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', ':')) else '.'}" if text else ""
