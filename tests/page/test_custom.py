"""Custom models on the page: added, changed, renamed and deleted, in every state of credentials."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.support.browser import BOTH, DEXTO, NOTHING, OPENROUTER, Visit, Visitor

ID = "z-ai/glm-4.5-air:free"
STORE = "dexto/models/custom-models.json"
CANARY = "canary-typed-key-5678"
KEY, OWN_KEY = "OpenRouter key (optional)", "Use my own key, not the gateway's credits"


def own(**fields: Any) -> dict[str, str]:
    """Return the file of custom models with one model in it."""
    return {STORE: json.dumps({"version": 1, "models": [{"name": ID, "provider": "openrouter", **fields}]})}


def stored(page: Visit) -> list[dict[str, Any]]:
    """Return the models in the user's file."""
    path = page.shell.home / STORE
    models: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["models"] if path.exists() else []
    return models


def add(page: Visit, name: str) -> Locator:
    """Fill a model ID into the form, and return the form."""
    form = page.add_model()
    form.get_by_label("Model ID").fill(name)
    return form


def save(page: Visit, name: str) -> None:
    """Add a model and wait for the message that it is saved."""
    add(page, name).get_by_role("button", name="Add", exact=True).click()
    expect(page.messages).to_contain_text("is saved")


@pytest.mark.parametrize("typed", [ID, f"openrouter/{ID}"])
def test_any_openrouter_model_is_added(visit: Visitor, keys: dict[str, str], typed: str) -> None:
    """An ID is stored without the prefix `openrouter/`, however it is entered and in every state of credentials."""
    page = visit(keys).open()
    save(page, typed)
    assert [(each["provider"], each["name"]) for each in stored(page)] == [("openrouter", ID)]
    expect(page.page.locator(".head").first).to_have_text("Your own models · 1")
    expect(page.rows.first).to_contain_text(f"openrouter/{ID}")


def test_the_letter_is_kept(visit: Visitor) -> None:
    """Case, tags and characters of an ID are stored exactly as entered."""
    page = visit(DEXTO).open()
    entered = "Made-Up/Modèle-5_B:Free"
    save(page, entered)
    assert stored(page)[0]["name"] == entered
    expect(page.row(f"openrouter/{entered}").first).to_be_visible()


def test_it_is_used_at_once(visit: Visitor) -> None:
    """With only the gateway's key, a custom model can be added, used, edited, renamed and deleted."""
    page = visit(DEXTO).open()
    save(page, ID)
    panel = page.choose(f"openrouter/{ID}")
    expect(panel.locator(".verdict")).to_have_text("Runs via Dexto.")
    panel.get_by_role("button", name="Use this model").click()
    expect(page.messages).to_contain_text("Now in use")
    panel.get_by_role("button", name="Edit").click()
    page.dialog.get_by_label("Display name").fill("My GLM")
    page.dialog.get_by_label("Model ID").fill("z-ai/glm-4.5")
    page.dialog.get_by_role("button", name="Save").click()
    expect(page.messages).to_contain_text("My GLM is saved")
    assert stored(page) == [{"name": "z-ai/glm-4.5", "provider": "openrouter", "displayName": "My GLM"}]
    page.search("My GLM").rows.first.click()
    page.panel.get_by_role("button", name="Delete").click()
    expect(page.messages).to_contain_text("My GLM was deleted")
    with page.page.expect_response(lambda response: response.request.method == "DELETE"):
        page.page.get_by_role("button", name="Dismiss").last.click()
    expect(page.rows.filter(has_text="My GLM")).to_have_count(0)
    assert stored(page) == []


def test_editing_keeps_what_the_form_does_not_show(visit: Visitor) -> None:
    """Editing and renaming keep the key, fields of a newer version, and all other fields that the form lacks."""
    files = own(apiKey="canary-own-key", maxOutputTokens=1000, reasoning={"variant": "high"}, fromTheFuture=[1])
    page = visit(NOTHING, files=files).open()
    page.choose(f"openrouter/{ID}").get_by_role("button", name="Edit").click()
    page.dialog.get_by_label("Model ID").fill("z-ai/glm-4.6")
    page.dialog.get_by_role("button", name="Save").click()
    expect(page.messages).to_contain_text("is saved")
    (kept,) = stored(page)
    assert kept == {
        "name": "z-ai/glm-4.6",
        "provider": "openrouter",
        "apiKey": "canary-own-key",
        "maxOutputTokens": 1000,
        "reasoning": {"variant": "high"},
        "fromTheFuture": [1],
    }


