"""The JSON schema of a Python type, as far as Gemini can read one."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from viber.services.gemini._errors import refusal
from viber.services.gemini.content._json import Json, is_object

_KEPT = frozenset({"type", "minItems", "maxItems", "minimum", "maximum", "required"})
_FORMATS = frozenset({"date-time", "date", "time"})
_SAID = {
    "format": "format",
    "pattern": "pattern",
    "minLength": "shortest length",
    "maxLength": "greatest length",
    "multipleOf": "a multiple of",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "uniqueItems": "no item twice",
    "minProperties": "fewest entries",
    "maxProperties": "most entries",
}
"""Gemini does not enforce these: the model is told, and the answer is checked here."""
_SILENT = frozenset(
    {
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "default",
        "deprecated",
        "discriminator",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)
_NO_SCHEMA = "x-no-schema"
Needs = dict[str, dict[str, str]]
"""Which definitions another one cannot do without, and where."""


class _Describer(GenerateJsonSchema):
    def handle_invalid_for_json_schema(
        self,
        schema: Any,  # noqa: ARG002 - the signature is pydantic's
        error_info: str,
    ) -> JsonSchemaValue:
        return {_NO_SCHEMA: error_info}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])  # defaults are not sent, so that none need be JSON


def schema_of(adapter: TypeAdapter[Any], name: str) -> Json:
    """The schema of a type, in the words that Gemini knows.

    What Gemini does not enforce, such as a pattern, is put into the description.

    Raises:
        InvalidRequestError: Gemini cannot express it; the message says where.

    Example:
        >>> schema_of(TypeAdapter(dict[str, int]), "Prices")
        {'type': 'object', 'additionalProperties': {'type': 'integer'}}
    """
    whole = adapter.json_schema(schema_generator=_Describer)
    definitions = whole.pop("$defs", {})
    needs: Needs = {}
    schema = _Translation("", needs).of(whole, name)
    if definitions:
        schema["$defs"] = {
            owner: _Translation(owner, needs).of(definition, owner)
            for owner, definition in definitions.items()
        }
    _refuse_endless(needs)
    return schema


class _Translation:
    """Translates the schema of one definition, and notes which others it cannot do without."""

    def __init__(self, owner: str, needs: Needs) -> None:
        self._owner = owner
        self._needs = needs

    def of(self, schema: Json, place: str, *, needed: bool = True) -> Json:
        if len(parts := schema.get("allOf", ())) == 1:  # how some versions of pydantic describe a reference
            schema = {**schema, **parts[0]}
            del schema["allOf"]
        if (target := schema.get("$ref")) is not None:
            if needed:
                self._needs.setdefault(self._owner, {})[target.rpartition("/")[2]] = place
            return _reference(target, schema.get("description"))
        schema = _plainer(schema, place)
        found = {key: value for key, value in schema.items() if key in _KEPT}
        found |= self._within(schema, place, needed=needed)
        if not found:
            raise _inexpressible(place, "a value of any type", "give it a type")
        if note := _note(schema):
            found["description"] = note
        return found

    def _within(self, schema: Json, place: str, *, needed: bool) -> Json:
        inside: Json = {key: schema[key] for key in ("enum",) if key in schema}
        if schema.get("format") in _FORMATS:
            inside["format"] = schema["format"]
        if "properties" in schema:
            required = schema.get("required", ())
            inside["properties"] = {
                name: self.of(field, f"{place}.{name}", needed=needed and name in required)
                for name, field in schema["properties"].items()
            }
        for key in ("items", "additionalProperties"):
            if key in schema:
                inside[key] = self._one(schema[key], f"{place}[]", needed=needed)
        for key in ("prefixItems", "anyOf"):
            if key in schema:
                inside[key] = [self.of(option, place, needed=needed) for option in schema[key]]
        return inside

    def _one(self, schema: Any, place: str, *, needed: bool) -> Any:
        return self.of(schema, place, needed=needed) if is_object(schema) else schema


_TRANSLATED = frozenset(
    {"$defs", "enum", "properties", "items", "additionalProperties", "prefixItems", "anyOf", "description"}
)


def _reference(target: str, description: str | None) -> Json:
    """A reference; nothing may stand beside one, so that a description needs a choice of one around it."""
    reference: Json = {"$ref": target}
    return {"anyOf": [reference], "description": description} if description else reference


def _plainer(schema: Json, place: str) -> Json:
    """The same with fewer words: one spelling for what JSON schema can say in several ways."""
    plain = dict(schema)
    if "oneOf" in plain:
        plain["anyOf"] = plain.pop("oneOf")
    if "const" in plain:
        plain["enum"] = [plain.pop("const")]
    if "enum" in plain and not all(_is_enumerable(value) for value in plain["enum"]):
        plain["description"] = _joined(plain.get("description"), [f"one of: {plain.pop('enum')}"])
    if _NO_SCHEMA in plain:
        raise _inexpressible(place, "this type", plain[_NO_SCHEMA])
    if unknown := plain.keys() - _KEPT - _TRANSLATED - _SILENT - _SAID.keys():
        raise _inexpressible(place, f"`{min(unknown)}`", "choose a simpler type")
    return plain


def _is_enumerable(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _note(schema: Mapping[str, Any]) -> str:
    limits = [_limit(said, schema[key]) for key, said in _SAID.items() if _is_to_be_said(key, schema)]
    return _joined(schema.get("description"), limits)


def _limit(said: str, value: object) -> str:
    return said if value is True else f"{said} {value}"


def _is_to_be_said(key: str, schema: Mapping[str, Any]) -> bool:
    return schema.get(key, False) is not False and not (key == "format" and schema[key] in _FORMATS)


def _joined(description: str | None, limits: Iterable[str]) -> str:
    told = f"({'; '.join(limits)})" if limits else ""
    return " ".join(filter(None, (description, told)))


def _refuse_endless(needs: Needs) -> None:
    """Gemini unrolls a definition that contains itself only where it may be left out."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        after, before = error.args[1][:2]
        raise _inexpressible(
            needs[before][after],
            "a type that always contains itself",
            "give the field a default, so that it may be absent",
        ) from None


def _inexpressible(place: str, what: str, hint: str) -> Exception:
    return refusal(f"the schema of {place}: Gemini cannot express {what}", suggestion=hint)


def complaints_of(refused: ValidationError) -> tuple[str, ...]:
    """What is wrong, each with its place and without the value itself."""
    return tuple(
        ": ".join(filter(None, (".".join(map(str, error["loc"])), error["msg"])))
        for error in refused.errors(include_input=False, include_url=False)
    )
