"""The data that pages show is what the program that reads it accepts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from polyroute import Catalog, validate
from polyroute.clients.table import client
from polyroute.conformance import runner
from polyroute.documents import schemas
from polyroute.model_ids import scheme
from tests.support.catalogs import MakeEnvironment
from tests.support.pages import blocks
from tests.support.wheels import ROOT

DOCS = ROOT / "docs"


def shown(page: str, language: str) -> str:
    """Return the only block of a page in a language."""
    (text,) = blocks(DOCS / f"{page}.md", language)
    return text


@pytest.mark.parametrize("example", ["ci/check-models.yml", "pre-commit/.pre-commit-config.yaml"])
def test_the_page_for_ci_shows_the_examples(example: str) -> None:
    """The workflow and the configuration of pre-commit in docs/ci.md are those in the folder of examples."""
    shown: list[Any] = [yaml.safe_load(text) for text in blocks(DOCS / "ci.md", "yaml")]
    assert yaml.safe_load((ROOT / "examples" / example).read_text(encoding="utf-8")) in shown


def test_the_client_of_a_users_own(make_environment: MakeEnvironment) -> None:
    """The entry of `clients.toml` in docs/clients.md is a client."""
    environment = make_environment({".config/polyroute/clients.toml": shown("clients", "toml")})
    assert client("myagent", environment).files == {"agent.json": '{"url": "{url}/v1", "model": "{model}"}'}


def test_the_file_of_custom_models(make_environment: MakeEnvironment) -> None:
    """The file in docs/custom-models.md is read without a problem, and its model runs with the key that it names."""
    files = {".dexto/models/custom-models.json": shown("custom-models", "json")}
    catalog = Catalog.load(environment=make_environment(files, MY_KEY="k"))
    assert catalog.resolve("litellm/my-model").base_url == "http://localhost:4000/v1"
    assert catalog.problems == ()


def test_the_revealed_credential() -> None:
    """What docs/keys.md shows of `credential --reveal` has the form of its schema."""
    jsonschema.validate(json.loads(shown("keys", "json")), schemas.document("credential-reveal"))


def test_the_permissions_of_a_program(tmp_path: Path) -> None:
    """The manifest in docs/protocol.md is one of a program, and nothing is wrong with it."""
    folder = tmp_path / "acme"
    folder.mkdir(mode=0o755)
    (folder / "plugin.toml").write_text(shown("protocol", "toml"))
    (folder / "acme").write_text("#!/bin/sh\n")
    (folder / "plugin.toml").chmod(0o644)
    (folder / "acme").chmod(0o755)
    assert [each.code for each in runner.check(str(folder))] == ["not-run"]


def test_the_scheme_of_a_gateway() -> None:
    """The scheme in docs/mapping.md is read, and finds a model as the page says."""
    table = tomllib.loads(shown("mapping", "toml"))
    assert scheme(table, {"umbrella/t-1": (), "umbrella/t-2": ()}).provider == "acme"


def test_the_configuration_of_a_host() -> None:
    """No field of the configuration in docs/validation.md is unknown or has a wrong type."""
    found = validate(Catalog.load(), yaml.safe_load(shown("validation", "yaml")), strict=False)
    assert {each.code for each in found if each.severity == "error"} == set()
    assert "unknown_field" not in {each.code for each in found}
