"""Agents from npm and PyPI run on endpoints of every API, as `polyroute run` starts them.

Of the pairs of an agent and an API those are tried that differ in our code: each agent on its own API, and one agent
for each API on each foreign one. Without network but loopback; the lane `clients` installs the agents.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.agents import AGENTS, MARK, MODEL, SAID, WHAT_IS_IN_IT, Agent, AgentUser, answering, only_on
from tests.support.api_endpoint import APIS
from tests.support.apis import Api
from tests.support.fake_endpoint import Upstream
from tests.support.serving import within

pytestmark = pytest.mark.clients

CHAT, RESPONSES = APIS["openai-chat"], APIS["openai-responses"]
MESSAGES, GENERATE = APIS["anthropic-messages"], APIS["google-generate-content"]
PROGRAMS = [
    os.path.join(folder, below)
    for name, below in (("POLYROUTE_TEST_NPM", "node_modules/.bin"), ("POLYROUTE_TEST_PYTHON_CLIENTS", "bin"))
    if (folder := os.environ.get(name))
]
NATIVE = [
    ("claude", MESSAGES),
    ("codex", RESPONSES),
    ("gemini", GENERATE),
    ("opencode", CHAT),
    ("copilot", CHAT),
    ("qwen", CHAT),
    ("cn", CHAT),
    ("aider", CHAT),
    ("llm", CHAT),
]
FOREIGN = [
    ("claude", CHAT),
    ("claude", GENERATE),
    ("codex", CHAT),
    ("codex", MESSAGES),
    ("gemini", CHAT),
    ("gemini", MESSAGES),
    ("opencode", MESSAGES),
    ("opencode", RESPONSES),
]
ROUND_TRIPS = [
    ("claude", MESSAGES),
    ("claude", CHAT),
    ("claude", RESPONSES),
    ("codex", RESPONSES),
    ("codex", CHAT),
    ("codex", MESSAGES),
    ("gemini", CHAT),
    ("opencode", CHAT),
    ("opencode", GENERATE),
    ("copilot", CHAT),
    ("qwen", CHAT),
    ("cn", CHAT),
]


OWN_WORDS = {
    ("claude", 404): "issue with the selected model",
    ("codex", 429): "429 Too Many Requests",
    ("codex", 500): "high demand",
}
"""What an agent says instead of the endpoint's message, by status."""
MOST_ATTEMPTS = 8
"""More requests than any of the agents sends before it gives up."""


@pytest.fixture
def user(tmp_path: Path) -> Iterator[AgentUser]:
    """A user who has installed the agents."""
    if not PROGRAMS:
        pytest.skip("POLYROUTE_TEST_NPM and POLYROUTE_TEST_PYTHON_CLIENTS name no folder with the agents")
    with ExitStack() as stack:
        yield AgentUser(tmp_path, stack, *PROGRAMS)


