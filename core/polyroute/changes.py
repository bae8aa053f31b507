"""What a fetched list may change by itself, and what waits until the user agrees.

Models, limits and prices may come and go. Where a key is sent, and which one, is kept as it was known before:
whoever could change a list could else send a user's keys anywhere. A user agrees to exact values; another
change asks again.
"""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from polyroute.errors import Unavailable
from polyroute.lists import FetchedList
from polyroute.plugin import Plugin
from polyroute.requirements import secret_variables, variables
from polyroute.types import Model, Problem, Provider

_NEW = "new provider"


class Change(NamedTuple):
    """Something that a fetched list says of how a provider is called."""

    provider: str
    what: str
    """`base URL`, `variables`, …; `base URL of MODEL`; or `new provider`."""
    before: str
    """Empty where nothing was known."""
    after: str

    def __str__(self) -> str:
        before = f" from {self.before}" if self.before else ""
        return f"{self.what}{before} to {self.after}" if self.what != _NEW else f"{self.what}: {self.after}"


class Judged(NamedTuple):
    """What of the fetched lists is used, and what waits."""

    answers: Sequence[tuple[Plugin, Provider]]
    """What plugins said of providers, with what the fetched lists may say."""
    moved: Mapping[str, Sequence[tuple[Plugin, Model]]] = MappingProxyType({})
    """By provider, the models whose new base URLs the user agreed to."""
    waiting: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    refused: Collection[tuple[Plugin, str]] = ()
    """Whose fetched list names which provider that is another plugin's."""
    unasked: Mapping[str, Change] = MappingProxyType({})
    """By provider, those that are new and wait for nothing but a key: none goes to them before the user agrees."""


def judge(
    answers: Sequence[tuple[Plugin, Provider]],
    lists: Sequence[tuple[Plugin, FetchedList]],
    accepted: Collection[Change],
    recorded: Collection[str] = (),
) -> Judged:
    """Settle what of `lists` is used beside what plugins said, given what the user agreed to and which providers are
    `recorded` as somebody's.
    """
    if not any(each.providers or each.moved for _, each in lists):
        return Judged(answers)
    from polyroute.result_check import fault

    known, agreed = _Known(answers, recorded), set(accepted)
    used: dict[tuple[Plugin, str], Provider] = {}
    moved: dict[str, list[tuple[Plugin, Model]]] = {}
    waiting: dict[Change, Plugin] = {}
    unasked: dict[str, Change] = {}
    refused: set[tuple[Plugin, str]] = set()
    for plugin, each in lists:
        for provider in each.providers:
            if fault(provider):
                continue
            changes = known.changes(plugin, provider)
            if changes is None:
                refused.add((plugin, provider.id))
            if changes is not None and set(changes) <= agreed:
                used[plugin, provider.id] = provider
            waiting.update(dict.fromkeys(set(changes or ()) - agreed, plugin))
            if changes == [] and known.is_new(provider) and (change := _new(provider)) not in agreed:
                unasked[provider.id] = change
        for model in each.moved:
            change = Change(model.provider, f"base URL of {model.id}", "", model.base_url)
            if change in agreed:
                moved.setdefault(model.provider, []).append((plugin, model))
            else:
                waiting[change] = plugin
    merged = [(plugin, used.pop((plugin, provider.id), provider)) for plugin, provider in answers]
    merged += [(plugin, provider) for (plugin, _), provider in used.items()]
    return Judged(merged, moved, tuple(sorted(waiting)), tuple(_problems(waiting)), refused, unasked)


def _new(provider: Provider) -> Change:
    named = " and ".join(dict.fromkeys(variables(provider)))
    return Change(provider.id, _NEW, "", f"{provider.base_url} with {named}")


