"""Finding a model: search, filters, bands and the address that keeps them, by keyboard and by pointer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.support.browser import DEXTO, NOTHING, Visit, Visitor
from tests.support.page_states import OWN, SONNET

FIRST = {
    "GPT-5": ("gpt5", "gpt 5", "gpt-5", "chatgpt 5"),
    "GPT-4o": ("gpt4o", "4o"),
    "GPT-5.5": ("gpt55",),
    "GPT-5 Mini": ("gpt5mini",),
    "GLM-5": ("glm5",),
    "o3-mini": ("o3mini",),
    "DeepSeek V4 Pro": ("deepsek",),
    "Claude Sonnet 4.5": ("sonnet 4-5", "sonnet4.5", "claude 4.5 sonnet", "claude-sonnet-4-5-20250929"),
    "Claude Opus": ("claude4.5", "opus", "cluade", "antropic"),
    "Llama 3.3 70B": ("llama3.3", "llama 70b"),
    "Claude Sonnet": ("bedrock sonnet",),
}
"""What is typed, by how the name of the first result begins."""
MARKUP = """\
[providers.evil]
name = "<img src=x onerror=alert(1)><b>Evil</b>"
kind = "own-server"
base_url = "http://127.0.0.1:9/v1"
models = [{ id = "<script>alert(2)</script>", name = "<i>leaning</i>\\u202esafe\\u2066" }]
"""


def test_what_is_typed_finds_what_is_meant(visit: Visitor) -> None:
    """For each spelling in the table the first row is the model that is meant; for nonsense there is none."""
    page = visit(DEXTO).open()
    for name, spellings in FIRST.items():
        for typed in spellings:
            page.query.fill(typed)
            meant = re.compile(re.sub("[ -]", "[ -]", re.escape(name).replace("\\", "")), re.IGNORECASE)
            expect(page.rows.first.locator(".name"), repr(typed)).to_have_text(meant)
    page.query.fill("zxqv")
    expect(page.rows).to_have_count(0)
    page.button("Add it as your own model").click()
    expect(page.dialog.get_by_label("Model ID")).to_have_value("zxqv")


def test_by_keyboard_alone(visit: Visitor) -> None:
    """Arrows move, Enter opens, the detail follows; Escape clears, then closes; `f`, `c`, `?` work outside fields."""
    page = visit(DEXTO).open()
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    keyboard = page.page.keyboard
    expect(page.query).to_be_focused()
    keyboard.type("sonnet 4.5")
    expect(page.row(SONNET)).to_have_attribute("aria-selected", "true")
    expect(page.query).to_have_attribute("aria-activedescendant", f"row-{SONNET}")
    keyboard.press("Enter")
    expect(page.detail.get_by_role("heading", level=1)).to_have_text("Claude Sonnet 4.5")
    expect(page.page).to_have_title("Claude Sonnet 4.5 · Polyroute")
    keyboard.press("ArrowDown")
    expect(page.detail.locator("header .copies")).not_to_have_text(SONNET)
    keyboard.press("ArrowUp")
    expect(page.detail.locator("header .copies")).to_have_text(SONNET)
    keyboard.press("Escape")
    expect(page.query).to_have_value("")
    expect(page.detail).to_be_visible()
    keyboard.press("Escape")
    expect(page.detail).to_have_count(0)
    page.show(SONNET)
    page.tab("Models").focus()
    keyboard.press("f")
    expect(page.button("Favourite").first).to_have_attribute("aria-pressed", "true")
    keyboard.press("c")
    expect(page.messages).to_contain_text("Copied.")
    assert page.page.evaluate("navigator.clipboard.readText()") == SONNET
    keyboard.press("?")
    expect(page.dialog).to_contain_text("copy the ID")
    keyboard.press("Escape")
    expect(page.tab("Models")).to_be_focused()
    keyboard.press("/")
    expect(page.query).to_be_focused()


def test_one_list_of_models_providers_and_commands(visit: Visitor) -> None:
    """Ctrl+K finds all three; Enter goes there, Ctrl+Enter uses a model, and Escape gives the focus back."""
    page = visit(DEXTO).open()
    page.page.keyboard.press("Control+k")
    expect(page.dialog.get_by_role("combobox")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(page.query).to_be_focused()
    page.page.keyboard.press("Control+k")
    page.page.keyboard.type("azure")
    page.dialog.get_by_role("option", name="Set up Azure", exact=True).click()
    expect(page.page.get_by_label("AZURE_RESOURCE_NAME")).to_be_visible()
    page.page.keyboard.press("Control+k")
    page.page.keyboard.type("sonnet 4.5")
    expect(page.dialog.get_by_role("option", selected=True)).to_contain_text("Claude Sonnet 4.5")
    page.page.keyboard.press("Control+Enter")
    expect(page.page.locator("a.in-use")).to_contain_text("Claude Sonnet 4.5")


def test_what_is_typed_at_once_is_kept(visit: Visitor) -> None:
    """The letters after Ctrl+K stand in the field, though the palette was still being loaded."""
    page = visit(DEXTO)
    held: list[Route] = []
    page.page.route("**/palette.js", lambda route: held.append(route))  # noqa: PLW0108 - a built-in can't be given
    page.open()
    page.page.keyboard.press("Control+k")
    page.page.keyboard.type("azu")
    expect(page.dialog).to_have_count(0)
    held.pop().continue_()
    expect(page.dialog.get_by_role("combobox")).to_have_value("azu")
    page.page.keyboard.type("re")
    expect(page.dialog.get_by_role("option", name="Set up Azure", exact=True)).to_be_visible()


def test_the_address_keeps_what_is_seen(visit: Visitor) -> None:
    """Back closes a model with search and scroll kept, as does loading again; a link to a model opens it."""
    page = visit(DEXTO).open("#/models?can=t").search("claude")
    expect(page.rows.first).to_contain_text("Claude")
    frame = page.page.locator(".list")
    frame.evaluate("each => { each.scrollTop = 300; }")
    page.page.wait_for_function("() => history.state?.scroll === 300")
    seen = page.rows.nth(9)
    name = seen.locator(".name").inner_text()
    seen.click()
    expect(page.detail.get_by_role("heading", level=1)).to_have_text(name)
    page.page.go_back()
    expect(page.detail).to_have_count(0)
    expect(page.query).to_have_value("claude")
    expect(page.button("Tools")).to_have_attribute("aria-pressed", "true")
    page.page.wait_for_function("() => document.querySelector('.list').scrollTop === 300")
    page.page.reload()
    expect(page.rows.first).to_be_visible()
    expect(page.query).to_have_value("claude")
    page.page.wait_for_function("() => document.querySelector('.list').scrollTop === 300")
    page.open(f"#/models/{SONNET}?q=claude")
    expect(page.detail.get_by_role("heading", level=1)).to_have_text("Claude Sonnet 4.5")
    page.detail.get_by_role("button", name="Close").click()
    expect(page.page).to_have_url(f"{page.server.url}/#/models?q=claude")


def heads(page: Visit) -> list[str]:
    return page.page.locator(".head strong").all_inner_texts()


def test_bands_and_headings(visit: Visitor) -> None:
    """Favourites, recent and own models come first, each model once; a heading sorts, reverses, and is off again."""
    page = visit(DEXTO, files=OWN).open()
    page.row("moonshotai/kimi-k2.6").hover()
    page.row("moonshotai/kimi-k2.6").get_by_role("button").click()
    page.post("llm/switch", {"provider": "anthropic", "model": "claude-opus-4-7"})
    expect(page.page.locator(".head strong")).to_have_text(["Favourites", "Recent", "Your own", "Runs now"])
    expect(page.row("moonshotai/kimi-k2.6")).to_have_count(1)
    heading = page.page.get_by_role("columnheader", name="Released")
    for state in ("ascending", "descending", "none"):
        heading.get_by_role("button").click()
        expect(heading).to_have_attribute("aria-sort", state)
    assert heads(page)[0] == "Favourites"


def test_few_rows_are_in_the_page(visit: Visitor) -> None:
    """However many models there are, the page has at most 40 rows and 1,000 elements, also in the other views."""
    page = visit(DEXTO).open()
    for height in (0, 20_000, 10**7):
        page.page.locator(".list").evaluate("(list, top) => { list.scrollTop = top; }", height)
        expect(page.rows.last).to_be_visible()
        assert page.rows.count() <= 40
        assert page.page.evaluate("document.querySelectorAll('*').length") <= 1_000
    page.show(SONNET)
    assert page.page.evaluate("document.querySelectorAll('*').length") <= 1_000
    page.open("#/providers")
    expect(page.page.locator(".provider").nth(20)).to_be_visible()
    assert page.page.evaluate("document.querySelectorAll('*').length") <= 1_000


def test_text_never_becomes_markup(visit: Visitor) -> None:
    """Names of a plugin are shown as text, without characters that hide or turn it round; so is what one types."""
    page = visit(NOTHING, files={"ours/plugins/evil/plugin.toml": MARKUP}).open().search("leaning")
    expect(page.rows.first).to_contain_text("<i>leaning</i>safe")
    page.rows.first.click()
    expect(page.detail).to_contain_text("<img src=x onerror=alert(1)>")
    page.query.fill("<u>zxqv</u>")
    page.detail.get_by_role("button", name="Close").click()
    expect(page.page.get_by_text("<u>zxqv</u>")).to_be_visible()
    assert page.page.locator("img[src=x], i, b, u, #app script").count() == 0
    assert not set(page.page.inner_text("body")) & set("\u202e\u2066\u200f")


@pytest.mark.parametrize(
    ("path", "names_a_model"), [("#/models/nobody/nothing", True), ("#/nowhere", False), ("#/models/%E0%A4%A", True)]
)
def test_an_address_that_leads_nowhere(visit: Visitor, path: str, names_a_model: bool) -> None:
    """An unknown model says so and an unknown view shows the models; neither is a dead end."""
    page = visit(DEXTO)
    page.may_fail = True
    page.open(path)
    if names_a_model:
        expect(page.detail).to_contain_text("No such model")
        page.detail.get_by_role("link", name="All models").click()
    expect(page.detail).to_have_count(0)
    expect(page.rows.first).to_be_visible()
