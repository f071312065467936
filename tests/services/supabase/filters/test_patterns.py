from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.errors import InvalidRequestError
from viber.services.supabase import like_escape, regex_escape

texts = st.text() | st.text(st.sampled_from(list(r"a%_\.()[]{}+?^$|-")))


def read_like(pattern: str) -> str:
    """What a pattern without wildcards stands for, by the rules of LIKE."""
    assert not re.search(r"(?<!\\)(?:\\\\)*[%_*]", pattern)
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


@given(texts.map(lambda text: text.replace("*", "")))
def test_an_escaped_text_is_a_pattern_of_itself(text: str) -> None:
    """No character of it is a wildcard."""
    assert read_like(like_escape(text)) == text


def test_a_star_cannot_be_escaped() -> None:
    """PostgREST makes a wildcard of it everywhere: the error shows the way round."""
    with pytest.raises(InvalidRequestError, match=r"match\(\) with regex_escape\(\)"):
        like_escape("5*5")


@given(texts)
def test_an_escaped_text_is_an_expression_that_matches_itself(text: str) -> None:
    """Every mark is escaped, and nothing else, since a backslash before a letter has a meaning."""
    expression = regex_escape(text)
    assert re.sub(r"\\([!-/:-@\[-^`{-~])", r"\1", expression) == text
    assert re.fullmatch(expression, text)
