"""A user at the model picker: a real server process, a real browser, and what must never happen in it."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Route, expect, sync_playwright

from tests.support import fork_server
from tests.support.machine import needed
from tests.support.shell import POLYROUTE, Shell

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
NOTHING: dict[str, str] = {}
DEXTO = {"DEXTO_API_KEY": "canary-dexto-key-1234"}
OPENROUTER = {"OPENROUTER_API_KEY": "canary-openrouter-key-1234"}
BOTH = {**DEXTO, **OPENROUTER}
STATES = {"nothing": NOTHING, "dexto": DEXTO, "openrouter": OPENROUTER, "both": BOTH}
FREE = "openrouter/z-ai/glm-4.5-air:free"
_NOT_LOADED = "Failed to load resource"
_WATCH_MESSAGES = """
const check = () => {
  const shown = [...document.querySelectorAll(".toast > span")].map((each) => each.textContent);
  const wrong = shown.filter((text) => text.length > 60 || /[.!?] \\p{Lu}/u.test(text));
  if (wrong.length || shown.length > 2) console.error(`messages are too long or too many: ${shown.join(" | ")}`);
};
new MutationObserver(check).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""Complain about a message that is no single sentence of at most 60 characters, or the third at once."""
WIDE, MIDDLE, PHONE = (1280, 800), (1024, 768), (390, 844)


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
        self.shell, self._options, self.variables = shell, options, variables
        self.url = ""
        self.start()

    def start(self) -> None:
        """Start the server, at its previous address if it had one."""
        port = str(urlsplit(self.url).port or 0) if self.url else "0"
        command = [POLYROUTE, "serve", "--port", port, "--ready-json", "--exit-with-parent", *self._options]
        environment = {**self.shell.variables, "DEXTO_HOME": str(self.shell.home / "dexto"), **self.variables}
        printed, its = os.pipe()
        self._process = fork_server.start(command, environment, [0, its, 2])
        os.close(its)
        with open(printed, encoding="utf-8") as file:
            self.url = json.loads(file.readline())["url"]

    def stop(self) -> None:
        """Stop the server."""
        self._process.terminate()
        self._process.wait()

    @property
    def is_untouched(self) -> bool:
        """Return whether it still runs, was started without options, and its user has no files."""
        files = any(each.is_file() for each in self.shell.home.rglob("*"))
        return not self._process.has_ended and not self._options and not files


class Visit:
    """A visit to the page, which records the browser's messages and every request to another host.

    It also records each response that is an error or does not arrive; if requests `may_fail`, these are no complaint.
    """

    def __init__(self, page: Page, server: Server) -> None:
        self.page, self.server, self.shell = page, server, server.shell
        self.console: list[str] = []
        self.may_fail = False
        self.foreign: list[str] = []
        self.sent: list[tuple[str, str, Any]] = []
        self._listeners: dict[str, Callable[[Any], None]] = {
            "console": lambda message: self.console.append(message.text),
            "pageerror": lambda error: self.console.append(str(error)),
            "request": lambda request: self._note(request.method, request.url, request.post_data),
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)  # type: ignore[call-overload]

    @property
    def browser(self) -> Browser:
        """Return the browser."""
        found = self.page.context.browser
        assert found is not None
        return found

    def open(self, fragment: str = "") -> Visit:
        """Open the page, and wait until it shows what the fragment of its address names."""
        self.page.goto(f"{self.server.url}/{fragment}")
        expect(self.page.locator(".row, .provider, .problems").first).to_be_visible()
        return self

    @property
    def complaints(self) -> list[str]:
        """Return the messages of the browser that a correct page does not cause. A busy machine may be late."""
        failed = [words for words in self.console if words.startswith(_NOT_LOADED)]
        late = [words for words in failed if "status of 408" in words]
        return [words for words in self.console if words not in (failed if self.may_fail else late)]

    @property
    def rows(self) -> Locator:
        """Return the rows of models that are rendered near the viewport."""
        return self.page.get_by_role("grid", name="Models").locator(".row")

    @property
    def query(self) -> Locator:
        """Return the search field."""
        return self.page.get_by_role("combobox", name="Search models")

    @property
    def detail(self) -> Locator:
        """Return the part with everything about the model that is open."""
        return self.page.locator(".detail")

    @property
    def dialog(self) -> Locator:
        """Return the dialog in front of everything."""
        return self.page.get_by_role("dialog")

    @property
    def messages(self) -> Locator:
        """Return the messages about completed actions."""
        return self.page.locator(".toasts")

    @property
    def said(self) -> Locator:
        """Return what is said at the things that it is about."""
        return self.page.locator(".said")

    @property
    def banner(self) -> Locator:
        """Return the bar that says that the server does not respond."""
        return self.page.locator(".banner")

    def row(self, model: str) -> Locator:
        """Return the row of the model with this ID."""
        return self.page.locator(f'[id="row-{model}"]')

    def button(self, name: str) -> Locator:
        """Return the button with this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def tab(self, name: str) -> Locator:
        """Return the link to one of the three views."""
        return self.page.get_by_role("navigation", name="Views").get_by_role("link", name=name)

    def search(self, text: str) -> Visit:
        """Type a search, and wait until its results are listed."""
        self.query.fill(text)
        if text:
            expect(self.page).to_have_url(re.compile(r"[?&]q="))
        return self

    def show(self, model: str) -> Locator:
        """Open a model by its address, and return its part of the page once it has the ways."""
        self.page.evaluate("to => { location.hash = to; }", f"#/models/{model}")
        expect(self.detail.locator("table.ways, .card.verdict").first).to_be_visible()
        return self.detail

    def add_model(self) -> Locator:
        """Open the form for a custom model."""
        self.button("Add a model").click()
        return self.dialog

    def post(self, path: str, document: Any) -> None:
        """Let another program of the user send a request to the API."""
        answer = self.page.request.post(f"{self.server.url}/api/{path}", data=document)
        assert answer.ok, answer.text()

    def written(self, path: str) -> list[tuple[str, Any]]:
        """Return the methods and documents that were sent to API paths with this prefix, in order."""
        return [(method, document) for method, sent, document in self.sent if sent.startswith(f"/api/{path}")]

    def fails(self, status: int, path: str = "**/api/**", message: str = "The disk is full.") -> None:
        """From now on, let the page receive `status` with this message for every request to `path`."""
        self.may_fail = True
        body = json.dumps({"code": "failed", "message": message, "type": "system", "recovery": "Make room."})

        def answer(route: Route) -> None:
            route.fulfill(status=status, content_type="application/json", body=body)

        self.page.route(path, answer)

    def goes_away(self) -> None:
        """Stop the server."""
        self.may_fail = True
        self.server.stop()

    def leave(self) -> None:
        """Leave the page, which keeps nothing of this visit."""
        self.page.unroute_all()
        if urlsplit(self.page.url).scheme == "http":
            self.page.evaluate("localStorage.clear(), sessionStorage.clear()")
        self.page.goto("about:blank")
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _note(self, method: str, url: str, body: str | None) -> None:
        if urlsplit(url).scheme in ("http", "https") and urlsplit(url).netloc != urlsplit(self.server.url).netloc:
            self.foreign.append(url)
        if method not in ("GET", "HEAD"):
            self.sent.append((method, urlsplit(url).path, json.loads(body) if body else None))


