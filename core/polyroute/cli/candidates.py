"""What a word of a command line may become: commands, options, and the names of what the user has."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean
from polyroute.types import CHEAPEST, DIRECT

if TYPE_CHECKING:
    from polyroute.environment import Environment
    from polyroute.plugins.loaded import Plugins


def of(before: Sequence[str], word: str) -> list[str]:
    """Return what `word` may become after the words `before`, which follow `polyroute`; none for names of files.

    A model is completed in two steps: first its provider, then its ID.
    """
    if "--" in before:
        return []
    from polyroute.cli.main import COMMANDS, build

    if not before and not word.startswith("-"):  # without building the parser of each command
        return sorted(name for name in COMMANDS if name.startswith(word))
    parser, action = _expected(build(before[0] if before else ""), list(before))
    names = _options(parser) if word.startswith("-") or action is None else _values(action, word)
    return sorted({clean(each) for each in names if each.startswith(word)})


def _expected(
    parser: argparse.ArgumentParser, before: list[str]
) -> tuple[argparse.ArgumentParser, argparse.Action | None]:
    """Return the parser of the command, and what the next word is: the value of an option or an argument."""
    arguments = _arguments(parser)
    while before:
        word = before.pop(0)
        option = _by_option(parser).get(word)
        if option is not None and option.nargs != 0:
            if not before:
                return parser, option
            before.pop(0)
        elif option is None and not word.startswith("-") and arguments:
            if isinstance(arguments[0], argparse._SubParsersAction):
                family = arguments[0].choices.get(word)
                return _expected(family, before) if family else (parser, None)
            if arguments[0].nargs not in ("*", "+"):
                arguments.pop(0)
    return parser, arguments[0] if arguments else None


def _arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [each for each in parser._actions if not each.option_strings]


def _by_option(parser: argparse.ArgumentParser) -> Mapping[str, argparse.Action]:
    return {name: each for each in parser._actions for name in each.option_strings}


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for name, action in _by_option(parser).items():
        if action.help != argparse.SUPPRESS:
            yield name


def _values(action: argparse.Action, word: str) -> Iterable[str]:
    """Return the values of an option or argument: its choices, or what the word for it in `--help` stands for."""
    if action.choices is not None:
        return [str(each) for each in action.choices]
    kind = f"{action.metavar} {action.dest.upper()}"
    return [each for part, values in _KINDS.items() if part in kind for each in values(kind, word)]


def _named(values: Callable[[Plugins, str, Environment], Iterable[str]]) -> Callable[[str, str], Iterable[str]]:
    def of_user(_: str, word: str) -> Iterable[str]:
        from polyroute.cli import output
        from polyroute.environment import Environment

        environment = Environment.load()
        with output.stdout_kept_clean():
            return list(values(output.loaded(environment, run=False), word, environment))

    return of_user


def _models(plugins: Plugins, word: str, environment: Environment) -> Iterable[str]:
    name, slash, _ = word.partition("/")
    if not slash:
        return [f"{each}/" for each, known in plugins.names.items() if plugins.providers[known].selectable]
    if name not in plugins.names:
        return []
    from polyroute.custom_models.loaded import OwnModels

    provider = plugins.names[name]
    models = OwnModels(environment, plugins).over(plugins.models(provider).values(), provider)
    return [f"{name}/{each.id}" for each in models]


def _routes(kind: str, word: str) -> Iterable[str]:
    gateways = _named(lambda plugins, *_: plugins.gateways)
    fixed = [each for each in (DIRECT, CHEAPEST) if each in kind]
    return [*fixed, *gateways(kind, word)]


def _clients(kind: str, word: str) -> Iterable[str]:
    from polyroute.clients import table
    from polyroute.environment import Environment

    return table.names(Environment.load())


def _shells(kind: str, word: str) -> Iterable[str]:
    from polyroute.cli.completion_scripts import SCRIPTS

    return SCRIPTS


_KINDS: Mapping[str, Callable[[str, str], Iterable[str]]] = {
    "PROVIDER": _named(lambda plugins, *_: plugins.names),
    "MODEL": _named(_models),
    "GATEWAY": _routes,
    "CLIENT": _clients,
    "SHELL": _shells,
}
"""The values that a word in `--help` stands for."""
