"""Supabase, as one view of a project sees it."""

from viber.services._channel import Channel
from viber.services._health import Health
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._direct import DirectForms
from viber.services.supabase._functions import Functions
from viber.services.supabase._health import health_request, require_alive
from viber.services.supabase.wire._credentials import Credentials
from viber.services.supabase.wire._session import Session


class SupabaseService(DirectForms, Functions):
    """Tables and functions of one project, by PostgREST; safe to share between tasks.

    A service is one view: who asks (anonymous, `admin`, or `as_user`), of which `schema`, and with which
    options. Views share connections, circuit breaker and retry, and never each other's credentials. The
    direct forms `select`, `insert`, `upsert`, `update` and `delete` speak in dicts and give back the rows
    they touched.

    Example::

        db = services.supabase
        order = await db.table("orders", Order, key="id").select().eq("id", 7).maybe_one()
        total = await db.rpc("add", {"a": 1, "b": 2})
        user = await db.insert("users", {"name": "Ada"})
    """

    def __init__(self, config: SupabaseConfig, channel: Channel) -> None:
        self._config = config
        key = config.anon_key.get_secret_value()
        self._session = Session.begin(config, channel, Credentials(key, key))

    async def health_check(self) -> Health:
        """Ask once, past breaker and retry, whether the project answers and accepts the key."""
        session = self._session
        request = health_request(session.endpoint, self._config.health_table)
        return await session.channel.probe(
            request, lambda response: require_alive(session.answers, request, response)
        )

    def __repr__(self) -> str:
        return f"<SupabaseService {self._config.url}>"
