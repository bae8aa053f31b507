"""Accessibility of the page: axe in every state, focus, keyboard, zoom, forced colours and motion."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Page

from tests.support.browser import MIDDLE, PHONE, WIDE, Visitor
from tests.support.page_states import STATES, settled

AXE = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")).read_text(encoding="utf-8")
EVERYTHING = {"resultTypes": ["violations"]}
COLOURS = {**EVERYTHING, "runOnly": ["color-contrast"]}
"""What a dark theme may change; all other rules look at what both themes share."""


def findings(page: Page, options: Any) -> list[str]:
    """Return axe's violations, each with the elements concerned."""
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]


ONCE = (
    (WIDE, "dark", EVERYTHING),
    (MIDDLE, "light", EVERYTHING),
    (PHONE, "dark", EVERYTHING),
)
"""Every size with every rule, and every theme, though not each with each."""
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
