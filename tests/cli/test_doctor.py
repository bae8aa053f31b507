"""The command `doctor`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.shell import Shell


def test_what_is_wrong_is_fixed(tmp_path: Path) -> None:
    """`doctor` names an entry that would make Dexto lose all models; what it advises fixes that."""
    shell = Shell(tmp_path)
    file = shell.home / ".dexto" / "models" / "custom-models.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 1, "models": [{"provider": "lmstudio", "name": "m"}]}), encoding="utf-8")
    done = shell.run("doctor")
    assert done.returncode == 1
    assert "[custom-models-unshared]" in done.stdout
    assert "polyroute custom repair" in done.stdout
    assert "polyroute doctor --repair" in done.stdout
    (shell.home / "ours" / "config.toml").write_text("prefer = direct\n", encoding="utf-8")
    done = shell.run("doctor", "--repair")
    assert "config.toml was repaired. Now in comments: line 1. The original was kept: " in done.stdout
    assert "custom-models.json: 1." in done.stdout
    found = json.loads(shell.run("doctor", "--json").stdout)
    assert {each["code"] for each in found["problems"]} <= {"list-old"}
    assert found["healthy"] == (not found["problems"])


def test_a_server_that_does_not_run(tmp_path: Path) -> None:
    """`doctor` names the variable of a server that does not answer; servers at their usual address need not run."""
    shell = Shell(tmp_path)
    assert "server-not-running" not in shell.run("doctor").stdout
    done = shell.run("doctor", OLLAMA_BASE_URL="http://127.0.0.1:9")
    assert "nothing answers at http://127.0.0.1:9/v1, which OLLAMA_BASE_URL names [server-not-running]" in done.stdout
    assert done.returncode == 1


def test_proxies_and_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    """`doctor` names each variable for proxies and certificates that can't be used, once, and not its value."""
    variables = {"HTTPS_PROXY": "odd://secret-1.example", "ALL_PROXY": "http://u:secret-2 x", "SSL_CERT_FILE": "/none"}
    done = Shell(tmp_path).run("doctor", **variables)
    assert done.stdout.count("[network-variables]") == len(variables)
    assert [name for name in variables if name not in done.stdout] == []
    assert "secret" not in done.stdout


def test_exceptions_from_the_proxy_that_have_no_effect(tmp_path: Path) -> None:
    """`doctor` names the entries of `NO_PROXY` that are nothing that a host could be, and no others."""
    entries = "10.0.0.0/33, example.com/v1, .example.com, *, 192.168.0.0/16, [::1]:80, http://u:secret-1@a.example/x"
    done = Shell(tmp_path).run("doctor", NO_PROXY=entries)
    said = "NO_PROXY has 10.0.0.0/33, example.com/v1, a.example/x, which is no host"
    assert (said in done.stdout, done.stdout.count("[network-variables]"), "secret" in done.stdout) == (True, 1, False)


def test_a_broken_plugin_is_done_without(tmp_path: Path) -> None:
    """`doctor` names the command that disables a plugin at fault, and says nothing of it afterwards."""
    shell = Shell(tmp_path)
    folder = shell.home / "ours" / "plugins" / "acme"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text('[providers.acme]\nbase_url = "api.acme"\n', encoding="utf-8")
    assert "To do without it: polyroute plugins disable acme" in shell.run("doctor").stdout
    assert shell.run("plugins", "disable", "acme").returncode == 0
    assert "acme" not in shell.run("doctor").stdout
