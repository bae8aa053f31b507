"""The page's start: it requests each document once, and misses no change before the event stream opens."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.support.browser import DEXTO, NOTHING, Visit, Visitor

SONNET = "anthropic/claude-sonnet-4-5"


def holding(page: Visit) -> list[Route]:
    """Hold back the event stream; return the held requests, to be continued later."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.page.route("**/api/events", hold)
    return held


def test_everything_is_asked_for_once(visit: Visitor) -> None:
    """The page requests exactly the documents that the browser preloads, each of them once."""
    page = visit(DEXTO)
    holding(page)
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url.partition("/api/llm/")[2]))
    page.open()
    documents = ["catalog?scope=all", "current", "custom-models", "model-picker-state", "preferences"]
    assert sorted(filter(None, asked)) == documents


def test_a_change_before_the_first_event_is_seen(visit: Visitor) -> None:
    """A change between the first request and the event stream's opening is displayed, though no event reports it."""
    page = visit(NOTHING)
    held = holding(page)
    page.open().search(SONNET)
    expect(page.row(SONNET)).to_contain_text("not usable")
    home = str(page.shell.home / "dexto")
    assert page.shell.run("keys", "set", "anthropic", given="made-up-key", DEXTO_HOME=home).returncode == 0
    held.pop().continue_()
    expect(page.row(SONNET)).to_contain_text("direct")


def test_nothing_is_drawn_twice(visit: Visitor) -> None:
    """A fetch that finds no changes leaves every row in place."""
    page = visit(DEXTO)
    held = holding(page)
    page.open()
    row = page.rows.first.element_handle()
    with page.page.expect_response("**/api/llm/catalog*"):
        held.pop().continue_()
    page.page.wait_for_function("() => performance.getEntriesByName(location.href + 'api/llm/current').length === 2")
    page.page.wait_for_timeout(300)
    assert row.evaluate("(row) => row.isConnected")
