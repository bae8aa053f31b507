"""The command `custom`: a person's own models."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from polyroute.catalog import Catalog
from polyroute.cli import custom_files, entering, grammar, output
from polyroute.cli.exits import YES
from polyroute.documents import custom_models as documents
from polyroute.errors import InvalidModelReference, UsageError
from polyroute.routing.references import canonical
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.cli.grammar import Subparsers
    from polyroute.custom.editing import Outcome
    from polyroute.custom.models import CustomModel

_FIELDS = {
    "display_name": "displayName",
    "base_url": "baseURL",
    "max_input_tokens": "maxInputTokens",
    "max_output_tokens": "maxOutputTokens",
    "file_path": "filePath",
}
"""By option, the field of the entry."""


@contextlib.contextmanager
def _naming_options() -> Iterator[None]:
    """Where a field is refused, name the option that gives it."""
    try:
        yield
    except UsageError as error:
        told = str(error)
        named = [f"{field} is --{option.replace('_', '-')}." for option, field in _FIELDS.items() if field in told]
        raise UsageError(" ".join([told, *named])) from None


def _list(options: argparse.Namespace) -> int:
    """`polyroute custom list`: all of them, with the route by which each would run."""
    with output.catalog() as catalog:
        listing = catalog.custom_models.listing()
        catalog.models()
    if options.json:
        return output.document(documents.listing(listing.models, catalog.problems))
    from polyroute.cli import custom_text

    custom_text.listing(listing.models, catalog)
    return YES


def _show(options: argparse.Namespace) -> int:
    """`polyroute custom show`: one of them, in full."""
    with output.catalog() as catalog:
        model = catalog.custom_models.get(_reference(options.model))
    if options.json:
        return output.document(documents.one(model, catalog))
    from polyroute.cli import custom_text

    custom_text.fields(model, catalog)
    return YES


def _add(options: argparse.Namespace) -> int:
    """`polyroute custom add`: check it, write it, and tell how it would run now."""
    with output.catalog() as catalog, _naming_options():
        ref = canonical(options.model, catalog.plugins)
        outcome = catalog.custom_models.add({"provider": ref.provider, "name": ref.id, **_given(options, ref)})
        after = catalog.reload()
        if _lacks_a_key(options, ref, after):
            outcome = _with_key(ref, catalog)._replace(created=True)
            after = catalog.reload()
    return _told(outcome, f"{ref} is added", after, options)


def _with_key(ref: ModelRef, catalog: Catalog) -> Outcome:
    """Ask for the key of a model that was just added."""
    key = entering.secret(f"Key for {ref}, not shown (nothing for none): ").strip()
    try:
        return catalog.custom_models.edit(ref, {"apiKey": key})
    except UsageError as error:
        told = str(error).removesuffix(" Nothing was changed.")
        raise UsageError(
            f"{ref} is added without a key. {told} Set one: polyroute custom edit {ref} --key-stdin"
        ) from None


def _edit(options: argparse.Namespace) -> int:
    """`polyroute custom edit`: change what is named and nothing else."""
    ref = _reference(options.model)
    given, cleared = _given(options, ref), dict.fromkeys(_cleared(options))
    if both := given.keys() & cleared.keys():
        raise UsageError(f"{', '.join(sorted(both))}: to be given and to be taken away. Say one of the two.")
    if not (changes := {**given, **cleared}):
        raise UsageError("Nothing is to be changed: name a field, such as --display-name.")
    with output.catalog() as catalog, _naming_options():
        _check_fields(cleared, catalog.custom_models.get(ref))
        outcome = catalog.custom_models.edit(ref, changes, keep_key=options.keep_key)
        after = catalog.reload()
    return _told(outcome, f"{ref} is changed", after, options)


def _rename(options: argparse.Namespace) -> int:
    """`polyroute custom rename`: another ID, and everything else as it was."""
    ref = _reference(options.model)
    with output.catalog() as catalog:
        outcome = catalog.custom_models.rename(ref, options.name)
        after = catalog.reload()
    outcome = outcome._replace(note=_kept_whole(outcome.model.ref, after))
    return _told(outcome, f"{ref} is {outcome.model.ref} now", after, options)


def _remove(options: argparse.Namespace) -> int:
    """`polyroute custom remove`: take it out of the file."""
    with output.catalog() as catalog:
        outcome = catalog.custom_models.remove(_reference(options.model))
    if options.json:
        return output.document(documents.removed(outcome.model))
    print(f"{outcome.model.ref} is removed.")
    return YES


def _told(outcome: Outcome, done: str, catalog: Catalog, options: argparse.Namespace) -> int:
    """Say what was done and by which route the model would run now."""
    if options.json:
        return output.document(documents.one(outcome.model, catalog, outcome))
    from polyroute.cli import custom_text

    custom_text.outcome(outcome, done, catalog)
    return YES


def _reference(text: str) -> ModelRef:
    """A reference to what is in the file: its provider need not be installed."""
    ref = ModelRef.parse(text)
    if not (ref.provider and ref.id):
        raise InvalidModelReference(f"A model is written provider/model: {text!r}. See `polyroute custom list`.")
    return ref


def _kept_whole(ref: ModelRef, catalog: Catalog) -> str:
    """What to say of a new ID that begins like a reference to the model: nothing is taken off it."""
    provider, rest = ModelRef.parse(ref.id)
    if not rest or provider != ref.provider or ref.id in catalog.plugins.models(provider):
        return ""
    return f"{ref.id} is the whole ID now, {provider}/ included. Without that: polyroute custom rename {ref} {rest}"


def _given(options: argparse.Namespace, ref: ModelRef) -> dict[str, Any]:
    """The fields that options name."""
    fields = {field: getattr(options, option) for option, field in _FIELDS.items()}
    given = {field: value for field, value in fields.items() if value is not None}
    if path := given.get("filePath"):
        given["filePath"] = os.path.abspath(os.path.expanduser(path))
    if options.key_stdin:
        given["apiKey"] = entering.secret(f"Key for {ref}, not shown: ").strip()
        if not given["apiKey"]:
            raise UsageError("No key came from stdin: nothing was stored.")
    elif options.key_variable is not None:
        given["apiKey"] = f"${{{options.key_variable}}}"
    elif options.key_keyring is not None:
        given["apiKey"] = f"keyring:{options.key_keyring}"
    return given


def _cleared(options: argparse.Namespace) -> list[str]:
    fields: Sequence[str] = options.clear
    return [*(_FIELDS.get(field.replace("-", "_"), field) for field in fields), *(["apiKey"] if options.no_key else [])]


def _check_fields(cleared: Iterable[str], model: CustomModel) -> None:
    """Raises UsageError for a name that no field has, neither of this model nor of any."""
    if unknown := set(cleared) - {*model.document, *_FIELDS.values(), "apiKey"}:
        there = ", ".join(sorted(model.document.keys() - {"provider", "name"})) or "none"
        raise UsageError(f"{model.ref} has no field {', '.join(sorted(unknown))} to take away. It has: {there}.")


def _lacks_a_key(options: argparse.Namespace, ref: ModelRef, catalog: Catalog) -> bool:
    """Whether to ask for a key: somebody is there to answer, and the model can't be run without."""
    asked = options.key_stdin or options.key_variable or options.key_keyring or options.json
    if asked or sys.stdin is None or not sys.stdin.isatty():
        return False
    routes = catalog.routes(ref)
    direct = next(route for route in routes if route.via == "direct")
    return not any(route.usable for route in routes) and direct.credential is None and bool(direct.base_url)


