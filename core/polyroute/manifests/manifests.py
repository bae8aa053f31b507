"""Reading manifests: those of folders, and those that distributions carry instead of code.

What they say is kept between runs in one file, so that a thousand of them cost no parsing, and no pydantic.
"""

import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from polyroute import cache, json_form
from polyroute.errors import Unavailable, UsageError
from polyroute.manifests.description import Description
from polyroute.manifests.finding import MANIFEST
from polyroute.types import Model

_MANIFEST_BYTES = 1 << 20
_LIST_BYTES = 16 << 20
_MOST_VALUES = 250_000
"""In a manifest or a list. They are counted before parsing, which would take a hundred times their size."""

# To be raised whenever anything else is made of the same files.
_VERSION = 3


class Manifest(NamedTuple):
    """One manifest, and what it says."""

    path: str
    """The manifest itself."""
    description: Description = Description()
    """Without its models: lists may be long, and few runs need one."""
    listed: frozenset[str] = frozenset()
    """The providers of which it lists models."""
    model_urls: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """By provider, the base URLs that models of it have of their own."""
    fault: str = ""
    """Why it can't be used, for users; the description is then empty."""

    @property
    def folder(self) -> str:
        """Where it lies."""
        return os.path.dirname(self.path)

    @property
    def has_folder(self) -> bool:
        """Whether all of its folder belongs to it, and not one file of several."""
        return os.path.basename(self.path) == MANIFEST

    @property
    def identity(self) -> str:
        """What decisions about it are filed under."""
        return os.path.realpath(self.folder if self.has_folder else self.path)

    @property
    def name(self) -> str:
        """What the plugin calls itself, else what its folder or its file is called."""
        own = os.path.basename(self.folder if self.has_folder else self.path.removesuffix(".toml"))
        return self.description.name or own

    @property
    def files(self) -> tuple[str, ...]:
        """All files that it is made of; a program's own are not among them."""
        return (self.path, *(os.path.join(self.folder, name) for name in self.description.files))


def load(paths: Sequence[str]) -> list[Manifest]:
    """These manifests; those that can't be used say why."""
    kept = cache.collected("manifests", _VERSION, paths, _kept) if paths else {}
    return [_restored(path, kept[path]) for path in paths]


def models(manifest: Manifest) -> tuple[Model, ...]:
    """The models that a manifest lists."""

    def build() -> list[Any]:
        return [json_form.plain(each) for each in read(manifest.path).models]

    rows = cache.derived("manifest-models", _VERSION, manifest.files, build)
    return tuple([json_form.restored(Model, row) for row in rows])


def read(path: str, *, strict: bool = True) -> Description:
    """What a manifest says, with its models; not `strict`, keys that nobody knows are passed over. Raises UsageError
    with a line for each fault, or Unavailable where it can't be read.
    """
    from polyroute.manifests.reader import Wrong
    from polyroute.manifests.reading import parse

    folder, name = os.path.split(path)
    text = _text(folder, name, _MANIFEST_BYTES)
    table = _toml(text, name)
    files = tuple(_fill_lists(table, folder))
    try:
        return parse(table, strict=strict)._replace(files=files)
    except Wrong as wrong:
        from polyroute.manifests.locating import located

        raise UsageError("\n".join(located(text, wrong.faults))) from None


def _kept(path: str) -> tuple[Any, tuple[str, ...]]:
    """The plain form of a manifest, or its fault; and the further files that it was made from."""
    try:
        found = read(path)
    except (UsageError, Unavailable) as error:
        return {"fault": str(error)}, _around(os.path.dirname(path))
    listed = sorted({model.provider for model in found.models})
    urls = {name: sorted({each.base_url for each in found.models if each.provider == name} - {""}) for name in listed}
    value = {"description": json_form.plain(found._replace(models=())), "listed": listed, "urls": urls}
    return value, Manifest(path, found).files[1:]


def _around(folder: str) -> tuple[str, ...]:
    """What may have to change for a manifest to be fixed."""
    with os.scandir(folder) as entries:
        return (folder, *(each.path for each in entries if each.is_file()))


def _restored(path: str, kept: Any) -> Manifest:
    if "fault" in kept:
        return Manifest(path, fault=kept["fault"])
    urls = {name: tuple(each) for name, each in kept["urls"].items()}
    said = json_form.restored(Description, kept["description"])
    return Manifest(path, said, frozenset(kept["listed"]), urls)


def _fill_lists(document: dict[str, Any], folder: str) -> Iterable[str]:
    """Put lists of models that stand in files beside the manifest in their place; return the files' names."""
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
        raise UsageError(f"{name} leads out of the plugin's folder. Put a copy of the file there.")
    try:
        with open(path, "rb", opener=platform.open_without_waiting) as file:
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
