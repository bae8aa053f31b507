"""What users want to know, with the fewest commands: each on a terminal, and what is read there."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.fake_endpoint import Serve
from tests.support.shell import Shell

STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CLAUDE = "anthropic/claude-sonnet-4-5"


@pytest.fixture(autouse=True)
def terminal(shell: Shell) -> None:
    """Give the user a terminal of a usual size."""
    shell.terminal_size = (100, 50)


def read(shell: Shell, line: str, status: int = 0, /, **variables: str) -> str:
    """Run a command line on a terminal, check its exit status, and return what a user reads as one line of words."""
    ended, shown = shell.on_terminal(*line.split(), **variables)
    assert ended == status, shown
    return " ".join(STYLE.sub("", shown).split())


def test_nothing_set(shell: Shell) -> None:
    """With nothing set, `status` says how to begin, and the command that stores a key."""
    shown = read(shell, "status")
    assert shown.startswith("Nothing is set up yet. Any one of these will do: - Dexto, one key for the models of")
    assert "To store a key: `polyroute keys set PROVIDER`." in shown


def test_only_openai(shell: Shell) -> None:
    """With OpenAI's key alone, one command lists its models, with prices and how each runs."""
    shown = read(shell, "models gpt-5 --available --limit 3", OPENAI_API_KEY="sk-1234567890123456")
    assert re.search(r"openai/gpt-5\S* [0-9,]+ [0-9.]+ [0-9.]+ 202[0-9-]+ (?:[0-9]+ )?direct", shown)
    assert "via" not in shown


def test_openrouter_and_wants_claude(shell: Shell) -> None:
    """With OpenRouter's key, Claude under its maker's name runs via OpenRouter, as it is spelled there."""
    shown = read(shell, f"resolve {CLAUDE}", OPENROUTER_API_KEY="sk-or-1")
    assert "runs via openrouter as anthropic/claude-sonnet-4.5 at https://openrouter.ai/api/v1" in shown
    assert "costs $3 in, $15 out per million tokens" in shown


def test_dexto(shell: Shell) -> None:
    """With Dexto's key, one line says how many providers it runs, and which."""
    shown = read(shell, "status", DEXTO_API_KEY="k")
    assert re.match(r"env DEXTO_API_KEY runs 2[0-9] providers via dexto: .*anthropic, .*openai", shown)


def test_an_aws_profile_and_wants_claude(shell: Shell) -> None:
    """With a profile of AWS, Claude is listed as what Bedrock calls it, and the maker's name leads there."""
    folder = shell.home / ".aws"
    folder.mkdir()
    keys = "aws_access_key_id = AKIAABCDEFGHIJKLMNOP\naws_secret_access_key = x\nregion = us-east-1\n"
    (folder / "credentials").write_text(f"[work]\n{keys}", encoding="utf-8")
    assert re.search(
        r"bedrock/\S*anthropic\.claude-\S+ .*direct", read(shell, "models claude --available", AWS_PROFILE="work")
    )
    shown = read(shell, f"explain {CLAUDE}", 1, AWS_PROFILE="work")
    assert re.search(r"It can't be run now\. You can run it as bedrock/\S*anthropic\.claude-sonnet-4-5\S*\.", shown)


def test_ollama(shell: Shell, serve: Serve) -> None:
    """A running Ollama lists the models that it has, as free; where none runs, the list says so."""
    server = serve(key="")
    server.documents["/models"] = {"object": "list", "data": [{"id": "llama3.2:latest"}]}
    line = "models --provider ollama --available"
    assert re.search(
        r"ollama/llama3.2:latest free free .*direct", read(shell, line, OLLAMA_HOST=server.url.removesuffix("/v1"))
    )
    shown = read(shell, line, 1, OLLAMA_HOST="http://127.0.0.1:1")
    assert "No model matches that you can run now. `polyroute status` says" in shown


def test_a_misnamed_key(shell: Shell) -> None:
    """A key under a name that nobody reads is told once, with the right name and the command that stores it."""
    for line, status in (("status", 0), ("explain openai", 1)):
        shown = read(shell, line, status, OPENAI_APIKEY="sk-1234567890123456")
        assert shown.count("OPENAI_APIKEY is set, but nobody reads a variable of this name.") == 1
        assert "Did you mean OPENAI_API_KEY? Rename it, or store the key: `polyroute keys set openai`." in shown


