"""A person at the model picker: a real server process, a real browser, and what must never happen in it."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from tests.support.machine import needed
from tests.support.shell import POLYROUTE, Shell

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
NOTHING: dict[str, str] = {}
DEXTO = {"DEXTO_API_KEY": "canary-dexto-key-1234"}
OPENROUTER = {"OPENROUTER_API_KEY": "canary-openrouter-key-1234"}
BOTH = {**DEXTO, **OPENROUTER}
STATES = {"nothing": NOTHING, "dexto": DEXTO, "openrouter": OPENROUTER, "both": BOTH}
FREE = "openrouter/z-ai/glm-4.5-air:free"
WIDE, PHONE = (1280, 800), (390, 844)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    found = needed(*CHROMIUM)
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=found, args=quiet)
        yield browser
        browser.close()


class Server:
    """`polyroute serve` as a process of its own, which can go away and come back at the same address."""

    def __init__(self, shell: Shell, *options: str, **variables: str) -> None:
        self._shell, self._options, self._variables = shell, options, variables
        self.url = ""
        self.start()

    def start(self) -> None:
        """Start it, at the address that it had before."""
        port = str(urlsplit(self.url).port or 0) if self.url else "0"
        command = [POLYROUTE, "serve", "--port", port, "--ready-json", "--exit-with-parent", *self._options]
        environment = {**self._shell.variables, "DEXTO_HOME": str(self._shell.home / "dexto"), **self._variables}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = json.loads(self._process.stdout.readline())["url"]

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Visit:
    """One look at the page. What the browser has to say, and every other host that it asks, is kept.

    It tells of each answer that is an error, or does not come: where requests `may_fail` that is no complaint.
    """

    def __init__(self, browser: Browser, page: Page, server: Server, shell: Shell) -> None:
        self.browser, self.page, self.server, self.shell = browser, page, server, shell
        self.console: list[str] = []
        self.may_fail = False
        self.foreign: list[str] = []
        self.sent: list[tuple[str, str, Any]] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._note(request.method, request.url, request.post_data))

    def open(self, fragment: str = "") -> Visit:
        """Go to the page and wait until it lists models."""
        self.page.goto(f"{self.server.url}/{fragment}")
        expect(self.rows.first).to_be_visible()
        return self

    @property
    def complaints(self) -> list[str]:
        """What the browser says that it should not have to."""
        return [words for words in self.console if not (self.may_fail and words.startswith("Failed to load resource"))]

    @property
    def rows(self) -> Locator:
        """The models that are listed near what is seen."""
        return self.page.get_by_role("listbox", name="Models").get_by_role("option")

    @property
    def query(self) -> Locator:
        """Where one searches."""
        return self.page.get_by_role("combobox", name="Search models")

    @property
    def panel(self) -> Locator:
        """What is told of the chosen model."""
        return self.page.get_by_role("complementary", name="Chosen model")

    @property
    def dialog(self) -> Locator:
        """The form for a model of one's own."""
        return self.page.get_by_role("dialog")

    @property
    def messages(self) -> Locator:
        """What was said to have been done."""
        return self.page.locator("#toasts")

    def row(self, ref: str) -> Locator:
        """The row of one model."""
        return self.rows.filter(has=self.page.get_by_text(ref, exact=True)).first

    def search(self, text: str) -> Visit:
        """Type a search."""
        self.query.fill(text)
        return self

    def choose(self, ref: str) -> Locator:
        """Search for a model and choose it; the panel, once it shows the routes."""
        self.search(ref)
        self.row(ref).click()
        expect(self.panel.get_by_role("heading", name="Why this route")).to_be_visible()
        return self.panel

    def add_model(self) -> Locator:
        """Open the form for a model of one's own."""
        self.page.get_by_role("button", name="Add a model").click()
        return self.dialog

    def written(self, path: str) -> list[tuple[str, Any]]:
        """The methods and documents that were sent to paths of the API that begin so, in order."""
        return [(method, document) for method, sent, document in self.sent if sent.startswith(f"/api/{path}")]

    def fails(self, status: int, path: str = "**/api/**") -> None:
        """From now on the server answers with `status`, as far as the page can see."""
        self.may_fail = True
        body = json.dumps({"code": "failed", "message": "The disk is full.", "type": "system"})

        def answer(route: Route) -> None:
            route.fulfill(status=status, content_type="application/json", body=body)

        self.page.route(path, answer)

    def goes_away(self) -> None:
        """The server ends."""
        self.may_fail = True
        self.server.stop()

    def _note(self, method: str, url: str, body: str | None) -> None:
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != urlsplit(self.server.url).netloc:
            self.foreign.append(url)
        if method not in ("GET", "HEAD"):
            self.sent.append((method, urlsplit(url).path, json.loads(body) if body else None))


class Visitor:
    """Opens the page for made-up persons, in one browser."""

    def __init__(self, browser: Browser, folder: Path, stack: contextlib.ExitStack) -> None:
        self._browser, self._folder, self._stack = browser, folder, stack
        self.visits: list[Visit] = []

    def __call__(
        self,
        variables: dict[str, str] | None = None,
        *options: str,
        files: dict[str, str] | None = None,
        size: tuple[int, int] = WIDE,
        **how: Any,
    ) -> Visit:
        """A visit to the page of a person with these variables and files under home; `how` is Playwright's."""
        home = self._folder / f"person-{len(self.visits)}"
        home.mkdir()
        shell = Shell(home)
        for name, text in (files or {}).items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text, encoding="utf-8")
        server = Server(shell, *options, **(variables or {}))
        self._stack.callback(server.stop)
        context = self._browser.new_context(viewport={"width": size[0], "height": size[1]}, **how)
        self._stack.callback(context.close)
        visit = Visit(self._browser, context.new_page(), server, shell)
        self.visits.append(visit)
        return visit
