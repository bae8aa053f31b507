"""The JSON documents are as their published schemas say, and the schemas say enough to be broken."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import ConfigDict, TypeAdapter

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute.documents import catalog as documents
from polyroute.documents import schemas
from polyroute.documents.parts import SCHEMA
from polyroute.routing.references import canonical
from polyroute.types import Evidence, ProviderKind
from tests.support.catalogs import MakeCatalog

pytestmark = pytest.mark.slow

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
NAMES = ["status", "resolve"]
CLAUDE = "anthropic/claude-sonnet-4-5"
ALL_KEYS = {"DEXTO_API_KEY": "d", "OPENROUTER_API_KEY": "o", "ANTHROPIC_API_KEY": "a", "GROQ_API_KEY": "g"}

Document = dict[str, Any]
Change = Callable[[Document], object]


def schema(name: str) -> Document:
    loaded: Document = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    return loaded


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name))


def faults(name: str, document: object) -> list[str]:
    """Return the errors in a document after a round trip through JSON."""
    errors = validator(name).iter_errors(json.loads(json.dumps(document)))
    return [f"{error.json_path}: {error.message}" for error in errors]


def resolution(catalog: Catalog, model: str) -> Document:
    found = documents.resolution(canonical(model, catalog.plugins), catalog.routes(model), (), catalog.problems)
    return {**found}


def every_key(plugins: Plugins) -> dict[str, str]:
    settings = {"AWS_REGION": "r", "AZURE_RESOURCE_NAME": "n", "OPENAI_BASE_URL": "http://localhost/v1"}
    return {**dict.fromkeys(plugins.readers, "k"), **ALL_KEYS, **settings}


# --- The schemas themselves ---


@pytest.mark.parametrize("name", schemas.DOCUMENTS)
def test_a_schema_is_one(name: str) -> None:
    """Each schema is valid under the draft that it names."""
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize("name", schemas.DOCUMENTS)
def test_a_schema_explains_itself(name: str) -> None:
    """Every property has a description, inline or in its definition, and every required one is defined."""
    whole = schema(name)
    for part in objects(whole):
        properties = part["properties"]
        assert set(part["required"]) <= properties.keys()
        for each in properties.values():
            target = whole["$defs"][each["$ref"].rpartition("/")[2]] if "$ref" in each else each
            assert "description" in target or "enum" in target


def test_the_files_are_what_the_declarations_say() -> None:
    """The schemas and the TypeScript declarations are exactly what `scripts/generate.py` writes."""
    script = SCHEMAS.parent.parent / "scripts" / "generate.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def objects(part: object) -> Iterator[Document]:
    """Yield every part of a schema that describes an object with named properties."""
    if isinstance(part, dict):
        if "properties" in part and "required" in part:
            yield part
        for each in part.values():
            yield from objects(each)
    elif isinstance(part, list):
        for each in part:
            yield from objects(each)


def test_the_schemas_name_every_kind_and_evidence() -> None:
    """The kinds of provider and of evidence in the schemas are those of the Python types."""
    status, resolve = schema("status")["$defs"], schema("resolve")["$defs"]
    assert status["ProviderStatus"]["properties"]["kind"]["enum"] == list(get_args(ProviderKind))
    assert resolve["Route"]["properties"]["mapping"]["anyOf"][0]["enum"] == list(get_args(Evidence))
    assert status["Problem"] == resolve["Problem"]
    for name in NAMES:
        assert schema(name)["properties"]["schema"]["const"] == SCHEMA


# --- Documents ---


@pytest.mark.parametrize("state", ["nothing", "some keys", "all keys", "prefer", "problems", "disabled"])
def test_a_status_is_as_its_schema_says(plugins: Plugins, tmp_path: Path, state: str) -> None:
    """Every status document is valid: with nothing set, with keys, with preferences, and with problems."""
    variables = {"some keys": ALL_KEYS, "all keys": every_key(plugins)}.get(state, {})
    preferences = Preferences("direct" if state == "prefer" else "", pins={"groq": "dexto"})
    if state == "problems":
        (tmp_path / ".dexto").mkdir()
        (tmp_path / ".dexto" / "auth.json").write_text("[", encoding="utf-8")
        preferences = Preferences("nowhere", order=("nobody",), disabled_providers=frozenset({"none"}))
    if state == "disabled":
        preferences = Preferences(disabled_providers=frozenset({"anthropic", "dexto"}))
    document = documents.status(Catalog(plugins, Environment(variables, home=tmp_path), preferences).status())
    assert faults("status", document) == []
    assert (len(document["providers"]), bool(document["problems"])) == (len(plugins.providers), state == "problems")


MODELS = [
    "groq/acme/made-up",
    CLAUDE,
    "anthropic/claude-sonnet-4.5",
    "anthropic/no such: model/at all",
    "openrouter/z-ai/glm-4.5-air:free",
    "groq/llama-3.3-70b-versatile",
    "amazon-bedrock/anything",
    "ollama/llama3",
    "azure/gpt-5",
    "litellm/x",
    "openai/two\nlines",
]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("state", ["nothing", "some keys", "all keys", "disabled"])
def test_a_resolution_is_as_its_schema_says(
    plugins: Plugins, make_catalog: MakeCatalog, model: str, state: str
) -> None:
    """Every resolve document is valid: for a model that runs, one that does not, and one that a gateway lacks."""
    variables = {"some keys": ALL_KEYS, "all keys": every_key(plugins), "disabled": ALL_KEYS}.get(state, {})
    disabled = frozenset({model.partition("/")[0]} if state == "disabled" else ())
    document = resolution(make_catalog(Preferences(disabled_providers=disabled), **variables), model)
    assert faults("resolve", document) == []


def test_the_documents_cover_every_evidence(plugins: Plugins, make_catalog: MakeCatalog) -> None:
    """The documents above contain both results and every evidence that the bundled plugins give."""
    catalog = make_catalog(**ALL_KEYS)
    documents = [resolution(catalog, model) for model in MODELS]
    evidence = {route["mapping"] for document in documents for route in document["routes"]}
    assert evidence == set(get_args(Evidence))
    assert {document["route"] is None for document in documents} == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "line", "status"),
    [("status", "status", 0), ("status", "status openai --all", 0), ("resolve", f"resolve {CLAUDE}", 1)],
)
def test_what_the_command_prints_is_as_its_schema_says(tmp_path: Path, name: str, line: str, status: int) -> None:
    """The command prints a valid document."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "POLYROUTE_HOME": os.environ["POLYROUTE_HOME"]}
    command = [sys.executable, "-m", "polyroute", *line.split(), "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert faults(name, json.loads(done.stdout)) == []


PRINTED = {
    "failure": "status anthropc",
    "explain": "explain openai",
    "map": "map --via openrouter anthropic/claude-sonnet-4-5",
    "models": "models claude",
    "verify": "verify",
    "refresh": "refresh",
    "doctor": "doctor",
    "check": "check config.json",
    "prefer": "prefer",
    "shortcut": "shortcut set sonnet anthropic/claude-sonnet-4-5",
    "prefer-route": "prefer direct --for groq",
    "keys-list": "keys list",
    "keys-set": "keys set groq",
    "keys-remove": "keys remove groq",
    "credential": "credential groq/llama-3.3-70b-versatile",
    "credential-reveal": "credential groq/llama-3.3-70b-versatile --reveal",
    "custom-list": "custom list",
    "custom-show": "custom show openrouter/own",
    "custom-remove": "custom remove openrouter/own",
    "custom-import": "custom import models.json --on-conflict skip",
    "custom-export": "custom export exported.json",
    "custom-repair": "custom repair",
    "plugins": "plugins",
    "plugins-info": "plugins info acme",
    "plugins-doctor": "plugins doctor",
    "plugins-check": "plugins check acme",
    "plugins-change": "plugins new acme2",
}
"""A command line for each schema, which prints a document of it."""


def test_a_line_for_each_schema() -> None:
    """Every document that a command prints is tested."""
    assert PRINTED.keys() | set(NAMES) == schemas.DOCUMENTS.keys()
    assert {path.name for path in SCHEMAS.iterdir()} == {
        "plugin.schema.json",
        "policy.schema.json",
        *(f"{name}.schema.json" for name in schemas.DOCUMENTS),
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home of a user with a custom model, a plugin in the plugin folder and an invalid configuration."""
    home = tmp_path_factory.mktemp("home")
    models = {"version": 1, "models": [{"name": "own", "provider": "openrouter", "apiKey": "made-up", "more": [1]}]}
    (home / ".dexto" / "models").mkdir(parents=True)
    (home / ".dexto" / "models" / "custom-models.json").write_text(json.dumps(models), encoding="utf-8")
    (home / "models.json").write_text(json.dumps(models), encoding="utf-8")
    (home / "config.json").write_text('{"llm": {"provider": "groq", "model": "x"}}', encoding="utf-8")
    assert printed(home, "plugins new acme").returncode == 0
    assert printed(home, "plugins add acme --yes").returncode == 0
    return home


def printed(home: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder that is the user's home too."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "POLYROUTE_HOME": str(home / "polyroute")}
    environment |= {
        "POLYROUTE_OFFLINE": "1",
        "GROQ_API_KEY": "made-up",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    command = [sys.executable, "-m", "polyroute", *line.split(), "--json"]
    return subprocess.run(
        command, cwd=home, env=environment, input="gsk_made-up", capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", PRINTED)
def test_each_document_is_as_its_schema_says(place: Path, tmp_path: Path, name: str) -> None:
    """Each command prints a valid document, without undeclared fields."""
    home = shutil.copytree(place, tmp_path / "home")
    done = printed(home, PRINTED[name])
    document = json.loads(done.stdout)
    assert faults(name, document) == []
    is_open = name.startswith("custom")  # a model has every field of its entry in the file
    config = ConfigDict(extra="allow" if is_open else "forbid", strict=True)
    kind: Any = schemas.DOCUMENTS[name][1]
    several: Any = list[kind]  # pydantic refuses a configuration for a TypedDict itself
    TypeAdapter(several, config=config).validate_python([document])


# --- What the schemas refuse ---


def places(document: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every field of every object in a document; of each list, the first item only."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield (*path, key)
            yield from places(value, (*path, key))
    elif isinstance(document, list) and document:
        yield from places(document[0], (*path, 0))


def changed(document: Document, path: tuple[str | int, ...], change: Callable[[Any, str | int], object]) -> Document:
    result = copy.deepcopy(document)
    inner: Any = result
    for step in path[:-1]:
        inner = inner[step]
    change(inner, path[-1])
    return result


def small_status(catalog: Catalog) -> Document:
    document = documents.status(catalog.status())
    return {**document, "providers": {"anthropic": document["providers"]["anthropic"]}, "problems": [{"message": "m"}]}


def remove(inner: Any, key: str | int) -> None:
    del inner[key]


def make_odd(inner: Any, key: str | int) -> None:
    inner[key] = [{"odd": 1.5}, 7]


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_field_is_refused(make_catalog: MakeCatalog, name: str) -> None:
    """No field of the documents may be missing, except for providers and the credential sources of gateways."""
    catalog = make_catalog(**ALL_KEYS)
    document = small_status(catalog) if name == "status" else resolution(catalog, CLAUDE)
    assert faults(name, document) == []
    accepted = [path for path in places(document) if not faults(name, changed(document, path, remove))]
    optional = re.compile(r"providers\.anthropic|.*\.credentialSources\.(dexto|openrouter)")
    assert [path for path in accepted if not optional.fullmatch(".".join(map(str, path)))] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_value_of_another_type_is_refused(make_catalog: MakeCatalog, name: str) -> None:
    """No field of the documents accepts a value of another type."""
    catalog = make_catalog(**ALL_KEYS)
    document = small_status(catalog) if name == "status" else resolution(catalog, CLAUDE)
    assert [path for path in places(document) if not faults(name, changed(document, path, make_odd))] == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("status", lambda it: it.update(schema=2)),
        ("status", lambda it: it["providers"].update({"Anthropic": it["providers"]["anthropic"]})),
        ("status", lambda it: it["providers"]["anthropic"].update(kind="maker")),
        ("status", lambda it: it["providers"]["anthropic"].update(name="")),
        ("status", lambda it: it["providers"]["anthropic"].update(aliases=["a", "a"])),
        ("status", lambda it: it["providers"]["anthropic"].update(routes=[])),
        ("status", lambda it: it["providers"]["anthropic"]["routes"].append({"via": "direct"})),
        ("status", lambda it: it["providers"]["anthropic"]["credentialSources"].update(dexto="yes")),
        ("status", lambda it: it["providers"]["anthropic"]["routes"][0].update(credential=None)),
        ("status", lambda it: it["providers"]["anthropic"]["routes"][0].update(remedy="Do.")),
        ("status", lambda it: it["providers"]["anthropic"]["routes"][0].update(reason="")),
        ("status", lambda it: it["problems"][0].update(message="")),
        ("resolve", lambda it: it.update(schema=2)),
        ("resolve", lambda it: it.update(model="anthropic")),
        ("resolve", lambda it: it.update(route=None)),
        ("resolve", lambda it: it.update(routes=[])),
        ("resolve", lambda it: it["route"].update(modelId=None)),
        ("resolve", lambda it: it["route"].update(mapping="unknown")),
        ("resolve", lambda it: it["route"].update(mapping="guessed")),
        ("resolve", lambda it: it["route"].update(baseUrl=None)),
        ("resolve", lambda it: it["route"].update(baseUrl="https://${host}/v1")),
        ("resolve", lambda it: it["route"].update(baseUrl="https://key@host/v1")),
        ("resolve", lambda it: it["route"].update(credential=None)),
        ("resolve", lambda it: it["routes"][0].update(credential=None)),
        ("resolve", lambda it: it["routes"][0].update(mapping="unknown")),
        ("resolve", lambda it: it["routes"][0].update(usable=False, mapping="unknown")),
        ("resolve", lambda it: [route.update(usable=False) for route in it["routes"]]),
    ],
)
def test_a_document_that_contradicts_itself_is_refused(make_catalog: MakeCatalog, name: str, change: Change) -> None:
    """A document with contradicting names, kinds or evidence, or without what "usable" implies, is refused."""
    catalog = make_catalog(**ALL_KEYS)
    document = small_status(catalog) if name == "status" else resolution(catalog, CLAUDE)
    change(document)
    assert faults(name, document) != []


@pytest.mark.parametrize("name", NAMES)
def test_new_fields_may_come(make_catalog: MakeCatalog, name: str) -> None:
    """A new field in any object is accepted, so that readers that validate keep working."""
    catalog = make_catalog(**ALL_KEYS)
    document = small_status(catalog) if name == "status" else resolution(catalog, CLAUDE)
    for path in list(places(document)):
        inner: Any = document
        for step in path:
            inner = inner[step]
        if isinstance(inner, dict) and path[-1] not in ("providers", "credentialSources", "headers"):
            inner["somethingNew"] = {"a": 1}
    assert faults(name, {**document, "somethingNew": []}) == []
