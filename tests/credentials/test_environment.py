"""What may be looked at: variables, `.env` files and files under home, and which of them wins."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyroute import Catalog, Environment, Plugins, Preferences, Problem
from tests.support.catalogs import MakeCatalog, MakeEnvironment

LAYERS = ("env", "project .env", "global .env")
SET_OR_NOT = st.none() | st.sampled_from(["", "  ", "\t", "one", " two ", "\tthree"])
NOT_UTF_8 = b"\xff\xfeOPENAI_API_KEY=k"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with its own `.env`, next to the user's home."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".env").write_text("SETTING=of the project\nOPENAI_API_KEY=k\n", encoding="utf-8")
    return folder


def layered(folder: Path, values: tuple[str | None, ...]) -> Environment:
    """Return an environment in which SETTING has these values, by layer; None where it is missing."""
    (folder / ".dexto").mkdir(exist_ok=True)
    for path, value in zip((folder / ".env", folder / ".dexto" / ".env"), values[1:], strict=True):
        path.write_text("" if value is None else f"SETTING={value}\n", encoding="utf-8")
    process = {} if values[0] is None else {"SETTING": values[0]}
    return Environment(process, home=folder, trusted_project=folder)


@given(st.tuples(SET_OR_NOT, SET_OR_NOT, SET_OR_NOT))
def test_the_first_layer_that_is_not_blank_wins(
    tmp_path_factory: pytest.TempPathFactory, values: tuple[str | None, ...]
) -> None:
    """The process comes before the trusted project's `.env`, and that before the global one; blank counts as unset."""
    environment = layered(tmp_path_factory.mktemp("layers"), values)
    expected = [(layer, value.strip()) for layer, value in zip(LAYERS, values, strict=True) if value and value.strip()]
    source = environment.source("SETTING")
    found = [(source.layer, environment.setting("SETTING"))] if source else []
    assert found == expected[:1]
    assert list(environment.names) == ["SETTING"] * bool(expected)


@pytest.mark.parametrize("values", [("a", "b", "c"), (None, "b", "c"), (None, " ", "c")])
def test_a_setting_of_one_layer_only(tmp_path: Path, values: tuple[str | None, ...]) -> None:
    """A setting can be read from one layer only; a value of another layer does not count then."""
    environment = layered(tmp_path, values)
    asked = [environment.setting("SETTING", layer=layer) for layer in LAYERS]
    assert asked == [value if value and value.strip() else None for value in values]


@pytest.mark.parametrize(
    ("layer", "expected"),
    [(0, "env OPENAI_API_KEY"), (1, "project .env OPENAI_API_KEY"), (2, "global .env OPENAI_API_KEY")],
)
def test_each_credential_says_where_it_was_found(tmp_path: Path, plugins: Plugins, layer: int, expected: str) -> None:
    """A credential names its layer and its variable, and never the value."""
    line = "OPENAI_API_KEY=the-value\n"
    (tmp_path / ".dexto").mkdir()
    (tmp_path / ".env").write_text(line * (layer == 1), encoding="utf-8")
    (tmp_path / ".dexto" / ".env").write_text(line * (layer == 2), encoding="utf-8")
    process = {"OPENAI_API_KEY": "the-value"} if layer == 0 else {}
    environment = Environment(process, home=tmp_path, trusted_project=tmp_path)
    route = Catalog(plugins, environment).provider("openai").routes[1]
    assert str(route.credential) == expected
    assert environment.reveal(route.credential) == "the-value"


def test_a_projects_file_counts_only_if_trusted(
    project: Path, monkeypatch: pytest.MonkeyPatch, plugins: Plugins
) -> None:
    """The working directory's `.env` is not read until the host declares the project trusted."""
    monkeypatch.chdir(project)
    wary, trusting = Environment.load(), Environment.load(trusted_project=project)
    assert wary.source("OPENAI_API_KEY") is None
    assert not Catalog(plugins, wary).provider("openai").has_direct_key
    assert str(trusting.source("OPENAI_API_KEY")) == "project .env OPENAI_API_KEY"
    assert Catalog(plugins, trusting).provider("openai").has_direct_key


def test_a_trusted_project_needs_no_file(tmp_path: Path) -> None:
    """A project without `.env`, and one that does not exist, are no problem."""
    assert Environment({}, home=tmp_path, trusted_project=tmp_path).problems == ()
    assert Environment({}, home=tmp_path, trusted_project=tmp_path / "nowhere").problems == ()


