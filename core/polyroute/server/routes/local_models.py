"""Operations on model files on this machine, and on the server that runs such models."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from typing import TYPE_CHECKING, Any, get_args

from polyroute._internal import files, http_client
from polyroute.base_url import joined, normalized, origin_of
from polyroute.dexto_compat import installed_models_path
from polyroute.dexto_compat.http import FILE_SUFFIX, SERVED_PATH, SERVED_URL
from polyroute.dexto_compat.types import FileSource
from polyroute.documents.http_local_types import FileValidation, LocalModel, LocalModels, ServedModel, ServedModels
from polyroute.errors import PolyrouteError, Unavailable
from polyroute.server.operations import Operation, OperationCall
from polyroute.server.schemas import FileBody, ServedQuery

if TYPE_CHECKING:
    import httpx2

_SECONDS = 0.3
_MOST_BYTES = 1_000_000
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _installed(call: OperationCall) -> LocalModels:
    """List the model files that are installed on this machine."""
    path = installed_models_path(call.catalog.environment.shared_home)
    try:
        document = json.loads(files.read(path, files.MOST_DATA_BYTES))
        found = document["installed"].values()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        found = ()
    return {"models": [_model(each) for each in found if _is_installed(each)]}


def _is_installed(entry: Any) -> bool:
    texts = isinstance(entry, dict) and all(isinstance(entry.get(name), str) for name in ("id", "filePath"))
    return texts and type(entry.get("sizeBytes")) is int


def _model(entry: dict[str, Any]) -> LocalModel:
    found: LocalModel = {
        "id": entry["id"],
        "displayName": entry["id"],
        "filePath": entry["filePath"],
        "sizeBytes": entry["sizeBytes"],
    }
    if entry.get("source") in get_args(FileSource):
        found["source"] = entry["source"]
    return found


def _validated(call: OperationCall) -> FileValidation:
    """Return whether a file can be used as a model."""
    call.require_this_machine("The files of the server's machine are not for its users.")
    path = call.body(FileBody).filePath
    if not os.path.isabs(path):
        return {"valid": False, "error": "The path must be absolute."}
    if not path.endswith(FILE_SUFFIX):
        return {"valid": False, "error": f"The name of the file must end with {FILE_SUFFIX}."}
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        return {"valid": False, "error": f"The file can't be read ({getattr(error, 'strerror', None) or 'its name'})."}
    if not stat.S_ISREG(found.st_mode):
        return {"valid": False, "error": "It is not a file."}
    if not os.access(path, os.R_OK):
        return {"valid": False, "error": "The file can't be read (permission denied)."}
    return {"valid": True, "sizeBytes": found.st_size}


def _served(call: OperationCall) -> ServedModels:
    """List the models of the local server, at the address that the user has set or on this machine."""
    call.require_this_machine("Servers on the server's machine are not for its users.")
    url = normalized(call.parameters(ServedQuery).baseURL or SERVED_URL).removesuffix("/v1")
    try:
        if origin_of(url)[1] not in _LOOPBACK:
            return {"available": False, "models": [], "error": "Only servers on this machine are asked."}
        if call.catalog.allowance is not None and not call.catalog.allowance.may_reach(url):
            return {"available": False, "models": [], "error": "The organisation's policy does not allow its address."}
        version, tags = asyncio.run(_asked(url))
    except PolyrouteError as error:
        return {"available": False, "models": [], "error": f"It is not running: {error}."}
    document: ServedModels = {"available": True, "models": tags}
    if version:
        document["version"] = version
    return document


async def _asked(url: str) -> tuple[str, list[ServedModel]]:
    """Return the version and the models of a server. Raises Unavailable."""
    async with http_client.client("Asking it", "server", seconds=_SECONDS, connect_seconds=_SECONDS) as client:
        version = await _document(client, joined(url, "/api/version"))
        listed = (await _document(client, joined(url, "/api/tags"))).get("models")
    found = version.get("version")
    models = [_served_model(each) for each in listed if _is_named(each)] if isinstance(listed, list) else []
    return found if isinstance(found, str) else "", models


async def _document(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    async def received(response: httpx2.Response) -> bytes:
        found = b""
        async for part in response.aiter_bytes():
            found += part
            if len(found) > _MOST_BYTES:
                raise Unavailable("its response is too long")
        return found

    data = await http_client.fetched(client, url, lambda *_: None, received, redirects=0, seconds=_SECONDS)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise Unavailable("another program answers at this address") from None
    return document if isinstance(document, dict) else {}


def _is_named(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


def _served_model(entry: dict[str, Any]) -> ServedModel:
    found: ServedModel = {"name": entry["name"]}
    if type(size := entry.get("size")) is int:
        found["size"] = size
    if isinstance(digest := entry.get("digest"), str):
        found["digest"] = digest
    if isinstance(modified := entry.get("modified_at"), str):
        found["modifiedAt"] = modified
    return found


OPERATIONS: tuple[Operation, ...] = (
    Operation("GET", "/models/local", _installed, cached_for="user"),
    Operation("POST", "/models/local/validate", _validated, body=FileBody),
    Operation("GET", SERVED_PATH, _served, ServedQuery, lane="network"),
)
