"""Whether entries of the file of custom models are all what they must be, in one go.

This is what `custom.schema` says too, with words for what is wrong; a test holds the two together. Where nothing is
wrong it takes half the time, and spares pydantic's import. Halves of characters it does not see: ask it only of a text
that can't hold any.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Any

# Of these nothing has to be tried twice, and no character's kind looked up: most of the time goes here.
_ASCII_URL = r"^(?:https?://[^\x00- /?#@\\$\x7f-\U0010ffff]++(?:/[^\x00- ?#\\$\x7f-\U0010ffff]*+)?)?\Z"


def all_sound(values: Sequence[Any]) -> bool:
    """Whether it is certain that nothing is wrong; without msgspec it is not."""
    try:
        import msgspec
    except ImportError:
        return False
    try:
        msgspec.convert(values, _entries())
    except (msgspec.ValidationError, RecursionError):
        return False
    return True


@lru_cache(maxsize=1)
def _entries() -> Any:
    from msgspec import UNSET, Meta, UnsetType, defstruct
    from msgspec.json import Decoder

    text = Annotated[str, Meta(min_length=1)]
    size = Annotated[int, Meta(gt=0, le=2**53)]
    url = Annotated[str, Meta(pattern=_ASCII_URL)]
    rest = {"baseURL": url, "maxInputTokens": size, "maxOutputTokens": size, "provider": text}
    rest |= dict.fromkeys(("apiKey", "displayName", "filePath"), str)
    fields = [(name, kind | UnsetType, UNSET) for name, kind in rest.items()]
    entries: Any = list[defstruct("Entry", [("name", text), *fields], gc=False)]  # type: ignore[misc]
    Decoder(entries)  # msgspec crashes where two threads get to know a class at once: it is known before it is shared
    return entries
