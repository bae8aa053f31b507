"""Parse a plugin's description: the table of a manifest, or what a program returns from `describe`.

A provider's table has the fields of `types.Provider`, shorter forms of its requirement (`Beside`) and what else a
plugin declares about it (`Part`). A new field of `Provider` can be used in manifests without a change here.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Annotated, Any

from pydantic_core import CoreSchema, SchemaValidator, core_schema

from polyroute.base_url import authority, is_bare, normalized, placeholders
from polyroute.named_tuples import NamedTuple
from polyroute.plugins.manifests import validators
from polyroute.plugins.manifests.description import MAX_MODELS, Description, ModelList, Spelling
from polyroute.plugins.manifests.validators import Field
from polyroute.requirements.defaults import wrong_default
from polyroute.requirements.slots import WANTED
from polyroute.types import (
    Alternative,
    CredentialKind,
    FailureRule,
    Group,
    Model,
    Probe,
    Provider,
    Routeability,
    Slot,
)
from polyroute.types.constraints import MOST_ENTRIES, Keyed, SlotName, Slug, Variable


class Slots(NamedTuple):
    """The names of the slots that together make a credential; empty if none is needed."""

    slots: tuple[SlotName, ...] = ()
    kind: CredentialKind = "api-key"


class Shorthand(NamedTuple):
    """Shorter forms of a provider's requirement."""

    env: tuple[Variable, ...] = ()
    """Variables, any one of which may hold the key."""
    slots: Annotated[tuple[Slot, ...], Keyed("name")] = ()
    groups: tuple[Slots, ...] = ()
    """Any one group suffices; by default all slots together are the only group."""


class Part(NamedTuple):
    """What one table declares about one provider."""

    provider: Provider | None = None
    rule: Routeability | None = None
    mapping: Spelling | None = None
    models: tuple[Model, ...] = ()
    failures: tuple[FailureRule, ...] = ()
    probe: Probe | None = None
    list: ModelList | None = None


def parse(data: Any, *, strict: bool = True) -> Description:
    """Return the description in a manifest's table or in a program's response.

    Unless `strict`, unknown fields are ignored: a later minor version of the protocol may have added them.
    Raises reader.Wrong.
    """
    found: Description = validators.validated(_validator(strict), data)
    return found


def models(rows: Iterable[Any], provider: str) -> list[Model]:
    """Return the models that a program lists for one provider. Unknown fields are ignored. Raises reader.Wrong."""
    validator = validators.validator(Model, "provider", strict=False)
    return [_of(validators.validated(validator, row), provider) for row in rows]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest, for editors."""
    from pydantic.json_schema import GenerateJsonSchema

    found = GenerateJsonSchema().generate(_document(strict=True), mode="validation")
    for name in ("providers", "extends"):  # a list may be in a file next to the manifest
        (table,) = found["properties"][name]["patternProperties"].values()
        known = table["properties"]
        known["models"] = {"anyOf": [known["models"], {"type": "string"}]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Polyroute plugin.toml"}


@cache
def _validator(strict: bool) -> SchemaValidator:
    return SchemaValidator(_document(strict=strict))


def _document(*, strict: bool) -> CoreSchema:
    own = ("providers", "routeability", "mappings", "models", "failures", "probes", "lists", "files")
    known = validators.fields(Description, *own, strict=strict)
    known["providers"] = Field("providers", validators.keyed(_provider_table(strict), Slug, _each_named))
    known["extends"] = Field("extends", validators.keyed(_extension_table(strict), Slug, _each_named))
    return validators.table(known, _description, strict=strict)


def _provider_table(strict: bool) -> CoreSchema:
    known = validators.fields(Provider, "id", "requirement", strict=strict)
    known["name"] = known["name"]._replace(required=False)
    known |= validators.fields(Shorthand, strict=strict) | _about_models(strict)
    rules = core_schema.tuple_variable_schema(validators.record(FailureRule, strict=strict), max_length=MOST_ENTRIES)
    known["failures"] = Field("failures", rules)
    known["verify"] = Field("probe", validators.record(Probe, "provider", strict=strict))
    known["list"] = Field("list", validators.record(ModelList, "provider", strict=strict))
    return validators.table(known, _provider, strict=strict)


def _extension_table(strict: bool) -> CoreSchema:
    return validators.table(_about_models(strict), _extension, strict=strict)


def _about_models(strict: bool) -> dict[str, Field]:
    rows = core_schema.tuple_variable_schema(validators.record(Model, "provider", strict=strict))
    few = core_schema.no_info_before_validator_function(_few_enough, rows)
    rule = core_schema.no_info_after_validator_function(
        lambda found: found, validators.table(_rule_fields(strict), dict, strict=strict)
    )
    return {
        "models": Field("models", few),
        "routeability": Field("rule", rule),
        "mapping": Field("mapping", validators.record(Spelling, strict=strict)),
    }


def _rule_fields(strict: bool) -> dict[str, Field]:
    return validators.fields(Routeability, "gateway", "extends", strict=strict)


def _few_enough(rows: Any) -> Any:
    if isinstance(rows, list) and len(rows) > MAX_MODELS:
        raise ValueError(f"lists more than {MAX_MODELS:,} models")
    return rows


def _description(values: dict[str, Any]) -> Description:
    providers, extensions = values.pop("providers", {}), values.pop("extends", {})
    if twice := sorted(providers.keys() & extensions.keys()):
        raise ValueError(f"extends: {', '.join(twice)} is already a provider of this plugin")
    parts = {**providers, **extensions}
    return Description(
        **values,
        providers=tuple([part.provider for part in parts.values() if part.provider]),
        routeability=tuple([part.rule for part in parts.values() if part.rule]),
        mappings={name: part.mapping for name, part in parts.items() if part.mapping},
        models=tuple([model for part in parts.values() for model in part.models]),
        failures={name: part.failures for name, part in parts.items() if part.failures},
        probes=tuple([part.probe for part in parts.values() if part.probe]),
        lists=tuple([part.list for part in parts.values() if part.list]),
    )


def _each_named(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Return the tables by provider, with the provider's ID filled in."""
    return {name: _named(part, name) for name, part in parts.items()}


