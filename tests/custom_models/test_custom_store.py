"""The file of custom models: what is kept to the letter, what is refused, and what a key is bound to."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from polyroute import (
    CustomModelExists,
    CustomModelRules,
    Environment,
    KeyBoundElsewhere,
    ModelRef,
    Plugins,
    Provider,
    Unavailable,
    UnknownCustomModel,
    UnknownProvider,
    UsageError,
    hookimpl,
)
from polyroute.custom_models.store import CustomStore
from polyroute.dexto_compat import custom_models_path

GLM = ModelRef("openrouter", "z-ai/glm-4.5-air:free")
SERVER = ModelRef("openai-compatible", "mine")
URL, OTHER_URL = "https://one.example/v1", "https://two.example/v1"
KEY = "sk-or-v1-0123456789abcdef"
NEWER = (
    '{"name": "n",  "provider":"from-2030", "reasoning": {"b": 1e400, "a": -0, "c": "\\ud800"}, "x": 9007199254740993}'
)


@pytest.fixture
def store(make_environment: Callable[..., Environment], plugins: Plugins) -> CustomStore:
    return CustomStore(custom_models_path(make_environment().shared_home), plugins)


def write(store: CustomStore, text: str) -> Path:
    """Write a text to the store's file."""
    path = Path(store.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def entries(store: CustomStore) -> list[dict[str, Any]]:
    """Return the entries of the file, as another program reads them."""
    document = json.loads(Path(store.path).read_text(encoding="utf-8"))
    assert document["version"] == 1
    found: list[dict[str, Any]] = document["models"]
    return found


# --- Adding, editing, renaming, removing ---


@pytest.mark.parametrize("name", [GLM.id, "Größe/模型-1", "a%2Fb c", "UPPER lower", "x" * 1000, "\U0001f999", '"\\'])
def test_a_model_id_is_kept_to_the_letter(store: CustomStore, name: str) -> None:
    """Any model ID is read back exactly as it was entered, by the store and by another program."""
    outcome = store.add({"provider": "openrouter", "name": name})
    assert outcome.created
    assert [model.name for model in store.listing().models] == [name]
    assert entries(store) == [{"provider": "openrouter", "name": name}]


def test_the_file_is_the_users_alone(store: CustomStore) -> None:
    """The file has mode 0600 after every write, whatever mode it had before."""
    path = write(store, '{"version": 1, "models": []}')
    path.chmod(0o644)
    store.add({"provider": "openrouter", "name": "m"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_identity_is_provider_and_name(store: CustomStore) -> None:
    """The same name under two providers is two models; under an alias of the same provider it is one."""
    store.add({"provider": "openrouter", "name": "m"})
    store.add({"provider": "openai-compatible", "name": "m", "baseURL": URL})
    with pytest.raises(CustomModelExists):
        store.add({"provider": "openrouter", "name": "m"})
    with pytest.raises(CustomModelExists):
        store.add({"name": "m", "baseURL": URL})
    store.add({"provider": "bedrock", "name": "m"})
    with pytest.raises(CustomModelExists):
        store.add({"provider": "amazon-bedrock", "name": "m"})
    assert [model.provider for model in store.named("m")] == ["openrouter", "openai-compatible", "bedrock"]
    assert store.get(ModelRef("amazon-bedrock", "m")).provider == "bedrock"


def test_upserting_keeps_what_is_not_named(store: CustomStore) -> None:
    """An upsert keeps fields that it does not name, changes those that it names, and removes those left empty."""
    write(store, json.dumps({"version": 1, "models": [{**GLM._asdict(), "name": GLM.id, "apiKey": KEY, "new": [1]}]}))
    outcome = store.add({"provider": "openrouter", "name": GLM.id, "displayName": "GLM", "baseURL": ""}, upsert=True)
    assert not outcome.created
    (entry,) = entries(store)
    assert (entry["apiKey"], entry["new"], entry["displayName"]) == (KEY, [1], "GLM")
    store.edit(GLM, {"displayName": None})
    assert "displayName" not in entries(store)[0]


def test_renaming_keeps_everything_and_the_place(store: CustomStore) -> None:
    """A renamed model keeps all its fields, its key and its position, and the old name is gone."""
    write(
        store,
        f'{{"version": 1, "models": [{{"provider": "litellm", "name": "a", "baseURL": "{URL}", "apiKey": "{KEY}",'
        ' "new": 1e400}, {"provider": "openrouter", "name": "b"}]}',
    )
    store.rename(ModelRef("litellm", "a"), "c")
    assert [model.ref.id for model in store.listing().models] == ["c", "b"]
    assert entries(store)[0]["apiKey"] == KEY
    assert "1e400" in Path(store.path).read_text(encoding="utf-8")
    with pytest.raises(UnknownCustomModel):
        store.get(ModelRef("litellm", "a"))


def test_renaming_to_a_name_that_is_taken(store: CustomStore) -> None:
    """Renaming to an existing name is refused, and both models stay."""
    store.add({"provider": "openrouter", "name": "a"})
    store.add({"provider": "openrouter", "name": "b"})
    with pytest.raises(CustomModelExists):
        store.rename(ModelRef("openrouter", "a"), "b")
    assert [model.name for model in store.listing().models] == ["a", "b"]


def test_removing(store: CustomStore) -> None:
    """A removed model is gone; removing a missing one is refused, and other models of that name are reported."""
    store.add({"provider": "openrouter", "name": "m"})
    with pytest.raises(UnknownCustomModel, match="openrouter"):
        store.remove(ModelRef("glama", "m"))
    assert store.remove(ModelRef("openrouter", "m")).model.name == "m"
    assert store.listing() == ((), ())


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"provider": "openrouter", "name": ""}, "name"),
        ({"provider": "openrouter"}, "name"),
        ({"provider": "openrouter", "name": " m"}, "white space"),
        ({"provider": "openrouter", "name": "m\n"}, "white space"),
        ({"provider": "openrouter", "name": 3}, "name"),
        ({"provider": "openrouter", "name": "\ud800"}, "name must be"),
        ({"provider": "anthropic", "name": "m"}, "accepts no custom models"),
        ({"provider": "litellm", "name": "m"}, "baseURL is missing"),
        ({"name": "m"}, "baseURL is missing"),
        ({"provider": "openrouter", "name": "m", "baseURL": URL}, "is not allowed"),
        ({"provider": "litellm", "name": "m", "baseURL": "ftp://x"}, "http"),
        ({"provider": "litellm", "name": "m", "baseURL": "https://me:pass@x/v1"}, "user name"),
        ({"provider": "local", "name": "m"}, ".gguf"),
        ({"provider": "local", "name": "m", "filePath": "/m.bin"}, ".gguf"),
        ({"provider": "openrouter", "name": "m", "maxInputTokens": 0}, "maxInputTokens"),
        ({"provider": "openrouter", "name": "m", "maxInputTokens": "9"}, "maxInputTokens"),
        ({"provider": "openrouter", "name": "m", "maxInputTokens": 2**53 + 1}, "from 1 to 2"),
        ({"provider": "openrouter", "name": "m", "new": 2**53 + 1}, "exactly"),
        ({"provider": "openrouter", "name": "m", "new": float("nan")}, "is not a number"),
        ({"provider": "openrouter", "name": "m", "new": [{"deep": float("inf")}]}, "is not a number"),
        ({"provider": "openrouter", "name": "m", "new": "\udc00"}, "a lone surrogate"),
        ({"provider": "openrouter", "name": "m", "apiKey": "a\nb"}, "visible ASCII"),
        ({"provider": "openrouter", "name": "m", "apiKey": "ключ"}, "visible ASCII"),
        ({"provider": "openrouter", "name": "m", "apiKey": "${MY KEY}"}, "visible ASCII, .NAME or keyring:NAME"),
        ({"provider": "openrouter", "name": "m", "apiKey": "keyring:"}, "visible ASCII, .NAME or keyring:NAME"),
        ({"provider": "openrouter", "name": "m", "apiKey": 5}, "apiKey"),
    ],
)
def test_what_cannot_be_used_is_refused(store: CustomStore, entry: dict[str, Any], why: str) -> None:
    """An entry that its provider can't use, or that a rewrite can't hold, is refused and the file stays unchanged."""
    path = write(store, before := '{"version":1,"models":[{"provider":"openrouter","name":"n"}]}')
    with pytest.raises(UsageError, match=why):
        store.add(entry)
    assert path.read_text(encoding="utf-8") == before


