"""The page's named states, each reached as a user would; for the checks of access and for screenshots."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from playwright.sync_api import Page, expect

from tests.support.browser import BOTH, DEXTO, NOTHING, Visit, Visitor

SONNET = "anthropic/claude-sonnet-4-5"
OWN = {
    "dexto/models/custom-models.json": json.dumps(
        {"version": 1, "models": [{"name": "z-ai/glm-4.5-air:free", "provider": "openrouter", "displayName": "My GLM"}]}
    )
}
BROKEN = {
    "ours/plugins/acme/plugin.toml": '[providers.acme]\nname = "Acme"\nbase_url = "api.acme"\n',
    "ours/config.toml": "prefer = direct\n",
}


def begin(visit: Visitor) -> Visit:
    """Open the page with nothing set up: it says what to do first."""
    page = visit(NOTHING).open()
    expect(page.page.locator(".begin form").first).to_be_visible()
    return page


def blocked(visit: Visitor) -> Visit:
    """Open a model that can't run, with the form for what the cloud needs that the search names."""
    page = visit(NOTHING).open("#/models/openai/gpt-4.1?q=azure")
    page.button("Set up Azure").click()
    expect(page.detail.get_by_label("AZURE_RESOURCE_NAME")).to_be_visible()
    return page


def models(visit: Visitor) -> Visit:
    """Open the page with a favourite, a recent model, one of the user's own, and many that run."""
    page = visit({**BOTH, "GROQ_API_KEY": "k"}, files=OWN).open()
    for ref in ("anthropic/claude-opus-4-7", "openai/gpt-5"):
        provider, model = ref.split("/")
        page.post("llm/model-picker-state/favorites/toggle", {"provider": provider, "model": model})
    page.post("llm/switch", {"provider": "anthropic", "model": "claude-opus-4-7"})
    expect(page.page.locator(".head").first).to_contain_text("Favourites")
    return page


def one_model(visit: Visitor) -> Visit:
    """Open a model with two ways that can be used."""
    page = visit({**DEXTO, "ANTHROPIC_API_KEY": "k"}).open()
    page.show(SONNET)
    expect(page.detail.locator("pre")).to_contain_text("import")
    return page


def code(visit: Visitor) -> Visit:
    """Show at the end of a model how to call it in code."""
    page = visit(DEXTO).open(f"#/models/{SONNET}")
    page.button("curl").click()
    expect(page.detail.locator("pre")).to_contain_text("curl")
    page.detail.locator("pre").scroll_into_view_if_needed()
    return page


def own_model(visit: Visitor) -> Visit:
    """Open a model of the user's own."""
    page = visit(DEXTO, files=OWN).open()
    page.show("openrouter/z-ai/glm-4.5-air:free")
    return page


def filtered(visit: Visitor) -> Visit:
    """List the cheapest models that run, with tools and images."""
    return visit(DEXTO).open("#/models?runs=1&can=tv&sort=price")


def found(visit: Visitor) -> Visit:
    """Search with a typo."""
    page = visit(DEXTO).open().search("claude sonet")
    expect(page.rows.first).to_contain_text("Sonnet")
    return page


def nothing_found(visit: Visitor) -> Visit:
    """Search for what no model is called."""
    page = visit(DEXTO).open().search("zxqv")
    expect(page.button("Add it as your own model")).to_be_visible()
    return page


def form(visit: Visitor) -> Visit:
    """Open the form for a custom model, with advice."""
    page = visit(DEXTO).open()
    page.add_model().get_by_label("Model ID").fill("anthropic/claude-sonet-4.5")
    expect(page.dialog.locator("#custom-advice")).to_contain_text("is not in the list")
    return page


def palette(visit: Visitor) -> Visit:
    """Open the list of models, providers and commands."""
    page = visit(DEXTO).open()
    page.page.keyboard.press("Control+k")
    page.page.keyboard.type("azure")
    expect(page.dialog.get_by_role("option", name="Set up Azure", exact=True)).to_be_visible()
    return page


def keyboard(visit: Visitor) -> Visit:
    """Open the help for the keyboard."""
    page = visit(DEXTO).open()
    page.tab("Models").focus()
    page.page.keyboard.press("?")
    expect(page.dialog).to_be_visible()
    return page


def keys(visit: Visitor) -> Visit:
    """Open the providers, some of which are set up, in the environment and in a file."""
    variables = {**DEXTO, "ANTHROPIC_API_KEY": "k", "AWS_BEARER_TOKEN_BEDROCK": "canary-bedrock-key"}
    files = {"dexto/.env": "MISTRAL_API_KEY=canary-mistral-key\nGROQ_API_KEY=canary-groq-key\n"}
    page = visit(variables, files=files).open("#/providers")
    expect(page.button("Remove the key of Mistral")).to_be_visible()
    expect(page.page.get_by_text("not running").first).to_be_visible()
    return page


def providers(visit: Visitor) -> Visit:
    """Open the providers, with one form."""
    files = {"dexto/.env": "MISTRAL_API_KEY=canary-mistral-key\n"}
    page = visit(DEXTO, files=files).open("#/providers/azure")
    expect(page.page.get_by_label("AZURE_RESOURCE_NAME")).to_be_visible()
    return page


def problems(visit: Visitor) -> Visit:
    """Open the problems of a user with a broken plugin and old lists."""
    page = visit(DEXTO, files=BROKEN).open("#/problems")
    expect(page.page.locator(".problem").first).to_be_visible()
    return page


def failed(visit: Visitor) -> Visit:
    """Fail to use and to pin a model: why is said at the model and in the row."""
    page = one_model(visit)
    page.fails(500, "**/llm/switch")
    page.fails(500, "**/llm/preferences")
    page.button("Use this model").click()
    page.button("Pin Anthropic for this model").click()
    expect(page.said).to_have_count(2)
    return page


def token(visit: Visitor) -> Visit:
    """Open the page of a server that needs a token, without one."""
    page = visit(NOTHING, "--token", "right")
    page.may_fail = True
    page.page.goto(page.server.url)
    expect(page.page.get_by_label("Token")).to_be_visible()
    return page


def away(visit: Visitor) -> Visit:
    """Stop the server while the page is open."""
    page = visit(DEXTO).open()
    page.goes_away()
    expect(page.banner).to_contain_text("does not respond")
    return page


STATES: Mapping[str, Callable[[Visitor], Visit]] = {
    each.__name__.replace("_", "-"): each
    for each in (
        begin,
        blocked,
        models,
        one_model,
        code,
        own_model,
        filtered,
        found,
        nothing_found,
        form,
        palette,
        keyboard,
        keys,
        providers,
        problems,
        failed,
        token,
        away,
    )
}


def settled(page: Page) -> None:
    """Wait until the page has drawn what it knows."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
