"""The services that viber speaks, and what they have in common."""

from viber.services._channel import Channel
from viber.services._config import ServiceConfig
from viber.services._gate import Gate
from viber.services._health import Health
from viber.services._options import CallOptions, OptionFields

__all__ = ["CallOptions", "Channel", "Gate", "Health", "OptionFields", "ServiceConfig"]
