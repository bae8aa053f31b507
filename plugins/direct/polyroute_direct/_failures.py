"""How endpoints word errors, from `failures.toml`."""

from __future__ import annotations

from functools import lru_cache

from polyroute import FailureRule
from polyroute.lists import identity, restored
from polyroute_direct._files import table
from polyroute_direct._sources import own_path

_FILE = "failures.toml"


def rules() -> dict[str, list[FailureRule]]:
    """Return by provider the rules for its errors, in their order."""
    return _rules_of(identity(own_path(_FILE)))


@lru_cache(maxsize=1)
def _rules_of(_identity: object) -> dict[str, list[FailureRule]]:
    """Return the rules, for which each catalog of a process asks."""
    found: dict[str, list[FailureRule]] = {}
    for row in table(_FILE)["failure"]:
        facts = {key: value for key, value in row.items() if key not in ("providers", "source")}
        rule = restored(FailureRule, facts)
        for name in row["providers"]:
            found.setdefault(name, []).append(rule)
    return found
