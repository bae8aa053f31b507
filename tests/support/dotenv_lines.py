"""Strategies for `.env` files: names, values and lines as users write them."""

from __future__ import annotations

from hypothesis import strategies as st

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)

SPACES = st.sampled_from(["", " ", "\t", "  "])

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=24)

PLAIN = TEXT.filter(lambda text: not text.strip().startswith(("'", '"')))

SINGLE = st.text(st.sampled_from("ab '\"#=$\\\n"), max_size=12)

ESCAPES = st.sampled_from(
    [r"\n", r"\t", r"\r", r"\\", r"\"", r"\'", r"\a", r"\d", r"\$", "\n", "#", "'", "=", "ab", "é"]
)

DOUBLE = st.lists(ESCAPES, max_size=8).map("".join)

COMMENT = st.sampled_from(["", " # why", "\t#", " # 'quoted' \"too\" A=b"])


def quoted_once(text: str) -> str:
    """Return a text in single quotes, with the necessary characters escaped."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


VALUES = st.one_of(PLAIN, SINGLE.map(quoted_once), DOUBLE.map('"{}"'.format))


@st.composite
def assignments(draw: st.DrawFn) -> str:
    """Generate one assignment as users write it."""
    start = draw(SPACES) + draw(st.sampled_from(["", "export ", "export\t "]))
    return start + draw(NAMES) + draw(SPACES) + "=" + draw(SPACES) + draw(VALUES) + draw(COMMENT)


LINES = st.one_of(assignments(), TEXT.map("# {}".format), SPACES)
