"""Every name that a span of ours carries, in one table: these of the conventions 1.44, GenAI apart.

GenAI is in development. The names here are those of the package `opentelemetry-semantic-conventions` of the
version below; what came later begins with `LATEST`, and is used where the variable below asks for it.
"""

from typing import Final

GEN_AI_PACKAGE: Final = "0.66b2"
SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.44.0"
OPT_IN_VARIABLE: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST_GEN_AI: Final = "gen_ai_latest_experimental"

ERROR_TYPE: Final = "error.type"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"

HTTP_METHOD: Final = "http.request.method"
HTTP_RESEND_COUNT: Final = "http.request.resend_count"
HTTP_STATUS: Final = "http.response.status_code"
URL_FULL: Final = "url.full"

DB_SYSTEM: Final = "db.system.name"
DB_OPERATION: Final = "db.operation.name"
DB_COLLECTION: Final = "db.collection.name"
DB_PROCEDURE: Final = "db.stored_procedure.name"
DB_SUMMARY: Final = "db.query.summary"
DB_STATUS: Final = "db.response.status_code"

GEN_AI_OPERATION: Final = "gen_ai.operation.name"
GEN_AI_PROVIDER: Final = "gen_ai.provider.name"
GEN_AI_MODEL: Final = "gen_ai.request.model"
GEN_AI_CHOICES: Final = "gen_ai.request.choice.count"
GEN_AI_STREAM: Final = "gen_ai.request.stream"
GEN_AI_OUTPUT_TYPE: Final = "gen_ai.output.type"
GEN_AI_RESPONSE_ID: Final = "gen_ai.response.id"
GEN_AI_RESPONSE_MODEL: Final = "gen_ai.response.model"
GEN_AI_FINISH_REASONS: Final = "gen_ai.response.finish_reasons"
GEN_AI_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
GEN_AI_INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
GEN_AI_OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
GEN_AI_CACHED_TOKENS: Final = "gen_ai.usage.cache_read.input_tokens"
GEN_AI_REASONING_TOKENS: Final = "gen_ai.usage.reasoning.output_tokens"

GEN_AI_SETTINGS: Final = {
    "temperature": "gen_ai.request.temperature",
    "topP": "gen_ai.request.top_p",
    "topK": "gen_ai.request.top_k",
    "seed": "gen_ai.request.seed",
    "maxOutputTokens": "gen_ai.request.max_tokens",
    "presencePenalty": "gen_ai.request.presence_penalty",
    "frequencyPenalty": "gen_ai.request.frequency_penalty",
    "stopSequences": "gen_ai.request.stop_sequences",
}
"""By the spelling of the settings in a request to Gemini."""

LATEST_REASONING_LEVEL: Final = "gen_ai.request.reasoning.level"
LATEST_BY_MODALITY: Final = {
    ("TEXT", "input"): "gen_ai.usage.text.input_tokens",
    ("TEXT", "output"): "gen_ai.usage.text.output_tokens",
    ("IMAGE", "input"): "gen_ai.usage.image.input_tokens",
    ("IMAGE", "output"): "gen_ai.usage.image.output_tokens",
    ("AUDIO", "input"): "gen_ai.usage.audio.input_tokens",
    ("AUDIO", "output"): "gen_ai.usage.audio.output_tokens",
}
"""By Gemini's name of the modality, and the side."""

POSTGRESQL: Final = "postgresql"
GEMINI: Final = "gcp.gemini"
VERTEX_AI: Final = "gcp.vertex_ai"

REQUEST_ID: Final = "viber.request_id"
SERVICE: Final = "viber.service"
ATTEMPTS: Final = "viber.attempts"
"""Ours begin with `viber.`, as do those of events."""
ATTEMPT: Final = "viber.attempt"
DELAY: Final = "viber.delay"
GATE: Final = "viber.gate"
SECONDS: Final = "viber.seconds"
RETRY_AFTER: Final = "viber.retry_after"
BEFORE: Final = "viber.circuit.before"
AFTER: Final = "viber.circuit.after"
TRIGGER: Final = "viber.circuit.trigger"

RETRY: Final = "viber.retry"
CIRCUIT_CHANGED: Final = "viber.circuit_changed"
CALL_WAITED: Final = "viber.call_waited"
CALL_REJECTED: Final = "viber.call_rejected"
LIMIT_PAUSED: Final = "viber.limit_paused"
