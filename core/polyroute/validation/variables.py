"""Check the variables of a `.env` file: whether each value is what those who read the variable expect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from polyroute._internal.terminal import some_of
from polyroute.requirements import key_values, places
from polyroute.routing.unread_variables import misnamed
from polyroute.validation.sections import ConfigFinding

if TYPE_CHECKING:
    from polyroute.plugins.loaded import Plugins


def findings(variables: Mapping[str, str], plugins: Plugins) -> Iterator[ConfigFinding]:
    """Yield the variables that nobody reads under their names, and the keys that are another provider's."""
    for each in misnamed(plugins, [name for name, value in variables.items() if value.strip()]):
        fault, remedy = f"nobody reads {each.name}", f"Did you mean {each.meant}?"
        yield ConfigFinding("variable_unread", "warning", each.name, fault, remedy)
    for name, value in variables.items():
        start, makers = _makers(name, value.strip(), plugins)
        if makers:
            fault, remedy = f"it has a key of {some_of(makers)} ({start}…)", _remedy(makers, plugins)
            yield ConfigFinding("foreign_key", "warning", name, fault, remedy)


def _makers(name: str, value: str, plugins: Plugins) -> tuple[str, tuple[str, ...]]:
    """Return the beginning of a key and whose keys begin so, if that is none of those who read the variable."""
    readers = plugins.readers.get(name, ())
    found = [key_values.makers(each, value, plugins.knowledge.prefixes) for each in readers]
    return found[0] if found and all(makers for _, makers in found) else ("", ())


def _remedy(makers: tuple[str, ...], plugins: Plugins) -> str:
    own = next((each.variable for each in places.secret_places(plugins.providers[makers[0]]) if each.variable), "")
    return f"Name it {own}, or write another key here." if own else "Write another key here."