def test_an_unknown_provider_is_refused_with_the_closest(store: CustomStore) -> None:
    """Adding a model under a misspelled provider is refused with the closest name."""
    with pytest.raises(UnknownProvider, match="openrouter"):
        store.add({"provider": "openruoter", "name": "m"})


def test_a_third_partys_provider_takes_custom_models(make_environment: Callable[..., Environment]) -> None:
    """A third party's plugin declares what custom models of its provider need."""

    class Plugin:
        @hookimpl
        def polyroute_providers(self) -> list[Provider]:
            rules = CustomModelRules("required", ".onnx")
            return [Provider("acme", "Acme", "own-server", base_url="http://localhost:1", custom_models=rules)]

    store = CustomStore(custom_models_path(make_environment().shared_home), Plugins.load([Plugin()], only=[]))
    store.add({"provider": "acme", "name": "m", "baseURL": URL, "filePath": "/m.onnx"})
    with pytest.raises(UsageError, match="onnx"):
        store.add({"provider": "acme", "name": "n", "baseURL": URL, "filePath": "/m.gguf"})


# --- What is already in the file ---


def test_what_is_not_understood_survives(store: CustomStore) -> None:
    """Unknown fields and providers, newer shapes and odd numbers stay exactly as written when another entry changes."""
    odd = [NEWER, '{"provider": 3}', '"text"', "null", '{"name":"a","name":"b", "q":1E+2}', "[ 1,2 ]"]
    listed = f'[{", ".join(odd)}, {{"provider": "openrouter", "name": "m"}}]'
    path = write(store, f'{{"theirs": 1.0, "version": 1, "models": {listed}, "more": [ 1 ]}}')
    store.edit(ModelRef("openrouter", "m"), {"displayName": "M"})
    store.add({"provider": "openrouter", "name": "n"})
    store.remove(ModelRef("openrouter", "m"))
    text = path.read_text(encoding="utf-8")
    assert [each for each in odd if each not in text] == []
    assert '"theirs": 1.0' in text
    assert '"more": [ 1 ]' in text


