"""The `polyroute custom` command in real processes: what it prints, what it stores, and what it never reveals."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.shell import POLYROUTE, Shell

GLM = "openrouter/z-ai/glm-4.5-air:free"
URL = "http://localhost:4000/v1"
KEY = "sk-canary-7f3a9c-0123456789abcdef"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell with a temporary home folder."""
    return Shell(tmp_path)


@pytest.fixture
def file(shell: Shell) -> Path:
    """The path of the user's file of custom models, which doesn't exist yet."""
    return shell.home / ".dexto" / "models" / "custom-models.json"


def stored(file: Path) -> list[dict[str, Any]]:
    """Return the entries of the file."""
    models: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["models"]
    return models


def add_server(shell: Shell, *more: str, key: str = KEY) -> None:
    """Add a model on a server that has its own key."""
    done = shell.run("custom", "add", "litellm/m", "--base-url", URL, "--key-stdin", *more, given=f"{key}\n")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("list", 0),
        (f"add {GLM}", 0),
        ("add local/m --file-path /m.gguf", 0),
        ("add bedrock/eu.made-up-v1:0", 0),
        ("export", 0),
        ("repair", 0),
        ("", 2),
        ("add", 2),
        ("add openrouter", 2),
        ("add nobody/m", 2),
        ("add anthropic/m", 2),
        ("add dexto/m", 2),
        ("add dexto-nova/openai/gpt-5", 0),
        ("add litellm/m", 2),
        ("add openrouter/m --max-input-tokens many", 2),
        ("add openrouter/m --max-input-tokens -1", 2),
        ("add openrouter/m --key-stdin", 2),
        (f"show {GLM}", 2),
        (f"edit {GLM} --display-name x", 2),
        (f"edit {GLM}", 2),
        (f"rename {GLM} x", 2),
        (f"remove {GLM}", 2),
        ("import /no/such/file", 3),
        ("import pyproject.toml", 2),
        ("import x --on-conflict ask", 2),
    ],
)
def test_exit_statuses(shell: Shell, line: str, expected: int) -> None:
    """Exit status 0 means done, 2 bad input, 3 that it could not be done; there is never a traceback."""
    done = shell.run("custom", *line.split())
    assert done.returncode == expected, done.stderr
    assert "Traceback" not in done.stderr
    assert bool(done.stdout) == (expected == 0)


def test_add_tells_by_which_route_it_would_run(shell: Shell, file: Path) -> None:
    """With only the gateway's key, the model runs via the gateway under the same ID; only given fields are stored."""
    done = shell.run("custom", "add", GLM, "--display-name", "GLM Air", DEXTO_API_KEY="d")
    assert "via dexto now, as z-ai/glm-4.5-air:free" in done.stdout
    assert stored(file) == [{"provider": "openrouter", "name": "z-ai/glm-4.5-air:free", "displayName": "GLM Air"}]
    assert shell.json("resolve", GLM, DEXTO_API_KEY="d")["route"]["modelId"] == "z-ai/glm-4.5-air:free"


def test_a_base_url_is_stored_as_it_is_meant(shell: Shell, file: Path) -> None:
    """An address without scheme and version, or with a method, is stored as a base URL, and the user is told."""
    done = shell.run("custom", "add", "ollama/m", "--base-url", "host:11434/api/chat")
    assert "The base URL is stored as http://host:11434/v1." in done.stdout + done.stderr
    given = shell.run("custom", "edit", "ollama/m", "--base-url", "http://host:11434/v1")
    assert "is stored as" not in given.stdout + given.stderr
    assert [each["baseURL"] for each in stored(file)] == ["http://host:11434/v1"]


def test_a_base_url_in_the_file_that_can_hardly_be_meant(shell: Shell, file: Path) -> None:
    """A base URL that another program wrote is used as it is, and `custom show` says how it may be meant."""
    file.parent.mkdir(parents=True)
    entry = {"provider": "openai-compatible", "name": "m", "baseURL": "http://host:1/v1/chat/completions"}
    file.write_text(json.dumps({"version": 1, "models": [entry]}), encoding="utf-8")
    assert "may be meant as http://host:1/v1" in shell.run("custom", "show", "openai-compatible/m").stderr