@pytest.mark.parametrize("broken", ["directory", "not utf-8"])
@pytest.mark.parametrize("place", ["project", "global"])
def test_an_unreadable_dotenv_is_a_problem(tmp_path: Path, plugins: Plugins, broken: str, place: str) -> None:
    """A `.env` that can't be read is a problem that names it; the variables of all other layers still apply."""
    good, bad = tmp_path / "good", tmp_path / "bad"
    for folder in (good, bad):
        folder.mkdir()
    (good / ".env").write_text("GROQ_API_KEY=g\n", encoding="utf-8")
    (good / ".env").chmod(0o600)
    (bad / ".env").mkdir() if broken == "directory" else (bad / ".env").write_bytes(NOT_UTF_8)
    project, dexto = (bad, good) if place == "project" else (good, bad)
    environment = Environment({"XAI_API_KEY": "x", "DEXTO_HOME": str(dexto)}, home=tmp_path, trusted_project=project)
    (problem,) = Catalog(plugins, environment).problems
    assert problem.path == str(bad / ".env")
    assert problem.remedy
    assert {name for name in environment.names if name.endswith("_API_KEY")} == {"XAI_API_KEY", "GROQ_API_KEY"}
    assert environment.source("OPENAI_API_KEY") is None


@pytest.mark.parametrize("place", ["project", "global"])
@pytest.mark.parametrize(
    ("mode", "text", "is_told"),
    [
        (0o666, "GROQ_API_KEY=g\n", True),
        (0o640, "GROQ_API_KEY=g\n", True),
        (0o604, "export HF_TOKEN='g'\n", True),
        (0o600, "GROQ_API_KEY=g\n", False),
        (0o666, "ACME_KEY_FILE=~/key\nREGION=eu\nGROQ_API_KEY=\n", False),
    ],
)
def test_a_dotenv_that_others_may_read(
    tmp_path: Path, plugins: Plugins, place: str, mode: int, text: str, is_told: bool
) -> None:
    """A `.env` with keys that other users may read or write is one problem, with the command that fixes it."""
    path = tmp_path / "it's" / ".env"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    project, dexto = (path.parent, tmp_path) if place == "project" else (tmp_path, path.parent)
    environment = Environment({"DEXTO_HOME": str(dexto)}, home=tmp_path, trusted_project=project)
    problems = Catalog(plugins, environment).problems
    assert [(each.code, each.path) for each in problems] == [("file-mode", str(path))] * is_told
    assert all(shlex.split(each.remedy.removeprefix("Run: ")) == ["chmod", "600", str(path)] for each in problems)


def test_a_dotenv_with_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    """A `.env` with Windows line ends and a byte order mark is read like any other."""
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfONE=1\r\nexport TWO='2'\r\nTHREE=\"3\"\r\n")
    environment = Environment({"DEXTO_HOME": str(tmp_path)}, home=tmp_path)
    assert [environment.setting(name) for name in ("ONE", "TWO", "THREE")] == ["1", "2", "3"]


