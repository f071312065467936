"""Gemini: answers whole or streamed, never a partial one taken for complete.

The rooms: `_service` is what a caller holds. `generating` asks and is answered, with `tools` called in
between; `streaming` puts an answer together from its pieces; `chatting` remembers; `limits` keep to what is
allowed and count what was used; `resources` are what Google keeps; `content` is what goes over the wire, and
`access` how one may ask.
"""

from viber.services.gemini._config import GeminiConfig
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
from viber.services.gemini._options import (
    BuiltInTool,
    ContentLike,
    FileLike,
    GenerateOptions,
    Prompt,
    StreamOptions,
    ToolLike,
)
from viber.services.gemini._service import GeminiService
from viber.services.gemini._view import ViewOptions
from viber.services.gemini.access._access import AccessToken, TokenSource
from viber.services.gemini.access._vertex import Vertex
from viber.services.gemini.chatting._chat import Chat, ChatStream
from viber.services.gemini.chatting._trim import Trim
from viber.services.gemini.content._evidence import CitationMetadata, GroundingMetadata, SafetyRating
from viber.services.gemini.content._models import Candidate, Content, GenerateContentResponse
from viber.services.gemini.content._part import (
    Blob,
    CodeExecutionResult,
    ExecutableCode,
    FileData,
    FunctionCall,
    FunctionResponse,
    Media,
    Part,
)
from viber.services.gemini.content._quota import LearnedQuota
from viber.services.gemini.content._settings import (
    GenerationConfig,
    ImageConfig,
    SafetySetting,
    ThinkingConfig,
)
from viber.services.gemini.content._token import Token
from viber.services.gemini.content._usage import ModalityTokens, UsageMetadata
from viber.services.gemini.generating._counting import TokenCount
from viber.services.gemini.generating._receipt import Receipt
from viber.services.gemini.limits._budget import Budget, BudgetStatus
from viber.services.gemini.limits._lanes import Lanes, MoveOn, cannot_answer
from viber.services.gemini.limits._limits import ModelLimits, ModelStatus
from viber.services.gemini.limits._prices import Price, PriceTable
from viber.services.gemini.limits._project import Limits
from viber.services.gemini.limits._tracker import UsageRow, UsageTotals, UsageTracker
from viber.services.gemini.resources._batch import Batch, BatchMetadata, BatchRequest, BatchResult
from viber.services.gemini.resources._batches import Batches
from viber.services.gemini.resources._cached_content import CachedContent
from viber.services.gemini.resources._caches import Caches
from viber.services.gemini.resources._catalogue import ModelInfo, Models
from viber.services.gemini.resources._embed import EmbedOptions
from viber.services.gemini.resources._file import File
from viber.services.gemini.resources._files import Files
from viber.services.gemini.resources._pages import Pages
from viber.services.gemini.resources._resource_errors import (
    BatchFailedError,
    EmbeddingsInterruptedError,
    FileFailedError,
)
from viber.services.gemini.streaming._stream import TokenStream
from viber.services.gemini.streaming._text_stream import TextStream
from viber.services.gemini.tools._function_tool import FunctionTool
from viber.services.gemini.tools._tool_call import ToolCall

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
