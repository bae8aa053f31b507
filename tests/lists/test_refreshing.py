"""Fetching lists: a good list is replaced only by a better one, and no server exceeds the limits."""

from __future__ import annotations

import gzip
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polyroute import Environment, FetchedList, MissingExtra, Unavailable, UsageError
from polyroute.list_refresh import RefreshReport, refresh
from polyroute.lists import stored
from polyroute.lists.fetch import Bounds
from tests.support.file_server import Request, Upstream, drip, drip_headers, packed, running
from tests.support.machine import needed
from tests.support.processes import together

pytestmark = pytest.mark.slow

PATH = "/models.json"
GOOD = {"one": 1, "two": 2, "three": 3, "four": 4}
OTHER = {**GOOD, "five": 5}
SMALL = Bounds(size=10_000)
TIGHT = SMALL._replace(total_seconds=0.5)
"""For servers that never come to an end; all others have time, on a busy machine too."""


def counted(document: Any) -> int:
    """Validate a test list: a table that is not empty."""
    if not isinstance(document, dict) or not document:
        raise ValueError("it is no table")
    return len(document)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Provide a separate cache for each test; return the folder of its lists."""
    monkeypatch.setenv("POLYROUTE_HOME", str(tmp_path / "polyroute"))
    return tmp_path / "polyroute" / "cache" / "lists"


def fetch(
    url: str, *, force: bool = False, bounds: Bounds = SMALL, bundled: int = 0, **variables: str
) -> RefreshReport:
    """Refresh one list and return the report."""
    wanted = FetchedList("acme", url, counted, models=bundled)
    (report,) = refresh([wanted], Environment(variables), force=force, bounds=bounds)
    return report


def kept() -> Any:
    return stored.read("acme", "")


def at_an_age(seconds: int) -> None:
    """Set the age of the fetched list."""
    then = stored.fetched_at("acme") or 0
    os.utime(stored.path("acme"), (then - seconds, then - seconds))


# Success


def test_a_list_is_fetched_and_kept(upstream: Upstream, cache: Path) -> None:
    """The response is stored whole, readable only by its owner; the report has time, address and number of models."""
    url = upstream.put(PATH, GOOD)
    report = fetch(url)
    assert (report.name, report.url, report.state, report.models, report.error) == ("acme", url, "updated", 4, "")
    assert report.fetched == stored.fetched_at("acme")
    assert kept() == GOOD
    assert {path.stat().st_mode & 0o777 for path in cache.iterdir()} == {0o600}


def test_a_fresh_list_is_not_fetched_again(upstream: Upstream) -> None:
    """A list younger than a day is not fetched again, unless forced."""
    url = upstream.put(PATH, GOOD)
    assert [fetch(url).state, fetch(url).state, fetch(url, force=True).state] == ["updated", "fresh", "updated"]
    assert len(upstream.seen) == 2


@pytest.mark.parametrize(("age", "state"), [(23 * 3600, "fresh"), (25 * 3600, "updated"), (-3600, "updated")])
def test_a_day_is_fresh(upstream: Upstream, age: int, state: str) -> None:
    """A list that is older than a day, or from the future, is fetched again."""
    url = upstream.put(PATH, GOOD)
    fetch(url)
    at_an_age(age)
    assert fetch(url).state == state


def test_an_unchanged_list_is_not_sent_again(upstream: Upstream) -> None:
    """When the ETag shows that nothing has changed, the list counts as new, and its content stays the same."""
    url = upstream.put_tagged(PATH, GOOD, '"v1"')
    fetch(url)
    at_an_age(30 * 3600)
    report = fetch(url)
    assert (report.state, report.models, kept()) == ("unchanged", 4, GOOD)
    assert fetch(url).state == "fresh"
    upstream.put_tagged(PATH, OTHER, '"v2"')
    assert (fetch(url, force=True).state, kept()) == ("updated", OTHER)


def test_the_day_of_the_last_change_is_sent_too(upstream: Upstream) -> None:
    """The Last-Modified date of a response is sent as If-Modified-Since."""
    day = "Tue, 24 Nov 2026 09:00:00 GMT"
    url = upstream.put(PATH, GOOD, Last_Modified=day)
    fetch(url)
    fetch(url, force=True)
    assert [headers.get("if-modified-since") for _, headers in upstream.seen] == [None, day]


def test_a_damaged_list_is_fetched_whole(upstream: Upstream) -> None:
    """A damaged list is neither fresh nor unchanged: no ETag is sent."""
    url = upstream.put_tagged(PATH, GOOD, '"v1"')
    fetch(url)
    Path(stored.path("acme")).write_text("{", encoding="utf-8")
    assert (fetch(url).state, kept()) == ("updated", GOOD)
    assert [headers.get("if-none-match") for _, headers in upstream.seen] == [None, None]


def test_another_address_is_another_list(upstream: Upstream) -> None:
    """A list from another address is not fresh for this one, and its ETag is not sent."""
    fetch(upstream.put_tagged("/a", GOOD, '"v1"'))
    assert fetch(upstream.put("/b", OTHER)).state == "updated"
    assert upstream.seen[-1][1].get("if-none-match") is None


def test_a_packed_answer_is_unpacked(upstream: Upstream) -> None:
    """Gzip is requested and decompressed."""
    assert (fetch(upstream.put_packed(PATH, packed(GOOD))).state, kept()) == ("updated", GOOD)
    assert upstream.seen[0][1]["accept-encoding"] == "gzip"


def test_the_address_can_be_moved(upstream: Upstream) -> None:
    """The address is set by a variable of the process or by the host, which takes precedence."""
    moved = upstream.put("/mirror", GOOD)
    assert fetch("https://acme.invalid/", POLYROUTE_LIST_URLS=f" acme={moved}  ").url == moved
    wanted = FetchedList("acme", "https://acme.invalid/", counted)
    environment = Environment({"POLYROUTE_LIST_URLS": "acme=https://other.invalid/"})
    assert refresh([wanted], environment, urls={"acme": moved})[0].url == moved


@pytest.mark.parametrize(
    "value", ["acme=", "acme=ftp://x/y", "acme=https://me:secret@x/y", "nobody=https://x/y", "acme"]
)
def test_a_wrong_address_is_refused(value: str) -> None:
    """An invalid address, one with a password, or an unknown list is a usage error; the message has no password."""
    with pytest.raises(UsageError) as caught:
        fetch("https://acme.invalid/", POLYROUTE_LIST_URLS=value)
    assert "POLYROUTE_LIST_URLS" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_project_can_not_move_the_address(tmp_path: Path, upstream: Upstream) -> None:
    """A trusted project's `.env` can't change a list's address."""
    (tmp_path / ".env").write_text(f"POLYROUTE_LIST_URLS=acme={upstream.put('/evil', OTHER)}\n", encoding="utf-8")
    environment = Environment({}, trusted_project=tmp_path)
    (report,) = refresh([FetchedList("acme", upstream.put(PATH, GOOD), counted)], environment)
    assert report.url.endswith(PATH)