def test_a_deletion_is_taken_back(visit: Visitor) -> None:
    """Undo restores a deleted model with all its fields, including its key."""
    page = visit(NOTHING, files=own(apiKey="canary-own-key", displayName="Mine")).open()
    page.choose(f"openrouter/{ID}").get_by_role("button", name="Delete").click()
    expect(page.rows.filter(has_text="Mine")).to_have_count(0)
    page.page.get_by_role("button", name="Undo").click()
    expect(page.rows.filter(has_text="Mine").first).to_be_visible()
    assert stored(page)[0]["apiKey"] == "canary-own-key"


def test_a_refused_deletion_is_shown_again(visit: Visitor) -> None:
    """If the server refuses a deletion, the page lists the model again and displays the error."""
    page = visit(NOTHING, files=own(displayName="Mine")).open()
    page.choose(f"openrouter/{ID}").get_by_role("button", name="Delete").click()
    expect(page.rows.filter(has_text="Mine")).to_have_count(0)
    page.fails(500, "**/api/llm/custom-models/**")
    page.page.get_by_role("button", name="Dismiss").click()
    expect(page.messages).to_contain_text("The disk is full.")
    expect(page.rows.filter(has_text="Mine")).to_have_count(1)


def test_leaving_the_page_carries_a_deletion_out(visit: Visitor) -> None:
    """Leaving the page carries out a deletion that was not undone."""
    page = visit(NOTHING, files=own(displayName="Mine")).open()
    page.choose(f"openrouter/{ID}").get_by_role("button", name="Delete").click()
    page.page.goto("about:blank")
    page.open()
    expect(page.rows.filter(has_text="Mine")).to_have_count(0)
    assert stored(page) == []


def test_no_key_is_asked_for_that_is_not_needed(visit: Visitor) -> None:
    """With the gateway active and preferred, the form does not ask for an OpenRouter key."""
    form = visit(DEXTO).open().add_model()
    expect(form.get_by_label(KEY)).to_be_hidden()
    expect(form.get_by_label(OWN_KEY)).to_be_visible()


@pytest.mark.parametrize("variables", [NOTHING, OPENROUTER], ids=["nothing", "openrouter"])
def test_the_key_is_offered_where_no_gateway_is(visit: Visitor, variables: dict[str, str]) -> None:
    """Without the gateway, the form has a key field, which is optional."""
    page = visit(variables).open()
    form = add(page, ID)
    expect(form.get_by_label(KEY)).to_be_visible()
    expect(form.get_by_label(OWN_KEY)).to_be_hidden()
    form.get_by_role("button", name="Add", exact=True).click()
    expect(page.messages).to_contain_text("is saved")


def test_the_key_is_offered_where_the_gateway_is_not_preferred(visit: Visitor) -> None:
    """With the gateway active but not preferred, the form has a key field, which is optional."""
    page = visit(BOTH, files={"ours/config.toml": 'prefer = "direct"\n'}).open()
    form = add(page, ID)
    expect(form.get_by_label(KEY)).to_be_visible()
    form.get_by_role("button", name="Add", exact=True).click()
    expect(page.messages).to_contain_text("is saved")


def test_forcing_direct(visit: Visitor) -> None:
    """A key entered in the form is stored as OpenRouter's, pins OpenRouter to direct, and is not kept in the page."""
    page = visit(DEXTO).open()
    form = add(page, ID)
    form.get_by_label(OWN_KEY).check()
    form.get_by_label(KEY).fill(CANARY)
    form.get_by_role("button", name="Add", exact=True).click()
    expect(page.messages).to_contain_text("is saved")
    expect(page.choose(f"openrouter/{ID}").locator(".verdict")).to_have_text("Runs direct.")
    preferences = page.page.request.get(f"{page.server.url}/api/llm/preferences").json()
    assert preferences["pins"] == {"openrouter": "direct"}
    assert stored(page) == [{"name": ID, "provider": "openrouter"}]
    assert CANARY not in page.page.content()


