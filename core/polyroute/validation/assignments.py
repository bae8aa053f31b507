"""Check the variables that a configuration sets for its program, by the rules of a `.env` file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from polyroute.validation.foreign import ForeignCheck
from polyroute.validation.formats import Format, assigned, formats
from polyroute.validation.sections import ConfigFinding

if TYPE_CHECKING:
    from polyroute.catalog import Catalog


def findings(content: Any, form: Format, catalog: Catalog, *, strict: bool) -> Iterator[ConfigFinding]:
    """Yield what is wrong with the variables that a file of this format sets, except keys that are written out."""
    found = assigned(content, form)
    of_a_file = next(each for each in formats() if "variables" in each.facts)
    rules = Format(form.name, {**of_a_file.facts, "references": form.facts.get("references", ())})
    variables = {name: place.value for name, place in found.items()}
    for each in ForeignCheck(variables, rules, catalog, strict=strict).findings():
        yield each._replace(path=found[each.path].path) if each.path in found else each
