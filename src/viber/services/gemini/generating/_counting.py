"""How many tokens a prompt is, asked or reckoned."""

from functools import partial
from typing import Self

from viber.http import Response
from viber.services.gemini._options import GenerateOptions, Prompt
from viber.services.gemini.content._answers import read_object
from viber.services.gemini.content._failures import Failures
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._shape import Answered
from viber.services.gemini.content._usage import Split
from viber.services.gemini.content._wire import model_path
from viber.services.gemini.generating._asking import begin
from viber.services.gemini.generating._generation import Generator


class TokenCount(int):
    """A number of tokens, and what it is made of.

    Example:
        >>> TokenCount(7) + 1
        8
    """

    details: Split = ()
    """By modality, if the server says."""
    cached_tokens: int = 0
    """Those that a cached content holds already."""

    @classmethod
    def of(cls, told: "_Told") -> Self:
        """What the server counted."""
        count = cls(told.total_tokens)
        count.details, count.cached_tokens = told.prompt_tokens_details, told.cached_content_token_count
        return count


class _Told(Answered):
    total_tokens: int
    prompt_tokens_details: Split = ()
    cached_content_token_count: int = 0


async def count_tokens(generator: Generator, prompt: Prompt, options: GenerateOptions) -> TokenCount:
    """What the model counts; raises what a generation would."""
    body, model = begin(generator, prompt, options).body, generator.models(options.get("model"))[0]
    is_vertex = generator.endpoint.is_vertex
    return await generator.channel.call(
        generator.endpoint.post(model, "countTokens", count_body(body, None if is_vertex else model)),
        partial(_read, failures=generator.failures),
        operation="count_tokens",
        idempotent=True,
    )


def count_body(body: Json, model: str | None) -> Json:
    """The body of a count: all that would be sent, within a request to the model unless contents are all."""
    if model is None or body.keys() == {"contents"}:
        return body
    return {"generateContentRequest": {"model": model_path(model), **body}}


def _read(response: Response, failures: Failures) -> TokenCount:
    answer = read_object(response, failures)
    if "totalTokens" not in answer:
        raise failures.of_answer(response.status, response.headers, response.body)
    return TokenCount.of(_Told.from_wire(answer))
