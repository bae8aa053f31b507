"""The user's decisions about plugins: which are approved, which own a provider and which are disabled.

They are stored in one file of the user's, never in the folder of a plugin or project. Only the user's commands write to
it: `plugins add`, `trust`, `enable` and so on, and `keys set`. The HTTP API can disable and enable plugins.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from polyroute._internal import file_access, files
from polyroute._internal.paths import absolute_only
from polyroute.environment import PROCESS, Environment
from polyroute.errors import NotUnderstood, Unavailable
from polyroute.named_tuples import NamedTuple
from polyroute.results import Commands
from polyroute.types import Problem

if TYPE_CHECKING:
    from polyroute.plugins.manifests.loader import Manifest

State = Literal["approved", "changed", "unknown"]

_SCHEMA = 1
_EMPTY: Mapping[str, Any] = MappingProxyType({})


class Owner(NamedTuple):
    """The owner of a provider when the user agreed to give it a key."""

    identity: str
    """The distribution, or the path of the plugin."""
    hosts: frozenset[str] = frozenset()
    """The hosts that may get the key."""


class Consent(NamedTuple):
    """What the user is about to approve, as displayed."""

    fingerprint: str
    commands: Commands = _EMPTY


class Provenance(NamedTuple):
    """Where a plugin was added from."""

    kind: Literal["folder", "file", "url"]
    """A folder, a file (an archive or a manifest) or an address from which a file was downloaded."""
    place: str
    """The path, or the address without its query."""
    sha256: str = ""
    """The SHA-256 digest of the file in hexadecimal; empty for a folder."""
    is_pinned: bool = False
    """Whether the user named the digest, so that a file with another one needs new consent."""

    def __str__(self) -> str:
        return f"{self.place} (sha256 {self.sha256})" if self.sha256 else self.place


class Approvals(NamedTuple):
    """The decisions at the time when the file was read."""

    path: str
    search_path: str = ""
    """The PATH on which commands are looked up when they are approved."""
    fingerprints: Mapping[str, str] = _EMPTY
    """By a manifest's identity, its fingerprint when it was approved."""
    disabled: frozenset[str] = frozenset()
    """The names of disabled plugins."""
    owners: Mapping[str, Owner] = _EMPTY
    """By provider ID."""
    commands: Mapping[str, Commands] = _EMPTY
    """By a manifest's identity, the programs of its commands when it was approved."""
    sources: Mapping[str, Provenance] = _EMPTY
    """By a manifest's identity, where `plugins add` took it from."""
    problems: tuple[Problem, ...] = ()
    home: str = ""
    """The user's home."""

    @classmethod
    def load(cls, environment: Environment) -> Approvals:
        """Read the decisions. If the file can't be read or is not safe, nothing is approved; `problems` says why."""
        path, home = os.path.join(environment.state_directory, "plugins.json"), environment.home
        search_path = absolute_only(environment.setting("PATH", layer=PROCESS) or os.defpath)
        if os.path.lexists(path) and (exposed := file_access.exposure(path, home)):
            why = f"is not used, and nothing is approved: {exposed.why}"
            problem = Problem(why, exposed.remedy, path=path, code="approvals-unsafe")
            return cls(path, search_path, problems=(problem,), home=home)
        try:
            document = _document(path)
        except Unavailable as error:
            remedy = "Fix it, or remove it and approve the plugins again: `polyroute plugins trust NAME`."
            problem = Problem(str(error), remedy, path=path, code="approvals-unreadable")
            return cls(path, search_path, problems=(problem,), home=home)
        owners = {name: Owner(each["owner"], frozenset(each["hosts"])) for name, each in document["owners"].items()}
        disabled = frozenset(document["disabled"])
        sources = {name: Provenance(**each) for name, each in document["sources"].items()}
        return cls(path, search_path, document["approved"], disabled, owners, document["commands"], sources, home=home)

    def state(self, manifest: Manifest) -> State:
        """Return whether the plugin is approved in its current state. Raises Unsafe if its files are not safe."""
        known = self.fingerprints and self.fingerprints.get(manifest.identity)
        if not known:
            return "unknown"
        from polyroute.plugins.trust import policy

        commands = self.commands.get(manifest.identity, _EMPTY)
        return "approved" if known == policy.fingerprint(manifest, commands, self.search_path) else "changed"

    def consent_to(self, manifest: Manifest) -> Consent:
        """Return what there is to approve now. Raises UsageError if a command is missing or a file is not safe."""
        from polyroute.plugins.trust import policy, programs

        commands = programs.resolved(manifest, self.search_path)
        return Consent(policy.fingerprint(manifest, commands, self.search_path), commands)

    def require_writable(self) -> None:
        """Check that decisions can be written, before anything that depends on them is.

        Raises MissingExtra, and Unavailable if other users could change them.
        """
        files.require_unexposed(self.path, self.home)
        files.require_lock(self.path)

    def approve(self, manifest: Manifest, consent: Consent | None = None, source: Provenance | None = None) -> None:
        """Record that the plugin is approved as displayed (`consent`), by default in its current state.

        `source` is where it was added from. Raises what `consent_to` raises, Unavailable if the file can't be written,
        and MissingExtra.
        """
        consent = consent or self.consent_to(manifest)

        def change(document: dict[str, Any]) -> None:
            if source:
                document["sources"][manifest.identity] = source._asdict()
            elif document["approved"].get(manifest.identity) != consent.fingerprint:
                document["sources"].pop(manifest.identity, None)  # it is not what was added any more
            document["approved"][manifest.identity] = consent.fingerprint
            document["commands"][manifest.identity] = dict(consent.commands)

        self._change(change)

    def own(self, identity: str, hosts: Mapping[str, Collection[str]]) -> None:
        """Record that a plugin owns these providers, each with the hosts that may get its key.

        Raises what `approve` raises.
        """
        owners = {name: {"owner": identity, "hosts": sorted(each)} for name, each in hosts.items()}
        if owners:
            self._change(lambda document: document["owners"].update(owners))

    def revoke(self, manifest_identity: str, identity: str = "") -> None:
        """Remove the approval of a manifest and, given the plugin's `identity`, its ownership of providers.

        Raises what `approve` raises.
        """

        def change(document: dict[str, Any]) -> None:
            for key in ("approved", "commands", "sources"):
                document[key].pop(manifest_identity, None)
            owners = document["owners"].items()
            document["owners"] = {name: each for name, each in owners if each["owner"] != identity}

        self._change(change)

    def switch(self, name: str, *, on: bool) -> None:
        """Record whether the plugin of this name is enabled. Raises what `approve` raises."""
        self._change(lambda document: document.update(disabled=_switched(document["disabled"], name, on=on)))

    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        files.require_unexposed(self.path, self.home)
        with files.readable_errors(self.path), files.locked(self.path):
            document = _document(self.path)
            change(document)
            files.replace(self.path, json.dumps(document, indent=2).encode(), mode=0o600)


