"""Storing, listing and removing keys, in real processes: in a keyring, in the global `.env`, with what may go wrong."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import (
    Alternative,
    Catalog,
    Environment,
    Group,
    Plugins,
    Provider,
    Routeability,
    Slot,
    UsageError,
    hookimpl,
)
from polyroute._internal.dotenv import parse
from polyroute._internal.redact import is_masked, masked
from polyroute.credentials import keys
from tests.support.catalogs import MakeCatalog, MakeEnvironment
from tests.support.shell import POLYROUTE, Shell

pytestmark = pytest.mark.slow

SECRET = "sk-canary-0123456789abcdef"
OTHER = "sk-canary-fedcba9876543210"


@pytest.fixture
def keyring(shell: Shell) -> Shell:
    """Return a shell on a machine with a keyring."""
    shell.use_keyring()
    return shell


def dotenv(shell: Shell) -> Path:
    return shell.home / ".dexto" / ".env"


def entries(shell: Shell) -> dict[str, str]:
    """Return what the keyring holds, by the last word of each entry's name."""
    found = json.loads(Path(shell.variables["FILE_KEYRING"]).read_text(encoding="utf-8"))
    return {name.split()[-1]: secret for name, secret in found.items()}


def revealed(shell: Shell, model: str, **variables: str) -> Any:
    done = shell.run("credential", model, "--reveal", **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- Where a key goes ---


def test_a_key_goes_into_the_global_dotenv_of_a_headless_machine(shell: Shell) -> None:
    """Without a desktop, a key from stdin is stored in the global .env with mode 0600, and the output says why."""
    done = shell.run("keys", "set", "anthropic", given=f"{SECRET}\n")
    assert (done.returncode, done.stdout) == (0, "Stored: global .env ANTHROPIC_API_KEY.\n")
    assert f"stored in {dotenv(shell)}, because no keyring can be used. There is no desktop" in done.stderr
    assert dotenv(shell).read_text(encoding="utf-8") == f"ANTHROPIC_API_KEY={SECRET}\n"
    assert stat.S_IMODE(dotenv(shell).stat().st_mode) == 0o600
    assert revealed(shell, "anthropic/claude-sonnet-4-5")["value"] == SECRET


def test_a_key_goes_into_the_keyring(keyring: Shell) -> None:
    """With a keyring, a key is stored only there; status lists its name, and reveal opens the keyring."""
    document = keyring.json("keys", "set", "anthropic", given=SECRET)
    assert document["source"]["layer"] == "keyring"
    assert entries(keyring) == {"ANTHROPIC_API_KEY": SECRET}
    assert not dotenv(keyring).exists()
    index = keyring.ours / "state" / "keyring.names"
    assert index.read_text(encoding="utf-8") == "ANTHROPIC_API_KEY\n"
    routes = keyring.json("status")["providers"]["anthropic"]["routes"]
    assert [route["credential"] for route in routes if route["usable"]] == ["keyring ANTHROPIC_API_KEY"]
    assert revealed(keyring, "anthropic/claude-sonnet-4-5")["value"] == SECRET


def test_an_entry_under_a_name_of_ones_own(keyring: Shell) -> None:
    """A custom model whose key is `keyring:NAME` uses the key stored with `--name`, which can be listed and removed."""
    url = ("--base-url", "https://mine.example/v1")
    keyring.run("custom", "add", "openai-compatible/mine", *url, "--key-keyring", "my/server")
    document = keyring.json("keys", "set", "--name", "my/server", given=SECRET)
    assert (document["provider"], document["variable"]) == (None, "my/server")
    assert entries(keyring) == {"my/server": SECRET}
    assert revealed(keyring, "openai-compatible/mine")["value"] == SECRET
    done = keyring.run("keys", "list")
    assert "keyring:my/server" in done.stdout
    assert SECRET not in done.stdout
    (key,) = keyring.json("keys", "list")["keys"]
    assert (key["provider"], key["variable"], key["mask"]) == (None, "my/server", masked(SECRET))
    assert keyring.json("keys", "set", "--name", "my/server", given=masked(SECRET))["kept"]
    assert keyring.run("keys", "remove", "--name", "my/server").returncode == 0
    assert entries(keyring) == {}
    assert keyring.run("keys", "remove", "--name", "my/server").returncode == 1
    assert keyring.run("keys", "list").returncode == 1


def test_an_entry_needs_a_keyring_and_a_name(keyring: Shell) -> None:
    """Without a keyring nothing is stored; an invalid name, and neither or both of provider and name, are refused."""
    done = keyring.run("keys", "set", "--name", "mine", given=SECRET, FILE_KEYRING_LOCKED="1")
    assert done.returncode == 3
    assert "Nothing was stored." in done.stderr
    assert "--key-variable" in done.stderr
    assert not dotenv(keyring).exists()
    for arguments in (["--name", "a b"], ["--name", ""], [], ["anthropic", "--name", "mine"]):
        assert keyring.run("keys", "set", *arguments, given=SECRET).returncode == 2
    assert keyring.run("keys", "set", "--name", "ANTHROPIC_API_KEY", given=SECRET).stderr.count("anthropic") == 1


def test_status_does_not_open_the_keyring(keyring: Shell) -> None:
    """`status` reads the keyring's index only: it works while the keyring is locked, and does not import keyring."""
    keyring.run("keys", "set", "anthropic", given=SECRET)
    imported = keyring.start(
        [sys.executable, "-X", "importtime", POLYROUTE, "status", "--json"], FILE_KEYRING_LOCKED="1"
    )
    assert json.loads(imported.stdout)["providers"]["anthropic"]["hasDirectKey"]
    modules = {line.rpartition("|")[2].strip() for line in imported.stderr.splitlines() if "|" in line}
    assert "polyroute.environment" in modules
    assert not {"keyring", "polyroute._internal.keyring", "filelock"} & modules


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"FILE_KEYRING_LOCKED": "1"}, "The keyring failed (KeyringLocked)"),
        ({"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}, "There is no keyring on this machine"),
        ({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}, "There is no keyring on this machine"),
        ({"PYTHON_KEYRING_BACKEND": "no_such.Backend"}, "The keyring's backend can't be loaded"),
    ],
)
def test_a_keyring_that_can_not_be_used(keyring: Shell, variables: dict[str, str], why: str) -> None:
    """If the keyring refuses, loses the key or is unusable, the key is stored in the .env and never printed."""
    done = keyring.run("keys", "set", "anthropic", given=SECRET, **variables)
    assert done.returncode == 0
    assert why in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert parse(dotenv(keyring).read_text(encoding="utf-8")) == {"ANTHROPIC_API_KEY": SECRET}


