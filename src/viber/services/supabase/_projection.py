"""What rows become when not all of their columns are asked for."""

from typing import Any

from viber.services.supabase._quoting import name
from viber.services.supabase._rows import DICTS, reader_of
from viber.services.supabase._source import Source


def projected(source: Source[Any], columns: tuple[str, ...], model: type[Any] | None) -> Source[Any]:
    """The source with rows of the model; of its own type for all columns, of dicts for some."""
    for column in columns:
        name(column)
    if model is not None:
        return source.typed(reader_of(model))
    return source.typed(DICTS) if columns else source
