"""Gemini: answers whole or streamed, never a partial one taken for complete."""

from viber.services.gemini._budget import Budget, BudgetStatus
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._errors import (
    BudgetError,
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
from viber.services.gemini._models import Candidate, Content, GenerateContentResponse
from viber.services.gemini._options import GenerateOptions, StreamOptions
from viber.services.gemini._part import Part
from viber.services.gemini._prices import Price, PriceTable
from viber.services.gemini._service import GeminiService
from viber.services.gemini._settings import GenerationConfig
from viber.services.gemini._stream import TokenStream
from viber.services.gemini._token import Token
from viber.services.gemini._tracker import UsageRow, UsageTotals, UsageTracker
from viber.services.gemini._usage import ModalityTokens, UsageMetadata

__all__ = [
    "Budget",
    "BudgetError",
    "BudgetStatus",
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
    "Price",
    "PriceTable",
    "PromptBlockedError",
    "StreamOptions",
    "Token",
    "TokenStream",
    "UsageMetadata",
    "UsageRow",
    "UsageTotals",
    "UsageTracker",
]
