"""Which changes in a fetched list are used at once, and which wait until the user agrees.

Models, limits and prices may change freely. Which key is sent where stays as it was known before, since otherwise
whoever can change a list could send users' keys anywhere. A user agrees to exact values; a further change needs a new
agreement.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence

from polyroute.errors import NotUnderstood
from polyroute.lists.decisions import NEW, Change, Decision
from polyroute.lists.stored import FetchedList
from polyroute.named_tuples import NamedTuple
from polyroute.requirements.places import secret_variables, variables
from polyroute.results import Plugin
from polyroute.types import Model, ModelRef, Problem, Provider


class Moves(NamedTuple):
    """What came and went with newly fetched lists."""

    models_added: int
    models_removed: int
    providers_added: tuple[str, ...]
    providers_removed: tuple[str, ...]
    """Providers without a listed model now."""


def moved(before: Collection[ModelRef], after: Collection[ModelRef]) -> Moves:
    """Return what came and went between two states of all listed models."""
    added, removed = {*after} - {*before}, {*before} - {*after}
    had, has = ({ref.provider for ref in refs} for refs in (before, after))
    return Moves(len(added), len(removed), tuple(sorted(has - had)), tuple(sorted(had - has)))


def judge(
    answers: Sequence[tuple[Plugin, Provider]],
    lists: Sequence[tuple[Plugin, FetchedList]],
    accepted: Collection[Change],
    recorded: Collection[str] = (),
) -> Decision:
    """Decide what is used of `lists` in addition to the providers in `answers`.

    `accepted` has the changes that the user agreed to, `recorded` the providers with a recorded owner.
    """
    from polyroute.types.result_check import find_fault

    known, agreed = _Known(answers, recorded), set(accepted)
    used: dict[tuple[Plugin, str], Provider] = {}
    moved: dict[str, list[tuple[Plugin, Model]]] = {}
    waiting: dict[Change, Plugin] = {}
    unasked: dict[str, Change] = {}
    refused: set[tuple[Plugin, str]] = set()
    for plugin, each in lists:
        for provider in (provider for provider in each.providers if not find_fault(provider)):
            changes = known.changes(plugin, provider)
            if changes is None:
                refused.add((plugin, provider.id))
            if changes is not None and set(changes) <= agreed:
                used[plugin, provider.id] = provider
            waiting.update(dict.fromkeys(set(changes or ()) - agreed, plugin))
            if changes == [] and known.is_new(provider) and (change := _new(provider)) not in agreed:
                unasked[provider.id] = change
        for model in (model for model in each.moved if not find_fault(model)):
            change = Change(model.provider, f"base URL of {model.id}", "", model.base_url)
            if change in agreed:
                moved.setdefault(model.provider, []).append((plugin, model))
            else:
                waiting[change] = plugin
    merged = [(plugin, used.pop((plugin, provider.id), provider)) for plugin, provider in answers]
    merged += [(plugin, provider) for (plugin, _), provider in used.items()]
    return Decision(merged, moved, tuple(sorted(waiting)), tuple(_problems(waiting)), refused, unasked)


def _new(provider: Provider) -> Change:
    named = " and ".join(dict.fromkeys(variables(provider)))
    return Change(provider.id, NEW, "", f"{provider.base_url} with {named}")


class _Known:
    """What plugins declare without any fetched list."""

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
        """Return whether no plugin declares a provider with this ID."""
        return fetched.id not in self._providers

    def changes(self, plugin: Plugin, fetched: Provider) -> list[Change] | None:
        """Return what the user must agree to before `fetched` is used; None if another plugin has the name."""
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
        return [Change(fetched.id, NEW, "", f"{fetched.base_url} with {' and '.join(told)}")] if told else []


def _access(provider: Provider) -> dict[str, str]:
    """Return every field that decides which key is sent where and how."""
    cases = (f"{case.base_url} where {case.slot} is {case.value}" for case in provider.base_url_cases)
    return {
        "base URL": ", ".join((provider.base_url, *cases)),
        "variables": ", ".join(dict.fromkeys(variables(provider))),
        "protocol": provider.protocol,
        "auth header": f"{provider.auth.name}: {provider.auth.prefix}".rstrip(),
        "headers": ", ".join(f"{name}: {value}" for name, value in provider.headers),
    }


def _problems(waiting: Mapping[Change, Plugin]) -> Iterable[Problem]:
    """Yield one problem for each plugin whose list has waiting changes; only a single provider's are told in full."""
    for plugin in dict.fromkeys(waiting.values()):
        changes = sorted(change for change, by in waiting.items() if by == plugin)
        names = sorted({change.provider for change in changes})
        if len(names) == 1:
            message = f"a fetched list changes how {names[0]} is called ({'; '.join(map(str, changes))})"
            remedy = f"If you trust it: `polyroute refresh --accept {names[0]}`. Otherwise nothing changes."
        else:
            message = f"a fetched list changes how {len(names)} providers are called ({', '.join(names)})"
            remedy = "To see how: `polyroute refresh --json`. To accept one: `polyroute refresh --accept PROVIDER`."
        one = names[0] if len(names) == 1 else ""
        yield plugin.problem(f"{message}; that is not used", remedy, code="list-waiting", provider=one)


def accepted(state_directory: str, home: str = "") -> frozenset[Change]:
    """Return the changes that the user has agreed to; empty if they can't be read, or if others could change them.

    `home` is the user's, by default that of the process.
    """
    try:
        return frozenset(_read(path_in(state_directory), home))
    except (OSError, ValueError, RecursionError):
        return frozenset()  # the user is asked again


def accept(changes: Iterable[Change], state_directory: str) -> None:
    """Record that the user agrees to these changes. Raises Unavailable if that can't be recorded."""
    import json

    from polyroute._internal import files

    path = path_in(state_directory)
    files.require_unexposed(path)
    with files.readable_errors(path), files.locked(path):
        try:
            kept = _read(path)
        except (FileNotFoundError, NotADirectoryError):
            kept = []
        except (ValueError, RecursionError):
            raise NotUnderstood(f"{path} is damaged and was left unchanged.", "Remove it, and agree again.") from None
        document = {"schema": 1, "accepted": [list(each) for each in sorted({*kept, *changes})]}
        files.replace(path, json.dumps(document, indent=1).encode(), mode=0o600)


def path_in(state_directory: str) -> str:
    """Return the path of the file with the accepted changes."""
    return os.path.join(state_directory, "accepted-lists.json")


def _read(path: str, home: str = "") -> list[Change]:
    import json

    from polyroute._internal import file_access, files

    if file_access.exposure(path, home):
        raise PermissionError
    document = json.loads(files.read(path))
    rows = document.get("accepted") if isinstance(document, dict) else None
    if not isinstance(rows, list):
        raise ValueError("there is no list `accepted`")
    texts = [row for row in rows if isinstance(row, list) and all(isinstance(each, str) for each in row)]
    return [Change(*row) for row in texts if len(row) == len(Change._fields)]
