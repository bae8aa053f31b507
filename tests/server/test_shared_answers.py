"""Users whose answers are equal share them; nobody ever gets what is another's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from polyroute import Catalog, Environment, Plugins, Preferences
from polyroute.server import state
from polyroute.server.fingerprint import fingerprint
from polyroute.server.listing import Listing
from tests.support.in_process_users import (
    CONTENT,
    MODELS,
    PERSONAL,
    Answer,
    AskingPlugin,
    Having,
    Host,
    SmallPlugin,
)

ANN, BOB = "ann-mark", "bob-mark"
CUSTOM = ".dexto/models/custom-models.json"


@cache
def small_plugins() -> Plugins:
    return Plugins.load([SmallPlugin()], only=[])


def custom(*entries: str) -> tuple[str, str]:
    return CUSTOM, f'{{"version": 1, "models": [{", ".join(entries)}]}}'


LISTED = '{"provider": "vendor", "name": "one", "apiKey": "custom-{user}", "maxInputTokens": 7}'
RENAMED = '{"provider": "vendor", "name": "two", "displayName": "Two of {user}"}'
UNLISTED = '{"provider": "vendor", "name": "own-{user}", "baseURL": "https://{user}.example/v1"}'
ORPHAN = '{"provider": "nobody", "name": "{user}"}'

VARIABLES = {
    "VENDOR_KEY": ["key-{user}", "second-key-{user}"],
    "HOST_KEY": ["host-key-{user}"],
    "HOST_REGION": ["us", "de", "not a slug of {user}"],
    "GATE_KEY": ["gate-key-{user}"],
    "FILED_PROJECT": ["p1", "p2"],
    "FILED_KEY_FILE": ["~/.filed/key.json", "/nowhere/{user}"],
    "POLYROUTE_PREFER": ["direct"],
    "UNRELATED": ["{user}"],
}
FILES = {
    ".dexto/.env": ["VENDOR_KEY=dotenv-{user}\n", "no assignment by {user}\n"],
    ".filed/key.json": ['{"key": "file-{user}"}', "{}"],
    "polyroute/config.toml": [
        'prefer = "direct"',
        '[pins]\nvendor = "gate"',
        'disable_providers = ["host"]',
        "x = {user}",
    ],
    CUSTOM: [custom(*each)[1] for each in ((LISTED,), (RENAMED, UNLISTED), (UNLISTED,), (ORPHAN,))] + ["{ {user}"],
    "polyroute/state/model-picker.json": [
        '{"version": 1, "favorites": [{"provider": "vendor", "model": "two", "updatedAt": "2026-01-01T00:00:00Z"}]}'
    ],
}


def chosen(among: Mapping[str, list[str]]) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    each = {name: st.sampled_from(values) for name, values in among.items()}
    return st.fixed_dictionaries({}, optional=each).map(lambda found: tuple(sorted(found.items())))


HAVING = st.builds(Having, chosen(VARIABLES), chosen(FILES))
PAIRS = st.one_of(HAVING.map(lambda one: (one, one)), st.tuples(HAVING, HAVING))
"""What two users have: the same, but for their own values, or anything."""


def environments(base: Path, ann: Having, bob: Having) -> dict[str, Environment]:
    return {mark: each.environment(base / mark, mark) for mark, each in ((ANN, ann), (BOB, bob))}


def alone(user: str, environment: Environment, *paths: str) -> list[Answer]:
    """Return the answers to a user who has a server of their own."""
    with closing(Host(small_plugins(), {user: environment.again()})) as host:
        return [host.get(user, path) for path in paths]


EVERYTHING = (*CONTENT, *MODELS, *PERSONAL)
ANN_FIRST = [*range(2 * len(EVERYTHING))]


@settings(max_examples=25)
@given(pair=PAIRS, order=st.permutations(range(2 * len(EVERYTHING))))
@example(pair=(Having(files=(custom(RENAMED),)), Having(files=(custom(RENAMED, UNLISTED),))), order=ANN_FIRST)
@example(pair=(Having(files=(custom(UNLISTED),)), Having(files=(custom(UNLISTED),))), order=ANN_FIRST)
def test_each_user_gets_the_answers_that_they_would_get_alone(pair: tuple[Having, Having], order: list[int]) -> None:
    """In any order of requests, each answer is to the byte that of a server for this user alone, and names no other."""
    with tempfile.TemporaryDirectory() as base:
        users = environments(Path(base), *pair)
        asked = [(user, path) for user in users for path in EVERYTHING]
        with closing(Host(small_plugins(), users)) as host:
            answers = dict(
                zip([asked[each] for each in order], host.get_all(asked[each] for each in order), strict=True)
            )
        for user, other in ((ANN, BOB), (BOB, ANN)):
            for path, own in zip(EVERYTHING, alone(user, users[user], *EVERYTHING), strict=True):
                assert answers[user, path] == own, path
                assert other.encode() not in answers[user, path].body, path


@settings(max_examples=40)
@given(pair=PAIRS)
@example(pair=(Having((("VENDOR_KEY", "key-{user}"),)), Having((("VENDOR_KEY", "second-key-{user}"),))))
def test_equal_fingerprints_mean_equal_bytes(pair: tuple[Having, Having]) -> None:
    """If the fingerprints of two users are equal, all answers that such users share are equal to the byte."""
    with tempfile.TemporaryDirectory() as base:
        users = environments(Path(base), *pair)
        found = {fingerprint(catalog_of(each)).digest for each in users.values()}
        ann, bob = (alone(user, each, *CONTENT) for user, each in users.items())
        assert (ann == bob) or len(found) == 2


def catalog_of(environment: Environment) -> Catalog:
    return Catalog(small_plugins(), environment, Preferences.load(environment))


@pytest.fixture
def listings(monkeypatch: pytest.MonkeyPatch) -> list[Listing]:
    """Return a list that every listing is added to when it is made."""
    made: list[Listing] = []

    class Noted(Listing):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(state, "Listing", Noted)
    return made


KEYS = (("VENDOR_KEY", "key-{user}"), ("HOST_KEY", "host-{user}"))
BASE = Having((*KEYS, ("HOST_REGION", "us")))


@pytest.mark.parametrize(
    ("other", "shares"),
    [
        pytest.param(BASE, True, id="other keys"),
        pytest.param(Having((*BASE.variables, ("UNRELATED", "{user}"))), True, id="a variable that nobody reads"),
        pytest.param(Having(BASE.variables, (custom(UNLISTED),)), True, id="a model that no list has"),
        pytest.param(Having(BASE.variables[1:]), False, id="a key less"),
        pytest.param(Having(BASE.variables[1:], ((".dexto/.env", "VENDOR_KEY=x"),)), False, id="a key from a file"),
        pytest.param(Having((*KEYS, ("HOST_REGION", "de"))), False, id="a setting"),
        pytest.param(
            Having(BASE.variables, (("polyroute/config.toml", 'prefer = "direct"'),)), False, id="a preference"
        ),
        pytest.param(Having(BASE.variables, (custom(LISTED),)), False, id="a model that a list has"),
        pytest.param(Having(BASE.variables, (custom(ORPHAN),)), False, id="a problem with a model"),
        pytest.param(Having(BASE.variables, ((".dexto/.env", "{user}"),)), False, id="a problem with a file"),
    ],
)
def test_who_shares(other: Having, shares: bool, tmp_path: Path, listings: list[Listing]) -> None:
    """The list of models is made once for users who differ in nothing that answers show, and again for others."""
    with closing(Host(small_plugins(), environments(tmp_path, BASE, other))) as host:
        for user in (ANN, BOB, ANN):
            assert host.get(user, CONTENT[0]).status == 200
    assert len(listings) == (1 if shares else 2)


def test_plugins_that_ask_for_the_environment_share_nothing(tmp_path: Path, listings: list[Listing]) -> None:
    """If models depend on the environment, each user's list is made for them alone."""
    plugins = Plugins.load([SmallPlugin(), AskingPlugin()], only=[])
    with closing(Host(plugins, environments(tmp_path, BASE, BASE))) as host:
        for user, other in ((ANN, BOB), (BOB, ANN)):
            body = host.get(user, "/api/llm/catalog?scope=all").body
            assert (user.encode() in body, other.encode() in body) == (True, False)
    assert len(listings) == 2


