"""From what an entry point names to the thing itself."""

import importlib
import importlib.machinery
import os
from collections.abc import Sequence
from functools import reduce
from types import ModuleType


def import_target(target: str) -> object:
    """What an entry point names: `module` or `module:attribute`. A package without `__init__.py` runs no code."""
    module, _, attribute = target.partition(":")
    imported: object = importlib.import_module(module)
    return reduce(getattr, attribute.split("."), imported) if attribute else imported


def folder_of(target: str) -> str:
    """The folder of the package in `package:plugin.toml`, or nothing. Nothing of it is imported."""
    package, _, document = target.partition(":")
    path: Sequence[str] | None = None
    for name in package.split("."):
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        path = list(spec.submodule_search_locations or ()) if spec else []
    return next((each for each in path or () if os.path.exists(os.path.join(each, document))), "")


def data_folders(item: object) -> list[str]:
    """The folders of a package without any code, which carries manifests; none of a module or an object."""
    is_data = isinstance(item, ModuleType) and getattr(item, "__file__", None) is None and hasattr(item, "__path__")
    return list(getattr(item, "__path__", ())) if is_data else []


def same(item: object) -> object:
    """The thing itself, where it is there already."""
    return item


def object_name(item: object) -> str:
    """What a module or an object is called."""
    name: str = getattr(item, "__name__", "") or type(item).__name__
    return name