def _with_fields(command: argparse.ArgumentParser) -> None:
    command.add_argument("--display-name", metavar="TEXT")
    command.add_argument("--base-url", metavar="URL", help="where it runs, if not where its provider does")
    command.add_argument("--max-input-tokens", type=int, metavar="N")
    command.add_argument("--max-output-tokens", type=int, metavar="N")
    command.add_argument("--file-path", metavar="PATH", help="the file that it is")
    keys = command.add_mutually_exclusive_group()
    keys.add_argument("--key-stdin", action="store_true", help="a key of its own, from a hidden prompt or a pipe")
    keys.add_argument("--key-variable", metavar="NAME", help="its key is in this variable")
    keys.add_argument("--key-keyring", metavar="NAME", help="its key is in the keyring under this name")
    grammar.with_json(command)


def _grammar(subparsers: Subparsers) -> None:
    family = subparsers.add_parser(
        "custom", help="models of your own", formatter_class=grammar.FORMATTER, allow_abbrev=False
    )
    commands = family.add_subparsers(metavar="COMMAND", required=True)
    grammar.with_json(grammar.command(commands, "list", _list, "your own models, and how each runs"))
    for name, run, text in (
        ("add", _add, "add a model that is in no list, or with a key or base URL of its own"),
        ("show", _show, "one of your models in full"),
        ("edit", _edit, "change fields of a model; the others stay"),
        ("rename", _rename, "give a model another ID; everything else stays"),
        ("remove", _remove, "remove a model"),
    ):
        command = grammar.command(commands, name, run, text)
        command.set_defaults(takes_key=True)
        command.add_argument("model", metavar="MODEL", help="provider/model")
        if name == "rename":
            command.add_argument("name", metavar="NEW_ID", help="the ID alone, without the provider")
        if name == "edit":
            command.add_argument("--clear", action="append", default=[], metavar="FIELD", help="take a field away")
            command.add_argument("--no-key", action="store_true", help="take its key away")
            command.add_argument(
                "--keep-key", action="store_true", help="send the stored key to the new base URL from now on"
            )
        _with_fields(command) if name in ("add", "edit") else grammar.with_json(command)
    custom_files.add_to(commands)


COMMANDS = {"custom": _grammar}