def test_editing_keeps_the_other_fields_to_the_letter(store: CustomStore) -> None:
    """An edit changes only the named field; the entry's other fields stay exactly as written."""
    path = write(store, f'{{"version": 1, "models": [{NEWER.replace("from-2030", "openrouter")}]}}')
    store.edit(ModelRef("openrouter", "n"), {"displayName": "N"})
    text = path.read_text(encoding="utf-8")
    assert '{"b": 1e400, "a": -0, "c": "\\ud800"}' in text
    assert "9007199254740993" in text


def test_one_bad_entry_is_a_problem_with_its_position(store: CustomStore) -> None:
    """A bad entry is a problem with its position and reason, but not its content; the other entries are listed."""
    bad = {"provider": "openrouter", "name": "bad", "apiKey": [KEY]}
    good = {"provider": "openrouter", "name": "good"}
    write(store, json.dumps({"version": 1, "models": [bad, good, 5, {"provider": "litellm", "name": "l"}, good]}))
    models, problems = store.listing()
    assert [model.name for model in models] == ["good"]
    assert [problem.message.partition(";")[0] for problem in problems] == [
        "models[0]: apiKey must be a key in visible ASCII, $NAME or keyring:NAME (at most 10,000 characters)",
        "models[2]: it must be an object",
        "models[3]: baseURL is missing: litellm requires it",
        "models[4]: it is a duplicate",
    ]
    assert KEY not in str(problems)
    assert {problem.path for problem in problems} == {store.path}


def test_an_unknown_provider_in_the_file_is_listed(store: CustomStore) -> None:
    """A model of a provider that is not installed is listed under its name, and can be edited and removed."""
    write(store, f'{{"version": 1, "models": [{NEWER}]}}')
    (model,) = store.listing().models
    assert model.ref == ModelRef("from-2030", "n")
    assert store.edit(model.ref, {"displayName": "N"}).model.display_name == "N"
    store.remove(model.ref)
    assert entries(store) == []


