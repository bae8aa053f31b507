"""Pages and editors of other origins: refused, or allowed by `--allow-origin`."""

from __future__ import annotations

import pytest

from tests.support.http_server import Serve
from tests.support.pass_through import TOKEN

EDITOR = "vscode-webview://1a2b3c"
PATH = "/api/llm/current"
ASKING = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,x-own"}


@pytest.mark.parametrize("allowed", [EDITOR, "vscode-webview://*"])
def test_an_allowed_origin(serve: Serve, allowed: str) -> None:
    """An allowed origin's preflight is answered without the token, and it may read responses, also errors."""
    client = serve.app(token=TOKEN, origins=[allowed])
    asked = client.send("OPTIONS", PATH, authorization="", origin=EDITOR, **ASKING)
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["access-control-allow-headers"] == "authorization,x-own"
    assert "POST" in asked.headers["access-control-allow-methods"]
    answers = [client.get(PATH, origin=EDITOR, sec_fetch_site="cross-site"), client.get("/api/none", origin=EDITOR)]
    assert [each.status for each in answers] == [200, 404]
    for each in (asked, *answers):
        assert each.headers["access-control-allow-origin"] == EDITOR
    assert client.get(PATH, origin=EDITOR, authorization="").status == 401


@pytest.mark.parametrize("origin", ["app://obsidian.md", "https://evil.example", "null"])
def test_another_origin(serve: Serve, origin: str) -> None:
    """Any other origin is refused, with the option that would allow it, and gets no header."""
    client = serve.app(token=TOKEN, origins=["vscode-webview://*"])
    for answer in (client.send("OPTIONS", PATH, origin=origin, **ASKING), client.get(PATH, origin=origin)):
        assert answer.status == 403
        assert "--allow-origin" in answer.json["recovery"]
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_no_origin_is_allowed_by_default(serve: Serve) -> None:
    """Without the option no preflight is answered."""
    assert serve.app(token=TOKEN).send("OPTIONS", PATH, origin=EDITOR, **ASKING).status == 403
