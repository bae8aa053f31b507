"""How model IDs are spelled, whoever's they are: what may differ in writing and still mean the same model.

Two names that fold alike are the same model. Each rule takes an ID apart or takes something off it that says
how a model is served, never which one it is: a region, a revision, the digits' precision. Whatever no rule
names stays, for any word may mean another model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

# Single separators fall away here and come back between all parts; where they stand oddly they are parts.
_PARTS = re.compile("[0-9]+|[a-z]+|--+|^-|-$|[^0-9a-z-]+")
_WORD = re.compile("[a-z]+")

_MONTH, _DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_DATES = (
    (re.compile(f"-(20[0-9]{{2}})-?{_MONTH}(?:-?{_DAY})?$"), (1, 2, 3)),
    (re.compile(f"-{_MONTH}-(20[0-9]{{2}})$"), (2, 1, 0)),
    (re.compile(f"-(2[3-9]){_MONTH}{_DAY}?$"), (1, 2, 3)),
    (re.compile(f"-{_MONTH}-?{_DAY}$"), (0, 1, 2)),
)
"""A date at the end of a name, and which groups are its year, month and day."""

_NEAR_DAYS = 31
"""By how much a gateway's date of a model may differ from its maker's: it lists some weeks later."""

_REGION = re.compile("^(?:[a-z]{2}(?:-[a-z]+)+-[0-9]/)?(?:(?:us-gov|us|eu|apac|ap|au|jp|ca|in|sa|me|af|il|global)[.])?")
_ARN = re.compile("arn:[^/]*:(?:foundation-model|inference-profile)/([^/]+)")
_REVISION = re.compile("(.+?)(?:-v?([0-9]+))?:([0-9]+)(?::[0-9]+k)?")
_FIRST_REVISION = re.compile("-v?1$")
_POINT = re.compile("(?<=[0-9])p(?=[0-9])")
_PRECISION = re.compile("(?:-(?:fp8|fp4|nvfp4|mxfp4|bf16|fp16|int8|int4|8bit|4bit|awq|gptq))+$")
_PUBLISHER = re.compile("(?:projects/[^/]+/locations/[^/]+/)?publishers/([^/]+)/models/([^/]+)")
_NUMBERED = re.compile("(?:(.*)-)?00[0-9]")


class Date(NamedTuple):
    """A date as far as a name says it; 0 where it does not."""

    year: int
    month: int
    day: int

    def agrees(self, other: Date) -> bool:
        """Whether both can be the same day, and say enough to tell."""
        pairs = [(mine, theirs) for mine, theirs in zip(self, other, strict=True) if mine and theirs]
        return len(pairs) > 1 and all(mine == theirs for mine, theirs in pairs)

    def near(self, released: str) -> bool:
        """Whether it is about when a model was `released` (ISO 8601, perhaps without the day)."""
        year, month, day = (int(part) for part in (*released.split("-"), "0", "0")[:3])
        first, last = _span(year, month, day)
        years = (self.year,) if self.year else (year - 1, year, year + 1)
        spans = [_span(each, self.month, self.day) for each in years]
        return any(start - last <= _NEAR_DAYS and first - end <= _NEAR_DAYS for start, end in spans)


def folded(name: str) -> str:
    """One spelling for all that differ only in case, in the separator, or in whether one stands between a word
    and a number.
    """
    return "-".join(_PARTS.findall(name.lower().replace(".", "-").replace("_", "-")))


def squeezed(name: str) -> str:
    """The name without separators: the same for names that fold alike, and sooner had than that."""
    return name.lower().replace("-", "").replace(".", "").replace("_", "")


def first_word(name: str) -> str:
    """The letters that a name begins with, in lower case."""
    found = _WORD.match(name.lower())
    return found[0] if found else ""


def dated(name: str) -> tuple[str, Date] | None:
    """The name without the date at its end, and the date; None where it ends with none."""
    last = name[name.rfind("-") + 1 :]
    if len(last) < 2 or not last.isdigit():  # as every date ends; most names are done with here
        return None
    for pattern, groups in _DATES:
        if found := pattern.search(name):
            year, month, day = (int(found[group] or 0) if group else 0 for group in groups)
            return name[: found.start()], Date(year + 2000 if 0 < year < 100 else year, month, day)
    return None


def _span(year: int, month: int, day: int) -> tuple[int, int]:
    """First and last day that a date may mean, counted in months of 31 days: exact enough for "about"."""
    month = month or 1
    start = (year * 12 + month) * 31
    return (start + day, start + day) if day else (start + 1, start + 31)


def _arn(model_id: str) -> list[str]:
    found = _ARN.fullmatch(model_id)
    return [found[1] if found else model_id]


def _region(model_id: str) -> list[str]:
    return [_REGION.sub("", model_id, count=1)]


def _revision(model_id: str) -> list[str]:
    # `-v1:0` may be all revision or half name (`nova-pro-v1`), so the longer one comes first.
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


def _publisher(model_id: str) -> list[str]:
    found = _PUBLISHER.fullmatch(model_id)
    return [f"{found[1]}/{found[2]}" if found else model_id]


RULES: Mapping[str, Callable[[str], list[str]]] = MappingProxyType(
    {
        "arn": _arn,
        "region": _region,
        "revision": _revision,
        "at": _at,
        "publisher": _publisher,
        "point": lambda model_id: [_POINT.sub(".", model_id)],
        "tag": lambda model_id: [model_id.replace(":", "-")],
        "precision": lambda model_id: [_PRECISION.sub("", model_id)],
    }
)
"""What may be taken off an ID in lower case or written otherwise, by name: what it may be, likeliest first.

- `arn`: the ID in the ARN of a foundation model or a system's inference profile; other ARNs are opaque
- `region`: `us.`, `eu.`, `global.` … or `us-east-1/` before the organisation
- `revision`: `-v1:0`, `:0` and `-v1` at the end, perhaps with a window (`:0:48k`); a later revision is kept
- `at`: `@20250929` is a date, `@default` and `@001` say nothing
- `publisher`: `publishers/ORGANISATION/models/NAME`, perhaps in a project and a location
- `point`: `p` between two digits is a point
- `tag`: what follows a colon is a size
- `precision`: `-fp8`, `-int4`, `-awq` … say how weights are stored
"""

MAKERS = ("path", "dotted", "bare", "deployments")
"""How an ID says whose model it is: `organisation/name`, `organisation.name`, only by its first word; or not at
all, since people name it themselves.
"""
