"""Finding a model: search, sections and filters, by keyboard and by pointer."""

from __future__ import annotations

import json

from playwright.sync_api import expect

from tests.support.browser import DEXTO, NOTHING, Visitor

SONNET = "anthropic/claude-sonnet-4-5"
MARKUP = """\
[providers.evil]
name = "<img src=x onerror=alert(1)><b>Evil</b>"
kind = "own-server"
base_url = "http://127.0.0.1:9/v1"
models = [{ id = "<script>alert(2)</script>", name = "<i>leaning</i>" }]
"""


def test_a_slash_leads_to_the_search(visit: Visitor) -> None:
    """`/` anywhere on the page moves the focus to the search field, and is not typed into it."""
    page = visit(DEXTO).open()
    page.page.get_by_role("button", name="Add a model").focus()
    page.page.keyboard.press("/")
    expect(page.query).to_be_focused()
    expect(page.query).to_have_value("")


def test_search_by_keyboard_alone(visit: Visitor) -> None:
    """By keyboard alone, a user searches for a model and uses it; Escape brings the whole list back."""
    page = visit(DEXTO).open()
    page.page.keyboard.type(SONNET)
    page.page.keyboard.press("ArrowDown")
    active = page.query.get_attribute("aria-activedescendant")
    assert active
    expect(page.page.locator(f"#{active}")).to_contain_text(SONNET)
    expect(page.page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    page.page.keyboard.press("Enter")
    expect(page.messages).to_contain_text("Now in use: Claude Sonnet 4.5")
    expect(page.page.locator("#current")).to_have_text(f"In use: {SONNET}")
    page.page.keyboard.press("Escape")
    expect(page.query).to_have_value("")
    assert page.written("llm/switch") == [("POST", {"provider": "anthropic", "model": "claude-sonnet-4-5"})]


def test_typos_are_forgiven(visit: Visitor) -> None:
    """With a letter missing, doubled, wrong or swapped, the model is still found first if nothing matches exactly."""
    page = visit(DEXTO).open()
    for typed in ("claude sonet 4.5", "claude sonnnet 4.5", "claude somnet 4.5", "cluade sonnet 4.5"):
        page.search(typed)
        expect(page.rows.first).to_contain_text("Claude Sonnet 4.5")


def test_names_ids_and_providers_are_searched(visit: Visitor) -> None:
    """A search word matches the name, the ID or the provider, in any order and case."""
    page = visit(DEXTO).open()
    for typed in ("SONNET anthropic 4-5-20250929", "4-5-20250929", "claude 20250929 Anthropic"):
        page.search(typed)
        expect(page.row(f"{SONNET}-20250929")).to_be_visible()


def test_nothing_found(visit: Visitor) -> None:
    """If no model matches, the page says so and offers to add the search text as a custom model."""
    page = visit(DEXTO).open().search("zzzzqqqq")
    expect(page.page.get_by_text("No model matches “zzzzqqqq”.")).to_be_visible()
    page.page.get_by_role("button", name="Add it as your own model").click()
    expect(page.dialog.get_by_label("Model ID")).to_have_value("zzzzqqqq")


def test_sections(visit: Visitor) -> None:
    """Favourites, recent models and custom models come first, then usable providers, then other providers."""
    own = {"version": 1, "models": [{"name": "made-up/model", "provider": "openrouter"}]}
    page = visit(DEXTO, files={"dexto/models/custom-models.json": json.dumps(own)}).open()
    panel = page.choose(SONNET)
    panel.get_by_role("button", name="Favourite").click()
    panel.get_by_role("button", name="Use this model").click()
    expect(panel.get_by_role("button", name="In use")).to_be_visible()
    page.search("")
    heads = page.page.locator(".head")
    expect(heads).to_contain_text(["Favourites · 1", "Recent · 1", "Your own models · 1", "Alibaba"])


def test_favourites_are_there_again(visit: Visitor) -> None:
    """A favourite is kept when the page is opened again, and can be removed."""
    page = visit(DEXTO).open()
    page.choose(SONNET).get_by_role("button", name="Favourite").click()
    expect(page.panel.get_by_role("button", name="★ Favourite")).to_have_attribute("aria-pressed", "true")
    page.open()
    expect(page.page.locator(".head").first).to_have_text("Favourites · 1")
    page.rows.first.locator(".star").click()
    expect(page.page.locator(".head").first).not_to_contain_text("Favourites")


def test_filters(visit: Visitor) -> None:
    """Filters narrow the list, combine with each other and with a search, and can be reset."""
    page = visit(DEXTO).open()
    count = page.page.locator("#count")
    everything = count.inner_text()
    page.page.get_by_label("Usable now").check()
    expect(count).not_to_have_text(everything)
    expect(page.page.locator(".row.blocked")).to_have_count(0)
    page.page.get_by_label("Takes").select_option("image")
    page.page.get_by_label("Price").select_option("1")
    page.page.get_by_label("Context").select_option("200000")
    page.search("gemini flash")
    for facts in page.rows.all_inner_texts()[:5]:
        assert "image" in facts
        assert "via Dexto" in facts
    page.search("")
    page.page.get_by_role("button", name="Reset", exact=True).click()
    expect(count).to_have_text(everything)


def test_each_row_says_how_it_would_run(visit: Visitor, keys: dict[str, str]) -> None:
    """A row shows the route of a vendor's model and that route's context and price, in each state of credentials."""
    page = visit(keys).open().search(SONNET)
    how = "not usable" if not keys else "via Dexto" if "DEXTO_API_KEY" in keys else "via OpenRouter"
    expect(page.row(SONNET)).to_contain_text(how)
    expect(page.row(SONNET)).to_contain_text("1M" if how.startswith("via") else "200K")
    expect(page.row(SONNET)).to_contain_text("$3 / $15")


def test_a_direct_key_is_told_too(visit: Visitor) -> None:
    """With only the provider's own key, its models run direct."""
    page = visit({"ANTHROPIC_API_KEY": "k"}).open().search(SONNET)
    expect(page.row(SONNET)).to_contain_text("direct")


def test_few_rows_are_in_the_page(visit: Visitor) -> None:
    """However many models there are, the page has at most 200 rows, also at the end of the list."""
    page = visit(DEXTO).open()
    for height in (0, 20_000, 10**7):
        page.page.locator("#list").evaluate("(list, top) => { list.scrollTop = top; }", height)
        expect(page.rows.last).to_be_visible()
        assert page.page.locator("#models > *").count() <= 200


def test_names_are_text(visit: Visitor) -> None:
    """Names of providers and models from a plugin are displayed as text; their markup does not enter the page."""
    page = visit(NOTHING, files={"ours/plugins/evil/plugin.toml": MARKUP}).open().search("leaning")
    row = page.row("evil/<script>alert(2)</script>")
    expect(row).to_contain_text("<i>leaning</i>")
    row.click()
    expect(page.panel).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.page.locator("img[src=x], i, b, #panel script").count() == 0


def test_direction_marks_are_left_out(visit: Visitor) -> None:
    """Invisible characters, and those that change the text direction, are removed from rows and panel."""
    name = "safe\u202eevil\u2066\u200f"
    manifest = MARKUP.replace("<i>leaning</i>", name.encode("ascii", "backslashreplace").decode())
    page = visit(NOTHING, files={"ours/plugins/evil/plugin.toml": manifest}).open().search("safeevil")
    expect(page.rows.first).to_contain_text("safeevil")
    assert not set(page.page.inner_text("body")) & set("\u202e\u2066\u200f")
