"""Read manifests: those in folders, and those that distributions carry instead of code."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from polyroute._internal import cache, files
from polyroute.errors import Unavailable, UsageError
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.manifests.description import Description
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.types import Model, serialization

T = TypeVar("T")

_MANIFEST_BYTES = 1 << 20
_LIST_BYTES = 16 << 20
_MOST_VALUES = 250_000
"""The most values in a manifest or a list, counted before parsing, which takes a hundred times their size in memory."""

# Increase this whenever the same files give another result.
_VERSION = 5


class Manifest(NamedTuple):
    """One manifest and its description."""

    path: str
    """The path of the manifest."""
    description: Description = Description()
    """Without models, since lists may be long and few runs need them."""
    listed: frozenset[str] = frozenset()
    """The providers that it lists models of."""
    model_urls: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """By provider, the base URLs set at single models."""
    model_headers: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType({})
    """By provider, the headers set at single models."""
    fault: str = ""
    """A message for users saying why it can't be used; the description is then empty."""

    @property
    def folder(self) -> str:
        """The folder that contains it."""
        return os.path.dirname(self.path)

    @property
    def has_folder(self) -> bool:
        """Whether it has a folder of its own, rather than being one of several manifests in a folder."""
        return os.path.basename(self.path) == MANIFEST

    @property
    def identity(self) -> str:
        """The real path under which decisions about it are recorded."""
        return os.path.realpath(self.folder if self.has_folder else self.path)

    @property
    def name(self) -> str:
        """The plugin's own name, else the name of its folder or file."""
        own = os.path.basename(self.folder if self.has_folder else self.path.removesuffix(".toml"))
        return self.description.name or own

    @property
    def files(self) -> tuple[str, ...]:
        """All files that it was read from; a program's own files are not included."""
        return (self.path, *(os.path.join(self.folder, name) for name in self.description.files))


def load(paths: Sequence[str]) -> list[Manifest]:
    """Return the manifests at `paths`; one that can't be used has its `fault` set."""
    kept = cache.collected("manifests", _VERSION, paths, _kept) if paths else {}
    return [_restored(path, kept[path]) for path in paths]


def unapproved(path: str) -> Manifest:
    """Return a manifest that the user has not approved. It is parsed each time, and stays out of the cache."""
    return _restored(path, _kept(path)[0])


def models(manifest: Manifest) -> tuple[Model, ...]:
    """Return the models that a manifest lists."""

    def build() -> list[Any]:
        return [serialization.plain(each) for each in read(manifest.path).models]

    rows = cache.derived("manifest-models", _VERSION, manifest.files, build)
    return tuple([serialization.restored(Model, row) for row in rows])


def read(path: str, *, strict: bool = True) -> Description:
    """Return a manifest's description with its models. Unless `strict`, unknown keys are ignored.

    Raises UsageError with one line for each fault, or Unavailable if the file can't be read.
    """
    from polyroute.plugins.manifests.parser import parse
    from polyroute.plugins.manifests.validators import InvalidDocument

    folder, name = os.path.split(path)
    text = _text(folder, name, _MANIFEST_BYTES)
    table = _toml(text, name)
    files = tuple(_fill_lists(table, folder))
    try:
        return parse(table, strict=strict)._replace(files=files)
    except InvalidDocument as wrong:
        from polyroute.plugins.manifests.positions import located

        raise UsageError("\n".join(located(text, wrong.faults))) from None


def model_urls(said: Description) -> dict[str, tuple[str, ...]]:
    """Return by provider the base URLs set at single models."""
    return _by_provider((model.provider, model.base_url) for model in said.models if model.base_url)


def model_headers(said: Description) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return by provider the headers set at single models."""
    return _by_provider((model.provider, header) for model in said.models for header in model.headers)


def _by_provider(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, dict[T, None]] = {}
    for name, value in pairs:
        found.setdefault(name, {})[value] = None
    return {name: tuple(values) for name, values in found.items()}


def _kept(path: str) -> tuple[Any, tuple[str, ...]]:
    """Return the plain form of a manifest, or its fault, and the other files that it depends on."""
    try:
        found = read(path)
    except (UsageError, Unavailable) as error:
        return {"fault": str(error)}, _around(os.path.dirname(path))
    listed = sorted({model.provider for model in found.models})
    urls, headers = model_urls(found), model_headers(found)
    said = serialization.plain(found._replace(models=()))
    value = {"description": said, "listed": listed, "urls": urls, "headers": headers}
    return value, Manifest(path, found).files[1:]


def _around(folder: str) -> tuple[str, ...]:
    """Return the files that may change when a faulty manifest is fixed."""
    try:
        paths = [os.path.join(folder, name) for name in os.listdir(folder)]
    except OSError:
        return (folder,)
    return (folder, *filter(os.path.isfile, paths))


def _restored(path: str, kept: Any) -> Manifest:
    if "fault" in kept:
        return Manifest(path, fault=kept["fault"])
    urls = {name: tuple(each) for name, each in kept["urls"].items()}
    headers = {name: tuple((key, value) for key, value in each) for name, each in kept["headers"].items()}
    said = serialization.restored(Description, kept["description"])
    return Manifest(path, said, frozenset(kept["listed"]), urls, headers)


def _fill_lists(document: dict[str, Any], folder: str) -> Iterable[str]:
    """Replace the names of list files with the lists in them, and yield the files' names."""
    tables = [each for key in ("providers", "extends") if isinstance(each := document.get(key), dict)]
    for table in (each for named in tables for each in named.values()):
        name = table.get("models") if isinstance(table, dict) else None
        if isinstance(name, str):
            table["models"] = _list(folder, name)
            yield name


def _list(folder: str, name: str) -> Any:
    text = _text(folder, name, _LIST_BYTES)
    found = _json(text, name) if name.endswith(".json") else _toml(text, name)
    return found.get("models", []) if isinstance(found, dict) else found


def _text(folder: str, name: str, most: int) -> str:
    from polyroute._internal import platform

    path = os.path.realpath(os.path.join(folder, name))
    if not platform.is_within(path, folder):
        raise UsageError(f"{name} leads out of the plugin's folder.", "Put a copy of the file in the folder.")
    try:
        data = files.read(path, most)
    except OSError as error:
        raise Unavailable(f"{name} can't be read: {error.strerror}.") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text.") from None
    if sum(map(text.count, ",=[{")) > _MOST_VALUES:
        raise UsageError(f"{name} holds more than {_MOST_VALUES:,} values.")
    return text


def _toml(text: str, name: str) -> dict[str, Any]:
    from polyroute._internal import toml

    try:
        return toml.parsed(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not valid TOML: {error}") from None


def _json(text: str, name: str) -> Any:
    import json

    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not valid JSON: {error}") from None
