"""The user's own servers: asked whether they run only where a user wants to know."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler

from polyroute import explain, local_servers, verify
from tests.support.catalogs import MakeCatalog
from tests.support.fake_endpoint import Serve

MODELS = {"/models": {"object": "list", "data": [{"id": "llama3.2:3b"}, {"id": "mine"}, {"id": ""}, 7]}}


def test_a_server_that_runs_lists_its_models(make_catalog: MakeCatalog, serve: Serve) -> None:
    """A server that runs has exactly the models that it lists, and says so."""
    server = serve(key="")
    server.documents.update(MODELS)
    found = local_servers.look(make_catalog(OLLAMA_HOST=server.url.removesuffix("/v1")))
    assert [model.id for model in found.models(provider="ollama")] == ["llama3.2:3b", "mine"]
    assert "ollama/mine" in {str(offer.model) for offer in found.offers("ollama/mine") if offer.route.usable}
    assert f"it is running at {server.url} with 2 models" in str(explain(found, "ollama"))


def test_a_server_that_does_not_run(make_catalog: MakeCatalog, serve: Serve) -> None:
    """A server that does not answer can't be used, once it was asked; before that it is taken and called unchecked."""
    server = serve(key="")
    server.stop()
    unasked = make_catalog(OLLAMA_BASE_URL=server.url)
    assert "not checked" in unasked.resolve("ollama/mine").reason
    asked = local_servers.look(unasked)
    (route,) = asked.provider("ollama").routes
    assert (route.usable, route.remedy) == (False, "Start it.")
    assert f"not running at {server.url}" in route.reason


def test_verifying_a_server(make_catalog: MakeCatalog, serve: Serve) -> None:
    """Verification says whether a server runs that needs no key."""
    server = serve(key="")
    server.documents.update(MODELS)
    (found,) = verify(make_catalog(OLLAMA_BASE_URL=server.url), ["ollama"])
    assert (found.state, found.message) == ("valid", f"running with 2 models at {server.url}")


def test_a_server_that_hangs(make_catalog: MakeCatalog, serve: Serve) -> None:
    """A server that never answers is not waited for."""
    server = serve(key="")
    hanging = threading.Event()
    server.next.append(lambda handler: _hang(handler, hanging))
    found = make_catalog(OLLAMA_BASE_URL=server.url)
    (state,) = local_servers.states(found, ["ollama"]).values()
    assert (state.state, hanging.is_set()) == ("not_running", False)
    hanging.set()


def _hang(handler: BaseHTTPRequestHandler, until: threading.Event) -> None:
    until.wait()
    handler.close_connection = True
