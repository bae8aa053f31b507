"""The preferences of a user or a host: the order of routes, pins, and disabled providers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from polyroute._internal import file_access, files, platform
from polyroute._internal.terminal import quoted
from polyroute.environment import PROCESS, Environment
from polyroute.errors import LockedPreference, MissingExtra, NotUnderstood
from polyroute.named_tuples import NamedTuple
from polyroute.types import ModelRef, Problem

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

    from polyroute._internal.line_repair import LineFormat

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_TABLES = ("pins", "shortcuts")
_KEYS = ("prefer", "order", "disable_providers", *_TABLES)


class Preferences(NamedTuple):
    """The order of routes, and what is disabled. All names are IDs or aliases; the catalog checks them."""

    prefer: str = ""
    """`direct`, or the gateway to try first; empty for the default."""
    order: tuple[str, ...] = ()
    """A complete order of routes; if given, it overrides everything else."""
    pins: Mapping[str, str] = MappingProxyType({})
    """For a provider or a `provider/model`, the route to try first."""
    disabled_providers: frozenset[str] = frozenset()
    shortcuts: Mapping[str, str] = MappingProxyType({})
    """The user's own names for models, by which clients of the pass-through may ask for them."""
    problems: tuple[Problem, ...] = ()
    """Errors in `config.toml`, and whether other users could change it."""

    @classmethod
    def load(
        cls,
        environment: Environment,
        *,
        prefer: str = "",
        order: Iterable[str] = (),
        pins: Mapping[str, str] = MappingProxyType({}),
        disabled_providers: Iterable[str] = (),
    ) -> Preferences:
        """Return the host's preferences, else those in `POLYROUTE_` variables, else those in the user's `config.toml`.

        Pins of the host take precedence over the user's. Providers that the host disables are added to the user's.
        """
        config, problems = _read(environment)
        return cls(
            prefer or environment.setting("POLYROUTE_PREFER", layer=PROCESS) or config.get("prefer", ""),
            tuple(order) or _listed("POLYROUTE_ORDER", environment) or tuple(config.get("order", ())),
            {**config.get("pins", {}), **pins},
            frozenset(
                [
                    *disabled_providers,
                    *(_listed("POLYROUTE_DISABLE_PROVIDERS", environment) or config.get("disable_providers", ())),
                ]
            ),
            config.get("shortcuts", {}),
            (*problems, *_exposure(environment.config_path)),
        )


def _listed(variable: str, environment: Environment) -> tuple[str, ...]:
    text = environment.setting(variable, layer=PROCESS) or ""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read(environment: Environment) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the valid part of `config.toml`, and add a problem for everything else."""
    path = environment.config_path
    text = environment.read(path)
    if not text:
        return {}, ()
    import tomllib

    try:
        config = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = f" ({error})" if isinstance(error, tomllib.TOMLDecodeError) else ""
        return {}, (Problem(f"is not valid TOML{why}; it was ignored.", "Fix it.", path=path, code="config"),)
    remedy = f"The valid keys are: {', '.join(_KEYS)}."
    faults = (f"{fault}; it was ignored." for fault in _faults(config))
    problems = tuple(Problem(fault, remedy, path=path, code="config") for fault in faults)
    return {key: value for key, value in config.items() if _is_sound(key, value)}, problems


def _exposure(path: str) -> Iterator[Problem]:
    """Yield a problem if other users could change the file, and so decide through which gateway requests go."""
    with contextlib.suppress(OSError, ValueError):  # the latter for a path with a NUL
        if file_access.others_may_write(path, os.stat(path)) and not platform.without_modes(path):
            message = "may be changed by other users of this machine."
            yield Problem(message, f"Run: chmod go-w {quoted(path)}", path=path, code="file-mode")


def _faults(config: Mapping[str, Any]) -> Iterable[str]:
    for key, value in config.items():
        if key not in _KEYS:
            yield f"unknown key {key!r}"
        elif not _is_sound(key, value):
            yield f"{key!r} has the wrong type"


def _is_sound(key: str, value: Any) -> bool:
    if key == "prefer":
        return isinstance(value, str)
    if key in _TABLES:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    return key in _KEYS and isinstance(value, list) and all(isinstance(name, str) for name in value)


def save(environment: Environment, via: str, target: str = "") -> str:
    """Store `via` in `config.toml` as the preference or the pin of `target`. Returns and raises as `change` does."""
    return change(environment, {} if target else {"prefer": via}, {target: via} if target else {})


def unset(environment: Environment, target: str = "", names: Mapping[str, str] = _NO_NAMES) -> str:
    """Remove the preference, or the pin of `target`, from `config.toml`. Returns and raises as `change` does."""
    return change(environment, {} if target else {"prefer": None}, {target: None} if target else {}, names)


def change(
    environment: Environment,
    values: Mapping[str, str | list[str] | None],
    pins: Mapping[str, str | None],
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Write values and pins to `config.toml` at once, and return its path. None removes a value or a pin.

    `names` (`plugins.names`) maps aliases to provider IDs, so that a pin is replaced whichever name it was written
    under. Everything else in the file is preserved. Raises LockedPreference if an organisation's policy locks one of
    them, and Unavailable if the file can't be read or written.
    """
    _require_unlocked({*values, *(("pins",) if pins else ())}, environment)

    def changed(document: TOMLDocument) -> None:
        import tomlkit

        for key, value in values.items():
            document.pop(key, None) if value is None else document.update({key: value})
        for target, via in pins.items():
            own = document.get("pins", {})
            for each in [each for each in own if _one_name(each, names) == _one_name(target, names)]:
                del own[each]
            if via is not None:
                document.setdefault("pins", tomlkit.table())[target] = via

    return _rewrite(environment, changed)


