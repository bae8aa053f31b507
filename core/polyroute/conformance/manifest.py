"""Checks of a manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from polyroute.conformance import declarations, names, sending
from polyroute.conformance.terms import MANIFEST as TERMS
from polyroute.errors import Unavailable, UsageError
from polyroute.plugins.manifests import discovery, loader
from polyroute.plugins.manifests.description import Description
from polyroute.plugins.manifests.discovery import MANIFEST
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.trust import policy, risks
from polyroute.plugins.trust.programs import Unsafe
from polyroute.results import Finding


def check(path: str, beside: Sequence[Description] = ()) -> list[Finding]:
    """Return the findings about a manifest, or about the one in a folder. Nothing is run.

    `beside` has the other manifests of its distribution.
    """
    path = path_of(path)
    try:
        found = loader.read(path)
    except (UsageError, Unavailable) as error:
        return _refused(path, str(error).splitlines(), beside)
    manifest = Manifest(path, found, model_urls=loader.model_urls(found), model_headers=loader.model_headers(found))
    said = declarations.findings(found, TERMS, beside)
    return [*_safety(manifest), *_whole(manifest), *said, *_dangers(manifest)]


def _refused(path: str, faults: list[str], beside: Sequence[Description]) -> list[Finding]:
    """Return the findings about an invalid manifest, including those that appear when unknown keys are ignored."""
    said: list[Finding] = []
    try:
        said = list(declarations.findings(loader.read(path, strict=False), TERMS, beside))
    except (UsageError, Unavailable) as error:
        faults = list(dict.fromkeys([*faults, *str(error).splitlines()]))
    return [*(Finding("manifest-refused", "error", line) for line in faults), *said]


def path_of(place: str) -> str:
    """Return the path of a manifest, given its path or its folder."""
    if not place.endswith(".toml"):
        return os.path.join(place, MANIFEST)
    return os.path.join(os.path.dirname(place) or ".", os.path.basename(place))


def in_package(folder: str) -> list[str]:
    """Return the manifests in the folder of a package without code; empty for other folders."""
    if not os.path.isdir(folder) or os.path.exists(os.path.join(folder, "__init__.py")):
        return []
    return discovery.in_package([folder])


def sound(path: str) -> Description:
    """Return a manifest's description; an empty one if the manifest can't be used."""
    try:
        return loader.read(path_of(path))
    except (UsageError, Unavailable):
        return Description()


def has_program(path: str) -> bool:
    """Return whether a valid manifest has an executable."""
    return loader.read(path_of(path)).executable is not None


def _dangers(manifest: Manifest) -> Iterator[Finding]:
    """Yield what a user will be asked about before the plugin is used."""
    others = [each for each in names.bundled().providers.values() if each.id not in _own(manifest)]
    for each in (*risks.found(manifest, sending.readers()), *risks.headers(manifest, others)):
        remedy = "Explain in its README why it needs this; a variable of your own needs no consent."
        yield Finding("needs-consent", "advice", f"users have to agree first, since it {each}", remedy)
    if manifest.description.executable:
        yield from sending.granted(manifest.description.executable)


def _own(manifest: Manifest) -> set[str]:
    return {each.id for each in manifest.description.providers}


def _safety(manifest: Manifest) -> Iterator[Finding]:
    try:
        policy.fingerprint(manifest)
    except Unsafe as unsafe:
        yield Finding("folder-unsafe", "error", unsafe.why, unsafe.remedy)


def _whole(manifest: Manifest) -> Iterator[Finding]:
    found = manifest.description
    if not found.version and manifest.has_folder:  # otherwise it has the version of its distribution
        yield Finding("version-missing", "advice", "it has no version", 'Set it: version = "1.0.0".')
    if not (found.providers or found.routeability or found.executable):
        yield Finding("providers-missing", "error", "it has no provider", "Add a table [providers.NAME].")
    if found.methods and not found.executable:
        yield Finding("methods-unused", "warning", "it has methods but no [executable]", "Remove `methods`.")