def test_an_agent_that_reads_json(shell: Shell) -> None:
    """An agent gets one document for an answer, for a clear no, and for an error, each with what to do."""
    no = json.loads(read(shell, f"resolve {CLAUDE} --json", 1))
    assert (no["route"], no["routes"][0]["remedy"]) == (None, "Run `dexto login`, or set DEXTO_API_KEY.")
    done = shell.run("resolve", "antropic/claude", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert (error["code"], error["suggestions"]) == ("unknown_provider", ["anthropic"])
    assert error["remedy"] == "Did you mean anthropic?"


def test_ci(shell: Shell) -> None:
    """In CI, one command ends with 1 unless all providers can be used, and says which can't and what to set."""
    variables = {"OPENAI_API_KEY": "sk-1234567890123456"}
    shown = read(shell, "status openai anthropic --exit-code", 1, **variables)
    assert "Anthropic (anthropic), kind vendor It can't be run now." in shown
    assert "Set ANTHROPIC_API_KEY" in shown
    assert shell.run("status", "openai", "--exit-code", **variables).returncode == 0


def test_a_llama_cpp_server(shell: Shell, serve: Serve) -> None:
    """A model of a llama.cpp server at any port is added by its address, and runs without a key."""
    server = serve("qwen3-8b")
    assert "qwen3-8b" in read(shell, f"custom add openai-compatible/qwen3-8b --base-url {server.url}")
    assert f"runs direct as qwen3-8b at {server.url}" in read(shell, "resolve openai-compatible/qwen3-8b")


def test_the_cheapest_route(shell: Shell) -> None:
    """The entries of a model are listed by price, the free one first; one command puts the cheapest route first."""
    variables = {"OPENROUTER_API_KEY": "sk-or-1", "GROQ_API_KEY": "gsk_1"}
    shown = read(shell, "models llama-3.3-70b --offers --available --sort price --limit 4", 0, **variables)
    assert re.search(r"70b-instruct:free .*free .*70b-instruct .*0\.1 .*groq/llama-3.3-70b-versatile .*0\.59 ", shown)
    assert read(shell, "prefer cheapest").startswith("cheapest now comes first")
    explained = read(shell, f"explain {CLAUDE}", 0, **variables)
    assert "Routes, the cheapest for this model first, those of unknown price last" in explained
    assert "via openrouter as anthropic/claude-sonnet-4.5 (in its list) at $3 in, $15 out per million" in explained


def test_the_price_of_each_route(shell: Shell) -> None:
    """An agent that reads JSON learns the price of each route, also of those for which a key is missing."""
    explained = json.loads(read(shell, f"explain {CLAUDE} --json", 0, OPENROUTER_API_KEY="sk-or-1"))
    prices = {each["via"]: each["price"] for each in explained["routes"]}
    assert prices["openrouter"] == prices["direct"] == prices["vercel"] == {"input": 3, "output": 15}


def test_models_with_tools_and_images_by_price(shell: Shell) -> None:
    """Models that can be run and have tools and image input are listed from the cheapest on."""
    line = "models --tools --takes image --available --sort price --limit 12"
    prices = re.findall(r"openai/\S+ [0-9,]+ ([0-9.]+) ", read(shell, line, OPENAI_API_KEY="sk-1234567890123456"))
    assert len(prices) == 12
    assert list(map(float, prices)) == sorted(map(float, prices))


def test_a_picker(shell: Shell) -> None:
    """`resolve "$(polyroute pick)"`: what is picked on the screen is what the next command gets."""
    status, shown, printed = shell.captured("pick", "sonnet 4.5", typed={"Esc leave": "\r"}, OPENROUTER_API_KEY="k")
    assert (status, "via openrouter" in STYLE.sub("", shown)) == (0, True)
    assert "runs via openrouter" in read(shell, f"resolve {printed.strip()}", OPENROUTER_API_KEY="k")