def test_a_desktop_without_a_keyring(shell: Shell) -> None:
    """On a desktop without a keyring service, the key is stored in the .env without a prompt."""
    done = shell.run("keys", "set", "anthropic", given=SECRET, DISPLAY=":99")
    assert (done.returncode, "There is no keyring on this machine" in done.stderr) == (0, True)


def test_without_the_extra_the_dotenv_is_used(shell: Shell) -> None:
    """Without the extra `keyring`, a key is stored in the .env, and the output names the extra."""
    (shell.site.folder / "keyring.py").write_text("raise ImportError(name='keyring')\n", encoding="utf-8")
    done = shell.run("keys", "set", "anthropic", given=SECRET, DISPLAY=":0")
    assert "pip install 'polyroute[keyring]'" in done.stderr
    assert parse(dotenv(shell).read_text(encoding="utf-8")) == {"ANTHROPIC_API_KEY": SECRET}


def test_a_key_set_while_the_keyring_refuses_wins_over_the_one_in_it(keyring: Shell) -> None:
    """The key that was stored last is used, although the keyring comes before the .env."""
    keyring.run("keys", "set", "anthropic", given=OTHER)
    keyring.run("keys", "set", "anthropic", given=SECRET, FILE_KEYRING_LOCKED="1")
    assert revealed(keyring, "anthropic/claude-sonnet-4-5")["value"] == SECRET


