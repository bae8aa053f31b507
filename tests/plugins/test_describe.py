"""The external description of a plugin: what it accepts, what it rejects, and the messages for that."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import (
    Alternative,
    AuthHeader,
    BaseUrlCase,
    CustomModelRules,
    Group,
    Model,
    Provider,
    Routeability,
    Slot,
)
from polyroute.plugins.manifests.description import Description, Executable, SpelledNames, Spelling
from polyroute.plugins.manifests.parser import models, parse
from polyroute.plugins.manifests.validators import InvalidDocument, validated, validator
from polyroute.types.constraints import Count, Headers, Line, Price, Slug, Text
from polyroute.types.result_check import find_fault
from polyroute.types.serialization import plain, restored

SHORTEST = """\
[providers.acme]
env = ["ACME_API_KEY", "ACME_KEY"]
base_url = "https://api.acme.example/v1/"
"""
FULLEST = """\
name = "acme"
version = "1.2"
protocol = 1
methods = ["detect", "secret"]
features = ["bulk"]

[executable]
argv = ["./acme", "--polyroute"]
variables = ["ACME_API_KEY", "HOME"]
hosts = ["eu.acme.example", "localhost:8080"]

[providers.acme]
name = "Acme"
kind = "gateway"
groups = [{ slots = ["key", "region"] }, { slots = ["login"], kind = "oauth-token" }, { kind = "none" }]
base_url = "https://${region}.acme.example/v1"
base_url_cases = [{ slot = "region", value = "all", base_url = "https://acme.example/v1" }]
protocol = "anthropic-messages"
auth = { name = "x-api-key", prefix = "" }
headers = { x-version = "3" }
aliases = ["acme-ai"]
selectable = false
custom_models = { base_url = "optional", file_suffix = ".bin" }
documentation = "https://acme.example/docs"
key_variable = "ACME_API_KEY"
also_speaks = ["openai-responses"]
models = ["umbrella/t-1", { id = "own", name = "Own", context = 9, output = 3, input_price = 1, output_price = 2.5 }]

[providers.acme.slots]
key = { from = ["ACME_API_KEY", { variable = "ACME_FILE", names_file = true, json_field = "key" }], secret = true }
login = { from = [{ file = "~/.acme", section = "me", keys = ["token"] }], secret = true, remedy = "Log in." }
region = { from = ["ACME_REGION"], default = "eu", check = "slug" }

[providers.acme.routeability]
providers = ["groq"]
like = "openrouter"
preferred = true

