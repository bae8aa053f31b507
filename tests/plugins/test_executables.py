"""Executables are plugins like all others: found, called concurrently, limited to their grants, and cached."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from polyroute import Catalog, Plugins, UnknownProvider, Verification
from polyroute.plugins.executables import batch, responses
from polyroute.plugins.executables.client import CLIENT, Client, MethodCall, rendered
from polyroute.plugins.executables.event_loop import Program
from polyroute.plugins.executables.jsonrpc import RpcError, RpcRequest
from tests.support.acme_executable import ACME, MANIFEST, acme, configure
from tests.support.commands import Commands
from tests.support.example_executables import patience, user
from tests.support.manifests import User, manifest, plugin, words

pytestmark = pytest.mark.slow

__all__ = ["patience", "user"]

MISBEHAVING = ACME.with_name("misbehaving.py")
SH = """\
#!/bin/sh
while read -r line; do
  id="${line#*\\"id\\":}"
  printf '{"jsonrpc":"2.0","id":%s,"result":{"protocol":1,"providers":{"NAME":{"env":["KEY"]}}}}\\n' "${id%%,*}"
done
"""
BAD = ["hangs", "1 GB without a newline", "endless log lines", "stderr flood", "200 forks", "exits mid-answer"]


def misbehaving(user: User, name: str, mode: str) -> None:
    """Put an executable that misbehaves into the plugin folder and approve it."""
    argv = json.dumps([sys.executable, "-I", "-S", "./misbehaving.py", mode])
    folder = user.put(name, f'methods = ["detect"]\n[executable]\nargv = {argv}\n')
    shutil.copyfile(MISBEHAVING, folder / "misbehaving.py")
    user.approve(folder)


def put_well_behaved(user: User, name: str) -> None:
    """Put a fast executable that describes one provider into the plugin folder and approve it."""
    folder = user.put(name, '[executable]\nargv = ["./run"]\nvariables = ["KEY"]\n', run=SH.replace("NAME", name))
    (folder / "run").chmod(0o755)
    user.approve(folder)


def log(user: User, word: str = "", name: str = "acme") -> list[str]:
    """Return the lines of its log that begin with this word, in order."""
    path = user.home / f"{name}.log"
    return [line for line in path.read_text().splitlines() if line.startswith(word)] if path.exists() else []


def sources(catalog: Catalog, provider: str) -> dict[str, bool]:
    """Return the provider's credential sources, by route."""
    return catalog.provider(provider).credential_sources


def test_an_executable_is_a_plugin_like_others(user: User) -> None:
    """The executable provides its providers, logins, mappings, models and secrets, without any problem."""
    acme(user)
    catalog = user.catalog(ACME_API_KEY="key-canary", ACME_LOGIN="login-canary")
    assert words(catalog, "acme") == ""
    assert plugin(catalog, "acme").kind == "executable"
    assert sources(catalog, "acme")["direct"]
    assert [model.id for model in catalog.models(provider="acme")] == ["acme-0", "acme-1"]
    (login,) = [route.credential for route in catalog.provider("acme-login").routes if route.via == "direct"]
    assert catalog.environment.reveal(login) == "token of the login"
    assert catalog.mapping("acme-login", catalog.models(provider="acme")[0].ref).id == "acme/acme-0"


def test_nothing_runs_before_it_is_approved(user: User) -> None:
    """An executable that is not approved, or has changed, is listed with the reason and not started."""
    folder = user.put("acme", MANIFEST)
    shutil.copyfile(ACME, folder / "acme.py")
    configure(user)
    assert "waits for your approval" in words(user.catalog(), "acme")
    user.approve(folder)
    (folder / "more.txt").write_text("more")
    assert "has changed since" in words(user.catalog(), "acme")
    assert log(user) == []


