"""What shared answers follow from. Users for whom it is equal get the same answers, and share them.

It consists of results, not of the variables and files that led to them: whatever a requirement or a plugin read, the
outcome is compared. No secret is among them, only whether there is one, and where.
"""

from __future__ import annotations

import hashlib

from polyroute import Catalog, ModelRef, Problem
from polyroute.named_tuples import NamedTuple


class Fingerprint(NamedTuple):
    """What identifies the shared answers of a catalog, among catalogs of the same plugins."""

    digest: bytes
    """Equal if all shared answers are equal."""
    problems: tuple[Problem, ...]
    """Those that shared answers show. Later ones come from a user's own requests, and may name their files."""


def fingerprint(catalog: Catalog) -> Fingerprint:
    """Return what identifies the shared answers of a catalog.

    All that they depend on is read now, if it was not read before, so that files which change later do not make them
    differ from what was compared.
    """
    own, own_models = catalog.preferences, sorted(catalog.custom_refs)
    forbidden = catalog.allowance.forbidden if catalog.allowance else ()  # it follows from the policy
    evaluations = sorted((name, each) for name, each in catalog.evaluations.items() if name not in forbidden)
    problems = catalog.problems  # after the user's models were read
    facts = (
        [(name, each._replace(unfilled=()), _unfilled(name, catalog)) for name, each in evaluations],
        (own.prefer, own.order, sorted(own.pins.items()), sorted(own.disabled_providers)),
        [_own_model(ref, catalog) for ref in own_models if is_listed(ref, catalog)],
        sorted(catalog.plugins.servers.items()),
        catalog.environment.policy,
        problems,
    )
    return Fingerprint(hashlib.blake2b(repr(facts).encode(), digest_size=16).digest(), problems)


def is_listed(ref: ModelRef, catalog: Catalog) -> bool:
    """Return whether a plugin lists the model."""
    return ref.id in catalog.plugins.models(ref.provider)


def _unfilled(name: str, catalog: Catalog) -> list[tuple[str, str, str, str]]:
    """Return the slots of a provider that lack a value, also if a login makes up for them."""
    slots = catalog.unfilled(name)
    return [(each.slot.name, each.fault, each.attempted, each.found.expired) for each in slots]


def _own_model(ref: ModelRef, catalog: Catalog) -> object:
    model = catalog.custom_model(ref)
    return ref, sorted(model.document.items()) if model else (), catalog.routes(ref)
