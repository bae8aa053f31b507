"""A server that goes away, fails or takes its time: the page says so, keeps what it shows, and recovers by itself."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from tests.support.browser import DEXTO, Visitor

SONNET = "anthropic/claude-sonnet-4-5"


def test_a_server_that_goes_away(visit: Visitor) -> None:
    """Without its server the page keeps its list and says from when it is; with the server all is well."""
    page = visit(DEXTO).open().search(SONNET)
    page.goes_away()
    expect(page.page.locator("#banner")).to_contain_text("Polyroute does not respond. The page shows the state of")
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    page.search("openai/gpt-5")
    expect(page.rows.first).to_be_visible()
    page.server.start()
    expect(page.page.locator("#banner")).to_be_hidden(timeout=20_000)


def test_a_server_that_fails(visit: Visitor) -> None:
    """Where the server answers with an error its words are shown, and what was there stays until it answers again."""
    page = visit(DEXTO).open().search(SONNET)
    page.fails(500)
    page.page.get_by_role("switch", name="Prefer Dexto credits").click()
    expect(page.messages).to_contain_text("The disk is full.")
    expect(page.page.locator("#banner")).to_contain_text("The disk is full. The page shows the state of")
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    page.page.unroute("**/api/**")
    expect(page.page.locator("#banner")).to_be_hidden(timeout=20_000)


def test_a_server_that_fails_from_the_start(visit: Visitor) -> None:
    """A page that has nothing to show yet says what is wrong, and shows the models as soon as it can."""
    page = visit(DEXTO)
    page.fails(500)
    page.page.goto(page.server.url)
    expect(page.page.locator("#banner")).to_contain_text("The disk is full. Trying again…")
    page.page.unroute("**/api/**")
    expect(page.rows.first).to_be_visible(timeout=20_000)


def test_a_server_that_takes_its_time(visit: Visitor) -> None:
    """An answer that is late is told to be awaited; the page stays usable, and takes it when it comes."""
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
    """What could not be changed is said, and the page shows what is really so."""
    page = visit(DEXTO).open()
    panel = page.choose(SONNET)
    page.fails(500, "**/api/llm/model-picker-state/favorites/toggle")
    panel.get_by_role("button", name="Favourite").click()
    expect(page.messages).to_contain_text("The disk is full.")
    expect(panel.get_by_role("button", name="☆ Favourite")).to_have_attribute("aria-pressed", "false")