def test_an_alias_is_kept_as_written(store: CustomStore) -> None:
    """The alias `dexto-nova` is read as the same provider, and stays in the file as written."""
    write(store, '{"version": 1, "models": [{"provider": "dexto-nova", "name": "m"}]}')
    assert store.get(ModelRef("dexto", "m")).provider == "dexto-nova"
    store.rename(ModelRef("dexto", "m"), "n")
    assert entries(store) == [{"provider": "dexto-nova", "name": "n"}]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "[]",
        "{}",
        "null",
        '{"version": 2, "models": []}',
        '{"version": true, "models": []}',
        '{"models": []}',
        '{"version": 1, "models": {}}',
        '{"version": 1, "models": [{"name": "m",}]}',
        '{"version": 1, "models": [NaN]}',
        '{"version": 1, "models": []} x',
    ],
)
def test_an_unreadable_file_is_never_overwritten(store: CustomStore, text: str) -> None:
    """An unreadable file is reported when listing, every change is refused, and the file stays unchanged."""
    path = write(store, text)
    models, (problem,) = store.listing()
    assert models == ()
    assert "repair" in problem.remedy
    changes: list[Callable[[], object]] = [
        lambda: store.add({"provider": "openrouter", "name": "n"}),
        lambda: store.edit(GLM, {}),
        lambda: store.rename(GLM, "n"),
        lambda: store.remove(GLM),
    ]
    for change in changes:
        with pytest.raises(Unavailable, match="left unchanged"):
            change()
    assert path.read_text(encoding="utf-8") == text


def test_invalid_utf8_is_unreadable(store: CustomStore) -> None:
    """A file that is not valid UTF-8 is unreadable, and its bytes are not repeated."""
    path = write(store, "")
    path.write_bytes(b'{"version": 1, "models": [{"name": "\xff"}]}')
    assert store.listing().models == ()
    with pytest.raises(Unavailable):
        store.add({"provider": "openrouter", "name": "n"})


def test_a_byte_order_mark_is_read(store: CustomStore) -> None:
    """A file with a byte order mark is read."""
    write(store, '\ufeff{"version": 1, "models": [{"provider": "openrouter", "name": "m"}]}')
    store.add({"provider": "openrouter", "name": "n"})
    assert [entry["name"] for entry in entries(store)] == ["m", "n"]


# --- Repairing ---


def test_repair_saves_what_parses_and_keeps_the_original(store: CustomStore) -> None:
    """Repairing a truncated file recovers all whole entries and keeps a copy of the original."""
    text = json.dumps(
        {"version": 1, "models": [{"provider": "openrouter", "name": f"m{n}"} for n in range(5)]}, indent=2
    )
    path = write(store, cut := text[:-40])
    repaired = store.repair()
    assert repaired is not None
    assert repaired.saved == 4
    assert Path(repaired.original).read_text(encoding="utf-8") == cut
    assert stat.S_IMODE(Path(repaired.original).stat().st_mode) == 0o600
    assert [model.name for model in store.listing().models] == ["m0", "m1", "m2", "m3"]
    assert store.repair() is None
    path.write_text("{", encoding="utf-8")
    again = store.repair()
    assert again is not None
    assert again.original != repaired.original


def test_repair_of_another_version(store: CustomStore) -> None:
    """Entries of another version are read as those of version 1, and the original is kept."""
    write(store, f'{{"version": 7, "models": [{NEWER}, 3], "more": {{"name": 1}}}}')
    repaired = store.repair()
    assert repaired is not None
    assert repaired.saved == 1
    assert NEWER in Path(store.path).read_text(encoding="utf-8")


@pytest.mark.parametrize("depth", [50, 400, 900])
def test_what_is_nested_deeply(store: CustomStore, depth: int) -> None:
    """A deeply nested field affects no other entry and stays in the file; if too deep to check, it is redacted."""
    deep = '{"a":' * depth + "1" + "}" * depth
    path = write(store, f'{{"version":1,"models":[{{"provider":"ollama","name":"deep","new":{deep}}}]}}')
    store.add({"provider": "ollama", "name": "m"})
    store.edit(ModelRef("ollama", "deep"), {"displayName": "D"})
    assert deep in path.read_text(encoding="utf-8")
    first, second = store.listing().models
    assert second.name == "m"
    assert (first.document["new"] == "[REDACTED]") == (depth > 100)
    assert (deep in store.export().decode()) == (depth < 100)


