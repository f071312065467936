"""The steps that take all rows of a query, whatever the server's cap."""

from collections.abc import Callable
from typing import Generic

from viber.services.supabase._errors import refusal
from viber.services.supabase.reading._clauses import Clauses, count_of
from viber.services.supabase.reading._counts import CountMode, count_wish
from viber.services.supabase.reading._cursor import Position
from viber.services.supabase.reading._formats import Form
from viber.services.supabase.reading._keyset import total_order
from viber.services.supabase.reading._walk import Page, Pages, Walk, query_of
from viber.services.supabase.wire._rows import Row
from viber.services.supabase.wire._source import Source


class Walkable(Generic[Row]):
    """A query whose rows can be walked, page after page.

    The walk goes in the order of the query, and by the declared key where that leaves rows equal. Each page
    starts behind the last row that was received, so rows that come and go meanwhile neither shift nor repeat
    the others. `limit` bounds the whole walk, and `offset` counts once. A page that fails is repeated like
    any read; after an error the iterator can be asked again for the same page.
    """

    __slots__ = ()

    source: Source[Row]
    clauses: Clauses
    form: Form

    def rows(
        self,
        *,
        page_size: int = 1000,
        after: str | None = None,
        on_page: Callable[[Page[Row]], object] | None = None,
        count: CountMode | None = None,
    ) -> Walk[Row]:
        """All rows one by one, whatever the server's cap.

        `after` is the cursor of a page, to go on behind it. `on_page` is called with each page before its
        rows are given; with `count` it finds `total` there, too.

        Raises:
            InvalidRequestError: there is no key, or the query does not select what it has to walk by; or the
                cursor is of another query.

        Example::

            async for row in db.table("readings", key="id").select().rows(page_size=500):
                ...
        """
        return Walk(self._paged("page_size", page_size, after, count), on_page)

    def pages(
        self, *, size: int = 1000, after: str | None = None, count: CountMode | None = None
    ) -> Pages[Row]:
        """All rows in pages of at most `size`, each with the cursor to go on from; see `rows()`.

        Example::

            async for page in readings.select().order("at").pages(size=500, after=stored):
                await keep(page.rows)
                stored = page.cursor
        """
        return self._paged("size", size, after, count)

    def _paged(self, what: str, size: int, after: str | None, count: CountMode | None) -> Pages[Row]:
        if not count_of(what, size):
            raise refusal(f"{what} takes a number above 0")
        if count is not None:
            count_wish(count)
        ranks = total_order(self.source, self.clauses)
        pages = Pages(self.source, self.clauses, self.form, size, ranks, None, count)
        if after is None:
            return pages
        position = Position.of(after, query_of(pages), len(ranks))
        return Pages(self.source, self.clauses, self.form, size, ranks, position, count)
