"""Contents that Google keeps, so that prompts need not repeat them."""

from datetime import datetime

from pydantic import Field

from viber.services.gemini.content._json import Json
from viber.services.gemini.content._shape import Answered


class CachedContent(Answered):
    """A cache; its name stands in `cached_content` of a generation with the same model.

    Example:
        >>> CachedContent.from_wire({"name": "cachedContents/a", "ttl": "300s"}).to_wire()
        {'name': 'cachedContents/a', 'ttl': '300s'}
    """

    name: str = ""
    model: str | None = None
    display_name: str | None = None
    create_time: datetime | None = None
    update_time: datetime | None = None
    expire_time: datetime | None = None
    usage_metadata: Json = Field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """How many tokens are kept; they are billed by the hour."""
        total = self.usage_metadata.get("totalTokenCount")
        return total if isinstance(total, int) else 0