# Failures


def hang(request: Request) -> None:
    request.server.over.wait()


def truncated(request: Request) -> None:
    request.reply(json.dumps(GOOD).encode()[:-1], headers={"Content-Length": "1000"})


def packed_as(body: bytes) -> Callable[[Request], None]:
    return lambda request: request.reply(body, headers={"Content-Encoding": "gzip"})


def reply(body: bytes, status: int = 200, /, **headers: str) -> Callable[[Request], None]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: request.reply(body, status, named)


BAD: dict[str, tuple[Callable[[Request], None], str]] = {
    "hangs": (hang, "within 0.5 seconds"),
    "drips": (drip, "within 0.5 seconds"),
    "drips headers": (drip_headers, "within 0.5 seconds"),
    "truncated": (truncated, "truncated"),
    "truncated without length": (reply(json.dumps(GOOD).encode()[:-1]), "not JSON"),
    "truncated gzip": (packed_as(packed(GOOD)[:-9]), "truncated"),
    "no gzip": (packed_as(b"not packed"), "gzip"),
    "unasked packing": (reply(b"x", Content_Encoding="br"), "content encoding"),
    "too large": (reply(b" " * 10_001), "larger than 10,000 bytes"),
    "a bomb": (packed_as(gzip.compress(b" " * 50_000_000)), "larger than 10,000 bytes"),
    "empty": (reply(b""), "empty"),
    "blank": (reply(b" \n"), "empty"),
    "no JSON": (reply(b"<html>sign in</html>"), "not JSON"),
    "not a number": (reply(b'{"a": NaN, "b": 1}'), "not JSON"),
    "deep": (reply(b"[" * 9_000), "not JSON"),
    "another document": (reply(b'["a"]'), "it is no table"),
    "nothing left": (reply(b'{"one": 1}'), "has 1 models, but there were 4"),
    "an error": (reply(b"oh", 500), "500"),
    "not found": (reply(b"{}", 404), "404"),
    "forbidden": (reply(b"{}", 403), "403"),
    "a redirect to elsewhere": (reply(b"", 302, Location="https://evil.example/list?x"), "https://evil.example,"),
    "a redirect in a circle": (reply(b"", 302, Location=PATH), "more than 3 redirects"),
    "a redirect to a file": (reply(b"", 302, Location="file:///etc/passwd"), "another host"),
}


