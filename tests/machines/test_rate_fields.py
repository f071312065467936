"""What is read from the fields with which a server tells of its limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.machines import Allowance, read_allowance

NOW = 1_700_000_000.0
MEGABYTE = 1_000_000


def told(field: str) -> tuple[int, float] | None:
    allowance = read_allowance({"ratelimit": field}, wall=NOW)
    return None if allowance is None else (allowance.remaining, allowance.seconds)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param('"default";r=50;t=30', (50, 30.0), id="the-example-of-the-draft"),
        pytest.param('"default";r=999;pk=:dHJpYWwxMjEzMjM=:;t=5', (999, 5.0), id="a-partition-key"),
        pytest.param('"default";t=30;r=50', (50, 30.0), id="in-another-order"),
        pytest.param('"a";r=0;t=7', (0, 7.0), id="nothing-left"),
        pytest.param('  "a" ;r=5 ; t=7  ', (5, 7.0), id="spaces"),
        pytest.param('"a";r=5;t=7;r=3', (3, 7.0), id="the-last-of-two-counts"),
        pytest.param('"a";r=5;t=7;flag', (5, 7.0), id="a-parameter-without-value"),
        pytest.param('"a";q="per \\"user\\";r=1";r=5;t=7', (5, 7.0), id="a-text-that-looks-like-parameters"),
        pytest.param('"a;r=1,";r=5;t=7', (5, 7.0), id="a-name-that-looks-like-parameters"),
        pytest.param('"a\\"b\\\\";r=5;t=7', (5, 7.0), id="an-escaped-name"),
        pytest.param('"";r=5;t=7', (5, 7.0), id="an-empty-name"),
    ],
)
def test_an_item_of_the_list(field: str, expected: tuple[int, float]) -> None:
    """A string with `r`, what remains, and `t`, for how many seconds; other parameters are comments."""
    assert told(field) == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param('"burst";r=50;t=1,"daily";r=7;t=4000', (7, 4000.0), id="fewer-remain"),
        pytest.param('"burst";r=7;t=1, "daily";r=7;t=4000', (7, 4000.0), id="for-longer"),
        pytest.param('"burst";r=7,"daily";r=9;t=10', (9, 10.0), id="no-time"),
        pytest.param('"burst";r=-1;t=3,"daily";r=9;t=10', (9, 10.0), id="a-negative-number"),
        pytest.param('"burst";r=1.5;t=3,"daily";r=9;t=10', (9, 10.0), id="a-fraction"),
        pytest.param('"burst";r="1";t=3,"daily";r=9;t=10', (9, 10.0), id="a-text"),
    ],
)
def test_the_tightest_item_counts(field: str, expected: tuple[int, float]) -> None:
    """Of several the one that leaves least, and of those the longest; others are passed over."""
    assert told(field) == expected


@pytest.mark.parametrize(
    "field",
    [
        "",
        " ",
        "default;r=5;t=7",
        '"default',
        'default";r=5;t=7',
        '"default";r=5;t=7,',
        '"default";r=5;t=7,,"other";r=1;t=1',
        '"default";r=5;t=7 "other";r=1;t=1',
        '"default";r=5;t=7;',
        '"default";R=5;t=7',
        '"default";r=;t=7',
        '"default";r="5;t=7',
        '"default"r=5;t=7',
        '("default");r=5;t=7',
        '"a\\b";r=5;t=7',
        '"a";r=5;t=9999999999999999',
        '"a";r=\u0665;t=7',
        "\x00",
    ],
)
def test_a_malformed_field_says_nothing(field: str) -> None:
    """Half of it may be the wrong half: it is ignored as a whole."""
    assert told(field) is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"ratelimit-remaining": "5", "ratelimit-reset": "7"}, (5, 7.0), id="three-fields"),
        pytest.param(
            {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "7"}, (5, 7.0), id="unofficial-fields"
        ),
        pytest.param({"ratelimit": "limit=100, remaining=50, reset=30"}, (50, 30.0), id="one-combined-field"),
        pytest.param({"ratelimit": "reset=30,remaining=50"}, (50, 30.0), id="combined-in-another-order"),
    ],
)
def test_older_generations_are_understood(headers: dict[str, str], expected: tuple[int, float]) -> None:
    """Most servers still send what the drafts of years ago said."""
    assert read_allowance(headers, wall=NOW) == Allowance(*expected)


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        pytest.param("1700000060", 60.0, id="a-moment"),
        pytest.param("1700000060500", 60.5, id="in-milliseconds"),
        pytest.param("1699999000", 0.0, id="in-the-past"),
        pytest.param("86400", 86400.0, id="a-duration"),
        pytest.param("1000000000", 1e9, id="the-longest-duration"),
    ],
)
def test_a_reset_is_a_moment_or_a_duration(reset: str, seconds: float) -> None:
    """No duration is as large as a moment, and no moment in seconds as large as one in milliseconds."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    assert read_allowance(headers, wall=NOW) == Allowance(0, seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-remaining": "5"},
        {"x-ratelimit-reset": "5"},
        {"x-ratelimit-remaining": "5", "ratelimit-reset": "5"},
        {"x-ratelimit-remaining": "-5", "x-ratelimit-reset": "7"},
        {"x-ratelimit-remaining": "5.0", "x-ratelimit-reset": "7"},
        {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "1s"},
        {"x-ratelimit-remaining": "5", "x-ratelimit-reset": "Wed, 21 Oct 2015 07:28:00 GMT"},
        {"x-ratelimit-remaining": "9" * 400, "x-ratelimit-reset": "7"},
        {"x-ratelimit-remaining": "²", "x-ratelimit-reset": "7"},
        {"ratelimit": "limit=100, remaining=50"},
        {},
    ],
    ids=repr,
)
def test_an_older_generation_in_pieces_says_nothing(headers: dict[str, str]) -> None:
    """Without a number and a time there is nothing to keep to."""
    assert read_allowance(headers, wall=NOW) is None


