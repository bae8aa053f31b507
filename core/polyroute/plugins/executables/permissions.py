"""Limit what an executable receives and declares to what its manifest grants."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from polyroute._internal import cache
from polyroute._internal.platform import SYSTEM_PATH
from polyroute.base_url import authority, filled, placeholders
from polyroute.environment import PROCESS, Environment
from polyroute.plugins.executables.jsonrpc import RpcError
from polyroute.plugins.manifests.description import MAX_MODELS, Description, Executable
from polyroute.plugins.manifests.loader import Manifest
from polyroute.requirements import places
from polyroute.types import Provider

if TYPE_CHECKING:
    from polyroute.plugins.executables.event_loop import Program

_HOME = "HOME"


def program(manifest: Manifest, environment: Environment, *, with_values: bool = False) -> Program:
    """Return the program of a manifest with its variables: home and settings, or all declared ones if `with_values`.

    Raises RpcError if the program does not exist.
    """
    from polyroute.plugins.executables.event_loop import Program

    granted = manifest.description.executable or Executable(())
    names = granted.variables if with_values else (*({_HOME} & {*granted.variables}), *granted.settings)
    values = {name: environment.home if name == _HOME else environment.setting(name) for name in names}
    own = {name: value for name, value in values.items() if value}
    variables = {"PATH": SYSTEM_PATH, **language(environment), **own}
    return Program(_argv(granted.argv, manifest.folder), variables, environment.setting("TMPDIR") or "/tmp")  # noqa: S108


def language(environment: Environment) -> dict[str, str]:
    """Return the variables that set a program's language."""
    names = [name for name in environment.names if name == "LANG" or name.startswith("LC_")]
    return {name: value for name in names if (value := environment.setting(name, layer=PROCESS))}


def _argv(argv: Iterable[str], folder: str) -> tuple[str, ...]:
    base = os.path.abspath(folder)
    first, *rest = [os.path.join(base, each[2:]) if each.startswith("./") else each for each in argv]
    if os.path.isabs(first):
        return first, *rest
    for directory in SYSTEM_PATH.split(":"):
        if os.access(found := os.path.join(directory, first), os.X_OK):
            return found, *rest
    raise RpcError("cannot_start", f"can't be started: there is no {first} in {SYSTEM_PATH}")


def present(manifest: Manifest, environment: Environment) -> list[str]:
    """Return the names of the declared variables that are set."""
    granted = manifest.description.executable
    return sorted({*(granted.variables if granted else ())} & {*environment.names})


def values(manifest: Manifest, variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the values in `variables` that must not be shown: those of all declared variables except its home."""
    granted = manifest.description.executable
    return tuple(variables.get(name, "") for name in (granted.variables if granted else ()) if name != _HOME)


def digest(names: Iterable[str], environment: Environment) -> str:
    """Return a keyed digest of the values of these variables, which does not reveal them."""
    from hashlib import blake2b

    seen = [environment.home, *(f"{name}={environment.setting(name)}" for name in sorted(names))]
    return blake2b("\0".join(seen).encode(), key=cache.digest_key(), digest_size=16).hexdigest()


def check(description: Description, manifest: Manifest) -> None:
    """Raise RpcError if a description needs anything that the manifest does not grant."""
    declared, granted = manifest.description, manifest.description.executable or Executable(())
    if description.name not in ("", manifest.name):
        raise RpcError("schema", f"calls itself {description.name!r}, but its manifest calls it {manifest.name!r}")
    wanted = {name for each in description.providers for name in places.all_variables(each)}
    _all_granted("the variable", wanted, granted.variables)
    _all_granted("the method", description.methods, declared.methods)
    if description.commands:
        raise RpcError("schema", "names a command, which only a manifest may do")
    check_urls(filter(_host, _urls(description)), manifest)
    check_count(len(description.models))


def check_count(models: int) -> None:
    """Raise RpcError if a list of models is too long."""
    if models > MAX_MODELS:
        raise RpcError("schema", f"lists more than {MAX_MODELS:,} models")


def check_urls(urls: Iterable[str], manifest: Manifest) -> None:
    """Raise RpcError if an address has a host that the manifest does not grant."""
    granted = manifest.description.executable or Executable(())
    _all_granted("the host", {_host(url) or url for url in urls if url}, granted.hosts)


def _urls(description: Description) -> Iterable[str]:
    """Yield all base URLs of a description."""
    providers = {each.id: each for each in description.providers}
    for each in description.providers:
        own = (each.base_url, *(case.base_url for case in each.base_url_cases))
        yield from (_with_defaults(url, each) for url in own)
    for model in description.models:  # models of an extended provider use the base URL that its owner declares
        beside = providers.get(model.provider)
        yield _with_defaults(model.base_url, beside) if beside else model.base_url


def _with_defaults(url: str, provider: Provider) -> str:
    """Return a base URL; if the user may set its host, with the defaults of its slots filled in."""
    if _host(url):
        return url
    defaults = {slot.name: slot.default for group in provider.requirement for slot in group.slots}
    return filled(url, {name: defaults.get(name, "") for name in placeholders(url)}) or ""


def _host(url: str) -> str:
    """Return the host that must be granted; empty if the user sets the whole host.

    With a placeholder in it, that is the domain in which the host is whatever the user sets.
    """
    host = authority(url)
    if "$" not in host:
        return host
    after = host.rpartition("}")[2]
    return "" if after.startswith(":") else after.partition(".")[2]


def _all_granted(what: str, wanted: Iterable[str], granted: Iterable[str]) -> None:
    if more := sorted({*wanted} - {*granted}):
        raise RpcError("schema", f"needs {what} {', '.join(more)}, which its manifest does not grant")
