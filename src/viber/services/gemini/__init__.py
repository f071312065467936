"""Gemini: answers whole or streamed, never a partial one taken for complete."""

from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import (
    GeminiAuthenticationError,
    GeminiConflictError,
    GeminiInvalidRequestError,
    GeminiNotFoundError,
    GeminiPermissionDeniedError,
    GeminiRateLimitError,
    GeminiServerError,
    NoTextError,
    PromptBlockedError,
)
from viber.services.gemini._models import Candidate, Content, GenerateContentResponse, Part
from viber.services.gemini._options import GenerateOptions, GenerationConfig, StreamOptions
from viber.services.gemini._service import GeminiService
from viber.services.gemini._stream import TokenStream
from viber.services.gemini._token import Token
from viber.services.gemini._usage import ModalityTokens, UsageMetadata

__all__ = [
    "Candidate",
    "Content",
    "GeminiAuthenticationError",
    "GeminiConfig",
    "GeminiConflictError",
    "GeminiInvalidRequestError",
    "GeminiNotFoundError",
    "GeminiPermissionDeniedError",
    "GeminiRateLimitError",
    "GeminiServerError",
    "GeminiService",
    "GenerateContentResponse",
    "GenerateOptions",
    "GenerationConfig",
    "ModalityTokens",
    "NoTextError",
    "Part",
    "PromptBlockedError",
    "StreamOptions",
    "Token",
    "TokenStream",
    "UsageMetadata",
]