def test_add_tells_what_is_missing(shell: Shell) -> None:
    """Without any credential, `add` prints the remedy for each route."""
    done = shell.run("custom", "add", GLM)
    assert "can't be run yet" in done.stdout
    assert "OPENROUTER_API_KEY" in done.stdout
    assert "DEXTO_API_KEY" in done.stdout


def test_an_id_that_is_in_no_list_is_added_with_advice(shell: Shell, file: Path) -> None:
    """An ID that is not in the gateway's list is stored unchanged, and similar IDs are suggested in a note."""
    document = shell.json("custom", "add", "openrouter/z-ai/glm-4.5-air:fre", OPENROUTER_API_KEY="o")
    assert document["runs"] == "direct"
    assert document["created"] is True
    assert GLM in " ".join(document["notes"])
    assert stored(file)[0]["name"] == "z-ai/glm-4.5-air:fre"
    assert shell.json("custom", "add", GLM)["notes"] == []


def test_list_as_json(shell: Shell) -> None:
    """`list --json` has each model with its provider, its name and its stored fields, with the key masked."""
    add_server(shell, "--max-input-tokens", "1000")
    document = shell.json("custom", "list")
    entry = {"provider": "litellm", "name": "m", "baseURL": URL, "maxInputTokens": 1000, "apiKey": "****cdef"}
    assert document == {"schema": 1, "models": [entry], "problems": []}
    assert shell.json("custom", "show", "litellm/m")["model"] == entry


def test_custom_models_are_among_the_models(shell: Shell) -> None:
    """`polyroute models` lists custom models and marks them in JSON."""
    add_server(shell)
    (model,) = shell.json("models", "litellm/m", "--available")["models"]
    assert (model["provider"], model["model"], model["custom"]) == ("litellm", "m", True)


def test_editing_keeps_what_is_not_named(shell: Shell, file: Path) -> None:
    """`edit` changes the given fields, removes the cleared ones and keeps all others, including unknown fields."""
    add_server(shell, "--display-name", "M")
    (entry,) = stored(file)
    file.write_text(json.dumps({"version": 1, "models": [{**entry, "new": {"a": [1]}}]}), encoding="utf-8")
    assert (
        shell.run("custom", "edit", "litellm/m", "--max-output-tokens", "9", "--clear", "display-name").returncode == 0
    )
    assert stored(file) == [
        {"provider": "litellm", "name": "m", "baseURL": URL, "apiKey": KEY, "new": {"a": [1]}, "maxOutputTokens": 9}
    ]


def test_a_key_stays_with_its_base_url(shell: Shell, file: Path) -> None:
    """A new base URL requires either the key again or `--keep-key`."""
    add_server(shell)
    refused = shell.run("custom", "edit", "litellm/m", "--base-url", "http://elsewhere/v1")
    assert refused.returncode == 2
    assert "--keep-key" in refused.stderr
    assert stored(file)[0]["baseURL"] == URL
    assert shell.run("custom", "edit", "litellm/m", "--base-url", "http://two/v1", "--keep-key").returncode == 0
    assert shell.run("custom", "edit", "litellm/m", "--base-url", "http://three/v1", "--no-key").returncode == 0
    assert "apiKey" not in stored(file)[0]


def test_a_key_by_name(shell: Shell, file: Path) -> None:
    """A variable or a keyring entry can be given instead of a key."""
    done = shell.run("custom", "add", "litellm/m", "--base-url", URL, "--key-variable", "MY_KEY", MY_KEY=KEY)
    assert "env MY_KEY" in done.stdout
    assert stored(file)[0]["apiKey"] == "${MY_KEY}"
    assert shell.run("custom", "edit", "litellm/m", "--key-keyring", "mine").returncode == 0
    assert stored(file)[0]["apiKey"] == "keyring:mine"


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("add litellm/m", "--base-url"),
        ("add local/m", "--file-path"),
        ("add bedrock/m --max-input-tokens 0", "--max-input-tokens"),
        ("edit litellm/there --clear base-url", "--base-url"),
    ],
)
def test_a_field_that_is_wrong_is_told_with_its_option(shell: Shell, line: str, option: str) -> None:
    """The error about a missing or invalid field also names the command's option for it."""
    shell.run("custom", "add", "litellm/there", "--base-url", URL)
    assert option in shell.run("custom", *line.split()).stderr


