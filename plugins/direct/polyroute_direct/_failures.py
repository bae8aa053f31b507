"""How endpoints word errors, from `failures.toml`."""

from __future__ import annotations

from polyroute import FailureRule
from polyroute.lists import restored
from polyroute_direct._files import table


def rules() -> dict[str, list[FailureRule]]:
    """Return by provider the rules for its errors, in their order."""
    found: dict[str, list[FailureRule]] = {}
    for row in table("failures.toml")["failure"]:
        facts = {key: value for key, value in row.items() if key not in ("providers", "source")}
        rule = restored(FailureRule, facts)
        for name in row["providers"]:
            found.setdefault(name, []).append(rule)
    return found
