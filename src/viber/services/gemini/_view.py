"""How one view of the service differs from the others."""

from typing import cast

from viber.services._channel import Channel
from viber.services._options import OptionFields
from viber.services.gemini._budget import Budget
from viber.services.gemini._lanes import Lanes


class ViewOptions(OptionFields, total=False):
    """The keywords of `GeminiService.with_options`.

    What is used is written down under `label`; `budget` is one more that has to have room.
    """

    label: str
    budget: Budget


def viewed(channel: Channel, lanes: Lanes, options: ViewOptions) -> tuple[Channel, Lanes]:
    """The same with these options."""
    own = {name: options[name] for name in ("label", "budget") if name in options}
    shared = cast("OptionFields", {name: value for name, value in options.items() if name not in own})
    return channel.with_options(**shared), lanes.booked(options.get("label"), options.get("budget"))