def bounds_for(case: str) -> Bounds:
    return TIGHT if case in ("hangs", "drips", "drips headers") else SMALL


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_replaces_nothing(upstream: Upstream, case: str) -> None:
    """Any error in a response is reported, and the existing list keeps its exact content and age."""
    answer, words = BAD[case]
    url = upstream.put(PATH, GOOD)
    fetch(url)
    at_an_age(100_000)
    before = Path(stored.path("acme")).read_bytes(), stored.fetched_at("acme")
    upstream.on(PATH, answer)
    report = fetch(url, bounds=bounds_for(case))
    assert report.state == "failed"
    assert words in report.error
    assert (Path(stored.path("acme")).read_bytes(), report.fetched) == before


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_makes_no_list(upstream: Upstream, case: str) -> None:
    """If no list was fetched before, a bad response stores none."""
    url = upstream.on(PATH, BAD[case][0])
    report = fetch(url, bounds=bounds_for(case), bundled=4)
    assert (report.state, report.fetched, report.models, kept()) == ("failed", None, None, None)


def test_an_unchanged_answer_to_nobody_is_a_failure(upstream: Upstream) -> None:
    """A 304 response is a failure if there is no list yet."""
    report = fetch(upstream.on(PATH, reply(b"", 304)))
    assert (report.state, kept()) == ("failed", None)


def test_nobody_listens(upstream: Upstream) -> None:
    """If no server listens, the report says so."""
    url = upstream.put(PATH, GOOD)
    upstream.server_close()
    assert fetch("http://127.0.0.1:9/").error == "no connection"
    assert url.startswith("http")


def test_a_redirect_on_the_same_server_is_followed(upstream: Upstream) -> None:
    """A redirect within the same server is followed."""
    upstream.put("/new", GOOD)
    assert fetch(upstream.on(PATH, reply(b"", 301, Location="/new"))).state == "updated"


def test_one_list_fails_alone(upstream: Upstream) -> None:
    """An error in one list, including a validator that raises, does not prevent the refresh of others."""

    def broken(document: object) -> int:
        raise RuntimeError("no")

    wanted = [FetchedList("a", upstream.put("/a", GOOD), broken), FetchedList("b", upstream.put("/b", GOOD), counted)]
    reports = refresh(wanted, Environment({}))
    assert [report.state for report in reports] == ["failed", "updated"]
    assert "RuntimeError" in reports[0].error


def test_a_cache_that_can_not_be_written(upstream: Upstream, cache: Path) -> None:
    """If a list can't be stored, its report says so."""
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    report = fetch(upstream.put(PATH, GOOD))
    assert report.state == "failed"
    assert str(cache) in report.error


@pytest.mark.parametrize("notes", ["", "[]", '{"url": 7}', '{"urls": ""}', "\x00"])
def test_damaged_notes_cost_a_fetch(upstream: Upstream, notes: str) -> None:
    """Stored metadata of a list that can't be read is ignored: the list is fetched."""
    url = upstream.put_tagged(PATH, GOOD, '"v1"')
    fetch(url)
    Path(stored.path("acme")).with_suffix(".notes").write_text(notes)
    assert fetch(url).state == "updated"


# Settings of the process


