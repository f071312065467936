"""What a filter writes is read back by PostgREST's grammar of queries, here as a parser of its own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from viber.services.supabase import all_of, and_, any_of, col, not_, or_
from viber.services.supabase.filters._columns import Column
from viber.services.supabase.filters._filters import Filter
from viber.services.supabase.filters._operators import Operator, compare, identity, member, relate, search
from viber.services.supabase.filters._quoting import name, percent

OPERATOR = (
    r"(?:(?:neq|cs|cd|ov|sl|sr|nxr|nxl|adj|isdistinct)|(?:fts|plfts|phfts|wfts)(?:\(\w+\))?"
    r"|(?:eq|gte|gt|lte|lt|like|ilike|match|imatch)(?:\((?:any|all)\))?)(?=\.)"
)


class Field(NamedTuple):
    name: str
    steps: tuple[str | int, ...] = ()
    as_text: bool = False


class Leaf(NamedTuple):
    field: Field
    negated: bool
    operator: str
    value: str | tuple[str, ...]


class Tree(NamedTuple):
    negated: bool
    kind: str
    members: tuple[Any, ...]


@dataclass
class Reader:
    """Reads one text from left to right; whatever it cannot read is a failed test."""

    text: str
    at: int = 0

    def take(self, expression: str) -> str | None:
        found = re.compile(expression, re.DOTALL).match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def need(self, expression: str) -> str:
        found = self.take(expression)
        assert found is not None, f"no {expression} at {self.at} of {self.text!r}"
        return found

    def quoted(self) -> str | None:
        found = self.take(r'"(?:[^"\\]|\\.)*"')
        return None if found is None else re.sub(r"\\(.)", r"\1", found[1:-1], flags=re.DOTALL)

    def quoted_to_the_end(self) -> str | None:
        """A quoted value is one only if nothing but a comma or the end of the group follows."""
        start, value = self.at, self.quoted()
        if value is not None and self.at < len(self.text) and self.text[self.at] not in ",)":
            self.at, value = start, None
        return value

    def name(self) -> str:
        quoted = self.quoted()
        return self.need(r"[\w $]+(?:-(?!>)[\w $]+)*").strip() if quoted is None else quoted

    def field(self) -> Field:
        column, steps, arrow = self.name(), [], "->"
        while found := self.take("->>?"):
            arrow = found
            index = self.take(r"-?[0-9]+(?=->|::|\.|,|\)|$)")
            key = self.quoted() if index is None else int(index)
            steps.append(self.need(r"[^(\-:.,>)]+") if key is None else key)
        return Field(column, tuple(steps), arrow == "->>")

    def condition(self, field: Field, value: Any) -> Leaf:
        negated = self.take(r"not\.") is not None
        if self.take(r"in\."):
            return Leaf(field, negated, "in", self.elements())
        if self.take(r"is\."):
            return Leaf(field, negated, "is", self.need("null|true|false|unknown"))
        operator = self.need(OPERATOR)
        self.need(r"\.")
        return Leaf(field, negated, operator, value())

    def elements(self) -> tuple[str, ...]:
        """Blanks around the brackets are lost, so that the first element has to be quoted to keep its own."""
        self.need(r"[ \t]*\([ \t]*")
        elements = [self.element()]
        while self.take(","):
            elements.append(self.element())
        self.need(r"\)")
        return () if elements == [""] else tuple(elements)

    def array(self) -> list[Any]:
        """PostgreSQL's text form of an array."""
        self.need(r"\{")
        items: list[Any] = []
        while not self.take(r"\}"):
            is_array = self.text[self.at] == "{"
            items.append(self.array() if is_array else None if self.take("NULL") else self.quoted())
            self.take(",(?!})")
        return items

    def element(self) -> str:
        quoted = self.quoted_to_the_end()
        return self.need("[^,)]*") if quoted is None else quoted

    def grouped_value(self) -> str:
        quoted = self.quoted_to_the_end()
        return quoted if quoted is not None else self.take(r"\{[^{}]*\}") or self.need("[^,)]*")

    def tree(self) -> Leaf | Tree:
        start = self.at
        negated, kind = self.take(r"not\.") is not None, self.take(r"and(?=\()|or(?=\()")
        if kind:
            return Tree(negated, kind, self.members())
        self.at = start
        field = self.field()
        self.need(r"\.")
        return self.condition(field, self.grouped_value)

    def members(self) -> tuple[Leaf | Tree, ...]:
        self.need(r"[ \t]*\([ \t]*")
        members = [self.tree()]
        while self.take(r"[ \t]*,[ \t]*"):
            members.append(self.tree())
        self.need(r"\)")
        return tuple(members)


def read(pair: str) -> tuple[list[str], Leaf | Tree]:
    """The names of embedded resources in front, and the condition."""
    ((key, value),) = parse_qsl(pair, keep_blank_values=True, strict_parsing=True)
    keys, values, path = Reader(key), Reader(value), list[str]()
    while not (group := keys.take(r"(?:not\.)?(?:and|or)$")):
        field = keys.field()
        if not keys.take(r"\."):
            break
        path.append(field.name)
    found: Leaf | Tree
    if group:
        found = Tree(group.startswith("not."), group.removeprefix("not."), values.members())
    else:
        found = values.condition(field, lambda: values.need(".*"))
    assert (keys.at, values.at) == (len(key), len(value))
    return path, found


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
awkward = st.text(st.sampled_from(list('a1,()"\\:. {}&=+#%*-><!\t\n')), max_size=8)
values = (
    texts | awkward | st.sampled_from(["", "null", "NULL", "not.eq.1", "in.(1)", '"', "\\", "and(a.eq.1)"])
)
names = values.filter(bool) | st.sampled_from(["select", "or", "and", "not", "not.or", "1", "order"])


