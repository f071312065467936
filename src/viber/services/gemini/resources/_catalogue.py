"""Which models there are, and what they can do."""

from viber.services.gemini.content._shape import Answered
from viber.services.gemini.content._wire import model_path
from viber.services.gemini.resources._api import Api
from viber.services.gemini.resources._pages import Pages, pages


class ModelInfo(Answered):
    """A model as Google describes it.

    Example:
        >>> model = ModelInfo.from_wire({"name": "models/a", "supportedGenerationMethods": ["embedContent"]})
        >>> model.can("generateContent")
        False
    """

    name: str = ""
    """With its collection in front: `models/gemini-flash-latest`."""
    version: str | None = None
    display_name: str | None = None
    description: str | None = None
    input_token_limit: int | None = None
    output_token_limit: int | None = None
    supported_generation_methods: tuple[str, ...] = ()
    temperature: float | None = None
    max_temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    thinking: bool | None = None

    def can(self, method: str) -> bool:
        """Whether it has a method, by Google's name: `generateContent`, `embedContent`."""
        return method in self.supported_generation_methods


class Models:
    """The models that this key may use.

    Raises:
        GeminiNotFoundError: there is no such model.
        BaseError: as for every call of the service.

    Example::

        async for model in gemini.models.list():
            print(model.name, model.input_token_limit)
    """

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get(self, model: str) -> ModelInfo:
        """What a model can do."""
        return ModelInfo.from_wire(await self._api.get(model_path(model), operation="models.get"))

    def list(self, *, page_size: int | None = None) -> Pages[ModelInfo]:
        """All models, page by page as you iterate."""
        return pages(self._api, "models", ModelInfo.from_wire, page_size)

    def __repr__(self) -> str:
        return f"<Models of {self._api.channel.name}>"
