"""What users come for, each in as few clicks and fields as the page promises."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, expect

from tests.support.browser import DEXTO, NOTHING, Visit, Visitor
from tests.support.fake_endpoint import Upstream
from tests.support.page_states import BROKEN, SONNET

ID = "z-ai/glm-4.5-air:free"
STORE = "dexto/models/custom-models.json"
KEY = "canary-typed-key-5678"
ACME = """\
[providers.acme]
name = "Acme"
env = ["ACME_KEY"]
base_url = "{url}"
models = ["m"]
verify = {{ path = "/balance" }}
"""
UNKNOWN = "\N{EN DASH}"


class Steps:
    """Counts the clicks, fields and commands that a task takes."""

    def __init__(self, page: Visit) -> None:
        self.page, self.taken = page, 0

    def click(self, target: Locator | str) -> None:
        """Click a button or row."""
        (self.page.button(target) if isinstance(target, str) else target).click()
        self.taken += 1

    def fill(self, target: Locator, text: str) -> None:
        """Fill a field."""
        target.fill(text)
        self.taken += 1

    def press(self, keys: str) -> None:
        """Press a key."""
        self.page.page.keyboard.press(keys)
        self.taken += 1


def stored(page: Visit) -> list[dict[str, Any]]:
    """Return the models in the user's file."""
    models: list[dict[str, Any]] = json.loads((page.shell.home / STORE).read_text(encoding="utf-8"))["models"]
    return models


def test_any_model_of_the_gateway_is_added_and_used_as_typed(visit: Visitor) -> None:
    """With only the preferred gateway's key, an ID is added as typed and used in three steps; no key is asked for."""
    page = visit(DEXTO).open()
    steps = Steps(page)
    steps.click("Add a model")
    expect(page.dialog.get_by_label("OpenRouter key")).to_have_count(0)
    steps.fill(page.dialog.get_by_label("Model ID"), ID)
    steps.click("Add and use")
    expect(page.messages).to_contain_text("is in use")
    expect(page.detail.locator(".says")).to_contain_text("Runs via Dexto")
    assert stored(page) == [{"name": ID, "provider": "openrouter"}]
    assert page.written("llm/switch") == [("POST", {"provider": "openrouter", "model": ID})]
    assert page.written("llm/key") == []
    assert steps.taken == 3


def test_an_own_key_forces_the_direct_route(visit: Visitor) -> None:
    """The same with an own key takes five steps: the key is the gateway's, pins it to direct, and stays nowhere."""
    page = visit(DEXTO).open()
    steps = Steps(page)
    steps.click("Add a model")
    steps.fill(page.dialog.get_by_label("Model ID"), f"openrouter/{ID}")
    steps.click(page.dialog.get_by_label("Use my own key, not Dexto"))
    steps.fill(page.dialog.get_by_label("OpenRouter key (optional)"), KEY)
    steps.click("Add and use")
    expect(page.detail.locator(".says")).to_contain_text("Runs at OpenRouter")
    expect(page.detail.get_by_role("button", name="In use")).to_be_visible()
    assert steps.taken == 5
    assert stored(page) == [{"name": ID, "provider": "openrouter"}]
    preferences = page.page.request.get(f"{page.server.url}/api/llm/preferences").json()
    assert preferences["pins"] == {"openrouter": "direct"}
    assert KEY not in page.page.content()


def test_the_first_model_runs(visit: Visitor) -> None:
    """With nothing set up, a key for many makers makes the first model run in three steps."""
    page = visit(NOTHING).open()
    steps = Steps(page)
    steps.fill(page.page.get_by_label("DEXTO_API_KEY"), KEY)
    steps.click(page.button("Set key").first)
    expect(page.page.locator(".begin")).to_have_count(0)
    expect(page.rows.first).to_contain_text("via Dexto")
    page.query.focus()
    page.page.keyboard.press("ArrowDown")
    steps.press("Control+Enter")
    expect(page.messages).to_contain_text("is in use, via Dexto.")
    assert steps.taken == 3
    assert page.written("llm/key") == [("POST", {"provider": "dexto", "values": {"DEXTO_API_KEY": KEY}})]


def test_a_known_model_is_used(visit: Visitor) -> None:
    """A model that one knows is typed and used, and the header says so and opens it."""
    page = visit(DEXTO).open()
    steps = Steps(page)
    steps.fill(page.query, "sonnet 4.5")
    expect(page.rows.first).to_contain_text("Claude Sonnet 4.5")
    steps.press("Control+Enter")
    in_use = page.page.locator("a.in-use")
    expect(in_use).to_contain_text("In use Claude Sonnet 4.5 via Dexto")
    assert steps.taken == 2
    in_use.click()
    expect(page.detail.get_by_role("button", name="In use")).to_be_disabled()


def test_why_not_and_what_helps(visit: Visitor) -> None:
    """A model that does not run says what it needs, and takes it, in four steps."""
    page = visit(NOTHING).open()
    steps = Steps(page)
    steps.click(page.rows.first)
    expect(page.detail.locator(".says")).to_contain_text("Needs one key. Any one of")
    steps.click("Set it up")
    steps.fill(page.detail.locator("form input").first, KEY)
    steps.click(page.detail.locator("form").get_by_role("button"))
    expect(page.detail.locator(".says")).to_contain_text("Runs")
    expect(page.button("Use this model")).to_be_enabled()
    assert steps.taken == 4


