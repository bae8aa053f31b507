"""The page's named states, each reached as a user would; for the checks of access and for screenshots."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from playwright.sync_api import expect

from tests.support.browser import BOTH, DEXTO, NOTHING, Visit, Visitor

OWN = {
    "dexto/models/custom-models.json": json.dumps(
        {"version": 1, "models": [{"name": "z-ai/glm-4.5-air:free", "provider": "openrouter", "displayName": "My GLM"}]}
    )
}
SONNET = "anthropic/claude-sonnet-4-5"


def first_run(visit: Visitor, **how: object) -> Visit:
    """Open the page with nothing set: it has its introduction."""
    return visit(NOTHING, **how).open()  # type: ignore[arg-type]


def nothing_usable(visit: Visitor, **how: object) -> Visit:
    """Choose a model that can't run."""
    page = visit(NOTHING, **how).open()  # type: ignore[arg-type]
    page.choose(SONNET)
    return page


def mixed(visit: Visitor, **how: object) -> Visit:
    """Open the page with direct and gateway routes, a favourite, a recent model and a custom one."""
    page = visit({**BOTH, "GROQ_API_KEY": "k"}, files=OWN, **how).open()  # type: ignore[arg-type]
    panel = page.choose(SONNET)
    panel.get_by_role("button", name="☆ Favourite").click()
    expect(panel.get_by_role("button", name="★ Favourite")).to_be_visible()
    panel.get_by_role("button", name="Use this model").click()
    expect(panel.get_by_role("button", name="In use")).to_be_visible()
    panel.get_by_role("button", name="Close").click()
    page.search("")
    expect(page.page.locator(".head").nth(2)).to_be_visible()
    return page


def all_via_dexto(visit: Visitor, **how: object) -> Visit:
    """Open the page with only a login at the gateway, and list only what it runs."""
    page = visit(DEXTO, **how).open()  # type: ignore[arg-type]
    page.page.get_by_label("Usable now").check()
    return page


def search_results(visit: Visitor, **how: object) -> Visit:
    """Search with a typo."""
    page = visit(DEXTO, **how).open().search("claude sonet")  # type: ignore[arg-type]
    expect(page.rows.first).to_contain_text("Sonnet")
    return page


def custom_form(visit: Visitor, **how: object) -> Visit:
    """Open the form for a custom model, with suggestions."""
    page = visit(DEXTO, **how).open()  # type: ignore[arg-type]
    page.add_model().get_by_label("Model ID").fill("anthropic/claude-sonet-4.5")
    expect(page.dialog.locator("#custom-advice")).to_contain_text("is not in the list")
    return page


def route_panel(visit: Visitor, **how: object) -> Visit:
    """Open the panel that explains a model's route."""
    page = visit(DEXTO, **how).open()  # type: ignore[arg-type]
    page.choose(SONNET)
    return page


def error(visit: Visitor, **how: object) -> Visit:
    """Stop the server while the page is open."""
    page = visit(DEXTO, **how).open()  # type: ignore[arg-type]
    page.goes_away()
    expect(page.page.locator("#banner")).to_contain_text("does not respond")
    return page


STATES: Mapping[str, Callable[..., Visit]] = {
    each.__name__.replace("_", "-"): each
    for each in (first_run, nothing_usable, mixed, all_via_dexto, search_results, custom_form, route_panel, error)
}
