# SPDX-License-Identifier: Apache-2.0
"""`pengpos phone` as a person types it, against a real backend socket and a reader that presents a sale."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from pengpos.core.errors import CardLostError
from pengpos.keys.software import SoftwareKey
from pengpos.wire.objects.receipt import Outcome, ReceiptClaims, sign_receipt
from pengpos.wire.objects.reply import Authorises, Declines, NeedsShopper, read_reply
from pengpos.wire.session import CardSession
from sandbox.phone import words
from sandbox.phone.account import AccountDue
from sandbox.phone.cli import phone
from sandbox.phone.field.fake_vpcd import FakeVpcd
from sandbox.phone.wallet.store import WalletStore
from tests.support.backend import Shop, fresh_sqlite, on_a_socket
from tests.support.dues import Owing, spend_all
from tests.support.shop import Sale, Till, Wallet

DEADLINE_S = 20.0
NOBODYS = "01a202f9-2a00-7000-8000-000000000001"


@dataclass(kw_only=True)
class Counter:
    """A terminal at its counter: `serve` takes taps, `run` is a person with a phone."""

    shop: Shop
    till: Till
    reader: FakeVpcd
    home: Path
    pool: ThreadPoolExecutor
    runner: CliRunner = field(default_factory=CliRunner)

    def serve(self, sale: Sale, taps: int = 1, outcome: Outcome = Outcome.ACCEPTED_OFFLINE) -> "Future[list[object]]":
        """Present the sale to so many taps, in a thread; each one's reply, or the error it ended in."""
        return self.pool.submit(lambda: [self._tap(sale, outcome) for _ in range(taps)])

    def _tap(self, sale: Sale, outcome: Outcome) -> object:
        self.reader.wait_for_card(DEADLINE_S)
        session = CardSession(lambda command, timeout_s: self.reader.transceive(command, timeout_s), lambda: 0.0)
        try:
            session.select()
            reply = read_reply(session.present(sale.presentation))
        except CardLostError as lost:
            return lost
        if isinstance(reply, Authorises):
            session.push_result(self._receipt(sale, outcome))
        return reply

    def _receipt(self, sale: Sale, outcome: Outcome) -> bytes:
        issuer = self.shop.backend.issuer
        claims = ReceiptClaims(
            intent_id=sale.intent.claims.intent_id,
            outcome=outcome,
            total_minor=1880,
            currency="CNY",
            at=self.shop.clock.now(),
            url="https://pay.example/r/1" if outcome is Outcome.APPROVED else None,
        )
        if outcome is Outcome.ACCEPTED_OFFLINE:
            return sign_receipt(self.till.key, claims)
        return sign_receipt(issuer.signer, claims, kid=issuer.key.kid)

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        return self.runner.invoke(phone, list(arguments), input=typed, env={"PENGPOS_HOME": str(self.home)})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with on_a_socket(fresh_sqlite(tmp_path_factory.mktemp("backend"))) as shop:
        yield shop


