import pytest

from viber.services.gemini.tools._docstring import read_docstring

WHOLE = """What the weather will be.

    It is never wrong.

    Args:
        city: Its English name,
            not its nickname.

        days (int): How many.
        **rest: Anything else.

    Returns:
        Degrees: they are Celsius.
    """


def test_a_docstring_is_a_summary_and_arguments() -> None:
    """What it says of results, errors and examples is not for the model."""
    told = read_docstring(WHOLE)
    assert told.summary == "What the weather will be.\n\nIt is never wrong."
    assert told.arguments == {
        "city": "Its English name, not its nickname.",
        "days": "How many.",
        "rest": "Anything else.",
    }


@pytest.mark.parametrize("text", [None, "", "   \n "])
def test_no_docstring_says_nothing(text: str | None) -> None:
    """A function need not have one."""
    assert read_docstring(text) == ("", {})
