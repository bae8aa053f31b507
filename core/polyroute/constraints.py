"""What a field of the vocabulary demands beyond its type, as marks within `Annotated`.

Everything that looks at values follows from the annotations and these marks: `result_check` (what Python plugins
return), `json_form` (what is kept between runs) and `manifests.reader` (documents from outside, and their JSON Schema).
Every run imports this module: it must stay cheap.
"""

from typing import Annotated, Any


class Rule:
    """The pattern that a whole text matches, and what is said of a text that does not.

    The pattern is one that Python, Rust and ECMAScript read alike: no look-around.
    """

    __slots__ = ("in_documents", "most", "pattern", "words")

    def __init__(self, pattern: str, words: str, most: int = 0, *, in_documents: bool = False) -> None:
        """`words` follow the value: `'X' is no lower-case slug`. `most` bounds the characters; 0 sets no bound. A rule
        for documents alone is about how authors write; what a plugin in Python returns is not held to it.
        """
        self.pattern, self.words, self.most, self.in_documents = pattern, words, most, in_documents


class Never:
    """A pattern that a whole text must not match, and what is said where it does."""

    __slots__ = ("pattern", "words")

    def __init__(self, pattern: str, words: str) -> None:
        self.pattern, self.words = pattern, words


class Least:
    """The smallest number, or the shortest list, that is taken; in documents alone, as with `Rule`."""

    __slots__ = ("in_documents", "least")

    def __init__(self, least: int, *, in_documents: bool = False) -> None:
        self.least, self.in_documents = least, in_documents


class Below:
    """What a number must be less than, and what is said of one that is not."""

    __slots__ = ("limit", "words")

    def __init__(self, limit: float, words: str) -> None:
        self.limit, self.words = limit, words


class Named:
    """The field's name in JSON and TOML, where that differs."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Short:
    """A text alone stands in JSON for the record of which this field alone is set."""

    __slots__ = ()


class Keyed:
    """A tuple that is a table in JSON: records by one of their fields, or pairs of a name and a value."""

    __slots__ = ("field",)

    def __init__(self, field: str = "") -> None:
        """`field` holds the key of each record; without it the items are pairs."""
        self.field = field


def short(kind: Any) -> str:
    """The field of a record for which a text alone may stand; empty where there is none."""
    marked = (name for name, annotation in kind.__annotations__.items() if _is_short(annotation))
    return next(marked, "")


def _is_short(annotation: Any) -> bool:
    return any(isinstance(mark, Short) for mark in getattr(annotation, "__metadata__", ()))


_LINE = r"[^\x00-\x1f\x7f-\x9f]*"
_VARIABLE = r"[A-Za-z0-9_]+"
_OUR_OWN = Never(r"POLYROUTE_\w*", "is a setting of Polyroute's own, and never a key of anybody")

Line = Annotated[str, Rule(_LINE, "holds control characters", in_documents=True)]
Filled = Annotated[str, Rule(r"[\s\S]+", "is empty")]
Text = Annotated[Filled, Rule(_LINE[:-1] + "+", "is empty or holds control characters", in_documents=True)]
Slug = Annotated[str, Rule(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", "is no lower-case slug", 100)]
Variable = Annotated[str, Rule(_VARIABLE, "is no name of a variable", in_documents=True), _OUR_OWN]
MaybeVariable = Annotated[str, Rule(rf"({_VARIABLE})?", "is no name of a variable", in_documents=True), _OUR_OWN]
SlotName = Annotated[str, Rule(r"\w+", "is no name for a slot", in_documents=True)]
HeaderName = Annotated[str, Rule(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "is no name of a header")]
Url = Annotated[
    str,
    Rule(r"((https?://|\$\{)[^\s?#@]+)?", "is no http or https address (without user, query or fragment)"),
]
"""A base URL, perhaps with `${slot}` in it; or nothing."""
Link = Annotated[str, Rule(r"(https?://[^\s@]+)?", "is no http or https address", in_documents=True)]
"""An address for people."""
Path = Annotated[str, Rule(r"/([^\s?#@\\/][^\s?#@\\]*)?", "is no path below a base URL")]
Date = Annotated[str, Rule(r"(\d{4}(-\d\d){0,2})?", "is no day in ISO 8601", in_documents=True)]
Headers = Annotated[tuple[tuple[HeaderName, Line], ...], Keyed()]
MILLISECONDS_FROM = 1e11
"""What is at least this is in milliseconds: in seconds it would be in the year 5138."""
Moment = Annotated[float, Below(MILLISECONDS_FROM, "is in milliseconds; it should be in seconds since 1970")]
Count = Annotated[int, Least(1, in_documents=True)]
Price = Annotated[float, Least(0, in_documents=True)]
"""US dollars for a million tokens."""