def test_a_cloud_with_two_settings(visit: Visitor) -> None:
    """A cloud that needs a key and a resource is set up at one of its models in six steps, by one request."""
    page = visit(NOTHING).open()
    steps = Steps(page)
    steps.fill(page.query, "azure gpt 4.1")
    expect(page.rows.first).to_contain_text("GPT-4.1")
    steps.click(page.rows.first)
    steps.click("Set up Azure")
    steps.fill(page.detail.get_by_label("AZURE_API_KEY"), KEY)
    steps.fill(page.detail.get_by_label("AZURE_RESOURCE_NAME"), "my-resource")
    steps.click(page.detail.locator("form").get_by_role("button", name="Set up"))
    expect(page.detail.locator(".says")).to_contain_text("Runs at Azure")
    assert steps.taken == 6
    values = {"AZURE_API_KEY": KEY, "AZURE_RESOURCE_NAME": "my-resource"}
    assert page.written("llm/key") == [("POST", {"provider": "azure", "values": values})]


def test_the_cheapest_that_runs(visit: Visitor) -> None:
    """Four clicks list the models that run, with tools and images, the cheapest first; the address keeps it."""
    page = visit(DEXTO).open()
    steps = Steps(page)
    for name in ("Runs now", "Tools", "Images", "In"):
        steps.click(name)
    assert steps.taken == 4
    expect(page.page.get_by_role("columnheader", name="In", exact=True)).to_have_attribute("aria-sort", "ascending")
    assert page.page.url.endswith("#/models?runs=1&can=tv&sort=price")
    prices = page.rows.locator(".number:nth-child(5)").all_inner_texts()
    known = [0.0 if each == "free" else float(each.lstrip("$")) for each in prices if each != UNKNOWN]
    assert len(known) > 5 and known == sorted(known)
    expect(page.rows.first).to_contain_text("via Dexto")
    before = page.rows.first.inner_text()
    page.open("#/models?runs=1&can=tv&sort=price")
    assert page.rows.first.inner_text() == before


def test_ids_code_and_pins(visit: Visitor) -> None:
    """An ID as a cloud wants it is copied in three steps, curl for the way taken in four; a way is pinned in three."""
    page = visit({**DEXTO, "ANTHROPIC_API_KEY": "k"}).open()
    page.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    steps = Steps(page)
    steps.fill(page.query, "bedrock sonnet 4.5")
    expect(page.rows.first).to_contain_text("Claude Sonnet 4.5")
    steps.click(page.rows.first)
    wanted = "global.anthropic.claude-sonnet-4-5-20250929-v1:0"
    steps.click(page.detail.get_by_role("button", name=f"Copy {wanted}"))
    expect(page.messages).to_contain_text("Copied.")
    assert (steps.taken, page.page.evaluate("navigator.clipboard.readText()")) == (3, wanted)
    steps.taken = 2  # the model is open
    steps.click("curl")
    expect(page.detail.locator("pre")).to_contain_text("$DEXTO_API_KEY")
    steps.click("Copy")
    assert steps.taken == 4
    assert page.page.evaluate("navigator.clipboard.readText()").startswith("printf")
    steps.taken = 2
    steps.click("Pin Anthropic for this model")
    expect(page.detail.locator(".says")).to_contain_text("Runs direct")
    assert (steps.taken, page.written("llm/preferences")) == (3, [("PUT", {"pins": {SONNET: "direct"}})])
    page.button("Unpin").click()
    expect(page.detail.locator(".says")).to_contain_text("Runs via Dexto")


def test_a_pin_holds_for_a_provider(visit: Visitor) -> None:
    """What is pinned for a model can be pinned for all models of its provider, and unpinned again."""
    page = visit({**DEXTO, "ANTHROPIC_API_KEY": "k"}).open()
    page.show(SONNET)
    page.button("Pin Anthropic for this model").click()
    page.button("for all of Anthropic").click()
    page.show("anthropic/claude-opus-4-7")
    expect(page.detail.locator(".says")).to_contain_text("Runs direct")
    assert page.written("llm/preferences")[-1] == ("PUT", {"pins": {SONNET: None, "anthropic": "direct"}})
    page.button("Unpin").click()
    expect(page.detail.locator(".says")).to_contain_text("Runs via Dexto")


def test_a_key_is_removed_and_kept_after_all(visit: Visitor) -> None:
    """A key is removed in two steps, and kept if that is undone; one in the environment can't be removed here."""
    page = visit(DEXTO, files={"dexto/.env": "MISTRAL_API_KEY=canary-mistral-key\n"}).open()
    steps = Steps(page)
    steps.click(page.tab("Providers & keys"))
    steps.click("Remove the key of Mistral")
    expect(page.button("Remove the key of Mistral")).to_have_count(0)
    page.button("Undo").click()
    expect(page.button("Remove the key of Mistral")).to_be_visible()
    assert (steps.taken, page.written("llm/key")) == (2, [])
    expect(page.button("Remove the key of Dexto")).to_have_count(0)
    page.button("Remove the key of Mistral").click()
    with page.page.expect_response(lambda response: response.request.method == "DELETE"):
        page.button("Dismiss").click()
    assert (page.shell.home / "dexto/.env").read_text(encoding="utf-8") == ""


