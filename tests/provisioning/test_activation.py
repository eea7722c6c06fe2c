# SPDX-License-Identifier: Apache-2.0
"""What the technician reads when the backend gives no enrolment, case by case."""

import ssl

import httpx
import pytest

from pengpos.backend_api.messages import EnrolmentMessage
from pengpos.core.errors import ConfigError
from pengpos.wire.encoding.keys import PublicKey
from provisioning import activation
from provisioning.activation import ANSWER_SIZE_MOST, ActivationRequest, activate, backend_origin, clock_difference_s
from tests.provisioning.stand_in import CODE, NOW, ORIGIN, StandIn, answer_for, clock, problem
from tests.support.dripping import answer, dripping, listening_on_tcp, origin_of
from tests.vectors import TERMINAL

REQUEST = ActivationRequest(activation_code=CODE, serial="10000000abcdef01", model="Pi 4", software_version="0.1.0")
HTML = httpx.Response(200, html="<html>Welcome to the station's free Wi-Fi</html>")


def ask(transport: httpx.AsyncBaseTransport) -> EnrolmentMessage:
    return activate(ORIGIN, TERMINAL, REQUEST, now=clock, transport=transport)


def raising(error: Exception) -> httpx.MockTransport:
    def handle(request: httpx.Request) -> httpx.Response:
        del request
        raise error

    return httpx.MockTransport(handle)


def distrusting() -> httpx.MockTransport:
    error = httpx.ConnectError("[SSL]")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    return raising(error)


def answering(response: httpx.Response) -> httpx.AsyncBaseTransport:
    return StandIn(answer=lambda key: response).transport()


def test_the_request_carries_key_code_and_machine_and_is_signed() -> None:
    backend = StandIn()
    assert ask(backend.transport()).terminal_id == "T-0001"
    assert backend.asked == [
        {
            "activation_code": CODE,
            "public_key": PublicKey.of(TERMINAL).to_jwk(),
            "hardware": {"serial": "10000000abcdef01", "model": "Pi 4"},
            "software_version": "0.1.0",
        }
    ]


@pytest.mark.parametrize(
    ("transport", "where", "says", "way_out"),
    [
        (answering(problem(403, "activation_code")), "activation code", "used up", "new one"),
        (answering(problem(409, "conflict")), ORIGIN, "belongs to one", "copy"),
        (answering(problem(422, "invalid")), ORIGIN, "422): because", "the backend's operator"),
        (answering(problem(401, "signature")), ORIGIN, "401): because", "the backend's operator"),
        (answering(problem(429, "slow_down")), ORIGIN, "in trouble", "same command"),
        (answering(problem(503, "maintenance")), ORIGIN, "in trouble", "same command"),
        (
            answering(httpx.Response(502, html="<h1>Bad gateway</h1>")),
            ORIGIN,
            "in trouble (status 502)",
            "same command",
        ),
        (answering(HTML), ORIGIN, "not as a payment backend does (status 200, text/html)", "sign-in page"),
        (answering(httpx.Response(404, html="<h1>Not found</h1>")), ORIGIN, "not as a payment backend", "address"),
        (answering(httpx.Response(200, json=[1, 2])), ORIGIN, "not as a payment backend", "address"),
        (answering(httpx.Response(200, json={"terminal_id": "T-1"})), ORIGIN, "not as a payment backend", "address"),
        (answering(httpx.Response(200, content=b"{")), ORIGIN, "not as a payment backend", "address"),
        (answering(httpx.Response(200, content=bytes(ANSWER_SIZE_MOST + 1))), ORIGIN, "beyond", "same command"),
        (
            answering(httpx.Response(301, headers={"location": "https://b.example/"})),
            ORIGIN,
            "b.example",
            "that address",
        ),
        (raising(httpx.ConnectError("Connection refused")), ORIGIN, "refused", "network"),
        (raising(httpx.ConnectTimeout("")), ORIGIN, "cannot be reached (ConnectTimeout)", "network"),
        (raising(httpx.ReadTimeout("")), ORIGIN, "did not answer within 10 s", "same command"),
        (raising(httpx.RemoteProtocolError("cut short")), ORIGIN, "cut short", "same command"),
        (distrusting(), ORIGIN, "certificate", "date"),
    ],
    ids=lambda value: None if not isinstance(value, str) else value[:24],
)
def test_each_trouble_has_its_sentence(
    transport: httpx.AsyncBaseTransport, where: str, says: str, way_out: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        ask(transport)
    assert caught.value.where == where
    assert says in caught.value.detail
    assert way_out in caught.value.way_out
    assert CODE not in str(caught.value), "an activation code has no business in a log"


@pytest.mark.parametrize(
    ("date", "says"),
    [
        ("Thu, 01 Jan 2026 00:30:05 GMT", "30 minutes behind the backend's"),
        ("Wed, 31 Dec 2025 22:00:05 GMT", "120 minutes ahead of the backend's"),
        ("yesterday", "more than 5 minutes off"),
    ],
)
def test_a_clock_that_is_off_is_told_by_how_much(date: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ask(answering(problem(401, "clock", date=date)))
    assert says in caught.value.detail
    assert "timedatectl" in caught.value.way_out


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://pay.example", "https://pay.example"),
        (" https://pay.example/ ", "https://pay.example"),
        ("https://pay.example:8443/shops/", "https://pay.example:8443/shops"),
        ("http://127.0.0.1:8480", "http://127.0.0.1:8480"),
        ("http://localhost:8480/", "http://localhost:8480"),
        ("http://[::1]:8480", "http://[::1]:8480"),
        ("https://例子.cn", "https://xn--fsqu00a.cn"),
        ("https：／／Pay.example：443", "https://pay.example"),
    ],
)
def test_addresses_that_are_taken(text: str, origin: str) -> None:
    assert backend_origin(text) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pay.example",
        "ftp://pay.example",
        "https://",
        "https://ann:secret@pay.example",
        "https://pay.example/?a=1",
        "https://pay.example/#x",
        "https://[::1",
        "https://pay.example:port",
        "http://192.168.1.20:8480",
        "http://localhost.pay.example",
        "https://pay example",
        "https://xn--a.cn",
    ],
)
def test_addresses_that_are_not(text: str) -> None:
    with pytest.raises(ConfigError, match="https"):
        backend_origin(text)


@pytest.mark.parametrize(
    ("headers", "difference_s"),
    [
        ({"date": "Thu, 01 Jan 2026 00:00:05 GMT"}, 0),
        ({"date": "Thu, 01 Jan 2026 00:00:00 GMT"}, 5),
        ({"date": "soon"}, None),
        ({}, None),
    ],
)
def test_clock_difference(headers: dict[str, str], difference_s: int | None) -> None:
    assert clock_difference_s(httpx.Response(200, headers=headers), NOW) == difference_s


def test_the_answer_is_read_whole() -> None:
    message = ask(StandIn().transport())
    expected = answer_for(PublicKey.of(TERMINAL))
    assert (message.terminal_id, message.issuers) == (expected["terminal_id"], expected["issuers"])


def test_a_backend_whose_answer_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes soon; the last one would after four seconds."""
    monkeypatch.setattr(activation, "DEADLINE_S", 0.5)
    with (
        listening_on_tcp() as listening,
        dripping(listening, answer(b"{}")),
        pytest.raises(ConfigError, match=r"did not answer within 0\.5 s"),
    ):
        activate(origin_of(listening), TERMINAL, REQUEST)
