"""Helpers to build the argument parsers of commands."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from polyroute.cli import screen
from polyroute.errors import UsageError

argparse._ = str  # type: ignore[attr-defined]  # our messages are English, and a search for translations takes 2 ms

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction["Parser"]


def FORMATTER(prog: str) -> argparse.HelpFormatter:  # noqa: N802  a class of argparse with a width
    """Return a formatter. Without a width each, one for every argument, would import shutil, which is expensive."""
    return argparse.HelpFormatter(prog, width=screen.help_width())


_OTHER_WORDS = {
    "add": ("create", "install", "new"),
    "check": ("lint", "validate"),
    "completion": ("completions",),
    "doctor": ("diagnose", "diagnostics"),
    "edit": ("change", "modify", "update"),
    "explain": ("describe", "info", "why"),
    "keys set": ("auth", "key", "key set", "login", "set-key", "signin"),
    "keys remove": ("logout", "signout"),
    "list": ("ls",),
    "models": ("list", "ls", "search"),
    "new": ("create", "init"),
    "prefer": ("config", "default", "pin", "use"),
    "refresh": ("fetch", "sync", "update", "upgrade"),
    "remove": ("del", "delete", "rm", "uninstall", "unset"),
    "rename": ("move", "mv"),
    "resolve": ("route",),
    "serve": ("server", "start", "ui", "web"),
    "set": ("add", "create", "new"),
    "show": ("cat", "get", "info", "view"),
    "status": ("providers",),
    "verify": ("test",),
    "--help": ("help",),
    "--version": ("version",),
}
"""Commands and options, and what other tools call them."""


_NOT_REPEATED = "(values are not repeated here: a key is never an argument)"


class Parser(argparse.ArgumentParser):
    """A parser that raises its errors, with suggestions for misspelled words."""

    def error(self, message: str) -> NoReturn:
        """Raise a UsageError with the usage of the command."""
        usage = self.format_usage().strip()
        error = UsageError(f"{message}.\n{usage}")
        error.remedy = usage
        raise error

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse arguments as the base class does; a misspelled option is said before what is missing without it."""
        try:
            return super().parse_known_args(args, namespace)
        except UsageError:
            self._refuse_misspelled(list(itertools.takewhile(lambda each: each.startswith("--"), args or ())))
            raise

    def refuse(self, others: Sequence[str]) -> NoReturn:
        """Raise a UsageError for arguments that are not known. Only the names of options are repeated."""
        self._refuse_misspelled(others)
        names = " ".join(each.partition("=")[0] for each in others if each.startswith("-"))
        self.error(f"{f'unrecognized arguments: {names}' if names else 'there are too many arguments'} {_NOT_REPEATED}")

    def _refuse_misspelled(self, arguments: Sequence[str]) -> None:
        """Raise a UsageError if an option is like one that there is."""
        from polyroute._internal.spelling import did_you_mean

        options = [each.partition("=")[0] for each in arguments if each.startswith("-")]
        unknown = [each for each in options if each not in self._option_string_actions]
        if near := [option for each in unknown for option in suggestions(each, self._option_string_actions)[:1]]:
            raise UsageError(f"There is no option {' '.join(unknown)}.", did_you_mean(near), near)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Raise a UsageError if a command, or the value of an option, is not one of those that there are."""
        if action.choices is None or value in action.choices:
            return
        from polyroute._internal.spelling import did_you_mean

        known, is_command = list(action.choices), isinstance(action, argparse._SubParsersAction)
        family = f"{self.prog.removeprefix('polyroute').strip()} " if is_command else ""
        near = [f"{family}{each}" for each in suggestions(value, known)]
        # What has no likeness to a command may be a key that was pasted in the wrong place.
        quoted = f" '{family}{value}'" if near or not family.strip() else " like that"
        raise UsageError(_no_such(action, quoted), did_you_mean(near, f"There are: {', '.join(known)}."), near)


def _no_such(action: argparse.Action, quoted: str) -> str:
    if isinstance(action, argparse._SubParsersAction):
        return f"There is no command{quoted}."
    name = action.option_strings[-1] if action.option_strings else action.metavar or action.dest
    return f"{name} can't be{quoted}."


def suggestions(word: str, known: Collection[str]) -> list[str]:
    """Return which of the known words may have been meant: what other tools call so, else similar spellings."""
    from polyroute._internal.spelling import alike

    meant = [ours for ours, theirs in _OTHER_WORDS.items() if word.lower() in theirs]
    return [each for each in meant if each.split()[0] in known][:1] or alike(word, known, 2)


def command(subparsers: Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str) -> Parser:
    """Add a command and return its parser. `run` executes the command and returns its exit status."""
    parser = subparsers.add_parser(name, help=text, description=text, formatter_class=FORMATTER, allow_abbrev=False)
    parser.set_defaults(run=run, parser=parser)
    return parser


def with_json(parser: argparse._ActionsContainer) -> None:
    """Add the option --json to a command."""
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else")
