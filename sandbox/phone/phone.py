# SPDX-License-Identifier: Apache-2.0
"""Puts a whole phone together without hardware: account, keys, wallet and card in one directory.

Knows how its parts hang together. Any number of them fit into one process; each is used by one holder at a time.
"""

import json
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from threading import Condition
from typing import Self, TypeVar

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.ports import Clock, Signer
from pengpos.system_clock import SystemClock
from pengpos.wire.encoding.keys import Issuers, PublicKey
from pengpos.wire.objects.credential import Credential, Role
from sandbox.phone import scan
from sandbox.phone.account import Account, AccountPayment, BackendUnreachableError, read_signed
from sandbox.phone.field.hold import hold
from sandbox.phone.field.manners import Honest, Manner, Move
from sandbox.phone.issuers import Trusted, learn
from sandbox.phone.revoked import Revoked, learn_revoked
from sandbox.phone.tokens import KEYS_MOST, SINCE, Tokens
from sandbox.phone.wallet.applet import Applet
from sandbox.phone.wallet.events import Event
from sandbox.phone.wallet.keyring import KeyRing
from sandbox.phone.wallet.owner import Owner
from sandbox.phone.wallet.promises import NEVER, Fate, Promises
from sandbox.phone.wallet.store import HeldCredential, WalletStore
from sandbox.phone.wallet.wallet import Wallet

SPARES = 3  # credentials kept for shops not yet visited; the backend divides the offline allowance among so many
_MAX_EVENTS = 1_000
_ISSUERS, _ISSUERS_VERSION = "issuers", "issuers_version"
_REVOKED, _REVOKED_VERSION = "revoked", "revoked_version"
log = logging.getLogger(__name__)
E = TypeVar("E")


