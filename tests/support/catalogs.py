"""The types of the fixtures that make environments and catalogs."""

from __future__ import annotations

from collections.abc import Callable

from polyroute import Catalog, Environment

MakeEnvironment = Callable[..., Environment]
MakeCatalog = Callable[..., Catalog]
