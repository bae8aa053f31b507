"""One conversation in the form of each API: requests, whole responses and streams, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Its name"},
        "unit": {"type": "string", "enum": ["C", "F"]},
    },
    "required": ["city"],
}
TOOL, DESCRIPTION = "get_weather", "Say what the weather is"
FIRST, SECOND = {"city": "Paris", "unit": "C"}, {"city": "Oslo", "unit": "F"}


class ToolUse(NamedTuple):
    """A call of a tool."""

    name: str
    arguments: dict[str, Any]


class Asked(NamedTuple):
    """What a request says."""

    system: str
    texts: tuple[str, ...]
    """The texts of the user and the assistant, in order."""
    images: tuple[str, ...]
    uses: tuple[ToolUse, ...]
    """The calls that the assistant has made."""
    results: tuple[tuple[str, str], ...]
    """For each result, the city of the call that it belongs to, and its text."""
    tools: tuple[tuple[str, str, dict[str, Any]], ...]
    stop: tuple[str, ...]
    most: int


class Reply(NamedTuple):
    """What a response says."""

    text: str
    uses: tuple[ToolUse, ...]
    reason: str
    """Why it ended: `tools`, `stop` or `length`."""
    usage: tuple[int, int]
    """The tokens read and written."""


ASKED = Asked(
    system="Be brief.\n\nBe kind.",
    texts=("How is the weather here?", "I look it up.", "And compared to that?"),
    images=(IMAGE,),
    uses=(ToolUse(TOOL, FIRST), ToolUse(TOOL, SECOND)),
    results=(("Paris", "12 degrees"), ("Oslo", "3 degrees")),
    tools=((TOOL, DESCRIPTION, SCHEMA),),
    stop=("END",),
    most=500,
)
REPLY = Reply("Let me see.", (ToolUse(TOOL, FIRST), ToolUse(TOOL, SECOND)), "tools", (120, 30))
WORDS = Reply("Let me see.", (), "stop", (120, 30))


class Api(Protocol):
    """An API, as clients and endpoints speak it."""

    name: str
    path: str
    """The path for a model, below the base URL."""
    stream_path: str

    def request(self, model: str, *, stream: bool) -> dict[str, Any]:
        """Return the request that says `ASKED`."""

    def asked(self, body: dict[str, Any]) -> Asked:
        """Return what a request says."""

    def question(self, model: str, text: str, *, stream: bool) -> dict[str, Any]:
        """Return a request with one text."""

    def response(self, reply: Reply) -> dict[str, Any]:
        """Return the whole response that says `reply`."""

    def events(self, reply: Reply, parts: list[str]) -> Iterator[str]:
        """Yield the stream that says `reply`, its text in these parts."""

    def replied(self, body: dict[str, Any]) -> Reply:
        """Return what a whole response says."""

    def streamed(self, events: list[dict[str, Any]]) -> Reply:
        """Return what the events of a stream say."""
