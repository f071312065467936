import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.sandbox._gemini_answer import Event, stream_events, whole_answer
from viber.sandbox._gemini_model import count_prompt, reply_to
from viber.sandbox._gemini_request import read_generation, sign
from viber.sandbox._gemini_tokens import count_text
from viber.sandbox._gemini_wire import GeminiRefusedError, Json

MODEL = "gemini-3.8-flash"
WEATHER = {
    "name": "weather",
    "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}, "required": ["city"]},
}


def body(text: str, **fields: Any) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": text}]}], **fields}


def answer(text: str, *, model: str = MODEL, **fields: Any) -> Json:
    return whole_answer(reply_to(read_generation(model, body(text, **fields)))).payload


def stream(text: str, **fields: Any) -> list[Event]:
    return list(stream_events(reply_to(read_generation(MODEL, body(text, **fields)))))


def text_of(payload: Json, *, thought: bool = False) -> str:
    parts = payload["candidates"][0].get("content", {"parts": []})["parts"]
    return "".join(part.get("text", "") for part in parts if part.get("thought", False) is thought)


def config(**fields: Any) -> dict[str, Any]:
    return {"generationConfig": fields}


marks = st.sampled_from(
    ["", "[[think]]", "[[block]]", "[[safety]]", "[[finish:OTHER]]", "count to 30", "repeat: "]
)
prompts = st.builds("{} {} {}".format, marks, st.text(max_size=80), marks)
limits = st.none() | st.integers(1, 60)
stops = st.lists(st.sampled_from([" ", "the", ".", "7"]), max_size=2)


@st.composite
def requests(draw: st.DrawFn) -> Json:
    options: dict[str, Any] = {"stopSequences": draw(stops)}
    limit = draw(limits)
    if limit is not None:
        options["maxOutputTokens"] = limit
    fields: dict[str, Any] = {"generationConfig": options}
    if draw(st.booleans()):
        fields["systemInstruction"] = {"parts": [{"text": draw(st.text(max_size=20))}]}
    if draw(st.booleans()):
        fields["tools"] = [{"functionDeclarations": [WEATHER]}, {"googleSearch": {}}]
        fields["toolConfig"] = {"functionCallingConfig": {"mode": draw(st.sampled_from(["ANY", "AUTO"]))}}
    return body(draw(prompts), **fields)


class TestConsistency:
    @given(asked=requests())
    def test_a_stream_joined_is_the_unary_answer(self, asked: Json) -> None:
        """Any request gives the same text, thoughts, reason and usage whether streamed or not."""
        reply = reply_to(read_generation(MODEL, asked))
        whole, events = whole_answer(reply).payload, [event.payload for event in stream_events(reply)]
        if "candidates" in whole:
            for thought in (False, True):
                assert "".join(text_of(event, thought=thought) for event in events) == text_of(
                    whole, thought=thought
                )
            assert [event["candidates"][0].get("finishReason") for event in events] == [
                *[None] * (len(events) - 1),
                whole["candidates"][0]["finishReason"],
            ]
        assert events[-1]["usageMetadata"] == whole["usageMetadata"]
        assert {event["responseId"] for event in events} == {whole["responseId"]}

    @given(asked=requests())
    def test_every_count_agrees_with_the_text(self, asked: Json) -> None:
        """Any request: counts follow from the texts, and the total is the sum of its parts."""
        generation = read_generation(MODEL, asked)
        payload = whole_answer(reply_to(generation)).payload
        usage = payload["usageMetadata"]
        assert usage["promptTokenCount"] == count_prompt(generation).total()
        if "candidates" in payload and "functionCall" not in json.dumps(payload):
            assert usage.get("candidatesTokenCount", 0) == count_text(text_of(payload))
            assert usage.get("thoughtsTokenCount", 0) == count_text(text_of(payload, thought=True))
        addends = (
            "promptTokenCount",
            "candidatesTokenCount",
            "thoughtsTokenCount",
            "toolUsePromptTokenCount",
        )
        assert usage["totalTokenCount"] == sum(usage.get(name, 0) for name in addends)
        for count, split in (("promptTokenCount", "promptTokensDetails"),):
            assert usage[count] == sum(part["tokenCount"] for part in usage[split])

    @given(asked=requests())
    def test_events_tell_running_totals(self, asked: Json) -> None:
        """In any stream the totals never fall, and the tokens of the events add up to the last of them."""
        events = list(stream_events(reply_to(read_generation(MODEL, asked))))
        totals = [event.usage["totalTokenCount"] for event in events]
        assert totals == sorted(totals)
        last = events[-1].usage
        assert sum(event.tokens for event in events) == last.get("candidatesTokenCount", 0) + last.get(
            "thoughtsTokenCount", 0
        )

    @given(asked=requests(), most=st.integers(1, 40))
    def test_the_budget_is_kept(self, asked: Json, most: int) -> None:
        """No answer is longer than maxOutputTokens, thoughts included."""
        asked["generationConfig"]["maxOutputTokens"] = most
        assert whole_answer(reply_to(read_generation(MODEL, asked))).tokens <= most


