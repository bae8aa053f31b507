"""The plugin's answers, made of plain data that is kept between runs.

A run that finds the data kept reads one file of it and imports nothing more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from polyroute import Alternative, AuthHeader, BaseUrlCase, CustomModelRules, Group, Model, Provider, Slot
from polyroute.cache import derived
from polyroute.types import Check, CredentialKind, ProviderKind
from polyroute_direct._files import sources

# To be raised whenever `_providers` or `_models` makes anything else of the same files.
_VERSION = 2

_USUAL_AUTH = AuthHeader()

Row = Iterable[Any]
Table = dict[str, Any]


def providers() -> list[Provider]:
    """All providers, in order of ID."""
    return [_provider(*row) for row in derived("direct-providers", _VERSION, sources(), _provider_rows)]


def models(provider_ids: Iterable[str]) -> list[Model]:
    """The models of these providers."""
    texts = derived("direct-models", _VERSION, sources(), _model_texts)
    return [_model(provider, row) for provider in provider_ids for row in json.loads(texts.get(provider, "[]"))]


def _provider_rows() -> object:
    from polyroute_direct import _providers

    return _providers.rows()


def _model_texts() -> object:
    from polyroute_direct import _models

    return _models.texts()


def _provider(
    name: str,
    title: str,
    kind: ProviderKind,
    groups: Row,
    url: str,
    cases: Row,
    protocol: str,
    auth: Table | None,
    headers: dict[str, str],
    aliases: list[str],
    rules: Table | None,
    documentation: str,
    also_speaks: list[str],
) -> Provider:
    return Provider(
        name,
        title,
        kind,
        tuple([_group(*group) for group in groups]),
        url,
        tuple([BaseUrlCase(**case) for case in cases]),
        protocol,
        AuthHeader(**auth) if auth else _USUAL_AUTH,
        tuple(headers.items()),
        tuple(aliases),
        custom_models=CustomModelRules(**rules) if rules else None,
        documentation=documentation,
        also_speaks=tuple(also_speaks),
    )


def _group(slots: Row, *kind: CredentialKind) -> Group:
    return Group(tuple([_slot(*slot) for slot in slots]), *kind)


def _slot(name: str, alternatives: Row, secret: bool, default: str = "", check: Check = "", remedy: str = "") -> Slot:
    return Slot(name, tuple([_alternative(each) for each in alternatives]), secret, default, check, remedy)


def _alternative(value: str | Table) -> Alternative:
    if isinstance(value, str):
        return Alternative(value)
    fields: Table = {**value, "keys": tuple(value.get("keys", ()))}
    return Alternative(**fields)


def _model(provider: str, row: Row) -> Model:
    name, title, context, output, input_price, output_price, inputs, outputs, released, url, protocol, *access = row
    modalities = tuple(inputs.split()), tuple(outputs.split())
    facts = (provider, name, title, context, output, input_price, output_price, *modalities, released, url, protocol)
    if not access:
        return Model(*facts)
    auth, headers = access
    return Model(*facts, AuthHeader(**auth) if auth else None, tuple(headers.items()))
