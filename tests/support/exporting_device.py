# SPDX-License-Identifier: Apache-2.0
"""A till with a journal, as a device that is exported and imported at the backend has it; and the operator's part."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner, Result

from offline_queue.cli import queue
from offline_queue.export.export import seal_unsent
from offline_queue.journal.files import load_or_create_key
from offline_queue.journal.journal import Journal
from pengpos.core.ports import Signer
from pengpos.core.sale import Authorised, Refund, Sale, SaleState
from pengpos.core.times import rfc3339
from pengpos.wire.encoding.base64url import b64u, unb64u
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import PublicKey
from pengpos.wire.objects.authorisation import Authorisation
from tests.support import shop as play
from tests.support.backend import Shop
from workshop.samples.journal import SaleMaker, moved, store


@dataclass
class Device:
    """A till with a journal of its own, as the daemon would have kept it."""

    shop: Shop
    till: play.Till
    home: Path
    journal: Journal
    signer: Signer | None

    def holds(self, sale: play.Sale, state: SaleState, **members: Any) -> Sale:
        """Record a sale that ended up in `state`."""
        claims = sale.intent.claims
        made = SaleMaker(claims.counter).signed(self.journal.next_counter(), at=claims.issued_at,
                                                amount_minor=claims.amount_minor)  # fmt: skip
        intent = replace(made.intent, intent_id=UUID(bytes=claims.intent_id), presentation=sale.presentation)
        signed = replace(made, sale_id=uuid4(), intents=(intent,), idempotency_key=sale.intent_id)
        store(self.journal, signed)
        ended = moved(replace(signed, **members), state, claims.issued_at)
        store(self.journal, ended)
        return ended

    def paid(self, amount: int, wallet: play.Wallet, state: SaleState, **members: Any) -> tuple[play.Sale, Sale]:
        """A sale that a phone said yes to, recorded in `state`."""
        sale = self.till.sale(amount, online=state is not SaleState.ACCEPTED_OFFLINE)
        raw = wallet.authorise(sale)
        claims = Authorisation.read(raw, PublicKey.of(wallet.key)).claims
        now = self.shop.clock.now()
        authorised = Authorised(
            wallet_credential=wallet.credential, authorisation=raw, wallet_kid=PublicKey.of(wallet.key).kid,
            counter=claims.counter, total_minor=amount, tip_minor=0, authorised_at=now, occurred_at=now,
            offline_allowed=True,
        )  # fmt: skip
        return sale, self.holds(sale, state, authorised=authorised, **members)

    def sealed(self) -> str:
        now = self.shop.clock.now()
        recipient, terminal_id = self.shop.backend.issuer.key, self.till.terminal_id
        return seal_unsent(self.journal, recipient, self.signer, terminal_id=terminal_id, made_at=now)

    def drain(self, sale: play.Sale, recorded: Sale) -> str:
        """What the terminal itself would send; the verdict's status."""
        assert recorded.authorised is not None
        item = {
            "presentation": sale.text,
            "authorisation": b64u(recorded.authorised.authorisation),
            "wallet_credential": b64u(recorded.authorised.wallet_credential),
            "accepted_offline": True,
            "occurred_at": rfc3339(recorded.authorised.occurred_at),
        }
        [verdict] = self.till.call("POST", "/payments/batch", {"payments": [item]}).json()["verdicts"]
        return str(verdict["status"])

    def queue(self, *words: str) -> Result:
        return CliRunner().invoke(queue, ["--home", str(self.home), *words])


@pytest.fixture
def device(shop: Shop, tmp_path: Path) -> Iterator[Device]:
    """A device of a new terminal."""
    home, till = tmp_path / "home", shop.till()
    journal = Journal.open(home / "journal.db", key=load_or_create_key(home / "journal.key"), clock=shop.clock)
    (home / "terminal.json").write_text(json.dumps(till.enrolment))
    yield Device(shop, till, home, journal, till.key)
    journal.close()


def take(shop: Shop, sealed: str) -> dict[str, Any]:
    """The operator imports it; the answer."""
    answer = shop.operator.call("POST", "/imports", {"sealed": sealed})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def acknowledged(shop: Shop, answer: dict[str, Any]) -> dict[str, Any]:
    """What the acknowledgement says."""
    raw = unb64u(answer["acknowledgement"])
    found: dict[str, Any] = json.loads(Sign1.read_issued(raw, shop.backend.issuer.trusted, Context.HEAD).payload)
    return found


def approve_all(shop: Shop) -> int:
    """A person says yes to all that is held; how much it was."""
    waiting = shop.operator.call("GET", "/reviews?state=open").json()["reviews"]
    for review in waiting:
        assert shop.operator.call("POST", f"/reviews/{review['review_id']}", {"approve": True}).is_success
    return len(waiting)


def refund_of(amount: int | None) -> Refund:
    """A refund not yet sent; None: of all."""
    return Refund(refund_id=uuid4(), idempotency_key="r", amount_minor=amount, reason="spoilt", at=1)
