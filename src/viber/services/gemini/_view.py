"""How one view of the service differs from the others."""

from typing import Final, cast

from viber.services._channel import Channel
from viber.services._options import OptionFields
from viber.services.gemini.limits._budget import Budget
from viber.services.gemini.limits._lanes import Lanes

_OWN: Final = frozenset({"label", "budget"})


class ViewOptions(OptionFields, total=False):
    """The keywords of `GeminiService.with_options`.

    What is used is written down under `label`; `budget` is one more that has to have room.
    """

    label: str
    budget: Budget


def viewed(channel: Channel, lanes: Lanes, options: ViewOptions) -> tuple[Channel, Lanes]:
    """The same with these options."""
    shared = {name: value for name, value in options.items() if name not in _OWN}
    return channel.with_options(**cast("OptionFields", shared)), lanes.booked(
        options.get("label"), options.get("budget")
    )