@pytest.fixture
def counter(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    monkeypatch.setattr("sandbox.phone.phone.SystemClock", lambda: shop.clock)
    with FakeVpcd() as reader, ThreadPoolExecutor(1) as pool:
        (tmp_path / "run").mkdir()
        parts = {"backend": shop.backend.origin, "vpcd_ports": [reader.port, reader.port + 1]}
        (tmp_path / "run" / "parts.json").write_text(json.dumps(parts))
        yield Counter(shop=shop, till=shop.till(), reader=reader, home=tmp_path, pool=pool)


@pytest.mark.parametrize(
    ("outcome", "said", "exit_code"),
    [
        pytest.param(Outcome.APPROVED, "晨光咖啡 18.80 CNY, paid, receipt https://pay.example/r/1", 0, id="paid"),
        pytest.param(
            Outcome.ACCEPTED_OFFLINE,
            "晨光咖啡 18.80 CNY, accepted offline; it is booked once the shop is online again",
            0,
            id="accepted offline",
        ),
        pytest.param(Outcome.DECLINED, "晨光咖啡 18.80 CNY, declined", 1, id="declined"),
    ],
)
def test_a_tap_says_how_it_ended(outcome: Outcome, said: str, exit_code: int, counter: Counter) -> None:
    replies = counter.serve(counter.till.sale(1880), outcome=outcome)
    result = counter.run("tap")
    assert result.output.splitlines() == ["晨光咖啡 18.80 CNY, authorised", said]
    assert result.exit_code == exit_code
    assert isinstance(replies.result(DEADLINE_S)[0], Authorises)


@pytest.mark.parametrize(
    ("option", "question"),
    [
        pytest.param("--lock", "晨光咖啡 18.80 CNY: unlock the phone, then tap again", id="locked"),
        pytest.param("--ask", "晨光咖啡 18.80 CNY: confirm, then tap again", id="asked"),
    ],
)
def test_what_the_phone_asks_is_asked_and_it_taps_again(option: str, question: str, counter: Counter) -> None:
    replies = counter.serve(counter.till.sale(1880), taps=2)
    result = counter.run("tap", option, typed="y\n")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[:2] == [question, "晨光咖啡 18.80 CNY. Pay? [Y/n]: y"]
    assert [type(reply) for reply in replies.result(DEADLINE_S)] == [NeedsShopper, Authorises]


@pytest.mark.parametrize("typed", [pytest.param("n\n", id="no"), pytest.param("", id="nobody there")])
def test_without_a_yes_nothing_is_paid(typed: str, counter: Counter) -> None:
    replies = counter.serve(counter.till.sale(1880))
    assert counter.run("tap", "--ask", typed=typed).exit_code == 1
    assert [type(reply) for reply in replies.result(DEADLINE_S)] == [NeedsShopper]


def test_a_locked_phone_pays_under_its_tap_limit_until_three_of_them_are_reached(counter: Counter) -> None:
    locked = ("tap", "--lock", "--tap-limit", "18.80")
    for _ in range(3):
        counter.serve(counter.till.sale(1880))
        assert counter.run(*locked).exit_code == 0
    replies = counter.serve(counter.till.sale(1880), taps=2)
    result = counter.run(*locked, typed="y\n")
    assert "unlock the phone" in result.output.splitlines()[0]
    assert [type(reply) for reply in replies.result(DEADLINE_S)] == [NeedsShopper, Authorises]
    counter.serve(counter.till.sale(1880))
    assert counter.run(*locked).exit_code == 0  # unlocked, it counts from nought again


def test_yes_answers_by_itself(counter: Counter) -> None:
    replies = counter.serve(counter.till.sale(1880), taps=2)
    assert counter.run("tap", "--lock", "--yes").exit_code == 0
    assert len(replies.result(DEADLINE_S)) == 2


def test_an_owner_who_says_no(counter: Counter) -> None:
    replies = counter.serve(counter.till.sale(1880))
    result = counter.run("tap", "--no")
    assert (result.output, result.exit_code) == ("晨光咖啡 18.80 CNY, not paid: you declined it\n", 1)
    assert replies.result(DEADLINE_S) == [Declines(0)]


def test_a_torn_tap_is_mended_by_tapping_again_even_without_network(counter: Counter) -> None:
    sale = counter.till.sale(1880)
    torn = counter.serve(sale)
    result = counter.run("tap", "--tear", "300")
    assert result.exit_code == 1
    assert result.output.splitlines()[-1] == "The phone left the reader too early. Tap again: it gives the same answer."
    assert isinstance(torn.result(DEADLINE_S)[0], CardLostError)
    mended = counter.serve(sale)
    result = counter.run("tap", "--offline")
    assert result.output.splitlines()[0] == "晨光咖啡 18.80 CNY, the same answer as before"
    assert isinstance(mended.result(DEADLINE_S)[0], Authorises)


def test_a_tip_is_added(counter: Counter) -> None:
    replies = counter.serve(counter.till.sale(1880))
    assert counter.run("tap", "--tip", "0.88").output.splitlines()[0] == "晨光咖啡 19.68 CNY, authorised"
    assert isinstance(replies.result(DEADLINE_S)[0], Authorises)


def test_balance_and_payments(counter: Counter) -> None:
    assert counter.run("payments").output == "No payments yet.\n"
    sale = counter.till.sale(1880)
    counter.serve(sale)
    counter.run("tap")
    assert counter.run("balance").output.splitlines() == [
        "1000.00 CNY",
        "500.00 CNY available, 500.00 CNY set aside for shops that are offline",
        "481.20 CNY of it also where the shop is offline",
    ]
    said = "晨光咖啡 18.80 CNY, accepted offline; it is booked once the shop is online again"
    assert counter.run("payments").output.splitlines() == [said]


def declined_at_sync(counter: Counter) -> Owing:
    """The phone has promised 18.80 offline; when it was sent, its money was gone."""
    sale = counter.till.sale(1880, online=False)
    replies = counter.serve(sale)
    counter.run("tap")
    (reply,) = replies.result(DEADLINE_S)
    assert isinstance(reply, Authorises)
    with WalletStore(counter.home / "phone" / "shopper" / "wallet.sqlite3") as store:
        account_id, token = store.note("account_id") or "", store.note("token") or ""
    owner = Wallet(http=counter.shop.http, clock=counter.shop.clock, account_id=account_id, token=token,
                   key=SoftwareKey.generate(), credential=reply.wallet_credential)  # fmt: skip
    spend_all(counter.shop, owner)
    counter.till.pay(sale, owner, reply.authorisation, offline=True)
    return Owing(
        shop=counter.shop, till=counter.till, wallet=owner, sale=sale, authorisation=reply.authorisation
    )  # fmt: skip


def test_what_is_asked_after_all_is_said_and_paid(counter: Counter) -> None:
    assert counter.run("dues").output == "No shop asks you for anything.\n"
    owed = declined_at_sync(counter)
    pay = f"`pengpos phone dues --pay {owed.sale.intent_id}`"
    asked = (
        "晨光咖啡 18.80 CNY, please: you paid this while the shop was offline, and it was declined when the shop came "
        f"online again, because your account had insufficient funds. To pay it: {pay}. If it is not yours: "
        f"`pengpos phone dues --refuse {owed.sale.intent_id}`."
    )
    assert counter.run("dues").output.splitlines() == [asked]
    declined = f"晨光咖啡 {owed.till.terminal_id[-4:]}-0001 18.80 CNY, declined when the shop came online again; "
    assert counter.run("payments").output.splitlines() == [
        declined + "you are asked to pay it, see `pengpos phone dues`"
    ]
    short = counter.run("dues", "--pay", owed.sale.intent_id)
    assert (short.exit_code, "this account has insufficient funds" in short.output) == (1, True)
    owed.earns(20_00)
    for _ in range(2):
        assert counter.run("dues", "--pay", owed.sale.intent_id).output == "晨光咖啡 18.80 CNY, paid later.\n"
    assert counter.run("payments").output.splitlines() == [declined + "paid later"]
    assert counter.run("balance").output.splitlines() == [
        "1.20 CNY",
        "500.00 CNY of it also where the shop is offline",
    ]


def test_what_is_not_mine_is_refused_and_may_still_be_paid(counter: Counter) -> None:
    owed = declined_at_sync(counter)
    said = counter.run("dues", "--refuse", owed.sale.intent_id)
    assert said.output == (
        "晨光咖啡 18.80 CNY, you declined to pay it. Should you change your mind: "
        f"`pengpos phone dues --pay {owed.sale.intent_id}`.\n"
    )
    assert (counter.run("dues").output, owed.state()) == (said.output, "refused")
    owed.till.refund(owed.sale)
    assert counter.run("dues").output == "晨光咖啡, nothing more is owed.\n"
    late = counter.run("dues", "--pay", owed.sale.intent_id)
    assert (late.exit_code, "this is withdrawn" in late.output) == (1, True)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("insufficient_funds", "because your account had insufficient funds"),
        ("too_old", "because it came too late"),
        ("something_new", "because the answer was something_new"),
    ],
)
def test_why_it_was_declined_is_in_words(code: str, why: str) -> None:
    asked = {"intent_id": str(uuid4()), "merchant": {"name": "晨光咖啡"}, "amount": 1, "currency": "CNY", "code": code,
             "state": "open"}  # fmt: skip
    assert why in words.of_due(AccountDue.model_validate(asked))


