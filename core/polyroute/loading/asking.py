"""Calling hooks one implementation at a time, so that what goes wrong in one costs nobody else anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, TypeVar

from polyroute.loading.plugin import CONTAINED, Implementation, Plugin, describe
from polyroute.loading.soundness import fault
from polyroute.manifests.adapters import Failed
from polyroute.system.plain import quoted
from polyroute.types import Problem

T = TypeVar("T")
Items = type[T] | tuple[type[T], ...]

_NEAR_SECRETS = ("polyroute_credentials", "polyroute_secrets", "polyroute_verifications")
"""Hooks that see secrets: what they say in an error may quote one, so only its type is told."""


class _WrongType(TypeError):
    """What a hook returned is of the wrong type; says so in words for people."""


_UPDATE = "Correct, update or disable the plugin (POLYROUTE_DISABLE_PLUGINS={name})."


class Hooks:
    """All implementations of all hooks, in order of ownership."""

    def __init__(self, implementations: Mapping[str, tuple[Implementation, ...]]) -> None:
        self._implementations = implementations

    def items(self, hook: str, item: Items[T], problems: list[Problem], **arguments: object) -> list[tuple[Plugin, T]]:
        """Everything of type `item`, or of one of these types, that the plugins yield, each with its author."""
        answers: list[tuple[Plugin, T]] = []
        for each in self._implementations.get(hook, ()):
            answers += [(each.plugin, answer) for answer in _items(each, hook, item, problems, arguments)]
        return answers

    def mappings(
        self, hook: str, problems: list[Problem], **arguments: object
    ) -> list[tuple[Plugin, Mapping[str, Any]]]:
        """The mappings that the plugins return, each with its author."""
        answers: list[tuple[Plugin, Mapping[str, Any]]] = []
        for each in self._implementations.get(hook, ()):
            answer = _call(each, hook, problems, arguments, _mapping)
            if answer is not None:
                answers.append((each.plugin, answer))
        return answers

    def text(self, hook: str, plugin: str, problems: list[Problem], **arguments: object) -> str | None:
        """What the plugin of this label returns, if it is a text."""
        for each in self._implementations.get(hook, ()):
            if each.plugin.label == plugin:
                answer: str | None = _call(each, hook, problems, arguments, _text)
                return answer
        return None

    def of(self, plugin: Plugin) -> tuple[str, ...]:
        """The hooks that `plugin` implements."""
        return tuple(self._by_plugin.get(plugin, ()))

    @cached_property
    def _by_plugin(self) -> Mapping[Plugin, dict[str, None]]:
        found: dict[Plugin, dict[str, None]] = {}
        for hook, implementations in self._implementations.items():
            for each in implementations:
                found.setdefault(each.plugin, {})[hook] = None
        return found


def _items(
    each: Implementation, hook: str, item: Items[T], problems: list[Problem], arguments: Mapping[str, object]
) -> Iterable[T]:
    """The sound items of one plugin's answer; the first that is not is a problem."""
    faults: list[str] = []
    trusted = each.plugin.origin == "bundled"  # a test holds them sound; looking would cost a sixth of `pass`

    def finish(returned: Any) -> list[T]:
        if hasattr(type(returned), "_fields") or not hasattr(type(returned), "__iter__"):
            raise _WrongType(_unexpected(returned, item))  # one item, or nothing to go through
        sound = []
        for one in returned:
            if wrong := _fault(one, item, trusted):
                faults.append(wrong)
            else:
                sound.append(one)
        return sound

    answer: list[T] | None = _call(each, hook, problems, arguments, finish)
    if faults:
        more = f"; and {len(faults) - 1} more are wrong" if len(faults) > 1 else ""
        problems.append(each.plugin.problem(faults[0] + more, _UPDATE.format(name=quoted(each.plugin.name)), hook))
    return answer or ()


def _unexpected(value: object, item: Items[Any]) -> str:
    names = " or ".join(each.__name__ for each in _types(item))
    return f"returned {type(value).__name__} where {names} items were expected"


def _types(item: Items[Any]) -> tuple[type, ...]:
    return item if isinstance(item, tuple) else (item,)


def _fault(one: object, item: Items[Any], trusted: bool) -> str:
    if type(one) not in _types(item):
        return _unexpected(one, item)
    return "" if trusted else fault(one)


def _call(
    each: Implementation,
    hook: str,
    problems: list[Problem],
    arguments: Mapping[str, object],
    finish: Callable[[Any], Any],
) -> Any:
    try:
        returned = each.function(*[arguments[name] for name in each.arguments])
        return None if returned is None else finish(returned)
    except CONTAINED as error:
        remedy = _UPDATE.format(name=quoted(each.plugin.name))
        told = type(error).__name__ if hook in _NEAR_SECRETS else describe(error)
        message = str(error) if isinstance(error, (_WrongType, Failed)) else f"raised {told}"
        problems.append(each.plugin.problem(message, remedy, hook))
        return None


def _mapping(returned: Any) -> dict[str, Any]:
    if not isinstance(returned, Mapping):
        raise _WrongType(f"returned {type(returned).__name__} where a mapping was expected")
    return dict(returned.items())


def _text(returned: Any) -> str:
    if not isinstance(returned, str):
        raise _WrongType(f"returned {type(returned).__name__} where a text was expected")
    return returned
