"""Values of variables that can't be keys: placeholders, values with quotes or line ends, keys of other providers."""

from collections.abc import Mapping

_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
_REFERENCES = ("$", "{{", "{env:", "{file:", "<%", "%env", "os.environ/", "op://", "vault:", "secret://", "keyring:")
_AROUND = ("<>", "[]", "{}", "()")
_AS_A_WHOLE = """
    api_key api-key apikey user_provided tbd todo fixme none null nil undefined false true
    empty n/a na no - * sk- sk dummy dummy-key dummy_key fake fake-key fake_key not-needed not_needed no-key no_key
    sk-no-key-required changeme redacted [redacted] hidden removed
"""
_AS_A_PART = """
    your- your_ yourapi yourkey _your -your <your placeholder change-me change_me changeme replace- replace_ replaceme
    insert- insert_ put-your put_your paste- paste_ enter-your enter_your my-api-key my_api_key my-key my_key
    api-key-here api_key_here key-goes -goes-here _goes_here add-your user_provided example xxxx **** ...
"""
_WHOLE = frozenset(_AS_A_WHOLE.split())
_PARTS = _AS_A_PART.split()
_ENDS = ("-here", "_here", "-placeholder", "\u2026")


def fault(value: str) -> str:
    """Return why a value is no key that can be sent, as a part of a sentence; empty if it may be one."""
    if "\n" in value or "\r" in value:
        return "contains a line end"
    if min(value) < " " or "\x7f" in value:
        return "contains a control character"
    if value[0] in _QUOTES or value[-1] in _QUOTES:
        return "has quotes around it, which are a part of the value"
    if value[:7].lower() == "bearer ":
        return "begins with `Bearer`, which is no part of a key"
    return "" if value.isascii() and value.isprintable() else "contains characters that no key has"


def placeholder(name: str, value: str) -> str:
    """Return why the value of a variable was meant to be replaced by a key; empty if it may be a key."""
    low = value.lower()
    if low.startswith((f"{name.lower()}=", "export ")):
        return "contains the name of a variable"
    if low.startswith(_REFERENCES):
        return "is a reference that nothing has replaced"
    is_whole = (
        low in _WHOLE
        or (low == name.lower() and len(low) > 3)
        or value[0] + value[-1] in _AROUND
        or (len(set(low)) == 1 and len(low) > 2)
    )
    if is_whole or low.endswith(_ENDS) or any(part in low for part in _PARTS):
        return "is a placeholder, not a key"
    return "contains white space, which no key has" if " " in value or "\t" in value else ""


def makers(provider: str, value: str, prefixes: Mapping[str, tuple[str, ...]]) -> tuple[str, tuple[str, ...]]:
    """Return the beginning of a key that says whose it is, and those providers; empty if it may be of `provider`."""
    found = max((each for each in prefixes if value.startswith(each)), key=len, default="")
    return ("", ()) if not found or provider in prefixes[found] else (found, prefixes[found])
