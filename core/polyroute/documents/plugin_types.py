"""Declarations: plugins."""

from __future__ import annotations

from typing import Literal, NotRequired

from polyroute.documents.facts import TypedDict
from polyroute.documents.types import Document, ProblemDocument, WithProblems
from polyroute.results import Kind, Origin


class PluginFacts(TypedDict):
    """What can be said of a plugin without asking it."""

    name: str
    """The plugin's name."""
    distribution: str | None
    """The distribution that brought it; or null."""
    version: str | None
    """The version; null where it has none."""
    origin: Origin
    """Who brought it: the host, an installed distribution, the plugin folder, or a project."""
    kind: Kind
    """What it is written in."""
    folder: str | None
    """Where its manifest is; null for a plugin in Python."""
    enabled: bool
    """Whether it is in use."""
    reason: str | None
    """Why it is not in use; or null."""


class PluginDocument(PluginFacts):
    """A plugin with what it provides."""

    hooks: list[str]
    """The hooks that it implements."""
    providers: list[str]
    """The IDs of its providers."""
    warnings: list[str]
    """What is dangerous about it, in words that follow its name."""


class PluginsDocument(WithProblems):
    """All plugins, what they provide, and what is wrong."""

    plugins: list[PluginDocument]
    """The plugins in the order in which they are asked."""


class BindingDocument(TypedDict):
    """Where a plugin would send a credential."""

    credential: str
    """The variable, file or command."""
    host: str
    """The host."""


class GrantedDocument(TypedDict):
    """What a plugin's program is granted."""

    argv: list[str]
    """The program and its arguments."""
    variables: list[str]
    """The variables that it gets."""
    hosts: list[str]
    """The hosts that its providers may name."""
    settings: list[str]
    """Those of the variables whose values are no secret."""


class ManifestFacts(TypedDict, total=False):
    """What a manifest says. A plugin in Python has none."""

    extends: list[str]
    """The providers of other plugins that it makes gateways of."""
    executable: GrantedDocument | None
    """What its program is granted; null where it has none."""
    methods: list[str]
    """What its program answers, besides `describe`."""


class PluginInfo(Document, PluginDocument, ManifestFacts):
    """One plugin, its providers, and where it would send what."""

    bindings: list[BindingDocument]
    """Where it would send which credential."""


class PluginFinding(TypedDict):
    """One thing that a check says of a plugin."""

    code: str
    """A short name for it, the same in every version."""
    severity: Literal["error", "warning", "advice"]
    """Only `advice` needs no fix."""
    message: str
    """What is wrong."""
    remedy: str
    """What the author can do about it."""


class PluginHealth(PluginFacts):
    """What is wrong with one plugin."""

    healthy: bool
    """Whether nothing is wrong."""
    problems: list[ProblemDocument]
    """What went wrong in it."""
    findings: list[PluginFinding]
    """What the check of its manifest says."""


class PluginsHealth(WithProblems):
    """What is wrong with each plugin. `problems` are those that concern none of them."""

    healthy: bool
    """Whether nothing is wrong; else the exit status is 1."""
    plugins: list[PluginHealth]
    """The plugins."""


class PluginChecked(Document):
    """What a check says of a plugin."""

    passes: bool
    """Whether nothing must be fixed; else the exit status is 1."""
    findings: list[PluginFinding]
    """What the check says."""


class PluginChange(TypedDict):
    """What was done with a plugin."""

    plugin: NotRequired[str]
    """The plugin's name; not of `refresh`."""
    added: NotRequired[bool]
    """Of `add`: whether it is in the plugin folder now."""
    trusted: NotRequired[bool]
    """Of `trust` and `untrust`: whether it is trusted now."""
    removed: NotRequired[bool]
    """Of `remove`: whether it is gone."""
    enabled: NotRequired[bool]
    """Of `enable` and `disable`: whether it may be in use now."""
    refreshed: NotRequired[bool]
    """Of `refresh`: what was kept of plugins is forgotten."""
    folder: NotRequired[str]
    """Of `new`: the folder that was written."""


class PluginChanged(Document, PluginChange):
    """What was done with a plugin, or with all."""
