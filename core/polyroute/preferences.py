"""What a person or a host wants: which route first, and what not at all."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from polyroute.environment import PROCESS, Environment
from polyroute.errors import MissingExtra, Unavailable
from polyroute.system import files
from polyroute.types import ModelRef, Problem

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_KEYS = ("prefer", "order", "disable_providers", "pins")


class Preferences(NamedTuple):
    """Which route first, and what is disabled. All names are IDs or aliases, checked by the catalog."""

    prefer: str = ""
    """`direct`, or the gateway to try first; empty where nobody said."""
    order: tuple[str, ...] = ()
    """A full order of routes; where given it wins over everything else."""
    pins: Mapping[str, str] = MappingProxyType({})
    """By provider or `provider/model`, the route that comes first for it."""
    disabled_providers: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()
    """What was wrong in `config.toml`."""

    @classmethod
    def load(
        cls,
        environment: Environment,
        *,
        prefer: str = "",
        order: Iterable[str] = (),
        pins: Mapping[str, str] = MappingProxyType({}),
        disabled_providers: Iterable[str] = (),
    ) -> "Preferences":
        """What the host says, else the `POLYROUTE_` variables, else the person's `config.toml`.

        Pins of the host come before, and disabled providers are added to, those of the person.
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
            problems,
        )


def _listed(variable: str, environment: Environment) -> tuple[str, ...]:
    text = environment.setting(variable, layer=PROCESS) or ""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _read(environment: Environment) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The sound part of `config.toml`, and what is wrong with the rest."""
    path = environment.config_path
    text = environment.read(path)
    if not text:
        return {}, ()
    import tomllib

    try:
        config = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        why = f" ({error})" if isinstance(error, tomllib.TOMLDecodeError) else ""
        return {}, (Problem(f"is not valid TOML{why}; it was left out.", "Correct it.", path=path, code="config"),)
    remedy = f"Known are: {', '.join(_KEYS)}."
    faults = (f"{fault}; it was left out." for fault in _faults(config))
    problems = tuple(Problem(fault, remedy, path=path, code="config") for fault in faults)
    return {key: value for key, value in config.items() if _is_sound(key, value)}, problems


def _faults(config: Mapping[str, Any]) -> Iterable[str]:
    for key, value in config.items():
        if key not in _KEYS:
            yield f"unknown key {key!r}"
        elif not _is_sound(key, value):
            yield f"{key!r} has a wrong type"


def _is_sound(key: str, value: Any) -> bool:
    if key == "prefer":
        return isinstance(value, str)
    if key == "pins":
        return isinstance(value, dict) and all(isinstance(via, str) for via in value.values())
    return key in _KEYS and isinstance(value, list) and all(isinstance(name, str) for name in value)


def save(environment: Environment, via: str, target: str = "") -> str:
    """Write into `config.toml` that `via` is preferred, or pinned for `target`; as `change` otherwise."""
    return change(environment, {} if target else {"prefer": via}, {target: via} if target else {})


def unset(environment: Environment, target: str = "", names: Mapping[str, str] = _NO_NAMES) -> str:
    """Take the preference, or the pin of `target`, out of `config.toml`, if it is there; as `change` otherwise."""
    return change(environment, {} if target else {"prefer": None}, {target: None} if target else {}, names)


def change(
    environment: Environment,
    values: Mapping[str, str | list[str] | None],
    pins: Mapping[str, str | None],
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Write all at once into `config.toml`; None takes a value or a pin away. Returns the file's path.

    `names` (`plugins.names`) tells which names are one provider's: a pin goes under whichever it was written.
    Everything else in the file stays as it is. Raises Unavailable where it can't be read or written.
    """

    def changed(document: "TOMLDocument") -> None:
        import tomlkit

        for key, value in values.items():
            document.pop(key, None) if value is None else document.update({key: value})
        for target, via in pins.items():
            own = document.get("pins", {})
            for each in [each for each in own if _one_name(each, names) == _one_name(target, names)]:
                del own[each]
            if via is not None:
                document.setdefault("pins", tomlkit.table())[target] = via

    return _rewrite(environment.config_path, changed)


def _one_name(target: str, names: Mapping[str, str]) -> str:
    provider, model_id = ModelRef.parse(target)
    return str(ModelRef(names.get(provider, provider), model_id))


def _rewrite(path: str, change: Callable[["TOMLDocument"], None]) -> str:
    try:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError
    except ImportError:
        raise MissingExtra("Changing config.toml", "cli") from None
    with files.told(path), files.locked(path):
        try:
            document = tomlkit.parse(before := _text(path))
            change(document)
            after = tomlkit.dumps(document)
        except (ValueError, TypeError, AttributeError, RecursionError, TOMLKitError):
            # What is in the file may be secret, and the errors tell it.
            raise Unavailable(f"{path} was left as it is: it is not valid TOML. Correct it first.") from None
        if after != before:
            files.replace(path, after.encode())
    return path


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return ""
