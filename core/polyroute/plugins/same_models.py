"""Group the listings of all providers by model, with what plugins say about the spelling of IDs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial, reduce
from typing import TYPE_CHECKING

from polyroute._internal import cache
from polyroute._internal.version import __version__
from polyroute.lazy import cached_property
from polyroute.model_ids import groups
from polyroute.model_ids.groups import Groups, Kept, Listed
from polyroute.model_ids.mapper import SchemeMapper
from polyroute.model_ids.plain_mappers import LikeMapper
from polyroute.plugins.registry import Gateways, Registry
from polyroute.types import Mapper

if TYPE_CHECKING:
    from polyroute.model_ids.scheme import Scheme

# Increase this whenever the same lists give other words.
_VERSION = 4


class SameModels:
    """The groups by each gateway's scheme, made on first use.

    The lists of providers that bundled plugins declare change only with the files that a scheme is made from, so their
    words are kept between runs.
    """

    def __init__(
        self,
        mappers: Mapping[str, Mapper],
        claims: Registry,
        found: Gateways,
        listed: Listed,
        ask: Callable[[frozenset[str]], None],
    ) -> None:
        """`ask` gets the lists of many providers at once."""
        self._mappers, self._claims, self._gateways, self._listed, self._ask = mappers, claims, found, listed, ask
        self._made: dict[tuple[int, bool], Groups] = {}
        self._steady_mappers: dict[int, SchemeMapper] = {}

    @cached_property
    def groups(self) -> Groups | None:
        """The listings of each model by the first scheme, in order of ownership; None if no plugin has a scheme."""
        schemes = [each for each in self._mappers.values() if isinstance(each, SchemeMapper)]
        return self._of(schemes[0], wide=True) if schemes else None

    def mappers(self) -> dict[str, Mapper]:
        """Return the mappers; those of gateways that spell as another does have access to it and to its groups."""
        return {
            name: each.among(self._mappers, self.by_scheme_of(each.like)) if isinstance(each, LikeMapper) else each
            for name, each in self._mappers.items()
        }

    def by_scheme_of(self, gateway: str) -> Groups | None:
        """Return the groups in which routes choose, by the scheme of one gateway; None if it has none."""
        mapper = self._mappers.get(gateway)
        return self._of(mapper, wide=False) if isinstance(mapper, SchemeMapper) else None

    def _of(self, mapper: SchemeMapper, *, wide: bool) -> Groups:
        key = id(mapper), wide
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = self._new(mapper, wide=wide)
        return known

    def _new(self, mapper: SchemeMapper, *, wide: bool) -> Groups:
        steady = self._steady if mapper.sources else frozenset[str]()
        kept = partial(self._kept, mapper, steady, wide=wide) if steady else lambda: Kept([], {})
        others = self._claims.providers.keys() - steady
        reading = self._reading(mapper, lambda _: True)
        return Groups(reading, kept, others, self._listed, reading.group if wide else reading.word)

    def _kept(self, mapper: SchemeMapper, steady: frozenset[str], *, wide: bool) -> Kept:
        def build() -> Kept:
            self._ask(steady)
            reading = self._steady_reading(mapper)
            return groups.kept(reading.group if wide else reading.word, sorted(steady), self._listed)

        name = f"{'models' if wide else 'groups'}-{cache.digest([__version__, *sorted(steady)])}"
        return Kept(*cache.derived(name, _VERSION, mapper.sources, build))

    def _steady_reading(self, mapper: SchemeMapper) -> SchemeMapper:
        """Return the mapper by which kept words are worked out; it is made once, because its index takes a while."""
        known = self._steady_mappers.get(id(mapper))
        if known is None:
            known = self._steady_mappers[id(mapper)] = self._reading(mapper, self._steady.__contains__)
        return known

    def _reading(self, mapper: SchemeMapper, counts: Callable[[str], bool]) -> SchemeMapper:
        """Return the mapper, extended by how the gateways that spell like its own say their IDs are read."""
        like: Iterable[LikeMapper] = (each for each in self._mappers.values() if isinstance(each, LikeMapper))
        theirs = [each for each in like if self._mappers.get(each.like) is mapper and counts(each.gateway)]
        more: list[Scheme] = [each.more for each in theirs if each.more]
        return reduce(SchemeMapper.reading, more, mapper)

    @cached_property
    def _steady(self) -> frozenset[str]:
        """The providers whose lists and spelling bundled plugins alone declare."""
        speaking = self._gateways.representatives
        owners = self._claims.owners.items()
        return frozenset(name for name, owner in owners if owner.is_bundled and speaking.get(name, owner).is_bundled)
