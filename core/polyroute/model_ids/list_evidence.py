"""What model lists themselves say about single IDs: names that moved on, and IDs that a list calls one model.

The rules of a scheme read names alone. A list with dates, prices and canonical IDs can show that a name means something
else by now, or what a name means that no rule can read. The results go into `Scheme.stated`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from polyroute.model_ids.mapper import SchemeMapper
from polyroute.model_ids.normalize import dated, days_between, without_separators
from polyroute.model_ids.scheme import Scheme
from polyroute.named_tuples import NamedTuple
from polyroute.types import IdMapping, ModelRef

_MOVED_DAYS = 60
"""How many days later a maker's entry is than the gateway's if the maker has given the name to another model."""
_SAME_DAYS = 31
_OTHER = re.compile(
    "fast|free|highspeed|turbo|flashx|ultra-?speed|think|latest|preview|batch|contributor|[:@]|spot|priority|instant|tee|exp"
    "|sol|pro|lite|mini|nano|luna|terra|coding|flex|nitro|eco|rl"
)
"""Words that make another model, or another service of one: a canonical ID does not count if only one side has them."""

_WORD = re.compile("[a-z]*[0-9]+[bt](?![a-z0-9])|[a-z]+|[0-9]+")
_HARMLESS = re.compile("[a-z]?[0-9]+[bt]|instruct|it|chat")
"""What a title may have in addition: a size, or that the model is for chat."""

Stated = dict[str, dict[str, tuple[str, str]]]
"""By provider and ID in lower case, the gateway's ID (empty: none) and the reason."""


class ListEntry(NamedTuple):
    """What a list says about one ID."""

    name: str = ""
    released: str = ""
    """ISO 8601, perhaps without the day."""
    prices: tuple[float | None, float | None] = (None, None)
    """For input and output."""
    canonical: str = ""
    """The ID by which the list calls the model wherever it is listed."""


Listings = Mapping[str, Mapping[str, ListEntry]]
"""By provider and ID."""


def stated(scheme: Scheme, listings: Listings) -> Stated:
    """Return what the lists say where it differs from what the scheme's rules find."""
    evidence = _Evidence(scheme, listings)
    found: Stated = {}
    opaque = {name for name, naming in scheme.namings.items() if "deployments" in naming.rules} | {scheme.provider}
    for provider, models in listings.items():
        if scheme.same.get(provider, provider) not in opaque:
            for model_id, model in models.items():
                if one := evidence.about(ModelRef(provider, model_id), model):
                    found.setdefault(provider, {})[model_id.lower()] = one
    return found


