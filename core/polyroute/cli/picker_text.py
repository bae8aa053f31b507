"""What the picker says about a model."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Sequence

from polyroute._internal.terminal import clean
from polyroute.cli import text
from polyroute.cli.tables import wide
from polyroute.model_list.rows import ModelRow
from polyroute.model_list.selection import can
from polyroute.results import Offer, Price
from polyroute.types import DIRECT, ModelRef

_SHORT = {"tools": "T", "reasoning": "R", "image": "I", "pdf": "P", "structured_output": "S", "audio": "A"}
_WAYS = 12


def row(model: ModelRow, width: int, favorites: Collection[ModelRef], *, marked: bool) -> tuple[str, str]:
    """Return the line of a model with its style: whether it runs, its reference, how, context, price, abilities."""
    way = "no key"
    if model.offer:
        way = "if it runs" if model.server == "unchecked" else text.runs(model.offer.route)
    abilities = "".join(letter if can(model, name) else "·" for name, letter in _SHORT.items())
    star = "★" if model.ref in favorites else " "
    facts = f"{way:14.14} {_tokens(model.facts.context):>5} {_price(model.price):>12} {abilities}"
    mark = f"{'>' if marked else ' '}{'●' if model.offer else '○'}{star}"
    name, room = clean(str(model.ref)), width - len(mark) - 1
    if room - len(facts) - 1 < wide(name):  # an ID is never cut for facts
        facts = way
    gap = " " * max(1, room - wide(name) - len(facts))
    line = f"{mark}{name}{gap}{facts}" if room - len(facts) > wide(name) else f"{mark}{name}"
    return "reverse" if marked else "", f"{line}\n"


def details(model: ModelRow, ways: Sequence[Offer], marked: int, width: int) -> str:
    """Return what is known about a model, and the ways to run it, broken between words."""
    facts = model.facts
    names = [name.replace("_", " ") for name in _SHORT if can(model, name)]
    about = [
        f"context {facts.context:,}" if facts.context else "",
        f"longest answer {facts.output:,}" if facts.output else "",
        f"released {facts.release_date}" if facts.release_date else "",
        f"{len(model.providers)} providers",
    ]
    lines = [model.name, str(model.ref), "; ".join(filter(None, about)), f"can: {', '.join(names) or 'not known'}", ""]
    lines += [_way(each, is_marked=index == marked) for index, each in enumerate(ways[:_WAYS])]
    lines += [f"  and {len(ways) - _WAYS} more: polyroute explain {model.ref}"] if len(ways) > _WAYS else []
    return "\n".join(_broken(clean(line), width) for line in lines)


def _broken(line: str, width: int) -> str:
    return textwrap.fill(line, width, subsequent_indent="   ", break_long_words=False, break_on_hyphens=False)


def _way(offer: Offer, *, is_marked: bool) -> str:
    route = offer.route
    how = f"{offer.provider} direct" if route.via == DIRECT else text.runs(route)
    why = text.with_key(route) if route.usable else route.remedy or route.reason
    mark = f"{'>' if is_marked else ' '}{'●' if route.usable else '○'}"
    return f"{mark} {how} as {route.model_id} {_price(offer.price)}: {why}"


def _tokens(count: int | None) -> str:
    if not count:
        return "-"
    return f"{count / 1_000_000:.3g}M" if count >= 1_000_000 else f"{count // 1000}k"


def _price(price: Price) -> str:
    if price.kind in ("free", "local", "plan"):
        return "plan" if price.kind == "plan" else "free"
    return "-" if price.input is None or price.output is None else f"${price.input:g}/{price.output:g}"