[providers.acme.mapping.providers]
initech = { namespace = "init-ech", rules = ["precision"] }
"""


def read(text: str) -> Description:
    """Return what a manifest declares."""
    return parse(tomllib.loads(text))


def faults(text: str) -> str:
    """Return the message for a manifest that is refused."""
    with pytest.raises(InvalidDocument) as refused:
        read(text)
    return str(refused.value)


def test_three_lines_are_a_provider() -> None:
    """A table with variables and a base URL is enough to declare a provider."""
    key = Slot("key", (Alternative("ACME_API_KEY"), Alternative("ACME_KEY")), secret=True)
    provider = Provider("acme", "acme", "host", (Group((key,)),), "https://api.acme.example/v1")
    assert read(SHORTEST) == Description(providers=(provider,))


def test_everything_can_be_said() -> None:
    """A description can express every field of the types that a plugin declares."""
    found = read(FULLEST)
    key = Slot("key", (Alternative("ACME_API_KEY"), Alternative("ACME_FILE", "", True, json_field="key")), True)
    login = Slot("login", (Alternative(file="~/.acme", section="me", keys=("token",)),), True, remedy="Log in.")
    region = Slot("region", (Alternative("ACME_REGION"),), default="eu", check="slug")
    assert found.providers == (
        Provider(
            "acme",
            "Acme",
            "gateway",
            (Group((key, region)), Group((login,), "oauth-token"), Group((), "none")),
            "https://${region}.acme.example/v1",
            (BaseUrlCase("region", "all", "https://acme.example/v1"),),
            "anthropic-messages",
            AuthHeader("x-api-key", ""),
            (("x-version", "3"),),
            ("acme-ai",),
            False,
            CustomModelRules("optional", ".bin"),
            "https://acme.example/docs",
            "ACME_API_KEY",
            ("openai-responses",),
        ),
    )
    namespaces = {"initech": "init-ech"}
    assert found.routeability == (
        Routeability("acme", frozenset({"umbrella"}), namespaces, ("groq",), "openrouter", True),
    )
    naming = SpelledNames("init-ech", ("precision",))
    assert found.mappings == {"acme": Spelling("acme", {"initech": naming})}
    own = Model("acme", "own", "Own", 9, 3, 1.0, 2.5)
    assert found.models == (Model("acme", "umbrella/t-1"), own)
    granted = Executable(("./acme", "--polyroute"), ("ACME_API_KEY", "HOME"), ("eu.acme.example", "localhost:8080"))
    assert (found.executable, found.methods, found.features) == (granted, ("detect", "secret"), ("bulk",))
    assert [
        find_fault(each) for each in (*found.providers, *found.routeability, *found.models) if find_fault(each)
    ] == []


@pytest.mark.parametrize("text", [SHORTEST, FULLEST])
def test_a_description_can_be_kept_as_json(text: str) -> None:
    """A description that is converted to plain form, stored as JSON and restored equals the original."""
    found = read(text)
    assert restored(Description, json.loads(json.dumps(plain(found)))) == found


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('base_ulr = "x"', "providers.acme.base_ulr: is not a known key. Did you mean 'base_url'?"),
        ("kind = 'x'", "providers.acme.kind: should be 'vendor', 'host', 'own-cloud', 'own-server' or 'gateway'"),
        ("selectable = 1", "providers.acme.selectable: should be a valid boolean"),
        ("documentation = 'ftp://a'", "'ftp://a' is not an http or https URL"),
        ("documentation = 'https://me@a'", "is not an http or https URL"),
        ('name = "\\u001b[31m"', "control characters"),
        ("headers = { 'a b' = 'c' }", "providers.acme.headers.a b"),
        ('headers = { a = "b\\nc: d" }', "providers.acme.headers.a: 'b\\nc: d' has control characters"),
        ("slots.x = {}", "providers.acme.slots.x.from: is missing"),
        ("slots.x = { from = [] }", "providers.acme.slots.x.from: "),
        (
            "slots.x = { from = [{}] }",
            "providers.acme.slots.x.from[0]: give either a `variable` or a `file`",
        ),
        ("slots.x = { from = [{file = 'a', keys = ['b']}] }", "`section` and `keys` go together"),
        ("slots.key = { from = ['A'] }", "`env`, which declares the slot `key`"),
        ("groups = [{ slots = ['nope'] }]", "has a group that names slots that don't exist: nope"),
        (
            "base_url_cases = [{ slot = 'no', value = '', base_url = '' }]",
            "has a base URL that names slots that don't exist",
        ),
        ("models = [{ id = 'm', base_url = 'https://x/${key}' }]", "has a base URL that holds a secret, key"),
        ("models = [3]", "providers.acme.models[0]: should be a table"),
        ("models = [{ id = 'm', context = 0 }]", "providers.acme.models[0].context"),
        ("models = [{ id = 'm', input_price = nan }]", "providers.acme.models[0].input_price"),
        ("mapping.providers.x = { rules = ['nope'] }", "there is no rule nope"),
        ("mapping.aliases = { a = ['b'] }", "providers.acme.mapping.aliases.a"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(line: str, words: str) -> None:
    """The message for a wrong key or value names its place and what is expected there."""
    assert words in faults(SHORTEST + line)


@pytest.mark.parametrize("name", ["LD_PRELOAD", "DYLD_X", "PYTHONPATH", "NODE_OPTIONS", "BASH_ENV", "ENV", "PATH"])
def test_some_variables_are_never_granted(name: str) -> None:
    """An executable can't request a variable that makes its interpreter run other code."""
    words = f"executable.variables[0]: {name} can never be granted"
    assert words in faults(f"[executable]\nargv = ['./x']\nvariables = ['{name}']\n")


@pytest.mark.parametrize("argv", [["../run"], ["./../run"], ["./a/../../run"], ["a/run"], ["sh", "./../run"]])
def test_no_program_lies_beside_its_folder(argv: list[str]) -> None:
    """A program outside the approved folder must be given by its absolute path or be found on the fixed PATH."""
    assert "executable.argv" in faults(f"[executable]\nargv = {argv}\n")


@pytest.mark.parametrize("text", ["protocol = 2", "[providers.Acme]", "[providers.'a/b']", "[executable]\nargv = []"])
def test_what_would_not_work_is_refused(text: str) -> None:
    """An unsupported protocol, a provider ID that is not a slug and an empty `argv` are refused."""
    assert faults(text)


def test_every_fault_is_told() -> None:
    """All errors in a description are reported at once."""
    assert len(faults(SHORTEST + "a = 1\nb = 2\n[providers.other]\nkind = 3\n").split("; ")) == 3