def test_describe_and_detect_see_no_value(user: User) -> None:
    """`describe` and `detect` see the names of set, declared variables, no values, and an empty directory."""
    acme(user)
    user.catalog(ACME_API_KEY="key-canary", OTHER_SECRET="other-canary", ACME_LOGIN=" ", LC_ALL="C.UTF-8")
    (line,) = log(user, "detect")
    params, names, files = json.loads(line.removeprefix("detect "))
    assert params == {"env_present": ["ACME_API_KEY"]}
    assert set(names) <= {"PATH", "LC_ALL", "LC_CTYPE", "TMPDIR", "POLYROUTE_CALL"}
    assert files == []
    assert "canary" not in "".join(log(user))


def test_one_process_describes_and_detects(user: User) -> None:
    """One process first describes and detects; results that are still valid are not requested again."""
    acme(user, ttl=600)
    for _ in range(3):
        user.catalog()
    assert log(user, "start") == ["start"]


def test_an_answer_without_ttl_is_not_kept(user: User) -> None:
    """Without a `ttl` the detection is repeated for each catalog; the description is requested once."""
    acme(user)
    for _ in range(3):
        user.catalog()
    assert len(log(user, "detect")) == 3


def test_detection_is_kept_by_the_names_that_are_set(user: User) -> None:
    """Detection is cached by the names of the variables that are set, not by their values."""
    acme(user, ttl=600)
    assert not sources(user.catalog(), "acme-login")["direct"]
    assert sources(user.catalog(ACME_LOGIN="1"), "acme-login")["direct"]
    assert sources(user.catalog(ACME_LOGIN="2"), "acme-login")["direct"]
    assert not sources(user.catalog(), "acme-login")["direct"]
    assert len(log(user, "detect")) == 2


def test_a_missing_login_says_why_in_clean_words(user: User) -> None:
    """The plugin's own reason and remedy are reported, without characters that would disturb a terminal."""
    acme(user)
    (route,) = [route for route in user.catalog().provider("acme-login").routes if route.via == "direct"]
    assert (route.reason, route.remedy) == ("not logged in", "Run: acme login[0m.")


def test_models_are_kept_as_long_as_they_hold(user: User) -> None:
    """A list with a `ttl` is requested once, also across catalogs."""
    acme(user, ttl=600)
    for _ in range(2):
        assert len(user.catalog().models(provider="acme")) == 2
    assert len(log(user, "models")) == 1


def test_a_listed_model_names_its_host(user: User) -> None:
    """A model that is called at another host names that host; a placeholder for a complete host grants nothing."""
    acme(user)
    rows = {"providers": {"acme": [{"id": "m", "base_url": "https://${h}/v1"}]}}
    with pytest.raises(RpcError, match="needs the host"):
        responses.models(rows, manifest(user.folder / "acme"))


def test_too_many_models_are_refused(user: User) -> None:
    """Ten thousand models are accepted, and one more is an error."""
    acme(user, count=10_000)
    assert len(user.catalog().models(provider="acme")) == 10_000
    configure(user, count=10_001)
    environment = user.environment()
    catalog = Catalog(Plugins.load(only=["acme"], environment=environment), environment)
    assert len(catalog.models(provider="acme")) == 10_000
    assert "lists more than 10,000 models; its last good list is used" in words(catalog, "acme")


