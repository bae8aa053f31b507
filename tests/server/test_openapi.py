"""The OpenAPI document covers the whole API, its examples are valid, and clients made from it find no errors."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from polyroute.server.table import OPERATIONS
from tests.support import described
from tests.support.catalogs import MakeEnvironment
from tests.support.http_server import Client, Serve
from tests.support.machine import IN_CI

EXAMPLES = int(os.environ.get("POLYROUTE_TEST_FUZZ_EXAMPLES", "2"))
"""Generated requests per operation; some hundred for a thorough run."""
LONG, FEW = 20, 2
"""Of which enumerations only some values are tried, and how many."""
CONFIGURATION = Path(__file__).parent.parent.parent / "schemathesis.toml"
DEXTO = {"DEXTO_API_KEY": "d"}


@pytest.fixture
def document(serve: Serve) -> Any:
    """The OpenAPI document."""
    return serve(**DEXTO).json("/api/openapi.json")


def operations(document: Any) -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": each
        for path, methods in document["paths"].items()
        for method, each in methods.items()
    }


def test_every_operation_is_described(document: Any) -> None:
    """Each operation has a unique ID, a summary, and examples of its response and its body."""
    found = operations(document)
    assert found.keys() == {
        *(f"{each.method} /api{each.path}" for each in OPERATIONS),
        *(f"GET {path}" for path in described.PROBES),
        "GET /api/events",
    }
    assert len({each["operationId"] for each in found.values()}) == len(found)
    for name, each in found.items():
        (content,) = each["responses"]["200"]["content"].values()
        assert "example" in content, name
        assert each["summary"], name
        if "requestBody" in each:
            assert "example" in each["requestBody"]["content"]["application/json"], name


def test_the_examples_are_so(document: Any) -> None:
    """Every example is valid under its schema."""
    for name, each in operations(document).items():
        contents = [answer["content"] for answer in each["responses"].values()]
        contents += [each["requestBody"]["content"]] if "requestBody" in each else []
        for content in contents:
            for kind in content.values():
                if "example" in kind:
                    assert is_valid(kind["example"], kind["schema"], document), name
        for parameter in each.get("parameters", ()):
            if "example" in parameter:
                assert is_valid(parameter["example"], parameter["schema"], document), name


def is_valid(value: Any, schema: Any, document: Any) -> bool:
    whole = {**schema, "components": document["components"]}
    return bool(jsonschema.Draft202012Validator(whole).is_valid(value))


def test_the_examples_have_the_form_of_answers(document: Any) -> None:
    """Every example of a response has exactly the declared fields."""
    for name, each in operations(document).items():
        content = each["responses"]["200"]["content"].get("application/json")
        if content:
            method, _, path = name.partition(" ")
            described.check(method, path, 200, json.dumps(content["example"]).encode())


def test_an_undeclared_field_is_seen() -> None:
    """The tests' client rejects responses with missing or undeclared fields."""
    described.check("GET", "/api/dexto-auth/status?x=1", 200, b'{"enabled":true,"authenticated":true,"canUse":true}')
    described.check("GET", "/health", 200, b'{"ok":true}')
    for method, path, status, body in (
        ("GET", "/api/dexto-auth/status", 200, b'{"enabled":true,"authenticated":true,"canUse":true,"more":1}'),
        ("GET", "/api/dexto-auth/status", 200, b'{"enabled":true,"authenticated":true}'),
        ("GET", "/api/dexto-auth/status", 404, b'{"code":"not_found"}'),
        ("DELETE", "/api/llm/custom-models/a%2Fb", 200, b'{"ok":true}'),
    ):
        with pytest.raises(ValidationError):
            described.check(method, path, status, body)