def test_scanning_pays_and_says_the_code(counter: Counter) -> None:
    url = f"{counter.shop.backend.origin}/t#{counter.till.sale(1880, online=False).text}"
    result = counter.run("scan", url)
    assert result.exit_code == 0, result.output
    paid = f"晨光咖啡 {counter.till.terminal_id[-4:]}-0001 18.80 CNY, paid"
    assert result.output.startswith(f"{paid}, receipt http")
    assert "Tell the cashier this code: " in result.output
    assert counter.run("payments").output.startswith(paid)


def test_a_backend_out_of_reach_does_not_keep_a_phone_from_paying(counter: Counter) -> None:
    counter.run("balance")
    replies = counter.serve(counter.till.sale(1880))
    result = counter.run("--backend", "http://127.0.0.1:9", "tap")
    assert (result.exit_code, "going on without" in result.output) == (0, True)
    assert isinstance(replies.result(DEADLINE_S)[0], Authorises)


def test_nobody_asked(counter: Counter) -> None:
    result = counter.run("tap", "--hold", "0.1")
    assert result.exit_code == 1
    assert result.output == "The terminal asked this phone for nothing. Is there a sale on it?\n"


def remove_parts(counter: Counter) -> None:
    (counter.home / "run" / "parts.json").unlink()


