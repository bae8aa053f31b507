"""Find the credentials of all providers in one environment."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from polyroute import base_url
from polyroute._internal.containment import pass_on
from polyroute._internal.secret_memory import moment
from polyroute._internal.terminal import quoted
from polyroute.environment import GLOBAL, HOST, KEYRING, ORGANISATION, PLUGIN, PROCESS, PROJECT, Environment
from polyroute.plugins.loaded import Plugins
from polyroute.requirements import evaluation, places
from polyroute.requirements.evaluation import Evaluation
from polyroute.requirements.slots import further, no_key_of
from polyroute.results import Plugin
from polyroute.types import Credential, Detection, Problem, Provider

if TYPE_CHECKING:
    from polyroute.lists.decisions import Change

_ENDS = ("KEY", "KEYS", "TOKEN", "SECRET", "PAT", "KEY_FILE", "BASE", "URL", "ENDPOINT", "_HOST", "REVERSE_PROXY")
"""How the names of variables with keys and addresses end; lower case too."""
_ACCEPT = "If you trust it: `polyroute refresh --accept {}`."


def find(
    plugins: Plugins, environment: Environment, referred: Callable[[], Collection[str]] = tuple
) -> dict[str, Evaluation]:
    """Return the credential found, or what is missing, for each provider that the environment may have something of.

    `referred` returns the variables that custom models refer to for their keys; it is called only if that matters.
    A met requirement takes precedence over a login that a plugin detects. All other providers have no credential:
    `Plugins.unmet` returns what they lack.
    """
    found = {name: _evaluate(name, plugins, environment) for name in sorted(plugins.touched(environment))}
    _report_wrong(found.values(), environment)
    for plugin, detection in plugins.detections(environment):
        if _counts(plugin, detection, plugins, environment):
            so_far = found.get(detection.provider) or plugins.unmet(detection.provider)
            found[detection.provider] = _beside(so_far, plugin, detection, plugins, environment)
    found |= {name: Evaluation(None, *withheld) for name, withheld in plugins.withheld.items()}
    for name, change in plugins.unasked.items():
        if (known := found.get(name)) and known.credential and known.credential.source:
            found[name] = _unasked(name, change, known, plugins, environment)
    for name, known in tuple(found.items()):
        if reason := _of_somebody_else(name, known.credential, plugins, environment, referred):
            found[name] = _withheld(name, reason, plugins, environment)
    return found | _as_known(found, plugins, environment) if plugins.servers else found


def _counts(plugin: Plugin, detection: Detection, plugins: Plugins, environment: Environment) -> bool:
    """Return whether what a plugin detected counts: only a provider's owner may say that it has no login."""
    if detection.provider not in plugins.providers or (plugin, detection.provider) in plugins.lost:
        return False
    if fault := _misplaced(plugin, detection, plugins):
        remedy, hook = "Correct the plugin.", "polyroute_credentials"
        environment.report(plugin.problem(fault, remedy, hook, code="not-owner", provider=detection.provider))
        return False
    return not _says_no(detection) or plugins.owners[detection.provider] == plugin


def _says_no(detection: Detection) -> bool:
    return detection.source is None and detection.kind != "none"


def _beside(
    so_far: Evaluation, plugin: Plugin, detection: Detection, plugins: Plugins, environment: Environment
) -> Evaluation:
    """Return what is known of a provider with what a plugin detected, which matters if there is no credential yet."""
    if so_far.credential:
        return so_far._replace(unused=detection.reason) if _says_no(detection) else so_far
    login, provider = _with_a_key(detection, plugins, environment), plugins.providers[detection.provider]
    detected = _detected(login, plugin, provider, so_far, environment)
    return detected._replace(unfilled=so_far.unfilled)


def _as_known(found: Mapping[str, Evaluation], plugins: Plugins, environment: Environment) -> dict[str, Evaluation]:
    """Return the evaluations of the user's own servers, as far as they were asked at the address that is set now."""
    servers = plugins.servers
    unknown = {name: found.get(name) or plugins.unmet(name) for name in servers}
    return {
        name: evaluation.as_known(each, servers[name])
        for name, each in unknown.items()
        if each.credential and each.credential.endpoint == servers[name].address
    }


def unread(plugins: Plugins, environment: Environment, referred: Callable[[], Collection[str]]) -> tuple[Problem, ...]:
    """Return a problem for each variable that seems to be a key or address under a name that nobody reads."""
    known = plugins.index[0]
    if not any(name not in known and name.upper().endswith(_ENDS) for name in environment.names):
        return ()
    from polyroute.routing import unread_variables

    return unread_variables.find(plugins, environment, referred())


def _report_wrong(found: Iterable[Evaluation], environment: Environment) -> None:
    """Report what is set and can't be used: without the provider, because several may read one variable."""
    for each in found:
        if each.wrong[0]:
            environment.report(Problem(*each.wrong, code="setting-unusable"))


def _of_somebody_else(
    name: str,
    credential: Credential | None,
    plugins: Plugins,
    environment: Environment,
    referred: Callable[[], Collection[str]],
) -> str:
    """Return why a manifest gets no key that the user stored or named for something else; empty if it gets the key.

    Only `keys set` writes to the keyring, and records the owner of the provider that the key is for. A variable that
    other providers read was judged by their hosts when the plugins were loaded. A setting is sent too, in an address or
    a header.
    """
    owner, unconfirmed = plugins.owners[name], f"and the plugin of {name} has not been confirmed"
    if not (credential and owner.is_third_party and owner.manifest) or plugins.is_recorded(name, owner):
        return ""
    own = {each for each in places.all_variables(plugins.providers[name]) if environment.source(each)}
    own -= {each for each in own if {*plugins.readers.get(each, ())} - {name}}
    if credential.source and credential.source.layer == KEYRING and credential.source.name in own:
        return f"{credential.source} was not stored for {name}, {unconfirmed}"
    taken = sorted(own & {*referred()}) if own else []
    return f"{', '.join(taken)} is the key of a custom model, {unconfirmed}" if taken else ""


