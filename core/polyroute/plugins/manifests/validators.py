"""Parse external documents into values of the vocabulary with pydantic validators derived from its annotations.

pydantic reports all faults of a document at once, each with its place, and generates the JSON Schema. Import this
module only where something is parsed: importing pydantic takes longer than all of `polyroute status`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic_core import CoreSchema, SchemaValidator, ValidationError, core_schema

from polyroute.named_tuples import NamedTuple
from polyroute.types.constraints import MOST_ENTRIES, Keyed, Least, Named, Never, Rule, short

Where = tuple[str | int, ...]
Make = Callable[[dict[str, Any]], Any]
"""Makes a value from the fields of a table."""

_FAULTS_TOLD = 20
_SHOWN = 60
"""The most characters of an invalid value in a message."""
_WORDS = {
    "missing": "is missing",
    "tuple_type": "should be a list",
    "frozen_set_type": "should be a list",
    "list_type": "should be a list",
    "dict_type": "should be a table",
    "finite_number": "should be a finite number",
}
_PARTS: set[str] = set()
"""Every key that any table may have."""


class Field(NamedTuple):
    """One key that a table may have."""

    name: str
    """The field's name in Python."""
    schema: CoreSchema
    required: bool = False


class InvalidDocument(ValueError):
    """A document is invalid. `faults` has the place of each fault and a message."""

    def __init__(self, faults: Iterable[tuple[Where, str]]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(f"{place(where)}: {what}" if where else what for where, what in self.faults))


def place(where: Iterable[str | int]) -> str:
    """Return a place in a document in TOML notation."""
    text = ""
    for step in where:
        text += f"[{step}]" if isinstance(step, int) else f".{_short(step)}" if text else _short(step)
    return text


def validated(validator: SchemaValidator, data: Any) -> Any:
    """Return what `validator` makes of `data`. Raises Wrong with all faults."""
    try:
        return validator.validate_python(data)
    except ValidationError as error:
        schema = validator.__reduce__()[1][0]  # the schema that it was made from
        raise InvalidDocument(_faults(error.errors(include_url=False), schema)) from None


@cache
def validator(kind: Any, *given: str, strict: bool) -> SchemaValidator:
    """Return a validator that parses a table into a record; the fields in `given` are filled in later.

    Unless `strict`, unknown keys are ignored.
    """
    return SchemaValidator(record(kind, *given, strict=strict))


def record(kind: Any, *given: str, strict: bool) -> CoreSchema:
    """Return the schema of a record. If it has a `Short` field, a string alone stands for the record."""
    make = partial(_record, kind, dict.fromkeys(given, ""))
    schema = table(fields(kind, *given, strict=strict), make, strict=strict)
    alone = short(kind)
    if not alone:
        return schema
    key = _key(alone, kind.__annotations__[alone])
    shorthand = core_schema.union_schema([core_schema.str_schema(), schema])
    return core_schema.no_info_before_validator_function(
        lambda data: {key: data} if isinstance(data, str) else data, schema, json_schema_input_schema=shorthand
    )


def fields(kind: Any, *without: str, strict: bool) -> dict[str, Field]:
    """Return the fields of a record by key, except those in `without`."""
    found = {
        _key(name, annotation): Field(name, _schema(annotation, strict), name not in kind._field_defaults)
        for name, annotation in kind.__annotations__.items()
        if name not in without
    }
    _PARTS.update(found)
    return found


def table(known: Mapping[str, Field], make: Make, *, strict: bool) -> CoreSchema:
    """Return the schema of a table with these keys; `make` gets the values by the fields' names in Python."""
    parts = {key: core_schema.typed_dict_field(each.schema, required=each.required) for key, each in known.items()}
    names = {key: each.name for key, each in known.items()}
    return core_schema.no_info_after_validator_function(
        lambda found: make({names[key]: value for key, value in found.items()}),
        core_schema.typed_dict_schema(parts, extra_behavior="forbid" if strict else "ignore", strict=False),
    )


def keyed(inner: CoreSchema, key: Any, make: Callable[[dict[str, Any]], Any]) -> CoreSchema:
    """Return the schema of a table of tables whose keys match the annotation `key`."""
    return core_schema.no_info_after_validator_function(
        make, core_schema.dict_schema(_schema(key, strict=True), inner, max_length=MOST_ENTRIES, strict=True)
    )


def _record(kind: Any, given: dict[str, str], values: dict[str, Any]) -> Any:
    made = kind(**given, **values)
    if said := made.inconsistency() if hasattr(made, "inconsistency") else "":
        raise ValueError(said)
    return made


def _key(name: str, annotation: Any) -> str:
    marks = getattr(annotation, "__metadata__", ())
    return next((mark.name for mark in marks if isinstance(mark, Named)), name)