@pytest.mark.parametrize(
    ("described", "fault"),
    [
        ({"result": {"protocol": 2}}, "has an invalid description: protocol"),
        ({"result": []}, "something other than an object"),
        ({"error": {"code": -32001, "message": "only 9"}}, "supports none of the offered protocols: only 9"),
        ({"result": {"name": "other"}}, "calls itself 'other'"),
        ({"result": {"methods": ["detect", "map"], "providers": {"x": {"env": ["AWS_SECRET"]}}}}, "AWS_SECRET"),
        ({"result": {"providers": {"x": {"base_url": "https://evil.example/v1"}}}}, "the host evil.example"),
        (
            {
                "result": {
                    "providers": {
                        "x": {"base_url": "https://${k}.evil.example", "slots": {"k": {"from": ["ACME_LOGIN"]}}}
                    }
                }
            },
            "the host evil.example",
        ),
        (
            {
                "result": {
                    "providers": {
                        "x": {
                            "base_url": "https://${h}/v1",
                            "slots": {"h": {"from": ["ACME_LOGIN"], "default": "evil.example", "check": "host"}},
                        }
                    }
                }
            },
            "the host evil.example",
        ),
    ],
)
def test_what_is_not_granted_or_wrong_is_left_out(user: User, described: Any, fault: str) -> None:
    """A description that is invalid, or exceeds the manifest's grants, is a problem; everything else works."""
    acme(user, describe=described)
    catalog = user.catalog(ACME_API_KEY="k", ANTHROPIC_API_KEY="k")
    assert fault in words(catalog, "acme")
    assert "it was left out" in words(catalog, "acme")
    assert "acme" not in catalog.plugins.providers
    assert sources(catalog, "anthropic")["direct"]


def test_a_failure_is_told_in_one_clean_line_and_not_tried_again(user: User) -> None:
    """A failure is reported in one clean line with method, duration and end of stderr; no retry for ten minutes."""
    acme(user, broken=["describe"])
    for _ in range(2):
        (line,) = words(user.catalog(), "acme").splitlines()
        assert "executable ended with status 1 without an answer to `describe` after" in line
        assert "its stderr ends: acme: broken" in line
        assert f"`polyroute plugins check {user.folder / 'acme'}`" in line
    assert log(user, "start") == ["start"]
    with pytest.raises(UnknownProvider) as caught:
        user.catalog().provider("acme")
    assert "not in use" not in str(caught.value)


