"""Constraints on fields of the vocabulary beyond their types, as marks within `Annotated`.

All checks and conversions are derived from the annotations and these marks: `result_check` (what Python plugins
return), `serialization` (what is stored between runs) and `plugins.manifests.validators` (external documents and their
JSON Schema).
Every run imports this module, so it must be cheap to import.
"""

from __future__ import annotations

from typing import Annotated, Any


class Rule:
    """A pattern that the whole text must match, and the message for a text that does not.

    The pattern must mean the same in Python, Rust and ECMAScript, so it has no look-around.
    """

    __slots__ = ("in_documents", "most", "pattern", "words")

    def __init__(self, pattern: str, words: str, most: int = 0, *, in_documents: bool = False) -> None:
        """`words` follow the value: `'X' is not a lower-case slug`. `most` is the most characters; 0 for no bound.

        A rule with `in_documents` is checked in documents only, not in what Python plugins return.
        """
        self.pattern, self.words, self.most, self.in_documents = pattern, words, most, in_documents


class Never:
    """A pattern that the whole text must not match, and the message for a text that does."""

    __slots__ = ("pattern", "words")

    def __init__(self, pattern: str, words: str) -> None:
        self.pattern, self.words = pattern, words


class Least:
    """The smallest number or the shortest list allowed. `in_documents` is as in `Rule`."""

    __slots__ = ("in_documents", "least")

    def __init__(self, least: int, *, in_documents: bool = False) -> None:
        self.least, self.in_documents = least, in_documents


class Below:
    """An exclusive upper bound of a number, and the message for a number that is not below it."""

    __slots__ = ("limit", "words")

    def __init__(self, limit: float, words: str) -> None:
        self.limit, self.words = limit, words


class Named:
    """The field's name in JSON and TOML, if it differs."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Short:
    """In JSON, a plain string stands for a record with only this field set."""

    __slots__ = ()


class Keyed:
    """A tuple that is an object in JSON: records keyed by one of their fields, or pairs of a name and a value."""

    __slots__ = ("field",)

    def __init__(self, field: str = "") -> None:
        """`field` is the field with the key of each record; without it the items are pairs."""
        self.field = field


MOST_ENTRIES = 1_000
"""The most entries of any list or table in a declaration, and the most providers of a plugin.

Every run evaluates all of them; the longest public list has fewer than 200 providers.
"""


def short(kind: Any) -> str:
    """Return the name of a record's `Short` field; empty if it has none."""
    marked = (name for name, annotation in kind.__annotations__.items() if _is_short(annotation))
    return next(marked, "")


def _is_short(annotation: Any) -> bool:
    return any(isinstance(mark, Short) for mark in getattr(annotation, "__metadata__", ()))


_RUNS_CODE = {
    "dynamic linkers (ld.so(8), dyld(1))": r"(LD|DYLD)_\w*|LIBPATH|SHLIB_PATH",
    "C libraries (what ld.so(8) removes in secure mode)": r"GCONV_PATH|GETCONF_DIR|GLIBC_TUNABLES|HOSTALIASES"
    r"|LOCALDOMAIN|LOCPATH|MALLOC_\w*|NIS_PATH|NLSPATH|RESOLV_HOST_CONF|RES_OPTIONS|TZDIR",
    "shells (bash(1), POSIX sh, zsh(1))": r"BASHOPTS|BASH_ENV|BASH_FUNC_\w*|CDPATH|ENV|FPATH|GLOBIGNORE|IFS|PATH"
    r"|PROMPT_COMMAND|PS[0-4]|SHELL|SHELLOPTS|ZDOTDIR",
    "Python (python --help-env)": r"PYTHON\w*",
    "Perl (perlrun(1))": r"PERL\w*",
    "Ruby (ruby(1), bundle-config(1))": r"RUBY\w*|GEM_\w*|BUNDLER?_\w*",
    "Node and its kin (node(1), npm-config(7))": r"NODE_(OPTIONS|PATH|REPL_\w*)|NPM_CONFIG_\w*|npm_config_\w*"
    r"|ELECTRON_RUN_AS_NODE|DENO_\w*|BUN_\w*",
    "Java (java(1))": r"_?JAVA_OPTIONS|JAVA_OPTS|JAVA_TOOL_OPTIONS|JDK_\w*OPTIONS|CLASSPATH|GRADLE_OPTS|MAVEN_OPTS",
    ".NET (its startup hooks and profilers)": r"DOTNET_\w*|CORECLR_\w*|COR_\w*|COMPlus_\w*",
    "PHP (php(1)), Lua (lua(1)), Tcl, R, Julia, Erlang, Go": r"PHPRC|PHP_INI_SCAN_DIR|LUA_C?PATH\w*|LUA_INIT\w*"
    r"|TCLLIBPATH|R_(ENVIRON|HOME|LIBS|PROFILE)\w*|JULIA_\w*|ERL_\w*|GODEBUG|GOFLAGS",
    "git(1), ssh(1)": r"GIT_\w*|SSH_ASKPASS\w*",
    "programs that start others": r"BROWSER|EDITOR|LESSCLOSE|LESSOPEN|MANPAGER|PAGER|SUDO_ASKPASS|VISUAL",
    "TLS libraries (openssl-env(7))": r"OPENSSL_\w*|SSLKEYLOGFILE|CURL_HOME",
}
"""Variables with which a program runs code that nobody approved, or gives away what it sends: by runtime, with sources.

Files of further certificates (`SSL_CERT_FILE`) are not among them: behind a company's proxy programs need them.
"""

