from hypothesis import given
from hypothesis import strategies as st

from viber.sandbox._gemini_tokens import count_part, count_text, split_tokens


class TestSplit:
    @given(text=st.text())
    def test_tokens_joined_are_the_text(self, text: str) -> None:
        """No text loses or gains a character."""
        assert "".join(split_tokens(text)) == text

    @given(text=st.text(alphabet=st.sampled_from("ab \n.\u2028é_9")), data=st.data())
    def test_any_run_of_tokens_counts_the_same(self, text: str, data: st.DataObject) -> None:
        """A text cut between two tokens has as many tokens in its halves as in the whole."""
        tokens = split_tokens(text)
        place = data.draw(st.integers(0, len(tokens)))
        halves = "".join(tokens[:place]), "".join(tokens[place:])
        assert [count_text(half) for half in halves] == [place, len(tokens) - place]

    def test_long_white_space_is_split_in_linear_time(self) -> None:
        """A megabyte of blanks is one token, and no burden."""
        assert count_text(" " * 1_000_000) == 1


class TestPart:
    def test_a_text_file_counts_as_its_text(self) -> None:
        """An inline text file counts the words in it."""
        assert count_part({"inlineData": {"mimeType": "text/plain", "data": "b25lIHR3bw=="}}) == ("TEXT", 2)

    def test_files_have_their_modality(self) -> None:
        """A file counts by its media type, an unknown one as a document."""
        kinds = [
            count_part({"fileData": {"mimeType": kind, "fileUri": "x"}})[0]
            for kind in ("image/png", "audio/wav", "video/mp4", "application/pdf", "font/otf", "")
        ]
        assert kinds == ["IMAGE", "AUDIO", "VIDEO", "DOCUMENT", "DOCUMENT", "DOCUMENT"]

    def test_a_signature_costs_nothing(self) -> None:
        """What stands beside the data of a part does not count."""
        call = {"functionCall": {"name": "f", "args": {}}}
        assert count_part(call | {"thoughtSignature": "abc"}) == count_part(call)
