"""Accessibility of the page: axe in every state (names, contrast), keyboard operation, focus, and motion."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.support.browser import DEXTO, NOTHING, PHONE, WIDE, Visitor
from tests.support.page_states import SONNET, STATES


def findings(page: Page) -> list[str]:
    """Return axe's violations, each with the elements concerned."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(visit: Visitor, state: str, size: tuple[int, int]) -> None:
    """No state has a violation reported by axe, in both widths and both themes."""
    page = STATES[state](visit, size=size, reduced_motion="reduce").page
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert (theme, findings(page)) == (theme, [])


def test_everything_by_keyboard(visit: Visitor) -> None:
    """By keyboard alone, a user sets a key, uses and pins a model, and adds a custom model."""
    page = visit(NOTHING).open()
    keyboard = page.page.keyboard

    def go_to(name: str, role: str = "button") -> None:
        for _ in range(80):
            if page.page.evaluate(
                "([name, role]) => { const at = document.activeElement; const label = at.ariaLabel"
                " ?? at.labels?.[0]?.innerText ?? at.innerText; return label?.trim() === name; }",
                [name, role],
            ):
                return
            keyboard.press("Tab")
        raise AssertionError(f"Tab never comes to {name}")

    keyboard.type(SONNET)
    keyboard.press("ArrowDown")
    expect(page.panel.get_by_role("heading", name="Why this route")).to_be_visible()
    go_to("Key")
    keyboard.type("made-up-key")
    keyboard.press("Enter")
    expect(page.panel.locator(".verdict")).to_contain_text("Runs")
    keyboard.press("/")
    expect(page.query).to_be_focused()
    keyboard.press("Enter")
    expect(page.messages).to_contain_text("Now in use")
    go_to("Pin this model to direct")
    keyboard.press("Enter")
    expect(page.panel.get_by_role("button", name="Pin this model to direct")).to_have_attribute("aria-pressed", "true")
    page.page.get_by_role("button", name="Add a model").focus()
    keyboard.press("Enter")
    expect(page.dialog.get_by_label("Model ID")).to_be_focused()
    keyboard.type("z-ai/glm-4.5-air:free")
    keyboard.press("Enter")
    expect(page.messages).to_contain_text("z-ai/glm-4.5-air:free is saved")
    expect(page.dialog).to_be_hidden()


def test_escape_closes(visit: Visitor) -> None:
    """Escape closes the form and returns the focus to the element that opened it."""
    page = visit(DEXTO).open()
    page.page.get_by_role("button", name="Add a model").focus()
    page.page.keyboard.press("Enter")
    expect(page.dialog).to_be_visible()
    page.page.keyboard.press("Escape")
    expect(page.dialog).to_be_hidden()
    expect(page.page.get_by_role("button", name="Add a model")).to_be_focused()


def test_what_has_the_focus_is_seen(visit: Visitor) -> None:
    """Every control with keyboard focus has an outline."""
    page = visit(DEXTO).open()
    page.page.get_by_role("switch").focus()
    for _ in range(7):
        page.page.keyboard.press("Tab")
        outline = page.page.evaluate(
            "() => { const at = document.activeElement;"
            " return getComputedStyle(at.role === 'switch' ? at.nextElementSibling : at).outlineStyle; }"
        )
        assert outline != "none"


def test_motion_is_reduced(visit: Visitor) -> None:
    """If the user prefers reduced motion, the page has no transitions."""
    page = visit(DEXTO, reduced_motion="reduce").open()
    moving = page.page.evaluate(
        "() => [...document.querySelectorAll('*')].filter((each) =>"
        " parseFloat(getComputedStyle(each).transitionDuration) > 0).length"
    )
    assert moving == 0


def test_nothing_jumps(visit: Visitor) -> None:
    """Choosing a model moves nothing in the list."""
    page = visit(DEXTO).open().search(SONNET)
    expect(page.row(SONNET)).to_be_visible()
    before = page.row(SONNET).bounding_box()
    page.row(SONNET).click()
    expect(page.panel.get_by_role("heading", name="Why this route")).to_be_visible()
    assert page.row(SONNET).bounding_box() == before


def test_the_policy_is_strict(visit: Visitor) -> None:
    """The content security policy allows only the page's own scripts, styles and connections, none of them inline."""
    page = visit(DEXTO)
    answer = page.page.goto(page.server.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.page.locator("script:not([src]), style, [style*='position']").count() == 0