def test_all_generations_together_give_the_tightest() -> None:
    """Some servers send several; the strictest is safe."""
    headers = {
        "ratelimit": '"a";r=5;t=7',
        "x-ratelimit-remaining": "3",
        "x-ratelimit-reset": "2",
    }
    assert read_allowance(headers, wall=NOW) == Allowance(3, 2.0)


@pytest.mark.parametrize(("age", "is_read"), [("0", True), (" 0 ", True), ("1", False), ("3600", False)])
def test_an_answer_from_a_cache_says_nothing(age: str, is_read: bool) -> None:  # noqa: FBT001
    """What a cache kept tells how things were."""
    assert (read_allowance({"ratelimit": '"a";r=5;t=7', "age": age}, wall=NOW) is not None) == is_read


def test_other_fields_say_nothing() -> None:
    """A policy alone is no allowance: how much of it is left is not known."""
    assert read_allowance({"ratelimit-policy": '"burst";q=100;w=60', "retry-after": "5"}, wall=NOW) is None


@pytest.mark.parametrize(
    "field",
    [
        pytest.param('"' + "a" * MEGABYTE, id="a-name-without-end"),
        pytest.param('"' + '\\"' * (MEGABYTE // 2), id="a-name-of-quotes"),
        pytest.param('"a"' + ";a" * (MEGABYTE // 2) + "!", id="many-parameters"),
        pytest.param('"a"' + ' ;a="" ' * (MEGABYTE // 7) + "!", id="many-texts"),
        pytest.param('"a";' + "a" * MEGABYTE + "!", id="a-long-key"),
        pytest.param('"a";a=' + "b" * MEGABYTE + '"', id="a-long-value"),
        pytest.param('"a"' + " " * MEGABYTE + "!", id="spaces-before"),
        pytest.param('"a";' + " " * MEGABYTE + "!", id="spaces-after"),
        pytest.param('"a",' + " " * MEGABYTE + "!", id="spaces-between"),
        pytest.param('"a",' * (MEGABYTE // 4), id="many-items"),
        pytest.param("," * MEGABYTE, id="commas"),
        pytest.param('"a";r=' + "9" * MEGABYTE + ";t=1", id="a-long-number"),
    ],
)
def test_a_hostile_field_is_read_in_one_go(field: str) -> None:
    """Whatever a server sends in a megabyte is refused long before anybody would notice."""
    assert told(field) is None


@given(
    st.dictionaries(
        st.sampled_from(["ratelimit", "x-ratelimit-remaining", "x-ratelimit-reset", "age"]), st.text()
    )
)
def test_no_field_raises(headers: dict[str, str]) -> None:
    """A server's fields are its own affair: whatever they hold, the answer is read."""
    allowance = read_allowance(headers, wall=NOW)
    assert allowance is None or (allowance.remaining >= 0 and allowance.seconds >= 0)


QUOTED = st.text(st.characters(min_codepoint=32, max_codepoint=126)).map(
    lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
)


@given(QUOTED, QUOTED, st.integers(0, 10**15 - 1), st.integers(0, 10**15 - 1))
def test_what_is_well_formed_is_read(name: str, comment: str, remaining: int, seconds: int) -> None:
    """Any string may be a name or a comment, and hides nothing."""
    field = f"{name};a={comment};r={remaining};t={seconds};z={comment}"
    assert told(field) == (remaining, float(seconds))
