"""`polyroute run` and `client-config`, with a client that reports what it got."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.agents import MODEL, AgentUser, Ran
from tests.support.api_endpoint import APIS, reply_with
from tests.support.apis import WORDS
from tests.support.http_server import Client
from tests.support.serving import within
from tests.support.shell import POLYROUTE

CHAT = APIS["openai-chat"]
REPORT = """\
#!{python} -I
import glob, json, os, sys, time, urllib.error, urllib.request
url = os.environ.get("ANTHROPIC_BASE_URL") or os.environ.get("GOOGLE_GEMINI_BASE_URL") or os.environ.get("AGENT_URL")
token = os.environ.get("ANTHROPIC_AUTH_TOKEN") or os.environ.get("GEMINI_API_KEY") or os.environ.get("AGENT_TOKEN")
folder = os.environ.get("GEMINI_CLI_HOME") or os.environ.get("AGENT_FOLDER") or ""
request = urllib.request.Request(url + "/api/llm/current", headers={{"authorization": "Bearer " + token}})
for _ in range(20):  # a busy machine may take longer for the first request than the server waits
    try:
        current = json.load(urllib.request.urlopen(request))
        break
    except urllib.error.HTTPError as error:
        assert error.code == 408
paths = glob.glob(folder + "/**", recursive=True, include_hidden=True) if folder else []
files = {{path[len(folder):]: open(path).read() for path in paths if os.path.isfile(path)}}
print(json.dumps({{"args": sys.argv[1:], "env": dict(os.environ), "current": current, "url": url,
                  "files": files}}), flush=True)
if "wait" in sys.argv:
    time.sleep(60)
