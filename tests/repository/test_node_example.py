"""The client for Node, run as it stands."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.support.machine import IN_CI
from tests.support.shell import POLYROUTE, Shell

FOLDER = Path(__file__).parents[2] / "examples" / "node"


def told(tmp_path: Path, node: str, *arguments: str, **variables: str) -> list[str]:
    done = Shell(tmp_path).start(
        [node, str(FOLDER / "example.mjs"), *arguments], POLYROUTE=POLYROUTE, POLYROUTE_OFFLINE="1", **variables
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_with_a_gateways_key(tmp_path: Path, node: str) -> None:
    """With only the gateway's key, the client lists, resolves, adds, switches and removes."""
    count, resolved, added, removed = told(tmp_path, node, DEXTO_API_KEY="canary")
    assert int(count.split()[0]) > 400
    claude = "anthropic/claude-sonnet-4-5 runs via dexto as anthropic/claude-sonnet-4.5 at https://app.dexto.ai/v1"
    assert resolved == claude
    assert added == "added z-ai/glm-4.5-air:free: runs via dexto"
    assert removed == "removed z-ai/glm-4.5-air:free"


def test_without_any_key(tmp_path: Path, node: str) -> None:
    """Without a key, the client reports the reason and remedy of each route; errors have their own type."""
    lines = told(tmp_path, node)
    assert any("does not run via direct" in line and "Set ANTHROPIC_API_KEY" in line for line in lines)
    assert any(line.startswith("can't switch: llm_api_key_missing") and "OPENROUTER_API_KEY" in line for line in lines)


def test_a_server_that_does_not_start(tmp_path: Path, node: str) -> None:
    """The error of the client contains what the command prints on stderr."""
    source = (
        f"import('{FOLDER / 'polyroute.mjs'}').then((m) => m.start({{command: '{POLYROUTE}', args: ['--host', '::']}}))"
    )
    done = Shell(tmp_path).start([node, "-e", source])
    assert done.returncode != 0
    assert "Set a token" in done.stderr


def test_every_method_is_typed() -> None:
    """The declarations name exactly what the module exports."""
    source = (FOLDER / "polyroute.mjs").read_text(encoding="utf-8")
    types = (FOLDER / "polyroute.d.mts").read_text(encoding="utf-8")
    declared = types[types.index("export class Polyroute {") : types.index("// Generated from")]
    methods = set(re.findall(r"^  (?:async )?\*?(\w+)\(.*\) \{$", source, re.MULTILINE)) - {"constructor"}
    assert methods == set(re.findall(r"^  (\w+)\(.*\): ", declared, re.MULTILINE)) - {"constructor"}
    assert len(methods) > 6


NPM = os.environ.get("POLYROUTE_TEST_NPM", "")
"""A folder in which npm has installed `typescript`; .ci/run creates it."""
RIGHT = """
import { start, PolyrouteError, type Resolution, type ListedModel } from "./polyroute.mjs";

const polyroute = await start();
const found: Resolution = await polyroute.resolve("anthropic/claude-sonnet-4-5");
const via: string | undefined = found.route?.via;
const why: (string | null)[] = found.routes.map((route) => route.remedy);
const models: ListedModel[] = await polyroute.runnable({ provider: "groq" });
const prices: number[] = models.flatMap((model) => model.pricing?.inputPerM ?? []);
const { model }: { model: string } = await polyroute.switchTo({ provider: "groq", model: models[0].name });
try {
  await polyroute.addCustomModel({ name: "glm", provider: "openrouter", maxInputTokens: 1000 });
} catch (error) {
  if (error instanceof PolyrouteError) console.log(error.document.issues?.[0].path, via, why, prices, model);
}
"""
WRONG = """
import { start } from "./polyroute.mjs";

const polyroute = await start();
console.log((await polyroute.resolve("a/b")).route?.modelID);
await polyroute.addCustomModel({ name: "glm", baseUrl: "http://127.0.0.1" });
"""
WAYS = [("nodenext", "nodenext"), ("esnext", "bundler")]
"""Values of `module` and `moduleResolution` with which TypeScript finds `.d.mts` next to `.mjs`."""


def errors_of_tsc(tmp_path: Path, node: str, source: str, way: tuple[str, str]) -> list[str]:
    """Return TypeScript's output for a program that imports the client."""
    compiler = Path(NPM) / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.exists() and not IN_CI:
        pytest.skip("POLYROUTE_TEST_NPM names no folder where npm has installed `typescript`")
    for name in ("polyroute.mjs", "polyroute.d.mts"):
        shutil.copy(FOLDER / name, tmp_path)
    (tmp_path / "consumer.mts").write_text("declare const console: { log(...it: unknown[]): void };" + source)
    options = ["--noEmit", "--strict", "--target", "es2022", "--lib", "es2022", "--module", way[0]]
    done = Shell(tmp_path).start(
        [node, str(compiler), *options, "--moduleResolution", way[1], str(tmp_path / "consumer.mts")]
    )
    return re.findall(r"error (TS\d+)", done.stdout + done.stderr) if done.returncode else []


@pytest.mark.clients
@pytest.mark.parametrize("way", WAYS)
def test_typescript_finds_the_declarations(tmp_path: Path, node: str, way: tuple[str, str]) -> None:
    """A program that uses the client as declared compiles, with every way to resolve modules."""
    assert errors_of_tsc(tmp_path, node, RIGHT, way) == []


@pytest.mark.clients
@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_field_is_an_error_to_typescript(tmp_path: Path, node: str, way: tuple[str, str]) -> None:
    """A field that no response has, and one that no body accepts, are compile errors."""
    assert errors_of_tsc(tmp_path, node, WRONG, way) == ["TS2551", "TS2561"]
