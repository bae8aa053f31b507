"""How endpoints word errors, as plugins declare it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, Plugins, Provider, hookimpl
from polyroute.types import FailureRule
from tests.support.acme_executable import acme
from tests.support.manifests import ACME, User

EMPTY_PURSE = FailureRule("no_credit", (403,), codes=("purse_empty",))
RULE = '[[providers.acme.failures]]\nmeans = "no_credit"\nstatus = [403]\ncodes = ["purse_empty"]\n'


class Acme:
    """A plugin with a provider `acme`, and with rules for any providers."""

    def __init__(self, rules: Mapping[str, Any]) -> None:
        self.rules = rules

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return the provider."""
        return [Provider("acme", "Acme", base_url="https://acme.example/v1")]

    @hookimpl
    def polyroute_failures(self) -> Mapping[str, Iterable[FailureRule]]:
        """Return the rules."""
        return self.rules


def test_rules_of_the_owner_are_used() -> None:
    """The rules that a plugin declares for its own provider are used, without a problem."""
    plugins = Plugins.load([Acme({"acme": [EMPTY_PURSE]})], only=[])
    assert plugins.failures["acme"] == [EMPTY_PURSE]
    assert not plugins.problems


def test_a_manifest_says_what_errors_mean(tmp_path: Path) -> None:
    """The rules in a manifest decide what an error of its provider's endpoint means."""
    user = User(tmp_path)
    user.put("acme", ACME + RULE)
    catalog = user.catalog("acme", ACME_API_KEY="key")
    assert (meaning(catalog, "purse_empty"), meaning(catalog, "other")) == ("no_credit", "")


@pytest.mark.slow
def test_an_executable_says_what_errors_mean(tmp_path: Path) -> None:
    """So do the rules in an executable's description, also when it is remembered from an earlier run."""
    user = User(tmp_path)
    acme(user, acme={"failures": [{"means": "no_credit", "status": [403], "codes": ["purse_empty"]}]})
    for _ in range(2):
        catalog = user.catalog("acme", ACME_API_KEY="key")
        assert (meaning(catalog, "purse_empty"), meaning(catalog, "other")) == ("no_credit", "")


class Refusal(Exception):
    """An error as client libraries raise it."""

    status_code = 403

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.body = {"error": {"code": code}}


def meaning(catalog: Catalog, code: str) -> str:
    """Return what a 403 with this code means on the direct route to Acme's model."""
    found = catalog.failure("acme/acme-large", catalog.routes("acme/acme-large")[0], Refusal(code))
    return found.means if found else ""


def test_rules_for_the_provider_of_another_are_ignored() -> None:
    """Only the owner says what a provider's errors mean; a plugin that tries to gets a problem that names both."""
    plugins = Plugins.load([Acme({"anthropic": [EMPTY_PURSE]})], only=["direct"])
    assert EMPTY_PURSE not in plugins.failures.get("anthropic", [])
    (problem,) = [each for each in plugins.problems if each.code == "not-owner"]
    assert (problem.provider, problem.hook) == ("anthropic", "polyroute_failures")
    assert problem.remedy


@pytest.mark.parametrize(
    "rules",
    [
        {"acme": [FailureRule("no_money", (403,))]},  # type: ignore[arg-type]
        {"acme": [FailureRule("no_credit", ("403",))]},  # type: ignore[arg-type]
        {"acme": ["no_credit"]},
        {"acme": 403},
        [EMPTY_PURSE],
    ],
)
def test_rules_of_a_wrong_type_are_a_problem(rules: Any) -> None:
    """Wrong values are reported with the hook, and no rule of a wrong type is used."""
    plugins = Plugins.load([Acme(rules)], only=[])
    assert not plugins.failures.get("acme")
    assert "polyroute_failures" in {each.hook for each in plugins.problems}
