"""Manifests in the plugin folder: how they are found, read and cached, and that errors stay isolated."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import Preferences
from polyroute._internal import cache
from polyroute.plugins.manifests import loader
from polyroute.plugins.manifests.positions import located
from tests.support.manifests import ACME, User, plugin, words

GATEWAY = """\
version = "2.0"
[providers.gate]
kind = "gateway"
env = ["GATE_KEY"]
base_url = "https://gate.example/v1"
models = "list.json"
[providers.gate.mapping.providers]
mistral = { namespace = "mistralai" }
"""
LIST = json.dumps([{"id": "anthropic/claude-sonnet-4.5"}, {"id": "mistralai/mistral-large-2512"}, "openai/gpt-5"])


@pytest.fixture
def user(tmp_path: Path) -> User:
    """Provide a user with an empty plugin folder."""
    return User(tmp_path)


def test_a_dropped_manifest_is_a_provider(user: User) -> None:
    """A manifest in the plugin folder adds its provider with its models, as any plugin would."""
    user.put("acme", 'version = "1.2"\n' + ACME)
    catalog = user.catalog(ACME_API_KEY="k")
    route = catalog.resolve("acme/acme-large")
    assert (route.via, route.base_url, str(route.credential)) == (
        "direct",
        "https://api.acme.example/v1",
        "env ACME_API_KEY",
    )
    assert catalog.environment.reveal(route.credential) == "k"
    assert [model.id for model in catalog.models(provider="acme")] == ["acme-large", "acme-small"]
    found = plugin(catalog, "acme")
    assert (found.version, found.origin, found.kind, found.enabled) == ("1.2", "folder", "manifest", True)
    assert catalog.problems == ()


def test_a_gateway_is_data_too(user: User) -> None:
    """A manifest with a model list is a gateway: it routes the vendors in the list and maps IDs in both directions."""
    user.put("gate", GATEWAY, list_json=LIST)
    catalog = user.catalog(GATE_KEY="k")
    assert catalog.resolve("mistral/mistral-large-2512").model_id == "mistralai/mistral-large-2512"
    assert catalog.resolve("anthropic/claude-sonnet-4-5").model_id == "anthropic/claude-sonnet-4.5"
    back = catalog.plugins.mappers["gate"].reverse("anthropic/claude-sonnet-4.5")
    assert str(back) == "anthropic/claude-sonnet-4-5"
    assert catalog.problems == ()


def test_a_gateway_may_be_like_another(user: User) -> None:
    """A gateway without a list whose routeability is like another gateway's maps IDs as that gateway does."""
    text = GATEWAY.partition("models")[0] + "routeability = { like = 'openrouter' }\n"
    user.put("gate", text)
    catalog = user.catalog(GATE_KEY="k")
    route = catalog.resolve("anthropic/claude-sonnet-4-5")
    assert (route.via, route.model_id) == ("gate", "anthropic/claude-sonnet-4.5")
    assert catalog.problems == ()


