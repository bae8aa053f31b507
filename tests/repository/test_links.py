"""Links in the documentation lead somewhere. Addresses elsewhere are not called."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.pages import PAGES, named
from tests.support.wheels import PUBLISHED, ROOT

HOME = PUBLISHED[0].project["urls"]["Homepage"]
CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|^\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#+ +(.*?)(?: +#+)? *$", re.MULTILINE)


@cache
def anchors(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub generates them."""
    text = re.sub(r"^(```|~~~).*?^\1", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: Counter[str] = Counter()
    names: set[str] = set()
    for heading in HEADING.findall(text):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        names.add(f"{slug}-{found[slug]}" if found[slug] else slug)
        found[slug] += 1
    return frozenset(names)


def links(page: Path) -> list[str]:
    """Return the targets of a page's links, without those that only look like links inside code."""
    return ["".join(each) for each in LINK.findall(CODE.sub("`", page.read_text(encoding="utf-8")))]


def is_dead(link: str, page: Path) -> bool:
    """Return whether a link leads to a missing file of this repository, or to a missing heading of a page in it."""
    path, _, anchor = unquote(link).partition("#")
    if path.startswith(f"{HOME}/"):  # /blob/main/…, or a page that the host generates
        kind, _, rest = path.removeprefix(f"{HOME}/").partition("/")
        return kind in ("blob", "tree") and not (ROOT / rest.partition("/")[2]).exists()
    if re.match(r"[a-z]+:", path):
        return False
    target = page.parent / path if path else page
    return not target.exists() or bool(anchor and target.suffix == ".md" and anchor not in anchors(target.resolve()))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link leads to an existing file of the repository and, with an anchor, to an existing heading."""
    assert [link for link in links(page) if is_dead(link, page)] == []


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    """A link to a missing file or heading, here or by the repository's URL, is dead; a link in code does not count."""
    page = tmp_path / "page.md"
    page.write_text(
        "# One `two` & [three](x.md)\n[a](page.md#one-two--three) [b](#none) [c](missing.md) `[d](code.md)`\n"
        f"[e]: {HOME}/blob/main/none.md\n[f](https://elsewhere.example/none)\n"
    )
    dead = [link for link in links(page) if is_dead(link, page)]
    assert dead == ["x.md", "#none", "missing.md", f"{HOME}/blob/main/none.md"]


def test_every_page_is_looked_at() -> None:
    """The README, the documentation and each distribution's README are checked."""
    names = {str(page.relative_to(ROOT)) for page in PAGES}
    assert {"README.md", "CHANGELOG.md", "docs/http.md", "core/README.md", "plugins/direct/README.md"} <= names
