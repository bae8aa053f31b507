"""Checks of a manifest."""

from __future__ import annotations

from collections.abc import Iterator

from polyroute.errors import Unavailable, UsageError
from polyroute.kit import Finding, declared
from polyroute.manifests import manifests
from polyroute.manifests.description import Description
from polyroute.manifests.manifests import Manifest
from polyroute.trust import trust
from polyroute.trust.trust import Unsafe


def check(folder: str) -> list[Finding]:
    """What is to be said of the manifest in a folder. Nothing is run."""
    try:
        found = manifests.read(folder)
    except (UsageError, Unavailable) as error:
        return [Finding("manifest-refused", "error", line) for line in str(error).splitlines()]
    return [*_safety(Manifest(folder, found)), *_whole(found), *declared.findings(found)]


def has_program(folder: str) -> bool:
    """Whether a sound manifest is that of an executable."""
    return manifests.read(folder).executable is not None


def _safety(manifest: Manifest) -> Iterator[Finding]:
    try:
        trust.fingerprint(manifest)
    except Unsafe as unsafe:
        yield Finding("folder-unsafe", "error", unsafe.why, unsafe.remedy)


def _whole(found: Description) -> Iterator[Finding]:
    if not found.version:
        yield Finding("version-missing", "advice", "it has no version", 'Say which it is: version = "1.0.0".')
    if not found.providers and not found.executable:
        yield Finding("providers-missing", "error", "it has no provider", "Add a table [providers.NAME].")
    if found.methods and not found.executable:
        yield Finding("methods-unused", "warning", "it has methods, and no [executable]", "Leave `methods` out.")
