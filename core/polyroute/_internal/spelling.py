"""Find what a user may have meant by a misspelled word."""

from __future__ import annotations

from collections.abc import Iterable

_ALIKE = 0.7


def alike(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return the known words that are spelled most like `word`, which may have other cases and separators."""
    import difflib

    names = list(known)
    plain = "-".join(word.lower().split()).replace("_", "-")
    return [plain] if plain in names else difflib.get_close_matches(plain, names, most, _ALIKE)


def did_you_mean(suggestions: Iterable[str], otherwise: str = "") -> str:
    """Return the question whether one of the suggestions was meant; without any, `otherwise`."""
    words = " or ".join(suggestions)
    return f"Did you mean {words}?" if words else otherwise
