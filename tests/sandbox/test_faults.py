import pytest
from hypothesis import given
from hypothesis import strategies as st

from viber.sandbox._faults import (
    Fault,
    FaultBook,
    FaultKind,
    FaultRequest,
    format_fault_header,
    parse_fault_header,
    validate_fault,
)

GET = FaultRequest(method="GET", path="/rest/v1/orders")


def unavailable(**options: object) -> Fault:
    return validate_fault({"kind": "status", "status": 503, **options})


def struck(book: FaultBook, request: FaultRequest, *, of: int) -> list[bool]:
    return [book.take(request) is not None for _ in range(of)]


class TestFault:
    def test_refuses_an_unknown_key(self) -> None:
        """A misspelt option is refused, never ignored."""
        with pytest.raises(ValueError, match="tiems"):
            validate_fault({"kind": "status", "status": 503, "tiems": 2})

    def test_refuses_an_option_of_another_kind(self) -> None:
        """An option that would do nothing for this kind is refused."""
        with pytest.raises(ValueError, match="hang takes no option seconds"):
            validate_fault({"kind": "hang", "seconds": 3})

    @pytest.mark.parametrize(("kind", "needed"), [("status", "status"), ("latency", "seconds")])
    def test_demands_what_the_kind_cannot_do_without(self, kind: str, needed: str) -> None:
        """A kind with no sensible default for its chief option asks for it."""
        with pytest.raises(ValueError, match=f"{kind} needs {needed}"):
            validate_fault({"kind": kind})

    def test_html_is_a_bad_gateway_unless_told_otherwise(self) -> None:
        """A gateway's page comes with 502, or with any status asked for."""
        assert Fault(kind=FaultKind.HTML).status == 502
        assert Fault(kind=FaultKind.HTML, status=200).status == 200


class TestScope:
    def test_without_times_it_always_strikes(self) -> None:
        """A fault without a number of times stays in force."""
        book = FaultBook()
        book.add(unavailable())
        assert struck(book, GET, of=5) == [True] * 5

    def test_times_strikes_the_first_n(self) -> None:
        """With times=n the first n matching requests suffer and later ones pass."""
        book = FaultBook()
        book.add(unavailable(times=2))
        assert struck(book, GET, of=4) == [True, True, False, False]

    def test_a_key_strikes_only_its_bearers(self) -> None:
        """A fault with a key leaves requests without that key alone, and uncounted."""
        book = FaultBook()
        book.add(unavailable(key="a", times=1))
        other = FaultRequest(method="GET", path="/", key="b")
        bearer = FaultRequest(method="GET", path="/", key="a")
        assert [book.take(request) is not None for request in (GET, other, bearer, bearer)] == [
            False,
            False,
            True,
            False,
        ]

    def test_any_key_counts_each_apart(self) -> None:
        """With key='*' every key has its own first n requests; a request without a key has none."""
        book = FaultBook()
        book.add(unavailable(key="*", times=1))
        for key in "ab":
            assert struck(book, FaultRequest(method="GET", path="/", key=key), of=2) == [True, False]
        assert book.take(GET) is None

    def test_a_method_matches_in_any_case(self) -> None:
        """A fault for post strikes POST and nothing else."""
        book = FaultBook()
        book.add(unavailable(method="post"))
        assert book.take(GET) is None
        assert book.take(FaultRequest(method="POST", path="/")) is not None

    @pytest.mark.parametrize(
        ("pattern", "path", "meant"),
        [
            ("/rest/v1/orders", "/rest/v1/orders", True),
            ("/rest/v1", "/rest/v1/orders", True),
            ("/rest/v1/", "/rest/v1/orders", True),
            ("/rest/v1/orders", "/rest/v1/orders_old", False),
            ("/v1/models/m", "/v1/models/m:generateContent", True),
            ("/*/models/*:stream*", "/v1beta/models/m:streamGenerateContent", True),
            ("/*/models/*:stream*", "/v1beta/models/m:countTokens", False),
        ],
    )
    def test_a_path_is_a_subtree_or_a_glob(self, pattern: str, path: str, *, meant: bool) -> None:
        """A plain path covers what lies below it, never a longer name; a pattern is a glob."""
        book = FaultBook()
        book.add(unavailable(path=pattern))
        assert (book.take(FaultRequest(method="GET", path=path)) is not None) is meant

    def test_a_rate_is_a_share_fixed_by_its_seed(self) -> None:
        """The same seed strikes the same requests, about the given share of them."""
        books = [FaultBook() for _ in range(2)]
        for book in books:
            book.add(unavailable(rate=0.3, seed=7))
        first, second = (struck(book, GET, of=1000) for book in books)
        assert first == second
        assert 250 < sum(first) < 350

    def test_times_bounds_a_rate(self) -> None:
        """A rate with times stops after that many strikes."""
        book = FaultBook()
        book.add(unavailable(rate=0.5, times=3))
        assert sum(struck(book, GET, of=100)) == 3


