"""What the conformance kit finds in executables with a single fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute.conformance import executable, harness, runner
from polyroute.testing import ExecutableContract
from tests.support.example_executables import KINDS

SH = (KINDS / "sh" / "acme.sh").read_text(encoding="utf-8")
MANIFEST = (KINDS / "sh" / "plugin.toml").read_text(encoding="utf-8")
_SHORT_SECONDS = 3.0
"""How long the kit waits for a program that will not answer one of its requests."""


class TestContract(ExecutableContract):
    """The contract, which the example in sh fulfils."""

    folder = KINDS / "sh"


def findings(
    folder: Path, source: str, manifest: str = MANIFEST, *, seconds: float = harness.SECONDS
) -> dict[str, str]:
    """Return the kit's messages for a program, by code."""
    folder.chmod(0o755)
    (folder / "plugin.toml").write_text(manifest, encoding="utf-8")
    (folder / "acme.sh").write_text(source, encoding="utf-8")
    for path, mode in ((folder / "acme.sh", 0o755), (folder / "plugin.toml", 0o644)):
        path.chmod(mode)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executable, "_BIG_BYTES", 1 << 17)  # two pipes full: sh reads each byte on its own
        patch.setattr(harness, "SECONDS", seconds)
        return {each.code: each.message for each in runner.check(str(folder), run=True)}


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("protocol", "describe,*) answer", "describe,x*) answer"),
        ("unknown-method", "-32601", "-32602"),
        ("stdout-noise", "while IFS", "echo Welcome\nwhile IFS"),
        ("empty-input", "while IFS", "echo Welcome\nwhile IFS"),
        ("exit-status", "\ndone", "\ndone\nexit 3"),
        ("end-of-input", "\ndone", "\ndone\nsleep 0.2"),
        ("describe-refused", "api.acme.example", "evil.example"),
        ("describe-refused", '"protocol":1', '"protocol":2'),
        ("describe-depends", '"version":"1.0.0"', '"version":"\'$ACME_API_KEY\'"'),
        ("secret-told", "while IFS", 'echo "$ACME_API_KEY" >&2\nwhile IFS'),
        ("describe-changes", '"version":"1.0.0"', '"version":"\'$$\'"'),
        ("describe-missing", "while IFS", "exit 0\nwhile IFS"),
        ("three-at-once", "\ndone", "; break\ndone"),
        ("big-request", "    case $line in\n    '{", "    [ ${#line} -lt 100000 ] || exit\n    case $line in\n    '{"),
    ],
)
def test_what_is_wrong_is_found(code: str, old: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each deviation from the protocol has its own finding."""
    monkeypatch.setattr(executable, "_END_SECONDS", 0.1)  # so that one that ends late need not wait long at each end
    assert old in SH
    assert code in findings(tmp_path, SH.replace(old, new, 1))


def test_an_id_that_is_looked_for_in_the_parameters_is_found(tmp_path: Path) -> None:
    """A program that takes the last `id` of a line for that of the request has a finding of its own."""
    source = SH.replace('id=${line#\'{"jsonrpc":"2.0","id":\'}', "id=${line##*'\"id\":'}")
    assert source != SH
    assert "id-in-params" in findings(tmp_path, source, seconds=_SHORT_SECONDS)


REPLY = """'{"jsonrpc":"2.0","id":%s,%s}\\n' "$id" "$1\""""
WRONG_REPLIES = {
    "id": ("reply-id", """'{"jsonrpc":"2.0","id":1,%s}\\n' "$1\"""", "the request with id 2147483647 with id 1"),
    "no-id": ("reply-id", """'{"jsonrpc":"2.0",%s}\\n' "$1\"""", "the request with id 1 without an id"),
    "text": (
        "reply-id-type",
        """'{"jsonrpc":"2.0","id":"%s",%s}\\n' "$id" "$1\"""",
        'with id "1", which is not a number',
    ),
    "jsonrpc": ("reply-jsonrpc", """'{"id":%s,%s}\\n' "$id" "$1\"""", 'does not have "jsonrpc": "2.0"'),
    "both": (
        "reply-both",
        """'{"jsonrpc":"2.0","id":%s,"error":null,%s}\\n' "$id" "$1\"""",
        "has both a `result` and an `error`",
    ),
    "neither": ("reply-neither", """'{"jsonrpc":"2.0","id":%s}\\n' "$id\"""", "neither a `result` nor an `error`"),
    "error": (
        "reply-error",
        """'{"jsonrpc":"2.0","id":%s,"error":"no"}\\n' "$id\"""",
        "an `error` without a code and a message",
    ),
}


@pytest.mark.parametrize(("code", "printed", "words"), WRONG_REPLIES.values(), ids=WRONG_REPLIES)
def test_a_wrong_reply_is_shown_with_its_request(code: str, printed: str, words: str, tmp_path: Path) -> None:
    """Each kind of invalid reply has its own finding, which quotes the request and the reply."""
    assert REPLY in SH
    message = findings(tmp_path, SH.replace(REPLY, printed))[code]
    request, reply = message.partition(" Request: ")[2].split(" Reply: ")
    assert words in message
    assert request.startswith('{"jsonrpc":"2.0","id":')
    assert reply.startswith("{")
    assert max(map(len, (request, reply))) <= 201


def test_what_follows_from_a_wrong_reply_says_so(tmp_path: Path) -> None:
    """A finding that results from an invalid reply reports which reply was given instead."""
    manifest = MANIFEST.replace("[executable]", 'methods = ["detect"]\n[executable]')
    wrong = """'{"jsonrpc":"2.0","id":1,%s}\\n' "$1\""""
    found = findings(tmp_path, SH.replace(REPLY, wrong), manifest)
    assert found["method-missing"].endswith("names: it answered the request with id 5 with id 1")
    assert found["big-id"].endswith("it answered the request with id 2147483647 with id 1")
    refused = findings(tmp_path, SH.replace(REPLY, wrong.replace('"id":1', '"id":7')))["describe-refused"]
    assert refused == "its description can't be used: it answered the request with id 1 with id 7"


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    """A finding about an invalid reply contains neither a secret in the reply nor the values of variables."""
    manifest = MANIFEST.replace("[executable]", 'methods = ["secret"]\n[executable]')
    leaking = 'secret,*) echo \'{"id":5,"result":{"secret":"hush"},"x":"\'$ACME_API_KEY\'"}\' ;;\n    *) answer'
    found = findings(
        tmp_path, SH.replace('*) answer \'"error":{"code":-32601', f'{leaking} \'"error":{{"code":-32601'), manifest
    )
    assert "hush" not in found["reply-jsonrpc"]
    assert "[REDACTED]" in found["reply-jsonrpc"]
    assert "canary" not in found["reply-jsonrpc"]


def test_a_setting_is_no_secret(tmp_path: Path) -> None:
    """A program may print variables that its manifest declares as settings, since they are not secrets."""
    source = SH.replace("while IFS", 'echo "$ACME_REGION" >&2\nwhile IFS')
    manifest = MANIFEST.replace('["ACME_API_KEY"]', '["ACME_API_KEY", "ACME_REGION"]')
    assert "secret-told" in findings(tmp_path, source, manifest)
    assert "secret-told" not in findings(tmp_path, source, manifest + 'settings = ["ACME_REGION"]\n')


def test_a_method_that_is_not_answered_is_found(tmp_path: Path) -> None:
    """A method that the manifest names but the program doesn't answer is reported."""
    manifest = MANIFEST.replace("[executable]", 'methods = ["detect"]\n[executable]')
    assert "detect" in findings(tmp_path, SH, manifest)["method-missing"]


def test_a_program_that_is_not_there_is_found(tmp_path: Path) -> None:
    """If the program that the manifest runs doesn't exist, the finding names it."""
    assert (
        "there is no acme-language"
        in findings(tmp_path, SH, MANIFEST.replace("./acme.sh", "acme-language"))["describe-missing"]
    )


def test_why_a_program_does_not_start_is_told(tmp_path: Path) -> None:
    """If a program can't be started because its interpreter is missing, the finding gives the reason."""
    (finding,) = findings(tmp_path, SH.replace("#!/bin/sh", "#!/no/such/sh")).values()
    assert "can't be started: No such file" in finding


@pytest.mark.parametrize(
    ("methods", "more", "passes"),
    [
        ("['map']", "", True),
        ("['models']", ',"mapping":{}', True),
        ("['models']", "", False),
        ("[]", ',"mapping":{}', False),
    ],
)
def test_a_gateway_whose_ids_can_be_asked_for_needs_no_list(
    methods: str, more: str, passes: bool, tmp_path: Path
) -> None:
    """A gateway needs no list if it answers `map`, or lists models on request and describes a mapping for them."""
    gateway = '"kind":"gateway","routeability":{"offered":["openai"]}' + more + ',"env":'
    source = SH.replace('"env":', gateway, 1).replace('"models":', '"x":')
    assert source.count("gateway") == 1
    found = findings(tmp_path, source, f"methods = {methods}\n{MANIFEST}", seconds=_SHORT_SECONDS)
    assert ("models-missing" in found) != passes
