"""Finding every provider's credential in one environment."""

from __future__ import annotations

from polyroute import requirements
from polyroute.environment import GLOBAL, PROCESS, PROJECT, Environment
from polyroute.loading.plugin import CONTAINED, Plugin
from polyroute.plugins import Plugins
from polyroute.requirements import Evaluation
from polyroute.types import Credential, Detection, Problem, Provider


def find(plugins: Plugins, environment: Environment, problems: list[Problem]) -> dict[str, Evaluation]:
    """For each provider of which something may be there, the credential found or what is missing.

    A declared requirement that is met comes before what a plugin detects. Providers that are not in the
    result are without credential, as `Plugins.unmet` has it.
    """
    found = {name: _evaluate(name, plugins, environment, problems) for name in sorted(plugins.touched(environment))}
    for plugin, detection in plugins.detections(environment, problems):
        if detection.provider not in plugins.providers:
            continue
        if detection.endpoint and plugins.owners[detection.provider] != plugin:
            fault = f"gave {detection.provider} an endpoint, which only its owner may"
            problems.append(plugin.problem(fault, "Correct the plugin.", "polyroute_credentials"))
            continue
        known = found.get(detection.provider)
        says_no = detection.source is None and detection.kind != "none"
        if says_no and plugins.owners[detection.provider] != plugin:
            continue
        if known is None or known.credential is None:
            found[detection.provider] = _detected(detection, plugin, plugins.providers[detection.provider], known)
    return found


def variable_of(credential: Credential) -> str:
    """The variable whose whole value is the secret; empty where it is in a file or a plugin's keeping."""
    source = credential.source
    whole = source is not None and source.layer in (PROCESS, PROJECT, GLOBAL) and not (source.path or source.field)
    return source.name if source and whole else ""


def _evaluate(name: str, plugins: Plugins, environment: Environment, problems: list[Problem]) -> Evaluation:
    try:
        return requirements.evaluate(plugins.providers[name], environment, plugins.readers)
    except CONTAINED as error:
        fault = f"the requirement of {name!r} can't be evaluated: {type(error).__name__}"
        problems.append(plugins.owners[name].problem(fault, "Correct the plugin.", "polyroute_providers"))
        return Evaluation(None, "its requirement can't be evaluated", "See `polyroute plugins`.")


def _detected(detection: Detection, plugin: Plugin, provider: Provider, known: Evaluation | None) -> Evaluation:
    if detection.source is None and detection.kind != "none":
        return Evaluation(None, detection.reason, detection.remedy)
    values = known.values if known else {}
    endpoint = detection.endpoint or requirements.base_url(provider, "", values)
    if not endpoint:
        return Evaluation(None, f"no base URL is known for {provider.id}", detection.remedy)
    credential = Credential(provider.id, endpoint, detection.kind, detection.source, plugin=plugin.label)
    return Evaluation(credential, detection.reason or f"found {credential}", values=values)
