"""What changes while the page is open: it follows, keeps what is being typed, and never moves the focus."""

from __future__ import annotations

import json

from playwright.sync_api import Route, expect

from tests.support.browser import DEXTO, NOTHING, Visitor
from tests.support.page_states import SONNET, settled

KEY = "canary-typed-key-5678"
FAVORITE = {"provider": "moonshotai", "model": "kimi-k2.6"}


def test_nothing_typed_is_lost(visit: Visitor) -> None:
    """A change from outside keeps a half-typed key, the choice beside it, the focus and the caret, on each form."""
    page = visit(NOTHING).open()
    field = page.page.get_by_label("DEXTO_API_KEY")
    page.page.locator(".begin").get_by_label("Maker").select_option("Mistral")
    field.click()
    page.page.keyboard.type("half a")
    page.post("llm/model-picker-state/favorites/toggle", FAVORITE)
    expect(page.page.locator(".head").first).to_contain_text("Favourites")
    expect(field).to_be_focused()
    page.page.keyboard.type(" key")
    expect(field).to_have_value("half a key")
    expect(page.page.get_by_label("MISTRAL_API_KEY")).to_be_visible()
    page.show(SONNET)
    page.button("Set it up").click()
    expect(page.detail.locator("form input")).to_be_focused()
    page.page.keyboard.type("half a")
    page.post("llm/model-picker-state/favorites/toggle", {"provider": "anthropic", "model": "claude-sonnet-4-5"})
    expect(page.detail.get_by_role("button", name="Favourite")).to_have_attribute("aria-pressed", "true")
    page.page.keyboard.type(" key")
    expect(page.detail.locator("form input")).to_have_value("half a key")


def test_the_gateway_that_comes_first_is_never_replaced(visit: Visitor) -> None:
    """A field for a key is shown only once it is known which gateway comes first."""
    page = visit(NOTHING)
    awaited: list[Route] = []

    def late(route: Route) -> None:
        awaited.append(route)

    page.page.route("**/api/llm/preferences", late)
    page.open()
    expect(page.page.get_by_label("MOONSHOT_API_KEY")).to_be_visible()
    expect(page.page.locator(".begin form")).to_have_count(1)
    for route in awaited:
        route.continue_()
    expect(page.page.get_by_label("DEXTO_API_KEY")).to_be_visible()


def test_what_another_program_changes_is_seen(visit: Visitor) -> None:
    """A preference and a key that another program writes are shown without loading the page again."""
    page = visit({**DEXTO, "ANTHROPIC_API_KEY": "k"}).open()
    page.search("sonnet 4.5")
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    assert page.page.request.put(f"{page.server.url}/api/llm/preferences", data={"prefer": "direct"}).ok
    expect(page.row(SONNET)).to_contain_text("direct")
    expect(page.query).to_be_focused()


def test_which_route_comes_first(visit: Visitor) -> None:
    """Among the providers one chooses which route comes first, and the models follow."""
    page = visit({**DEXTO, "ANTHROPIC_API_KEY": "k"}).open("#/providers")
    expect(page.button("Dexto")).to_have_attribute("aria-pressed", "true")
    page.button("Direct keys").click()
    expect(page.button("Direct keys")).to_have_attribute("aria-pressed", "true")
    page.show(SONNET)
    expect(page.detail.locator(".says")).to_contain_text("Runs direct")


def test_a_deletion_is_taken_back_or_carried_out(visit: Visitor) -> None:
    """An own model is only hidden until its message ends: undo shows it again, with all that its file has of it."""
    model = {"name": "made/up", "provider": "openrouter", "displayName": "Mine", "apiKey": "canary-own-key", "later": 1}
    name = "dexto/models/custom-models.json"
    page = visit(NOTHING, files={name: json.dumps({"version": 1, "models": [model]})}).open()

    def stored() -> list[object]:
        models: list[object] = json.loads((page.shell.home / name).read_text(encoding="utf-8"))["models"]
        return models

    page.show("openrouter/made/up").get_by_role("button", name="Delete").click()
    expect(page.row("openrouter/made/up")).to_have_count(0)
    page.button("Undo").click()
    expect(page.row("openrouter/made/up")).to_be_visible()
    assert stored() == [model]
    page.show("openrouter/made/up").get_by_role("button", name="Edit").click()
    page.dialog.get_by_label("Display name").fill("My own")
    page.button("Save").click()
    expect(page.messages).to_contain_text("My own is saved")
    assert stored() == [{**model, "displayName": "My own"}]
    page.fails(500, "**/api/llm/custom-models/**")
    page.show("openrouter/made/up").get_by_role("button", name="Delete").click()
    page.messages.get_by_role("button", name="Dismiss").last.click()
    expect(page.messages).to_contain_text("was not deleted.")
    expect(page.said).to_contain_text("My own: The disk is full.")
    expect(page.row("openrouter/made/up")).to_be_visible()
    page.page.unroute("**/api/llm/custom-models/**")
    page.show("openrouter/made/up").get_by_role("button", name="Delete").click()
    page.page.goto("about:blank")
    page.open()
    expect(page.row("openrouter/made/up")).to_have_count(0)
    assert stored() == []


