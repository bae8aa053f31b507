"""Finding and reading manifests: folders with a `plugin.toml`, and distributions that carry one instead of code.

What they say is kept between runs in one file, so that a thousand of them cost no parsing, and no pydantic.
"""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from polyroute import cache
from polyroute.errors import Unavailable, UsageError
from polyroute.manifests import description
from polyroute.manifests.description import Description
from polyroute.types import Model

MANIFEST = "plugin.toml"
PROJECT_PLUGINS = os.path.join(".polyroute", "plugins")
"""Where a project keeps plugins of its own."""

_MANIFEST_BYTES = 1 << 20
_LIST_BYTES = 16 << 20
_MOST_VALUES = 250_000
"""In a manifest or a list. They are counted before parsing, which would take a hundred times their size."""

# To be raised whenever anything else is made of the same files.
_VERSION = 2


class Manifest(NamedTuple):
    """A plugin's folder, and what its manifest says."""

    folder: str
    description: Description = Description()
    """Without its models: lists may be long, and few runs need one."""
    listed: frozenset[str] = frozenset()
    """The providers of which it lists models."""
    model_urls: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """By provider, the base URLs that models of it have of their own."""
    fault: str = ""
    """Why it can't be used, for people; the description is then empty."""

    @property
    def path(self) -> str:
        """The manifest itself."""
        return os.path.join(self.folder, MANIFEST)

    @property
    def name(self) -> str:
        """What the plugin calls itself, else what its folder is called."""
        return self.description.name or os.path.basename(self.folder)

    @property
    def files(self) -> tuple[str, ...]:
        """All files that it is made of; a program's own are not among them."""
        return (self.path, *(os.path.join(self.folder, name) for name in self.description.files))


def folders(directory: str) -> list[str]:
    """The plugins' folders in a plugin folder, by name."""
    try:
        with os.scandir(directory) as entries:
            names = sorted(each.name for each in entries if not each.name.startswith(".") and each.is_dir())
    except OSError:
        return []
    paths = (f"{directory}/{name}" for name in names)
    return [path for path in paths if os.path.lexists(f"{path}/{MANIFEST}")]


def project_directory(start: str) -> str:
    """The plugin folder of the project that `start` is in; empty where there is none."""
    if not start:
        return ""
    folder = os.path.abspath(start)
    while not os.path.isdir(os.path.join(folder, PROJECT_PLUGINS)):
        parent = os.path.dirname(folder)
        if parent == folder:
            return ""
        folder = parent
    return os.path.join(folder, PROJECT_PLUGINS)


def load(paths: Sequence[str]) -> list[Manifest]:
    """The manifests in these folders; those that can't be used say why."""
    if not paths:
        return []
    manifests = [os.path.join(path, MANIFEST) for path in paths]
    kept = cache.collected("manifests", _VERSION, manifests, _kept)
    return [_restored(folder, kept[path]) for folder, path in zip(paths, manifests, strict=True)]


def models(manifest: Manifest) -> tuple[Model, ...]:
    """The models that a manifest lists."""
    rows = cache.derived("manifest-models", _VERSION, manifest.files, lambda: read(manifest.folder).models)
    return tuple([description.model(row) for row in rows])


def read(folder: str) -> Description:
    """What the manifest in a folder says, with its models. Raises UsageError with a line for each fault, or
    Unavailable where it can't be read.
    """
    from polyroute.manifests.describe import Wrong, parse

    text = _text(folder, MANIFEST, _MANIFEST_BYTES)
    table = _toml(text, MANIFEST)
    files = tuple(_fill_lists(table, folder))
    try:
        return parse(table)._replace(files=files)
    except Wrong as wrong:
        from polyroute.manifests.locating import located

        raise UsageError("\n".join(located(text, wrong.faults))) from None


def _kept(path: str) -> tuple[Any, tuple[str, ...]]:
    """The plain form of a manifest, or its fault; and the further files that it was made from."""
    folder = os.path.dirname(path)
    try:
        found = read(folder)
    except (UsageError, Unavailable) as error:
        return {"fault": str(error)}, _around(folder)
    listed = sorted({model.provider for model in found.models})
    urls = {name: sorted({each.base_url for each in found.models if each.provider == name} - {""}) for name in listed}
    value = {"description": description.plain(found._replace(models=())), "listed": listed, "urls": urls}
    return value, Manifest(folder, found).files[1:]


def _around(folder: str) -> tuple[str, ...]:
    """What may have to change for a manifest to be mended."""
    with os.scandir(folder) as entries:
        return (folder, *(each.path for each in entries if each.is_file()))


def _restored(folder: str, kept: Any) -> Manifest:
    if "fault" in kept:
        return Manifest(folder, fault=kept["fault"])
    urls = {name: tuple(each) for name, each in kept["urls"].items()}
    return Manifest(folder, description.restored(kept["description"]), frozenset(kept["listed"]), urls)


def _fill_lists(table: dict[str, Any], folder: str) -> Iterable[str]:
    """Put lists of models that stand in files beside the manifest in their place; return the files' names."""
    providers = table.get("providers")
    for provider in providers.values() if isinstance(providers, dict) else ():
        name = provider.get("models") if isinstance(provider, dict) else None
        if isinstance(name, str):
            provider["models"] = _list(folder, name)
            yield name


def _list(folder: str, name: str) -> Any:
    text = _text(folder, name, _LIST_BYTES)
    found = _json(text, name) if name.endswith(".json") else _toml(text, name)
    return found.get("models", []) if isinstance(found, dict) else found


def _text(folder: str, name: str, most: int) -> str:
    path = os.path.realpath(os.path.join(folder, name))
    if os.path.commonpath([path, os.path.realpath(folder)]) != os.path.realpath(folder):
        raise UsageError(f"{name} leads out of the plugin's folder. Put a copy of the file there.")
    try:
        with open(path, "rb", opener=_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{name} is no file.")
            data = file.read(most + 1)
    except OSError as error:
        raise Unavailable(f"{name} can't be read: {error.strerror}.") from error
    if len(data) > most:
        raise UsageError(f"{name} is larger than {most >> 20} MiB.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text.") from None
    if sum(map(text.count, ",=[{")) > _MOST_VALUES:
        raise UsageError(f"{name} holds more than {_MOST_VALUES:,} values.")
    return text


def _at_once(path: str, flags: int) -> int:
    """Open a file without waiting: a pipe in its place has nobody at its other end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _toml(text: str, name: str) -> dict[str, Any]:
    from polyroute.system import toml

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
