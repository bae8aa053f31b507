"""What does not work is told in a short message, and in full where it was tried."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import expect

from tests.support.browser import DEXTO, NOTHING, Visit, Visitor
from tests.support.page_states import BROKEN, SONNET

WHY = "The system reported: there is no space left on the device that has the files with your keys and settings."
FAVORITE = {"provider": "moonshotai", "model": "kimi-k2.6"}
KEYS = {**DEXTO, "ANTHROPIC_API_KEY": "k"}
FILES = {**BROKEN, "dexto/.env": "MISTRAL_API_KEY=canary-mistral-key\n"}


class Action(NamedTuple):
    """What a user tries on a page, and where it says why that does not work."""

    path: str
    button: str
    place: str
    said: str = "That did not work."
    before: Callable[[Visit], object] = lambda page: None


def add_shortcut(page: Visit) -> None:
    page.page.get_by_label("Name", exact=True).fill("fast")
    page.page.get_by_label("Model", exact=True).fill("openai/gpt-5")


def type_key(page: Visit) -> None:
    page.page.get_by_label("DEXTO_API_KEY").fill("canary-typed-key")


PROVIDER = ".provider:has(:text-is('{}'))"
BEGIN = (
    Action("llm/key", "Set key", ".begin form", "Nothing was stored.", type_key),
    Action("llm/local/look", "Look again", ".begin .card:has(.servers)"),
)
LIST = (Action("favorites/toggle", "Favourite Kimi K2.6", ".finder"),)
DETAIL = (
    Action("llm/switch", "Use this model", ".detail"),
    Action("llm/preferences", "Pin Anthropic for this model", ".ways"),
)
PROVIDERS = (
    Action("llm/preferences", "Direct keys", "section:has(#first)"),
    Action("llm/verify", "Check the key of Anthropic", PROVIDER.format("Anthropic")),
    Action("llm/verify", "Check all keys", "main"),
    Action("llm/local/look", "Look again for Ollama", PROVIDER.format("Ollama")),
    Action("llm/lists/refresh", "Refresh the lists", "section:has(#lists)"),
    Action("llm/shortcuts", "Add", "section:has(#shortcuts)", before=add_shortcut),
)
PROBLEMS = (
    Action("llm/repair", "Repair the file", ".problem:has-text('preferences')"),
    Action("plugins/switch", "Switch the plugin off", ".problem:has-text('acme')"),
)


@pytest.mark.parametrize(
    ("address", "actions", "user"),
    [
        ("#/models", BEGIN, NOTHING),
        ("#/models", LIST, KEYS),
        (f"#/models/{SONNET}", DETAIL, KEYS),
        ("#/providers", PROVIDERS, KEYS),
        ("#/problems", PROBLEMS, KEYS),
    ],
    ids=["begin", "list", "detail", "providers", "problems"],
)
def test_why_it_does_not_work_is_said_where_it_was_tried(
    visit: Visitor, address: str, actions: tuple[Action, ...], user: dict[str, str]
) -> None:
    """An alert at the thing says all that the server said, survives live updates, and gives the focus back."""
    page = visit(user, files=FILES if user else None).open(address)
    for tried in actions:
        tried.before(page)
        page.fails(500, f"**/api/**/{tried.path.split('/')[-1]}", WHY)
        page.button(tried.button).first.click(force=tried in LIST)  # its row shows it only under the pointer
        expect(page.messages).to_contain_text(tried.said)
        said = page.page.locator(tried.place).locator(".said").first
        expect(said.get_by_role("alert")).to_contain_text(f"{WHY} Make room.")
        expect(said).to_be_in_viewport()
        with page.page.expect_response("**/api/llm/models"):
            page.post("llm/model-picker-state/favorites/toggle", FAVORITE)
        expect(said).to_contain_text(WHY)
        said.get_by_role("button", name="Dismiss").click()
        expect(said).to_have_count(0)
        expect(page.button(tried.button).first).to_be_focused()


def test_a_key_that_is_not_removed_is_told_at_its_row(visit: Visitor) -> None:
    """A removal that fails once its message has ended is told in the row of the provider, whose key is there again."""
    page = visit(DEXTO, files=FILES).open("#/providers")
    expect(page.page.locator(".page-head")).to_contain_text("models run")
    page.fails(500, "**/api/llm/key/*", WHY)
    page.button("Remove the key of Mistral").click()
    page.messages.get_by_role("button", name="Dismiss").click()
    expect(page.messages).to_contain_text("Mistral: the key was not removed.")
    row = page.page.locator(".provider", has=page.button("Remove the key of Mistral"))
    expect(row.get_by_role("alert")).to_contain_text(WHY)


def test_a_failure_from_the_palette_opens_the_thing(visit: Visitor) -> None:
    """A model that the palette fails to use is opened, with the reason."""
    page = visit(DEXTO).open("#/providers")
    page.fails(500, "**/api/llm/switch", WHY)
    page.page.keyboard.press("Control+k")
    page.dialog.get_by_role("combobox").fill("sonnet 4.5")
    expect(page.dialog.get_by_role("option").first).to_contain_text("Claude Sonnet 4.5")
    page.page.keyboard.press("Control+Enter")
    expect(page.detail.get_by_role("alert")).to_contain_text(WHY)


def test_a_long_name_is_cut_in_messages(visit: Visitor) -> None:
    """A message about a model with a long name is one sentence of sixty characters, with the name cut."""
    own = {"name": "made/up", "provider": "openrouter", "displayName": "very long name " * 10}
    files = {"dexto/models/custom-models.json": json.dumps({"version": 1, "models": [own]})}
    page = visit(DEXTO, files=files).open()
    page.show("openrouter/made/up")
    page.button("Use this model").click()
    text = page.messages.locator("span").first
    expect(text).to_contain_text("\N{HORIZONTAL ELLIPSIS} is in use, via Dexto.")
    assert len(text.inner_text()) <= 60


def test_a_note_is_kept_at_the_thing(visit: Visitor) -> None:
    """What the server notes about a key that it stored stays in the row of its provider."""
    page = visit(DEXTO, files={"dexto/.env": "MISTRAL_API_KEY=canary-mistral-key\n"}).open("#/providers/openrouter")
    page.page.get_by_label("OPENROUTER_API_KEY").fill("canary-typed-key")
    page.button("Set key").click()
    expect(page.messages).to_contain_text("OpenRouter is set.")
    row = page.page.locator(".provider", has=page.button("Check the key of OpenRouter"))
    expect(row.locator(".said")).to_contain_text("direct")
