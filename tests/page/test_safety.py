"""Secrets stay out of the page, its policy is strict, and what is packed into it is what was packed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from playwright.sync_api import expect

import polyroute
from tests.support.browser import NOTHING, Visit, Visitor
from tests.support.page_states import SONNET

KEY = "canary-typed-key-5678"
TOKEN = "canary-token-9876"
ASSETS = Path(polyroute.__file__).parent / "server/page/assets"


def traces(page: Visit) -> str:
    """Return everything that may keep a secret: the page, its fields, storage, address, history and messages."""
    kept = page.page.evaluate(
        "() => JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,"
        " [...document.querySelectorAll('input')].map((each) => each.value)])"
    )
    return "\n".join([page.page.content(), kept, *page.console])


def test_a_key_is_sent_once_and_kept_nowhere(visit: Visitor) -> None:
    """A key that is typed is in one request, and afterwards nowhere in the page."""
    page = visit(NOTHING).open()
    page.show(SONNET)
    page.button("Set it up").click()
    page.detail.locator("form input").fill(KEY)
    page.page.keyboard.press("Enter")
    expect(page.button("Use this model")).to_be_enabled()
    assert [KEY in json.dumps(document) for _, document in page.written("llm/key")] == [True]
    assert KEY not in traces(page)


def test_the_token_is_taken_out_of_the_address(visit: Visitor) -> None:
    """The token in the address opens the page and is gone; without it the page asks, and a wrong one is refused."""
    page = visit(NOTHING, "--token", TOKEN)
    page.may_fail = True
    page.open(f"#token={TOKEN}")
    assert TOKEN not in traces(page)
    page.page.goto("about:blank")
    page.page.goto(page.server.url)
    for given in ("wrong", TOKEN):
        page.page.get_by_label("Token").fill(given)
        page.button("Continue").click()
    expect(page.rows.first).to_be_visible()
    assert TOKEN not in traces(page)


def test_the_policy_is_strict(visit: Visitor) -> None:
    """Only the page's own scripts, styles and connections are allowed, none inline, and no text becomes markup."""
    page = visit(NOTHING)
    answer = page.page.goto(page.server.url)
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert page.page.locator("script:not([src]), style").count() == 0
    blocked = page.page.evaluate(
        "() => { try { document.body.innerHTML = '<i>x</i>'; return false; } catch { return true; } }"
    )
    assert blocked
    page.console.clear()  # the attempt is reported there


def test_what_is_packed_is_what_was_packed() -> None:
    """Each file in the folder of assets has the hash that was written down when it was packed; there is no other."""
    hashes = json.loads((ASSETS / "packed.json").read_text(encoding="utf-8"))["sha256"]
    files = {each.name: each for each in ASSETS.iterdir() if each.name != "packed.json"}
    assert {name: hashlib.sha256(each.read_bytes()).hexdigest() for name, each in files.items()} == hashes