def test_a_server_that_goes_away_and_comes_back(visit: Visitor) -> None:
    """Without its server the page keeps what it has and says of when; it recovers by itself. So with one that fails."""
    page = visit(DEXTO).open()
    first = page.rows.first.inner_text()
    page.fails(500)
    page.button("Favourite Kimi K2.6").click(force=True)
    expect(page.said).to_contain_text("Kimi K2.6: The disk is full.")
    expect(page.banner).to_contain_text("The disk is full. The page shows the state of")
    page.page.unroute("**/api/**")
    expect(page.banner).to_have_count(0)
    page.goes_away()
    expect(page.banner).to_contain_text("Polyroute does not respond. The page shows the state of")
    assert page.rows.first.inner_text() == first
    with page.page.expect_request("**/api/llm/models"):
        page.banner.get_by_role("button", name="Try now").click()
    page.server.start()
    expect(page.banner).to_have_count(0)


def test_a_server_that_takes_its_time(visit: Visitor) -> None:
    """While an answer is late, the page says so and stays usable; it uses the answer when it comes."""
    page = visit(DEXTO).open()
    awaited: list[Route] = []
    is_late = [True]

    def late(route: Route) -> None:
        awaited.append(route) if any(is_late) else route.continue_()

    page.page.route("**/api/llm/models", late)
    page.post("llm/model-picker-state/favorites/toggle", FAVORITE)
    expect(page.banner).to_contain_text("is slow to respond")
    expect(page.rows.first).to_be_visible()
    is_late.clear()
    for route in awaited:
        route.continue_()
    expect(page.banner).to_have_count(0)
    expect(page.page.locator(".head").first).to_contain_text("Favourites")


def test_late_advice_on_another_model_is_not_shown(visit: Visitor) -> None:
    """Advice that arrives after the ID was changed says nothing of the ID that is typed now."""
    page = visit(DEXTO).open()
    awaited: list[Route] = []

    def late(route: Route) -> None:
        awaited.append(route) if "sonet" in route.request.url else route.continue_()

    page.page.route("**/api/llm/custom-model-advice?*", late)
    typed = page.add_model().get_by_label("Model ID")
    with page.page.expect_request("**/api/llm/custom-model-advice?*"):
        typed.fill("anthropic/claude-sonet-4.5")
    with page.page.expect_response("**/api/llm/custom-model-advice?*"):
        typed.fill("openai/gpt-5")
    with page.page.expect_response("**/api/llm/custom-model-advice?*"):
        awaited[0].continue_()
    settled(page.page)
    expect(page.dialog.locator("#custom-advice")).not_to_contain_text("is not in the list")


def test_a_server_of_ones_own_that_does_not_run(visit: Visitor) -> None:
    """A model whose only server does not run says so, and has a button that asks it again."""
    page = visit(NOTHING).open("#/models/atomic-chat/gemma-4-E4B-it-IQ4_XS")
    page.may_fail = True  # how to call it is asked for until it is known that it does not run
    expect(page.detail.locator(".says")).to_have_text("Its server is not running.")
    with page.page.expect_response("**/llm/local/look"):
        page.button("Look again for Atomic Chat").click()
    page.tab("Providers & keys").click()
    server = page.page.get_by_role("region", name="On this machine").locator(".provider").filter(has_text="Atomic Chat")
    expect(server).to_contain_text("127.0.0.1:1337")
    expect(server).to_contain_text("not running")


def test_a_refused_key_is_told_at_its_field(visit: Visitor) -> None:
    """A key that can't be is refused with the reason at its field, and nothing is stored."""
    page = visit(NOTHING).open()
    page.may_fail = True
    page.page.get_by_label("DEXTO_API_KEY").fill("two words")
    page.button("Set key").first.click()
    expect(page.page.get_by_role("alert").first).to_contain_text("white space")
    expect(page.page.locator(".begin")).to_be_visible()


def test_a_damaged_file_is_repaired(visit: Visitor) -> None:
    """Damaged files are counted at once; the button says before what it does, and keeps what can't be read."""
    name = "dexto/models/custom-models.json"
    damaged = '{"version": 1, "models": [{"name": "made/up", "provider": "openrouter"}, {"name": "cut o'
    files = {name: damaged, "ours/config.toml": 'prefer = "direct"\norder = direct\n'}
    page = visit(DEXTO, files=files).open()
    page.may_fail = True
    file = page.shell.home / name
    expect(page.tab("Problems").locator(".badge")).to_be_visible()
    page.tab("Problems").click()
    problem = page.page.locator(".problem", has_text="custom-models.json")
    expect(problem).to_contain_text("is kept: in comments of the file, or in a copy beside it.")
    problem.get_by_role("button", name="Repair the file").click()
    expect(page.said).to_have_text("custom-models.json: Could be read: 1. Kept: custom-models.json.broken")
    expect(problem).to_have_count(0)
    expect(page.page.locator(".problem", has_text="Your preferences can't all be read")).to_contain_text(", line 2")
    page.button("Repair the file").click()
    expect(page.said).to_have_text("config.toml: Now in comments: line 2. Kept: config.toml.broken")
    expect(page.button("Repair the file")).to_have_count(0)
    config = page.shell.home / "ours" / "config.toml"
    assert config.read_text(encoding="utf-8") == 'prefer = "direct"\n# order = direct\n'
    assert file.with_name("custom-models.json.broken").read_text(encoding="utf-8") == damaged
    assert json.loads(file.read_text(encoding="utf-8"))["models"] == [{"name": "made/up", "provider": "openrouter"}]
    file.write_text("no list at all", encoding="utf-8")
    page.button("Check again").click()
    page.button("Repair the file").click()
    expect(problem.get_by_role("alert")).to_contain_text("it contains no list of models. Move it away.")
    assert file.read_text(encoding="utf-8") == "no list at all"