class VirtualPhone:
    """One phone over its `directory`, which it makes if need be.

    `owner` and `manner` may be replaced between taps. `listener` gets every event as it happens, in the thread
    that holds the phone to the reader. Raises JournalError, ConfigError.
    """

    def __init__(
        self,
        directory: Path,
        *,
        owner: Owner | None = None,
        manner: Manner | None = None,
        clock: Clock | None = None,
        listener: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.manner: Manner = manner or Honest()
        self.listener = listener
        self.blocked_keys: frozenset[str] = frozenset()
        """The kids of strangers' keys of this account that were blocked when the phone was last online."""
        self._keys = KeyRing(directory / "keys")
        self._events: deque[Event] = deque(maxlen=_MAX_EVENTS)
        self._forgotten = 0
        self._happened = Condition()
        self.store = WalletStore(directory / "wallet.sqlite3")
        self.wallet = Wallet(
            self.store,
            issuers=_issuers_of(self.store),
            signer_of=self._keys.signer_of,
            clock=clock or SystemClock(),
            owner=owner,
            listener=self._note,
        )
        self.wallet.revoked = _revoked_of(self.store).kids
        self._card = Applet(self.wallet)

    def close(self) -> None:
        """Let go of the directory."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def owner(self) -> Owner:
        """The settings and wishes of the person who holds it; replace the value to change them."""
        return self.wallet.owner

    @owner.setter
    def owner(self, owner: Owner) -> None:
        self.wallet.owner = owner

    # --- in a field ----------------------------------------------------------------------------------------------

    def power_cycle(self) -> None:
        """The phone comes into a field, or the field went off and on."""
        self._card.power_cycle()
        self.manner.start()

    def respond(self, command: bytes) -> bytes:
        """What its card answers, whatever the manner in which the phone is held."""
        return self._card.respond(command)

    def exchange(self, command: bytes) -> Move:
        """What the reader gets for one command, as the phone is held."""
        return self.manner.move(command, self._card.respond)

    def hold(
        self, port: int, seconds: float, *, host: str = "127.0.0.1", lift_when: Callable[[Event], bool] | None = None
    ) -> bool:
        """Hold the phone to the virtual reader at vpcd's `port`: see `sandbox.phone.field.hold`."""
        mark = self.mark()

        def done() -> bool:
            return lift_when is not None and any(lift_when(event) for event in self.events_since(mark))

        return hold(self, host, port, seconds, happened=self._happened, done=done)

    # --- what its screen showed ----------------------------------------------------------------------------------

    def mark(self) -> int:
        """Where the list of events ends now."""
        with self._happened:
            return self._forgotten + len(self._events)

    def events_since(self, mark: int = 0) -> list[Event]:
        """What the screen showed since then, the newest last; it shows the last thousand."""
        with self._happened:
            return list(self._events)[max(0, mark - self._forgotten) :]

    def wait_for_event(self, kind: type[E], timeout_s: float, *, since: int = 0) -> E | None:
        """The first event of this kind since `mark()`, waiting for it; None if the time was over."""

        def found() -> E | None:
            return next((event for event in self.events_since(since) if isinstance(event, kind)), None)

        with self._happened:
            self._happened.wait_for(lambda: found() is not None, timeout_s)
            return found()

    def _note(self, event: Event) -> None:
        with self._happened:
            self._forgotten += len(self._events) == _MAX_EVENTS
            self._events.append(event)
            self._happened.notify_all()
        self.listener(event)

    # --- account -------------------------------------------------------------------------------------------------

    @property
    def account_id(self) -> str | None:
        """The account this phone belongs to, once it has signed up."""
        return self.store.note("account_id")

    @property
    def backend(self) -> str | None:
        """The URL of the backend where that account is, as it was last reached."""
        return self.store.note("backend")

    def account(self, backend: str) -> Account:
        """This phone's access to its account. Raises BackendUnreachableError for a URL that is none."""
        return Account.at(backend, self.store.note("token"))

    def sign_up(self, account: Account, *, backend: str, name: str) -> None:
        """Open an account for this phone. Raises BackendUnreachableError, BackendRefusedError."""
        self._need_network()
        signed_up = account.sign_up(name, ["zh-Hans", "en"])
        with self.store.transaction():
            self.store.write_note("account_id", signed_up.account_id)
            self.store.write_note("token", signed_up.token)
            self.store.write_note("backend", backend)
            self.store.write_note(SINCE, str(self.wallet.now()))

    def sync(self, account: Account, *, spares: int = SPARES) -> frozenset[bytes]:
        """Learn issuers, balance and receipts, and fetch credentials for shops to come; what a phone does when online.

        The kids of issuers that the backend names and that no issuer of this phone has signed: they are not believed.
        Raises BackendUnreachableError, BackendRefusedError, and SignatureError or MalformedError for a credential that
        is not what was asked for.
        """
        self._need_network()
        account_id = self.account_id
        if account_id is None:
            raise BackendUnreachableError("account", "this phone has not signed up")
        refused = self._learn_issuers(account)
        self._learn_revoked(account)
        self._renew_token(account, account_id)
        self.store.write_note("backend", account.backend)
        self._learn_what_became_of_payments(account)
        for balance in account.balances():
            self.store.set_balance(balance.currency, balance.amount, balance.set_aside)
        for held in self.store.credentials():
            if self._goes_on(held):
                self.store.renew(self._certified(account, account_id, self._keys.signer_of(held.kid)))
        for _ in range(spares - self.store.spares(self.wallet.now())):
            self._fetch_credential(account, account_id)
        return refused

    def _renew_token(self, account: Account, account_id: str) -> None:
        now, held = self.wallet.now(), self.store.credentials()
        expired = frozenset(credential.kid for credential in held if credential.expires_at <= now)
        living = [credential.kid for credential in held if credential.kid not in expired]
        # The oldest that lives was named before, and if none lives, the account's first.
        speaking = dict.fromkeys([*living[:1], *(credential.kid for credential in held[:1])])
        tokens = Tokens(
            store=self.store,
            account=account,
            account_id=account_id,
            issuers=self.wallet.issuers,
            signers=[self._keys.signer_of(kid) for kid in speaking],
            kids=self._keys.kids()[:KEYS_MOST],  # expired ones too: this phone's clock may be wrong
        )
        tokens.settle()
        self.blocked_keys = frozenset(tokens.renew(now))
        if self.blocked_keys:
            log.warning("%d keys of this account that this phone does not know were blocked", len(self.blocked_keys))

    def _learn_what_became_of_payments(self, account: Account) -> None:
        payments = account.payments()
        for payment in payments:
            if payment.receipt is not None:
                paid = payment.status == "approved"
                self.wallet.take_receipt(read_signed(payment.receipt), own_account_paid=paid)
        promises = Promises(wallet=self.wallet, store=self.store)
        for payment in payments:  # after all receipts: by one of them this account may have paid by the page itself
            promises.hear(payment.intent_id.bytes, payment.promise, _fate_of(payment))
        delivered = {payment.intent_id.bytes for payment in payments}
        for signed in self.store.open_promises():  # the cashier may have given the sale up
            if signed.intent_id not in delivered:
                said = account.fate(signed.intent_id, signed.terminal_id, signed.kid)
                promises.hear(signed.intent_id, said.promise, NEVER if said.is_over else None)

    def _learn_issuers(self, account: Account) -> frozenset[bytes]:
        named = account.issuers()
        version = int(self.store.note(_ISSUERS_VERSION) or 0)
        trusted = learn(Trusted(issuers=self.wallet.issuers, version=version), named, self.wallet.now())
        with self.store.transaction():
            self.store.write_note(_ISSUERS, json.dumps([key.to_jwk() for key in trusted.issuers]))
            self.store.write_note(_ISSUERS_VERSION, str(trusted.version))
        self.wallet.issuers = trusted.issuers
        return trusted.lacks(named.listed)

    def _learn_revoked(self, account: Account) -> None:
        document = account.revoked()
        if document is None:
            return
        known = _revoked_of(self.store)
        try:
            learnt = learn_revoked(known, document, self.wallet.issuers, self.wallet.now())
        except (MalformedError, SignatureError) as error:  # a stranger's word: what is known stands
            log.warning("the backend's word on revoked terminals is not believed: %s", error)
            return
        with self.store.transaction():
            self.store.write_note(_REVOKED, json.dumps(sorted(kid.hex() for kid in learnt.kids)))
            self.store.write_note(_REVOKED_VERSION, str(learnt.version))
            if learnt.signs_promises:
                Promises(wallet=self.wallet, store=self.store).are_signed()
        self.wallet.revoked = learnt.kids

    def scan(self, account: Account, url: str) -> AccountPayment:
        """Pay what the URL of a tag or QR asks for: see `sandbox.phone.scan` for what it raises."""
        self._need_network()
        return scan.pay(scan.read_url(url, backend=self.backend or "", wallet=self.wallet), account, self.wallet)

    def _fetch_credential(self, account: Account, account_id: str) -> None:
        held = {credential.kid for credential in self.store.credentials()}
        self.store.add_credential(self._certified(account, account_id, self._keys.unused(held)))

    def _certified(self, account: Account, account_id: str, signer: Signer) -> Credential:
        """The credential that the backend gives to one of our keys; one without an end to come is no good."""
        credential = Credential.read(account.credential(account_id, signer), self.wallet.issuers)
        if credential.role is not Role.WALLET or credential.key != PublicKey.of(signer):
            raise SignatureError("a credential for another key than ours")
        if credential.expired(self.wallet.now()):
            raise SignatureError("a credential that has expired already, or this phone's clock is wrong")
        return credential

    def _goes_on(self, held: HeldCredential) -> bool:
        """Whether a key is worth a later credential: its allowance is free, half of its life is over, it is used.

        A fresh key in its place would get no allowance for some days: the money of this one stays set aside so long.
        """
        half_s = (held.expires_at - held.issued_at) // 2
        in_second_half = held.issued_at + half_s <= self.wallet.now() < held.expires_at
        if held.allowance is None or not in_second_half or self.store.promised_minor(held.kid) > 0:
            return False
        return held.merchant_id is None or self.store.last_signed_at(held.kid) >= held.issued_at

    def _need_network(self) -> None:
        if not self.owner.network:
            raise BackendUnreachableError("network", "this phone is offline")


def _fate_of(payment: AccountPayment) -> Fate | None:
    """As the backend says it unsigned."""
    if payment.final:
        return NEVER
    return Fate(taken=True, from_set_aside_minor=payment.from_set_aside) if payment.status == "approved" else None


def _issuers_of(store: WalletStore) -> Issuers:
    return Issuers(PublicKey.from_jwk(jwk) for jwk in json.loads(store.note(_ISSUERS) or "[]"))


def _revoked_of(store: WalletStore) -> Revoked:
    kids = frozenset(bytes.fromhex(kid) for kid in json.loads(store.note(_REVOKED) or "[]"))
    return Revoked(kids=kids, version=int(store.note(_REVOKED_VERSION) or 0))
