"""Gemini: answers whole or streamed, never a partial one taken for complete."""

from viber.services.gemini._access import AccessToken, TokenSource
from viber.services.gemini._batch import Batch, BatchMetadata, BatchRequest, BatchResult
from viber.services.gemini._batches import Batches
from viber.services.gemini._budget import Budget, BudgetStatus
from viber.services.gemini._cached_content import CachedContent
from viber.services.gemini._caches import Caches
from viber.services.gemini._catalogue import ModelInfo, Models
from viber.services.gemini._chat import Chat, ChatStream
from viber.services.gemini._config import GeminiConfig
from viber.services.gemini._counting import TokenCount
from viber.services.gemini._embed import EmbedOptions
from viber.services.gemini._errors import (
    AccessTokenError,
    AnswerBlockedError,
    AnswerCutError,
    BudgetError,
    GeminiAuthenticationError,
    GeminiConflictError,
    GeminiInvalidRequestError,
    GeminiNotFoundError,
    GeminiPermissionDeniedError,
    GeminiRateLimitError,
    GeminiServerError,
    NoObjectError,
    NoTextError,
    PromptBlockedError,
    ToolRoundsError,
)
from viber.services.gemini._evidence import CitationMetadata, GroundingMetadata, SafetyRating
from viber.services.gemini._file import File
from viber.services.gemini._files import Files
from viber.services.gemini._function_tool import FunctionTool
from viber.services.gemini._lanes import Lanes, MoveOn, cannot_answer
from viber.services.gemini._limits import ModelLimits, ModelStatus
from viber.services.gemini._models import Candidate, Content, GenerateContentResponse
from viber.services.gemini._options import (
    BuiltInTool,
    ContentLike,
    FileLike,
    GenerateOptions,
    Prompt,
    StreamOptions,
    ToolLike,
)
from viber.services.gemini._pages import Pages
from viber.services.gemini._part import (
    Blob,
    CodeExecutionResult,
    ExecutableCode,
    FileData,
    FunctionCall,
    FunctionResponse,
    Media,
    Part,
)
from viber.services.gemini._prices import Price, PriceTable
from viber.services.gemini._project import Limits
from viber.services.gemini._quota import LearnedQuota
from viber.services.gemini._receipt import Receipt
from viber.services.gemini._resource_errors import (
    BatchFailedError,
    EmbeddingsInterruptedError,
    FileFailedError,
)
from viber.services.gemini._service import GeminiService
from viber.services.gemini._settings import GenerationConfig, ImageConfig, SafetySetting, ThinkingConfig
from viber.services.gemini._stream import TokenStream
from viber.services.gemini._text_stream import TextStream
from viber.services.gemini._token import Token
from viber.services.gemini._tool_call import ToolCall
from viber.services.gemini._tracker import UsageRow, UsageTotals, UsageTracker
from viber.services.gemini._trim import Trim
from viber.services.gemini._usage import ModalityTokens, UsageMetadata
from viber.services.gemini._vertex import Vertex
from viber.services.gemini._view import ViewOptions

__all__ = [
    "AccessToken",
    "AccessTokenError",
    "AnswerBlockedError",
    "AnswerCutError",
    "Batch",
    "BatchFailedError",
    "BatchMetadata",
    "BatchRequest",
    "BatchResult",
    "Batches",
    "Blob",
    "Budget",
    "BudgetError",
    "BudgetStatus",
    "BuiltInTool",
    "CachedContent",
    "Caches",
    "Candidate",
    "Chat",
    "ChatStream",
    "CitationMetadata",
    "CodeExecutionResult",
    "Content",
    "ContentLike",
    "EmbedOptions",
    "EmbeddingsInterruptedError",
    "ExecutableCode",
    "File",
    "FileData",
    "FileFailedError",
    "FileLike",
    "Files",
    "FunctionCall",
    "FunctionResponse",
    "FunctionTool",
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
    "GroundingMetadata",
    "ImageConfig",
    "Lanes",
    "LearnedQuota",
    "Limits",
    "Media",
    "ModalityTokens",
    "ModelInfo",
    "ModelLimits",
    "ModelStatus",
    "Models",
    "MoveOn",
    "NoObjectError",
    "NoTextError",
    "Pages",
    "Part",
    "Price",
    "PriceTable",
    "Prompt",
    "PromptBlockedError",
    "Receipt",
    "SafetyRating",
    "SafetySetting",
    "StreamOptions",
    "TextStream",
    "ThinkingConfig",
    "Token",
    "TokenCount",
    "TokenSource",
    "TokenStream",
    "ToolCall",
    "ToolLike",
    "ToolRoundsError",
    "Trim",
    "UsageMetadata",
    "UsageRow",
    "UsageTotals",
    "UsageTracker",
    "Vertex",
    "ViewOptions",
    "cannot_answer",
]
