"""How to generate: what is known of it is checked here, what is not is sent as it is."""

from typing import Annotated, Any, ClassVar, Self

from pydantic import ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from viber.services.gemini._errors import refusal
from viber.services.gemini.content._json import Json
from viber.services.gemini.content._shape import Wire

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[int, Field(ge=1)]
_THINKING = {"budget": "thinkingBudget", "level": "thinkingLevel"}


class Setting(Wire):
    """Something that a caller sets.

    Raises:
        InvalidRequestError: a value is out of range.
    """

    @model_validator(mode="wrap")
    @classmethod
    def _refuse(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as refused:
            problems = (
                f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
                for error in refused.errors(include_input=False, include_url=False)
            )
            raise refusal("; ".join(problems)) from None


class ThinkingConfig(Setting):
    """How much the model thinks before it answers; newer models take a level, older ones a budget.

    Example:
        >>> ThinkingConfig(level="LOW", include_thoughts=True).to_wire()
        {'thinkingLevel': 'LOW', 'includeThoughts': True}
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=lambda field: _THINKING.get(field) or to_camel(field)
    )

    budget: Annotated[int, Field(ge=-1)] | None = None
    """Tokens; 0 is no thinking, -1 is up to the model."""
    level: str | None = None
    """`MINIMAL`, `LOW`, `MEDIUM`, `HIGH`, `XHIGH`."""
    include_thoughts: bool | None = None
    """Whether the answer tells what was thought."""


class ImageConfig(Setting):
    """What images shall look like."""

    aspect_ratio: str | None = None
    """For example `16:9`."""
    image_size: str | None = None
    """For example `2K`."""


class SafetySetting(Setting):
    """What is withheld: a harm, by Google's name, and from which likelihood on.

    Example:
        >>> SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_ONLY_HIGH").to_wire()
        {'category': 'HARM_CATEGORY_HARASSMENT', 'threshold': 'BLOCK_ONLY_HIGH'}
    """

    category: str
    threshold: str


class GenerationConfig(Setting):
    """How to generate; a setting that is not listed here is sent as it is, in Google's spelling.

    Raises:
        InvalidRequestError: a value is out of range.

    Example:
        >>> GenerationConfig(temperature=0.2, responseLogprobs=True).to_wire()
        {'temperature': 0.2, 'responseLogprobs': True}
    """

    temperature: Annotated[Finite, Field(ge=0)] | None = None
    top_p: Annotated[Finite, Field(ge=0, le=1)] | None = None
    top_k: Positive | None = None
    seed: int | None = None
    presence_penalty: Finite | None = None
    frequency_penalty: Finite | None = None
    candidate_count: Positive | None = None
    max_output_tokens: Positive | None = None
    stop_sequences: tuple[str, ...] | None = None
    response_mime_type: str | None = None
    response_schema: Json | None = None
    response_json_schema: Json | None = None
    response_modalities: tuple[str, ...] | None = None
    """`TEXT`, `IMAGE`, `AUDIO`."""
    response_logprobs: bool | None = None
    logprobs: Annotated[int, Field(ge=0)] | None = None
    """How many alternatives are told for each token."""
    thinking_config: ThinkingConfig | None = None
    speech_config: Json | None = None
    image_config: ImageConfig | None = None
    media_resolution: str | None = None
    """`MEDIA_RESOLUTION_LOW`, `..._MEDIUM`, `..._HIGH`: how many tokens an image takes."""
