"""The command `doctor`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.shell import Shell


def test_what_is_amiss_is_fixed(tmp_path: Path) -> None:
    """`doctor` names an entry that would make Dexto lose all models; what it advises fixes that."""
    shell = Shell(tmp_path)
    file = shell.home / ".dexto" / "models" / "custom-models.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 1, "models": [{"provider": "lmstudio", "name": "m"}]}), encoding="utf-8")
    done = shell.run("doctor")
    assert done.returncode == 1
    assert "[custom-models-unshared]" in done.stdout
    assert "polyroute custom repair" in done.stdout
    assert shell.run("custom", "repair").returncode == 0
    found = json.loads(shell.run("doctor", "--json").stdout)
    assert {each["code"] for each in found["problems"]} <= {"list-old"}
    assert found["healthy"] == (not found["problems"])
