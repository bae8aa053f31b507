"""The command `custom`: the user's own models."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from polyroute.catalog import Catalog
from polyroute.cli import custom_files, grammar, output, prompts
from polyroute.cli.output import YES
from polyroute.documents import custom_models as documents
from polyroute.errors import InvalidModelReference, UsageError
from polyroute.routing.references import canonical, only_via
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers
    from polyroute.custom_models.editing import EditResult

_FIELDS = {
    "display_name": "displayName",
    "base_url": "baseURL",
    "max_input_tokens": "maxInputTokens",
    "max_output_tokens": "maxOutputTokens",
    "file_path": "filePath",
}
"""The field of an entry for each option."""


@contextlib.contextmanager
def _naming_options() -> Iterator[None]:
    """Name options in place of the fields of an entry in errors."""
    try:
        yield
    except UsageError as error:
        if not (named := {option: field for option, field in _FIELDS.items() if field in str(error)}):
            raise
        message, remedy = str(error).removesuffix(error.remedy).rstrip(), error.remedy
        for option, field in named.items():
            message = re.sub(rf"\b{field}\b", f"--{option.replace('_', '-')}", message)
        raise UsageError(message, remedy, error.suggestions) from None


def _list(options: argparse.Namespace) -> int:
    """`polyroute custom list`: print all custom models with the route that each would use."""
    with output.catalog() as catalog:
        listing = catalog.custom_models.listing()
        catalog.models()
    if options.json:
        return output.document(documents.listing(listing.models, catalog.problems))
    from polyroute.cli import custom_files

    custom_files.listing(listing.models, catalog)
    return YES


def _show(options: argparse.Namespace) -> int:
    """`polyroute custom show`: print one custom model in full."""
    with output.catalog() as catalog:
        model = catalog.custom_models.get(_reference(options.model))
    if options.json:
        return output.document(documents.one(model, catalog))
    from polyroute.cli import custom_files

    custom_files.fields(model, catalog)
    return YES


def _add(options: argparse.Namespace) -> int:
    """`polyroute custom add`: validate and store a custom model, and print the route that it would use."""
    with output.catalog() as catalog, _naming_options():
        ref = canonical(options.model, catalog.plugins)
        ref = ModelRef.parse(options.model) if only_via(options.model, catalog.plugins) else ref
        outcome = catalog.custom_models.add({"provider": ref.provider, "name": ref.id, **_given(options, ref)})
        after = catalog.reload()
        if _lacks_a_key(options, ref, after):
            outcome = _with_key(ref, catalog)._replace(created=True)
            after = catalog.reload()
    return _told(outcome, f"{ref} was added", after, options)


def _with_key(ref: ModelRef, catalog: Catalog) -> EditResult:
    """Prompt for the key of a model that was just added."""
    key = prompts.secret(f"Key for {ref}, not shown (nothing for none): ").strip()
    try:
        return catalog.custom_models.edit(ref, {"apiKey": key})
    except UsageError as error:
        message = str(error).removesuffix(" Nothing was changed.")
        raise UsageError(
            f"{ref} was added without a key. {message}", f"Set one: polyroute custom edit {ref} --key-stdin"
        ) from None


def _edit(options: argparse.Namespace) -> int:
    """`polyroute custom edit`: change the given fields and nothing else."""
    ref = _reference(options.model)
    given, cleared = _given(options, ref), dict.fromkeys(_cleared(options))
    if both := given.keys() & cleared.keys():
        raise UsageError(f"{', '.join(sorted(both))}: both set and cleared.", "Give only one of the two options.")
    if not (changes := {**given, **cleared}):
        raise UsageError("There is nothing to change.", "Give a field, such as --display-name.")
    with output.catalog() as catalog, _naming_options():
        _check_fields(cleared, ref, catalog.custom_models.fields(ref))
        outcome = catalog.custom_models.edit(ref, changes, keep_key=options.keep_key)
        after = catalog.reload()
    return _told(outcome, f"{ref} was changed", after, options)


def _rename(options: argparse.Namespace) -> int:
    """`polyroute custom rename`: change the ID of a custom model and nothing else."""
    ref = _reference(options.model)
    with output.catalog() as catalog:
        outcome = catalog.custom_models.rename(ref, options.name)
        after = catalog.reload()
    outcome = outcome._replace(note=_kept_whole(outcome.model.ref, after))
    return _told(outcome, f"{ref} was renamed to {outcome.model.ref}", after, options)


def _remove(options: argparse.Namespace) -> int:
    """`polyroute custom remove`: remove a custom model from the file."""
    with output.catalog() as catalog:
        outcome = catalog.custom_models.remove(_reference(options.model))
    if options.json:
        return output.document(documents.removed(outcome.model))
    print(f"{outcome.model.ref} is removed.")
    return YES


def _told(outcome: EditResult, done: str, catalog: Catalog, options: argparse.Namespace) -> int:
    """Print what was done and the route that the model would use now."""
    if options.json:
        return output.document(documents.one(outcome.model, catalog, outcome))
    from polyroute.cli import custom_files

    custom_files.outcome(outcome, done, catalog)
    return YES


def _reference(text: str) -> ModelRef:
    """Return the reference of a model in the file, whose provider need not be installed."""
    ref = ModelRef.parse(text)
    if not (ref.provider and ref.id):
        raise InvalidModelReference(f"A model is written provider/model: {text!r}.", "See `polyroute custom list`.")
    return ref


def _kept_whole(ref: ModelRef, catalog: Catalog) -> str:
    """Return a note if a new ID begins with the provider's name, which is kept as a part of the ID."""
    provider, rest = ModelRef.parse(ref.id)
    if not rest or provider != ref.provider or ref.id in catalog.plugins.models(provider):
        return ""
    return f"The ID is now {ref.id}, including {provider}/. To remove that: polyroute custom rename {ref} {rest}"


