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
    """Start Debian's Chromium, driven by Playwright."""
    found = needed(*CHROMIUM)
    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=found, args=quiet)
        yield browser
        browser.close()


class Server:
    """`polyroute serve` as a process of its own, which can stop and restart at the same address."""

    def __init__(self, shell: Shell, *options: str, **variables: str) -> None:
        self._shell, self._options, self._variables = shell, options, variables
        self.url = ""
        self.start()

    def start(self) -> None:
        """Start the server, at its previous address if it had one."""
        port = str(urlsplit(self.url).port or 0) if self.url else "0"
        command = [POLYROUTE, "serve", "--port", port, "--ready-json", "--exit-with-parent", *self._options]
        environment = {**self._shell.variables, "DEXTO_HOME": str(self._shell.home / "dexto"), **self._variables}
        self._process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = json.loads(self._process.stdout.readline())["url"]

    def stop(self) -> None:
        """Stop the server."""
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class Visit:
    """A visit to the page, which records the browser's messages and every request to another host.

    It also records each response that is an error or does not arrive; if requests `may_fail`, these are no complaint.
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
        """Open the page and wait until it lists models."""
        self.page.goto(f"{self.server.url}/{fragment}")
        expect(self.rows.first).to_be_visible()
        return self

    @property
    def complaints(self) -> list[str]:
        """Return the messages of the browser that a correct page does not cause."""
        return [words for words in self.console if not (self.may_fail and words.startswith("Failed to load resource"))]

    @property
    def rows(self) -> Locator:
        """Return the rows of models that are rendered near the viewport."""
        return self.page.get_by_role("listbox", name="Models").get_by_role("option")

    @property
    def query(self) -> Locator:
        """Return the search field."""
        return self.page.get_by_role("combobox", name="Search models")

    @property
    def panel(self) -> Locator:
        """Return the panel with the details of the chosen model."""
        return self.page.get_by_role("complementary", name="Chosen model")

    @property
    def dialog(self) -> Locator:
        """Return the form for a custom model."""
        return self.page.get_by_role("dialog")

    @property
    def messages(self) -> Locator:
        """Return the messages about completed actions."""
        return self.page.locator("#toasts")

    def row(self, ref: str) -> Locator:
        """Return the row of one model."""
        return self.rows.filter(has=self.page.get_by_text(ref, exact=True)).first

    def search(self, text: str) -> Visit:
        """Type a search."""
        self.query.fill(text)
        return self

    def choose(self, ref: str) -> Locator:
        """Search for a model, choose it, and return the panel once it has the routes."""
        self.search(ref)
        self.row(ref).click()
        expect(self.panel.get_by_role("heading", name="Why this route")).to_be_visible()
        return self.panel

    def add_model(self) -> Locator:
        """Open the form for a custom model."""
        self.page.get_by_role("button", name="Add a model").click()
        return self.dialog

    def written(self, path: str) -> list[tuple[str, Any]]:
        """Return the methods and documents that were sent to API paths with this prefix, in order."""
        return [(method, document) for method, sent, document in self.sent if sent.startswith(f"/api/{path}")]

    def fails(self, status: int, path: str = "**/api/**") -> None:
        """From now on, let the page receive `status` for every request to `path`."""
        self.may_fail = True
        body = json.dumps({"code": "failed", "message": "The disk is full.", "type": "system"})

        def answer(route: Route) -> None:
            route.fulfill(status=status, content_type="application/json", body=body)

        self.page.route(path, answer)

    def goes_away(self) -> None:
        """Stop the server."""
        self.may_fail = True
        self.server.stop()

    def _note(self, method: str, url: str, body: str | None) -> None:
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != urlsplit(self.server.url).netloc:
            self.foreign.append(url)
        if method not in ("GET", "HEAD"):
            self.sent.append((method, urlsplit(url).path, json.loads(body) if body else None))


class Visitor:
    """A factory that opens the page for test users, in one browser."""

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
        """Return a visit for a user with these variables and files under home; `how` goes to Playwright."""
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
