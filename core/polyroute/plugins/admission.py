"""Check that manifests are safe and approved, and register them. Imported only when a manifest is found."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NoReturn

from polyroute.environment import Environment
from polyroute.plugins.manager import Manager
from polyroute.plugins.manifests import loader
from polyroute.plugins.manifests.adapter import ManifestPlugin
from polyroute.plugins.manifests.description import Description
from polyroute.plugins.manifests.loader import Manifest
from polyroute.plugins.trust.approvals import Approvals
from polyroute.requirements import places
from polyroute.results import Commands, Kind, Plugin, Refused
from polyroute.types import Alternative, Problem


class Admission:
    """The manifests found in one load."""

    def __init__(self, approvals: Approvals, manager: Manager) -> None:
        self.taken: dict[Plugin, Manifest] = {}
        """The manifests in use, by plugin."""
        self._approvals, self._manager = approvals, manager
        self._checked: set[str] = set()
        """Folders that other users can't change."""

    def found(self, paths: Iterable[str]) -> list[Manifest]:
        """Return the manifests at `paths`; one that can't be used has its `fault` set."""
        return loader.load(list(paths))

    def unapproved(self, path: str) -> Manifest:
        """Return the manifest of a plugin of a project that is not approved."""
        return loader.unapproved(path)

    def waiting(self, plugin: Plugin) -> NoReturn:
        """Raise Refused for a plugin of a project that is not approved, whose manifest was not parsed."""
        raise Refused(_unapproved(plugin, "waits for your approval", "not-approved"))

    def kind(self, manifest: Manifest) -> Kind:
        """Return the kind of plugin that a manifest declares."""
        return "executable" if manifest.description.executable else "manifest"

    def installed(self, manifest: Manifest, plugin: Plugin) -> None:
        """Register a manifest of an installed distribution.
        The user installed its files, so it needs approval only if it runs programs.


        Raises Refused if it can't be used.
        """
        if manifest.description.runs_programs:
            self.dropped_in(manifest, plugin)
        else:
            self._take(plugin, manifest)

    def dropped_in(self, manifest: Manifest, plugin: Plugin) -> None:
        """Register a manifest of the user's plugin folder or of a project.

        Raises Refused if its files are not safe, or if it needs an approval that it does not have.
        """
        from polyroute._internal import platform
        from polyroute.plugins.trust import policy
        from polyroute.plugins.trust.programs import Unsafe

        if manifest.description.runs_programs and not platform.RUNS_PROGRAMS:
            what = f"runs a program, which {platform.NEEDS_POSIX}"
            raise Refused(plugin.problem(what, platform.WORKS_HERE, code="unsupported"))
        try:
            policy.check_files(manifest)
            if not plugin.distribution:  # where Python imports from is trusted as Python is
                policy.check_place(manifest.folder, self._approvals.home, self._checked)
            if (plugin.in_project or manifest.description.runs_programs) and not manifest.fault:
                self._check_approval(plugin, manifest)
        except Unsafe as unsafe:
            raise Refused(plugin.problem(f"is not safe: {unsafe.why}", unsafe.remedy, code="unsafe")) from None
        self._take(plugin, manifest)

    def ask_executables(self, environment: Environment, *, run: bool) -> Iterable[Problem]:
        """Ask the accepted executables for their descriptions, all at once, and register them.

        Each keeps its place in the order of plugins. Returns the problems.
        """
        approved = {plugin: each for plugin, each in self.taken.items() if plugin.kind == "executable"}
        if not approved:
            return []
        from polyroute.plugins.executables.batch import Programs

        known = self._approvals.fingerprints
        programs = Programs({plugin: (each, known[each.identity]) for plugin, each in approved.items()}, environment)
        for each in programs.described() if run else programs.remembered():
            self._manager.enter(each)
        return programs.problems

    def _check_approval(self, plugin: Plugin, manifest: Manifest) -> None:
        state = self._approvals.state(manifest)
        if state == "changed":
            raise Refused(_unapproved(plugin, "has changed since it was approved", "changed"))
        if state != "approved":
            self.waiting(plugin)

    def _take(self, plugin: Plugin, manifest: Manifest) -> None:
        if manifest.fault:
            from polyroute._internal.terminal import quoted

            where = quoted(manifest.folder if manifest.has_folder else manifest.path)
            remedy = f"Fix it; `polyroute plugins check {where}` says more."
            raise Refused(plugin.problem("; ".join(manifest.fault.splitlines()), remedy, code="manifest-refused"))
        self.taken[plugin] = manifest
        if plugin.kind != "executable":
            models = partial(loader.models, manifest) if manifest.listed else None
            said = manifest.description
            if said.commands:
                said = _with_programs(said, self._approvals.commands.get(manifest.identity, {}))
            self._manager.enter(ManifestPlugin(plugin, said, models))


def _unapproved(plugin: Plugin, why: str, code: str) -> Problem:
    from polyroute._internal.terminal import quoted

    name = quoted(plugin.name)
    return plugin.problem(
        why, f"See `polyroute plugins info {name}`, then `polyroute plugins trust {name}`.", code=code
    )


def _with_programs(said: Description, commands: Commands) -> Description:
    """Return the description with each command replaced by the program that the user approved for it."""
    if not commands:
        return said

    def approved(place: Alternative) -> Alternative:
        if not place.command:
            return place
        name, *arguments = place.command
        return place._replace(command=(commands.get(name, name), *arguments))

    return said._replace(providers=tuple([places.replaced(each, approved) for each in said.providers]))
