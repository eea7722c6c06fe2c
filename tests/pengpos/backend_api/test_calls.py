# SPDX-License-Identifier: Apache-2.0
"""One call with everything that can be in its way: what it raises, and what it says of the link."""

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from pengpos.backend_api import calls
from pengpos.backend_api.calls import ANSWER_SIZE_MOST, RETRY_AFTER_MOST_S, Calls, UnusableAnswerError
from pengpos.backend_api.messages import HealthMessage
from pengpos.wire.encoding.base64url import b64u
from pengpos.wire.encoding.cose import Context, sign1
from tests.pengpos.backend_api.line import HEARD, LOST, PROBLEM, PROBLEM_TYPE, Body, Line, says
from tests.pengpos.wire.shop import ISSUER_KID
from tests.support.dripping import answer, dripping, listening_on_tcp, origin_of
from tests.vectors import ISSUER, ISSUERS


def raises(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def respond(_request: httpx.Request) -> httpx.Response:
        raise error

    return respond


def test_an_answer() -> None:
    line = Line(says(200, b'{"status": "ok", "more": [1]}'))
    assert line.call().status == "ok"
    assert line.told == HEARD


TWO_MEMBERS = gzip.compress(b'{"status": ') + gzip.compress(b'"ok"}')


@pytest.mark.parametrize("packed_as", [gzip.compress(b'{"status": "ok"}'), TWO_MEMBERS], ids=["one", "two members"])
def test_an_answer_that_a_proxy_packed_is_unpacked_though_we_asked_for_none(packed_as: bytes) -> None:
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept-encoding"])
        packed = httpx.Response(200, stream=Body(packed_as))
        packed.headers["content-encoding"] = "gzip"
        return packed

    assert Line(respond).call().status == "ok"
    assert asked == ["identity"]


LARGE = gzip.compress(b" " * (ANSWER_SIZE_MOST + 1))
BOMB = gzip.compress(gzip.compress(b" " * 200 * ANSWER_SIZE_MOST))
"""Some kilobytes that stand for 200 MiB, packed twice; once unpacked it is still small."""
TROUBLE = [
    ("the backend's own no", says(409, PROBLEM, **PROBLEM_TYPE), HEARD),
    ("its own no with a charset", says(409, PROBLEM, content_type="application/problem+json; charset=utf-8"), HEARD),
    ("a problem that is none", says(409, b"{", **PROBLEM_TYPE), LOST),
    ("a problem in no UTF-8", says(409, b'{"code": "\xff"}', **PROBLEM_TYPE), LOST),
    ("JSON that is no problem", says(500, b"{}", content_type="application/json"), LOST),
    ("HTML", says(200, b"<html>", content_type="text/html"), LOST),
    ("a redirect", says(302, location="https://sign-in.example"), LOST),
    ("no content", says(204), LOST),
    ("nobody there", raises(httpx.ConnectError("refused")), LOST),
    ("cut", raises(httpx.ReadError("cut")), LOST),
    ("slow", raises(httpx.ReadTimeout("slow")), LOST),
    ("a bad certificate", raises(httpx.ConnectError("CERTIFICATE_VERIFY_FAILED")), LOST),
    ("no HTTP", raises(httpx.RemoteProtocolError("illegal status line")), LOST),
    ("garbled compression", raises(httpx.DecodingError("zlib")), LOST),
    ("too many redirects", raises(httpx.TooManyRedirects("round and round")), LOST),
    ("more than we read, unpacked", says(200, LARGE, content_encoding="gzip"), LOST),
    ("packed twice", says(200, BOMB, content_encoding="gzip, gzip"), LOST),
    ("packed in another way", says(200, b"1234", content_encoding="br"), LOST),
    ("no gzip", says(200, b'{"status": "ok"}', content_encoding="gzip"), LOST),
    ("half of a second member", says(200, TWO_MEMBERS[:-9], content_encoding="gzip"), LOST),
    ("a thousand members", says(200, gzip.compress(b"") * 1_000 + TWO_MEMBERS, content_encoding="gzip"), LOST),
    ("half a gzip", says(200, gzip.compress(b'{"status": "ok"}')[:-9], content_encoding="gzip"), LOST),
    ("more than we read", says(200, b" " * (ANSWER_SIZE_MOST + 1)), LOST),
]  # fmt: skip


@pytest.mark.parametrize(("respond", "told"), [row[1:] for row in TROUBLE], ids=[row[0] for row in TROUBLE])
def test_trouble(respond: Callable[[httpx.Request], httpx.Response], told: list[str]) -> None:
    line = Line(respond)
    with pytest.raises(UnusableAnswerError) as raised:
        line.call()
    assert str(raised.value)
    assert line.told == told


def test_a_problem_keeps_its_code_for_whoever_asked() -> None:
    with pytest.raises(UnusableAnswerError) as raised:
        Line(says(409, PROBLEM, **PROBLEM_TYPE)).call()
    assert raised.value.problem is not None
    assert (raised.value.problem.code, raised.value.problem.detail) == ("head_behind", "why")
    assert "head_behind" in str(raised.value)


RETRY_AFTER = [
    ("5", 5), ("0", 0), ("60", 60), ("61", 60), ("3600", 60), ("86400", RETRY_AFTER_MOST_S),
    ("999999999", RETRY_AFTER_MOST_S), ("9" * 10, None),
    ("9" * 5_000, None), ("-1", None), ("1.5", None), ("٣", None), ("Sun, 22 Nov 2026 08:00:00 GMT", None), ("", None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER, ids=[value[:12] for value, _ in RETRY_AFTER])
def test_retry_after(value: str, seconds: int | None) -> None:
    response = httpx.Response(429, headers=httpx.Headers({"retry-after": value}, encoding="utf-8"))
    with pytest.raises(UnusableAnswerError) as raised:
        Line(lambda _request: response).call()
    assert raised.value.retry_after_s == seconds


class Endless(httpx.AsyncByteStream):
    """A body that never ends: `piece` and then silence, or `piece` for ever."""

    def __init__(self, piece: bytes, *, silent: bool) -> None:
        self._piece = piece
        self._silent = silent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._piece
        if self._silent:
            await asyncio.Event().wait()
        while True:
            yield self._piece


def test_a_deadline_holds_for_the_whole_answer() -> None:
    line = Line(lambda _request: httpx.Response(200, stream=Endless(b"{", silent=True)))
    with pytest.raises(UnusableAnswerError, match=r"within 0\.05 s"):
        line.call(0.05)
    assert line.told == LOST


# --- the backend's time -----------------------------------------------------------------------------------------------


def clock_problem(nonce: str, now: str = "2027-01-15T08:00:00Z", context: Context = Context.CLOCK) -> bytes:
    signed = sign1(ISSUER, context, json.dumps({"nonce": nonce, "now": now}).encode(), kid=ISSUER_KID)
    return json.dumps({"code": "clock", "now": b64u(signed)}).encode()


TIMES = [
    ("ours", clock_problem("abc"), [1_800_000_000]),
    ("another request's", clock_problem("abd"), []),
    ("signed as something else", clock_problem("abc", context=Context.HEAD), []),
    ("no time", clock_problem("abc", "noon"), []),
    ("a time without its offset", clock_problem("abc", "2027-01-15T08:00:00"), []),
    ("no signed object", json.dumps({"code": "clock", "now": "AAAA"}).encode(), []),
    ("nothing signed", json.dumps({"code": "clock"}).encode(), []),
]


@pytest.mark.parametrize(("body", "times"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_a_refused_clock_is_told_the_signed_time(body: bytes, times: list[int]) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        request.headers["signature-input"] = 'pp=("@method");created=1;nonce="abc";keyid="k"'
        return httpx.Response(401, content=body, headers={"content-type": "application/problem+json"})

    line = Line(respond)
    with pytest.raises(UnusableAnswerError):
        line.call()
    assert line.times == times
    assert line.told == HEARD


# --- events -----------------------------------------------------------------------------------------------------------


def follow(line: Line, last: str | None = None) -> tuple[list[tuple[str, str, bytes]], str]:
    async def collect(calls: Calls) -> tuple[list[tuple[str, str, bytes]], str]:
        found: list[tuple[str, str, bytes]] = []
        stream = calls.events("/v1/terminal/events", last)
        while True:
            try:
                found.append(await anext(stream))
            except ConnectionError as error:
                return found, str(error)

    result: tuple[list[tuple[str, str, bytes]], str] = line.run(collect)
    return result


STREAM = b": welcome\n\nid: 7\nevent: intent\ndata: {}\n\n: still here\n\nid: 8\nevent: config\ndata: 1\ndata: 2\n\n"


def streams(*pieces: bytes) -> Callable[[httpx.Request], httpx.Response]:
    headers = {"content-type": "text/event-stream"}
    return lambda _request: httpx.Response(200, stream=Body(*pieces), headers=headers)


@pytest.mark.parametrize("size", [1, 7, 1_000], ids=["byte by byte", "in pieces", "whole"])
def test_events_are_told_and_every_piece_is_heard(size: int) -> None:
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    line = Line(streams(*pieces))
    events, end = follow(line)
    assert events == [("7", "intent", b"{}"), ("8", "config", b"1\n2")]
    assert "closed" in end
    assert line.told == HEARD * len(pieces)


def test_the_id_behind_which_it_begins_is_told_once_and_no_comment_after_it() -> None:
    line = Line(streams(b": welcome\n\nid: 6\n\n: still here\n\n", STREAM))
    assert follow(line)[0] == [("6", "", b""), ("7", "intent", b"{}"), ("8", "config", b"1\n2")]


def test_a_comment_alone_is_heard() -> None:
    line = Line(streams(b": here\n\n"))
    assert follow(line)[0] == []
    assert (line.told, line.opened) == (HEARD, 1)


def test_events_resume() -> None:
    asked: list[str | None] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers.get("last-event-id"))
        return httpx.Response(200, content=b"", headers={"content-type": "text/event-stream"})

    follow(Line(respond), "41")
    follow(Line(respond))
    assert asked == ["41", None]


def test_a_stream_whose_head_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon; what is behind them never does."""
    monkeypatch.setattr(calls, "EVENTS_SILENCE_S", 0.3)
    head = answer(STREAM, b"content-type: text/event-stream")

    async def first(origin: str) -> None:
        async with httpx.AsyncClient(base_url=origin) as client:
            async for _ in Calls(client, issuers=lambda: ISSUERS).events("/v1/terminal/events", None):
                pytest.fail("no event came")

    with listening_on_tcp() as listening, dripping(listening, head), pytest.raises(ConnectionError):
        asyncio.run(first(origin_of(listening)))


BAD_STREAMS = [
    (
        "packed",
        lambda _request: httpx.Response(
            200,
            stream=Body(gzip.compress(STREAM)),
            headers={"content-type": "text/event-stream", "content-encoding": "gzip"},
        ),
    ),
    ("refused", says(403, PROBLEM, **PROBLEM_TYPE)),
    ("a sign-in page", says(200, b"<html>", content_type="text/html")),
    ("a redirect", says(302, location="/")),
    ("nobody there", raises(httpx.ConnectError("refused"))),
    ("silence", raises(httpx.ReadTimeout("nothing for 25 s"))),
]


@pytest.mark.parametrize("respond", [row[1] for row in BAD_STREAMS], ids=[row[0] for row in BAD_STREAMS])
def test_a_stream_that_is_none_ends_with_a_reason(respond: Callable[[httpx.Request], httpx.Response]) -> None:
    line = Line(respond)
    events, end = follow(line)
    assert (events, line.opened) == ([], 0)
    assert end


def test_an_event_without_end_ends_the_stream() -> None:
    endless = Endless(b"data: " + b"x" * 65_536, silent=False)
    headers = {"content-type": "text/event-stream"}
    events, end = follow(Line(lambda _request: httpx.Response(200, stream=endless, headers=headers)))
    assert events == []
    assert "beyond" in end


def test_many_small_events_are_no_event_without_end() -> None:
    one = b"data: " + b"x" * 65_536 + b"\n\n"
    pieces = [piece for _ in range(2 * ANSWER_SIZE_MOST // len(one)) for piece in (one[:-1], one[-1:])]
    events, end = follow(Line(streams(*pieces)))
    assert len(events) == len(pieces) // 2
    assert "closed" in end


# --- a connection that is kept ----------------------------------------------------------------------------------------


def hangs_up_on_the_second(listening: socket.socket, asked: list[bytes], over: int) -> None:
    """Answer the first request of the first connection, and close it at its second, unread but for the bytes."""
    for number in range(over):
        one, _ = listening.accept()
        with one:
            while request := one.recv(65_536):
                asked.append(request.split()[0])
                if number == 0 and len(asked) == 2:
                    break
                one.sendall(answer(b'{"status": "ok"}'))


@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("PUT", 2), ("POST", 1)])
def test_a_connection_closed_under_us_is_made_anew_once_where_nothing_can_be_done_twice(
    method: str, times: int
) -> None:
    """As every proxy does when its own time for a silent connection is over, just as we use it."""
    asked: list[bytes] = []
    told: list[str] = []

    async def work(origin: str) -> None:
        async with httpx.AsyncClient(base_url=origin) as client:
            line = Calls(client, issuers=lambda: ISSUERS, lost=lambda: told.append("lost"))
            await line.call("GET", "/v1/health", HealthMessage, 20)
            await line.call(method, "/v1/health", HealthMessage, 20)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=hangs_up_on_the_second, args=(listening, asked, times), daemon=True)
        serving.start()
        if times == 1:
            with pytest.raises(UnusableAnswerError):
                asyncio.run(work(origin_of(listening)))
        else:
            asyncio.run(work(origin_of(listening)))
        serving.join(20)
    assert asked == [b"GET", *[method.encode()] * times]
    assert told == (["lost"] if times == 1 else [])


def test_a_fresh_connection_that_is_closed_is_asked_no_second_time() -> None:
    asked: list[bytes] = []

    async def work(origin: str) -> None:
        async with httpx.AsyncClient(base_url=origin) as client:
            await Calls(client, issuers=lambda: ISSUERS).call("GET", "/v1/health", HealthMessage, 20)

    def hangs_up(listening: socket.socket) -> None:
        one, _ = listening.accept()
        with one:
            asked.append(one.recv(65_536))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = threading.Thread(target=hangs_up, args=(listening,), daemon=True)
        serving.start()
        with pytest.raises(UnusableAnswerError):
            asyncio.run(work(origin_of(listening)))
        serving.join(20)
    assert len(asked) == 1