@pytest.mark.parametrize("name", ["$MY_KEY", KEY, "", "MY KEY"])
def test_what_is_no_name_of_a_variable(shell: Shell, file: Path, name: str) -> None:
    """A key given as the name of a variable is refused and not repeated, as is an invalid variable name."""
    done = shell.run("custom", "add", "litellm/m", "--base-url", URL, "--key-variable", name)
    assert done.returncode == 2
    assert "apiKey must be" in done.stderr
    assert KEY not in done.stderr
    assert not file.exists()


def test_a_field_is_not_given_and_cleared(shell: Shell, file: Path) -> None:
    """If a field is both set and cleared, the command is refused and nothing changes."""
    add_server(shell)
    before = file.read_bytes()
    for line in ("--no-key --key-variable MINE", "--clear display-name --display-name M"):
        done = shell.run("custom", "edit", "litellm/m", *line.split())
        assert done.returncode == 2
        assert "one of the two" in done.stderr
    assert file.read_bytes() == before


def test_what_is_cleared_must_be_a_field(shell: Shell, file: Path) -> None:
    """For a misspelled field to clear, the error lists the known fields; a field that is not set may be cleared."""
    add_server(shell)
    done = shell.run("custom", "edit", "litellm/m", "--clear", "displayNam")
    assert done.returncode == 2
    assert "displayNam" in done.stderr
    assert "--base-url" in done.stderr
    assert shell.run("custom", "edit", "litellm/m", "--clear", "file-path").returncode == 0


def test_a_relative_path_is_stored_whole(shell: Shell, file: Path) -> None:
    """A relative path is stored as an absolute path, so that the file is found from every folder."""
    (shell.home / "m.gguf").touch()
    moved = ["sh", "-c", f'cd "$HOME" && exec {POLYROUTE} custom add local/m --file-path m.gguf']
    assert "direct" in shell.start(moved).stdout
    assert stored(file)[0]["filePath"] == str(shell.home / "m.gguf")


def test_a_number_beyond_all_is_null_in_json(shell: Shell, file: Path) -> None:
    """A number that JSON can't represent is printed as `null`, as in JavaScript, and stays in the file."""
    entry = '{"provider": "openrouter", "name": "m", "new": [1e400, -1e400, 1' + 500 * "0" + "]}"
    file.parent.mkdir(parents=True)
    file.write_text(f'{{"version": 1, "models": [{entry}]}}', encoding="utf-8")
    shell.run("custom", "add", "openrouter/n")
    for line in ("list", "show openrouter/m"):
        done = shell.run("custom", *line.split(), "--json")
        assert "Infinity" not in done.stdout
        assert '"new": [null, null, null]' in done.stdout
    assert entry in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("unreachable", ["loop", "folder"])
def test_a_file_that_cannot_be_reached_is_told(shell: Shell, file: Path, unreachable: str) -> None:
    """A file that can't be read is reported as a problem, not treated as a missing file."""
    file.parent.mkdir(parents=True)
    file.symlink_to(file) if unreachable == "loop" else file.mkdir()
    assert "can't be read" in shell.run("custom", "list").stderr
    assert [each["path"] for each in shell.json("custom", "list")["problems"]] == [str(file)]
    assert "can't be read" in shell.run("resolve", GLM).stderr


def test_renaming_to_what_looks_like_a_reference(shell: Shell) -> None:
    """The new ID is kept unchanged; a note says that it includes the provider, unless a list contains the ID."""
    add_server(shell)
    done = shell.run("custom", "rename", "litellm/m", "litellm/n")
    assert "litellm/m was renamed to litellm/litellm/n" in done.stdout
    assert "polyroute custom rename litellm/litellm/n n" in done.stderr
    shell.run("custom", "add", GLM)
    assert shell.json("custom", "rename", GLM, "openrouter/auto")["notes"] == []


