"""A server that stops, fails or is slow: the page reports it, keeps its content, and recovers by itself."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.support.browser import DEXTO, Visitor

SONNET = "anthropic/claude-sonnet-4-5"


def test_a_server_that_goes_away(visit: Visitor) -> None:
    """Without its server, the page keeps its list and reports its time; with the server back, the report disappears."""
    page = visit(DEXTO).open().search(SONNET)
    page.goes_away()
    expect(page.page.locator("#banner")).to_contain_text("Polyroute does not respond. The page shows the state of")
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    page.search("openai/gpt-5")
    expect(page.rows.first).to_be_visible()
    page.server.start()
    expect(page.page.locator("#banner")).to_be_hidden(timeout=20_000)


def test_a_server_that_fails(visit: Visitor) -> None:
    """If the server responds with an error, the page displays its message and keeps its content until it recovers."""
    page = visit(DEXTO).open().search(SONNET)
    page.fails(500)
    page.page.get_by_role("switch", name="Prefer Dexto credits").click()
    expect(page.messages).to_contain_text("The disk is full.")
    expect(page.page.locator("#banner")).to_contain_text("The disk is full. The page shows the state of")
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    page.page.unroute("**/api/**")
    expect(page.page.locator("#banner")).to_be_hidden(timeout=20_000)


def test_a_server_that_fails_from_the_start(visit: Visitor) -> None:
    """A page without content yet reports the error, and lists the models as soon as it can."""
    page = visit(DEXTO)
    page.fails(500)
    page.page.goto(page.server.url)
    expect(page.page.locator("#banner")).to_contain_text("The disk is full. Trying again…")
    page.page.unroute("**/api/**")
    expect(page.rows.first).to_be_visible(timeout=20_000)


def test_a_server_that_takes_its_time(visit: Visitor) -> None:
    """While a response is late, the page reports so and stays usable; it uses the response when it arrives."""
    page = visit(DEXTO).open().search(SONNET)
    awaited: list[Route] = []

    def late(route: Route) -> None:
        awaited.append(route)

    page.page.route("**/api/llm/catalog*", late)
    assert page.shell.run("prefer", "direct", DEXTO_HOME=str(page.shell.home / "dexto")).returncode == 0
    expect(page.page.locator("#banner")).to_contain_text("is slow to respond", timeout=15_000)
    expect(page.row(SONNET)).to_be_visible()
    page.page.route("**/api/llm/catalog*", lambda route: route.continue_())
    for route in awaited:
        route.continue_()
    expect(page.page.locator("#banner")).to_be_hidden(timeout=20_000)


def test_a_refused_change_is_told(visit: Visitor) -> None:
    """If a change fails, the page displays the error and the actual state."""
    page = visit(DEXTO).open()
    panel = page.choose(SONNET)
    page.fails(500, "**/api/llm/model-picker-state/favorites/toggle")
    panel.get_by_role("button", name="Favourite").click()
    expect(page.messages).to_contain_text("The disk is full.")
    expect(panel.get_by_role("button", name="☆ Favourite")).to_have_attribute("aria-pressed", "false")
