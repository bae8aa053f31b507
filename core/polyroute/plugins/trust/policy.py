"""Decide which plugins may be used and which need the user's approval first.

Nothing here runs a program. A plugin's fingerprint covers its whole folder, the variables that it names and the hosts
that get their values, so that any change needs a new approval.
"""

import itertools
import os
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from polyroute._internal import cache, file_access, files, platform
from polyroute._internal.terminal import some_of
from polyroute.base_url import filled, origin_template, site
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.trust import programs
from polyroute.plugins.trust.programs import Unsafe
from polyroute.requirements import places, slots
from polyroute.results import Commands
from polyroute.types import Alternative, Provider, Slot

if TYPE_CHECKING:
    from polyroute.plugins.manifests.loader import Manifest

_FOLDER_FILES = 10_000
_FOLDER_BYTES = 512 << 20
_MOST_DEFAULTS = 100
"""The most combinations of defaults that are filled into one base URL."""

_State = cache.Identity

# Increase this whenever fingerprints are computed differently; plugins then have to be approved again.
_VERSION = 3
_NO_COMMANDS: Commands = {}


class Binding(NamedTuple):
    """A credential and a host that would get its secret."""

    credential: str
    """A variable, the path of a file, or a command."""
    host: str
    """Scheme, host and port."""


class Readers(NamedTuple):
    """The providers that read a secret from one variable."""

    providers: frozenset[str]
    hosts: frozenset[str]
    """The hosts that the trusted ones among them send it to."""


def bindings(manifest: "Manifest") -> list[Binding]:
    """Return every (credential, host) pair of a plugin, including those of its executable, sorted."""
    pairs = {
        Binding(name, host)
        for provider in manifest.description.providers
        for each in places.alternatives(provider)
        for name in _names(each)
        for host in hosts(provider, manifest)
    }
    if granted := manifest.description.executable:
        names = {*granted.variables} - {"HOME"}  # a path that is not sent anywhere
        pairs |= {Binding(name, f"https://{host}") for name in names for host in granted.hosts}
    return sorted(pairs)


def hosts(provider: Provider, manifest: "Manifest | None" = None) -> set[str]:
    """Return scheme, host and port of each place to which a provider's base URLs may lead.

    Of one with a placeholder, that is the host with the defaults filled in and, if a variable may fill it, the
    template: it may become any host, so it counts as a host of this provider only.
    """
    more = manifest.model_urls.get(provider.id, ()) if manifest else ()
    urls = (provider.base_url, *(case.base_url for case in provider.base_url_cases), *more)
    return {found for url in urls if url for found in hosts_of_url(url, provider)}


def hosts_of_url(url: str, provider: Provider) -> Iterator[str]:
    """Yield scheme, host and port of each place to which one base URL of a provider or of its models may lead."""
    start = origin_template(url)
    named = [slot for group in provider.requirement for slot in group.slots if f"${{{slot.name}}}" in start]
    if not named or any(slot.alternatives for slot in named):
        yield host(url, provider.id)
    defaults = {slot.name: {each.default for each in named if each.name == slot.name} for slot in named}
    for values in itertools.islice(itertools.product(*defaults.values()), _MOST_DEFAULTS):
        if named and all(values):
            yield site(filled(start, dict(zip(defaults, values, strict=True))) or start)


def fingerprint(manifest: "Manifest", commands: Commands = _NO_COMMANDS, search_path: str = "") -> str:
    """Return a digest of the state of a plugin and of the programs that it runs.

    `search_path` is the PATH on which commands find other programs. Raises Unsafe if its files are not safe to use.
    """
    outside = programs.outside_files(manifest, commands, search_path)
    states = [*_own_files(manifest), *(_check_rights(path, "") for path in outside)]
    granted = manifest.description.executable
    given = [granted.variables, granted.settings] if granted else None
    said = f"{given} {bindings(manifest)} {sorted(commands.items())}"
    made_from = [_VERSION, said, *map(list, states)]
    known = cache.recall("fingerprints", manifest.path) if platform.KNOWS_CHANGE_TIME else None
    if isinstance(known, list) and known[:1] == [made_from]:
        return str(known[-1])
    digest = _digest(manifest.folder, [path for path, *_ in states if path != manifest.folder])
    found = _sha256([f"{digest} {said}".encode()])
    cache.remember("fingerprints", {manifest.path: [made_from, found]})
    return found


def _own_files(manifest: "Manifest") -> list[_State]:
    if manifest.has_folder or manifest.description.executable:
        return sorted(_files(manifest.folder))
    return [_check_rights(path, manifest.folder) for path in manifest.files]


def check_place(folder: str, home: str, checked: set[str] | None = None) -> None:
    """Raise Unsafe if other users may change a folder that is above a plugin's. The arguments are as in `exposure`."""
    if exposed := file_access.exposure(folder, home, checked):
        raise Unsafe(*exposed)


def check_files(manifest: "Manifest") -> None:
    """Raise Unsafe if other users may write a manifest's files, or if they are outside its folder."""
    _check_rights(manifest.folder, manifest.folder)
    for path in manifest.files:
        _check_rights(path, manifest.folder)
        if os.path.islink(path):
            _check_place(path, manifest.folder)


