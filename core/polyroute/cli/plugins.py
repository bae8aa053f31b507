"""The command `plugins`: its grammar, and the actions that change nothing."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from polyroute.cli import grammar, output
from polyroute.cli.output import NO, YES

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers

_CHANGES, _AUTHORS = "plugins_install", "plugins_authoring"
_ACTIONS = {
    "add": (_CHANGES, "add", "SOURCE", "show what a plugin needs, ask for approval, and install it"),
    "remove": (_CHANGES, "remove", "NAME", "delete a plugin from the plugin folder"),
    "trust": (_CHANGES, "trust_", "NAME", "approve the current state of a plugin"),
    "untrust": (_CHANGES, "untrust", "NAME", "revoke the approval of a plugin"),
    "enable": (_CHANGES, "enable", "NAME", "enable a disabled plugin"),
    "disable": (_CHANGES, "disable", "NAME", "disable a plugin"),
    "refresh": (_CHANGES, "refresh", "", "clear the cached data of plugins"),
    "schema": (_AUTHORS, "schema", "", "print the JSON Schema of plugin.toml"),
    "new": (_AUTHORS, "new", "NAME", "create a plugin from a template"),
    "check": (_AUTHORS, "check", "PATH", "report the errors of a plugin"),
}
"""The module and function of each action, its argument, and its description."""
_ASK_FIRST = ("add", "trust", "check")


def _list(options: argparse.Namespace) -> int:
    """`polyroute plugins`: list plugins with their origins, what they provide, and their problems."""
    with output.catalog(run=False) as catalog:
        from polyroute.documents import plugins as documents

        document = documents.plugins(catalog)
    if options.json:
        return output.document(document)
    from polyroute.cli import text

    text.plugins(catalog)
    return YES


def _info(options: argparse.Namespace) -> int:
    """`polyroute plugins info`: show one plugin, its providers, and the hosts to which it would send credentials."""
    from polyroute.cli import plugins_install, text
    from polyroute.documents import plugins as documents
    from polyroute.plugins import switching

    with output.catalog(run=False) as catalog:
        plugin = switching.named(options.name, catalog.plugins)
        document = documents.info(plugin, documents.manifest_of(plugin), catalog.plugins)
    if options.json:
        return output.document(document)
    text.lines(plugins_install.lines(document))
    text.problems([each for each in catalog.problems if each.plugin == plugin.name])
    return YES


def _doctor(options: argparse.Namespace) -> int:
    """`polyroute plugins doctor`: report what is wrong with each plugin, and how to fix it."""
    from polyroute.cli import plugins_doctor, text

    with output.catalog() as catalog:
        document = plugins_doctor.document(catalog)
    if options.json:
        output.document(document)
    else:
        text.lines(plugins_doctor.lines(document))
    return YES if document["healthy"] else NO


def _later(module: str, function: str, options: argparse.Namespace) -> int:
    run: Callable[[argparse.Namespace], int] = getattr(importlib.import_module(f"polyroute.cli.{module}"), function)
    return run(options)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    command = grammar.command(subparsers, "plugins", _list, "list plugins, what they provide, and their problems")
    grammar.with_json(command)
    actions = command.add_subparsers(prog="polyroute plugins", metavar="ACTION", parser_class=grammar.Parser)
    _action(actions, "list", _list, "list all plugins, as without an action")
    _action(actions, "info", _info, "show one plugin, its providers, and where it sends credentials", "NAME")
    for name, (module, function, argument, text) in _ACTIONS.items():
        action = _action(actions, name, partial(_later, module, function), text, argument)
        if name in _ASK_FIRST:
            action.add_argument("--yes", action="store_true", help="agree without being asked")
        if name == "add":
            action.add_argument("--sha256", metavar="HEX", help="the digest that the file must have")
            action.add_argument("--insecure", action="store_true", help="allow http for this machine (127.0.0.1)")
        if name == "check":
            action.add_argument(
                "--run", dest="runs", action="store_true", help="also run its program, or import its Python"
            )
        if name == "new":
            kinds = ("manifest", "gateway", "python", "sh", "node")
            action.add_argument("--kind", choices=kinds, default="manifest", help="the language of the plugin")
            action.add_argument("--into", default=".", metavar="FOLDER", help="the parent of its folder")
    _action(actions, "doctor", _doctor, "show what is wrong with each plugin, and how to fix it")


def _action(
    actions: Subparsers, name: str, run: Callable[[argparse.Namespace], int], text: str, argument: str = ""
) -> argparse.ArgumentParser:
    action = grammar.command(actions, name, run, text)
    action.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON document")
    if argument:
        action.add_argument(argument.lower(), metavar="PATH|URL" if name == "add" else argument)
    return action
