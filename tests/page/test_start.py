"""How the page begins: what it asks for, once, with the page itself; nothing is missed before it hears of changes."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.support.browser import DEXTO, NOTHING, Visit, Visitor

SONNET = "anthropic/claude-sonnet-4-5"


def holding(page: Visit) -> list[Route]:
    """Hold back the stream of events; what is held, to be let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.page.route("**/api/events", hold)
    return held


def test_everything_is_asked_for_once(visit: Visitor) -> None:
    """What the browser is told to ask for is what the page asks for: nothing comes twice, or for nothing."""
    page = visit(DEXTO)
    holding(page)
    asked: list[str] = []
    page.page.on("request", lambda request: asked.append(request.url.partition("/api/llm/")[2]))
    page.open()
    documents = ["catalog?scope=all", "current", "custom-models", "model-picker-state", "preferences"]
    assert sorted(filter(None, asked)) == documents


def test_a_change_before_the_first_event_is_seen(visit: Visitor) -> None:
    """What changes after the first look and before the page listens is shown, though no event tells of it."""
    page = visit(NOTHING)
    held = holding(page)
    page.open().search(SONNET)
    expect(page.row(SONNET)).to_contain_text("not usable")
    home = str(page.shell.home / "dexto")
    assert page.shell.run("keys", "set", "anthropic", given="made-up-key", DEXTO_HOME=home).returncode == 0
    held.pop().continue_()
    expect(page.row(SONNET)).to_contain_text("direct")


def test_nothing_is_drawn_twice(visit: Visitor) -> None:
    """A look that finds what is shown already leaves every row where it is."""
    page = visit(DEXTO)
    held = holding(page)
    page.open()
    row = page.rows.first.element_handle()
    with page.page.expect_response("**/api/llm/catalog*"):
        held.pop().continue_()
    page.page.wait_for_function("() => performance.getEntriesByName(location.href + 'api/llm/current').length === 2")
    page.page.wait_for_timeout(300)
    assert row.evaluate("(row) => row.isConnected")