class Kept:
    """What a visit hands on to the next: its page, and the server of a user who has written nothing.

    A page that has run the script before opens it in less than half the time, and most tests take less time than the
    start of a server.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: list[Page] = []
        self._servers: list[Server] = []

    def page(self) -> Page:
        """Return a page that was handed on, or a new one."""
        if self._pages:
            return self._pages.pop()
        page = self._browser.new_context().new_page()
        page.add_init_script(_WATCH_MESSAGES)
        return page

    def server(self, variables: dict[str, str]) -> Server | None:
        """Return a server that was handed on, for a user with these variables."""
        found = next((each for each in self._servers if each.variables == variables), None)
        if found:
            self._servers.remove(found)
        return found

    def take(self, visit: Visit) -> None:
        """Take over the page of a visit that has ended, and its server unless the user has files."""
        visit.leave()
        self._pages.append(visit.page)
        if visit.server.is_untouched and not visit.sent:
            self._servers.append(visit.server)
        else:
            visit.server.stop()

    def close(self) -> None:
        """Stop all servers that were handed on."""
        for server in self._servers:
            server.stop()


class Visitor:
    """A factory that opens the page for test users, in one browser."""

    def __init__(self, folder: Path, kept: Kept) -> None:
        self._folder, self._kept = folder, kept
        self.visits: list[Visit] = []

    def __call__(
        self,
        variables: dict[str, str] | None = None,
        *options: str,
        files: dict[str, str] | None = None,
        size: tuple[int, int] = WIDE,
        **media: Any,
    ) -> Visit:
        """Return a visit for a user with these variables and files under home; the browser emulates `media`."""
        server = None if options or files else self._kept.server(variables or {})
        server = server or self._started(variables or {}, options, files or {})
        page = self._kept.page()
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(**{"color_scheme": "light", "reduced_motion": "no-preference", **media})
        visit = Visit(page, server)
        self.visits.append(visit)
        return visit

    def _started(self, variables: dict[str, str], options: Sequence[str], files: dict[str, str]) -> Server:
        home = self._folder / f"user-{len(self.visits)}"
        home.mkdir()
        shell = Shell(home)
        for name, text in files.items():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            (home / name).write_text(text, encoding="utf-8")
        return Server(shell, *options, **variables)


@contextlib.contextmanager
def visitor(folder: Path, kept: Kept) -> Iterator[Visitor]:
    """Let test users open pages; hand on afterwards what can be used again."""
    factory = Visitor(folder, kept)
    try:
        yield factory
    finally:
        for visit in factory.visits:
            kept.take(visit)