CHANGES: dict[str, Callable[[Host, str], Answer]] = {
    "a custom model": lambda host, user: host.send(
        user, "POST", "/api/llm/custom-models", {"provider": "vendor", "name": f"own-{user}", "apiKey": f"new-{user}"}
    ),
    "a custom model that is listed": lambda host, user: host.send(
        user, "POST", "/api/llm/custom-models", {"provider": "vendor", "name": "one", "displayName": f"One of {user}"}
    ),
    "no custom model": lambda host, user: host.send(user, "DELETE", f"/api/llm/custom-models/own-{user}"),
    "a preference": lambda host, user: host.send(user, "PUT", "/api/llm/preferences", {"prefer": "direct"}),
    "a pin": lambda host, user: host.send(user, "PUT", "/api/llm/preferences", {"pins": {"vendor/one": "gate"}}),
    "a favorite": lambda host, user: host.send(
        user, "PUT", "/api/llm/model-picker-state/favorites", {"favorites": [{"provider": "vendor", "model": user}]}
    ),
    "a recent": lambda host, user: host.send(
        user, "POST", "/api/llm/model-picker-state/recents", {"provider": "vendor", "model": "two"}
    ),
    "a key": lambda host, user: host.send(user, "POST", "/api/llm/key", {"provider": "host", "apiKey": f"set-{user}"}),
    "a choice with a key": lambda host, user: host.send(
        user, "POST", "/api/llm/switch", {"provider": "vendor", "model": "one", "apiKey": f"chosen-{user}"}
    ),
}
STEPS = st.lists(st.tuples(st.sampled_from((ANN, BOB)), st.sampled_from(sorted(CHANGES))), min_size=1, max_size=4)
SEEN = (CONTENT[0], "/api/llm/status", "/api/llm/preferences", MODELS[0], *PERSONAL[:4])


