"""Routes on the page: the panel that explains them, pins, and the switch for the gateway's credits."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.support.browser import BOTH, DEXTO, FREE, NOTHING, OPENROUTER, Visit, Visitor

SONNET = "anthropic/claude-sonnet-4-5"
BOTH_WAYS = {**DEXTO, "ANTHROPIC_API_KEY": "canary-anthropic-key"}


def checked(page: Visit) -> list[object]:
    """Check a key that its endpoint reports as valid; return the list of requests made to the server."""
    asked: list[object] = []
    answer = {"schema": 1, "verifications": {"groq": {"state": "valid", "message": None, "remaining": "5 USD"}}}

    def answered(route: Route) -> None:
        asked.append(route.request.post_data_json)
        route.fulfill(json={**answer, "problems": []})

    page.page.route("**/api/llm/verify", answered)
    page.search("groq").rows.first.click()
    page.panel.get_by_role("button", name="Check the key for direct").click()
    return asked


def test_the_panel_tells_each_route(visit: Visitor) -> None:
    """The panel lists the routes in order, with model ID and credential, or with reason and remedy if unusable."""
    panel = visit(DEXTO).open().choose(SONNET)
    first, second, third = panel.get_by_role("listitem").filter(has=panel.page.get_by_text("usable")).all()
    expect(first).to_contain_text("Dexto usable")
    expect(first).to_contain_text("anthropic/claude-sonnet-4.5")
    expect(first).to_contain_text("env DEXTO_API_KEY")
    expect(second).to_contain_text("direct not usable")
    expect(second).to_contain_text("claude-sonnet-4-5")
    expect(second).to_contain_text("Set ANTHROPIC_API_KEY")
    expect(third).to_contain_text("OpenRouter not usable")
    expect(third).to_contain_text("Set OPENROUTER_API_KEY")


def test_other_gateways_are_folded_away(visit: Visitor) -> None:
    """Gateways without a key are listed only when the user asks for more ways."""
    panel = visit(DEXTO).open().choose(SONNET)
    expect(panel.get_by_text("Vercel AI Gateway")).not_to_be_visible()
    panel.get_by_text("more ways").click()
    expect(panel.get_by_text("Set AI_GATEWAY_API_KEY")).to_be_visible()


def test_the_routes_are_drawn(visit: Visitor) -> None:
    """The picture has a line for each route, one of them chosen; its accessible name describes the same."""
    panel = visit(DEXTO).open().choose(SONNET)
    picture = panel.get_by_role("img", name="Routes from you to Anthropic")
    expect(picture).to_have_accessible_name(
        "Routes from you to Anthropic. Dexto: usable; direct: not usable; OpenRouter: not usable."
    )
    expect(picture.locator(".path")).to_have_count(3)
    expect(picture.locator(".path.chosen")).to_have_count(1)


def test_all_four_states_of_an_openrouter_model(visit: Visitor, keys: dict[str, str]) -> None:
    """An OpenRouter model runs via Dexto, direct, or not at all, depending on the credentials."""
    panel = visit(keys).open().choose(FREE)
    verdict = {"nothing": "Can't run now", "openrouter": "Runs direct.", "dexto": "Runs via Dexto."}
    state = "dexto" if "DEXTO_API_KEY" in keys else "openrouter" if keys else "nothing"
    expect(panel.locator(".verdict")).to_contain_text(verdict[state])


def test_the_switch_turns_the_order_round(visit: Visitor) -> None:
    """With the gateway's credits switched off, a direct key comes first, and the list is updated at once."""
    page = visit(BOTH_WAYS).open().search(SONNET)
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    switch = page.page.get_by_role("switch", name="Prefer Dexto credits")
    expect(switch).to_be_checked()
    switch.click()
    expect(page.row(SONNET)).to_contain_text("direct")
    page.open()
    expect(page.page.get_by_role("switch", name="Prefer Dexto credits")).not_to_be_checked()


@pytest.mark.parametrize("variables", [NOTHING, OPENROUTER], ids=["nothing", "openrouter"])
def test_no_switch_without_the_gateway(visit: Visitor, variables: dict[str, str]) -> None:
    """Without a key of the gateway, the page has no switch for its credits."""
    page = visit(variables).open()
    expect(page.page.get_by_role("switch", name="Prefer Dexto credits")).to_have_count(0)


def test_a_model_is_pinned_and_unpinned(visit: Visitor) -> None:
    """A pin of a model puts its route first for this model only; removing the pin restores the order."""
    page = visit(BOTH_WAYS).open()
    panel = page.choose(SONNET)
    pin = panel.get_by_role("button", name="Pin this model to direct")
    pin.click()
    expect(panel.locator(".verdict")).to_have_text("Runs direct.")
    expect(pin).to_have_attribute("aria-pressed", "true")
    page.search("anthropic/claude-opus-4-1")
    expect(page.rows.first).to_contain_text("via Dexto")
    page.choose(SONNET).get_by_role("button", name="Pin this model to direct").click()
    expect(panel.locator(".verdict")).to_have_text("Runs via Dexto.")


def test_a_provider_is_pinned(visit: Visitor) -> None:
    """A pin of a provider applies to all of its models."""
    page = visit(BOTH).open()
    page.choose(FREE).get_by_role("button", name="Pin all of OpenRouter to direct").click()
    expect(page.panel.locator(".verdict")).to_have_text("Runs direct.")
    assert page.written("llm/preferences") == [("PUT", {"pins": {"openrouter": "direct"}})]


def test_what_another_process_changes_is_seen(visit: Visitor) -> None:
    """A preference written by the command updates the page without a reload."""
    page = visit(BOTH_WAYS).open().search(SONNET)
    assert page.shell.run("prefer", "direct", DEXTO_HOME=str(page.shell.home / "dexto")).returncode == 0
    expect(page.row(SONNET)).to_contain_text("direct")


def test_a_key_is_checked(visit: Visitor) -> None:
    """A usable route's key can be checked; the page displays the result, and never checks a key unasked."""
    page = visit({"GROQ_API_KEY": "k", **DEXTO}).open()
    asked = checked(page)
    expect(page.panel).to_contain_text("the key works; 5 USD left")
    assert asked == [{"providers": ["groq"]}]


def test_what_was_said_of_a_key_is_forgotten(visit: Visitor) -> None:
    """Setting a key removes the results of earlier key checks from the page."""
    page = visit({"GROQ_API_KEY": "k"}).open()
    checked(page)
    expect(page.panel).to_contain_text("the key works")
    panel = page.choose(SONNET)
    panel.get_by_label("Key", exact=True).fill("made-up-key")
    panel.get_by_role("button", name="Set key").click()
    expect(page.messages).to_contain_text("is set")
    page.search("groq").rows.first.click()
    expect(page.panel.get_by_role("button", name="Check the key for direct")).to_be_visible()
    expect(page.panel).not_to_contain_text("the key works")