def _switched(disabled: Iterable[str], name: str, *, on: bool) -> list[str]:
    others = {each for each in disabled if each != name}
    return sorted(others if on else {*others, name})


def _document(path: str) -> dict[str, Any]:
    tables: dict[str, Any] = {name: {} for name in ("approved", "owners", "commands", "sources")}
    empty = {"schema": _SCHEMA, "disabled": [], **tables}
    try:
        document = json.loads(files.read(path))
    except (FileNotFoundError, NotADirectoryError):
        return empty
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, OSError):
            raise Unavailable(f"{path} can't be read: {error.strerror}.") from None
        raise NotUnderstood(f"{path} can't be read: it is not valid JSON.") from None
    if not isinstance(document, dict) or document.get("schema") != _SCHEMA:
        raise NotUnderstood(f"{path} can't be read: it is not of schema {_SCHEMA}.")
    found = {**empty, **document}
    if wrong := next((key for key, is_sound in _SOUND.items() if not is_sound(found[key])), ""):
        raise NotUnderstood(f"{path} can't be read: {wrong!r} has an invalid type.")
    return found


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(each, str) for each in values)


def _is_table(value: Any, of: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(of, value.values()))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_owner(value: Any) -> bool:
    return isinstance(value, dict) and _is_text(value.get("owner")) and _are_texts(value.get("hosts"))


def _is_source(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {*Provenance._fields}
        and all(map(_is_text, (value["place"], value["sha256"])))
        and value["kind"] in ("folder", "file", "url")
        and isinstance(value["is_pinned"], bool)
    )


_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "approved": lambda value: _is_table(value, _is_text),
    "disabled": _are_texts,
    "owners": lambda value: _is_table(value, _is_owner),
    "commands": lambda value: _is_table(value, lambda each: _is_table(each, _is_text)),
    "sources": lambda value: _is_table(value, _is_source),
}
"""By key, a function that returns whether its value is valid."""