def test_an_older_key_in_the_dotenv_is_told(keyring: Shell) -> None:
    """A key in the keyring wins over an older one in the .env, which is reported; removing deletes both."""
    keyring.run("keys", "set", "anthropic", given=OTHER, FILE_KEYRING_LOCKED="1")
    assert f"An older key is still in {dotenv(keyring)}" in keyring.run("keys", "set", "anthropic", given=SECRET).stderr
    assert revealed(keyring, "anthropic/claude-sonnet-4-5")["value"] == SECRET
    document = keyring.json("keys", "remove", "anthropic")
    assert [source["layer"] for source in document["removed"]] == ["keyring", "global .env"]
    assert entries(keyring) == {}
    assert dotenv(keyring).read_text(encoding="utf-8") == ""
    assert not keyring.json("status")["providers"]["anthropic"]["hasDirectKey"]


def test_an_entry_gone_from_the_keyring_is_told_and_the_index_corrected(keyring: Shell) -> None:
    """If the keyring has lost an entry of the index, reveal reports it (exit 3), and status no longer lists the key."""
    keyring.run("keys", "set", "anthropic", given=SECRET)
    Path(keyring.variables["FILE_KEYRING"]).write_text("{}", encoding="utf-8")
    done = keyring.run("credential", "anthropic/claude-sonnet-4-5", "--reveal")
    assert (done.returncode, done.stdout) == (3, "")
    assert "No secret for anthropic (keyring ANTHROPIC_API_KEY): it no longer exists" in done.stderr
    assert not keyring.json("status")["providers"]["anthropic"]["hasDirectKey"]


def test_a_locked_keyring_corrects_nothing(keyring: Shell) -> None:
    """A locked keyring may still hold the key: reveal and remove report it (exit 3), and the index stays."""
    keyring.run("keys", "set", "anthropic", given=SECRET)
    for line in (["credential", "anthropic/claude-sonnet-4-5", "--reveal"], ["keys", "remove", "anthropic"]):
        done = keyring.run(*line, FILE_KEYRING_LOCKED="1")
        assert (done.returncode, done.stdout) == (3, "")
        assert "The keyring failed (KeyringLocked)" in done.stderr
    assert revealed(keyring, "anthropic/claude-sonnet-4-5")["value"] == SECRET


def test_people_do_not_share_entries(keyring: Shell) -> None:
    """Entries belong to one state directory: another one that uses the same keyring has none of them."""
    other = {"POLYROUTE_HOME": str(keyring.home / "another")}
    keyring.run("keys", "set", "anthropic", given=SECRET)
    keyring.run("keys", "set", "anthropic", given=OTHER, **other)
    assert revealed(keyring, "anthropic/claude-sonnet-4-5")["value"] == SECRET
    assert revealed(keyring, "anthropic/claude-sonnet-4-5", **other)["value"] == OTHER


@pytest.mark.parametrize("locked", ["", "1"])
def test_an_index_that_cannot_be_read(keyring: Shell, locked: str) -> None:
    """An unreadable index is reported (exit 3) before anything is stored, whether the keyring is locked or not."""
    index = keyring.ours / "state" / "keyring.names"
    index.parent.mkdir(exist_ok=True)
    index.write_bytes(b"\xff")
    done = keyring.run("keys", "set", "anthropic", given=SECRET, FILE_KEYRING_LOCKED=locked)
    assert done.returncode == 3
    assert str(index) in done.stderr
    assert not dotenv(keyring).exists()
    assert not Path(keyring.variables["FILE_KEYRING"]).exists()


# --- The order of places ---

PLACES = ["host", "env", "project .env", "keyring", "global .env"]


@pytest.mark.parametrize("first", range(len(PLACES)))
def test_the_order_of_places(tmp_path: Path, plugins: Plugins, first: int) -> None:
    """The order is: the host's keys, the process, a trusted project, the keyring, the global .env."""
    there = PLACES[first:]
    files = {"project .env": "project/.env", "keyring": "ours/state/keyring.names", "global .env": ".dexto/.env"}
    for place, name in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        if place in there:
            path.write_text("GROQ_API_KEY" + ("\n" if place == "keyring" else "=v\n"), encoding="utf-8")
    variables = {"POLYROUTE_HOME": str(tmp_path / "ours"), **({"GROQ_API_KEY": "v"} if "env" in there else {})}
    given = {"GROQ_API_KEY": "h"} if "host" in there else {}
    environment = Environment(variables, home=tmp_path, trusted_project=tmp_path / "project", keys=given)
    for each in (environment, environment.again()):
        credential = Catalog(plugins, each).resolve("groq/llama-3.3-70b-versatile").credential
        assert str(credential) == f"{PLACES[first]} GROQ_API_KEY"