BROKEN = {
    "syntax": ("[providers", "plugin.toml is not valid TOML: "),
    "key": (ACME + 'base_ulr = "x"\n', "line 5: providers.acme.base_ulr is not a known key. Did you mean 'base_url'?"),
    "value": (ACME + 'kind = "shop"\n', "line 5: providers.acme.kind should be 'vendor', 'host'"),
    "empty-list": ('[providers.acme]\nmodels = "none.json"\n', "none.json can't be read: No such file"),
    "outside": ('[providers.acme]\nmodels = "../acme.json"\n', "leads out of the plugin's folder"),
    "protocol": ("protocol = 7\n", "line 1: protocol should be 1"),
    "binary": ("\x00", "plugin.toml is not valid TOML"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_manifest_hurts_itself_alone(user: User, text: str, said: str) -> None:
    """A manifest that can't be used is one problem with plugin, file and place; other manifests are not affected."""
    user.put("broken", text)
    user.put("acme")
    catalog = user.catalog(ACME_API_KEY="k")
    (problem,) = catalog.problems
    assert (problem.plugin, problem.path) == ("broken", str(user.folder / "broken" / "plugin.toml"))
    assert said in problem.message
    assert "polyroute plugins check" in problem.remedy
    assert not plugin(catalog, "broken").enabled
    assert catalog.resolve("acme/acme-large").usable


def test_a_thousand_nested_tables_are_words_too(user: User) -> None:
    """A manifest that is nested too deeply to be parsed is a problem and nothing else."""
    user.put("deep", "a = " + "[" * 100_000)
    assert "plugin.toml is not valid TOML" in words(user.catalog(), "deep")


def test_a_refused_claim_lists_no_models(user: User) -> None:
    """A manifest that claims another plugin's provider can't add models to it."""
    user.put("evil", ACME.replace("providers.acme", "providers.anthropic"))
    catalog = user.catalog()
    assert "'anthropic' belongs to plugin direct" in words(catalog, "evil")
    assert not {"acme-large", "acme-small"} & {model.id for model in catalog.models(provider="anthropic")}


def test_what_is_no_text_is_told(user: User) -> None:
    """A manifest that is not UTF-8, is too large, or is not a file is reported with a message."""
    for name in ("bytes", "large", "folder", "pipe"):
        user.put(name)
    (user.folder / "bytes" / "plugin.toml").write_bytes(b"\xff\xfe")
    (user.folder / "large" / "plugin.toml").write_text("#" * (1 << 20) + "\n")
    for name in ("folder", "pipe"):
        (user.folder / name / "plugin.toml").unlink()
    (user.folder / "folder" / "plugin.toml").mkdir()
    os.mkfifo(user.folder / "pipe" / "plugin.toml")
    catalog = user.catalog()
    assert "is not UTF-8 text" in words(catalog, "bytes")
    assert "is larger than 1 MiB" in words(catalog, "large")
    assert "can't be read" in words(catalog, "folder")
    assert "is not a regular file" in words(catalog, "pipe")


HUGE = {
    "a key of too many parts": "a" + ".a" * 250_000 + " = 1\n",
    "a table of too many parts": "[a" + ". 'a'" * 50_000 + "]\n" + "".join(f"k{n} = 1\n" for n in range(50_000)),
    "too many values": f"name = [{'1,' * 300_000}]",
    "too many models": ACME.replace("models = [", f"models = [{'1,' * 10_000}"),
    "too many unknown keys": "".join(f"key{n} = 1\n" for n in range(20_000)),
    "a name without end": f"{'x' * 500_000} = 1\nname = '{'!' * 400_000}'\n",
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_huge_manifest_costs_little(user: User, text: str) -> None:
    """A manifest that is too expensive to read or to report gets a short message."""
    user.put("huge", text)
    assert 0 < len(words(user.catalog(), "huge")) < 4_000


@pytest.mark.parametrize("text", [f"[{'1,' * 300_000}1]", f"[{'1,' * 10_000}1]", "[" * 100_000])
def test_a_huge_list_costs_little(user: User, text: str) -> None:
    """The list of a manifest has the same limits as the manifest."""
    user.put("gate", GATEWAY, list_json=text)
    assert 0 < len(words(user.catalog(), "gate")) < 4_000


def test_an_edit_is_seen(user: User) -> None:
    """The cache is rebuilt when the manifest or its list has changed."""
    folder = user.put("gate", GATEWAY, list_json="[")
    assert "list.json is not valid JSON" in words(user.catalog(), "gate")
    (folder / "list.json").write_text(LIST)
    assert len(user.catalog().models(provider="gate")) == 3
    (folder / "list.json").write_text('["openai/gpt-5"]')
    assert [model.id for model in user.catalog().models(provider="gate")] == ["openai/gpt-5"]
    (folder / "plugin.toml").write_text(GATEWAY.replace("gate.example", "other.example"))
    assert user.catalog().plugins.providers["gate"].base_url == "https://other.example/v1"


def test_a_second_start_parses_nothing(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest is not parsed again while its files are unchanged, and the results are the same."""
    user.put("gate", GATEWAY, list_json=LIST)
    first = user.catalog().plugins.providers["gate"]

    def never(folder: str) -> None:
        raise AssertionError(folder)

    monkeypatch.setattr(loader, "read", never)
    assert user.catalog().plugins.providers["gate"] == first


def test_without_a_cache_all_works(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing can be cached, manifests are read each time."""
    monkeypatch.setattr(cache, "cache_directory", lambda: os.devnull)
    user.put("gate", GATEWAY, list_json=LIST)
    assert len(user.catalog().models(provider="gate")) == 3


def test_bundled_plugins_come_first(user: User) -> None:
    """A manifest can't take over a provider or its alias; its other providers are used."""
    user.put("thief", ACME + "[providers.openai]\nenv = ['X_KEY']\nbase_url = 'https://thief.example'\n")
    catalog = user.catalog(X_KEY="k", ACME_API_KEY="k")
    assert catalog.plugins.owners["openai"].name == "direct"
    assert "'openai' belongs to plugin direct" in words(catalog, "thief")
    assert catalog.resolve("acme/acme-large").usable


def test_it_can_be_switched_off_by_name(user: User) -> None:
    """`POLYROUTE_DISABLE_PLUGINS` disables a manifest like any plugin."""
    user.put("acme")
    catalog = user.catalog(POLYROUTE_DISABLE_PLUGINS="acme")
    assert (plugin(catalog, "acme").reason, "acme" in catalog.plugins.providers) == ("disabled by name", False)


def test_two_of_one_name_are_told_apart(user: User) -> None:
    """A manifest with the name of another plugin gets a name of its own."""
    user.put("direct", ACME)
    catalog = user.catalog("direct@folder", ACME_API_KEY="k")
    assert plugin(catalog, "direct@folder").origin == "folder"
    assert catalog.resolve("acme/acme-large").usable


def test_preferences_outlive_a_plugin(user: User) -> None:
    """Pins and orders for a missing or broken plugin's provider are kept, reported, and work again with the plugin."""
    wanted = Preferences(prefer="gate", pins={"anthropic": "gate"}, disabled_providers=frozenset({"gone"}))
    folder = user.put("gate", GATEWAY, list_json=LIST)
    claude = "anthropic/claude-sonnet-4-5"
    keys = {"GATE_KEY": "k", "ANTHROPIC_API_KEY": "k"}
    assert user.catalog(preferences=wanted, **keys).resolve(claude).via == "gate"
    for text in (None, "[broken"):
        if text is None:
            os.rename(folder, user.home / "away")
        else:
            user.put("gate", text)
        catalog = user.catalog(preferences=wanted, **keys)
        assert catalog.resolve(claude).via == "direct"
        told = "\n".join(map(str, catalog.problems))
        assert "no route 'gate' is available; the preference is kept, but has no effect now" in told
        assert catalog.preferences == wanted
    (user.folder / "gate" / "plugin.toml").write_text(GATEWAY)
    (user.folder / "gate" / "list.json").write_text(LIST)
    assert user.catalog(preferences=wanted, **keys).resolve(claude).via == "gate"


def test_a_pinned_provider_may_go_and_come_back(user: User) -> None:
    """A pin of a provider whose plugin is missing is reported as "not available", and works again with the plugin."""
    wanted = Preferences(pins={"acme": "direct", "acme/acme-large": "direct"}, disabled_providers=frozenset({"acme"}))
    user.put("acme")
    assert user.catalog(preferences=wanted).problems == ()
    os.rename(user.folder / "acme", user.home / "away")
    told = [problem.message for problem in user.catalog(preferences=wanted).problems]
    assert len(told) == 3
    assert all("provider 'acme' is not available; the preference is kept" in message for message in told)
    os.rename(user.home / "away", user.folder / "acme")
    catalog = user.catalog(preferences=wanted, ACME_API_KEY="k")
    assert (catalog.problems, catalog.provider("acme").routes[0].reason) == ((), "disabled by preference")


def test_custom_models_outlive_a_plugin(user: User) -> None:
    """A custom model of a provider whose plugin is missing is kept and reported, and works again with the plugin."""
    user.put("acme", ACME + "custom_models = {}\n")
    models = user.home / ".dexto" / "models" / "custom-models.json"
    models.parent.mkdir(parents=True)
    text = json.dumps({"version": 1, "models": [{"provider": "acme", "name": "mine"}]})
    models.write_text(text)
    own = "acme/mine"
    assert user.catalog(ACME_API_KEY="k").resolve(own).model_id == "mine"
    os.rename(user.folder / "acme", user.home / "away")
    catalog = user.catalog(ACME_API_KEY="k")
    catalog.models()
    assert any(
        "acme/mine: its provider is not available; the model is kept" in each.message for each in catalog.problems
    )
    assert models.read_text() == text
    os.rename(user.home / "away", user.folder / "acme")
    catalog = user.catalog(ACME_API_KEY="k")
    assert own in [str(model.ref) for model in catalog.models(provider="acme")]
    assert catalog.problems == ()


def test_lines_are_found_however_the_table_is_written() -> None:
    """An error is reported with the line of its key, or else of the innermost enclosing table."""
    text = "x = 1\n[providers.a]\nb = 2\n[providers . 'q.r']\nslots.k.from = 3\n[[list]]\n[[list]]\nz = 1\n"
    places = {
        ("x",): 1,
        ("providers", "a", "b"): 3,
        ("providers", "a", "missing"): 2,
        ("providers", "q.r", "slots", "k", "from", 0, "variable"): 5,
        ("list", 1, "z"): 8,
    }
    for where, line in places.items():
        assert located(text, [(where, "is wrong")])[0].startswith(f"line {line}: ")
    assert located(text, [(("nowhere",), "is wrong")]) == ["nowhere is wrong"]


@given(st.text())
def test_locating_never_fails(text: str) -> None:
    """Any text has line numbers or none; locating keys in it never raises."""
    assert located(text, [(("a", 0, "b"), "is wrong")])[0].endswith("a[0].b is wrong")


# --- A gateway that another's scheme reads ---

GATE = """\
[providers.gate]
kind = "gateway"
env = ["GATE_API_KEY"]
base_url = "https://gate.example/v1"
models = ["x-claude-sonnet-4-5", "x-gpt-5", "best-claude-opus-4-5", "claude-haiku-4-5@eu"]
mapping = { like = "openrouter", rules = ["bare"], prefixes = ["x-"], suffixes = ["@eu"] }
routeability = { offered = ["anthropic", "openai"], rank = 7 }
"""


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("anthropic/claude-sonnet-4-5-20250929", "x-claude-sonnet-4-5"),
        ("anthropic/claude-haiku-4-5", "claude-haiku-4-5@eu"),
        ("openai/gpt-5", "x-gpt-5"),
        ("openai/gpt-5-mini", None),
        ("anthropic/claude-opus-4-5", None),
    ],
)
def test_a_gateways_ids_are_read_by_its_own_rules(tmp_path: Path, model: str, expected: str | None) -> None:
    """With `like`, rules and affixes say how a gateway's own IDs are read; equal words are the same model."""
    user = User(tmp_path)
    user.put("gate", GATE)
    catalog = user.catalog(GATE_API_KEY="key")
    route = catalog.route(model)
    assert (route and route.model_id) == expected
    assert words(catalog, "gate") == ""
    if expected:
        assert route
        assert route.via == "gate"
        assert catalog.maker(f"gate/{expected}") is not None


def test_a_rank_says_where_a_gateway_comes(tmp_path: Path) -> None:
    """Gateways come by rank; the rank of a third party's extension is at least the default."""
    user = User(tmp_path)
    user.put("gate", GATE)
    user.put("more", '[extends.vercel]\nmapping = { like = "openrouter" }\nrouteability = { rank = 1 }\n')
    plugins = user.plugins()
    assert plugins.gateways == ("openrouter", "dexto", "gate", "vercel")
    assert plugins.rules["vercel"].rank == 100
    assert "anthropic" not in {name for name in plugins.providers if "gate" not in plugins.carriers(name)}
    vercels = {name for name in plugins.providers if "vercel" in plugins.carriers(name)}
    assert {"anthropic", "xai"} <= vercels
    assert "bailing" not in vercels  # OpenRouter lists it, Vercel does not


def test_rules_go_with_like(tmp_path: Path) -> None:
    """Rules without `like` are refused with a message."""
    user = User(tmp_path)
    user.put("gate", GATE.replace('like = "openrouter", ', ""))
    assert "go with `like`" in words(user.catalog(), "gate")