class TestBook:
    def test_the_first_match_wins(self) -> None:
        """Of two matching faults the earlier strikes, and the later takes over when it is used up."""
        book = FaultBook()
        book.add(unavailable(times=1))
        book.add(Fault(kind=FaultKind.EMPTY))
        kinds = [fault.kind for fault in (book.take(GET), book.take(GET)) if fault]
        assert kinds == [FaultKind.STATUS, FaultKind.EMPTY]

    def test_lists_how_often_each_was_inflicted(self) -> None:
        """The list counts requests that matched and requests that suffered."""
        book = FaultBook()
        fault_id = book.add(unavailable(key="*", times=1))
        for key in "aabb":
            book.take(FaultRequest(method="GET", path="/", key=key))
        (entry,) = book.list()
        assert (entry.id, entry.matched, entry.inflicted) == (fault_id, 2, 2)

    def test_a_removed_fault_strikes_no_more(self) -> None:
        """Removing takes one fault out of force; removing it again finds nothing."""
        book = FaultBook()
        fault_id = book.add(unavailable())
        assert book.remove(fault_id)
        assert not book.remove(fault_id)
        assert book.take(GET) is None

    def test_clearing_forgets_header_counts_too(self) -> None:
        """After clear a header fault starts anew."""
        book = FaultBook()
        request = FaultRequest(method="GET", path="/", header="status=503; times=1")
        assert struck(book, request, of=2) == [True, False]
        book.clear()
        assert struck(book, request, of=2) == [True, False]

    def test_what_it_remembers_is_bounded(self) -> None:
        """Keys made up by clients do not grow the book without end."""
        book = FaultBook()
        for number in range(12_000):
            book.take(FaultRequest(method="GET", path="/", header=f"status=503; times=1; key={number}"))
        assert len(book._by_header) <= 10_000


