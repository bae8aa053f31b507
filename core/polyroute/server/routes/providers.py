"""Operations on providers and their lists of models."""

from __future__ import annotations

from polyroute import ModelRef, Plugins, local_servers
from polyroute.documents import providers, refreshing
from polyroute.documents.provider_types import AskedServers, ListsFetched, ProvidersDocument
from polyroute.list_refresh import refresh
from polyroute.lists.changes import moved
from polyroute.server.operations import Operation, OperationCall

_SECONDS = 1.0
"""How long the user's own servers together are waited for: nothing else waits for them."""


def _providers(call: OperationCall) -> ProvidersDocument:
    """List the providers that a user can set up, and what each needs."""
    known = call.snapshot.known.keys.current(call.catalog)
    return providers.providers(call.catalog, {name: (each.verification, each.at) for name, each in known.items()})


def _servers(call: OperationCall) -> AskedServers:
    """Ask the user's own servers on this machine, or at the address that the user set, whether they run."""
    found = local_servers.states(call.catalog, seconds=_SECONDS)
    call.snapshot.known.servers.put(call.catalog.environment, found)
    return providers.servers(found.values())


def _lists_fetched(call: OperationCall) -> ListsFetched:
    """Fetch all lists of models again, and return what came and went."""
    call.require_this_machine("Whoever runs the server has its lists fetched.", "Ask them to run `polyroute refresh`.")
    catalog = call.catalog
    reports = refresh(catalog.plugins.lists, catalog.environment, force=True)
    is_new = any(each.state == "updated" for each in reports)
    moves = moved(_refs(catalog.plugins), _refs(Plugins.load(environment=catalog.environment))) if is_new else None
    return refreshing.fetched(reports, moves)


def _refs(plugins: Plugins) -> frozenset[ModelRef]:
    return frozenset(model.ref for model in plugins.all_models())


OPERATIONS = (
    Operation("GET", "/llm/providers", _providers, cached_for="user"),
    Operation("POST", "/llm/local/look", _servers, lane="network"),
    Operation("POST", "/llm/lists/refresh", _lists_fetched, lane="network"),
)