sys.exit(7)
"""


class Runner(AgentUser):
    """A user whose agents are one script."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.bin = folder / "bin"
        super().__init__(folder, stack, str(self.bin))
        self.bin.mkdir()

    def install(self, name: str, where: Path | None = None) -> Path:
        """Install an agent, by default on PATH."""
        path = (where or self.bin) / name
        path.write_text(REPORT.format(python=sys.executable))
        path.chmod(0o755)
        return path

    def polyroute(self, *arguments: str, **variables: str) -> Ran:
        """Run a command of Polyroute to its end."""
        done = subprocess.run(
            [POLYROUTE, *arguments],
            env={**self.variables, **variables},
            cwd=self.folder / "project",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    @property
    def left(self) -> list[str]:
        """Return what is left in the folder for temporary files."""
        return [each.name for each in (self.folder / "tmp").iterdir()]


@pytest.fixture
def user(tmp_path: Path) -> Iterator[Runner]:
    """A user with an agent on PATH."""
    with ExitStack() as stack:
        made = Runner(tmp_path, stack)
        made.install("claude")
        yield made


@contextmanager
def started(user: Runner, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start the agent, and yield what it reports; kill it afterwards."""
    with user.start("claude", CHAT, *arguments) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def is_gone(user: Runner, url: str) -> bool:
    """Return whether the server at `url` has ended and left nothing."""
    port = int(url.rpartition(":")[2])
    listening = any(f":{port:04X} 00000000:0000 0A" in line for line in Path("/proc/net/tcp").read_text().splitlines())
    return not listening and user.left == []


def test_what_an_agent_gets(user: Runner) -> None:
    """It gets arguments, a server that answers it, the models, and no key; its exit status is the command's."""
    with started(user, "--flag", "two words", "--", "more") as (process, report):
        assert process.wait(30) == 7
        said = process.communicate()[1]
    assert report["args"] == ["--flag", "two words", "--", "more"]
    assert report["current"]
    env = report["env"]
    assert env["ANTHROPIC_MODEL"] == env["ANTHROPIC_DEFAULT_HAIKU_MODEL"] == f"acme-openai-chat/{MODEL}"
    assert "ANTHROPIC_API_KEY" not in env
    assert not [name for name, value in env.items() if value in ("secret-1", "secret-of-another")]
    assert "127.0.0.1" in env["NO_PROXY"].split(",")
    assert said == f"polyroute: Claude Code with acme-openai-chat/{MODEL}\n"
    assert within(20, lambda: is_gone(user, report["url"]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_nothing_is_left(user: Runner, number: signal.Signals) -> None:
    """Whatever ends the agent, its status is that of the signal, and server and files go."""
    with started(user, "wait") as (process, report):
        assert user.left != []
        os.kill(process.pid, number)
        assert process.wait(30) == -number or (number == signal.SIGINT and process.returncode == 1)
    assert within(20, lambda: is_gone(user, report["url"]))


def test_files_of_a_client(user: Runner) -> None:
    """A client with a home of its own gets links to the user's files, and the merged settings; the user's stay."""
    user.install("gemini")
    own = user.folder / "home" / ".gemini"
    own.mkdir()
    (own / "settings.json").write_text('{"theme": "x", "security": {"auth": {"selectedType": "oauth"}, "more": 1}}')
    (own / "GEMINI.md").write_text("remember")
    ran = user.polyroute("run", "gemini", "--model", f"acme-openai-chat/{MODEL}")
    assert ran.status == 7, ran.err
    files = json.loads(ran.out)["files"]
    settings = {"theme": "x", "security": {"auth": {"selectedType": "gemini-api-key"}, "more": 1}}
    assert json.loads(files["/.gemini/settings.json"]) == settings
    assert files["/.gemini/GEMINI.md"] == "remember"
    assert "oauth" in (own / "settings.json").read_text()
    assert sorted(each.name for each in own.iterdir()) == ["GEMINI.md", "settings.json"]
    assert within(20, lambda: user.left == [])


def test_a_client_of_ones_own(user: Runner) -> None:
    """A client in the user's own table gets its variables and files, readable by the user only."""
    user.install("agent")
    (user.folder / "ours" / "clients.toml").write_text(
        '[agent]\nname = "Agent"\nprogram = "agent"\ninstall = "pip install agent"\nprotocol = "openai-chat"\n'
        'env = { AGENT_URL = "{url}", AGENT_TOKEN = "{token}", AGENT_FOLDER = "{folder}" }\n'
        """files."a.json" = '{"model": "{model}", "small": "{small}"}'\n"""
    )
    model, small = f"acme-openai-chat/{MODEL}", f"acme-openai-responses/{MODEL}"
    ran = user.polyroute("run", "agent", "--model", model, "--small", small)
    assert json.loads(json.loads(ran.out)["files"]["/a.json"]) == {"model": model, "small": small}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ('[x]\nname = "X"', "needs a text `program`"),
        ('[x]\nname = "X"\nprogramm = "x"', "unknown field `programm`"),
        ('[x]\nname = "X"\nprogram = "./x"\ninstall = "i"\nprotocol = "openai-chat"', "without a folder"),
        ("[x", "can't be read"),
    ],
)
def test_a_wrong_entry(user: Runner, entry: str, words: str) -> None:
    """A wrong entry in the user's own table is named with its file and its fault."""
    (user.folder / "ours" / "clients.toml").write_text(entry)
    ran = user.polyroute("run", "x")
    assert ran.status == 2
    assert words in ran.err
    assert "clients.toml" in ran.err


def test_what_cant_be_run(user: Runner) -> None:
    """Unknown and missing clients, unknown models and no model are refused in words before anything starts."""
    unknown = user.polyroute("run", "claud")
    assert (unknown.status, unknown.err) == (2, "polyroute: There is no client 'claud'. Did you mean claude?\n")
    missing = user.polyroute("run", "codex")
    assert missing.status == 3
    assert "npm install -g @openai/codex" in missing.err
    assert user.polyroute("run", "claude", "--model", "nobody/x").status == 2
    without = user.polyroute("run", "claude")
    assert without.status == 2
    assert "--model" in without.err
    assert user.left == []


def test_shortcuts_and_the_current_model(user: Runner) -> None:
    """A shortcut names a model; without one, the model is that which the picker has set."""
    model, small = f"acme-openai-chat/{MODEL}", f"acme-anthropic-messages/{MODEL}"
    assert user.polyroute("shortcut", "set", "tiny", small).status == 0
    chosen = {"version": 1, "sessions": {"": {"provider": "acme-openai-chat", "model": MODEL}}}
    state = user.folder / "ours" / "state"
    state.mkdir(exist_ok=True)
    (state / "current-models.json").write_text(json.dumps(chosen))
    env = json.loads(user.polyroute("run", "claude", "--small", "tiny").out)["env"]
    assert (env["ANTHROPIC_MODEL"], env["ANTHROPIC_DEFAULT_HAIKU_MODEL"]) == (model, small)


def test_the_working_directory_is_not_searched(user: Runner) -> None:
    """A program in the working directory is not started, even if PATH names the directory."""
    user.install("codex", user.folder / "project")
    path = os.pathsep.join([".", str(user.folder / "project"), "", "/usr/bin", "/bin"])
    ran = user.polyroute("run", "codex", "--model", f"acme-openai-chat/{MODEL}", PATH=path)
    assert (ran.status, ran.out) == (3, "")


def test_client_config(user: Runner) -> None:
    """What is printed is a shell's: with the token in a variable, it starts the client with what it needs."""
    ran = user.polyroute(
        "client-config", "claude", "--model", f"acme-openai-chat/{MODEL}", "--url", "http://127.0.0.1:1"
    )
    assert ran.status == 0, ran.err
    script = f"POLYROUTE_TOKEN=tok\n{ran.out.rpartition(chr(10) + 'claude')[0]}\nenv"
    printed = subprocess.run(["/bin/sh", "-c", script], env={}, capture_output=True, text=True, check=True).stdout
    assert "ANTHROPIC_AUTH_TOKEN=tok\n" in printed
    assert "ANTHROPIC_BASE_URL=http://127.0.0.1:1\n" in printed
    assert "secret" not in ran.out
    written = user.polyroute("client-config", "cn", "--model", f"acme-openai-chat/{MODEL}")
    assert f'model: "acme-openai-chat/{MODEL}"' in written.out


def test_translated_requests(user: Runner) -> None:
    """An agent whose API no route speaks gets a translated response."""
    reply_with(user.endpoints[CHAT.name], CHAT, WORDS)
    with started(user, "wait") as (_, report):
        answer = _ask(report)
    assert APIS["anthropic-messages"].replied(answer) == WORDS


def _ask(report: dict[str, Any]) -> Any:
    env = report["env"]
    body = APIS["anthropic-messages"].question(env["ANTHROPIC_MODEL"], "Hello?", stream=False)
    client = Client(report["url"], authorization=f"Bearer {env['ANTHROPIC_AUTH_TOKEN']}")
    answer = client.post("/v1/messages", body)
    assert answer.headers["x-polyroute-translated"] == CHAT.name
    return answer.json
