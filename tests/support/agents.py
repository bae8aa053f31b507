"""Real agents, started by `polyroute run`, with a user whose endpoints are on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.api_endpoint import APIS, send_document, send_stream
from tests.support.apis import Api, Reply, ToolUse
from tests.support.fake_endpoint import Upstream
from tests.support.shell import POLYROUTE

MODEL = "acme-large"
MARK = "canary-42"
SAID = "Hello from afar."
WHAT_IS_IN_IT = "What does note.txt say?"
_QUIET = {
    "CI": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "1",
    "OPENCODE_DISABLE_AUTOUPDATE": "1",
    "OPENCODE_DISABLE_MODELS_FETCH": "1",
    "GEMINI_TELEMETRY_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
_MANIFEST = """\
[providers.{name}]
env = ["{variable}"]
base_url = "{url}"
protocol = "{protocol}"
kind = "vendor"
models = [
  {{ id = "{model}", context = 200000, output = 8000, tools = true }},
  {{ id = "{only}", context = 200000, output = 8000, tools = true }},
]
"""


def only_on(name: str) -> str:
    """Return the ID of a model that no other endpoint offers."""
    return f"acme-only-{name}"


def _variable(name: str) -> str:
    return f"ACME_{name.replace('-', '_').upper()}_KEY"


class Agent(NamedTuple):
    """How an agent is used without a terminal."""

    name: str
    arguments: tuple[str, ...]
    """With {prompt} in place of the prompt."""
    tool: str = ""
    """Its tool for reading a file."""
    argument: str = ""
    """The argument of the tool that says which file."""
    value: str = "{note}"
    """The value of this argument, with {note} in place of the file's path."""

    def command(self, prompt: str) -> list[str]:
        """Return its arguments for a prompt."""
        return [each.replace("{prompt}", prompt) for each in self.arguments]


class Ran(NamedTuple):
    """What a run of an agent left."""

    status: int
    out: str
    err: str


class AgentUser:
    """A user with one provider for each API, and agents from npm and PyPI."""

    def __init__(self, folder: Path, stack: ExitStack, *programs: str) -> None:
        self.folder, self._programs = folder, programs
        self.endpoints = {name: Upstream(MODEL, only_on(name), protocols=(name,)) for name in APIS}
        for name, upstream in self.endpoints.items():
            stack.enter_context(upstream.running())
            plugin = folder / "ours" / "plugins" / f"acme-{name}" / "plugin.toml"
            plugin.parent.mkdir(parents=True)
            facts = {"name": f"acme-{name}", "variable": _variable(name), "url": upstream.url, "protocol": name}
            plugin.write_text(_MANIFEST.format(**facts, model=MODEL, only=only_on(name)))
        for each in ("home", "project", "tmp"):
            (folder / each).mkdir()
        (folder / "project" / "note.txt").write_text(MARK)

    @property
    def note(self) -> Path:
        """Return the path of a file in the project, which contains `MARK`."""
        return self.folder / "project" / "note.txt"

    @property
    def variables(self) -> dict[str, str]:
        """Return the user's variables: a key, and one that no agent may see."""
        path = os.pathsep.join([*self._programs, "/usr/local/bin", "/usr/bin", "/bin"])
        own = {"PATH": path, "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")}
        keys = {
            **dict.fromkeys(map(_variable, APIS), "secret-1"),
            "OPENAI_API_KEY": "secret-of-another",
            "ANTHROPIC_API_KEY": "secret-of-another",
        }
        return {**own, **keys, **_QUIET, "POLYROUTE_HOME": str(self.folder / "ours"), "POLYROUTE_OFFLINE": "1"}

    def start(self, agent: str, target: Api, *arguments: str, model: str = "") -> subprocess.Popen[str]:
        """Start an agent on the endpoint that speaks an API, by default by the reference of a model."""
        command = [POLYROUTE, "run", agent, "--model", model or f"acme-{target.name}/{MODEL}", "--", *arguments]
        return subprocess.Popen(
            command,
            env=self.variables,
            cwd=self.folder / "project",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, agent: Agent, target: Api, prompt: str, *arguments: str, model: str = "") -> Ran:
        """Run an agent with a prompt, and arguments of its own, to its end."""
        with self.start(agent.name, target, *agent.command(prompt), *arguments, model=model) as process:
            try:
                out, err = process.communicate(timeout=90)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                raise AssertionError(f"{agent.name} did not end:\n{out}\n{err}") from None
        return Ran(process.returncode, out, err)


@contextmanager
def answering(upstream: Upstream, api: Api, agent: Agent, note: Path) -> Iterator[None]:
    """Let an endpoint use the agent's tool to read the note, and then say what is in it."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        upstream.next.append(answer)
        received = upstream.received[-1]
        text = json.dumps(received.body)
        if MARK in text:
            reply = Reply(f"The note says {MARK}.", (), "stop", (10, 5))
        elif agent.tool and f'"{agent.tool}"' in text and WHAT_IS_IN_IT in text:
            reply = Reply(
                "I read it.", (ToolUse(agent.tool, {agent.argument: agent.value.format(note=note)}),), "tools", (10, 5)
            )
        else:
            reply = Reply(SAID, (), "stop", (10, 5))
        send(handler, received, api, reply)

    upstream.next[:] = [answer]
    yield
    upstream.next.clear()


def send(handler: BaseHTTPRequestHandler, received: Any, api: Api, reply: Reply) -> None:
    """Send a reply as a stream or as a whole, as the request demands."""
    if received.body.get("stream") or "streamGenerateContent" in received.path:
        half = len(reply.text) // 2
        send_stream(handler, api.events(reply, [reply.text[:half], reply.text[half:]]))
    else:
        send_document(handler, api.response(reply))


_UNASKED = "--dangerously-bypass-approvals-and-sandbox"
AGENTS = {
    each.name: each
    for each in (
        Agent("claude", ("-p", "{prompt}", "--allowedTools", "Read"), "Read", "file_path"),
        Agent("codex", ("exec", "--skip-git-repo-check", _UNASKED, "{prompt}"), "exec_command", "cmd", "cat {note}"),
        Agent("opencode", ("run", "{prompt}"), "read", "filePath"),
        Agent("gemini", ("--skip-trust", "-p", "{prompt}"), "read_file", "file_path"),
        Agent("copilot", ("-p", "{prompt}", "--allow-all-tools"), "view", "path"),
        Agent("qwen", ("-p", "{prompt}"), "read_file", "file_path"),
        Agent("cn", ("-p", "{prompt}"), "Read", "filepath"),
        Agent("llm", ("{prompt}",)),
        Agent("aider", ("--yes-always", "--no-git", "--no-check-update", "--message", "{prompt}")),
    )
}