def _named(part: Part, name: str) -> Part:
    provider, rule, mapping, listed, failures, probe, fetched = part
    return Part(
        provider and provider._replace(id=name, name=provider.name or name),
        rule and rule._replace(gateway=name),
        mapping and mapping._replace(provider=mapping.provider or name),
        tuple([_of(model, name) for model in listed]),
        failures,
        probe and probe._replace(provider=name),
        fetched and fetched._replace(provider=name),
    )


def _of(model: Model, provider: str) -> Model:
    return model._replace(provider=provider, base_url=normalized(model.base_url))


def _provider(values: dict[str, Any]) -> Part:
    beside = Shorthand(**{name: values.pop(name) for name in Shorthand._fields if name in values})
    beside_provider = ("mapping", "models", "failures", "probe", "list")
    part = Part(**{name: values.pop(name) for name in beside_provider if name in values})
    said = values.pop("rule", None)
    named = Provider("", values.pop("name", ""), requirement=_requirement(beside), **values)
    provider = _without_slashes(named)
    _check_placeholders(provider, part)
    _check_list(provider, part.list)
    rule = _rule(said, part, is_gateway=provider.kind == "gateway")
    return part._replace(provider=provider, rule=rule, mapping=_mapping(part, rule))


def _extension(values: dict[str, Any]) -> Part:
    """Return how another plugin's provider is used as a gateway."""
    said = values.pop("rule", None)
    part = Part(**values)
    if (said or {}).get("preferred"):
        raise ValueError("routeability: only the provider's owner may set `preferred`")
    like = (part.mapping or Spelling()).like
    if like and not (said or {}).keys() & {"offered", "providers", "like"}:
        said = {"like": like, "by_list": True, **(said or {})}
    rule = _rule(said, part, is_gateway=True) or Routeability("")
    return part._replace(rule=rule._replace(extends=True), mapping=_mapping(part, rule))


def _mapping(part: Part, rule: Routeability | None) -> Spelling | None:
    """Return how it spells models, if it declares that or has a list."""
    return part.mapping or (Spelling() if rule and part.models else None)


def _rule(said: dict[str, Any] | None, part: Part, *, is_gateway: bool) -> Routeability | None:
    """Return whose models it carries, if it declares that or is a gateway with a list."""
    if said is None and not (is_gateway and part.models):
        return None
    said = said or {}
    listed = frozenset(each.id.partition("/")[0] for each in part.models if "/" in each.id)
    spelled = part.mapping.providers.items() if part.mapping else ()
    namespaces = {name: each.namespace for name, each in spelled if each.namespace}
    return Routeability("", **{"offered": listed, **said, "namespaces": {**namespaces, **said.get("namespaces", {})}})