def test_renaming_and_removing(shell: Shell, file: Path) -> None:
    """A renamed model keeps all its fields; a removed model is gone."""
    add_server(shell)
    assert shell.run("custom", "rename", "litellm/m", "new/id:free").returncode == 0
    assert stored(file) == [{"provider": "litellm", "name": "new/id:free", "baseURL": URL, "apiKey": KEY}]
    assert shell.json("custom", "remove", "litellm/new/id:free")["removed"]["name"] == "new/id:free"
    assert stored(file) == []


def test_a_hidden_prompt_on_a_terminal(shell: Shell, file: Path) -> None:
    """If a key is missing and stdin is a terminal, the command prompts for the key without echoing it."""
    ours, its = pty.openpty()
    command = [POLYROUTE, "custom", "add", "openrouter/m"]
    with subprocess.Popen(command, env=shell.variables, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        shown = b""
        while b"not shown" not in shown:
            shown += os.read(ours, 65536)
        os.write(ours, f"{KEY}\n".encode())
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # on Linux, the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert stored(file)[0]["apiKey"] == KEY
    assert KEY[:-4] not in shown.decode()


def test_no_key_is_asked_for_that_is_not_needed(shell: Shell, file: Path) -> None:
    """For a model that can be run already, the command doesn't prompt for a key, even on a terminal."""
    status, shown = shell.on_terminal("custom", "add", GLM, DEXTO_API_KEY="d")
    assert status == 0
    assert "not shown" not in shown
    assert "apiKey" not in stored(file)[0]


def test_no_key_is_asked_for_a_file_that_is_not_there(shell: Shell, file: Path) -> None:
    """For a model whose file doesn't exist, the command doesn't prompt for a key, which would not make it usable."""
    status, shown = shell.on_terminal("custom", "add", "local/m", "--file-path", "/no/such/m.gguf")
    assert status == 0
    assert "not shown" not in shown
    assert "does not exist" in shown


def test_no_answer_to_the_prompt(shell: Shell, file: Path) -> None:
    """Ctrl-D at the prompt means no key: the model is added, and what is missing is reported."""
    status, shown = shell.on_terminal("custom", "add", GLM, typed="\x04")
    assert status == 0
    assert "can't be run yet" in shown
    assert "apiKey" not in stored(file)[0]


def test_a_key_at_the_prompt_that_can_not_be_one(shell: Shell, file: Path) -> None:
    """If the key typed at the prompt is invalid, the model is added without it, and the error says how to set one."""
    status, shown = shell.on_terminal("custom", "add", GLM, typed="ké\n")
    assert status == 2
    assert "was added without a key" in shown
    assert "custom edit" in shown
    assert "apiKey" not in stored(file)[0]


# --- Import and export ---


def test_export_and_import(shell: Shell, file: Path, tmp_path: Path) -> None:
    """Exported models are imported unchanged; keys are included only if both commands are given `--with-secrets`."""
    add_server(shell)
    whole, bare = tmp_path / "whole.json", tmp_path / "bare.json"
    assert shell.run("custom", "export", str(bare)).returncode == 0
    assert shell.run("custom", "export", str(whole), "--with-secrets").returncode == 0
    assert KEY not in bare.read_text(encoding="utf-8")
    before = stored(file)
    shell.run("custom", "remove", "litellm/m")
    document = shell.json("custom", "import", str(whole))
    assert document["entries"] == [{"model": "litellm/m", "action": "added", "note": "secrets were left out"}]
    assert "apiKey" not in stored(file)[0]
    shell.run("custom", "remove", "litellm/m")
    assert shell.json("custom", "import", str(whole), "--with-secrets")["written"] is True
    assert stored(file) == before
    assert whole.stat().st_mode & 0o777 == 0o600
    assert shell.run("custom", "export", str(whole)).returncode == 2


def test_an_export_is_utf_8_everywhere(shell: Shell) -> None:
    """An export is UTF-8 even if the output has another encoding, so that it can be imported."""
    shell.run("custom", "add", "openrouter/é🎉", "--display-name", "ü")
    exported = shell.run("custom", "export", PYTHONIOENCODING="latin-1").stdout
    shell.run("custom", "remove", "openrouter/é🎉")
    assert shell.run("custom", "import", "-", given=exported).returncode == 0
    assert shell.json("custom", "show", "openrouter/é🎉")["model"]["displayName"] == "ü"


def test_a_dry_run_writes_nothing(shell: Shell, file: Path) -> None:
    """A dry run reports the action for each entry and doesn't change the file."""
    add_server(shell)
    before = file.read_bytes()
    entries = [
        {"provider": "openrouter", "name": "n"},
        {"provider": "litellm", "name": "m", "baseURL": URL},
        {"name": ""},
    ]
    done = shell.run(
        "custom", "import", "-", "--dry-run", "--on-conflict", "replace", "--json", given=json.dumps(entries)
    )
    document = json.loads(done.stdout)
    assert [entry["action"] for entry in document["entries"]] == ["added", "replaced", "refused"]
    assert document["written"] is False
    assert done.returncode == 1
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("policy", "actions", "names", "status"),
    [
        ("fail", ["added", "conflict"], ["M"], 1),
        ("skip", ["added", "skipped"], ["M", "N"], 0),
        ("replace", ["added", "replaced"], ["other", "N"], 0),
    ],
)
def test_conflicts(shell: Shell, file: Path, policy: str, actions: list[str], names: list[str], status: int) -> None:
    """An entry for an existing model is skipped, replaces it, or prevents the whole import, depending on the policy."""
    shell.run("custom", "add", "openrouter/m", "--display-name", "M")
    entries = [
        {"provider": "openrouter", "name": each, "displayName": text} for each, text in (("n", "N"), ("m", "other"))
    ]
    done = shell.run("custom", "import", "-", "--on-conflict", policy, "--json", given=json.dumps(entries))
    assert done.returncode == status
    assert [entry["action"] for entry in json.loads(done.stdout)["entries"]] == actions
    assert [entry["displayName"] for entry in stored(file)] == names


