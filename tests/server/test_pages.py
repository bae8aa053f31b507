"""The pages under `/`: the server's own page, or a built application in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polyroute.server import pages
from tests.support.http_server import Client, Serve


def test_the_own_page_allows_nothing_foreign(serve: Serve) -> None:
    """The page runs only this server's scripts, connects only to this server, and can't be framed."""
    answer = serve().get("/")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:")
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_the_own_page_asks_for_is_told_with_it(serve: Serve) -> None:
    """The page's Link header preloads what it requests first, except with a token, which a preload can't send."""
    client = serve()
    told = re.findall(r"<(\S+)>; rel=preload; as=fetch; crossorigin", client.get("/").headers["link"])
    assert told[0] == "api/llm/models"
    assert {client.get(f"/{path}").status for path in told} == {200}
    assert "link" not in Client(serve.app(token="t").url).get("/").headers


def test_scripts_are_sent_without_comments(serve: Serve) -> None:
    """Lines that are comments are sent empty, all others without indentation: an error names the line of the file."""
    file = Path(pages.OWN_PAGE, "store.js").read_text(encoding="utf-8").split("\n")
    sent = serve().get("/store.js").body.decode().split("\n")
    assert {there[:2] for there, here in zip(map(str.lstrip, file), sent, strict=True) if there != here} == {"//", "/*"}
    assert "" in sent and not any(line.strip().startswith(("//", "/*")) for line in sent)


@pytest.fixture
def application(serve: Serve, tmp_path: Path) -> Client:
    """A server with a built single-page application, and a secret file next to its folder."""
    folder = tmp_path / "built"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>first page</title>")
    (folder / "assets" / "app.js").write_text("let script")
    (tmp_path / "secret.txt").write_text("outside")
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    return serve.app(ui_dir=str(folder))


@pytest.mark.parametrize("path", ["/", "/models", "/models/openai/gpt-5", "/a%20b", "/index.html"])
def test_an_applications_own_paths(application: Client, path: str) -> None:
    """A path without a file gets the application's first page."""
    answer = application.get(path)
    assert (answer.status, answer.body) == (200, b"<title>first page</title>")


def test_an_applications_files(application: Client) -> None:
    """Files are served unchanged; a missing file is 404, but a request for HTML gets the first page."""
    assert application.get("/assets/app.js").body == b"let script"
    assert application.get("/assets/missing.js", accept="*/*").status == 404
    assert application.get("/models/gpt-4.1", accept="text/html,*/*;q=0.8").body == b"<title>first page</title>"


@pytest.mark.parametrize(
    "path", ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "//secret.txt", "/link", "/..%5csecret.txt"]
)
def test_nothing_outside_the_folder(application: Client, path: str) -> None:
    """No path leads out of the application's folder."""
    assert b"outside" not in application.get(path).body


HIDDEN = (".env", ".git/config", "assets/.env", "assets/.git/index.html", ".well-known/.env")


@pytest.fixture
def with_hidden_files(application: Client, tmp_path: Path) -> Client:
    """The same application in a folder that is a checkout, with links to hidden files and out of the folder."""
    folder = tmp_path / "built"
    for name in (*HIDDEN, ".well-known/security.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("canary" if name in HIDDEN else "public")
    (folder / "plain").symlink_to(folder / ".env")
    (folder / "folder").symlink_to(folder / ".git")
    (folder / "parent").symlink_to(tmp_path)
    return application


@pytest.mark.parametrize(
    "path",
    [
        *(f"/{name}" for name in HIDDEN),
        "/%2eenv",
        "/.git%2fconfig",
        "/.git/",
        "/.git",
        "//.env",
        "/assets/../.env",
        "/assets/..%2f.env",
        "/assets/.git/",
        "/.well-known/../.env",
        "/plain",
        "/folder/config",
        "/parent/secret.txt",
        "/parent/built/.env",
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_hidden_files_are_not_served(with_hidden_files: Client, path: str, accept: str) -> None:
    """Hidden files and folders of an application, and what links lead out to, are not served, however spelled."""
    answer = with_hidden_files.get(path, accept=accept)
    assert b"canary" not in answer.body
    assert b"outside" not in answer.body
    assert answer.status == 404 or answer.body == b"<title>first page</title>"


def test_a_hidden_file_is_said_to_be_missing(with_hidden_files: Client) -> None:
    """A request for a hidden file is 404, whatever it accepts; the public hidden folder of RFC 8615 is served."""
    assert {with_hidden_files.get(f"/{name}", accept="text/html").status for name in HIDDEN} == {404}
    assert with_hidden_files.get("/.well-known/security.txt").body == b"public"


def test_folders_are_not_listed(with_hidden_files: Client) -> None:
    """A folder without a first page of its own shows nothing of its content."""
    for path in ("/assets", "/assets/", "/.well-known/"):
        assert b"app.js" not in with_hidden_files.get(path).body
        assert b"security.txt" not in with_hidden_files.get(path).body


@pytest.mark.parametrize("path", ["/api/nothing", "/api/", "/api"])
def test_the_api_has_no_first_page(application: Client, path: str) -> None:
    """An unknown path under /api gets an error, never a page."""
    answer = application.get(path)
    assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_without_a_page(serve: Serve) -> None:
    """A host with a page of its own can turn off the server's page."""
    assert serve.app(page=False).get("/").status == 404