def test_again_sees_changes_of_files(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """An environment never changes; `again()` returns a new one that reads the same places anew."""
    before = make_environment({".dexto/.env": "SETTING=old\n", "note": "old"}, OTHER="kept")
    assert (before.setting("SETTING"), before.read(str(tmp_path / "note"))) == ("old", "old")
    make_environment({".dexto/.env": "SETTING=new\n", "note": "new"})
    after = before.again()
    assert (before.setting("SETTING"), before.read(str(tmp_path / "note"))) == ("old", "old")
    assert (after.setting("SETTING"), after.read(str(tmp_path / "note"))) == ("new", "new")
    assert (after.setting("OTHER"), after.home) == ("kept", before.home)


def test_again_keeps_the_trusted_project(project: Path, tmp_path: Path) -> None:
    """`again()` keeps the same trusted project, and no other."""
    environment = Environment({}, home=tmp_path, trusted_project=project)
    (project / ".env").write_text("SETTING=changed\n", encoding="utf-8")
    assert str(environment.again().source("SETTING")) == "project .env SETTING"
    assert environment.again().setting("SETTING") == "changed"


def test_again_sees_a_mended_file(tmp_path: Path) -> None:
    """After the file is fixed, `again()` no longer has the problem."""
    (tmp_path / ".env").write_bytes(NOT_UTF_8)
    environment = Environment({"DEXTO_HOME": str(tmp_path)}, home=tmp_path)
    (tmp_path / ".env").write_text("SETTING=mended\n", encoding="utf-8")
    assert len(environment.problems) == 1
    assert (environment.again().problems, environment.again().setting("SETTING")) == ((), "mended")


def test_the_process_is_looked_at_once_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Environment.load()` copies the process's variables once; `again()` copies them anew."""
    monkeypatch.setenv("SETTING", "old")
    environment = Environment.load()
    monkeypatch.setenv("SETTING", "new")
    assert (environment.setting("SETTING"), environment.again().setting("SETTING")) == ("old", "new")


def test_given_variables_are_copied(tmp_path: Path) -> None:
    """Later changes to the host's mapping don't change the environment."""
    variables = {"SETTING": "old"}
    environment = Environment(variables, home=tmp_path)
    variables["SETTING"] = "new"
    assert (environment.setting("SETTING"), environment.again().setting("SETTING")) == ("old", "old")


def test_the_process_variables_are_not_looked_at(
    make_catalog: MakeCatalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment of given variables uses no key, home or configuration of the process."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ".env").write_text("OPENAI_API_KEY=k\n", encoding="utf-8")
    (elsewhere / "config.toml").write_text('prefer = "direct"\n', encoding="utf-8")
    for name in ("DEXTO_HOME", "POLYROUTE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(elsewhere))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    catalog = make_catalog()
    assert list(catalog.environment.names) == []
    assert Preferences.load(catalog.environment) == Preferences()
    assert not any(catalog.provider(name).has_direct_key for name in ("openai", "anthropic"))


def test_homes_are_moved_by_the_given_variables(tmp_path: Path) -> None:
    """DEXTO_HOME moves the global `.env`, and POLYROUTE_HOME `config.toml`."""
    (tmp_path / "dexto").mkdir()
    (tmp_path / "dexto" / ".env").write_text("SETTING=moved\n", encoding="utf-8")
    moved = {"DEXTO_HOME": str(tmp_path / "dexto"), "POLYROUTE_HOME": str(tmp_path / "ours")}
    environment = Environment(moved, home=tmp_path)
    assert environment.setting("SETTING") == "moved"
    assert environment.config_path == str(tmp_path / "ours" / "config.toml")


def test_blank_homes_are_not_set(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """A blank DEXTO_HOME or POLYROUTE_HOME counts as not set."""
    environment = make_environment({".dexto/.env": "SETTING=here\n"}, DEXTO_HOME=" ", POLYROUTE_HOME="")
    assert environment.setting("SETTING") == "here"
    assert environment.config_path == str(tmp_path / ".config" / "polyroute" / "config.toml")


def test_a_dotenv_moves_no_home(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """Only the process's variables decide where files are: a `.env` moves neither itself nor `config.toml`."""
    lines = f"DEXTO_HOME={tmp_path / 'other'}\nPOLYROUTE_HOME={tmp_path / 'other'}\nSETTING=here\n"
    environment = make_environment({".dexto/.env": lines, "other/.env": "SETTING=there\n"})
    assert environment.setting("SETTING") == "here"
    assert environment.config_path == str(tmp_path / ".config" / "polyroute" / "config.toml")


def test_home_is_the_given_one_or_that_of_the_given_variables(tmp_path: Path) -> None:
    """Home is the one that the host passes, else HOME of the given variables."""
    variables = {"HOME": str(tmp_path / "of-variables")}
    assert Environment(variables, home=tmp_path / "given").home == str(tmp_path / "given")
    assert Environment(variables).home == str(tmp_path / "of-variables")


def test_without_a_home_there_are_no_files(throw_away_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given variables without HOME find no file of the user running the process; the process's own environment does."""
    monkeypatch.delenv("DEXTO_HOME")
    (throw_away_homes / ".dexto").mkdir(exist_ok=True)
    (throw_away_homes / ".dexto" / ".env").write_text("SETTING=of the process\n", encoding="utf-8")
    nobodys, own = Environment({}), Environment.load()
    (throw_away_homes / ".dexto" / ".env").unlink()
    assert (nobodys.setting("SETTING"), own.setting("SETTING")) == (None, "of the process")
    assert (nobodys.exists(nobodys.path("~/.dexto/.env")), nobodys.problems) == (False, ())
    assert own.home == str(throw_away_homes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/etc/file", "/etc/file"),
        ("~", "{home}"),
        ("~/file", "{home}/file"),
        ("~other/file", "~other/file"),
        ("a~/file", "a~/file"),
        ("${FOLDER}/file", "/folder/file"),
        ("${TILDE}/file", "{home}/moved/file"),
        ("${UNSET}", ""),
        ("${UNSET:-~/default}/file", "{home}/default/file"),
        ("${BLANK:-fallback}", "fallback"),
        ("${FOLDER:-~/default}/${NAME}.json", "/folder/n.json"),
        ("$FOLDER", "$FOLDER"),
        ("profile ${NAME:-default}", "profile n"),
    ],
)
def test_paths_are_filled(make_environment: MakeEnvironment, tmp_path: Path, text: str, expected: str) -> None:
    """In a path `~` is the user's home, `${NAME}` a variable, and `${NAME:-default}` a variable with a default."""
    environment = make_environment(FOLDER="/folder", NAME="n", TILDE="~/moved", BLANK=" ")
    assert environment.path(text) == expected.format(home=tmp_path)


def test_an_inserted_value_is_not_filled_again(make_environment: MakeEnvironment) -> None:
    """A variable's value is inserted unchanged, even if it contains references itself."""
    assert make_environment(ONE="${TWO}", TWO="2").path("/${ONE}") == "/${TWO}"


def test_a_file_is_read_once(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """The content or absence of a file is cached in an environment, except where the current content is requested."""
    environment = make_environment({"there": "text"})
    there, missing = str(tmp_path / "there"), str(tmp_path / "missing")
    assert (environment.read(there), environment.read(missing)) == ("text", None)
    os.remove(there)
    Path(missing).write_text("late", encoding="utf-8")
    assert (environment.read(there), environment.read(missing), environment.problems) == ("text", None, ())
    assert (environment.read_now(there), environment.read_now(missing)) == (None, "late")


def test_only_files_exist(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """A folder does not count as a file."""
    environment = make_environment({"folder/file": ""})
    found = [environment.exists(str(tmp_path / name)) for name in ("folder/file", "folder", "missing")]
    assert found == [True, False, False]


def test_sections_of_an_ini_file(make_environment: MakeEnvironment, tmp_path: Path) -> None:
    """Each section of an INI file has its own settings; keys are lower-cased, and `%` is not special."""
    text = "[default]\nRegion = eu-west-1\n# note\n[profile x]\nsecret = 100%\ns3 =\n  size = 1\n[default]\nmore = 1\n"
    environment = make_environment({"config": text})
    sections = [
        dict(environment.read_sections(str(tmp_path / "config")).get(name, {})) for name in ("default", "profile x")
    ]
    assert sections == [{"region": "eu-west-1", "more": "1"}, {"secret": "100%", "s3": "\nsize = 1"}]
    assert dict(environment.read_sections(str(tmp_path / "config")).get("missing", {})) == {}
    assert dict(environment.read_sections(str(tmp_path / "missing")).get("default", {})) == {}
    assert environment.problems == ()


@pytest.mark.parametrize(
    "text", ["no section = 1\n", "[default\n", "[default]\n= value\n", "[default]\nflag\n  continued = 1\n", "\x00\n"]
)
def test_a_broken_ini_file_is_a_problem(make_environment: MakeEnvironment, tmp_path: Path, text: str) -> None:
    """An INI file that can't be parsed is a problem, listed once, and has no settings."""
    environment = make_environment({"config": text})
    path = str(tmp_path / "config")
    assert [dict(environment.read_sections(path).get(name, {})) for name in ("default", "other")] == [{}, {}]
    assert [problem.path for problem in environment.problems] == [path]


def test_a_problem_is_shown_once(make_environment: MakeEnvironment) -> None:
    """A problem that is reported twice is listed once."""
    environment = make_environment()
    for message in ("one", "two", "one"):
        environment.report(Problem(message))
    assert [problem.message for problem in environment.problems] == ["one", "two"]


def test_environments_do_not_see_each_other(plugins: Plugins, tmp_path: Path) -> None:
    """Two users' catalogs in one process have none of each other's keys, files or problems."""
    (tmp_path / "b" / ".dexto").mkdir(parents=True)
    (tmp_path / "b" / ".dexto" / ".env").write_text("GROQ_API_KEY=k\n", encoding="utf-8")
    (tmp_path / "b" / ".dexto" / ".env").chmod(0o600)
    (tmp_path / "b" / ".dexto" / "auth.json").write_text("[", encoding="utf-8")
    one = Catalog(plugins, Environment({"OPENAI_API_KEY": "k"}, home=tmp_path / "a"))
    other = Catalog(plugins, Environment({}, home=tmp_path / "b"))
    direct = [[name for name in ("openai", "groq") if each.provider(name).has_direct_key] for each in (one, other)]
    assert direct == [["openai"], ["groq"]]
    assert (len(one.problems), len(other.problems)) == (0, 1)
