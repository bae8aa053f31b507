"""Model IDs: how they are written, and how a gateway's ID is found for a provider's.

A gateway's plugin takes its scheme and its mapper from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute.model_ids.scheme import Scheme, scheme

if TYPE_CHECKING:
    from polyroute.model_ids.mapper import SchemeMapper

__all__ = ["Scheme", "SchemeMapper", "scheme"]


def __getattr__(name: str) -> object:
    if name != "SchemeMapper":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from polyroute.model_ids.mapper import SchemeMapper  # status maps nothing

    return SchemeMapper
