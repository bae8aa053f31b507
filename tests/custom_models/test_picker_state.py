"""Favourites and recents: their limits, their variants, and a file that is never lost."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from polyroute import Environment, Unavailable
from polyroute.choices.picker_state import FAVOURITES_LIMIT, RECENTS_LIMIT, Picked, PickerState
from tests.support.processes import together

_TOGGLING = """\
import sys
from polyroute import Environment
from polyroute.choices.picker_state import Picked, PickerState

home, *names = sys.argv[1:]
for name in names:
    PickerState(Environment({}, home=home)).toggle_favourite(Picked("openai", name))
"""
MODEL = Picked("openrouter", "z-ai/glm-4.5-air:free")
ELSEWHERE = MODEL._replace(base_url="https://one.example/v1")


@pytest.fixture
def state(make_environment: Callable[..., Environment]) -> PickerState:
    return PickerState(make_environment())


def _models(entries: tuple[Picked, ...]) -> list[str]:
    return [each.model for each in entries]


def test_a_favourite_is_toggled(state: PickerState) -> None:
    """The first toggle makes a model a favourite, the second removes it from the favourites."""
    assert state.toggle_favourite(MODEL)
    assert _models(state.favourites()) == [MODEL.model]
    assert not state.toggle_favourite(MODEL)
    assert state.favourites() == ()


def test_variants_are_told_apart(state: PickerState) -> None:
    """The same model at another base URL is a separate favourite."""
    assert state.toggle_favourite(MODEL)
    assert state.toggle_favourite(ELSEWHERE)
    assert [each.base_url for each in state.favourites()] == [ELSEWHERE.base_url, ""]
    assert state.toggle_favourite(Picked("openai", "a|b"))
    assert state.toggle_favourite(Picked("openai", "a", "b"))
    assert ELSEWHERE.variant == ("openrouter", "z-ai/glm-4.5-air:free", "https://one.example/v1")


def test_recents_are_the_last_ten(state: PickerState) -> None:
    """The latest recent model comes first and only once; models older than ten others are removed."""
    for number in range(RECENTS_LIMIT + 2):
        state.push_recent(Picked("openai", f"m{number}"))
    state.push_recent(Picked("openai", "m5"))
    assert _models(state.recents()) == ["m5", "m11", "m10", "m9", "m8", "m7", "m6", "m4", "m3", "m2"]


def test_favourites_are_at_most_a_hundred(state: PickerState) -> None:
    """When favourites are set, each variant counts once and at most a hundred are kept, in order."""
    many = [Picked("openai", f"m{number}") for number in range(FAVOURITES_LIMIT + 5)]
    assert state.set_favourites([*many[:3], many[0], *many]) == FAVOURITES_LIMIT
    assert _models(state.favourites()) == [each.model for each in many[:FAVOURITES_LIMIT]]


def test_the_file_is_the_users_alone_and_has_the_known_shape(state: PickerState) -> None:
    """The file has mode 0600, version 1, and entries with the time in UTC."""
    state.toggle_favourite(ELSEWHERE)
    document = json.loads(Path(state.path).read_text(encoding="utf-8"))
    (entry,) = document["favorites"]
    assert document["version"] == 1
    assert entry.pop("updatedAt").endswith("Z")
    assert entry == {"provider": "openrouter", "model": MODEL.model, "baseURL": ELSEWHERE.base_url}
    assert stat.S_IMODE(Path(state.path).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2, "favorites": []}', '{"version": 1, "favorites": {}}', "[" * 100_000]
)
def test_a_file_that_cannot_be_read_is_kept(state: PickerState, text: str) -> None:
    """An unreadable file lists nothing, is reported, and is not overwritten by any change."""
    path = Path(state.path)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert state.favourites() == ()
    (problem,) = state.problems
    assert problem.remedy
    with pytest.raises(Unavailable, match="was not changed"):
        state.toggle_favourite(MODEL)
    assert path.read_text(encoding="utf-8") == text


def test_other_fields_and_unsound_entries(state: PickerState) -> None:
    """An invalid entry is skipped and stays in the file; so do unknown fields, in the file and in entries."""
    path = Path(state.path)
    path.parent.mkdir(parents=True)
    odd = [{"provider": "openai"}, 3, {"provider": "a", "model": ["b"]}]
    entries = [odd[0], {"provider": "openai", "model": "m", "newer": {"a": 1}}, *odd[1:]]
    path.write_text(json.dumps({"version": 1, "theirs": [1], "favorites": entries}), encoding="utf-8")
    assert _models(state.favourites()) == ["m"]
    state.push_recent(MODEL)
    state.toggle_favourite(MODEL)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["theirs"] == [1]
    assert document["favorites"][1:] == [entries[1], *odd]


@pytest.mark.slow
def test_no_favourite_is_lost_between_processes(tmp_path: Path) -> None:
    """Four processes that each add ten favourites leave forty."""
    names = [[f"{process}-{number}" for number in range(10)] for process in range(4)]
    together(_TOGGLING, [[str(tmp_path), *each] for each in names])
    found = PickerState(Environment({}, home=tmp_path)).favourites()
    assert sorted(_models(found)) == sorted(name for each in names for name in each)