def _require_unlocked(names: Iterable[str], environment: Environment) -> None:
    policy = environment.policy
    if policy and (locked := sorted({*names} & {*policy.preferences.names})):
        which = f"{' and '.join(locked)} {'is' if len(locked) == 1 else 'are'}"
        message = f"{which} locked by the organisation's policy: nothing was changed."
        raise LockedPreference(message, f"To have it changed, ask {policy.contact}.")


def change_shortcuts(environment: Environment, change: Callable[[dict[str, str]], object]) -> str:
    """Let `change` edit the shortcuts in `config.toml`, and return its path. Raises as `change` of preferences does."""

    def changed(document: TOMLDocument) -> None:
        import tomlkit

        own = document.get("shortcuts", {})
        change(wanted := {str(name): str(model) for name, model in own.items()})
        for name in own.keys() - wanted.keys():
            del own[name]
        for name, model in wanted.items():
            if own.get(name) != model:
                document.setdefault("shortcuts", tomlkit.table())[name] = model

    return _rewrite(environment, changed)


def line_format() -> LineFormat:
    """Return the format of `config.toml`, to repair it line by line."""
    import tomllib

    from polyroute._internal.line_repair import LineFormat

    def is_valid(text: str) -> bool:
        try:
            text.encode()  # else it has bytes that are no UTF-8
            config = tomllib.loads(text)
        except (ValueError, RecursionError):
            return False
        return all(_is_sound(key, value) for key, value in config.items() if key in _KEYS)

    return LineFormat(is_valid, lambda line: line.lstrip().startswith("["))


def _one_name(target: str, names: Mapping[str, str]) -> str:
    provider, model_id = ModelRef.parse(target)
    return str(ModelRef(names.get(provider, provider), model_id))


def _rewrite(environment: Environment, change: Callable[[TOMLDocument], None]) -> str:
    try:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError
    except ImportError:
        raise MissingExtra("Changing config.toml", "cli") from None
    path, documents = environment.config_path, environment.documents
    with files.readable_errors(path), documents.locked(path, links=True):
        try:
            document = tomlkit.parse(before := (documents.read(path) or b"").decode("utf-8-sig"))
            if files.is_link(path) and (faults := [*_faults(document)]):
                raise NotUnderstood(
                    f"{path} was not changed: it is a link to a file with {faults[0]}.", "Fix the link."
                )
            change(document)
            after = tomlkit.dumps(document)
        except (ValueError, TypeError, AttributeError, RecursionError, TOMLKitError):
            # The errors quote the file, which may contain secrets.
            raise NotUnderstood(f"{path} was not changed: it is not valid TOML.", "Fix it first.") from None
        if after != before:
            documents.replace(path, after.encode())
    return path
