"""What `keys set` does for one provider: ask for all that it needs, store it, and see whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute._internal.terminal import clean
from polyroute.cli import prompts, text
from polyroute.credentials import keys, settings
from polyroute.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyroute.catalog import Catalog
    from polyroute.credentials.settings import Setting
    from polyroute.types import Provider, Verification

REFUSED = ("invalid", "no_credit")
"""The states of a key that its endpoint does not accept."""


def stored(provider: Provider, catalog: Catalog, *, pin: bool) -> keys.Stored:
    """Ask for what the provider needs and store it; from a pipe, store the key alone."""
    if not prompts.has_user():
        values = {keys.variable_of(provider): prompts.secret("")}
    else:
        needed = settings.needed(provider, catalog.environment)
        if not needed:
            keys.variable_of(provider)  # says what it needs instead
        text.notes([_introduction(provider, needed)])
        values = _asked(needed)
    return settings.store(catalog, provider.id, values, pin=pin)


def _introduction(provider: Provider, needed: Sequence[Setting]) -> str:
    what = "one setting" if len(needed) == 1 else f"{len(needed)} settings"
    hints = [each.hint for each in needed if each.hint and not each.hint.startswith("Set ")]
    where = f"See {provider.documentation}." if provider.documentation else ""
    if provider.keys_page and any(each.secret for each in needed):
        where = f"Keys are made at {provider.keys_page}."
    return " ".join([f"{provider.name} needs {what}.", *hints, where]).rstrip()


def _asked(needed: Sequence[Setting]) -> dict[str, str]:
    """Return what the user typed, by variable, without what is kept."""
    typed = {each.variable: _typed(each) for each in needed}
    missing = [each.variable for each in needed if not (typed[each.variable] or each.source)]
    if missing:
        raise UsageError(f"{' and '.join(missing)} must have a value: nothing was stored.")
    return {name: value for name, value in typed.items() if value}


def _typed(setting: Setting) -> str:
    about = ["not shown"] if setting.secret else []
    about += [f"Enter keeps that of {setting.source}"] if setting.source else []
    prompt = clean(" ".join([setting.variable, *([f"({'; '.join(about)})"] if about else [])]) + ": ")
    return prompts.secret(prompt) if setting.secret else prompts.plain(prompt)


def verified(provider: Provider, catalog: Catalog) -> Verification | None:
    """Ask the endpoint whether the key works, if that is free and the user allows requests."""
    from polyroute.cli.activity import Activity
    from polyroute.list_refresh import is_offline
    from polyroute.verification import verify

    if is_offline(catalog.environment):
        return None
    try:
        with Activity(f"asking {provider.name} whether it works"):
            return verify(catalog.reload(), [provider.id])[0]
    except MissingExtra:
        return None


def show(stored: keys.Stored, verified: Verification | None) -> None:
    """Print where everything was stored, and what the endpoint said."""
    if stored.source and not stored.kept:
        text.lines([f"Stored: {stored.source}."])
    text.lines(f"Stored: {source}." for source in stored.settings.values())
    if not stored.variable:
        text.lines(["Nothing was changed."])
    text.notes(f"polyroute: {note}" for note in stored.notes)
    if verified:
        text.lines([_verdict(verified)])


def _verdict(verified: Verification) -> str:
    provider, why = verified.provider, verified.message.rstrip(".")
    if verified.state == "valid":
        left = f", with {verified.remaining} left" if verified.remaining else ""
        return f"{provider} accepts the key{left}."
    if verified.state == "invalid":
        return f"{provider} does not accept the key: {why}."
    if verified.state == "no_credit":
        return f"{provider} accepts the key, but no credit is left. {why}".rstrip()
    return f"It is not known whether the key works: {why}."
