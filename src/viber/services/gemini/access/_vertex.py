"""Where Gemini is on Vertex AI."""

from typing import Annotated, Final

from pydantic import Field

from viber._config import Config

_REGIONS_OF_MANY: Final = frozenset({"us", "eu"})
_NAME: Final = r"^[a-z0-9][a-z0-9.:-]*$"


class Vertex(Config):
    """A project on Vertex AI, and the location of its models.

    Raises:
        ConfigurationError: a name is malformed.

    Example:
        >>> Vertex(project="shop-1", location="europe-west4").base_url
        'https://europe-west4-aiplatform.googleapis.com'
        >>> Vertex(project="shop-1").path
        'projects/shop-1/locations/global'
    """

    project: Annotated[str, Field(pattern=_NAME)]
    location: Annotated[str, Field(pattern=_NAME)] = "global"

    @property
    def base_url(self) -> str:
        """The server of the location."""
        if self.location == "global":
            return "https://aiplatform.googleapis.com"
        if self.location in _REGIONS_OF_MANY:
            return f"https://aiplatform.{self.location}.rep.googleapis.com"
        return f"https://{self.location}-aiplatform.googleapis.com"

    @property
    def path(self) -> str:
        """The location, as the path of a request names it."""
        return f"projects/{self.project}/locations/{self.location}"