class TestText:
    def test_counts(self) -> None:
        """Asked to count to N it says the numbers, one token each."""
        payload = answer("Please count to 12.")
        assert text_of(payload) == "1 2 3 4 5 6 7 8 9 10 11 12"
        assert payload["usageMetadata"]["candidatesTokenCount"] == 12

    def test_repeats_to_the_letter(self) -> None:
        """Asked to repeat it gives back the rest, whatever is in it."""
        text = "a\u2028b — \U0001f600 \x85 'quoted'\nnext"
        assert text_of(answer(f"repeat: {text}")) == text

    def test_prose_depends_on_the_request_alone(self) -> None:
        """The same request has the same answer and id; another system instruction gives another answer."""
        assert answer("Tell me a story") == answer("Tell me a story")
        other = answer("Tell me a story", systemInstruction={"parts": [{"text": "Be brief"}]})
        assert text_of(other) != text_of(answer("Tell me a story"))

    def test_a_stream_has_many_events(self) -> None:
        """A stream is sent a few tokens at a time."""
        assert len(stream("count to 100")) == 25

    def test_stops_at_the_budget(self) -> None:
        """At maxOutputTokens the answer ends with MAX_TOKENS."""
        payload = answer("count to 100", **config(maxOutputTokens=3))
        assert (text_of(payload), payload["candidates"][0]["finishReason"]) == ("1 2 3", "MAX_TOKENS")

    def test_an_answer_that_just_fits_is_complete(self) -> None:
        """A budget of exactly the needed tokens is a STOP."""
        payload = answer("count to 3", **config(maxOutputTokens="3"))
        assert payload["candidates"][0]["finishReason"] == "STOP"

    def test_thoughts_can_eat_the_whole_budget(self) -> None:
        """When thinking uses the budget up there is no text, and the reason is MAX_TOKENS."""
        payload = answer("[[think]] count to 9", **config(maxOutputTokens=2))
        assert text_of(payload) == ""
        assert payload["usageMetadata"]["thoughtsTokenCount"] == 2
        assert payload["candidates"][0]["finishReason"] == "MAX_TOKENS"

    def test_a_stop_sequence_is_not_part_of_the_answer(self) -> None:
        """The answer ends before the first stop sequence in it."""
        assert text_of(answer("count to 9", **config(stopSequences=["7", " 5"]))) == "1 2 3 4"

    def test_json_with_a_schema(self) -> None:
        """With a schema the text is JSON that fits it."""
        schema = {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}, "s": {"type": "STRING"}}}
        payload = answer("A recipe", **config(responseMimeType="application/json", responseSchema=schema))
        assert json.loads(text_of(payload)) == {"n": 1, "s": "text"}

    def test_json_without_a_schema(self) -> None:
        """Without a schema it is still JSON."""
        payload = answer("repeat: hi", **config(responseMimeType="application/json"))
        assert json.loads(text_of(payload)) == {"answer": "hi"}

    def test_an_enum_is_given_bare(self) -> None:
        """With text/x.enum the value stands without quotes."""
        schema = {"type": "STRING", "enum": ["red", "blue"]}
        assert text_of(answer("?", **config(responseMimeType="text/x.enum", responseSchema=schema))) == "red"


