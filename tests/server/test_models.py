"""Models over HTTP: one row for each, whoever offers it, and every way to run one."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyroute import Catalog, Environment, Plugins
from polyroute.model_list.rows import ModelRows
from tests.server.test_catalog import DEXTO
from tests.support.http_server import Serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def listed(plugins: Plugins, throw_away_homes: Path) -> None:
    """Make what is kept between runs before a request has to wait for it."""
    assert ModelRows(Catalog(plugins, Environment({}, home=throw_away_homes))).all


SONNET = "/api/llm/models/anthropic%2Fclaude-sonnet-4-5"


def test_rows_in_order(serve: Serve) -> None:
    """Every model is one row; those that can be run come first, with their way and its price."""
    document = serve(**DEXTO).json("/api/llm/models")
    rows = document["models"]
    assert document["total"] == len(rows) > 1_200
    assert document["date"] == "2026-05-21"
    bands = [each["band"] for each in rows]
    assert bands == sorted(bands, key=("favorite", "recent", "own", "runs", "setup").index)
    sonnet = next(each for each in rows if each["id"] == "anthropic/claude-sonnet-4-5")
    assert sonnet["runs"] == {"usable": True, "via": "dexto", "provider": "dexto"}
    assert (sonnet["price"]["input"], sonnet["price"]["kind"]) == (3, "metered")
    assert {"tools", "reasoning", "image", "pdf"} <= set(sonnet["can"])
    local = next(each for each in rows if each["runs"].get("provider") == "lmstudio")
    assert local["runs"]["checked"] is False and local["band"] == "setup"


def test_a_query_selects_and_sorts(serve: Serve) -> None:
    """Words, abilities, limits and prices select models; `sort` and `limit` apply to these."""
    client = serve()
    assert client.json("/api/llm/models?q=sonnet+4-5&limit=1")["models"][0]["id"] == "anthropic/claude-sonnet-4-5"
    found = client.json("/api/llm/models?can=tools,image&context=900000&price=1&sort=-context&limit=5")
    assert found["total"] > len(found["models"]) == 5
    for each in found["models"]:
        assert {"tools", "image"} <= set(each["can"]) and each["context"] >= 900_000 and each["price"]["input"] <= 1
    nothing = client.json("/api/llm/models?q=zxqv")
    assert (nothing["models"], nothing["total"]) == ([], 0)
    for wrong in ("can=flying", "sort=colour", "limit=-1", "price=much"):
        assert client.get(f"/api/llm/models?{wrong}").status == 400


def test_every_way_to_run_a_model(serve: Serve) -> None:
    """A model has every way to run it: the usable ones first, the others with what is missing."""
    document = serve(**DEXTO).json(SONNET)
    dexto, *others = document["ways"]
    assert (dexto["provider"], dexto["usable"], dexto["modelId"], dexto["missing"]) == (
        "dexto",
        True,
        "anthropic/claude-sonnet-4.5",
        [],
    )
    assert dexto["credential"] == "env DEXTO_API_KEY" and dexto["source"]["name"] == "DEXTO_API_KEY"
    direct = next(each for each in others if each["provider"] == "anthropic")
    assert direct["missing"] == [
        {
            "name": "ANTHROPIC_API_KEY",
            "secret": True,
            "hint": "Set ANTHROPIC_API_KEY (or ANTHROPIC_KEY or CLAUDE_API_KEY).",
        }
    ]
    bedrock = next(each for each in others if each["provider"] == "bedrock")
    assert len(bedrock["otherIds"]) > 3
    assert [each["provider"] for each in document["ways"]] == list({each["provider"]: 0 for each in document["ways"]})


def test_a_model_is_found_by_each_of_its_references(serve: Serve) -> None:
    """Any provider's reference finds the model, also by an alias; an unlisted model has the ways of its provider."""
    client = serve()
    for name in (
        "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
        "amazon-bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
    ):
        assert client.json(f"/api/llm/models/{name.replace('/', '%2F')}")["id"] == "anthropic/claude-sonnet-4-5"
    unlisted = client.json("/api/llm/models/openrouter%2Fnew%2Fnew-1")
    assert (unlisted["providers"], [each["provider"] for each in unlisted["ways"]]) == (0, ["dexto", "openrouter"])
    assert client.get("/api/llm/models/nobody%2Fx").json["code"] == "llm_model_unknown"
    assert client.get("/api/llm/models/nobody%2Fx").status == 404


def test_pins_and_favorites_are_in_the_answer(serve: Serve) -> None:
    """After a change of favorites and pins the next answer has them."""
    client = serve(**DEXTO)
    assert client.json("/api/llm/models?limit=1")["models"][0]["band"] == "runs"
    client.write("POST", "/api/llm/model-picker-state/favorites/toggle", {"provider": "zai", "model": "glm-4.5-air"})
    client.write("PUT", "/api/llm/preferences", {"pins": {"anthropic": "direct"}})
    first = client.json("/api/llm/models?limit=1")["models"][0]
    assert (first["id"], first["band"]) == ("zai/glm-4.5-air", "favorite")
    pinned = {each["provider"] for each in client.json(SONNET)["ways"] if each["pinned"]}
    assert pinned == {"anthropic"}


def test_answers_are_prepared(serve: Serve) -> None:
    """The same question gets the same bytes, and 304 if the client has them."""
    client = serve()
    first = client.get("/api/llm/models", accept_encoding="gzip")
    again = client.get("/api/llm/models", accept_encoding="gzip", if_none_match=first.headers["etag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")
    assert len(first.body) < 50_000


def test_rows_leave_out_what_is_empty(serve: Serve) -> None:
    """What is not known, empty, or said by the ID is left out; false is there where it says something."""
    for row in serve().json("/api/llm/models")["models"]:
        assert not [name for name, each in row.items() if each in (None, "", [])], row
        assert row.get("isNew", True) is True is row.get("custom", True)
        assert None not in row["price"].values()
        assert row["runs"].get("model") != row["id"]


def test_a_free_variant_is_a_way_of_its_own(serve: Serve) -> None:
    """A free variant belongs to its model, with its own ID and price; only `free` selects it."""
    client = serve(OPENROUTER_API_KEY="o")
    free = client.json("/api/llm/models?free=1")["models"]
    row = next(each for each in free if each["id"] == "deepseek/deepseek-v4-flash")
    variant = "openrouter/deepseek/deepseek-v4-flash:free"
    assert (row["runs"]["model"], row["free"], row["price"]["kind"]) == (variant, variant, "free")
    found = client.json("/api/llm/models/deepseek%2Fdeepseek-v4-flash")
    assert found["price"]["kind"] == "metered" and "model" not in found["runs"]
    ways = [each for each in found["ways"] if each["provider"] == "openrouter"]
    assert [(each["modelId"], each["price"]["kind"]) for each in ways] == [
        ("deepseek/deepseek-v4-flash", "metered"),
        ("deepseek/deepseek-v4-flash:free", "free"),
    ]


def test_where_a_model_runs_is_said(serve: Serve) -> None:
    """`resolve` names the reference by which the same model runs, and so does a refused switch."""
    client = serve(AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="s", AWS_REGION="us-east-1")
    elsewhere = ["bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0"]
    assert client.json("/api/llm/resolve?model=anthropic/claude-sonnet-4-5")["elsewhere"] == elsewhere
    refused = client.write("POST", "/api/llm/switch", {"provider": "anthropic", "model": "claude-sonnet-4-5"})
    assert refused.json["context"]["elsewhere"] == elsewhere
    assert f"You can run it as {elsewhere[0]}." in refused.json["message"]
