"""Who asks, and of which schema: the views of a project."""

from copy import copy
from typing import Self, Unpack

from viber.errors import ConfigurationError
from viber.services._config import fault_of_key
from viber.services._options import OptionFields
from viber.services.supabase._config import SupabaseConfig
from viber.services.supabase._errors import refusal
from viber.services.supabase.filters._quoting import sound
from viber.services.supabase.wire._credentials import Credentials, Refresh
from viber.services.supabase.wire._session import Session

_CREDENTIALS = frozenset({"apikey", "authorization"})


class Views:
    """One view of a project, from which others are made; they share all but credentials and options."""

    _config: SupabaseConfig
    _session: Session

    @property
    def name(self) -> str:
        """The name that errors, events and circuit breakers know the service by."""
        return self._session.channel.name

    @property
    def admin(self) -> Self:
        """The view of the service role, which row level security does not hold back.

        Raises:
            ConfigurationError: there is no service_role_key.
        """
        if self._config.service_role_key is None:
            problem = "SUPABASE_SERVICE_ROLE_KEY: not set"
            raise ConfigurationError("db.admin needs a key of its own", problems=[problem], service=self.name)
        key = self._config.service_role_key.get_secret_value()
        return self._through(self._session.bearing(Credentials(key, key)))

    def as_user(self, jwt: str, *, refresh: Refresh | None = None) -> Self:
        """The view of one user, by the access token of that user.

        `refresh` is a coroutine function that gives a new token. It is awaited when the token was refused:
        once for all calls of this view that wait for it, and of the views derived from it; each of them is
        then sent once more, writes too, since a refused one did nothing. It may take `timeout` seconds.

        Raises:
            InvalidRequestError: no header can carry that token.
            AuthenticationError: when a call is made, the token is refused, and `refresh` does not help.

        Example::

            async def refresh() -> str:
                session = await auth.refresh_session()
                return session.access_token

            mine = db.as_user(session.access_token, refresh=refresh)
            notes = await mine.table("notes", Note).select()
        """
        if fault := fault_of_key(jwt):
            raise refusal(
                f"the user's token is {fault}",
                suggestion="pass the access token alone, without Bearer before it",
            )
        key = self._config.anon_key.get_secret_value()
        return self._through(self._session.bearing(Credentials(key, jwt, refresh)))

    def schema(self, name: str) -> Self:
        """The view of another schema, for the same user; the API settings have to expose it.

        Raises:
            InvalidRequestError: the name is empty; when a call is made, the schema is not exposed.

        Example::

            events = await db.schema("audit").table("events").select().limit(10)
        """
        if not sound(name) or not (name.isascii() and name.isprintable()) or name != name.strip():
            raise refusal(f"{name!r} is not the name of a schema that a header can carry")
        return self._through(self._session.within(name))

    def with_options(self, **options: Unpack[OptionFields]) -> Self:
        """A view with other time limits (seconds), attempts, header fields, idempotence or request id.

        `idempotent=True` says that repeating the calls of this view can do no harm.

        Raises:
            InvalidRequestError: the headers hold credentials: use `as_user()` or `admin`.
        """
        if _CREDENTIALS & {name.lower() for name in options.get("headers", {})}:
            raise refusal("credentials are not set by headers", suggestion="use as_user() or admin")
        channel = self._session.channel.with_options(**options)
        return self._through(self._session.through(channel))

    def _through(self, session: Session) -> Self:
        view = copy(self)
        view._session = session  # noqa: SLF001 - our own
        return view
