"""The paths of operations as they are declared, with parameters that take any text; logs and metrics have them so."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Route


class _Rest(Convertor[str]):
    """Matches the rest of a path, with any characters: Starlette's `path` convertor stops at a line break."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", _Rest())


class PathTemplates:
    """Finds the declared path of a request: `/api/llm/key/{provider}` for `/api/llm/key/acme`."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        found = [route for route in routes if isinstance(route, Route)]
        self._fixed = frozenset(route.path for route in found if not route.param_convertors)
        self._others = [(route.path_regex, _without_types(route)) for route in found if route.param_convertors]

    def of(self, path: str) -> str | None:
        """Return the template of a path; None for files of pages, and for paths that nothing answers."""
        if path in self._fixed:
            return path
        return next((template for pattern, template in self._others if pattern.match(path)), None)


def _without_types(route: Route) -> str:
    """Return the path of a route with the names of its parameters alone: `{provider}` for `{provider:rest}`."""
    return route.path.replace(":rest}", "}")