@pytest.mark.parametrize("text", ["[{entry}]", '{{"version": 1, "models": [{entry}]}}'])
def test_an_import_with_a_byte_order_mark(shell: Shell, file: Path, text: str) -> None:
    """A byte order mark is accepted before a list and before a file of custom models."""
    entry = {"provider": "openrouter", "name": "m"}
    assert shell.run("custom", "import", "-", given="\ufeff" + text.format(entry=json.dumps(entry))).returncode == 0
    assert stored(file) == [entry]


def test_a_refused_entry_says_nothing_of_the_others(shell: Shell) -> None:
    """A refused entry is reported on its own, and the other entries are written."""
    entries = [{"provider": "litellm", "name": "m"}, {"provider": "openrouter", "name": "n"}]
    done = shell.run("custom", "import", "-", given=json.dumps(entries))
    assert "baseURL is missing" in done.stdout
    assert "openrouter/n was added" in done.stdout
    assert "Nothing was" not in done.stdout


@pytest.mark.parametrize("url", [URL, "http://evil.example/v1"])
def test_an_import_inherits_a_key_only_for_its_base_url(shell: Shell, file: Path, url: str) -> None:
    """An entry that replaces another inherits its stored key only if both have the same base URL."""
    add_server(shell)
    entry = {"provider": "litellm", "name": "m", "baseURL": url, "apiKey": "[REDACTED]"}
    shell.run("custom", "import", "-", "--on-conflict", "replace", given=json.dumps([entry]))
    assert stored(file)[0]["baseURL"] == url
    assert stored(file)[0].get("apiKey") == (KEY if url == URL else None)


def test_an_imported_variable_is_left_out(shell: Shell, file: Path) -> None:
    """A key reference in an imported file is left out, so that no key of the user is sent to that file's base URL."""
    entry = {"provider": "litellm", "name": "m", "baseURL": "http://evil.example", "apiKey": "$OPENAI_API_KEY"}
    shell.run("custom", "import", "-", given=json.dumps({"version": 1, "models": [entry]}))
    assert "apiKey" not in stored(file)[0]


def test_unknown_providers_are_imported(shell: Shell, file: Path) -> None:
    """An entry of a provider that is not installed is kept, and the list marks the provider as not available."""
    entry = {"provider": "from-2030", "name": "m", "new": 1}
    assert shell.run("custom", "import", "-", given=json.dumps([entry])).returncode == 0
    assert not file.exists()
    assert stored(shell.ours / "custom-models.json") == [entry]
    assert "provider not available" in shell.run("custom", "list").stdout


