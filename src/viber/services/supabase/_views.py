"""Sessions of a project for one key and token."""

from dataclasses import replace

from viber.services._channel import Channel
from viber.services.supabase._answers import Answers
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._endpoint import Endpoint
from viber.services.supabase._session import Session

_GATEWAY_STATUSES = frozenset({520, 522, 524})
"""What the gateway in front of hosted projects answers when it cannot reach them."""


def open_session(config: SupabaseConfig, channel: Channel, *, key: str, token: str) -> Session:
    """The first session of a project."""
    return Session(
        channel=channel,
        endpoint=Endpoint.of(config, key=key, token=token),
        answers=Answers(
            secrets=tuple({key, token}),
            retryable_statuses=config.retry.retryable_statuses | _GATEWAY_STATUSES,
            wall=channel.pipeline.clock.wall,
        ),
        max_rows=config.max_rows,
    )


def renewed(session: Session, config: SupabaseConfig, *, key: str, token: str) -> Session:
    """The session of other credentials, which shares everything else."""
    return replace(
        session,
        endpoint=Endpoint.of(config, key=key, token=token),
        answers=replace(session.answers, secrets=tuple({key, token})),
    )
