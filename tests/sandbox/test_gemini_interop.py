"""Google's own client against the server: it was written by others, so it tells what we only believe."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import httpx2
import pytest
from aiohttp import web
from google import genai
from google.genai import errors, types
from google.genai.client import AsyncClient
from pydantic import BaseModel

from viber.sandbox._faults import FaultBook
from viber.sandbox._gemini import create_gemini_app

# The client subclasses aiohttp's session, which aiohttp warns about.
pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")

KEY = "sandbox-key"
MODEL = "gemini-3.8-flash"


class Recipe(BaseModel):
    title: str
    minutes: int
    steps: list[str]


@pytest.fixture
async def base_url(serve: Callable[[web.Application], Awaitable[str]]) -> str:
    return await serve(create_gemini_app(api_key=KEY, book=FaultBook()))


@pytest.fixture(params=["v1 by aiohttp", "v1beta by aiohttp", "v1 by httpx2"])
async def client(request: pytest.FixtureRequest, base_url: str) -> AsyncIterator[AsyncClient]:
    version, _, library = str(request.param).partition(" by ")
    async with AsyncExitStack() as stack:
        options = types.HttpOptions(base_url=base_url, api_version=version)
        if library == "httpx2":  # aiohttp is what it takes by itself
            http = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))
            options.httpx_async_client = http
        whole = stack.enter_context(genai.Client(api_key=KEY, http_options=options))
        yield await stack.enter_async_context(whole.aio)


class TestGenerate:
    async def test_generate(self, client: AsyncClient) -> None:
        """Text, reason, usage and ids arrive as the client's own types."""
        answer = await client.models.generate_content(model=MODEL, contents="count to 5")
        assert answer.text == "1 2 3 4 5"
        assert answer.candidates
        assert answer.candidates[0].finish_reason is types.FinishReason.STOP
        assert answer.usage_metadata
        assert answer.usage_metadata.prompt_token_count == 3
        assert answer.usage_metadata.total_token_count == 8
        assert answer.model_version == MODEL
        assert answer.response_id

    async def test_stream(self, client: AsyncClient) -> None:
        """The chunks join to the text, and the last has the reason and the totals."""
        stream = await client.models.generate_content_stream(model=MODEL, contents="count to 30")
        chunks = [chunk async for chunk in stream]
        assert "".join(chunk.text or "" for chunk in chunks) == " ".join(map(str, range(1, 31)))
        assert len(chunks) == 8
        assert chunks[-1].candidates
        assert chunks[-1].candidates[0].finish_reason is types.FinishReason.STOP
        assert chunks[-1].usage_metadata
        assert chunks[-1].usage_metadata.candidates_token_count == 30

    async def test_every_option_the_client_sends_is_known(self, client: AsyncClient) -> None:
        """A request with all usual options is served, and steers the answer."""
        answer = await client.models.generate_content(
            model=MODEL,
            contents="[[think]] count to 50",
            config=types.GenerateContentConfig(
                system_instruction="Be exact",
                temperature=0.5,
                top_p=0.9,
                top_k=20,
                seed=1,
                max_output_tokens=40,
                stop_sequences=[" 9"],
                presence_penalty=0.1,
                thinking_config=types.ThinkingConfig(include_thoughts=True),
                safety_settings=[
                    types.SafetySetting(
                        category=types.HarmCategory.HARM_CATEGORY_HARASSMENT,
                        threshold=types.HarmBlockThreshold.BLOCK_NONE,
                    )
                ],
            ),
        )
        assert answer.text == "1 2 3 4 5 6 7 8"
        assert answer.usage_metadata
        assert answer.usage_metadata.thoughts_token_count

    @pytest.mark.parametrize("field", ["response_schema", "response_json_schema"])
    async def test_structured_output(self, client: AsyncClient, field: str) -> None:
        """A pydantic schema, in either of the two forms, gets JSON that fits it."""
        schema = Recipe if field == "response_schema" else Recipe.model_json_schema()
        answer = await client.models.generate_content(
            model=MODEL,
            contents="A cookie recipe",
            config={"response_mime_type": "application/json", field: schema},
        )
        assert Recipe.model_validate_json(answer.text or "").steps

    async def test_a_chat_with_a_function(self, client: AsyncClient) -> None:
        """A call is replayed with its signature and its result, and answered in words."""
        declaration = types.FunctionDeclaration(
            name="weather",
            parameters=types.Schema(
                type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}
            ),
        )
        config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[declaration])])
        chat = client.chats.create(model=MODEL, config=config)
        asked = await chat.send_message("[[call]] weather")
        assert asked.function_calls
        assert asked.function_calls[0].args == {"city": "text"}
        told = await chat.send_message(
            types.Part.from_function_response(name="weather", response={"degrees": 7})
        )
        assert told.text == 'weather returned {"degrees":7}.'

    async def test_a_blocked_prompt(self, client: AsyncClient) -> None:
        """A blocked prompt arrives as its reason, without candidates."""
        answer = await client.models.generate_content(model=MODEL, contents="[[block]]")
        assert not answer.candidates
        assert answer.prompt_feedback
        assert answer.prompt_feedback.block_reason is types.BlockedReason.SAFETY