def test_the_last_good_description_is_used_where_the_next_fails(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a day the description is requested again; if that fails, the last one is used and a problem reported."""
    acme(user)
    assert words(user.catalog(), "acme") == ""
    configure(user, broken=["describe"])
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 24 * 3600 + 1)
    catalog = user.catalog(ACME_API_KEY="k")
    assert sources(catalog, "acme")["direct"]
    assert "its last good description is used" in words(catalog, "acme")
    configure(user)
    monkeypatch.setattr(time, "time", lambda: now + 24 * 3600 + 602)
    assert words(user.catalog(), "acme") == ""


def test_no_secret_is_shown_where_a_secret_fails(user: User) -> None:
    """When a secret can't be obtained, neither the error's text nor stderr is reported: either may hold the secret."""
    acme(user, leaks=True)
    catalog = user.catalog(ACME_LOGIN="1")
    (login,) = [route.credential for route in catalog.provider("acme-login").routes if route.via == "direct"]
    with pytest.raises(Exception, match="says that the credential was rejected") as caught:
        catalog.environment.reveal(login)
    assert "canary" not in str(caught.value) + words(catalog, "acme")
    assert "says that the credential was rejected" in words(catalog, "acme")


def test_a_program_that_can_stay_does_so_for_a_while(user: User) -> None:
    """A long-lived process is started once for several calls; nothing of it remains after it is stopped."""
    acme(user, features=["persistent"])
    catalog = user.catalog(ACME_LOGIN="1")
    (login,) = [route.credential for route in catalog.provider("acme-login").routes if route.via == "direct"]
    before = len(log(user, "start"))
    assert {catalog.environment.reveal(login) for _ in range(3)} == {"token of the login"}
    assert len(log(user, "start")) == before + 1
    assert CLIENT.staying == 1
    CLIENT.stop()
    assert CLIENT.staying == 0


def test_an_idle_program_is_stopped(tmp_path: Path) -> None:
    """A process that has been idle for a while is stopped."""
    calls = Client(idle_seconds=0.05)
    program = Program((sys.executable, "-I", "-S", str(MISBEHAVING), "answers well"), {}, str(tmp_path))
    (outcome,) = calls.make([MethodCall(program, (RpcRequest("describe", {}),), stays=True)], 60)
    assert outcome.fault is None
    for _ in range(600):
        if not calls.staying:
            break
        time.sleep(0.05)
    assert calls.staying == 0


def test_what_a_program_prints_is_shown_clean() -> None:
    """Secrets, control characters and bidirectional characters are removed, the longer secret first."""
    printed = "a key-0001 key-00012\x1b[31m \u202ez\n"
    assert rendered(printed, ("key-0001", "key-00012", "a", "")) == "a [REDACTED] [REDACTED][31m z"


def test_status_ends_soon_and_names_who_is_left_out(tmp_path: Path) -> None:
    """`polyroute status` of twenty executables ends by the default deadline and names the six misbehaving ones."""
    user = Commands(tmp_path)
    for index, mode in enumerate(BAD):
        misbehaving(user, f"bad-{index}", mode)
    for index in range(14):
        put_well_behaved(user, f"good-{index}")
    done = user.run("status", "--json")
    found = json.loads(done.stdout)
    assert {f"good-{index}" for index in range(14)} <= {*found["providers"]}
    left_out = {each["plugin"]: each["message"] for each in found["problems"] if "it was left out" in each["message"]}
    assert sorted(left_out) == [f"bad-{index}" for index in range(len(BAD))]
    assert "gave no answer within 2 s" in left_out["bad-0"]
    assert done.returncode == 0


def test_twenty_executables_of_which_six_misbehave(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """All executables share one deadline: the good ones are used, and the others are reported with what they did."""
    monkeypatch.setattr(batch, "START_SECONDS", 8.0)
    for index, mode in enumerate(BAD):
        misbehaving(user, f"bad-{index}", mode)
    for index in range(14):
        described = {"result": {"protocol": 1, "providers": {f"good-{index}": {"env": ["ACME_API_KEY"]}}}}
        acme(user, f"good-{index}", describe=described)
    began = time.monotonic()
    catalog = user.catalog(ACME_API_KEY="k")
    assert time.monotonic() - began < 8 + 30
    assert [name for name in catalog.plugins.providers if name.startswith("good-")] == sorted(
        f"good-{n}" for n in range(14)
    )
    left_out = [words(catalog, f"bad-{index}") for index in range(6)]
    assert all("it was left out" in each for each in left_out)
    assert "gave no answer within 8 s" in left_out[0]
    began = time.monotonic()
    assert "it was left out" in words(user.catalog(), "bad-0")


def test_status_imports_nothing_of_executables_where_there_is_none() -> None:
    """Without executables their modules are not imported."""
    source = "import sys; from polyroute import Catalog; Catalog.load().status(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("polyroute.") for name in done.stdout.split()}
    assert loaded & {"executables", "executable", "processes", "children", "jsonrpc", "calls", "subprocess"} == set()


def test_from_caches_no_program_can_even_be_run(user: User) -> None:
    """When everything is cached, the modules that start programs and validate their responses are not imported."""
    acme(user, ttl=600)
    source = "import sys; from polyroute import Catalog; Catalog.load().status(); print(*sys.modules)"
    variables = {"HOME": str(user.home), "POLYROUTE_HOME": str(user.ours)}
    for known in (False, True):
        done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, env=variables)
        assert ("subprocess" in done.stdout.split()) is not known
        assert ("pydantic_core" in done.stdout.split()) is not known


def test_keys_are_verified_and_not_repeated(user: User) -> None:
    """A program receives the key of a declared variable on stdin; if its output repeats the key, that is redacted."""
    acme(user)
    environment = user.environment(ACME_API_KEY="key-canary")
    catalog = Catalog(Plugins.load(only=["acme"], environment=environment), environment)
    (credential,) = [route.credential for route in catalog.provider("acme").routes if route.via == "direct"]
    assert credential
    ((_, found),) = catalog.plugins.verifications((credential,), catalog.environment).items()
    assert isinstance(found, Verification)
    assert (found.provider, found.state) == ("acme", "valid")
    assert '"secrets": {"acme": "key-canary"}' in log(user, "verify")[0]
    assert "canary" not in found.message
    assert "[REDACTED]" in found.message