def _given(options: argparse.Namespace, ref: ModelRef) -> dict[str, Any]:
    """Return the fields that are set by options."""
    fields = {field: getattr(options, option) for option, field in _FIELDS.items()}
    given = {field: value for field, value in fields.items() if value is not None}
    if path := given.get("filePath"):
        given["filePath"] = os.path.abspath(os.path.expanduser(path))
    if options.key_stdin:
        given["apiKey"] = prompts.secret(f"Key for {ref}, not shown: ").strip()
        if not given["apiKey"]:
            raise UsageError("The key from stdin is empty: nothing was stored.")
    elif options.key_variable is not None:
        given["apiKey"] = f"${{{options.key_variable}}}"
    elif options.key_keyring is not None:
        given["apiKey"] = f"keyring:{options.key_keyring}"
    return given


def _cleared(options: argparse.Namespace) -> list[str]:
    fields: Sequence[str] = options.clear
    return [*(_FIELDS.get(field.replace("-", "_"), field) for field in fields), *(["apiKey"] if options.no_key else [])]


def _check_fields(cleared: Iterable[str], ref: ModelRef, fields: frozenset[str]) -> None:
    """Raise UsageError if `cleared` contains a field that neither this model nor any other can have."""
    if unknown := set(cleared) - {*fields, *_FIELDS.values(), "apiKey"}:
        there = ", ".join(sorted(fields - {"provider", "name"})) or "none"
        raise UsageError(f"{ref} has no field {', '.join(sorted(unknown))} to clear. It has: {there}.")


def _lacks_a_key(options: argparse.Namespace, ref: ModelRef, catalog: Catalog) -> bool:
    """Return whether to prompt for a key: the user is at a terminal, and the model can't be run without one."""
    asked = options.key_stdin or options.key_variable or options.key_keyring or options.json
    if asked or sys.stdin is None or not sys.stdin.isatty():
        return False
    routes = catalog.routes(ref)
    direct = next(route for route in routes if route.via == "direct")
    return not any(route.usable for route in routes) and direct.credential is None and bool(direct.base_url)


def _with_fields(command: argparse.ArgumentParser) -> None:
    command.add_argument("--display-name", metavar="TEXT")
    command.add_argument("--base-url", metavar="URL", help="its base URL, if it differs from its provider's")
    command.add_argument("--max-input-tokens", type=int, metavar="N")
    command.add_argument("--max-output-tokens", type=int, metavar="N")
    command.add_argument("--file-path", metavar="PATH", help="the file with the model")
    keys = command.add_mutually_exclusive_group()
    keys.add_argument("--key-stdin", action="store_true", help="read its own key from a hidden prompt or a pipe")
    keys.add_argument("--key-variable", metavar="NAME", help="use the key in this variable")
    keys.add_argument("--key-keyring", metavar="NAME", help="use the key in the keyring under this name")
    grammar.with_json(command)


def add_to(subparsers: Subparsers) -> None:
    """Add the parser of the command."""
    family = subparsers.add_parser(
        "custom", help="list and change custom models", formatter_class=grammar.FORMATTER, allow_abbrev=False
    )
    commands = family.add_subparsers(metavar="COMMAND", required=True)
    grammar.with_json(grammar.command(commands, "list", _list, "list your own models and how each runs"))
    for name, run, text in (
        ("add", _add, "add a model that is not in any list, or has its own key or base URL"),
        ("show", _show, "show one of your models in full"),
        ("edit", _edit, "change fields of a model"),
        ("rename", _rename, "change the ID of a model"),
        ("remove", _remove, "remove a model"),
    ):
        command = grammar.command(commands, name, run, text)
        command.add_argument("model", metavar="MODEL", help="provider/model")
        if name == "rename":
            command.add_argument("name", metavar="NEW_ID", help="the ID alone, without the provider")
        if name == "edit":
            command.add_argument("--clear", action="append", default=[], metavar="FIELD", help="remove a field")
            command.add_argument("--no-key", action="store_true", help="remove its key")
            command.add_argument(
                "--keep-key", action="store_true", help="send the stored key to the new base URL from now on"
            )
        _with_fields(command) if name in ("add", "edit") else grammar.with_json(command)
    custom_files.add_to(commands)
