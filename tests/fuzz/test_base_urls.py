"""Base URLs of any characters: whose host a key goes to is the same for Polyroute and for the client that sends it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import SchemaValidator, ValidationError, core_schema

from polyroute import UsageError
from polyroute.base_url import PATTERN, bare, is_base_url, joined, normalized, origin_of, same_endpoint
from polyroute.types import Check
from tests.support import fuzzing

RUST = SchemaValidator(core_schema.str_schema(pattern=f"^(?:{PATTERN})$"))
OWN = ".acme.example"
PARTS = st.sampled_from([
    "http://", "https://", "HTTP://", "https:/", "//", "@", ":", "/", "\\", "?", "#", "$", "${x}", ".", "..", "%2f",
    "%40", "[::1]", "[", "]", ":80", ":443", ":99999", ":-1", "acme.example", "ACME.example", "evil.example",
    "127.0.0.1", "0x7f.1", "a_b", "xn--", "ü", "ß", "。", "\u2100", "\u200d", "\t", "\n", "\r", " ", "\0", "\x7f", "v1",
])  # fmt: skip
URLS = st.builds(
    lambda start, parts: start + "".join(parts),
    st.sampled_from(["https://", "http://", "https://acme.example", ""]),
    st.lists(PARTS | st.text(max_size=3), max_size=6),
)
CHECKS: tuple[Check, ...] = ("slug", "host", "url")


def check(url: str) -> None:
    """Check one text, as a base URL and as a setting that is filled into one."""
    assert is_base_url(url) == accepted_by_rust(url)
    assert normalized(normalized(url)) == normalized(url)
    assert same_endpoint(url, url)
    if is_base_url(url):
        check_host(url)
    for form in CHECKS:
        check_filled(bare(url, form), form)


def accepted_by_rust(url: str) -> bool:
    """Return whether the pattern means the same to the other engine that uses it."""
    try:
        RUST.validate_python(url)
    except ValidationError:
        return False
    return True


def check_host(url: str) -> None:
    """Check that the client connects to the origin that keys are bound to, whatever path is added."""
    try:
        scheme, host, port = origin_of(url)
    except UsageError:
        return
    try:
        sent = httpx2.URL(joined(url, "/chat/completions"))
    except httpx2.InvalidURL:
        return  # nothing is sent
    assert (sent.scheme, sent.port) == (scheme, port)
    assert sent.raw_host.decode().lower().strip("[]") == host.strip("[]")
    assert (sent.userinfo, sent.query, sent.fragment) == (b"", b"", "")
    assert sent.path.endswith("/chat/completions")


def check_filled(value: str, form: Check) -> None:
    """Check that a setting that is accepted stays the same, and leads to no other host than its template says."""
    if not value:
        return
    assert bare(value, form) == value
    url = value if form == "url" else f"https://{value}/v1"
    assert is_base_url(url)
    if form == "slug":
        assert str(urlsplit(f"https://{value}{OWN}/v1").hostname).endswith(OWN)
        assert re.fullmatch(r"[\w-]+", value, re.ASCII)


@given(url=URLS)
@fuzzing.short(400)
def test_base_urls(url: str) -> None:
    """Two engines accept the same base URLs, two parsers see the same host, and no setting moves a template's host."""
    check(url)


@pytest.mark.soak
@given(url=URLS)
@fuzzing.long()
def test_many_base_urls(url: str) -> None:
    """The same for many more."""
    check(url)