@pytest.mark.parametrize(
    "text",
    [
        "root:x:0:0:root\n",
        '{"name": "package", "version": "1.0"}',
        "null",
        '"models"',
        "# a: [\n",
        '{"a": {"name": "x"}',
    ],
)
def test_repair_of_what_holds_no_models(store: CustomStore, text: str) -> None:
    """A file without a list of models, which may be any other file, is not replaced."""
    path = write(store, text)
    with pytest.raises(Unavailable, match="no list of models"):
        store.repair()
    assert path.read_text(encoding="utf-8") == text
    assert [each.name for each in path.parent.iterdir() if "broken" in each.name] == []


@pytest.mark.parametrize(
    "text",
    ["", "\0\0\0", "{", '{\n  "version": 1,\n  "mod', '[{"provider": "ollama", "name": "m"}, {"na', '{"models": [{'],
)
def test_repair_of_what_was_cut_off(store: CustomStore, text: str) -> None:
    """A file that was cut off anywhere, or filled with NUL by a crash, is repaired."""
    write(store, text)
    assert store.repair() is not None
    assert store.listing().problems == ()


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_repair_through_a_link_out_of_the_home(store: CustomStore, tmp_path: Path, linked: str) -> None:
    """A file outside of the shared home is not repaired through a link, whatever it contains."""
    target = tmp_path / "elsewhere" / "custom-models.json"
    target.parent.mkdir()
    target.write_text('{"version": 1, "models": [{"name": "m"}', encoding="utf-8")
    path = Path(store.path)
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    if linked == "folder":
        path.parent.symlink_to(target.parent)
    else:
        path.parent.mkdir()
        path.symlink_to(target)
    with pytest.raises(Unavailable, match="outside of"):
        store.repair()
    assert target.read_text(encoding="utf-8").endswith('"m"}')


def test_a_link_to_the_users_own_file_works(store: CustomStore, tmp_path: Path) -> None:
    """A link to a file of custom models, as dotfile managers make, stays a link, and its target is changed."""
    target = tmp_path / "dotfiles.json"
    target.write_text('{"version": 1, "models": []}', encoding="utf-8")
    Path(store.path).parent.mkdir(parents=True)
    Path(store.path).symlink_to(target)
    store.add({"provider": "openrouter", "name": "m"})
    assert Path(store.path).is_symlink()
    assert "openrouter" in target.read_text(encoding="utf-8")


def test_an_invalid_entry_can_be_corrected_and_removed(store: CustomStore) -> None:
    """An entry that is reported as a problem can be corrected by an edit, and removed."""
    bad = {"provider": "litellm", "name": "m", "apiKey": [KEY]}
    write(store, json.dumps({"version": 1, "models": [bad, {**bad, "name": "n"}]}))
    store.edit(ModelRef("litellm", "m"), {"baseURL": URL, "apiKey": "k"})
    assert KEY not in repr(store.remove(ModelRef("litellm", "n")))
    assert [model.name for model in store.listing().models] == ["m"]


def test_repair_without_a_file(store: CustomStore) -> None:
    """Without a file there is nothing to repair."""
    assert store.repair() is None
    assert not Path(store.path).exists()


# --- Keys ---


@pytest.mark.parametrize("mask", ["[REDACTED]", "****cdef", "****", "•••••", "...cdef"])
def test_a_mask_that_comes_back_means_keep(store: CustomStore, mask: str) -> None:
    """A mask that is sent back in place of a key never replaces the key, and is never stored."""
    store.add({"provider": "openrouter", "name": GLM.id, "apiKey": KEY})
    store.add({"provider": "openrouter", "name": GLM.id, "apiKey": mask, "displayName": "G"}, upsert=True)
    store.edit(GLM, {"apiKey": mask})
    assert entries(store)[0]["apiKey"] == KEY
    outcome = store.add({"provider": "openrouter", "name": "other", "apiKey": mask})
    assert outcome.note
    assert "apiKey" not in entries(store)[1]


