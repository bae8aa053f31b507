"""What holds of the documents of users wherever they are kept: a suite that each place of keeping runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import pytest

from polyroute import Catalog, Environment, ModelRef, Plugins, Preferences, shortcuts
from polyroute._internal.user_documents import Documents
from polyroute.choices.current_model import RememberedModels, Selection
from polyroute.choices.picker_state import Picked, PickerState
from polyroute.credentials import keys
from polyroute.preferences import save

SERVER = "https://own.example/v1"


class Keeping(Protocol):
    """A place in which the documents of users are kept."""

    def environment(self, user: str) -> Environment:
        """Return a user's environment as it is now."""

    def path(self, user: str, name: str) -> str:
        """Return the path of a document of a user."""


def catalog(environment: Environment, plugins: Plugins) -> Catalog:
    """Return the catalog of an environment, with the user's own preferences."""
    return Catalog.load(plugins=plugins, environment=environment)


def put(documents: Documents, path: str, data: bytes) -> None:
    """Write a document under its lock."""
    with documents.locked(path):
        documents.replace(path, data)


class DocumentsContract:
    """The tests. A subclass has a fixture `keeping`."""

    def test_what_is_written_is_read(self, keeping: Keeping) -> None:
        """A document is missing until it is written, and then has the bytes that were written, to the letter."""
        path, documents = keeping.path("ann", "a.json"), keeping.environment("ann").documents
        assert (documents.read(path), documents.identity(path)) == (None, None)
        assert (documents.is_file(path), documents.is_missing(path)) == (False, True)
        put(documents, path, data := b"\xff\x00\r\n{ }")
        documents = documents.again()
        assert documents.read(path) == data
        assert (documents.is_file(path), documents.is_missing(path)) == (True, False)

    def test_a_change_is_noticed(self, keeping: Keeping) -> None:
        """A document that was written, replaced or removed is not the one that was seen."""
        path, documents = keeping.path("ann", "a.json"), keeping.environment("ann").documents
        changes: list[Callable[[], object]] = [
            lambda: put(documents, path, b"one"),
            lambda: put(documents, path, b"other"),
            lambda: _remove(documents, path),
        ]
        seen = []
        for change in changes:
            now = documents.again()
            is_unchanged = now.watch({path: now.identity(path)})
            seen.append(now.identity(path))
            assert is_unchanged()
            change()
            assert not is_unchanged()
        assert seen[0] is None
        assert len(set(seen)) == 3
        assert documents.again().read(path) is None

    def test_an_interrupted_change_is_none(self, keeping: Keeping) -> None:
        """A document stays as it was if the last look before its replacement objects."""
        path, documents = keeping.path("ann", "a.json"), keeping.environment("ann").documents
        put(documents, path, b"before")

        def object_to_it() -> None:
            raise LookupError

        with pytest.raises(LookupError), documents.locked(path):
            documents.replace(path, b"after", before=object_to_it)
        assert documents.again().read(path) == b"before"

    def test_a_document_has_a_limit(self, keeping: Keeping) -> None:
        """A document that is larger than the reader takes is refused."""
        path, documents = keeping.path("ann", "a.json"), keeping.environment("ann").documents
        put(documents, path, b"x" * 100)
        with pytest.raises(OSError, match="larger"):
            documents.again().read(path, 99)

    def test_changes_at_the_same_time_are_all_kept(self, keeping: Keeping) -> None:
        """Threads that each add to one document under its lock lose nothing."""
        path = keeping.path("ann", "count")

        def add(letter: str) -> None:
            documents = keeping.environment("ann").documents
            for _ in range(5):
                with documents.locked(path):
                    documents.replace(path, (documents.read(path) or b"") + letter.encode())

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(add, "abcd"))
        found = keeping.environment("ann").documents.read(path) or b""
        assert sorted(found) == sorted(b"abcd" * 5)

    def test_every_writer_keeps_what_it_writes(self, keeping: Keeping, plugins: Plugins) -> None:
        """Models, favourites, current models, preferences, shortcuts and keys are what was written, and the user's."""
        environment = keeping.environment("ann")
        found = catalog(environment, plugins)
        found.custom_models.add({"provider": "openai-compatible", "name": "mine", "baseURL": SERVER})
        found.custom_models.add({"provider": "lmstudio", "name": "of-ours"})
        PickerState(environment).toggle_favourite(Picked("lmstudio", "of-ours"))
        current = RememberedModels()
        current.set(environment, "", Selection("lmstudio", "of-ours"))
        save(environment, "direct")
        shortcuts.put(found, "short", "lmstudio/of-ours")
        keys.store(found, "groq", "gsk-of-ann", shared=True)

        later = keeping.environment("ann")
        found = catalog(later, plugins)
        assert {str(ref) for ref in found.custom_refs} == {"openai-compatible/mine", "lmstudio/of-ours"}
        assert [each.model for each in PickerState(later).favourites()] == ["of-ours"]
        assert current.get(later, "") == Selection("lmstudio", "of-ours")
        assert (found.preferences.prefer, found.preferences.shortcuts) == ("direct", {"short": "lmstudio/of-ours"})
        assert later.setting("GROQ_API_KEY") == "gsk-of-ann"
        assert found.problems == ()

    def test_users_share_nothing(self, keeping: Keeping, plugins: Plugins) -> None:
        """What one user writes is in no other user's documents."""
        ann, bob = keeping.environment("ann"), keeping.environment("bob")
        catalog(ann, plugins).custom_models.add({"provider": "openrouter", "name": "a/of-ann", "apiKey": "gsk-of-ann"})
        PickerState(ann).toggle_favourite(Picked("openrouter", "a/of-ann"))
        (current := RememberedModels()).set(ann, "", Selection("openrouter", "a/of-ann", api_key="gsk-of-ann"))
        bob = bob.again()
        assert bob.owner != ann.owner
        assert catalog(bob, plugins).custom_refs == frozenset()
        assert PickerState(bob).favourites() == ()
        assert current.get(bob, "") is None

    def test_a_writer_changes_what_is_there_now(self, keeping: Keeping, plugins: Plugins) -> None:
        """A writer that has read an older document keeps what others have added to it since."""
        old = catalog(keeping.environment("ann"), plugins)
        assert old.custom_refs == frozenset()
        catalog(keeping.environment("ann"), plugins).custom_models.add({"provider": "openrouter", "name": "a/one"})
        old.custom_models.add({"provider": "openrouter", "name": "a/two"})
        found = catalog(keeping.environment("ann"), plugins).custom_refs
        assert found == {ModelRef("openrouter", "a/one"), ModelRef("openrouter", "a/two")}

    def test_an_environment_notices_what_it_depends_on(self, keeping: Keeping) -> None:
        """An environment is current until one of the documents that it has read is changed."""
        environment = keeping.environment("ann")
        Preferences.load(environment)
        assert environment.is_current()
        save(environment, "direct")
        assert not environment.is_current()
        assert Preferences.load(environment.again()).prefer == "direct"

    def test_what_is_no_document_is_kept(self, keeping: Keeping, plugins: Plugins) -> None:
        """A document that can't be understood is refused, and stays as it is."""
        environment = keeping.environment("ann")
        put(environment.documents, path := environment.config_path, b"no = = toml")
        with pytest.raises(Exception, match="not valid TOML"):
            save(environment.again(), "direct")
        assert environment.documents.again().read(path) == b"no = = toml"


def _remove(documents: Documents, path: str) -> None:
    with documents.locked(path):
        documents.remove(path)
