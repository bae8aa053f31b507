"""What the entries of one model in all lists say together: its ID, its name, and its facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polyroute.model_ids.normalize import service
from polyroute.types import Model

_LATEST = "(latest)"
_OF_AN_ENDPOINT = {
    *("provider", "id", "name", "input_price", "output_price", "cache_read_price", "cache_write_price"),
    *("base_url", "protocol", "auth", "headers", "also_speaks", "status"),
}
"""Fields that are different at each provider."""
_OF_THE_MODEL = [index for index, name in enumerate(Model._fields) if name not in _OF_AN_ENDPOINT]
_UNKNOWN = (None, "", ())


def spelled_id(word: str, listings: Sequence[Model]) -> str:
    """Return the ID of a model whose maker has no list: its word, with the name as the plainest listing spells it."""
    maker, _, name = word.partition("/")
    plain = (each.id.removesuffix(service(each.id)) for each in listings if len(listings) > 1)
    names = {each.rpartition("/")[2].lower() for each in plain}
    return word if name in names or not names else f"{maker}/{min(names, key=lambda each: (len(each), each))}"


def usual_name(made: Model | None, listings: Sequence[Model]) -> str:
    """Return the maker's name for a model, else the one that most lists have, else its ID."""
    names = [made.name] if made and made.name else [each.name for each in listings if each.name]
    if not names:
        return listings[0].id
    name = names[0] if len(set(names)) == 1 else max(dict.fromkeys(names), key=names.count)
    return name.removesuffix(_LATEST).rstrip()


def combined(made: Model | None, listings: Sequence[Model]) -> Model:
    """Return the maker's entry, else the first, completed with what others say."""
    first = made or listings[0]
    if len(listings) == 1:
        return first
    if not made:
        first = first._replace(release_date=_usual_date(listings))
    missing = [index for index in _OF_THE_MODEL if first[index] in _UNKNOWN]
    values = list(first)
    for index in missing:
        values[index] = next((each[index] for each in listings if each[index] not in _UNKNOWN), first[index])
    return Model._make(values)


def _usual_date(listings: Iterable[Model]) -> str:
    """Return the release date that most lists have; of several, the earliest."""
    dates = [each.release_date for each in listings if each.release_date]
    return min(set(dates), key=lambda date: (-dates.count(date), date), default="")


def with_limits(facts: Model, there: Model) -> Model:
    """Return the facts with the limits of another entry, where it has them."""
    return facts._replace(
        context=there.context or facts.context,
        output=there.output or facts.output,
        input_limit=there.input_limit if there.context else facts.input_limit,
    )
