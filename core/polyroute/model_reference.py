"""The model that a user names: its reference, or what may have been meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyroute.errors import InvalidModelReference
from polyroute.routing.references import canonical
from polyroute.types import ModelRef

if TYPE_CHECKING:
    from polyroute.catalog import Catalog


def reference(catalog: Catalog, model: str | ModelRef) -> ModelRef:
    """Return the reference of a model with its provider's ID in place of an alias.

    Raises InvalidModelReference, whose suggestions begin with what can be run, or UnknownProvider.
    """
    try:
        return canonical(model, catalog.plugins)
    except InvalidModelReference as error:
        if not error.suggestions:
            raise
        from polyroute._internal.spelling import did_you_mean

        meant = _runnable_first(error.suggestions, catalog)
        raise InvalidModelReference(f"{error.fault}.", did_you_mean(meant), meant) from None


def _runnable_first(meant: Sequence[str], catalog: Catalog) -> list[str]:
    """Return as many references: those that can be run, the same model elsewhere if it can be run there, the others."""
    usable = [each for each in meant if catalog.route(each)]
    elsewhere = [] if usable else map(str, catalog.elsewhere(meant[0]))
    return list(dict.fromkeys((*usable, *elsewhere, *meant)))[: len(meant)]