class TestParts:
    async def test_an_image_and_code(self, client: AsyncClient) -> None:
        """Parts that are no text arrive as the client's own types."""
        answer = await client.models.generate_content(model=MODEL, contents="[[image]] [[code]] count to 2")
        assert answer.parts
        code, result, text, image = answer.parts
        assert code.executable_code
        assert code.executable_code.language is types.Language.PYTHON
        assert result.code_execution_result
        assert result.code_execution_result.outcome is types.Outcome.OUTCOME_OK
        assert text.text == "1 2"
        assert image.inline_data
        assert (image.inline_data.data or b"").startswith(b"\x89PNG")

    async def test_evidence(self, client: AsyncClient) -> None:
        """Grounding arrives with a search."""
        answer = await client.models.generate_content(
            model=MODEL,
            contents="[[cite]] rivers",
            config=types.GenerateContentConfig(tools=[types.Tool(google_search=types.GoogleSearch())]),
        )
        assert answer.candidates
        grounding = answer.candidates[0].grounding_metadata
        assert grounding
        assert grounding.grounding_chunks
        assert grounding.grounding_chunks[0].web
        assert grounding.grounding_chunks[0].web.title == "example.com"
        assert answer.candidates[0].citation_metadata

    async def test_a_function_is_called_by_the_client(self, client: AsyncClient) -> None:
        """Its own automatic calling comes to an answer."""

        def weather(city: str) -> int:
            return len(city)

        answer = await client.models.generate_content(
            model=MODEL,
            contents="[[call]] weather",
            config=types.GenerateContentConfig(tools=[weather]),
        )
        assert answer.text == 'weather returned {"result":4}.'


class TestOthers:
    async def test_count_tokens(self, client: AsyncClient) -> None:
        """Counting agrees with the usage of the same prompt."""
        counted = await client.models.count_tokens(model=MODEL, contents="count to 5")
        assert counted.total_tokens == 3

    async def test_embed_a_text_each(self, client: AsyncClient) -> None:
        """The older embedding model gives one vector for each text."""
        answer = await client.models.embed_content(
            model="gemini-embedding-001",
            contents=["one", "two"],
            config=types.EmbedContentConfig(output_dimensionality=8, task_type="RETRIEVAL_QUERY"),
        )
        assert answer.embeddings
        assert [len(one.values or []) for one in answer.embeddings] == [8, 8]

    async def test_embed_texts_together(self, client: AsyncClient) -> None:
        """The newer one takes texts as parts of one content and gives one vector."""
        answer = await client.models.embed_content(model="gemini-embedding-2", contents=["one", "two"])
        assert answer.embeddings
        assert [len(one.values or []) for one in answer.embeddings] == [3072]

    async def test_list_and_get_models(self, client: AsyncClient) -> None:
        """Paging through the list and getting one by name agree."""
        pager = await client.models.list(config={"page_size": 5})
        names = [model.name async for model in pager]
        assert len(names) > 5
        model = await client.models.get(model=MODEL)
        assert model.name in names
        assert model.supported_actions
        assert "generateContent" in model.supported_actions


class TestErrors:
    async def test_a_wrong_key(self, base_url: str) -> None:
        """A wrong key is a client error with its reason."""
        with genai.Client(api_key="wrong", http_options=types.HttpOptions(base_url=base_url)) as whole:
            async with whole.aio as client:
                with pytest.raises(errors.ClientError) as caught:
                    await client.models.generate_content(model=MODEL, contents="hi")
        assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
        assert "API_KEY_INVALID" in str(caught.value.details)

    async def test_an_unknown_model(self, client: AsyncClient) -> None:
        """A model that is not there is a 404."""
        with pytest.raises(errors.ClientError) as caught:
            await client.models.get(model="gemini-9")
        assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")

    async def test_a_quota(self, client: AsyncClient) -> None:
        """A 429 carries RetryInfo, for a unary call and before a stream."""
        fault = {"x-viber-fault": "status=429; retry-delay=45.5; quota-id=PerMinute-FreeTier"}
        config = types.GenerateContentConfig(http_options=types.HttpOptions(headers=fault))
        with pytest.raises(errors.ClientError) as unary:
            await client.models.generate_content(model=MODEL, contents="hi", config=config)
        with pytest.raises(errors.ClientError) as streamed:
            async for _ in await client.models.generate_content_stream(
                model=MODEL, contents="hi", config=config
            ):
                pass
        assert unary.value.status == "RESOURCE_EXHAUSTED"
        for caught in (unary, streamed):
            assert caught.value.code == 429
            # Over aiohttp the client does not look into an error that comes as an event stream.
            assert "45.5s" in str(caught.value.details)
