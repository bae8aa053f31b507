"""What error responses of endpoints mean, as plugins declare it."""

from typing import Literal

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import Count, Line, Text

FailureMeaning = Literal["caller", "rate_limited", "no_credit", "invalid", "not_offered", "unavailable"]


class FailureRule(NamedTuple):
    """An error response of an endpoint, and what it means for the route.

    A response matches if it has one of the statuses and, where they are given, one of the codes and one of the phrases.
    """

    means: FailureMeaning
    """`no_credit`, `invalid` (the key), `not_offered` (the model) or `unavailable`: another route may be taken.
    `rate_limited`: the same route works a little later. `caller`: the request itself is wrong, and every route would
    reject it."""
    status: tuple[Count, ...]
    """The HTTP status codes of such a response."""
    says: tuple[Text, ...] = ()
    """Phrases of which a message in the response contains one, ignoring case and quotation marks; `*` matches anything,
    `<model>` one word, such as a model ID."""
    codes: tuple[Text, ...] = ()
    """Codes or types of which the response has one, ignoring case and separators; `*` matches anything."""
    temporary: bool = False
    """Whether the response must say that the request can be repeated within an hour."""
    remedy: Line = ""
    """What the user can do about it, if adding credits or checking the key is not the right advice."""
