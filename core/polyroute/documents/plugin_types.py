"""Types of documents: plugins."""

from __future__ import annotations

from typing import Literal, NotRequired

from polyroute.documents.facts import TypedDict
from polyroute.documents.types import Document, ProblemDocument, WithProblems
from polyroute.results import Kind, Origin


class PluginFacts(TypedDict):
    """The facts that are known without calling the plugin."""

    name: str
    """The plugin's name."""
    distribution: str | None
    """The distribution that contains it; or null."""
    version: str | None
    """The version; null if it has none."""
    origin: Origin
    """Where it comes from: the host, an installed distribution, the plugin folder, or a project."""
    kind: Kind
    """How it is implemented."""
    folder: str | None
    """The folder of its manifest; null for a Python plugin."""
    enabled: bool
    """Whether it is used."""
    reason: str | None
    """Why it is not used; or null."""


class PluginSourceDocument(TypedDict):
    """Where a plugin was added from."""

    kind: Literal["folder", "file", "url"]
    """A folder, a file (an archive or a manifest), or an address from which a file was downloaded."""
    place: str
    """The path, or the address without its query."""
    sha256: str | None
    """The SHA-256 digest of the file, in hexadecimal; null for a folder."""


class PluginDocument(PluginFacts):
    """A plugin with what it provides."""

    hooks: list[str]
    """The hooks that it implements."""
    providers: list[str]
    """The IDs of its providers."""
    warnings: list[str]
    """The risks of the plugin, as predicates: their subject is the plugin."""
    source: PluginSourceDocument | None
    """Where `plugins add` took it from; null if it was not added in this way."""


class PluginsDocument(WithProblems):
    """All plugins, what they provide, and their problems."""

    plugins: list[PluginDocument]
    """The plugins in the order in which they are called."""


class BindingDocument(TypedDict):
    """A host to which a plugin would send a credential."""

    credential: str
    """The variable, file or command."""
    host: str
    """The host."""


class GrantedDocument(TypedDict):
    """The permissions of a plugin's program."""

    argv: list[str]
    """The program and its arguments."""
    variables: list[str]
    """The variables that it receives."""
    hosts: list[str]
    """The hosts that its providers may use."""
    settings: list[str]
    """The variables whose values are not secret."""


class ManifestFacts(TypedDict, total=False):
    """The facts in a manifest. A Python plugin has none."""

    extends: list[str]
    """The providers of other plugins that it turns into gateways."""
    executable: GrantedDocument | None
    """The permissions of its program; null if it has none."""
    methods: list[str]
    """The methods of its program besides `describe`."""


class PluginInfo(Document, PluginDocument, ManifestFacts):
    """One plugin, its providers, and the hosts to which it would send credentials."""

    bindings: list[BindingDocument]
    """The hosts to which it would send each credential."""


class PluginFinding(TypedDict):
    """One finding of the check of a plugin."""

    code: str
    """A stable, machine-readable code."""
    severity: Literal["error", "warning", "advice"]
    """Only `advice` needs no fix."""
    message: str
    """What is wrong."""
    remedy: str
    """What the author can do about it."""


class PluginHealth(PluginFacts):
    """The problems of one plugin."""

    healthy: bool
    """Whether it has no problems."""
    problems: list[ProblemDocument]
    """The problems that occurred in it."""
    findings: list[PluginFinding]
    """The findings of the check of its manifest."""


class PluginsHealth(WithProblems):
    """The problems of each plugin. `problems` has those that don't belong to a plugin."""

    healthy: bool
    """Whether there are no problems; if there are, the exit status is 1."""
    plugins: list[PluginHealth]
    """The plugins."""


class PluginChecked(Document):
    """The result of the check of a plugin."""

    passes: bool
    """Whether nothing must be fixed; if not, the exit status is 1."""
    findings: list[PluginFinding]
    """The findings."""


class PluginChange(TypedDict):
    """What was done with a plugin."""

    plugin: NotRequired[str]
    """The plugin's name; absent for `refresh`."""
    added: NotRequired[bool]
    """For `add`: whether it is in the plugin folder now."""
    trusted: NotRequired[bool]
    """For `trust` and `untrust`: whether it is trusted now."""
    removed: NotRequired[bool]
    """For `remove`: whether it was removed."""
    enabled: NotRequired[bool]
    """For `enable` and `disable`: whether it may be used now."""
    refreshed: NotRequired[bool]
    """For `refresh`: whether the remembered answers of plugins were discarded."""
    folder: NotRequired[str]
    """For `new`: the folder that was created."""


class PluginChanged(Document, PluginChange):
    """What was done with one plugin or with all."""