def test_forcing_direct_as_another_page_does(visit: Visitor) -> None:
    """The requests of Dexto's own form (a key, then the model) have the same effect; the page displays it at once."""
    page = visit(DEXTO, files=own()).open()
    panel = page.choose(f"openrouter/{ID}")
    expect(panel.locator(".verdict")).to_have_text("Runs via Dexto.")
    request, api = page.page.request, f"{page.server.url}/api/llm"
    assert request.get(f"{api}/key/openrouter").json()["hasKey"] is False
    assert request.post(f"{api}/key", data={"provider": "openrouter", "apiKey": CANARY}).ok
    assert request.post(f"{api}/custom-models", data={"provider": "openrouter", "name": ID}).ok
    expect(panel.locator(".verdict")).to_have_text("Runs direct.")


def test_forcing_direct_where_a_key_is_there_already(visit: Visitor) -> None:
    """If OpenRouter has a key, Dexto's form puts its key into the model, and only that model runs direct with it."""
    page = visit(BOTH, files=own()).open()
    panel = page.choose(f"openrouter/{ID}")
    request, api = page.page.request, f"{page.server.url}/api/llm"
    assert request.get(f"{api}/key/openrouter").json()["hasKey"] is True
    assert request.post(f"{api}/custom-models", data={"provider": "openrouter", "name": ID, "apiKey": CANARY}).ok
    expect(panel.locator(".verdict")).to_have_text("Runs direct.")
    page.search("openrouter/openai/gpt-5")
    expect(page.row("openrouter/openai/gpt-5")).to_contain_text("via Dexto")


def test_advice_while_typing(visit: Visitor) -> None:
    """For an unlisted ID the page suggests similar IDs; a suggestion is applied only when the user presses it."""
    page = visit(DEXTO).open()
    form = add(page, "anthropic/claude-sonet-4.5")
    advice = form.locator("#custom-advice")
    expect(advice).to_contain_text("is not in the list")
    expect(advice).to_contain_text("It would run via Dexto now")
    advice.get_by_role("button", name="anthropic/claude-sonnet-4.5", exact=True).click()
    expect(form.get_by_label("Model ID")).to_have_value("anthropic/claude-sonnet-4.5")
    expect(advice).not_to_contain_text("is not in the list")


def test_fields_follow_the_provider(visit: Visitor) -> None:
    """The form asks for a base URL or a file only if the provider needs one."""
    form = visit(NOTHING).open().add_model()
    expect(form.get_by_label("Base URL")).to_be_hidden()
    form.get_by_label("Provider").select_option("openai-compatible")
    expect(form.get_by_label("Base URL")).to_be_visible()
    expect(form.get_by_label("Base URL")).to_have_attribute("required", "")
    form.get_by_label("Provider").select_option("local")
    expect(form.get_by_label("File", exact=True)).to_be_visible()


def test_what_the_server_refuses_is_told(visit: Visitor) -> None:
    """White space around an ID is refused with a message, and the form keeps its content."""
    page = visit(DEXTO).open()
    page.may_fail = True
    form = add(page, f"{ID} ")
    form.get_by_role("button", name="Add", exact=True).click()
    expect(form.get_by_role("alert")).to_contain_text("white space")
    expect(form.get_by_label("Model ID")).to_have_value(f"{ID} ")
    assert stored(page) == []


def test_a_model_whose_provider_is_gone(visit: Visitor) -> None:
    """A model whose provider no plugin provides is kept, is reported as unavailable, and can't be used."""
    files = {STORE: json.dumps({"version": 1, "models": [{"name": "big", "provider": "vanished"}]})}
    page = visit(DEXTO, files=files).open()
    page.search("vanished/big").rows.first.click()
    expect(page.panel.locator(".verdict")).to_contain_text("The provider vanished is not available")
    expect(page.panel.get_by_role("button", name="Use this model")).to_be_disabled()
