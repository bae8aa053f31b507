"""Import what an entry point names."""

import importlib
import importlib.machinery
import os
from collections.abc import Sequence
from functools import reduce
from types import ModuleType


def import_target(target: str) -> object:
    """Import `module` or `module:attribute`. Importing a package without `__init__.py` runs no code."""
    module, _, attribute = target.partition(":")
    imported: object = importlib.import_module(module)
    return reduce(getattr, attribute.split("."), imported) if attribute else imported


def folder_of(target: str) -> str:
    """Return the folder of the package in `package:plugin.toml`, or an empty string. Imports nothing."""
    package, _, document = target.partition(":")
    path: Sequence[str] | None = None
    for name in package.split("."):
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        path = list(spec.submodule_search_locations or ()) if spec else []
    return next((each for each in path or () if os.path.exists(os.path.join(each, document))), "")


def data_folders(item: object) -> list[str]:
    """Return the folders of a package without code, which carries manifests; empty for other modules and objects."""
    is_data = isinstance(item, ModuleType) and getattr(item, "__file__", None) is None and hasattr(item, "__path__")
    return list(getattr(item, "__path__", ())) if is_data else []


def same(item: object) -> object:
    """Return `item` unchanged, in place of an import."""
    return item


def object_name(item: object) -> str:
    """Return the name of a module or of an object's type."""
    name: str = getattr(item, "__name__", "") or type(item).__name__
    return name