def test_repair(shell: Shell, file: Path) -> None:
    """`repair` keeps a copy of the broken file and recovers the readable entries."""
    add_server(shell)
    text = file.read_text(encoding="utf-8")
    file.write_text(text[:-3], encoding="utf-8")
    assert shell.run("custom", "add", "openrouter/m").returncode == 3
    document = shell.json("custom", "repair")
    assert document["repaired"]["saved"] == 1
    assert Path(document["repaired"]["original"]).read_text(encoding="utf-8") == text[:-3]
    assert shell.json("custom", "list")["models"][0]["name"] == "m"


# --- Secrets are never printed ---


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_no_command_shows_a_key(shell: Shell, file: Path, as_json: list[str]) -> None:
    """A model's key is stored in the file only and never printed, not even in errors, whatever the command."""
    add_server(shell)
    (entry,) = stored(file)
    newer = {**entry, "authToken": KEY, "headers": {"x-api-key": KEY}, "nested": {"deep": [{"secretKey": KEY}]}}
    newer |= {"proxy": f"http://me:{KEY}@proxy.example", "passphrase": KEY, "jar": {"cookie": [KEY]}}
    bad = [{**entry, "apiKey": [KEY]}, {**entry, "maxInputTokens": KEY}, {**entry, "name": {"x": KEY}}]
    file.write_text(json.dumps({"version": 1, "models": [newer, *bad]}), encoding="utf-8")
    (shell.home / "x.json").write_text(json.dumps([newer, *bad]), encoding="utf-8")
    lines = [
        "custom list",
        "custom show litellm/m",
        "custom edit litellm/m --display-name x",
        "custom edit litellm/m --base-url http://two.example",
        "custom rename litellm/m n",
        "custom rename litellm/n m",
        "custom add litellm/m --base-url http://localhost:1",
        "custom export",
        f"custom import {shell.home}/x.json --on-conflict replace",
        f"custom import {shell.home}/x.json --on-conflict fail",
        "status",
        "models litellm/m",
        "resolve litellm/m",
        "explain litellm/m",
        "custom remove litellm/m",
    ]
    shown = [shell.run(*line.split(), *as_json) for line in lines]
    file.write_text(json.dumps({"version": 1, "models": [newer]})[:-2], encoding="utf-8")
    lines = ["custom list", "custom add openrouter/m", "custom export", "custom repair"]
    shown += [shell.run(*line.split(), *as_json) for line in lines]
    assert [done.args for done in shown if KEY in done.stdout + done.stderr or "Traceback" in done.stderr] == []
    holders = {path.name for path in shell.home.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()}
    assert holders == {"custom-models.json", "custom-models.json.broken", "x.json"}


@pytest.mark.parametrize("line", ["status", "resolve openrouter/m", "models gpt", "explain openai"])
def test_nothing_is_imported_where_there_are_none(shell: Shell, line: str) -> None:
    """Without a file of custom models, no command imports the modules that read it."""
    code = "import sys; from polyroute.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = shell.start([sys.executable, "-c", code, *line.split()])
    modules = set(done.stderr.split())
    assert "polyroute.custom_models.loaded" in modules
    assert not modules & {
        "polyroute.custom_models.store",
        "polyroute.custom_models.models",
        "msgspec",
        "filelock",
        "pydantic",
    }


def test_status_does_not_look_at_custom_models(shell: Shell) -> None:
    """Even with a file of custom models, `status` doesn't read it."""
    add_server(shell)
    code = "import sys; from polyroute.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    done = shell.start([sys.executable, "-c", code, "status"])
    assert "polyroute.custom_models.store" not in done.stderr.split()


@pytest.mark.parametrize("line", ["add openrouter/m --key", "edit openrouter/m --api-key", "rename openrouter/m n"])
def test_a_key_that_was_given_as_an_argument_is_not_repeated(shell: Shell, line: str) -> None:
    """A key given as an argument is refused, and the message doesn't quote it."""
    done = shell.run("custom", *line.split(), KEY)
    assert done.returncode == 2
    assert KEY not in done.stdout + done.stderr
