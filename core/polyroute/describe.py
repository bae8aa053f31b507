"""One description of a plugin, from outside: the pydantic model that manifests and executables' answers are parsed by.

Import it where something is parsed, and nowhere else: pydantic costs more than all of `polyroute status`. What comes
out is a `Description`, made of the core's own types.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from polyroute.description import Description, Executable
from polyroute.forms import HOST, NAME, SHAPES, Form, Line, ModelForm, ProviderForm, Slug, Text, named
from polyroute.types import Model

AnyForm = TypeVar("AnyForm", bound=Form)

Method = Literal["detect", "models", "map", "verify", "secret"]

_NEVER_GRANTED = r"(LD|DYLD|POLYROUTE)_\w*|PYTHON\w*|NODE_OPTIONS|BASH_ENV|ENV|PERL5OPT|PERL5LIB|PATH|IFS|SHELLOPTS"
"""Variables that no executable gets: they would run other code than what was approved."""


def _may_be_granted(name: str) -> str:
    if re.fullmatch(_NEVER_GRANTED, name):
        raise ValueError(f"{name} can never be granted: it would run other code than what was approved")
    return name


Granted = Annotated[str, Field(pattern=NAME), AfterValidator(_may_be_granted)]


class ExecutableForm(Form):
    """What the plugin's program is, and all that it is granted."""

    argv: list[Text] = Field(min_length=1)
    variables: list[Granted] = []
    hosts: list[Annotated[str, Field(pattern=HOST)]] = []


class Describe(Form):
    """A plugin: its manifest, or what its executable answers to `describe`."""

    name: Line = ""
    version: Line = ""
    protocol: Literal[1] = 1
    methods: list[Method] = []
    """What the executable answers besides `describe`."""
    features: list[Text] = []
    providers: dict[Slug, ProviderForm] = {}
    executable: ExecutableForm | None = None

    def made(self) -> Description:
        """The same in the core's words."""
        forms = self.providers.items()
        granted = self.executable
        return Description(
            self.name,
            self.version,
            self.protocol,
            tuple([form.made(name) for name, form in forms]),
            tuple([rule for name, form in forms if (rule := form.rule(name))]),
            {name: table for name, form in forms if (table := form.scheme(name))},
            tuple([model.made(name) for name, form in forms for model in form.models]),
            Executable(tuple(granted.argv), tuple(granted.variables), tuple(granted.hosts)) if granted else None,
            tuple(self.methods),
            tuple(self.features),
        )


class Wrong(ValueError):
    """A description that can't be used: the place of each fault in it, and what is wrong there in words."""

    def __init__(self, faults: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{place(where)}: {what}" if where else what for where, what in self.faults))


def parse(data: Any, *, strict: bool = True) -> Description:
    """The description in a manifest's table or, not `strict`, in the answer of a program, whose unknown fields are
    passed over since a later minor version may have added them. Raises Wrong.
    """
    return _validated(Describe, data, strict=strict).made()


def models(rows: Iterable[Any], provider: str) -> list[Model]:
    """Models as a program lists them for one provider; unknown fields are passed over. Raises Wrong."""
    return [_validated(ModelForm, named("id", row), strict=False).made(provider) for row in rows]


def schema() -> dict[str, Any]:
    """The JSON Schema of a manifest, for editors."""
    found = Describe.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Polyroute plugin.toml"}


def place(where: Iterable[str | int]) -> str:
    """A place in a document, as TOML writes it."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _validated(form: type[AnyForm], data: Any, *, strict: bool) -> AnyForm:
    try:
        return form.model_validate(data, extra=None if strict else "ignore")
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise Wrong((tuple(step for step in each["loc"] if step != "[key]"), _words(each)) for each in found) from None


def _words(error: Mapping[str, Any]) -> str:
    """What is wrong, for people: pydantic's words, but where ours are plainer."""
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return f"is no known key.{_closest(str(error['loc'][-1]))}"
    if kind == "string_pattern_mismatch":
        return f"{given!r} {SHAPES.get(error['ctx']['pattern'], 'has a wrong form')}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "model_type":
        return "should be a table"
    return {"missing": "is missing"}.get(kind, str(error["msg"]).replace("Input should", "should").lower())


def _closest(key: str) -> str:
    known = {field.alias or name for form in Form.__subclasses__() for name, field in form.model_fields.items()}
    close = difflib.get_close_matches(key, known, 1)
    return f" Did you mean {close[0]!r}?" if close else ""