class TestMarks:
    def test_a_blocked_prompt_has_no_candidates(self) -> None:
        """[[block]] gives a blockReason and nothing else but the prompt's tokens."""
        payload = answer("[[block]] hello")
        assert "candidates" not in payload
        assert payload["promptFeedback"]["blockReason"] == "SAFETY"
        assert answer("[[block:OTHER]]")["promptFeedback"]["blockReason"] == "OTHER"
        assert len(stream("[[block]]")) == 1

    def test_safety_ends_without_a_word(self) -> None:
        """[[safety]] gives a candidate without content."""
        candidate = answer("[[safety]] hello")["candidates"][0]
        assert candidate["finishReason"] == "SAFETY"
        assert "content" not in candidate

    def test_any_finish_reason(self) -> None:
        """[[finish:X]] ends for that reason, also one nobody has heard of; CONTINUATION brings its token."""
        assert answer("[[finish:NEW_REASON]] count to 2")["candidates"][0]["finishReason"] == "NEW_REASON"
        assert answer("[[finish:CONTINUATION]]")["candidates"][0]["continuationToken"]

    @pytest.mark.parametrize(
        ("text", "fields"),
        [("[[think]] count to 2", {}), ("count to 2", config(thinkingConfig={"includeThoughts": True}))],
    )
    def test_thoughts_come_first_and_are_counted_apart(self, text: str, fields: dict[str, Any]) -> None:
        """Thoughts are a part of their own before the text, outside candidatesTokenCount."""
        payload = answer(text, **fields)
        first, second = payload["candidates"][0]["content"]["parts"]
        assert (first["thought"], second) == (True, {"text": "1 2"})
        assert payload["usageMetadata"]["candidatesTokenCount"] == 2
        assert payload["usageMetadata"]["thoughtsTokenCount"] == count_text(first["text"])


class TestFunctions:
    def tools(self, **calling: Any) -> dict[str, Any]:
        other = {"name": "time", "parametersJsonSchema": {"type": "object", "properties": {}}}
        return {
            "tools": [{"functionDeclarations": [WEATHER, other]}],
            "toolConfig": {"functionCallingConfig": calling},
        }

    def calls(self, payload: Json) -> list[Json]:
        return [part for part in payload["candidates"][0]["content"]["parts"] if "functionCall" in part]

    def test_mode_any_calls_with_valid_arguments(self) -> None:
        """Mode ANY gives a signed call whose arguments fit the declaration."""
        (call,) = self.calls(answer("weather?", **self.tools(mode="ANY")))
        assert call["functionCall"]["name"] == "weather"
        assert call["functionCall"]["args"] == {"city": "text"}
        assert call["thoughtSignature"]

    def test_only_allowed_functions_are_called(self) -> None:
        """The list allowedFunctionNames decides which function is called."""
        tools = self.tools(mode="ANY", allowedFunctionNames=["time"])
        assert self.calls(answer("?", **tools))[0]["functionCall"]["name"] == "time"

    def test_of_parallel_calls_only_the_first_is_signed(self) -> None:
        """[[call]] calls every function; the signature stands on the first."""
        first, second = self.calls(answer("[[call]]", **self.tools()))
        assert "thoughtSignature" in first
        assert "thoughtSignature" not in second

    def test_auto_answers_in_words(self) -> None:
        """Mode AUTO without a mark does not call."""
        assert text_of(answer("count to 2", **self.tools())) == "1 2"

    def replay(self, part: Json, *, model: str = MODEL) -> Json:
        contents = [
            {"role": "user", "parts": [{"text": "weather?"}]},
            {"role": "model", "parts": [part]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "weather", "response": {"degrees": 7}}}],
            },
        ]
        return whole_answer(reply_to(read_generation(model, {"contents": contents}))).payload

    def test_a_replayed_call_is_answered_in_words(self) -> None:
        """The call sent back verbatim with its result gives text."""
        (call,) = self.calls(answer("weather?", **self.tools(mode="ANY")))
        assert text_of(self.replay(call)) == 'weather returned {"degrees":7}.'

    def test_a_call_without_its_signature_is_refused(self) -> None:
        """A replayed call that lost its signature is a 400, except for the older family."""
        call = {"functionCall": {"name": "weather", "args": {}}}
        with pytest.raises(GeminiRefusedError, match="missing a thought_signature"):
            self.replay(call)
        assert text_of(self.replay(call, model="gemini-2.5-flash"))

    def test_a_signature_does_not_move_between_models(self) -> None:
        """A call signed by one model is refused by another."""
        call = {"functionCall": {"name": "weather"}, "thoughtSignature": sign("gemini-4-argon", b"x")}
        with pytest.raises(GeminiRefusedError, match="not valid"):
            self.replay(call)