def test_a_hosts_key_is_revealed_and_kept_for_another_look(plugins: Plugins, tmp_path: Path) -> None:
    """A key that the host passes in is the one that is revealed, also after a reload."""
    environment = Environment({"GROQ_API_KEY": "other"}, home=tmp_path, keys={"GROQ_API_KEY": SECRET})
    catalog = Catalog(plugins, environment).reload()
    assert catalog.environment.reveal(catalog.resolve("groq/llama-3.3-70b-versatile").credential) == SECRET


def test_the_keyring_holds_no_settings(plugins: Plugins, tmp_path: Path) -> None:
    """A name in the index fills no setting: a base URL is never read from the keyring."""
    index = tmp_path / "state" / "keyring.names"
    index.parent.mkdir()
    index.write_text("OPENAI_BASE_URL\nOLLAMA_BASE_URL\n", encoding="utf-8")
    catalog = Catalog(plugins, Environment({"POLYROUTE_HOME": str(tmp_path)}, home=tmp_path))
    assert catalog.resolve("ollama/x").base_url == "http://localhost:11434/v1"
    assert not catalog.provider("openai-compatible").has_direct_key


# --- What may be stored ---

MASKS = ["[REDACTED]", "****cdef", "****", "sk-...cdef", "sk-•••••", "sk-ant…", "[redacted]\n"]


@pytest.mark.parametrize("text", MASKS)
def test_a_mask_that_comes_back_means_keep(shell: Shell, text: str) -> None:
    """A mask in place of a key changes nothing, is reported, and the command succeeds."""
    shell.run("keys", "set", "anthropic", given=SECRET)
    before = dotenv(shell).read_bytes()
    done = shell.run("keys", "set", "anthropic", given=text)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing was changed" in done.stderr
    assert shell.json("keys", "set", "anthropic", given=text)["kept"]
    assert dotenv(shell).read_bytes() == before


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40))
def test_our_mask_is_a_mask_and_shows_little(secret: str) -> None:
    """The result of `masked` is recognized as a mask, has at most four characters of a key, and none of a short key."""
    shown = masked(secret)
    assert is_masked(shown)
    assert shown == "*" * 4 + (secret[-4:] if len(secret) >= 12 else "")


