import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.services.gemini import Content, FunctionCall, Part, Trim
from viber.services.gemini.chatting._trim import exchanges

CALL = FunctionCall(name="f")
SAYS = Content(role="user", parts=(Part(text="a"),))
CALLS = Content(role="model", parts=(Part(function_call=CALL),))
RESPONDS = Content(role="user", parts=(Part.of_function_response(CALL, {"output": 1}),))
ANSWERS = Content(role="model", parts=(Part(text="b"),))

talk = st.lists(
    st.sampled_from([(SAYS, ANSWERS), (SAYS, CALLS, RESPONDS, ANSWERS), (SAYS, *(CALLS, RESPONDS) * 2)])
)


@given(talk)
def test_a_conversation_is_cut_where_the_user_speaks(spoken: list[tuple[Content, ...]]) -> None:
    """A response stays with its call, and every exchange begins with the user."""
    assert exchanges(turn for exchange in spoken for turn in exchange) == spoken


@given(
    st.lists(st.floats(0, 50), max_size=12),
    st.floats(0, 60),
    st.integers(1, 120),
    st.sampled_from(["oldest", "middle"]),
)
def test_what_is_kept_fits_and_is_in_order(weights: list[float], newest: float, most: int, drop: str) -> None:
    """Nothing is kept if there is no room at all; the newest ones go before older ones."""
    kept = Trim(most, drop).keep(weights, newest)  # type: ignore[arg-type]  # one of the two
    assert list(kept) == sorted(set(kept))
    assert not kept or newest + sum(weights[place] for place in kept) <= most + 1e-6
    late = kept[1:] if drop == "middle" else kept
    assert list(late) == list(range(len(weights) - len(late), len(weights)))
    if drop == "middle" and kept:
        assert kept[0] == 0


@given(st.lists(st.floats(0, 50), max_size=12), st.floats(0, 60))
def test_what_fits_is_kept_whole(weights: list[float], newest: float) -> None:
    """A bound that is not reached changes nothing."""
    assert Trim(1000).keep(weights, newest) == tuple(range(len(weights)))


def test_a_bound_is_at_least_one() -> None:
    """Nothing would ever be sent."""
    with pytest.raises(ValueError, match="max_tokens"):
        Trim(0)