_LINE = r"[^\x00-\x1f\x7f-\x9f]*"
_VARIABLE = r"[A-Za-z0-9_]+"
_OUR_OWN = Never(r"POLYROUTE_\w*", "is a setting of Polyroute itself and can't hold a key")

Line = Annotated[str, Rule(_LINE, "has control characters", in_documents=True)]
Filled = Annotated[str, Rule(r"[\s\S]+", "is empty")]
Text = Annotated[Filled, Rule(_LINE[:-1] + "+", "is empty or has control characters", in_documents=True)]
Slug = Annotated[str, Rule(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", "is not a lower-case slug", 100)]
Variable = Annotated[str, Rule(_VARIABLE, "is not a variable name", in_documents=True), _OUR_OWN]
Granted = Annotated[
    Variable, Never("|".join(_RUNS_CODE.values()), "can never be granted: it could run code that was not approved")
]
"""A variable that a program may get."""
MaybeVariable = Annotated[str, Rule(rf"({_VARIABLE})?", "is not a variable name", in_documents=True), _OUR_OWN]
SlotName = Annotated[str, Rule(r"\w+", "is not a slot name", in_documents=True)]
_NOT_FOR_PLUGINS = Never(
    # where a request goes, where it ends and which request it is
    r"(?i)host|x-(host|original|rewrite)(-.*)?|x-(http-)?method(-.*)?|content-(length|encoding)|expect"
    # the connection and its next station
    r"|transfer-encoding|te|trailer|connection|keep-alive|upgrade|http2-settings|sec-.*|proxy-.*"
    # a session, and who the client is: an endpoint may let in other clients than the user
    r"|(set-)?cookie2?|forwarded|via|x-forwarded(-.*)?|(x-)?(real|client|true-client|cluster-client)-ip|.*-connecting-ip",
    "is a header that no plugin may set: it decides where a request goes, how it is sent or whom it comes from",
)
HeaderName = Annotated[str, Rule(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", "is not a header name"), _NOT_FOR_PLUGINS]
Url = Annotated[
    str,
    Rule(r"((https?://|\$\{)[^\s?#@\\]+)?", "is not an http or https URL (without user, query or fragment)"),
]
"""A base URL, which may contain `${slot}`; or empty."""
Link = Annotated[str, Rule(r"(https?://[^\s@]+)?", "is not an http or https URL", in_documents=True)]
"""A URL of a page for users; or empty."""
Ending = Annotated[str, Rule(r"(/([A-Za-z0-9._~-]|\$\{\w+\})+)*", "is not the end of a base URL: names after slashes")]
Path = Annotated[str, Rule(r"/([^\s?#@\\/][^\s?#@\\]*)?", "is not a path below a base URL")]
Date = Annotated[str, Rule(r"(\d{4}(-\d\d){0,2})?", "is not an ISO 8601 date", in_documents=True)]
Headers = Annotated[tuple[tuple[HeaderName, Line], ...], Keyed()]
MILLISECONDS_FROM = 1e11
"""Times from this number on are taken as milliseconds, since in seconds they would be after the year 5138."""
Moment = Annotated[float, Below(MILLISECONDS_FROM, "is in milliseconds; it should be in seconds since 1970")]
Count = Annotated[int, Least(1, in_documents=True)]
Price = Annotated[float, Least(0, in_documents=True)]
"""US dollars per million tokens."""
