"""Call hooks one implementation at a time, so that a failure in one plugin does not affect the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from polyroute._internal.containment import describe, pass_on
from polyroute._internal.problems import Reporter
from polyroute._internal.terminal import quoted
from polyroute.plugins.registered import author
from polyroute.results import Failed, Plugin
from polyroute.types import Problem, Provider, Secret
from polyroute.types.constraints import MOST_ENTRIES

if TYPE_CHECKING:
    from polyroute.plugins.manager import Manager
    from polyroute.plugins.registered import Implementation

T = TypeVar("T")
Items = type[T] | tuple[type[T], ...]

_NEAR_SECRETS = ("polyroute_credentials", "polyroute_secrets", "polyroute_verifications")
"""Hooks that see secrets. Their error messages may quote one, so only the type of the error is reported."""
MOST_ITEMS = 100_000
"""The most items that one hook may return: twenty times as many as the models of all public lists together."""
_UPDATE = "Correct, update or disable the plugin (POLYROUTE_DISABLE_PLUGINS={name})."


class _WrongType(TypeError):
    """A hook returned a value of the wrong type. The message is for users."""


class Hooks:
    """The hooks of the plugins in use, called one implementation at a time."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    def implementing(self, hook: str) -> tuple[Implementation, ...]:
        """Return the implementations of a hook, in order of ownership."""
        return self._manager.implementing(hook)

    def of(self, plugin: Plugin) -> tuple[str, ...]:
        """Return the names of the hooks that `plugin` implements."""
        return self._manager.hooks_of(plugin)

    def items(self, hook: str, item: Items[T], report: Reporter, **arguments: object) -> list[tuple[Plugin, T]]:
        """Return all items of type `item` (or of one of several types) that plugins yield, each with its plugin."""
        answers: list[tuple[Plugin, T]] = []
        for each in self.implementing(hook):
            answers += [(author(each), answer) for answer in call_items(each, item, report, arguments)]
        return answers


def takes_environment(implementation: Implementation) -> bool:
    """Return whether an implementation takes the environment, so that its results hold for that environment only."""
    return "environment" in implementation.argnames


def call_items(each: Implementation, item: Items[T], report: Reporter, arguments: Mapping[str, object]) -> list[T]:
    """Return the valid items that one implementation yields; invalid ones become one problem."""
    return _checked(each, report, arguments, partial(_sound, each, item)) or []


def call_lists(each: Implementation, item: type[T], report: Reporter) -> dict[str, list[T]]:
    """Return the valid items in the lists by name that one implementation returns; invalid ones become one problem."""

    def finish(faults: list[str], returned: Any) -> dict[str, list[T]]:
        return {name: _sound(each, item, faults, values) for name, values in _mapping(returned).items()}

    return _checked(each, report, {}, finish) or {}


def _checked(
    each: Implementation, report: Reporter, arguments: Mapping[str, object], finish: Callable[[list[str], Any], T]
) -> T | None:
    """Return what `finish` makes of the returned value, and report the faults that it adds to its first argument."""
    faults: list[str] = []
    result = _called(each, arguments, partial(finish, faults))
    if faults:
        more = f"; and {len(faults) - 1} more items are invalid" if len(faults) > 1 else ""
        report(problem(each, faults[0] + more, "wrong-answer"))
    if isinstance(result, Problem):
        report(result)
        return None
    return result


def _sound(each: Implementation, item: Items[T], faults: list[str], returned: Any) -> list[T]:
    """Return the valid items, and add what is wrong with the others to `faults`."""
    if hasattr(type(returned), "_fields") or not hasattr(type(returned), "__iter__"):
        raise _WrongType(_unexpected(returned, item))  # a single item, or not iterable
    # Tests check the bundled plugins, and manifests were read by the same rules; checking again would be expensive.
    trusted = author(each).is_bundled or author(each).kind == "manifest"
    most = MOST_ENTRIES if item is Provider else MOST_ITEMS
    if trusted and type(returned) is list and len(returned) <= most and {*map(type, returned)} <= {*_types(item)}:
        return [*returned]
    sound = []
    for value in _bounded(returned, most):
        if wrong := _fault(value, item, trusted):
            faults.append(wrong)
        else:
            sound.append(value)
    return sound