def test_names_are_those_of_the_plugins(document: Any) -> None:
    """The document contains the providers, routes and custom model forms of the plugins."""
    schemas = document["components"]["schemas"]
    assert {"anthropic", "dexto-nova", "glm"} <= set(schemas["SwitchBody"]["properties"]["provider"]["enum"])
    assert schemas["PreferencesBody"]["properties"]["order"]["items"]["enum"] == ["direct", "openrouter", "dexto"]
    body = {"$ref": "#/components/schemas/CustomModelBody"}
    assert is_valid({"name": "a", "provider": "openrouter"}, body, document)
    assert not is_valid({"name": "a"}, body, document)  # the default provider requires a base URL
    assert is_valid({"name": "a", "baseURL": "http://localhost:1/v1"}, body, document)
    assert not is_valid({"name": "a", "provider": "local", "filePath": "a.bin"}, body, document)


@pytest.mark.parametrize("name", ["\x1ca", "a\x85", "\ufeffa", "a "])
def test_white_space_is_what_any_reader_takes_for_it(document: Any, serve: Serve, name: str) -> None:
    """The document's pattern and the server refuse the same names, though languages define white space differently."""
    body = {"name": name, "provider": "openrouter"}
    assert not is_valid(body, {"$ref": "#/components/schemas/CustomModelBody"}, document)
    assert serve(**DEXTO).post("/api/llm/custom-models", body).status == 400


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("http://[::1]:8080/v1", 200),
        ("http://[2001:db8:0:0:0:0:0:1]/v1", 200),
        ("http://a.example:65535/v1", 200),
        ("http://[b9ab7]/v1", 400),
        ("http://[1::2::3]/v1", 400),
        ("http://a.example:65536/v1", 400),
    ],
)
def test_an_address_that_can_not_be_is_refused(document: Any, serve: Serve, url: str, status: int) -> None:
    """The document and the server both refuse a base URL that no program could call."""
    body = {"name": "a", "provider": "openai-compatible", "baseURL": url}
    assert is_valid(body, {"$ref": "#/components/schemas/CustomModelBody"}, document) == (status == 200)
    assert serve(**DEXTO).post("/api/llm/custom-models", body).status == status


def test_a_token_is_described(serve: Serve) -> None:
    """If the server requires a token, the document declares it for every operation under /api."""
    document = serve.app(token="t").json("/api/openapi.json")
    assert document["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
    secured = {name for name, each in operations(document).items() if "security" in each}
    assert secured == operations(document).keys() - {f"GET {path}" for path in described.PROBES}


@pytest.mark.parametrize("token", ["right", pytest.param("", marks=pytest.mark.soak)])
def test_made_up_requests_find_nothing(
    serve: Serve, make_environment: MakeEnvironment, tmp_path: Path, token: str
) -> None:
    """All checks of schemathesis find no errors, by valid and invalid requests, alone and in sequence.

    It tries each value of an enumeration. Of the hundreds of providers it gets a few; in `soak` it gets all.
    """
    client = serve.app(environment=make_environment(POLYROUTE_OFFLINE="1"), token=token)
    document = client.json("/api/openapi.json")
    found = fuzz(client, with_few_providers(document) if token else document, token, tmp_path)
    assert found.returncode == 0, found.stdout[-6_000:]


def with_few_providers(document: Any) -> Any:
    """Return the document with the first of the values that each long enumeration has, and those of the examples."""
    examples = set(re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(list(found_under("example", document)))))
    short = copy.deepcopy(document)
    for values in found_under("enum", short):
        if len(values) > LONG:
            values[:] = [each for number, each in enumerate(values) if number < FEW or each in examples]
    return short


def found_under(name: str, value: Any) -> Iterator[Any]:
    """Yield all values of the keys of this name."""
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if key == name)
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from found_under(name, each)


def fuzz(client: Client, document: Any, token: str, folder: Path) -> Any:
    (folder / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION)]
    command += ["run", str(folder / "openapi.json"), "--url", client.url]
    command += ["--checks", "all", "--max-examples", str(EXAMPLES), "--generation-database", "none", "--no-color"]
    command += ["--seed", "1"] if IN_CI else []  # reproducible in CI, as hypothesis is in the other tests
    command += ["--header", f"Authorization: Bearer {token}"] if token else []
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