def test_the_key_is_in_no_value(store: CustomStore) -> None:
    """A model shows at most the last four characters of its key, in its text form too."""
    store.add({"provider": "openrouter", "name": "long", "apiKey": KEY})
    store.add({"provider": "openrouter", "name": "short", "apiKey": "sk-12345678"})
    store.add({"provider": "openrouter", "name": "newer", "authToken": KEY, "headers": {"x-key": KEY}})
    store.add({"provider": "openrouter", "name": "named", "apiKey": "${OPENROUTER_API_KEY}"})
    listing = store.listing()
    keys = {"long": "****cdef", "short": "****", "named": "${OPENROUTER_API_KEY}", "newer": ""}
    assert {model.name: model.key for model in listing.models} == keys
    assert KEY[:-4] not in repr(listing)
    assert store.get(ModelRef("openrouter", "newer")).document["authToken"] == "[REDACTED]"
    assert store.secret(ModelRef("openrouter", "long"), "") == KEY


@pytest.mark.parametrize("change", [{"baseURL": OTHER_URL}, {"baseURL": OTHER_URL, "apiKey": "[REDACTED]"}])
@pytest.mark.parametrize("key", [KEY, "$MY_KEY", "keyring:mine"])
def test_a_key_stays_with_its_base_url(store: CustomStore, change: dict[str, Any], key: str) -> None:
    """An edit or upsert of only the base URL is refused; with the key given again, or with consent, it is accepted."""
    store.add({"provider": SERVER.provider, "name": SERVER.id, "baseURL": URL, "apiKey": key})
    before = Path(store.path).read_bytes()
    with pytest.raises(KeyBoundElsewhere, match="keep-key"):
        store.edit(SERVER, change)
    with pytest.raises(KeyBoundElsewhere):
        store.add({"provider": SERVER.provider, "name": SERVER.id, **change}, upsert=True)
    assert Path(store.path).read_bytes() == before
    store.edit(SERVER, {"baseURL": f"{URL}/"})
    store.edit(SERVER, change, keep_key=True)
    assert entries(store)[0]["apiKey"] == key
    store.edit(SERVER, {"baseURL": URL, "apiKey": "another"})
    store.edit(SERVER, {"baseURL": OTHER_URL, "apiKey": None})
    assert "apiKey" not in entries(store)[0]


@pytest.mark.parametrize("provider", ["glama", "from-2030", "", None, 5])
def test_a_key_stays_with_its_provider(store: CustomStore, provider: Any) -> None:
    """An edit can't move a model, and so its key, to another provider; an alias is the same provider."""
    store.add({"provider": "bedrock", "name": "m", "apiKey": KEY})
    before = Path(store.path).read_bytes()
    with pytest.raises(UsageError, match="provider of bedrock/"):
        store.edit(ModelRef("bedrock", "m"), {"provider": provider})
    assert Path(store.path).read_bytes() == before
    store.edit(ModelRef("amazon-bedrock", "m"), {"provider": "amazon-bedrock", "displayName": "M"})
    assert entries(store)[0]["displayName"] == "M"


def test_an_entry_without_a_provider(store: CustomStore) -> None:
    """An entry without a provider belongs to the default provider, in messages too, and keeps its name."""
    write(store, json.dumps({"version": 1, "models": [{"name": "m", "baseURL": URL}, {"baseURL": URL}]}))
    with pytest.raises(UnknownCustomModel, match="There is one of openai-compatible"):
        store.edit(GLM._replace(id="m"), {"displayName": "M"})
    with pytest.raises(UsageError, match="name must be"):
        store.edit(ModelRef("openai-compatible", "m"), {"name": None})
    store.edit(ModelRef("openai-compatible", "m"), {"provider": None, "displayName": "M"})
    assert entries(store)[0] == {"name": "m", "baseURL": URL, "displayName": "M"}


@pytest.mark.parametrize("reference", ["$OPENAI_API_KEY", "${OPENAI_API_KEY}", "keyring:openai"])
def test_who_may_not_read_variables_may_not_name_them(store: CustomStore, reference: str) -> None:
    """An entry from an HTTP client that would send another variable's key to the client's base URL is refused."""
    with pytest.raises(UsageError, match="may not refer"):
        store.add({"provider": SERVER.provider, "name": "m", "baseURL": URL, "apiKey": reference}, references=False)
    assert not Path(store.path).exists()