def _schema(annotation: Any, strict: bool) -> CoreSchema:
    """Return the schema of one annotation. Raises NotImplementedError for a form that the vocabulary does not use."""
    marks = getattr(annotation, "__metadata__", ())
    kind = annotation.__origin__ if get_origin(annotation) is Annotated else annotation
    origin, inner = get_origin(kind), get_args(kind)
    least = next((mark.least for mark in marks if isinstance(mark, Least)), None)
    if hasattr(kind, "_field_defaults"):
        return record(kind, strict=strict)
    if kind is str:
        return _text([mark for mark in marks if isinstance(mark, Rule)], [m for m in marks if isinstance(m, Never)])
    if kind in (int, float, bool):
        return _scalar(kind, least)
    if origin is Literal:
        return core_schema.literal_schema(list(inner))
    if origin in (Union, UnionType):
        return core_schema.nullable_schema(_schema(next(each for each in inner if each is not type(None)), strict))
    if origin is tuple:
        keys = [mark.field for mark in marks if isinstance(mark, Keyed)]
        return _by_key(inner[0], keys[0], strict) if keys else _tuple(inner, least, strict)
    if origin is frozenset:
        return core_schema.frozenset_schema(_schema(inner[0], strict), max_length=MOST_ENTRIES)
    if origin is Mapping:
        schemas = (_schema(each, strict) for each in inner)
        return core_schema.dict_schema(*schemas, max_length=MOST_ENTRIES, strict=True)
    raise NotImplementedError(annotation)


def _scalar(kind: Any, least: int | None) -> CoreSchema:
    if kind is bool:
        return core_schema.bool_schema(strict=True)
    if kind is int:
        return core_schema.int_schema(ge=least, strict=True)
    return core_schema.float_schema(ge=least, strict=True, allow_inf_nan=False)


def _text(rules: list[Rule], nevers: list[Never]) -> CoreSchema:
    rule = rules[-1] if rules else None  # the last one is the strictest
    schema: CoreSchema = core_schema.str_schema(
        strict=True, pattern=f"^({rule.pattern})$" if rule else None, max_length=(rule and rule.most) or None
    )
    if rule:
        _SHAPES[f"^({rule.pattern})$"] = rule.words
    return core_schema.no_info_after_validator_function(partial(_unless, nevers), schema) if nevers else schema


_SHAPES: dict[str, str] = {}
"""By pattern, the message for a text that does not match it."""


def _unless(nevers: Sequence[Never], text: str) -> str:
    import re

    for each in nevers:
        if re.fullmatch(each.pattern, text):
            raise ValueError(f"{text} {each.words}")
    return text


def _tuple(inner: tuple[Any, ...], least: int | None, strict: bool) -> CoreSchema:
    if inner[-1] is not Ellipsis:
        return core_schema.tuple_positional_schema([_schema(each, strict) for each in inner])
    return core_schema.tuple_variable_schema(_schema(inner[0], strict), min_length=least, max_length=MOST_ENTRIES)


def _by_key(item: Any, field: str, strict: bool) -> CoreSchema:
    """Return the schema of a table that becomes a tuple of pairs, or of records whose `field` is the key."""
    if not field:
        name, value = get_args(item)
        return keyed(_schema(value, strict), name, lambda found: tuple(found.items()))
    inner = record(item, field, strict=strict)
    return keyed(
        inner,
        item.__annotations__[field],
        lambda found: tuple([each._replace(**{field: name}) for name, each in found.items()]),
    )


def _faults(errors: Sequence[Mapping[str, Any]], schema: Any) -> Iterable[tuple[Where, str]]:
    """Yield the first errors, each with its place, and the number of the others."""
    for each in errors[:_FAULTS_TOLD]:
        where = tuple(step for step in each["loc"] if step != "[key]")
        yield _placed(where, _words(each, schema))
    if len(errors) > _FAULTS_TOLD:
        yield (), f"and {len(errors) - _FAULTS_TOLD:,} more faults"


def _placed(where: Where, words: str) -> tuple[Where, str]:
    """Move a fault that was found in the whole record to the place of the field that its message names."""
    field, colon, rest = words.partition(": ")
    return ((*where, field), rest) if colon and field in _PARTS else (where, words)


def _words(error: Mapping[str, Any], schema: Any) -> str:
    """Return the message for an error: ours for common kinds, else pydantic's."""
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        *where, key = error["loc"]
        return f"is not a known key.{_closest(str(key), _keys(schema, where))}"
    if kind == "literal_error":
        return f"should be {error['ctx']['expected']}.{_closest(str(given), _named(error))}".removesuffix(".")
    if kind == "string_pattern_mismatch":
        return f"{_short(repr(given))} {_SHAPES.get(error['ctx']['pattern'], 'has an invalid form')}"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    return _WORDS.get(kind, str(error["msg"]).replace("Input should", "should").lower())


def _closest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, [*known], 1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _keys(schema: Any, where: Sequence[str | int]) -> Iterable[str]:
    """Return the keys that the table at a place of a document may have."""
    while "schema" in schema:
        schema = schema["schema"]
    fields: dict[str, Any] = schema.get("fields", {})
    if not where:
        return fields
    inner = fields[str(where[0])] if fields else schema.get("values_schema") or schema["items_schema"]
    return _keys(inner[0] if isinstance(inner, list) else inner, where[1:])


def _named(error: Mapping[str, Any]) -> Iterable[str]:
    """Return the expected texts."""
    import re

    return re.findall("'([^']*)'", error["ctx"]["expected"])


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
