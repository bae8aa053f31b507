"""Create the JSON documents about models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyroute.documents.parts import SCHEMA, moment, problems
from polyroute.lists.stored import age

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyroute.catalog import Catalog
    from polyroute.documents import list_types as lists
    from polyroute.lists.stored import FetchedList
    from polyroute.model_list.rows import ModelRow
    from polyroute.types import Model


def model(row: ModelRow) -> lists.ModelDocument:
    """Return a model as `polyroute models --json` lists it; prices are in USD per million tokens."""
    facts, price = row.facts, row.price
    return {
        "id": row.id,
        "provider": row.ref.provider,
        "model": row.ref.id,
        "name": row.name,
        "maker": row.maker,
        "context": facts.context,
        "output": facts.output,
        "inputLimit": facts.input_limit,
        "inputPrice": price.input,
        "outputPrice": price.output,
        "cacheReadPrice": price.cache_read,
        "cacheWritePrice": price.cache_write,
        "priceKind": price.kind,
        "inputModalities": list(facts.input_modalities),
        "outputModalities": list(facts.output_modalities),
        **abilities(facts),
        "releaseDate": facts.release_date,
        "knowledge": facts.knowledge,
        "family": facts.family,
        "status": facts.status,
        "openWeights": facts.open_weights,
        "custom": row.custom,
        "providers": list(row.providers),
        "usable": row.offer is not None,
        "via": row.offer.route.via if row.offer else None,
    }


def abilities(model: Model) -> lists.ModelAbilities:
    """Return what a model can; None where that is not known."""
    return {
        "tools": model.tools,
        "reasoning": model.reasoning,
        "structuredOutput": model.structured_output,
        "temperature": model.temperature,
    }


def models(found: Iterable[ModelRow], catalog: Catalog) -> lists.ModelsDocument:
    """Return the document of `polyroute models --json`, with the ages of the lists."""
    return {
        "schema": SCHEMA,
        "models": list(map(model, found)),
        "lists": [_list(each) for each in catalog.plugins.lists],
        "problems": problems(catalog.problems),
    }


def _list(each: FetchedList) -> lists.ModelListDocument:
    of = age(each)
    return {"name": each.name, "fetched": moment(of.fetched), "bundled": of.bundled or None, "fresh": of.is_fresh}
