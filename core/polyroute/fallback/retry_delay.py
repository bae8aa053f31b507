"""Find out from an error's headers, its body or the words of its message when the endpoint asks to be tried again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from polyroute.fallback.error_body import ErrorBody, folded

_EPOCH_FROM = 1e8
"""Numbers from this one on are times since 1970 and not delays."""
_MILLISECONDS_FROM = 1e11
_UNITS = {
    "ms": 0.001, "millisecond": 0.001, "毫秒": 0.001,
    "s": 1, "sec": 1, "second": 1, "秒": 1, "秒钟": 1,
    "m": 60, "min": 60, "minute": 60, "分": 60, "分钟": 60,
    "h": 3600, "hr": 3600, "hour": 3600, "小时": 3600,
    "d": 86400, "day": 86400, "天": 86400,
}  # fmt: skip
"""The seconds in each unit of time; a plural `s` is removed before."""
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_NUMBER = r"\d{1,15}(?:\.\d{1,12})?"
_PART = re.compile(rf"({_NUMBER}) ?({_UNIT})s?(?![a-z])")
_DURATION = rf"{_NUMBER} ?(?:{_UNIT})s?(?![a-z])"
_SAID = re.compile(
    rf"(?:again|retry|retrying|wait|resets?)[^.\d]{{0,40}}?((?:{_DURATION}[ ,]{{0,2}}(?:and )?){{1,5}})"
    rf"|({_DURATION}) ?(?:后|之后|以后)"
)

_FIELDS = {
    *("retrydelay", "retryafter", "retryafterms", "retryafterseconds"),
    *("resetat", "resetin", "resetinseconds", "resetsat", "resetsin", "resetsinseconds"),
}
"""The fields of bodies that say it, as `folded` spells them."""

_SAID_DATE = re.compile(
    r"(?:again|retry|resets?|refresh\w*|regain)[^.\d]{0,40}?(\d{4}-\d\d-\d\d)[t ](?:at )?(\d\d:\d\d(?::\d\d)?)"
)


def retry_after(headers: Mapping[str, str], body: ErrorBody, now: float) -> float | None:
    """Return the seconds after which the endpoint asks to be tried again; None if it does not say.

    `headers` have names in lower case, and `now` is in seconds since 1970. Known are `Retry-After`
    (https://www.rfc-editor.org/rfc/rfc9110#field.retry-after), `retry-after-ms`, and headers with the time at which a
    limit is reset, whose names and forms differ.
    """
    for text in (headers.get("retry-after-ms"), headers.get("x-ms-retry-after-ms")):
        if text and (delay := _number(text)) is not None:
            return delay / 1000
    found = (
        _moment(headers.get("retry-after", ""), now),
        next(_in_objects(body.objects, now), None),
        next((delay for text in body.messages if (delay := _said(text, now)) is not None), None),
        _reset(headers, now),
    )
    return next((delay for delay in found if delay is not None), None)


def _in_objects(objects: Iterable[Mapping[str, Any]], now: float) -> Iterator[float]:
    for each in objects:
        for key, value in each.items():
            name = folded(str(key))
            if name in _FIELDS and (delay := _delay(value, now)) is not None:
                yield delay / 1000 if name.endswith("ms") else delay
        inner = each.get("headers")
        if isinstance(inner, Mapping):
            lower = {str(key).lower(): str(value) for key, value in inner.items()}
            found = (_moment(lower.get("retry-after", ""), now), _reset(lower, now))
            yield from (delay for delay in found if delay is not None)


def _delay(value: Any, now: float) -> float | None:
    """Return the delay in a field: seconds, a duration, a time, or an object with `seconds`."""
    if isinstance(value, Mapping):
        value = value.get("seconds")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _moment(str(value), now)


def _moment(text: str, now: float) -> float | None:
    """Return the seconds from now to what a text says: a number, a duration such as `6m0s`, or a date."""
    number = _number(text)
    if number is not None:
        if number < _EPOCH_FROM:
            return number
        return max(0.0, (number / 1000 if number >= _MILLISECONDS_FROM else number) - now)
    duration = _seconds(text)
    if duration is not None:
        return duration
    date = _date(text)
    return max(0.0, date.timestamp() - now) if date else None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(_NUMBER, text.strip()) else None


def _date(text: str) -> datetime | None:
    """Return the date in the form of HTTP or of ISO 8601."""
    from email.utils import parsedate_to_datetime

    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            date = parse(text.strip())
            return date if date.tzinfo else date.replace(tzinfo=UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _seconds(text: str) -> float | None:
    parts = _PART.findall(text.lower())
    return sum(float(count) * _UNITS[unit] for count, unit in parts) if parts else None


def _said(message: str, now: float) -> float | None:
    found = _SAID.search(message)
    if found:
        return _seconds(found[1] or found[2])
    date = _SAID_DATE.search(message)
    return _moment(f"{date[1]}T{date[2]}", now) if date else None


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """Return when the limits are reset of which nothing remains; if that is unknown of all, the last one."""
    delays = {name: _moment(text, now) for name, text in headers.items() if "ratelimit" in name and "reset" in name}
    known = {name: delay for name, delay in delays.items() if delay is not None}
    spent = [
        delay for name, delay in known.items() if headers.get(name.replace("reset", "remaining"), "").strip() == "0"
    ]
    return max(spent or known.values(), default=None)