def _bounded(values: Iterable[T], most: int) -> Iterator[T]:
    """Yield the values. Raises _WrongType if there are too many, as there are of an endless iterator."""
    for count, value in enumerate(values):
        if count == most:
            raise _WrongType(f"returned more than {most:,} items")
        yield value


def call_mapping(each: Implementation, report: Reporter, arguments: Mapping[str, object]) -> Mapping[str, Any]:
    """Return the mapping that one implementation returns; empty if it returns something else."""
    found = _called(each, arguments, _mapping)
    if isinstance(found, Problem):
        report(found)
    return found if isinstance(found, dict) else {}


def call_secret(each: Implementation, report: Reporter, arguments: Mapping[str, object]) -> Secret:
    """Return the secret that one implementation returns, or the reason why there is none.

    A string is a secret with an unknown expiry.
    """
    found = _called(each, arguments, _secret)
    if isinstance(found, Problem):
        report(found)
        return Secret(reason=f"its plugin {found.message}", remedy=found.remedy)
    return Secret() if found is None else found


def problem(each: Implementation, message: str, code: str, remedy: str = "", provider: str = "") -> Problem:
    """Return a problem with what one implementation returned."""
    plugin = author(each)
    remedy = remedy or _UPDATE.format(name=quoted(plugin.name))
    return plugin.problem(message, remedy, _hook(each), code=code, provider=provider)


def _hook(each: Implementation) -> str:
    return each.opts.get("specname") or each.function.__name__


def _unexpected(value: object, item: Items[Any]) -> str:
    names = " or ".join(each.__name__ for each in _types(item))
    return f"returned {type(value).__name__} where {names} items were expected"


def _types(item: Items[Any]) -> tuple[type, ...]:
    return item if isinstance(item, tuple) else (item,)


def _fault(value: object, item: Items[Any], trusted: bool) -> str:
    if type(value) not in _types(item):
        return _unexpected(value, item)
    if trusted:
        return ""
    from polyroute.types.result_check import find_fault

    return find_fault(value) or (_wrong_default(value) if isinstance(value, Provider) else "")


def _wrong_default(provider: Provider) -> str:
    from polyroute.requirements.defaults import wrong_default

    wrong = wrong_default(provider)
    return wrong and f"{provider.id!r} {wrong}"


def _called(each: Implementation, arguments: Mapping[str, object], finish: Callable[[Any], T]) -> T | Problem | None:
    """Call one implementation; return what `finish` makes of its value, a problem, or None if it returns None."""
    try:
        returned = each.function(*[arguments[name] for name in each.argnames])
        return None if returned is None else finish(returned)
    except (_WrongType, Failed) as error:
        return problem(each, str(error), getattr(error, "code", "wrong-answer"))
    except BaseException as error:
        pass_on(error)
        message = type(error).__name__ if _hook(each) in _NEAR_SECRETS else describe(error)
        return problem(each, f"raised {message}", "raised")


def _mapping(returned: Any) -> dict[str, Any]:
    if not isinstance(returned, Mapping):
        raise _WrongType(f"returned {type(returned).__name__} where a mapping was expected")
    return dict(_bounded(returned.items(), MOST_ENTRIES))


def _secret(returned: Any) -> Secret:
    if isinstance(returned, str):
        return Secret(str.strip(returned))
    if type(returned) is not Secret:
        raise _WrongType(f"returned {type(returned).__name__} where a Secret or a string was expected")
    from polyroute.types.result_check import wrong_fields

    if wrong := wrong_fields(returned):  # the full message could quote the secret
        unit = " (seconds since 1970)" if "expires_at" in wrong else ""
        raise _WrongType(f"returned a Secret with an invalid {' and '.join(wrong)}{unit}")
    return returned