@st.composite
def columns(draw: st.DrawFn) -> tuple[Column, Field]:
    column, path = col(draw(names)), tuple(draw(st.lists(values | st.integers(-20, 20), max_size=3)))
    as_text = bool(path) and draw(st.booleans())
    made = column.text(*path) if as_text else column.json(*path)
    return made, Field(column.name, path, as_text)


def plain(field: Field, text: str) -> Any:
    """The text that was meant, which is written as JSON behind a path into JSON."""
    return json.loads(text) if field.steps and not field.as_text else text


Case = tuple[Filter, Any]


@st.composite
def leaves(draw: st.DrawFn) -> Case:
    """A filter and what a reader has to make of it."""
    (column, field), value = draw(columns()), draw(values)
    match draw(st.sampled_from(["compare", "in", "is", "search", "set", "several"])):
        case "compare":
            operator = draw(st.sampled_from([Operator.EQ, Operator.NEQ, Operator.LIKE, Operator.ISDISTINCT]))
            return compare(column, operator, value), (field, False, operator.value, value)
        case "in":
            listed = list(dict.fromkeys(draw(st.lists(values, max_size=4))))
            made = member(column, listed)
            alone = listed == [""] and (not field.steps or field.as_text)
            return made, (field, False, "eq", "") if alone else (field, False, "in", listed)
        case "is":
            return identity(column, None, negated=True), (field, True, "is", "null")
        case "search":
            return search(column, value, config="english"), (field, False, "fts(english)", ("as is", value))
        case "set":
            return relate(column, Operator.CONTAINED_BY, value), (field, False, "cd", ("as is", value))
        case _:
            listed = draw(st.lists(values, min_size=1, max_size=3))
            some = draw(st.sampled_from([any_of, all_of]))
            words = f"like({some.__name__[:3]})"
            return compare(column, Operator.LIKE, some(listed)), (field, False, words, ("array", listed))


def group(cases: list[Case], kind: str) -> Case:
    make = or_ if kind == "or" else and_
    return make(*(made for made, _ in cases)), Tree(False, kind, tuple(meant for _, meant in cases))


def negated(case: Case) -> Case:
    made, meant = case
    if isinstance(meant, Tree):
        return not_(made), meant._replace(negated=not meant.negated)
    return not_(made), (meant[0], not meant[1], *meant[2:])


filters = st.recursive(
    leaves(),
    lambda inner: (
        st.builds(group, st.lists(inner, min_size=1, max_size=3), st.sampled_from(["and", "or"]))
        | st.builds(negated, inner)
    ),
    max_leaves=6,
)


def means(found: Leaf | Tree, meant: Any) -> bool:
    """Whether what was read is what was meant."""
    if isinstance(found, Tree):
        assert (found.negated, found.kind, len(found.members)) == (*meant[:2], len(meant[2]))
        return all(map(means, found.members, meant[2]))
    field, is_negated, operator, value = meant
    assert (found.field, found.negated, found.operator) == (field, is_negated, operator)
    sent: Any = found.value
    match value:
        case ("as is", text):
            return bool(sent == text)
        case ("array", listed):
            sent, value = Reader(sent).array(), listed
    if isinstance(value, list):
        return [plain(field, each) for each in sent] == list(value)
    return bool((sent if operator == "is" else plain(field, sent)) == value)


@given(filters)
@example((compare("a", Operator.EQ, '"q"'), (Field("a"), False, "eq", '"q"')))
@example((member("a", [" x", "y "]), (Field("a"), False, "in", [" x", "y "])))
@example((or_(compare("a", Operator.EQ, "{a},b")), Tree(False, "or", ((Field("a"), False, "eq", "{a},b"),))))
@settings(max_examples=400, deadline=None)
def test_a_filter_is_read_as_it_was_meant(case: Case) -> None:
    """Column, path, operator and value come out as they went in, at any depth of groups and negations."""
    made, meant = case
    path, found = read(made.pair())
    assert path == []
    assert means(found, meant)


@given(filters, names)
@settings(max_examples=60, deadline=None)
def test_the_filter_of_an_embed_is_read_as_it_was_meant(case: Case, table: str) -> None:
    """The name in front belongs to the path, whatever characters it has; the rest is the same."""
    made, meant = case
    path, found = read(made.pair(percent(f"{name(table)}.")))
    assert path == [table]
    assert means(found, meant)


@given(
    st.recursive(
        st.lists(values | st.none(), min_size=1, max_size=3), lambda inner: st.lists(inner, min_size=1)
    )
)
@settings(max_examples=100, deadline=None)
def test_an_array_is_read_element_by_element(elements: list[Any]) -> None:
    """Lists in lists, and None as NULL, whatever characters the texts have; also inside a group."""
    made = relate("tags", Operator.CONTAINS, elements)
    _, found = read(made.pair())
    assert isinstance(found, Leaf)
    assert Reader(str(found.value)).array() == elements
    assert read(or_(made).pair())[1] == Tree(False, "or", (found,))


@pytest.mark.parametrize(
    ("text", "value"),
    [('eq."q"', '"q"'), ('in.(a(b,"c,d", x)', ("a(b", "c,d", " x")), ("in.()", ()), ('in.("")', ())],
)
def test_the_reference_reads_what_was_seen_on_the_server(text: str, value: Any) -> None:
    """The parser of these tests knows the traps."""
    _, found = read(f"a={percent(text)}")
    assert isinstance(found, Leaf)
    assert found.value == value