def contested(provider: Provider, manifest: "Manifest", readers: Mapping[str, Readers]) -> dict[Alternative, str]:
    """Return the places of `provider` whose secret it may not send to its hosts without consent, with the reasons.

    `readers` has the other providers that read a secret from each variable. Files and commands always need consent.
    """
    own = hosts(provider, manifest)
    found = {}
    for each in places.alternatives(provider):
        others = [readers[name] for name in slots.named(each) if name in readers]
        if each.file or each.names_file or each.command:
            found[each] = f"{display_name(each)} is a {'command' if each.command else 'file'}"
        elif strangers := [other for other in others if not own <= other.hosts]:
            names = sorted({name for other in strangers for name in other.providers})
            found[each] = f"{display_name(each)} is for {some_of(names)}"
    return found


def added_headers(provider: Provider, manifest: "Manifest", others: Iterable[Provider]) -> list[str]:
    """Return the headers that a manifest adds to requests to hosts of `others`, with host and owner, as messages.

    A header may change whom a request is billed to or what is kept of it, even if the key goes where it belongs.
    """
    added = {*provider.headers, *manifest.model_headers.get(provider.id, ())}
    own = hosts(provider, manifest) if added else frozenset[str]()
    found = []
    for other in others if added else ():
        shared, names = own & hosts(other), sorted({name for name, _ in added - {*other.headers}})
        if shared and names:
            found.append(f"{', '.join(names)} to requests to {', '.join(sorted(shared))}, which is for {other.id}")
    return found


def without_places(provider: Provider, withheld: Collection[Alternative], remedy: str) -> Provider:
    """Return the provider without the withheld places; the slots concerned get `remedy`."""

    def kept(slot: Slot) -> Slot:
        alternatives = tuple(each for each in slot.alternatives if each not in withheld)
        return slot if alternatives == slot.alternatives else slot._replace(alternatives=alternatives, remedy=remedy)

    groups = (group._replace(slots=tuple(map(kept, group.slots))) for group in provider.requirement)
    return provider._replace(requirement=tuple(groups))


def without_looking(provider: Provider, others: Mapping[str, Readers]) -> Provider:
    """Return the provider without those of its plugin's own variables that others read."""
    detects = tuple(name for name in provider.detects if name not in others)
    key_variable = "" if provider.key_variable in others else provider.key_variable
    return provider._replace(detects=detects, key_variable=key_variable)


def host(url: str, provider_id: str) -> str:
    """Return scheme, host and port of a base URL; one with a placeholder differs from every other provider's."""
    found = site(url)
    return f"{found} of {provider_id}" if "$" in found else found


def _names(each: Alternative) -> set[str]:
    return {*slots.named(each), *([display_name(each)] if each.file or each.command else [])}


def display_name(each: Alternative) -> str:
    """Return a place as users know it: a variable, a path, or a command in shell notation."""
    return each.variable or each.file or f"`{slots.command_name(each.command)}`"


def _check_rights(path: str, folder: str) -> _State:
    try:
        found = os.stat(path)
    except OSError as error:
        raise Unsafe(f"{path} can't be examined: {error.strerror}", "Fix or remove it.") from None
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        raise Unsafe(f"{path} is not a regular file or a folder", "Remove it.")
    if exposed := file_access.exposure_of(path, found, whole=folder):
        raise Unsafe(*exposed)
    return cache.identified(path, found)


def _check_place(path: str, folder: str) -> None:
    if not platform.is_within(path, folder):
        raise Unsafe(f"{path} leads out of the plugin's folder", "Put a copy of the file in the folder.")


def _files(folder: str) -> Iterator[_State]:
    """Yield the folder of a plugin and every file and link in it.

    Raises Unsafe if other users may write one of them, or if a link leads out of the folder.
    """
    yield _check_rights(folder, folder)
    waiting, count, size = [folder], 0, 0
    while waiting:
        for each in _entries(waiting.pop()):
            found = _check_rights(each.path, folder)
            if platform.is_link(each):
                _check_place(each.path, folder)
            if each.is_dir(follow_symlinks=False):
                waiting.append(each.path)
                continue
            count, size = count + 1, size + found[1]
            if count > _FOLDER_FILES or size > _FOLDER_BYTES:
                why = f"{folder} holds more than {_FOLDER_FILES} files, or {_FOLDER_BYTES >> 20} MiB"
                raise Unsafe(why, "Remove what is not needed.")
            yield found


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise Unsafe(f"{folder} can't be read: {error.strerror}", "Fix or remove it.") from None


def _digest(folder: str, paths: Iterable[str]) -> str:
    return _sha256(part for path in paths for part in (os.fsencode(_named(path, folder)), _content(path)))


def _named(path: str, folder: str) -> str:
    """Return the path of a file relative to the plugin's folder, or its whole path if it is elsewhere."""
    return os.path.relpath(path, folder) if path.startswith(folder + os.sep) else path


def _content(path: str) -> bytes:
    """Return a digest of a file, or where a link to a folder leads."""
    try:
        if os.path.isdir(path):  # a link, whose target is among the files
            return os.fsencode(os.readlink(path))
        return files.digest(path)
    except OSError as error:
        raise Unsafe(f"{path} can't be read: {error.strerror}", "Fix or remove it.") from None


def _sha256(parts: Iterable[bytes]) -> str:
    import hashlib

    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