class TestHeader:
    def test_the_first_n_requests_of_a_key_fail(self) -> None:
        """A repeated header with times=n and a key fails n requests, then lets pass; other keys are apart."""
        book = FaultBook()
        for key in "ab":
            request = FaultRequest(method="GET", path="/", header=f"status=503; times=2; key={key}")
            assert struck(book, request, of=4) == [True, True, False, False]

    def test_the_key_header_counts_as_the_key(self) -> None:
        """The same header text under two key headers is counted twice."""
        book = FaultBook()
        for key in "ab":
            request = FaultRequest(method="GET", path="/", key=key, header="empty; times=1")
            assert struck(book, request, of=2) == [True, False]

    def test_a_header_speaks_before_the_book(self) -> None:
        """A request's own fault strikes first; used up, the book is asked."""
        book = FaultBook()
        book.add(Fault(kind=FaultKind.EMPTY))
        request = FaultRequest(method="GET", path="/", header="hang; times=1")
        kinds = [fault.kind for fault in (book.take(request), book.take(request)) if fault]
        assert kinds == [FaultKind.HANG, FaultKind.EMPTY]

    def test_a_header_may_be_scoped(self) -> None:
        """A header fault with a method spares the other methods of the same client."""
        request = FaultRequest(method="GET", path="/", header="cut-after; method=POST")
        assert FaultBook().take(request) is None

    @pytest.mark.parametrize(
        ("text", "fault"),
        [
            ("status=503", Fault(kind=FaultKind.STATUS, status=503)),
            ("STATUS = 429 ; Retry-After = 1.5 ;", Fault(kind=FaultKind.STATUS, status=429, retry_after=1.5)),
            ("latency=0.25", Fault(kind=FaultKind.LATENCY, seconds=0.25)),
            ("html=200", Fault(kind=FaultKind.HTML, status=200)),
            ("truncate=20", Fault(kind=FaultKind.TRUNCATE, after_bytes=20)),
            ("cut-before; reset", Fault(kind=FaultKind.CUT_BEFORE, reset=True)),
            ("cut_stream=3", Fault(kind=FaultKind.CUT_STREAM, after_events=3)),
            ("error-event=2; status=500", Fault(kind=FaultKind.ERROR_EVENT, after_events=2, status=500)),
            ("stall", Fault(kind=FaultKind.STALL)),
            (
                'status=400; body={"a": [1%3B2]}',
                None,
            ),
            (
                'status=400; body={"a": "1%3B2"}; message=no%3B way',
                Fault(kind=FaultKind.STATUS, status=400, body={"a": "1;2"}, message="no; way"),
            ),
        ],
    )
    def test_reads(self, text: str, fault: Fault | None) -> None:
        """Kind first, options after; dash or underscore; percent-decoded; body is JSON."""
        if fault is None:
            with pytest.raises(ValueError, match="body is not JSON"):
                parse_fault_header(text)
        else:
            assert parse_fault_header(text) == fault

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "empty fault"),
            ("statsu=503", "no fault kind 'statsu'; there are status, latency"),
            ("status", "status needs status"),
            ("status=abc", "status: .*integer"),
            ("status=503; tmies=2", "tmies"),
            ("status=503; times=2; times=3", "times is given twice"),
            ("hang=3", "hang takes no number"),
            ("latency=-1", "seconds"),
            ("latency=nan", "seconds"),
            ("empty; status=200", "empty takes no option status"),
        ],
    )
    def test_a_bad_header_says_why(self, text: str, reason: str) -> None:
        """A header that is no fault is a ValueError whose one line names the culprit."""
        with pytest.raises(ValueError, match=reason) as caught:
            parse_fault_header(text)
        assert "\n" not in str(caught.value)

    def test_a_bad_header_is_reported_by_the_book(self) -> None:
        """The book passes the complaint on, so that the server can answer 400."""
        with pytest.raises(ValueError, match="no fault kind"):
            FaultBook().take(FaultRequest(method="GET", path="/", header="nonsense"))

    @given(
        message=st.text(min_size=1),
        body=st.recursive(st.booleans() | st.integers() | st.text(), st.lists),
        times=st.none() | st.integers(1, 9),
        key=st.none() | st.text(min_size=1),
        delay=st.none() | st.floats(0, 1e6),
    )
    def test_writing_then_reading_gives_the_same_fault(
        self, message: str, body: object, times: int | None, key: str | None, delay: float | None
    ) -> None:
        """Any fault survives its header form, whatever its text holds, and the header is plain ASCII."""
        fault = validate_fault(
            {
                "kind": "status",
                "status": 429,
                "message": message,
                "body": body,
                "times": times,
                "key": key,
                "retry_delay": delay,
            }
        )
        text = format_fault_header(fault)
        assert text.isascii()
        assert text.isprintable()
        assert parse_fault_header(text) == fault