def test_a_later_minor_version_may_say_more() -> None:
    """In a program's response unknown fields are ignored at any depth; all other checks stay strict."""
    answer = {"providers": {"acme": {"env": ["A"], "new": 1, "models": [{"id": "m", "new": 2}]}}, "new": {"a": 3}}
    assert parse(answer, strict=False) == parse({"providers": {"acme": {"env": ["A"], "models": ["m"]}}})
    with pytest.raises(InvalidDocument):
        parse({"providers": {"acme": {"env": "A"}}}, strict=False)


def test_models_alone() -> None:
    """A program's list of one provider's models is parsed by the same rules."""
    assert models(["a", {"id": "b", "context": 5, "new": 1}], "acme") == [Model("acme", "a"), Model("acme", "b", "", 5)]
    with pytest.raises(InvalidDocument, match="context"):
        models([{"id": "b", "context": "5"}], "acme")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(["env", "slots", "groups", "base_url", "models", "mapping", "routeability", "auth", "headers"])


@given(st.dictionaries(KEYS, JSON))
def test_whatever_comes_is_taken_or_refused(provider: dict[str, Any]) -> None:
    """Any document yields either valid values or error messages, and never raises another exception."""
    for strict in (True, False):
        try:
            found = parse({"providers": {"acme": provider}}, strict=strict)
        except InvalidDocument as refused:
            assert all(words for _, words in refused.faults)
        else:
            answers = (*found.providers, *found.routeability, *found.models)
            assert [find_fault(each) for each in answers if find_fault(each)] == []


@given(JSON)
def test_no_document_at_all(document: Any) -> None:
    """A document that is not a table is refused with a message, too."""
    try:
        assert parse(document).providers == ()
    except InvalidDocument as refused:
        assert str(refused)


class Made(NamedTuple):
    """A record such as `types` could gain, with a field of every supported form."""

    id: Slug
    words: Line = ""
    amount: Count | None = None
    price: Price | None = None
    is_new: bool = False
    kind: Literal["plain", "fancy"] = "plain"
    tags: tuple[Text, ...] = ()
    names: frozenset[str] = frozenset()
    headers: Headers = ()
    auth: AuthHeader | None = None
    by_name: Mapping[str, AuthHeader] = {}


WORDS = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1)
HEADERS = st.builds(AuthHeader, st.sampled_from(["x-a", "Authorization"]), WORDS)
MADE = st.builds(
    Made,
    st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,8}[a-z0-9])?", fullmatch=True),
    WORDS,
    st.none() | st.integers(1, 10**9),
    st.none() | st.floats(0, 1e6, allow_nan=False),
    st.booleans(),
    st.sampled_from(["plain", "fancy"]),
    st.lists(WORDS).map(tuple),
    st.frozensets(WORDS),
    st.dictionaries(st.from_regex(r"x-[a-z]{1,8}", fullmatch=True), WORDS).map(lambda found: tuple(found.items())),
    st.none() | HEADERS,
    st.dictionaries(WORDS, HEADERS),
)


@given(MADE)
def test_an_annotation_is_all_that_a_field_needs(made: Made) -> None:
    """Annotations alone are enough to validate a value, store it as JSON, restore it and read it from a document."""
    assert find_fault(made) == ""
    kept = json.loads(json.dumps(plain(made)))
    assert restored(Made, kept) == made
    written = {**made._asdict(), "tags": list(made.tags), "names": sorted(made.names), "headers": dict(made.headers)}
    written |= {"auth": made.auth and made.auth._asdict()}
    written |= {"by_name": {name: each._asdict() for name, each in made.by_name.items()}}
    document = {key: each for key, each in written.items() if each is not None}
    assert validated(validator(Made, strict=True), document) == made


@pytest.mark.parametrize("kept", [{}, {"name": "Acme"}, {"id": "acme", "name": "Acme", "of_a_later_version": 1}])
def test_a_stored_value_has_the_fields_of_its_type(kept: dict[str, object]) -> None:
    """What is stored with a field too many or too few is refused, and not restored with its values moved."""
    with pytest.raises(TypeError):
        restored(Provider, kept)


@pytest.mark.parametrize(
    "wrong", [{"id": "Not A Slug"}, {"amount": 1.5}, {"kind": "odd"}, {"headers": (("a b", "c"),)}, {"is_new": 1}]
)
def test_what_an_annotation_refuses_is_refused_by_all(wrong: dict[str, Any]) -> None:
    """A value from a plugin in Python and a value in a document are checked against the same annotation."""
    made = Made("made")._replace(**wrong)
    (field,) = wrong
    assert f"an invalid {field}" in find_fault(made) or "is not a lower-case slug" in find_fault(made)
    written = {key: dict(each) if key == "headers" else each for key, each in wrong.items()}
    with pytest.raises(InvalidDocument) as caught:
        validated(validator(Made, strict=True), {"id": "made", **written})
    assert caught.value.faults[0][0][0] == field