def _requirement(beside: Shorthand) -> tuple[Group, ...]:
    slots = {slot.name: slot for slot in beside.slots}
    if beside.env and "key" in slots:
        raise ValueError("has `env`, which declares the slot `key`, and the slot `key`: give one of the two")
    if beside.env:
        slots = {"key": Slot("key", tuple(map(Alternative, beside.env)), secret=True), **slots}
    if unknown := {name for group in beside.groups for name in group.slots} - slots.keys():
        raise ValueError(f"has a group that names slots that don't exist: {', '.join(sorted(unknown))}")
    groups = beside.groups or ((Slots(tuple(slots)),) if slots else ())
    return tuple([Group(tuple([slots[name] for name in group.slots]), group.kind) for group in groups])


def _without_slashes(provider: Provider) -> Provider:
    cases = tuple([case._replace(base_url=normalized(case.base_url)) for case in provider.base_url_cases])
    return provider._replace(base_url=normalized(provider.base_url), base_url_cases=cases)


def _check_placeholders(provider: Provider, part: Part) -> None:
    """Raise ValueError if `${slot}` names a missing or secret slot, or is in a field that is not filled in."""
    slots = {slot.name: slot for group in provider.requirement for slot in group.slots}
    cases = provider.base_url_cases
    urls = [provider.base_url, *(each.base_url for each in cases), *(each.base_url for each in part.models)]
    headers = [value for some in (provider.headers, *(each.headers for each in part.models)) for _, value in some]
    faults = [
        *_unfilled("a base URL", {*_names(urls), *(case.slot for case in cases)}, slots, "keys never go in URLs"),
        *_unfilled("a header", _names(headers), slots, "use `auth` for the key"),
        *_unchecked(_names(headers), slots),
        *_bad_defaults(_names([*urls, *headers]), provider),
        *_misplaced(provider),
    ]
    if faults := faults or [*filter(None, [wrong_default(provider)])]:
        raise ValueError("; ".join(faults))


def _unfilled(where: str, names: Collection[str], slots: Mapping[str, Slot], hint: str) -> Iterable[str]:
    if unknown := sorted({*names} - slots.keys()):
        yield f"has {where} that names slots that don't exist: {', '.join(unknown)}"
    if secret := sorted(name for name in names if name in slots and slots[name].secret):
        yield f"has {where} that holds a secret, {', '.join(secret)}; {hint}"


def _unchecked(names: Collection[str], slots: Mapping[str, Slot]) -> Iterable[str]:
    known = (slots[name] for name in names if name in slots)
    if loose := sorted(slot.name for slot in known if not (slot.secret or slot.check)):
        yield f'has a header that holds {", ".join(loose)} unchecked: set check = "slug" at the slot'


def _bad_defaults(names: Collection[str], provider: Provider) -> Iterable[str]:
    """Yield the defaults that a variable with the same value could not be filled in for."""
    for slot in (slot for group in provider.requirement for slot in group.slots if slot.name in names):
        if slot.default and not is_bare(slot.default, slot.check or "slug"):
            yield f"has a default for {slot.name}, {slot.default!r}, which {WANTED[slot.check or 'slug']}"


def _misplaced(provider: Provider) -> Iterable[str]:
    elsewhere = {"auth.prefix": provider.auth.prefix, "protocol": provider.protocol}
    elsewhere["documentation"] = provider.documentation
    if wrong := [name for name, text in elsewhere.items() if placeholders(text)]:
        yield f"{', '.join(wrong)}: ${{…}} is filled in only in base URLs and headers"


def _names(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in placeholders(text)}


def _check_list(provider: Provider, fetched: ModelList | None) -> None:
    """Raise ValueError if a list would be fetched from another host than the provider's own."""
    if fetched is None:
        return
    own = {authority(url) for url in (provider.base_url, *(case.base_url for case in provider.base_url_cases))}
    if "$" in fetched.url or authority(fetched.url) not in own:
        raise ValueError(f"list: {fetched.url} is not on a host of the provider's base URL")
