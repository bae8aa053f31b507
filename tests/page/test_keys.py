"""Keys on the page: no usable model is blocked, and a missing key can be set on the spot."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.support.browser import DEXTO, NOTHING, OPENROUTER, Visit, Visitor

SONNET = "anthropic/claude-sonnet-4-5"
CANARY = "canary-typed-key-5678"


def traces(page: Visit) -> str:
    """Return everything that may contain a secret: the page, its storage, its address, the console."""
    kept = page.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    values = page.page.evaluate("[...document.querySelectorAll('input')].map((each) => each.value).join(' ')")
    return "\n".join([page.page.content(), kept, values, *page.console])


def test_a_blocked_model_says_what_to_set(visit: Visitor) -> None:
    """A model without a usable route can't be used; the page names each variable that would make it usable."""
    panel = visit(NOTHING).open().choose(SONNET)
    expect(panel.get_by_role("button", name="Use this model")).to_be_disabled()
    advice = panel.get_by_role("region", name="What to do")
    for variable in ("DEXTO_API_KEY", "ANTHROPIC_API_KEY", "OPENROUTER_API_KEY"):
        expect(advice).to_contain_text(variable)


def test_setting_the_key_opens_the_model(visit: Visitor) -> None:
    """A key set in the form makes the model usable by that key's route, without a reload."""
    page = visit(NOTHING).open()
    panel = page.choose(SONNET)
    panel.get_by_label("Key of").select_option("Anthropic")
    panel.get_by_label("Key", exact=True).fill(CANARY)
    panel.get_by_role("button", name="Set key").click()
    expect(panel.locator(".verdict")).to_have_text("Runs direct.")
    expect(panel.get_by_role("button", name="Use this model")).to_be_enabled()
    assert page.written("llm/key") == [("POST", {"provider": "anthropic", "apiKey": CANARY})]
    assert CANARY not in traces(page)


def test_a_gateways_key_opens_all_that_it_carries(visit: Visitor) -> None:
    """A gateway's key can be set for every provider that the gateway carries, and makes all of them usable."""
    page = visit(NOTHING).open()
    panel = page.choose(SONNET)
    panel.get_by_label("Key of").select_option("Dexto")
    expect(panel).to_contain_text("DEXTO_API_KEY")
    panel.get_by_label("Key", exact=True).fill(CANARY)
    panel.get_by_role("button", name="Set key").click()
    expect(panel.locator(".verdict")).to_have_text("Runs via Dexto.")
    page.search("openai/gpt-5")
    expect(page.row("openai/gpt-5")).to_contain_text("via Dexto")


def test_nothing_that_runs_is_blocked(visit: Visitor) -> None:
    """With one gateway's key, every vendor's offered model can be used, and the page asks for no other key."""
    for variables in (DEXTO, OPENROUTER):
        page = visit(variables).open()
        for model in ("openai/gpt-5", "google/gemini-2.5-pro", "xai/grok-4.3"):
            panel = page.choose(model)
            expect(panel.get_by_role("button", name="Use this model")).to_be_enabled()
            expect(panel.get_by_label("Key", exact=True)).to_have_count(0)


def test_a_refused_key_is_told_and_forgotten(visit: Visitor) -> None:
    """An invalid key is refused with a message, and the field is cleared."""
    page = visit(NOTHING).open()
    page.may_fail = True
    panel = page.choose(SONNET)
    panel.get_by_label("Key", exact=True).fill("two words")
    panel.get_by_role("button", name="Set key").click()
    expect(panel.get_by_role("alert")).to_contain_text("spaces")
    expect(panel.get_by_label("Key", exact=True)).to_have_value("")


def test_what_is_filled_in_stays_while_the_page_changes(visit: Visitor) -> None:
    """A change on the server keeps both the selection of the key's provider and the typed key."""
    page = visit(NOTHING).open()
    panel = page.choose(SONNET)
    panel.get_by_label("Key of").select_option("Anthropic")
    panel.get_by_label("Key", exact=True).fill(CANARY)
    panel.get_by_role("button", name="Set key").focus()
    favorite = {"provider": "anthropic", "model": "claude-sonnet-4-5"}
    assert page.page.request.post(f"{page.server.url}/api/llm/model-picker-state/favorites/toggle", data=favorite).ok
    expect(panel.get_by_role("button", name="★ Favourite")).to_be_visible()
    expect(panel.get_by_role("button", name="Set key")).to_be_focused()
    page.page.keyboard.press("Enter")
    expect(panel.locator(".verdict")).to_have_text("Runs direct.")
    assert page.written("llm/key") == [("POST", {"provider": "anthropic", "apiKey": CANARY})]


def test_what_is_typed_for_one_model_is_not_for_another(visit: Visitor) -> None:
    """A key typed for one model is discarded when the user opens another model, and does not come back."""
    page = visit(NOTHING).open()
    page.choose(SONNET).get_by_label("Key", exact=True).fill(CANARY)
    for model in ("anthropic/claude-opus-4-1", SONNET):
        expect(page.choose(model).get_by_label("Key", exact=True)).to_have_value("")
    assert CANARY not in traces(page)


def test_the_first_run_explains_itself(visit: Visitor) -> None:
    """Without credentials, the page explains itself and asks for one key; then the explanation disappears."""
    page = visit(NOTHING).open()
    welcome = page.panel
    expect(welcome.get_by_role("heading", name="Nothing is set up yet")).to_be_visible()
    welcome.get_by_label("Key", exact=True).fill(CANARY)
    welcome.get_by_role("button", name="Set key").click()
    expect(welcome).to_have_text("Choose a model to see how it runs, and why.")
    page.search(SONNET)
    expect(page.row(SONNET)).to_contain_text("via Dexto")
    assert CANARY not in traces(page)


def test_a_key_that_another_program_sets_is_seen(visit: Visitor) -> None:
    """A key stored by the command updates the page without a reload."""
    page = visit(NOTHING).open().search(SONNET)
    expect(page.row(SONNET)).to_contain_text("not usable")
    home = str(page.shell.home / "dexto")
    assert page.shell.run("keys", "set", "anthropic", given="made-up-key", DEXTO_HOME=home).returncode == 0
    expect(page.row(SONNET)).to_contain_text("direct")


def test_no_secret_of_the_environment_is_in_the_page(visit: Visitor, keys: dict[str, str]) -> None:
    """No key known to the server is in the page, its storage, its address or the console."""
    page = visit(keys).open()
    page.choose(SONNET)
    page.choose("openrouter/z-ai/glm-4.5-air:free")
    assert not [value for value in keys.values() if value in traces(page)]


def test_a_token_is_not_kept(visit: Visitor) -> None:
    """A token in the address opens the page; afterwards it is in neither the address nor the storage."""
    page = visit(DEXTO, "--token", "canary-token").open("#token=canary-token")
    assert page.page.url == f"{page.server.url}/"
    assert "canary-token" not in traces(page)


def test_without_the_token_it_is_asked_for(visit: Visitor) -> None:
    """Without its token, the page asks for it, and lists the models once it is entered."""
    page = visit(DEXTO, "--token", "canary-token")
    page.may_fail = True
    page.page.goto(page.server.url)
    page.page.get_by_label("Token").fill("canary-token")
    page.page.get_by_role("button", name="Continue").click()
    expect(page.rows.first).to_be_visible()
    assert "canary-token" not in traces(page)