def test_what_is_broken_is_seen(visit: Visitor) -> None:
    """A broken plugin is counted in the header; one click says which, in which file, and what helps."""
    page = visit(DEXTO, files=BROKEN).open()
    expect(page.tab("Problems").locator(".badge")).to_be_visible()
    steps = Steps(page)
    steps.click(page.tab("Problems"))
    problem = page.page.locator(".problem").filter(has_text="acme")
    expect(problem.first).to_contain_text("plugin.toml")
    assert steps.taken == 1


def test_a_broken_plugin_is_switched_off(visit: Visitor) -> None:
    """Switching a broken plugin off takes two steps and can be undone; the page says how to switch it on later."""
    page = visit(DEXTO, files=BROKEN).open()
    problem = page.page.locator(".problem").filter(has_text="acme")
    steps = Steps(page)
    steps.click(page.tab("Problems"))
    steps.click("Switch the plugin off")
    expect(page.messages).to_contain_text("acme is switched off.")
    expect(problem).to_have_count(0)
    assert steps.taken == 2
    expect(page.said).to_have_text("polyroute plugins enable acme switches the plugin on again.")
    page.button("Undo").click()
    expect(problem).to_have_count(1)
    expect(page.said).to_have_count(0)
    sent = [("POST", {"plugin": "acme", "enabled": enabled}) for enabled in (False, True)]
    assert page.written("plugins/switch") == sent


def test_a_refused_key_is_replaced(visit: Visitor) -> None:
    """A key that its endpoint refuses is a problem, also after a reload; it is replaced in four steps."""
    with Upstream("m").running() as endpoint:
        endpoint.documents["/balance"] = {}
        files = {"ours/plugins/acme/plugin.toml": ACME.format(url=endpoint.url), "dexto/.env": "ACME_KEY=old\n"}
        page = visit(NOTHING, files=files).open("#/providers")
        page.button("Check the key of Acme").click()
        expect(page.page.locator(".provider").filter(has_text="Refused")).to_contain_text("Acme")
        page.page.reload()
        expect(page.page.locator(".provider").filter(has_text="Refused")).to_contain_text("Acme")
        steps = Steps(page)
        steps.click(page.tab("Problems"))
        problem = page.page.locator(".problem").filter(has_text="The key of Acme is refused")
        expect(problem.get_by_role("button", name="Remove it")).to_be_visible()
        steps.click("Replace the key")
        steps.fill(page.page.locator(".provider form input"), endpoint.key)
        steps.click(page.page.locator(".provider form").get_by_role("button"))
        expect(page.messages).to_contain_text("is set.")
        assert steps.taken == 4
        assert page.written("llm/key") == [("POST", {"provider": "acme", "values": {"ACME_KEY": endpoint.key}})]
        page.button("Check the key of Acme").click()
        expect(page.page.locator(".provider").filter(has_text="Works")).to_contain_text("Acme")
        page.tab("Problems").click()
        expect(problem).to_have_count(0)


def test_the_newest_lists(visit: Visitor) -> None:
    """The lists are fetched again in two steps, also where they are a problem; if they can't be, the page says so."""
    page = visit({**DEXTO, "POLYROUTE_OFFLINE": "1"}).open()
    for view in ("Providers & keys", "Problems"):
        steps = Steps(page)
        steps.click(page.tab(view))
        expect(page.button("Refresh the lists")).to_be_visible()
        with page.page.expect_response("**/llm/lists/refresh") as response:
            steps.click("Refresh the lists")
        assert (steps.taken, {each["state"] for each in response.value.json()["lists"]}) == (2, {"offline"})
        expect(page.said).to_contain_text("Offline: no list was fetched.")


def test_a_link_takes_no_step(visit: Visitor) -> None:
    """The address of a model, of a provider and of a filter opens it."""
    page = visit(DEXTO).open(f"#/models/{SONNET}")
    expect(page.detail.get_by_role("heading", level=1)).to_have_text("Claude Sonnet 4.5")
    page.page.goto(f"{page.server.url}/#/providers/azure")
    expect(page.page.get_by_label("AZURE_RESOURCE_NAME")).to_be_in_viewport()
    page.page.goto(f"{page.server.url}/#/models?can=v&ctx=1000000&price=1&maker=google&sort=-released")
    expect(page.page.get_by_role("columnheader", name="Released")).to_have_attribute("aria-sort", "descending")
    for label, value in (("Least context", "1000000"), ("Highest price of input", "1"), ("Maker", "google")):
        expect(page.page.get_by_label(label, exact=True)).to_have_value(value)
    expect(page.rows.first.locator("bdi")).to_contain_text("google/")