def spoil_parts(counter: Counter) -> None:
    (counter.home / "run" / "parts.json").write_text("{}")


def no_virtual_reader(counter: Counter) -> None:
    (counter.home / "run" / "parts.json").write_text('{"backend": "http://127.0.0.1:9", "vpcd_ports": []}')


def no_reader_listening(counter: Counter) -> None:
    counter.reader.close()


def foreign_account(counter: Counter) -> None:
    counter.run("balance")
    with WalletStore(counter.home / "phone" / "shopper" / "wallet.sqlite3") as store:
        store.write_note("token", "another backend's")


def nothing(counter: Counter) -> None:
    del counter


@pytest.mark.parametrize(
    ("spoil", "arguments", "said"),
    [
        pytest.param(remove_parts, ["tap"], "no terminal is running here", id="nothing runs"),
        pytest.param(spoil_parts, ["tap"], "not readable", id="parts spoilt"),
        pytest.param(no_virtual_reader, ["tap"], "no virtual one", id="real readers only"),
        pytest.param(no_reader_listening, ["tap"], "`pengpos run` starts one", id="no reader"),
        pytest.param(foreign_account, ["balance"], "does not know the account of 'shopper'", id="another's account"),
        pytest.param(nothing, ["--name", "../x", "balance"], "is not a phone's name", id="a path as name"),
        pytest.param(nothing, ["--name", "new", "tap", "--offline"], "signs up", id="new and offline"),
        pytest.param(nothing, ["--backend", "http://127.0.0.1:9", "balance"], "127.0.0.1:9", id="no backend"),
        pytest.param(nothing, ["tap", "--tip", "much"], "not an amount", id="a tip that is none"),
        pytest.param(nothing, ["tap", "--slow", "1", "--garbage"], "one at a time", id="two manners"),
        pytest.param(nothing, ["dues", "--pay", NOBODYS, "--refuse", NOBODYS], "one at a time", id="pay and refuse"),
        pytest.param(nothing, ["dues", "--pay", NOBODYS], "no such due", id="nobody's due"),
        pytest.param(nothing, ["dues", "--pay", "1"], "not a valid UUID", id="a due by no id"),
        pytest.param(nothing, ["scan", "http://evil.example/t/x"], "another payment service", id="a foreign URL"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    spoil: Callable[[Counter], None], arguments: list[str], said: str, counter: Counter
) -> None:
    spoil(counter)
    result = counter.run(*arguments)
    assert result.exit_code in {1, 2}
    assert said in result.output
    assert "Traceback" not in result.output