@pytest.mark.parametrize(("value", "state"), [("1", "offline"), ("yes", "offline"), ("0", "updated"), (" ", "updated")])
def test_offline_asks_nobody(upstream: Upstream, value: str, state: str) -> None:
    """With POLYROUTE_OFFLINE no request is sent; a fresh list is still fresh."""
    url = upstream.put(PATH, GOOD)
    assert fetch(url, POLYROUTE_OFFLINE=value).state == state
    assert bool(upstream.seen) == (state == "updated")
    fetch(url)
    assert fetch(url, POLYROUTE_OFFLINE="1").state == "fresh"


def test_a_proxy_is_used(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy that the process's variables name receives the full URL."""
    upstream.put("http://lists.invalid/models.json", GOOD)
    monkeypatch.setenv("http_proxy", upstream.url)
    assert fetch("http://lists.invalid/models.json").state == "updated"
    monkeypatch.setenv("no_proxy", "lists.invalid")
    assert fetch("http://lists.invalid/models.json", force=True).state == "failed"


def test_a_password_of_a_proxy_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message about an unusable proxy does not contain the proxy's URL."""
    monkeypatch.setenv("https_proxy", "nothing://me:secret@proxy.invalid")
    with pytest.raises(Unavailable) as caught:
        fetch("https://acme.invalid/")
    assert "HTTPS_PROXY" in str(caught.value)
    assert "secret" not in repr(caught.value) + str(caught.value.__cause__)


def test_a_network_without_a_proxy(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses of a network in NO_PROXY are requested directly."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    assert fetch(upstream.put(PATH, GOOD)).state == "updated"


def test_a_socks_proxy_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a SOCKS proxy the message names the required extra and does not contain the password."""
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("all_proxy", "socks5://me:secret@127.0.0.1:9")
    with pytest.raises(MissingExtra, match=r"polyroute\[socks\]") as caught:
        fetch("https://acme.invalid/")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there_are_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """If a CA file or folder is missing, the message names the variable and its value."""
    monkeypatch.setenv(name, "/none/such.pem")
    with pytest.raises(Unavailable, match=f"{name} is set to /none/such.pem"):
        fetch("https://acme.invalid/")


def test_a_refusing_proxy_is_told(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses the request is a failure of the list; the report does not contain the password."""
    upstream.on("http://lists.invalid/", reply(b"", 407))
    monkeypatch.setenv("http_proxy", upstream.url.replace("//", "//me:secret@"))
    report = fetch("http://lists.invalid/")
    assert "407" in report.error
    assert "secret" not in str(report)


def test_a_certificate_authority_is_believed_where_the_process_says_so(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server with an unknown certificate is refused, unless SSL_CERT_FILE names it."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = [needed("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key)]
    subprocess.run([*made, "-out", str(certificate), *name], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    upstream.socket = context.wrap_socket(upstream.socket, server_side=True)
    upstream.put(PATH, GOOD)
    url = upstream.url.replace("http:", "https:") + PATH
    refused = fetch(url, bounds=Bounds())
    assert (refused.state, "SSL_CERT_FILE" in refused.error) == ("failed", True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetch(url, bounds=Bounds()).state == "updated"


def test_nothing_of_the_user_is_sent(upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request contains no key and no login, not even one that `.netrc` has for this host."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    fetch(upstream.put(PATH, GOOD), OPENAI_API_KEY="secret")
    ((_, headers),) = upstream.seen
    assert set(headers) <= {"host", "connection", "user-agent", "accept", "accept-encoding"}


# Concurrency

REFRESH = """
import sys
from polyroute import Environment, FetchedList
from polyroute.list_refresh import refresh

for _ in range(5):
    (report,) = refresh([FetchedList("acme", sys.argv[1], len)], Environment({}), force=True)
    assert report.state in ("updated", "unchanged"), report
"""


def test_processes_refresh_at_once(upstream: Upstream) -> None:
    """Processes that fetch at the same time all succeed, and the stored list is complete and matches its metadata."""
    url = upstream.put_tagged(PATH, GOOD, '"v1"')
    together(REFRESH, [[url]] * 3)
    assert kept() == GOOD
    assert fetch(url).state == "fresh"


def test_threads_refresh_at_once(upstream: Upstream) -> None:
    """Threads that fetch at the same time all succeed, too."""
    url = upstream.put(PATH, GOOD)
    states: list[str] = []
    threads = [
        threading.Thread(target=lambda: states.append(fetch(url, force=True, bounds=Bounds()).state)) for _ in "1234"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states == ["updated"] * 4
    assert kept() == GOOD