def _withheld(name: str, reason: str, plugins: Plugins, environment: Environment) -> Evaluation:
    owner = plugins.owners[name]
    remedy = f"If you trust it: `polyroute plugins trust {quoted(owner.name)}`."
    environment.report(owner.problem(f"{name}: {reason}", remedy, code="key-withheld", provider=name))
    return Evaluation(None, reason, remedy)


def _misplaced(plugin: Plugin, detection: Detection, plugins: Plugins) -> str:
    """Return why a login that a plugin detected is ignored; empty if it is not."""
    if detection.endpoint and plugins.owners[detection.provider] != plugin:
        return f"set an endpoint of {detection.provider}, which only the provider's owner may do"
    source = detection.source
    if source and source.layer == ORGANISATION and detection.endpoint:
        return f"sets an endpoint for {source}, which goes to the provider's usual one only"
    if source and source.layer != PLUGIN and source.name.startswith("POLYROUTE_"):
        return f"uses {source.name} as a key, but that is a setting of Polyroute"
    return ""


def _unasked(name: str, change: Change, known: Evaluation, plugins: Plugins, environment: Environment) -> Evaluation:
    """Withhold the key of a provider that only a fetched list declares until the user agrees, and report that."""
    reason = f"only a fetched list says that {known.credential} is sent to {change.after.partition(' with ')[0]}"
    remedy = _ACCEPT.format(name)
    owner = plugins.owners[name]
    environment.report(owner.problem(f"{name}: {reason}", remedy, code="list-waiting", provider=name))
    return Evaluation(None, reason, remedy)


def unasked(name: str, plugins: Plugins) -> tuple[str, str] | None:
    """Return the reason why the provider gets no key before the user agrees, and the remedy; None if it gets keys."""
    change = plugins.unasked.get(name)
    if change is None:
        return None
    where = change.after.partition(" with ")[0]
    return f"only a fetched list says that {name} is called at {where}", _ACCEPT.format(name)


def variable_of(credential: Credential) -> str:
    """Return the variable whose whole value is the secret; empty if the secret is in a file or owned by a plugin."""
    source = credential.source
    whole = source is not None and source.layer in (PROCESS, PROJECT, GLOBAL) and not (source.path or source.field)
    return source.name if source and whole else ""


def _evaluate(name: str, plugins: Plugins, environment: Environment) -> Evaluation:
    try:
        return evaluation.evaluate(plugins.providers[name], environment, plugins.knowledge)
    except BaseException as error:
        pass_on(error)
        fault = f"the requirement of {name!r} can't be evaluated: {type(error).__name__}"
        owner, hook = plugins.owners[name], "polyroute_providers"
        environment.report(owner.problem(fault, "Correct the plugin.", hook, code="raised", provider=name))
        return Evaluation(None, "its requirement can't be evaluated", "See `polyroute plugins`.")


def _with_a_key(detection: Detection, plugins: Plugins, environment: Environment) -> Detection:
    """Return the detection with the first layer of its variable that may hold a key; without a source if none does."""
    source, provider = detection.source, plugins.providers[detection.provider]
    if source is None or source.layer not in (HOST, PROCESS, PROJECT, GLOBAL):
        return detection
    judge = evaluation.judge_of(provider, environment, plugins.knowledge)
    why = no_key_of(source, environment, judge)
    if not why[0]:
        return detection
    environment.report(Problem(*why, code="setting-unusable"))
    other = further(source, environment, judge)
    return detection._replace(
        source=other, reason="" if other else why[0], remedy=detection.remedy if other else why[1]
    )


def _detected(
    detection: Detection, plugin: Plugin, provider: Provider, known: Evaluation, environment: Environment
) -> Evaluation:
    if _says_no(detection):
        lacking = known if provider.requirement else Evaluation(None, "")
        both = [f"{lacking.reason}; {detection.reason}".lstrip("; "), f"{lacking.remedy} {detection.remedy}".strip()]
        return lacking._replace(reason=both[0], remedy=both[1])
    if detection.expires_at is not None and detection.expires_at <= time.time():
        reason = detection.reason or f"the login expired on {moment(detection.expires_at)}"
        return Evaluation(None, reason, detection.remedy or "Log in again.")
    values = known.values
    endpoint = detection.endpoint or base_url.of_provider(provider, "", values)
    if not endpoint:
        return Evaluation(None, f"no base URL is known for {provider.id}", detection.remedy)
    headers = evaluation.filled_headers(provider.headers, values)
    if headers is None:
        return Evaluation(None, f"a header of {provider.id} needs a setting that is missing", detection.remedy)
    credential = Credential(provider.id, endpoint, detection.kind, detection.source, plugin=plugin.label)
    credential = credential._replace(remedy=detection.remedy, expires_at=detection.expires_at)
    found = Evaluation(credential, detection.reason or f"found {credential}", values=values, headers=headers)
    is_usual = provider.address and not detection.endpoint
    return evaluation.at_own_address(provider, found, environment) if is_usual else found