class _Known:
    """What plugins say without any fetched list."""

    def __init__(self, answers: Iterable[tuple[Plugin, Provider]], recorded: Collection[str]) -> None:
        self._recorded = frozenset(recorded)
        self._providers: dict[str, tuple[Plugin, Provider]] = {}
        self._readers: dict[str, str] = {}
        self._names: set[str] = set()
        for plugin, provider in answers:
            self._providers.setdefault(provider.id, (plugin, provider))
            self._names.update((provider.id, *provider.aliases))
            for variable in secret_variables(provider):
                self._readers.setdefault(variable, provider.id)

    def is_new(self, fetched: Provider) -> bool:
        """Whether no plugin declares a provider of this ID."""
        return fetched.id not in self._providers

    def changes(self, plugin: Plugin, fetched: Provider) -> list[Change] | None:
        """What must be agreed to before `fetched` is used; None where the name is somebody else's."""
        owner, known = self._providers.get(fetched.id, (None, None))
        if known is None:
            return None if fetched.id in self._names else self._of_new(fetched)
        if owner != plugin:
            return None
        before, after = _access(known), _access(fetched)
        return [Change(known.id, what, before[what], after[what]) for what in after if before[what] != after[what]]

    def _of_new(self, fetched: Provider) -> list[Change]:
        claims = {name: self._readers[name] for name in sorted(set(variables(fetched))) if name in self._readers}
        told = [f"{name}, which {reader} reads" for name, reader in claims.items()]
        if taken := sorted({fetched.id, *fetched.aliases} & self._recorded):
            told.append(f"the name {', '.join(taken)}, which was another plugin's")
        if "$" in fetched.base_url and not told:
            told = [f"{', '.join(sorted(set(variables(fetched))))}, also in its address"]
        return [Change(fetched.id, _NEW, "", f"{fetched.base_url} with {' and '.join(told)}")] if told else []


def _access(provider: Provider) -> dict[str, str]:
    """All that says where a key is sent, which one, and how."""
    cases = (f"{case.base_url} where {case.slot} is {case.value}" for case in provider.base_url_cases)
    return {
        "base URL": ", ".join((provider.base_url, *cases)),
        "variables": ", ".join(dict.fromkeys(variables(provider))),
        "protocol": provider.protocol,
        "auth header": f"{provider.auth.name}: {provider.auth.prefix}".rstrip(),
        "headers": ", ".join(f"{name}: {value}" for name, value in provider.headers),
    }


def _problems(waiting: Mapping[Change, Plugin]) -> Iterable[Problem]:
    for name in sorted({change.provider for change in waiting}):
        changes = sorted(change for change in waiting if change.provider == name)
        message = f"a fetched list changes how {name} is called ({'; '.join(map(str, changes))}); that is not used"
        remedy = f"If you trust it: `polyroute refresh --accept {name}`. Else what was known before stays."
        yield waiting[changes[0]].problem(message, remedy, code="list-waiting", provider=name)


def accepted(state_directory: str) -> frozenset[Change]:
    """What the user agreed to."""
    try:
        return frozenset(_read(path_in(state_directory)))
    except (OSError, ValueError, RecursionError):
        return frozenset()  # and so is asked again


def accept(changes: Iterable[Change], state_directory: str) -> None:
    """Note that the user agrees to these changes. Raises Unavailable where it can't be noted."""
    import json

    from polyroute.system import files

    path = path_in(state_directory)
    with files.told(path), files.locked(path):
        try:
            kept = _read(path)
        except (FileNotFoundError, NotADirectoryError):
            kept = []
        except (ValueError, RecursionError):
            raise Unavailable(f"{path} was left as it is: it is damaged. Remove it, and agree anew.") from None
        document = {"schema": 1, "accepted": [list(each) for each in sorted({*kept, *changes})]}
        files.replace(path, json.dumps(document, indent=1).encode())


def path_in(state_directory: str) -> str:
    """Where what a user agreed to is kept."""
    return os.path.join(state_directory, "accepted-lists.json")


def _read(path: str) -> list[Change]:
    import json

    with open(path, encoding="utf-8") as file:
        document = json.load(file)
    rows = document.get("accepted") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no list of what was accepted")
    texts = [row for row in rows if isinstance(row, list) and all(isinstance(each, str) for each in row)]
    return [Change(*row) for row in texts if len(row) == len(Change._fields)]
