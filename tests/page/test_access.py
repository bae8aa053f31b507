"""Accessibility of the page: axe in every state, sizes of targets, focus, keyboard, zoom, forced colours and motion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import DEXTO, MIDDLE, PHONE, WIDE, Visit, Visitor
from tests.support.page_states import SONNET, STATES, settled

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
EVERYTHING = {"resultTypes": ["violations"]}
COLOURS = {**EVERYTHING, "runOnly": ["color-contrast"]}
"""What a dark theme may change; all other rules look at what both themes share."""
FORMS = {**EVERYTHING, "rules": {"color-contrast": {"enabled": False}}}
"""What a size may change, without the colours, which take most of the time."""


def findings(page: Page, options: Any) -> list[str]:
    """Return axe's violations, each with the elements concerned."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]


SMALL = """
least => [...document.querySelectorAll('a, button, input, select')]
  .map((each) => [each.closest("label.check") ?? each, each.getBoundingClientRect()])
  .filter(([each, { width }]) => width > 1 && getComputedStyle(each).display !== 'inline')
  .filter(([each]) => Math.min(each.getBoundingClientRect().width, each.getBoundingClientRect().height) < least - 0.5)
  .map(([each]) => each.outerHTML.slice(0, 120))
"""
"""Finds what is too small to be hit, except links in a text."""
ONCE = (
    (WIDE, "dark", EVERYTHING),
    (MIDDLE, "dark", FORMS),
    (PHONE, "light", EVERYTHING),
)
"""Every size and every theme, though not each with each."""
EACH = tuple(
    (size, theme, options)
    for size in (WIDE, MIDDLE, PHONE)
    for theme, options in (("light", EVERYTHING), ("dark", COLOURS))
)
LOOKS = ("once", pytest.param("each", marks=pytest.mark.soak))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("looks", LOOKS)
def test_axe_finds_nothing(visit: Visitor, state: str, looks: str) -> None:
    """No state has a violation reported by axe, best practice included, in three sizes and both themes."""
    page = STATES[state](visit).page
    for (width, height), theme, options in ONCE if looks == "once" else EACH:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        settled(page)
        assert (state, width, theme, findings(page, options)) == (state, width, theme, [])
        assert (state, width, page.evaluate(SMALL, 36 if width == PHONE[0] else 24)) == (state, width, [])


HEBREW = "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} 4.5"
MIRRORED = {
    "dexto/models/custom-models.json": json.dumps(
        {"version": 1, "models": [{"name": "made/up", "provider": "openrouter", "displayName": HEBREW}]}
    )
}
VIEWS = ("#/models", f"#/models/{SONNET}", "#/providers", "#/problems")
ZOOMED = (320, 256)
"""A window of 1280 by 1024 pixels at 400 %."""
CUT_OFF = """
() => [...document.querySelectorAll('#app *')]
  .filter((each) => each.getBoundingClientRect().width && !each.closest('.chips, pre, .scrolls'))
  .filter((each) => each.getBoundingClientRect().right > innerWidth || each.getBoundingClientRect().left < 0)
  .map((each) => each.outerHTML.slice(0, 120))
"""
MOVING = """
() => [...document.querySelectorAll('*')].map((each) => getComputedStyle(each))
  .filter((each) => parseFloat(each.transitionDuration) || parseFloat(each.animationDuration)).length
"""


def shown(page: Visit, view: str) -> Page:
    """Go to a view of the page, and wait until it shows what it knows."""
    page.page.evaluate("to => { location.hash = to; }", view)
    wanted = {"#/providers": ".provider", "#/problems": ".problem"}.get(view, ".ways" if SONNET in view else ".row")
    expect(page.page.locator(wanted).first).to_be_visible()
    settled(page.page)
    return page.page


def style(of: Locator, name: str) -> str:
    """Return a computed property of the style of an element."""
    value: str = of.evaluate("(each, name) => getComputedStyle(each)[name]", name)
    return value


def test_zoom_without_motion(visit: Visitor) -> None:
    """At 400 % nothing is cut off in any view and rows can be read; nothing moves for those who want no motion."""
    page = visit(DEXTO, size=ZOOMED, reduced_motion="reduce").open()
    for view in VIEWS:
        assert (view, shown(page, view).evaluate(CUT_OFF)) == (view, [])
        assert page.page.evaluate(MOVING) == 0
    shown(page, "#/models").locator(".row").first.click()
    expect(page.detail.get_by_role("heading", level=1)).to_be_in_viewport()
    page.detail.get_by_role("button", name="Close").click()
    expect(page.rows.first.locator(".name")).to_be_in_viewport()
    page.tab("Providers").click()
    expect(page.page.get_by_role("heading", name="Providers & keys")).to_be_in_viewport()


def test_forced_colours_and_right_to_left(visit: Visitor) -> None:
    """With forced colours, what runs, is pressed or current differs; from right to left, IDs stay as they are."""
    page = visit(DEXTO, files=MIRRORED, forced_colors="active").open()
    page.button("Tools").click()
    expect(page.button("Tools")).to_have_attribute("aria-pressed", "true")
    assert style(page.button("Tools"), "outlineStyle") != style(page.button("Audio"), "outlineStyle")
    assert style(page.tab("Models"), "borderBottomColor") != style(page.tab("Problems"), "borderBottomColor")
    shown(page, f"#/models/{SONNET}")
    dots = page.detail.locator(".ways .dot")
    assert style(dots.first, "backgroundColor") != style(dots.last, "backgroundColor")
    page.page.emulate_media(forced_colors="none")
    page.page.evaluate("document.documentElement.dir = 'rtl'")
    for view in VIEWS:
        assert (view, shown(page, view).evaluate(CUT_OFF)) == (view, [])
    row = shown(page, "#/models").locator(".row").filter(has_text=HEBREW)
    assert style(row.locator("bdi"), "direction") == "ltr"
    star, mark = (row.locator(name).bounding_box() for name in (".star", ".mark"))
    assert star and mark and star["x"] < mark["x"]
