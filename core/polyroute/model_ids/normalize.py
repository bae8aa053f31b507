"""Normalize model IDs: differences in spelling that never mean a different model.

Two names with the same folded form are the same model. Each rule splits an ID, or removes a part that says how a model
is served and never which model it is: a region, a revision, the precision of the weights. Everything else is kept,
since any other word may mean another model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from polyroute.named_tuples import NamedTuple

# Single separators are dropped here and put back between all parts; doubled, leading and trailing ones are parts.
_PARTS = re.compile("[0-9]+|[a-z]+|--+|^-|-$|[^0-9a-z-]+")
_WORD = re.compile("[a-z]+")

_MONTH, _DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_DATES = (
    (re.compile(f"-(20[0-9]{{2}})-?{_MONTH}(?:-?{_DAY})?$"), (1, 2, 3)),
    (re.compile(f"-{_MONTH}-(20[0-9]{{2}})$"), (2, 1, 0)),
    (re.compile(f"-(2[3-9]){_MONTH}{_DAY}?$"), (1, 2, 3)),
    (re.compile(f"-{_MONTH}-?{_DAY}$"), (0, 1, 2)),
)
"""Patterns of a date at the end of a name, with the groups of its year, month and day (0 for none)."""

_NEAR_DAYS = 31
"""How many days a gateway's date of a model may differ from its maker's, since gateways list models later."""

_REGION = re.compile("^(?:[a-z]{2}(?:-[a-z]+)+-[0-9]/)?(?:(us-gov|us|eu|apac|ap|au|jp|ca|in|sa|me|af|il|global)[.])?")
_ARN = re.compile("arn:[^/]*:(?:foundation-model|inference-profile)/([^/]+)")
_REVISION = re.compile("(.+?)(?:-v?([0-9]+))?:([0-9]+)(?::[0-9]+k)?")
_FIRST_REVISION = re.compile("-v?1$")
_POINT = re.compile("(?<=[0-9])p(?=[0-9])")
_JOINED = re.compile("(?<![0-9.])([0-9])([0-9])(?=-|$)")
_PRECISION = re.compile("(?:-(?:fp8|fp4|nvfp4|mxfp4|bf16|fp16|int8|int4|8bit|4bit|awq|gptq))+$")
_SERVICES = ("free", "fp8", "fp4", "bf16", "fp16", "int8", "int4", "4bit", "6bit", "8bit", "awq", "gptq")
_SERVICE = re.compile("(?:[:-]free|-(?:fp8|fp4|nvfp4|mxfp4|bf16|fp16|int8|int4|[468]bit|awq|gptq))+$")
_PUBLISHER = re.compile("(?:projects/[^/]+/locations/[^/]+/)?publishers/([^/]+)/models/([^/]+)")
_APPLICATION = re.compile("([^/]+)/[^/]+/models/([^/]+)")
_NUMBERED = re.compile("(?:(.*)-)?00[0-9]")


class ReleaseDate(NamedTuple):
    """A date as far as a name gives it; a missing part is 0."""

    year: int
    month: int
    day: int

    def agrees(self, other: ReleaseDate) -> bool:
        """Return whether both can be the same day and share at least two known parts."""
        pairs = [(mine, theirs) for mine, theirs in zip(self, other, strict=True) if mine and theirs]
        return len(pairs) > 1 and all(mine == theirs for mine, theirs in pairs)

    def near(self, released: str) -> bool:
        """Return whether it is within about a month of `released` (ISO 8601, perhaps without the day)."""
        year, month, day = (int(part) for part in (*released.split("-"), "0", "0")[:3])
        first, last = _span(year, month, day)
        years = (self.year,) if self.year else (year - 1, year, year + 1)
        spans = [_span(each, self.month, self.day) for each in years]
        return any(start - last <= _NEAR_DAYS and first - end <= _NEAR_DAYS for start, end in spans)


def folded(name: str) -> str:
    """Return the form shared by all names that differ only in case or in separators.

    A separator between a word and a number may be missing.
    """
    return "-".join(_PARTS.findall(name.lower().replace(".", "-").replace("_", "-")))


def endings(ids: Iterable[str]) -> frozenset[str]:
    """Return what follows each slash in model IDs."""
    parts = (each.split("/") for each in ids)
    return frozenset("/".join(each[at:]) for each in parts for at in range(1, len(each)))


def without_separators(name: str) -> str:
    """Return the name in lower case without separators: equal if the folded forms are equal, and faster to compute."""
    return name.lower().replace("-", "").replace(".", "").replace("_", "")


def region(model_id: str) -> str:
    """Return the region that an ID begins with, such as `eu` or `global`; empty if it names none."""
    found = _REGION.match(model_id)
    return found[1] or "" if found else ""


def service(model_id: str) -> str:
    """Return the end of an ID that says how the same model is served, in lower case: `:free`, `-fp8`; may be empty."""
    name = model_id.lower()
    if not name.endswith(_SERVICES):  # a fast exit for most IDs
        return ""
    found = _SERVICE.search(name)
    return found[0] if found and found.start() else ""


def variant(model_id: str) -> tuple[str, str]:
    """Return what tells apart the IDs by which one provider sells a model at other terms: path and `service`.

    Regions, revisions and dates don't count.
    """
    return model_id.rpartition("/")[0].lower(), service(model_id)


def is_free(model_id: str) -> bool:
    """Return whether an ID says that it costs nothing. Such IDs have limits and terms of their own."""
    return "free" in service(model_id)


def first_word(name: str) -> str:
    """Return the leading letters of a name, in lower case."""
    found = _WORD.match(name.lower())
    return found[0] if found else ""


def dated(name: str) -> tuple[str, ReleaseDate] | None:
    """Return a name without the date at its end, and the date; None if it does not end with a date."""
    last = name[name.rfind("-") + 1 :]
    if len(last) < 2 or not last.isdigit():  # no date ends so; a fast exit for most names
        return None
    for pattern, groups in _DATES:
        if found := pattern.search(name):
            year, month, day = (int(found[group] or 0) if group else 0 for group in groups)
            return name[: found.start()], ReleaseDate(year + 2000 if 0 < year < 100 else year, month, day)
    return None


def days_between(earlier: str, later: str) -> int | None:
    """Return the days from one date (ISO 8601, perhaps without the day) to another; None if either is no date."""
    from datetime import date

    try:
        first, last = (date(*[*map(int, each.split("-")), 1, 1][:3]) for each in (earlier, later))
    except ValueError:
        return None
    return (last - first).days


def _span(year: int, month: int, day: int) -> tuple[int, int]:
    """Return the first and last day that a date may mean, in months of 31 days, which is exact enough for `near`."""
    month = month or 1
    start = (year * 12 + month) * 31
    return (start + day, start + day) if day else (start + 1, start + 31)


def _arn(model_id: str) -> list[str]:
    found = _ARN.fullmatch(model_id)
    return [found[1] if found else model_id]


def _region(model_id: str) -> list[str]:
    return [_REGION.sub("", model_id, count=1)]


def _revision(model_id: str) -> list[str]:
    # In `-v1:0`, `-v1` may be part of the name (`nova-pro-v1`), so the longer name comes first.
    if found := _REVISION.fullmatch(model_id):
        name, major, minor = found.groups()
        whole = model_id[: found.start(3) - 1]
        longer = f"{whole}.{minor}" if major == "0" else whole
        return [longer, name] if major == "1" else [longer]
    return [model_id, _FIRST_REVISION.sub("", model_id)]


def _at(model_id: str) -> list[str]:
    name, _, version = model_id.partition("@")
    numbered = _NUMBERED.fullmatch(version)
    kept = "" if version == "default" else numbered[1] or "" if numbered else version
    return [f"{name}-{kept}" if kept else name]


def _joined(model_id: str) -> list[str]:
    apart = _JOINED.sub(r"\1.\2", model_id)
    return [model_id] if apart == model_id else [model_id, apart]


def _publisher(model_id: str) -> list[str]:
    found = _PUBLISHER.fullmatch(model_id)
    return [f"{found[1]}/{found[2]}" if found else model_id]


def _application(model_id: str) -> list[str]:
    found = _APPLICATION.fullmatch(model_id)
    return [f"{found[1]}/{found[2]}" if found else model_id]


RULES: Mapping[str, Callable[[str], list[str]]] = MappingProxyType(
    {
        "arn": _arn,
        "region": _region,
        "revision": _revision,
        "at": _at,
        "publisher": _publisher,
        "application": _application,
        "joined": _joined,
        "point": lambda model_id: [_POINT.sub(".", model_id)],
        "tag": lambda model_id: [model_id.replace(":", "-")],
        "precision": lambda model_id: [_PRECISION.sub("", model_id)],
    }
)
"""The rules by name. Each takes a lower-case ID and returns the names that it may stand for, likeliest first.

- `arn`: the ID in the ARN of a foundation model or a system's inference profile; other ARNs are opaque
- `region`: `us.`, `eu.`, `global.` … or `us-east-1/` before the organisation
- `revision`: `-v1:0`, `:0` and `-v1` at the end, perhaps with a window (`:0:48k`); a later revision is kept
- `at`: `@20250929` is a date; `@default` and `@001` are dropped
- `publisher`: `publishers/ORGANISATION/models/NAME`, perhaps in a project and a location
- `application`: `ORGANISATION/APPLICATION/models/NAME`
- `joined`: two digits may be a version written together (`gpt-52`)
- `point`: `p` between two digits is a point
- `tag`: the part after a colon is a size
- `precision`: `-fp8`, `-int4`, `-awq` … describe how weights are stored
"""

MAKERS = ("path", "dotted", "bare", "deployments")
"""How an ID names the maker of the model: `organisation/name`, `organisation.name`, by its first word only, or not at
all, since users name their own deployments.
"""