def named(pairs: list[tuple[str, Api]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("agent", "target"), [pytest.param(AGENTS[name], api, id=f"{name} on {api.name}") for name, api in pairs]
    )


@named(NATIVE + FOREIGN)
def test_a_chat(user: AgentUser, agent: Agent, target: Api) -> None:
    """The agent shows what the endpoint says, which gets the key of the route and no other."""
    upstream = user.endpoints[target.name]
    with answering(upstream, target, agent, user.note):
        ran = user.run(agent, target, "Say hello.")
    assert SAID in ran.out, (ran.out[-2000:], ran.err[-2000:])
    assert ran.status == 0
    assert {str(each.keys) for each in upstream.received} == {str({"authorization": "Bearer secret-1"})}
    assert within(10, lambda: not list((user.folder / "tmp").glob("polyroute-*")))


@named([("claude", MESSAGES), ("claude", CHAT), ("codex", RESPONSES), ("gemini", GENERATE), ("opencode", CHAT)])
def test_a_bare_name(user: AgentUser, agent: Agent, target: Api) -> None:
    """A model that one provider alone has needs no provider before its name."""
    upstream = user.endpoints[target.name]
    with answering(upstream, target, agent, user.note):
        ran = user.run(agent, target, "Say hello.", model=only_on(target.name))
    assert SAID in ran.out, (ran.out[-2000:], ran.err[-2000:])
    assert only_on(target.name) in str([(each.path, each.body) for each in upstream.received])


@pytest.mark.parametrize("option", [(AGENTS["claude"], "--model"), (AGENTS["codex"], "-m"), (AGENTS["gemini"], "-m")])
def test_a_bare_name_of_the_agent(user: AgentUser, option: tuple[Agent, str]) -> None:
    """A bare name may also be given by the agent's own option."""
    agent, flag = option
    upstream = user.endpoints[CHAT.name]
    with answering(upstream, CHAT, agent, user.note):
        ran = user.run(agent, CHAT, "Say hello.", flag, only_on(CHAT.name))
    assert SAID in ran.out, (ran.out[-2000:], ran.err[-2000:])
    assert only_on(CHAT.name) in {each.body["model"] for each in upstream.received}


def test_a_name_of_several(user: AgentUser) -> None:
    """A name that several providers have is refused with the references, before the agent starts."""
    ran = user.run(AGENTS["claude"], MESSAGES, "Say hello.", model=MODEL)
    assert ran.status == 2
    assert f"acme-{CHAT.name}/{MODEL}" in ran.err


@named(ROUND_TRIPS)
def test_a_tool(user: AgentUser, agent: Agent, target: Api) -> None:
    """The agent runs the tool that the model calls, sends its result, and shows the response to it."""
    with answering(user.endpoints[target.name], target, agent, user.note):
        ran = user.run(agent, target, WHAT_IS_IN_IT)
    assert f"The note says {MARK}." in ran.out, (ran.out[-2000:], ran.err[-2000:])


@pytest.mark.parametrize("status", [401, 402, 404, 429, 500])
@named([("claude", CHAT), ("codex", CHAT)])
def test_a_refusal(user: AgentUser, agent: Agent, target: Api, status: int) -> None:
    """The agent ends with the words of an endpoint that refuses it, or with its own words for the status."""
    upstream = user.endpoints[target.name]
    upstream.say_always(status, '{"error": {"type": "some_error", "message": "No luck today."}}')
    ran = user.run(agent, target, "Say hello.")
    assert ran.status != 0
    assert OWN_WORDS.get((agent.name, status), "No luck today.") in ran.out + ran.err


@pytest.mark.parametrize(
    ("ending", "words"),
    [
        (Upstream.cut, "The endpoint closed the connection before the end of its response."),
        (Upstream.drop, "broke the connection off."),
    ],
    ids=["cut", "nothing"],
)
@named([("claude", CHAT), ("codex", CHAT)])
def test_a_broken_connection(
    user: AgentUser, agent: Agent, target: Api, ending: Callable[[Upstream], None], words: str
) -> None:
    """The agent ends and says so when the endpoint closes the connection, within a response or before it."""
    for _ in range(MOST_ATTEMPTS):
        ending(user.endpoints[target.name])
    ran = user.run(agent, target, "Say hello.")
    assert ran.status != 0
    assert words in ran.out + ran.err


@named([("claude", CHAT), ("codex", CHAT), ("gemini", CHAT), ("opencode", CHAT)])
def test_an_interrupt(user: AgentUser, agent: Agent, target: Api) -> None:
    """Ctrl+C during a response ends the agent, the request to the endpoint, and the server."""
    upstream = user.endpoints[target.name]
    upstream.hang()
    with user.start(agent.name, target, *agent.command("Say hello.")) as process:
        assert within(60, lambda: bool(upstream.received))
        os.killpg(process.pid, signal.SIGINT)
        process.wait(30)  # with a status that each agent chooses itself
        process.communicate()
    assert within(20, lambda: not list((user.folder / "tmp").glob("polyroute-*")))