class _Evidence:
    """The gateway's list, by snapshot and by canonical ID."""

    def __init__(self, scheme: Scheme, listings: Listings) -> None:
        self._scheme = scheme
        self._rules = SchemeMapper(lambda: scheme._replace(stated={}))
        self._listings = listings
        self._listed = listings.get(scheme.provider, {})
        self._titles = {name: _words(model.name) for name, model in self._listed.items()}
        self._snapshots: dict[str, list[str]] = {}
        self._called: dict[str, list[str]] = {}
        self._known = {each.canonical for models in listings.values() for each in models.values()}
        for name, model in self._listed.items():
            if ":" not in name and (split := dated(name)):
                self._snapshots.setdefault(without_separators(split[0]), []).append(name)
            if ":" not in name and model.canonical:
                self._called.setdefault(model.canonical, []).append(name)

    def about(self, ref: ModelRef, model: ListEntry) -> tuple[str, str] | None:
        """Return what the lists say about one ID, or None if they say nothing else than the rules."""
        known = self._rules.lookup(ref)
        if known.id is None:
            return (self._called_so(ref, model) or _misnamed(ref, model)) if _is_open(known) else None
        found = self._moved(ref, model, known.id) or self._vetoed(ref, model, known.id)
        return (self._called_so(ref, model) or found) if found and not found[0] else found

    def _canonical(self, ref: ModelRef, model: ListEntry) -> str:
        """Return the canonical ID; a maker's own entry may have none itself, if it gave the others theirs."""
        return model.canonical or (str(ref) if str(ref) in self._known else "")

    def _moved(self, ref: ModelRef, model: ListEntry, known: str) -> tuple[str, str] | None:
        """Return which snapshot a name means that its provider has given to a newer model, or that it means none."""
        there = self._listed.get(known, ListEntry())
        if ref.id.endswith("-latest") and not known.startswith("~"):
            return None if _same_price(model, there) else ("", f"it means another model than {known} by now: its price")
        siblings = self._snapshots.get(without_separators(known), ())
        later = days_between(there.released, model.released)
        if not siblings or dated(ref.id.lower()) or later is None or later <= _MOVED_DAYS:
            return None
        why = f"released {model.released}, {known} {there.released}"
        near = [each for each in siblings if _is_near(self._listed[each].released, model.released)]
        if len(near) == 1:
            return near[0], why
        is_makers = ref.provider in self._scheme.native
        return ("", f"{why}, at another price") if is_makers and not _same_price(model, there) else None

    def _vetoed(self, ref: ModelRef, model: ListEntry, known: str) -> tuple[str, str] | None:
        """Return that a dated name is not the undated one that the rules take it for, if the list calls both apart."""
        mine, theirs = self._canonical(ref, model), self._listed.get(known, ListEntry()).canonical
        if not dated(ref.id.lower()) or dated(known) or not mine or not theirs or _undated(mine) == _undated(theirs):
            return None
        return "", f"the list calls it {mine}, and {known} {theirs}"

    def _called_so(self, ref: ModelRef, model: ListEntry) -> tuple[str, str] | None:
        """Return the only listed model with the same canonical ID, unless a word in either name makes a difference."""
        called = self._canonical(ref, model)
        ids = self._called.get(called, ()) if called else ()
        if len(ids) > 1:
            same = [each for each in ids if self._titles[each] == _words(model.name)]
            ids = same or [each for each in ids if each.partition("/")[2] == called.partition("/")[2]]
        if len(ids) != 1 or (self._differs(ref, model, ids[0]) and not self._is_twin(ref, model, ids[0])):
            return None
        return ids[0], f"the list calls both {called}"

    def _differs(self, ref: ModelRef, model: ListEntry, known: str) -> bool:
        """Return whether the titles differ, or a word of one ID makes another model and is not in its title."""
        mine, theirs = _services(ref.id), _services(known)
        if not mine <= theirs or not theirs <= mine | _services(model.name):
            return True
        maker, _, _ = known.partition("/")
        apart = _words(model.name) ^ self._titles[known]
        return any(not _HARMLESS.fullmatch(each) and each not in maker for each in apart)

    def _is_twin(self, ref: ModelRef, model: ListEntry, known: str) -> bool:
        """Return whether the maker itself lists the model under both names, of the same day and at the same price."""
        twin = (
            self._listings[ref.provider].get(known.partition("/")[2]) if ref.provider in self._scheme.native else None
        )
        return twin is not None and any(model.prices) and (twin.released, twin.prices) == (model.released, model.prices)


def _misnamed(ref: ModelRef, model: ListEntry) -> tuple[str, str] | None:
    """Return that an ID means another model than it says, if the list calls it by a word that makes another one."""
    if _services(model.canonical) <= _services(ref.id):
        return None
    return "", f"the list calls it {model.canonical}"


def _is_open(mapping: IdMapping) -> bool:
    """Return whether the rules found nothing, rather than that an alias or a snapshot forbids a result."""
    return mapping.evidence == "unknown" or "but not this one" in mapping.why


def _services(text: str) -> set[str]:
    return set(_OTHER.findall(text.lower()))


def _words(title: str) -> frozenset[str]:
    """Return the words and numbers of a title, without the maker before a colon."""
    return frozenset(_WORD.findall(title.rpartition(": ")[2].lower()))


def _undated(name: str) -> str:
    split = dated(name)
    return split[0] if split and split[1].year and split[1].day else name


def _same_price(one: ListEntry, other: ListEntry) -> bool:
    return None in (*one.prices, *other.prices) or one.prices == other.prices


def _is_near(one: str, other: str) -> bool:
    days = days_between(one, other)
    return days is not None and abs(days) <= _SAME_DAYS
