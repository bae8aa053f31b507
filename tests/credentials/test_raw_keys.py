"""`polyroute credential MODEL --reveal --raw`: a key and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.support.canary_user import PLACES, CanaryUser
from tests.support.shell import Shell

pytestmark = pytest.mark.slow

URL = "http://127.0.0.1:9/v1"
CLAUDE = "anthropic/claude-sonnet-4-5"


def test_the_key_alone_is_written(shell: Shell) -> None:
    """Wherever a key is, exactly its characters are written, without a line end."""
    user = CanaryUser(shell, URL)
    places = [place for place in PLACES if place != "by-headers"]
    written = {place: shell.run("credential", user.models[place], "--reveal", "--raw").stdout for place in places}
    assert written == {place: user.key(place) for place in places}


def test_a_key_that_does_not_suffice_is_refused(shell: Shell) -> None:
    """A login with further headers and a provider without a key end with status 2, a cloud identity with 3."""
    user = CanaryUser(shell, URL)
    cloud = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-west-1"}
    for model, variables, status, why in (
        (user.models["by-headers"], {}, 2, "its key comes with additional headers"),
        ("ollama/llama", {}, 2, "it needs no key"),
        ("bedrock/anthropic.claude-sonnet-4-5", cloud, 3, "a cloud identity has no single secret"),
    ):
        done = shell.run("credential", model, "--reveal", "--raw", **variables)
        assert (done.returncode, done.stdout) == (status, "")
        assert why in done.stderr


@pytest.mark.parametrize("options", [["--raw"], ["--raw", "--json"], ["--raw", "--reveal", "--json"]], ids=" ".join)
def test_raw_goes_with_reveal(shell: Shell, options: list[str]) -> None:
    """Without --reveal, or with --json, --raw is bad usage, and no key is written."""
    done = shell.run("credential", CLAUDE, *options, ANTHROPIC_API_KEY="secret-1")
    assert done.returncode == 2
    assert done.stdout == "" or json.loads(done.stdout)["error"]["code"] == "usage_error"
    assert "secret-1" not in done.stdout
    assert "--raw goes with --reveal" in done.stderr


def test_a_raw_key_is_written_to_a_pipe_only(shell: Shell) -> None:
    """A terminal is refused, as it is without --raw."""
    status, shown = shell.on_terminal("credential", CLAUDE, "--reveal", "--raw", ANTHROPIC_API_KEY="secret-1")
    assert (status, "not to a terminal" in shown, "secret-1" in shown) == (2, True, False)