@pytest.mark.parametrize("text", ["", "\n", "a b", "a\nB=c", "a\n\n", " a", "a\tb", "a\0b", "kéy", "a\rb"])
def test_what_is_no_key_is_refused(shell: Shell, text: str) -> None:
    """An empty key, and one with white space, line breaks, control or non-ASCII characters, is refused (exit 2)."""
    done = shell.run("keys", "set", "anthropic", given=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing was stored" in done.stderr
    assert not dotenv(shell).exists()


@pytest.mark.parametrize("text", ["$OPENAI_API_KEY", "${OPENAI_API_KEY}", "keyring:mine"])
def test_a_reference_is_no_key(shell: Shell, text: str) -> None:
    """A reference to a variable is refused as a key (exit 2), since some readers of the file would expand it."""
    done = shell.run("keys", "set", "anthropic", given=text, OPENAI_API_KEY="sk-other")
    assert (done.returncode, done.stdout) == (2, "")
    assert "enter the key itself" in done.stderr
    assert not dotenv(shell).exists()


def test_bytes_that_are_no_text_are_refused(shell: Shell) -> None:
    """Bytes that are not text are refused (exit 2)."""
    command = f"printf '\\377\\376' | '{POLYROUTE}' keys set anthropic"
    done = shell.start(["sh", "-c", command], PYTHONIOENCODING="utf-8", LC_ALL="C.UTF-8")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_line_end_of_either_kind_is_no_part_of_a_key(make_catalog: MakeCatalog) -> None:
    """A line end that a pipe or a form appends is not part of the key."""
    for text in ("key-1\n", "key-2\r\n", "key-3"):
        catalog = make_catalog()
        keys.store(catalog, "groq", text)
        route = catalog.reload().resolve("groq/llama-3.3-70b-versatile")
        assert catalog.reload().environment.reveal(route.credential) == text.strip()


@pytest.mark.parametrize("extra", [[SECRET], [f"--key={SECRET}"], ["--value", SECRET]])
def test_a_key_is_never_an_argument(shell: Shell, extra: list[str]) -> None:
    """A key among the arguments is refused (exit 2), and is not repeated."""
    done = shell.run("keys", "set", "anthropic", *extra)
    assert done.returncode == 2
    assert SECRET not in done.stdout + done.stderr
    assert "never an argument" in done.stderr


def test_a_key_in_the_place_of_a_provider_is_not_repeated(shell: Shell) -> None:
    """A key that is passed in place of the provider is not repeated in the output."""
    for line in (["keys", "set", SECRET], ["keys", "list", SECRET], ["keys", "remove", SECRET]):
        done = shell.run(*line, given="x")
        assert done.returncode == 2
        assert SECRET not in done.stdout + done.stderr


def test_a_key_is_typed_unseen(shell: Shell) -> None:
    """On a terminal the command prompts for the key, and does not echo it."""
    typed = {"ANTHROPIC_API_KEY (not shown): ": f"{SECRET}\n"}
    status, shown = shell.on_terminal("keys", "set", "anthropic", typed=typed, POLYROUTE_OFFLINE="1")
    assert status == 0
    assert SECRET not in shown
    assert parse(dotenv(shell).read_text(encoding="utf-8")) == {"ANTHROPIC_API_KEY": SECRET}


def test_no_answer_to_the_prompt(shell: Shell) -> None:
    """Ctrl-D at the prompt means no key (exit 2), and nothing is stored."""
    status, shown = shell.on_terminal("keys", "set", "anthropic", typed={"not shown": "\x04"})
    assert status == 2
    assert "nothing was stored" in shown
    assert not dotenv(shell).exists()


@pytest.mark.parametrize("provider", ["ollama", "local", "vertex", "sap-ai-core"])
def test_a_provider_without_a_single_key(shell: Shell, provider: str) -> None:
    """A provider that needs no key, or several, can't have one stored (exit 2), and the message says where to look."""
    done = shell.run("keys", "set", provider, given=SECRET)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"polyroute explain {provider}" in done.stderr


@pytest.mark.parametrize(
    ("provider", "variable", "missing"),
    [("bedrock", "AWS_BEARER_TOKEN_BEDROCK", "AWS_REGION"), ("azure", "AZURE_API_KEY", "AZURE_RESOURCE_NAME")],
)
def test_a_cloud_needs_more_than_its_key(shell: Shell, provider: str, variable: str, missing: str) -> None:
    """The key of an own cloud is stored under its variable, and the output says what else is missing."""
    document = shell.json("keys", "set", provider, given=SECRET)
    assert document["variable"] == variable
    assert any(missing in note for note in document["notes"])


def test_every_provider_has_its_first_variable_or_says_why_not(plugins: Plugins) -> None:
    """A key can be stored for nearly every provider, the gateways included."""
    settable = {}
    for provider in plugins.providers.values():
        try:
            settable[provider.id] = keys.variable_of(provider)
        except UsageError:
            assert provider.kind in ("own-cloud", "own-server")
    assert settable["dexto"] == "DEXTO_API_KEY"
    assert settable["google"] == "GOOGLE_GENERATIVE_AI_API_KEY"
    assert len(settable) > 0.9 * len(plugins.providers)


def test_an_alias_is_the_provider(shell: Shell) -> None:
    """A key stored under an alias belongs to the provider."""
    assert shell.json("keys", "set", "gemini", given=SECRET)["provider"] == "google"


def test_what_wins_over_the_stored_key_is_told(shell: Shell) -> None:
    """If a variable of the process wins over the key just stored, the output says so."""
    done = shell.run("keys", "set", "anthropic", given=SECRET, ANTHROPIC_API_KEY=OTHER)
    assert done.returncode == 0
    assert "anthropic is still called with env ANTHROPIC_API_KEY, which takes precedence" in done.stderr


def test_an_unreadable_dotenv_is_not_overwritten(shell: Shell) -> None:
    """A global .env that can't be parsed stays unchanged (exit 3)."""
    dotenv(shell).parent.mkdir()
    dotenv(shell).write_bytes(b"\xff\xfe")
    done = shell.run("keys", "set", "anthropic", given=SECRET)
    assert (done.returncode, done.stdout) == (3, "")
    assert "was not changed" in done.stderr
    assert dotenv(shell).read_bytes() == b"\xff\xfe"


# --- A gateway's own key ---


def test_a_gateways_key_pins_it_to_direct(shell: Shell) -> None:
    """A key stored for OpenRouter while Dexto is preferred is used from then on, and the pin is reported."""
    both = {"DEXTO_API_KEY": OTHER}
    assert shell.json("resolve", "openrouter/x", **both)["route"]["via"] == "dexto"
    done = shell.run("keys", "set", "openrouter", given=SECRET, **both)
    assert "openrouter now runs direct, not via dexto" in done.stderr
    assert tomllib.loads(shell.config.read_text(encoding="utf-8")) == {"pins": {"openrouter": "direct"}}
    assert shell.json("resolve", "openrouter/x", **both)["route"]["via"] == "direct"
    assert shell.run("prefer", "--unset", "--for", "openrouter", **both).returncode == 0
    assert shell.json("resolve", "openrouter/x", **both)["route"]["via"] == "dexto"


def test_no_pin_leaves_the_order_alone(shell: Shell) -> None:
    """With --no-pin a gateway's key is stored, and the order of routes does not change."""
    assert shell.json("keys", "set", "openrouter", "--no-pin", given=SECRET)["pinned"] is None
    assert not shell.config.exists()


@pytest.mark.parametrize(
    ("provider", "config"),
    [
        ("anthropic", ""),
        ("dexto", ""),
        ("openrouter", 'prefer = "direct"\n'),
        ("openrouter", 'pins = { openrouter = "dexto" }\n'),
        ("openrouter", 'order = ["dexto"]\n'),
    ],
)
def test_what_is_not_pinned(shell: Shell, provider: str, config: str) -> None:
    """No pin is set for other providers, where direct comes first anyway, or against the user's configuration."""
    shell.config.write_text(config, encoding="utf-8")
    assert shell.json("keys", "set", provider, given=SECRET)["pinned"] is None
    assert shell.config.read_text(encoding="utf-8") == config


def test_a_pin_that_fails_costs_no_key(shell: Shell) -> None:
    """If config.toml can't be written, the key is stored anyway, and the failure is reported."""
    shell.config.write_text("pins = ", encoding="utf-8")
    done = shell.run("keys", "set", "openrouter", given=SECRET)
    assert done.returncode == 0
    assert "openrouter could not be pinned to direct" in done.stderr
    assert parse(dotenv(shell).read_text(encoding="utf-8")) == {"OPENROUTER_API_KEY": SECRET}


class Gateways:
    """A host's plugin with two gateways, of which one carries the other and is preferred."""

    @hookimpl
    def polyroute_providers(self) -> list[Provider]:
        """Return both gateways."""
        names = ("inner", "outer")
        slots = {name: Slot("key", (Alternative(f"{name.upper()}_KEY"),), secret=True) for name in names}
        gateways = {name: (Group((slot,)),) for name, slot in slots.items()}
        return [Provider(name, name, "gateway", needs, f"https://{name}.example") for name, needs in gateways.items()]

    @hookimpl
    def polyroute_routeability(self) -> list[Routeability]:
        """Return rules by which the outer gateway carries the inner."""
        return [Routeability("inner"), Routeability("outer", providers=("inner",), preferred=True)]


def test_any_gateway_is_pinned_that_another_carries(make_environment: MakeEnvironment) -> None:
    """Storing a gateway's own key pins it to direct, for any gateway that another one carries."""
    catalog = Catalog.load([Gateways()], only=[], environment=make_environment(OUTER_KEY="o"))
    assert catalog.provider("inner").routes[0].via == "outer"
    assert keys.store(catalog, "inner", "i").pinned == catalog.environment.config_path
    assert catalog.reload().provider("inner").routes[0].via == "direct"


# --- Listing ---


def test_keys_are_listed_with_source_and_mask(keyring: Shell) -> None:
    """`keys list` has each provider with a key, where the key comes from, and the last characters of a long key."""
    keyring.run("keys", "set", "anthropic", given=SECRET)
    document = keyring.json("keys", "list", DEXTO_API_KEY=OTHER, GROQ_API_KEY="short-key-1")
    listed = {each["provider"]: (each["credential"], each["mask"]) for each in document["keys"]}
    assert listed == {
        "anthropic": ("keyring ANTHROPIC_API_KEY", "****cdef"),
        "dexto": ("env DEXTO_API_KEY", "****3210"),
        "groq": ("env GROQ_API_KEY", "****"),
    }
    table = keyring.run("keys", "list").stdout
    assert table.split() == "Provider Key From Also read by anthropic ****cdef keyring ANTHROPIC_API_KEY".split()


def test_keys_of_named_providers(shell: Shell) -> None:
    """All providers that are named are listed, and the command exits with 1 if one has no key."""
    done = shell.run("keys", "list", "groq", "anthropic", "--json", GROQ_API_KEY=SECRET)
    assert done.returncode == 1
    assert [(each["provider"], each["mask"]) for each in json.loads(done.stdout)["keys"]] == [
        ("groq", "****cdef"),
        ("anthropic", None),
    ]
    assert shell.run("keys", "list", "groq", GROQ_API_KEY=SECRET).returncode == 0
    assert shell.run("keys", "list").returncode == 1


def test_a_login_and_a_cloud_are_told_from_keys(shell: Shell) -> None:
    """A key in auth.json is listed with its place; a cloud identity has no key to list."""
    dotenv(shell).parent.mkdir()
    (dotenv(shell).parent / "auth.json").write_text(json.dumps({"dextoApiKey": SECRET}), encoding="utf-8")
    identity = {"AWS_ACCESS_KEY_ID": OTHER, "AWS_SECRET_ACCESS_KEY": OTHER, "AWS_REGION": "eu-west-1"}
    found = shell.json("keys", "list", **identity)["keys"]
    assert [(each["provider"], each["source"]["field"]) for each in found] == [("dexto", "dextoApiKey")]


# --- Removing ---


def test_removing_leaves_everything_else(shell: Shell) -> None:
    """`keys remove` deletes the key from the .env and leaves the rest of the file unchanged."""
    dotenv(shell).parent.mkdir()
    dotenv(shell).write_text("# mine\nGROQ_API_KEY=g\nexport ANTHROPIC_API_KEY=a\n", encoding="utf-8")
    done = shell.run("keys", "remove", "anthropic")
    assert (done.returncode, done.stderr) == (0, "")
    assert dotenv(shell).read_text(encoding="utf-8") == "# mine\nGROQ_API_KEY=g\n"


def test_a_key_that_is_left_elsewhere_is_told(shell: Shell) -> None:
    """If the provider has another key that Polyroute can't remove, its place is reported, and the exit status is 1."""
    shell.run("keys", "set", "anthropic", given=SECRET)
    done = shell.run("keys", "remove", "anthropic", CLAUDE_API_KEY=OTHER)
    assert done.returncode == 1
    assert "The key of anthropic was removed: global .env ANTHROPIC_API_KEY." in done.stdout
    assert "anthropic still has a key, which you must remove at its source: env CLAUDE_API_KEY." in done.stdout
    document = shell.json("keys", "remove", "anthropic", CLAUDE_API_KEY=OTHER)
    assert (document["removed"], document["left"]["name"]) == ([], "CLAUDE_API_KEY")


def test_removing_nothing_is_a_no(shell: Shell) -> None:
    """If there is no key to remove, the command exits with 1 and creates no file."""
    done = shell.run("keys", "remove", "anthropic")
    assert (done.returncode, done.stdout) == (1, "Polyroute has stored no key of anthropic.\n")
    assert not dotenv(shell).exists()


# --- Revealing, for other programs ---


def test_a_revealed_credential(shell: Shell) -> None:
    """On a pipe, `credential --reveal` prints what a program needs to call the model."""
    assert revealed(shell, "anthropic/claude-sonnet-4-5", DEXTO_API_KEY=SECRET) == {
        "type": "api-key",
        "value": SECRET,
        "header": "Authorization",
        "prefix": "Bearer ",
        "baseUrl": "https://app.dexto.ai/v1",
        "headers": {},
        "expiresAt": None,
    }
    assert revealed(shell, "ollama/x")["value"] == ""


def test_a_credential_by_another_route(shell: Shell) -> None:
    """`--via` takes the named route, by any name of the gateway; a route that is not usable exits with 1."""
    both = {"DEXTO_API_KEY": SECRET, "ANTHROPIC_API_KEY": OTHER}
    line = ["credential", "anthropic/claude-sonnet-4-5", "--reveal", "--via"]
    assert json.loads(shell.run(*line, "direct", **both).stdout)["header"] == "x-api-key"
    assert json.loads(shell.run(*line, "dexto-nova", **both).stdout)["value"] == SECRET
    done = shell.run(*line, "direct", DEXTO_API_KEY=SECRET)
    assert (done.returncode, done.stdout) == (1, "")
    assert "via dexto" not in done.stderr
    assert shell.run(*line, "nowhere", **both).returncode == 2


def test_without_reveal_only_the_source_is_told(shell: Shell) -> None:
    """Without --reveal the command prints where the credential is found, and nothing secret."""
    done = shell.run("credential", "anthropic/claude-sonnet-4-5", DEXTO_API_KEY=SECRET)
    assert done.stdout == "anthropic/claude-sonnet-4-5 is called with env DEXTO_API_KEY at https://app.dexto.ai/v1.\n"
    document = shell.json("credential", "anthropic/claude-sonnet-4-5", DEXTO_API_KEY=SECRET)
    assert (document["source"]["name"], document["auth"]["header"]) == ("DEXTO_API_KEY", "Authorization")
    assert SECRET not in json.dumps(document)


def test_a_secret_is_revealed_on_a_pipe_only(shell: Shell, tmp_path: Path) -> None:
    """A terminal, a file and /dev/null are refused (exit 2) before anything is read; pipes and sockets are not."""
    line = ["credential", "anthropic/claude-sonnet-4-5", "--reveal"]
    status, shown = shell.on_terminal(*line, ANTHROPIC_API_KEY=SECRET)
    assert (status, SECRET in shown) == (2, False)
    for target in (tmp_path / "file", Path(os.devnull)):
        with target.open("w") as file:
            environment = shell.variables | {"ANTHROPIC_API_KEY": SECRET}
            done = subprocess.run([POLYROUTE, *line], env=environment, stdout=file, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 2
        assert b"to a pipe only" in done.stderr
    assert (tmp_path / "file").read_text(encoding="utf-8") == ""


def test_nothing_to_reveal(shell: Shell) -> None:
    """A model that can't be run exits with 1 and a remedy; a cloud identity has no single secret (exit 3)."""
    assert shell.run("credential", "anthropic/claude-sonnet-4-5", "--reveal").returncode == 1
    found = shell.json("credential", "anthropic/claude-sonnet-4-5")
    assert (found["route"], found["routes"][0]["remedy"]) == (None, "Run `dexto login`, or set DEXTO_API_KEY.")
    identity = {"AWS_ACCESS_KEY_ID": OTHER, "AWS_SECRET_ACCESS_KEY": OTHER, "AWS_REGION": "eu-west-1"}
    done = shell.run("credential", "bedrock/x", "--reveal", **identity)
    assert (done.returncode, done.stdout) == (3, "")
