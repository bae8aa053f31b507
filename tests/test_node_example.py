"""The client for Node, run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from tests.shell import POLYROUTE, Shell

FOLDER = Path(__file__).parent.parent / "examples" / "node"


def told(tmp_path: Path, node: str, *arguments: str, **variables: str) -> list[str]:
    done = Shell(tmp_path).start(
        [node, str(FOLDER / "example.mjs"), *arguments], POLYROUTE=POLYROUTE, POLYROUTE_OFFLINE="1", **variables
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_with_a_gateways_key(tmp_path: Path, node: str) -> None:
    """With the gateway's key alone the client lists, resolves, adds, switches to and removes."""
    count, resolved, added, removed = told(tmp_path, node, DEXTO_API_KEY="canary")
    assert int(count.split()[0]) > 400
    claude = "anthropic/claude-sonnet-4-5 runs via dexto as anthropic/claude-sonnet-4.5 at https://app.dexto.ai/v1"
    assert resolved == claude
    assert added == "added z-ai/glm-4.5-air:free: runs via dexto"
    assert removed == "removed z-ai/glm-4.5-air:free"


def test_without_any_key(tmp_path: Path, node: str) -> None:
    """Without one, it tells of each route why not and what to do; errors are of a type of their own."""
    lines = told(tmp_path, node)
    assert any("does not run via direct" in line and "Set ANTHROPIC_API_KEY" in line for line in lines)
    assert any(line.startswith("can't switch: llm_api_key_missing") and "OPENROUTER_API_KEY" in line for line in lines)


def test_a_server_that_does_not_start(tmp_path: Path, node: str) -> None:
    """What the command says on stderr is the client's error."""
    source = (
        f"import('{FOLDER / 'polyroute.mjs'}').then((m) => m.start({{command: '{POLYROUTE}', args: ['--host', '::']}}))"
    )
    done = Shell(tmp_path).start([node, "-e", source])
    assert done.returncode != 0
    assert "give a token" in done.stderr


def test_every_method_is_typed() -> None:
    """The declarations name what the module has, and nothing else."""
    source = (FOLDER / "polyroute.mjs").read_text(encoding="utf-8")
    types = (FOLDER / "polyroute.d.ts").read_text(encoding="utf-8")
    declared = types[types.index("export class Polyroute {") :]
    methods = set(re.findall(r"^  (?:async )?\*?(\w+)\(.*\) \{$", source, re.MULTILINE)) - {"constructor"}
    assert methods == set(re.findall(r"^  (\w+)\(.*\): ", declared, re.MULTILINE)) - {"constructor"}
    assert len(methods) > 6