@settings(max_examples=15)
@given(having=HAVING, steps=STEPS)
def test_a_change_is_seen_at_once_by_its_user_only(having: Having, steps: list[tuple[str, str]]) -> None:
    """After each change its user gets what a new server would answer, and the other user the same as before."""
    with tempfile.TemporaryDirectory() as base:
        users = environments(Path(base), having, having)
        with closing(Host(small_plugins(), users)) as host:
            for user, change in steps:
                other = BOB if user == ANN else ANN
                before = host.get_all((other, path) for path in SEEN)
                CHANGES[change](host, user)
                assert host.get_all((user, path) for path in SEEN) == alone(user, users[user], *SEEN)
                after = host.get_all((other, path) for path in SEEN)
                assert after == before
                assert not any(user.encode() in each.body for each in after)


def test_a_key_given_with_a_choice_stays_its_users(tmp_path: Path) -> None:
    """Two users without files of their own share no key that one of them gave with a choice."""
    shared = {"POLYROUTE_HOME": str(tmp_path)}
    users = {name: Environment({**shared, "UNRELATED": name}) for name in (ANN, BOB)}
    with closing(Host(small_plugins(), users)) as host:
        switched = host.send(ANN, "POST", "/api/llm/switch", {"provider": "vendor", "model": "two", "apiKey": "secret"})
        assert switched.status == 200
        usable = [host.get(user, "/api/llm/current").json["config"]["hasApiKey"] for user in (ANN, BOB)]
    assert usable == [True, False]


def test_renaming_interleaved(tmp_path: Path) -> None:
    """Two users rename models with keys at the same time, as clients do, and each keeps their own key."""
    users = environments(tmp_path, Having(files=(custom(LISTED),)), Having(files=(custom(LISTED),)))
    path = "/api/llm/custom-models"
    with closing(Host(small_plugins(), users)) as host:
        masks = {user: host.get(user, path).json["models"][0]["apiKey"] for user in users}
        for user in users:
            host.send(user, "POST", "/api/llm/key", {"provider": "vendor", "apiKey": masks[user]})
        for user in users:
            host.send(user, "DELETE", f"{path}/one")
        for user in users:
            assert host.send(user, "POST", path, {"provider": "vendor", "name": f"new-{user}"}).status == 200
    for user in users:
        text = "".join(each.read_text() for each in (tmp_path / user).rglob("custom-models.json"))
        assert f"custom-{user}" in text
        assert f"new-{user}" in text
