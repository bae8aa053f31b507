"""Calling hooks one implementation at a time, so that what goes wrong in one costs nobody else anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from polyroute.loading import CONTAINED, Implementation, Plugin, describe
from polyroute.types import Problem

T = TypeVar("T")

_UPDATE = "Update or disable the plugin (POLYROUTE_DISABLE_PLUGINS={name})."


class Hooks:
    """All implementations of all hooks, in order of ownership."""

    def __init__(self, implementations: Mapping[str, tuple[Implementation, ...]]) -> None:
        self._implementations = implementations

    def items(self, hook: str, item: type[T], problems: list[Problem], **arguments: object) -> list[tuple[Plugin, T]]:
        """Everything of type `item` that the plugins yield, each with its author."""
        answers: list[tuple[Plugin, T]] = []
        for each in self._implementations.get(hook, ()):
            answers += [(each.plugin, answer) for answer in _items(each, hook, item, problems, arguments)]
        return answers

    def mappings(self, hook: str, problems: list[Problem]) -> list[tuple[Plugin, Mapping[str, Any]]]:
        """The mappings that the plugins return, each with its author."""
        answers: list[tuple[Plugin, Mapping[str, Any]]] = []
        for each in self._implementations.get(hook, ()):
            answer = _call(each, hook, problems, {}, lambda returned: returned)
            if isinstance(answer, Mapping):
                answers.append((each.plugin, answer))
            elif answer is not None:
                problems.append(_wrong_type(each.plugin, hook, answer, "a mapping"))
        return answers

    def text(self, hook: str, plugin: str, problems: list[Problem], **arguments: object) -> str | None:
        """What the plugin of this name returns, if it is a text."""
        for each in self._implementations.get(hook, ()):
            if each.plugin.name == plugin:
                answer = _call(each, hook, problems, arguments, lambda returned: returned)
                return answer if isinstance(answer, str) else None
        return None

    def of(self, plugin: Plugin) -> tuple[str, ...]:
        """The hooks that `plugin` implements."""
        return tuple(hook for hook, each in self._implementations.items() if any(i.plugin == plugin for i in each))


def _items(
    each: Implementation, hook: str, item: type[T], problems: list[Problem], arguments: Mapping[str, object]
) -> Iterable[T]:
    answer = _call(each, hook, problems, arguments, list)
    if answer is None:
        return ()
    right = [one for one in answer if isinstance(one, item)]
    if len(right) != len(answer):
        wrong = next(one for one in answer if not isinstance(one, item))
        problems.append(_wrong_type(each.plugin, hook, wrong, f"{item.__name__} items"))
    return right


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
        remedy = _UPDATE.format(name=each.plugin.name)
        problems.append(each.plugin.problem(f"raised {describe(error)}", remedy, hook))
        return None


def _wrong_type(plugin: Plugin, hook: str, answer: object, wanted: str) -> Problem:
    remedy = _UPDATE.format(name=plugin.name)
    return plugin.problem(f"returned {type(answer).__name__} where {wanted} were expected", remedy, hook)
