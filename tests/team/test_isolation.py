"""No user of a team is told anything of another, whoever asks or changes what, when, and at which replica."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from polyroute import Plugins
from polyroute.server import PassThrough
from tests.support.database import Database
from tests.support.endpoint_plugins import Direct
from tests.support.fake_endpoint import Upstream
from tests.support.http_server import Answer, Client
from tests.support.pass_through import CHAT, TOKEN, asking
from tests.support.stored import Replicas, eventually
from tests.support.team_server import Serving, Team

pytestmark = pytest.mark.team
MODELS, KEY, PICKER = "/api/llm/custom-models", "/api/llm/key", "/api/llm/model-picker-state"
_LETTERS = "QZXJ"
_NUMBERS = itertools.count(64)


class Person(NamedTuple):
    """A user, all of whose texts are told from those of others, to the last four characters of a key."""

    number: int

    @property
    def mark(self) -> str:
        """Return four characters that no other user has, and no text of the server."""
        return "".join(_LETTERS[self.number >> shift & 3] for shift in (6, 4, 2, 0))

    @property
    def name(self) -> str:
        """Return the name by which the proxy knows the user."""
        return f"{self.mark}@acme.example"

    @property
    def key(self) -> str:
        """Return a key that the endpoint rejects, quoting it."""
        return f"sk-{self.number:032}-{self.mark}"


Operation = Callable[[Client, Person], Answer]
CHANGES: Mapping[str, Operation] = {
    "store a key": lambda at, who: at.post(KEY, {"provider": "acme", "apiKey": who.key}),
    "remove the key": lambda at, who: at.delete(f"{KEY}/acme"),
    "add a model": lambda at, who: at.post(
        MODELS, {"provider": "openrouter", "name": f"acme/{who.mark}", "displayName": who.mark, "apiKey": who.key}
    ),
    "add a listed model": lambda at, who: at.post(
        MODELS, {"provider": "openrouter", "name": "openai/gpt-4o-mini", "displayName": who.mark}
    ),
    "remove a model": lambda at, who: at.delete(f"{MODELS}/acme%2F{who.mark}"),
    "like a model": lambda at, who: at.post(
        f"{PICKER}/favorites/toggle", {"provider": "openrouter", "model": f"acme/{who.mark}"}
    ),
    "name a model": lambda at, who: at.put(
        "/api/llm/shortcuts", {"shortcuts": {who.mark.lower(): "openai/gpt-4o-mini"}}
    ),
    "choose a model": lambda at, who: at.post(
        "/api/llm/switch", {"provider": "openai", "model": f"gpt-{who.mark}", "apiKey": who.key}
    ),
    "prefer a gateway": lambda at, who: at.put("/api/llm/preferences", {"prefer": "openrouter"}),
    "call a model": lambda at, who: at.post(CHAT, asking("acme/large")),
    "verify the key": lambda at, who: at.post("/api/llm/verify", {"providers": ["acme"]}),
}
PATHS = (
    *(MODELS, PICKER, f"{KEY}/acme", "/api/llm/current", "/api/llm/shortcuts", "/api/llm/preferences", "/v1/models"),
    *("/api/llm/catalog?provider=acme,openrouter", "/api/llm/status", "/api/llm/providers", "/api/llm/problems"),
    *("/api/llm/models?q=acme", "/api/llm/search?q=acme", "/api/llm/resolve?model=acme/large", "/api/plugins"),
    "/api/llm/models?usable=true",
)


def _reading(path: str) -> Operation:
    return lambda at, who: at.get(path)


_WHO = st.just([0, 1, 2]) | st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True)
TURNS = st.lists(
    st.tuples(
        st.sampled_from([*CHANGES]),
        _WHO,
        st.integers(0, 1),
        st.lists(st.sampled_from(PATHS), min_size=5, max_size=8, unique=True),
    ),
    min_size=2,
    max_size=4,
)
"""A change, the users who make it at once, at which replica, and what all users then read there at once."""


@pytest.fixture(scope="module")
def replicas_of_team(server: Database) -> Iterator[tuple[Serving, Serving]]:
    """Return two replicas, with a provider whose endpoint rejects every key and quotes it."""
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream("large", key="none").running())
        plugins = Plugins.load([Direct(upstream)], only=["direct", "openrouter", "dexto"])
        team = Team(Replicas(server.create(), stack), plugins, stack)
        one, two = (team.start(token=TOKEN, pass_through=PassThrough("auto", translate=False)) for _ in range(2))
        yield one, two


@settings(max_examples=4, phases=[Phase.explicit, Phase.generate])
@example(turns=[(change, [0, 1, 2], 0, [*PATHS]) for change in ("store a key", "add a model", "like a model")])
@example(turns=[("add a model", [0, 1, 2], 1, [*PATHS])])
@given(turns=TURNS)
def test_no_answer_holds_what_is_anothers(
    replicas_of_team: tuple[Serving, Serving], turns: list[tuple[str, list[int], int, list[str]]]
) -> None:
    """In any order, and at the same time, no response has a name, a key, its end or a text of another user."""
    people = [Person(next(_NUMBERS) % 256) for _ in range(3)]

    def check(step: tuple[Person, Serving, Operation]) -> None:
        who, serving, operation = step
        answer = operation(serving.client(who.name), who)
        assert answer.status < 500, answer
        text = f"{answer.headers} {answer.body.decode()}".lower()
        assert [each for each in people if each != who and each.mark.lower() in text] == []

    with ThreadPoolExecutor(4) as threads:
        for change, users, replica, paths in turns:
            at = replicas_of_team[replica]
            changes = [(people[user], at, CHANGES[change]) for user in users]
            reads = [(who, at, _reading(path)) for path in paths for who in people]
            for steps in (changes + reads[:6], reads):
                list(threads.map(check, steps))


def test_the_marks_are_seen(replicas_of_team: tuple[Serving, Serving]) -> None:
    """The user's own texts are in the user's own answers at every replica, so that those of others would be found."""
    one, two = replicas_of_team
    who = Person(63)
    for operation in ("store a key", "add a model", "like a model", "name a model", "choose a model"):
        assert CHANGES[operation](one.client(who.name), who).status == 200
    for serving in (one, two):
        client = serving.client(who.name)
        for path in (MODELS, PICKER, f"{KEY}/acme", "/api/llm/current", "/api/llm/shortcuts"):
            eventually(lambda client=client, path=path: who.mark.lower() in client.get(path).body.decode().lower())  # type: ignore[misc]
        neutral = serving.client("nobody@acme.example").get("/api/llm/catalog").body.decode().lower()
        assert [each for each in range(256) if Person(each).mark.lower() in neutral] == []
