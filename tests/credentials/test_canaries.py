"""Every command of a user who has a canary in each place of a key: none is printed, and none is written elsewhere."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from polyroute.cli.main import build
from polyroute.integrations.formats import FORMATS
from tests.support.canary_user import MARK, PLACES, CanaryUser, canary
from tests.support.echo_endpoint import EchoEndpoint, running
from tests.support.manifests import ACME, EVIL
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

TYPED = canary("typed")
"""What a user pastes in a wrong place: as an argument of a command that takes a key."""
MINE = "openai-compatible/mine"


@pytest.fixture
def endpoint() -> Iterator[EchoEndpoint]:
    """Return an endpoint that quotes the keys that it refuses."""
    with running() as found:
        yield found


@pytest.fixture
def user(shell: Shell, endpoint: EchoEndpoint) -> CanaryUser:
    """Return a user with canaries everywhere."""
    user = CanaryUser(shell, endpoint.url)
    user.keep_caches_apart()
    user.add_other_places()
    shell.variables["POLYROUTE_OFFLINE"] = "1"
    return user


def about_models(user: CanaryUser) -> list[list[str]]:
    """Return each command about a model, for a model of each place and for others."""
    models = [*user.models.values(), "anthropic/claude-sonnet-4-5", "openrouter/x", "bedrock/x", "no-slash", "nobody/x"]
    return [[word, model] for word in ("explain", "resolve", "credential") for model in models]


def reading(user: CanaryUser) -> list[list[str]]:
    """Return further commands that change nothing, in valid and invalid forms."""
    providers = [place for place in PLACES if "/" not in user.models[place].removeprefix(f"{place}/")][:-3]
    files = [str(user.home / name) for name in ("agent.json", "broken.json", "missing.json", ".dexto/auth.json")]
    return [
        *(["resolve", user.models[place], "--format", form] for place in PLACES[::4] for form in FORMATS),
        *(["explain", provider] for provider in ("by-plugin", "dexto", "nobody")),
        ["credential", user.models["by-file"], "--via", "nowhere"],
        ["credential", user.models["by-headers"], "--reveal", "--raw"],
        *(["status", *words] for words in ([], ["--all"], providers, ["nobody"], ["--bad"])),
        *(["verify", *words] for words in ([], ["by-keyring"], ["by-program"], ["by-plugin", "--paid"], ["nobody"])),
        ["status", "--verified", "by-variable", "by-keyring", "by-program", "by-plugin"],
        *(["models", *words] for words in (["claude"], ["m", "--available"], ["--provider", "nobody"])),
        *(["map", *words] for words in (["openai/gpt-5"], ["openai/gpt-5", "--via", "dexto"], ["x", "--via", "y"])),
        *(["keys", "list", *words] for words in ([], providers, [TYPED])),
        *(["custom", *words] for words in (["list"], ["export"], ["show", MINE], ["bad", TYPED])),
        *(["custom", "show", user.models[place]] for place in PLACES[-3:]),
        *(["check", name] for name in files),
        ["check", files[0], "--relaxed"],
        *(["plugins", *words] for words in ([], ["list"], ["doctor"], ["schema"], ["info", "nobody"], ["bad"])),
        *(["plugins", "info", name] for name in ("manifest", "program", "plugin", "direct")),
        *(["plugins", "check", str(user.home / name)] for name in ("ours/plugins/manifest", "download", "missing")),
        ["plugins", "check", str(user.home / "ours/plugins/program"), "--run", "--yes"],
        ["prefer"],
        ["doctor"],
        *(["pick", *words] for words in ([], [TYPED])),
        *(["run", *words] for words in (["nothing"], ["claude", "--model", "nobody/x"])),
        *(["client-config", *words] for words in (["nothing"], ["codex", "--model", user.models["by-file"]])),
        *(["shortcut", *words] for words in ([], ["list"])),
        ["serve", "--host", "0.0.0.0", "--token", "short"],  # noqa: S104 - it is refused
        ["serve", "--port", "x", "--token", TYPED],
        ["serve", "--policy", "auto", "--token", TYPED],
        *(["store", *words] for words in ([], ["migrate"], ["rotate"])),
        *(["policy", *words] for words in ([], ["check", TYPED], ["check", str(user.home / "ours/config.toml")])),
        *(["completion", name] for name in ("bash", "nothing")),
        *([word] for word in ("--version", "--help", "bad-command")),
    ]


def writing(user: CanaryUser) -> list[list[str]]:
    """Return commands that change something, or refuse to, in this order; a key is on stdin where one is read."""
    download, models = str(user.home / "download"), str(user.home / "models.json")
    key = [*("--base-url", user.url), "--key-stdin"]
    return [
        *(["keys", "set", name] for name in ("anthropic", "by-dotenv", "ollama", "nobody")),
        *(["keys", "set", *words] for words in (["--name", "other"], ["anthropic", TYPED], ["--key", TYPED])),
        *(["keys", "remove", *words] for words in (["anthropic"], ["--name", "other"], ["groq"], ["x", TYPED])),
        *(["custom", "add", MINE, *words] for words in (key, ["--key", TYPED], [TYPED], ["--base-url", TYPED])),
        *(["custom", "edit", MINE, *words] for words in (["--key-stdin"], ["--base-url", "https://b.example/v1"])),
        ["custom", "rename", MINE, "mine2"],
        *(["custom", "import", models, *words] for words in ([], ["--with-secrets"], ["--dry-run"])),
        ["custom", "import", str(user.home / "broken-models.json")],
        ["custom", "export", str(user.home / "exported.json")],
        ["custom", "remove", "openai-compatible/mine2"],
        ["custom", "remove", MINE],
        ["custom", "repair"],
        ["doctor", "--repair"],
        *(["prefer", *words] for words in (["dexto"], ["nowhere"], ["direct", "--for", "openai"], ["--unset"])),
        *(["plugins", *words] for words in (["add", download], ["add", download, "--yes"], ["add", TYPED])),
        *(["plugins", action, "acme"] for action in ("disable", "enable", "untrust", "trust")),
        ["plugins", "trust", "evil", "--yes"],
        *(["plugins", *words] for words in (["remove", "acme"], ["remove", "nobody"], ["refresh"])),
        *(["plugins", "new", "made", "--into", str(user.home / "made")] for _ in range(2)),
        *(["refresh", *words] for words in ([], ["--force"], ["--accept", "nobody"])),
        *(["shortcut", *words] for words in (["set", "mine", MINE], ["set", "x", "nobody/x"], ["remove", "mine"])),
    ]


def subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command and subcommand."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield (name,)
                yield from ((name, *more) for more in subcommands(inner))


def in_both_forms(commands: Sequence[list[str]]) -> list[list[str]]:
    """Return each command as text and with --json."""
    return [[*words, *form] for words in commands for form in ([], ["--json"])]


def in_turns(commands: Sequence[list[str]]) -> list[list[str]]:
    """Return each command in one form: each place has both, and each command too."""
    turns = {word: turn for turn, word in enumerate(("explain", "resolve", "credential"))}
    models = list(dict.fromkeys(model for _, model in commands))
    return [[word, model, *(["--json"] if (turns[word] + models.index(model)) % 2 else [])] for word, model in commands]


def in_turns_of_each(commands: Sequence[list[str]]) -> list[list[str]]:
    """Return each command in one form, but the only one of its name in both: so each name has both."""
    names = Counter(words[0] for words in commands)
    turns: Counter[str] = Counter()
    made = []
    for words in commands:
        forms = in_both_forms([words])
        made += forms if names[words[0]] == 1 else [forms[turns[words[0]] % 2]]
        turns[words[0]] += 1
    return made


def leaking(user: CanaryUser, commands: Sequence[list[str]]) -> list[str]:
    """Run the commands; return those that print a canary. All have to say something."""
    found = []
    for words in commands:
        done = user.shell.run(*words, given=canary("stdin"))
        assert done.stdout or done.stderr, words
        assert "internal error" not in done.stderr, words
        if MARK in (done.stdout + done.stderr).replace(TYPED, "" if words[:1] == ["plugins"] else TYPED):
            found.append(" ".join(words))
    return found


@pytest.mark.soak
def test_no_command_that_changes_nothing_tells_a_canary_in_either_form(user: CanaryUser) -> None:
    """What the next test runs as text or as JSON, each in turn, tells no canary in the other form either."""
    assert leaking(user, in_both_forms([*about_models(user), *reading(user)])) == []


def test_no_command_tells_a_canary(user: CanaryUser) -> None:
    """In hundreds of runs of all commands, successful or not, as text and JSON, no canary leaves its place."""
    (user.home / "download").mkdir()
    (user.home / "download" / "plugin.toml").write_text(f'name = "acme"\n{ACME}', encoding="utf-8")
    user.user.put("evil", EVIL)
    commands = [
        *in_turns(about_models(user)),
        *in_turns_of_each(reading(user)),
        *in_both_forms(writing(user)),
    ]
    assert {tuple(words) for words in subcommands(build())} <= {
        tuple(words[:length]) for words in commands for length in (1, 2)
    }
    assert len(commands) >= 200
    before = user.places_of_canaries()
    assert leaking(user, commands) == []
    assert user.places_of_canaries() == before
    assert MARK not in (user.home / "command-lines").read_text(encoding="utf-8")


def test_a_canary_is_told_by_the_one_command_that_may(user: CanaryUser) -> None:
    """`credential --reveal` prints each canary: so they are where commands find them, and the test above can fail."""
    for place, model in user.models.items():
        assert user.key(place) in user.shell.run("credential", model, "--reveal").stdout
