# SPDX-License-Identifier: Apache-2.0
"""Has another token put in the place of an account's once a day, and forgets none before an issuer says that it may.

Source: backend API, *A token*. Whoever stands on the line may hold a call back, answer in the backend's place, or have
the new token's hash taken by another account. So an answer that no issuer has signed over the new token ends nothing:
the phone keeps all it has drawn, goes by the one that opens, and asks again. With each it says which keys it holds;
those that a stranger had certified are blocked, and the phone's owner is told.

Tests: tests/sandbox/phone/test_token.py, tests/sandbox/phone/test_vectors.py
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pengpos.core.errors import MalformedError, SignatureError
from pengpos.core.ports import Signer
from pengpos.wire.encoding.cose import Context, Sign1
from pengpos.wire.encoding.keys import Issuers
from sandbox.phone.account import Account, BackendRefusedError, token_hash
from sandbox.phone.wallet.store import WalletStore

TOKEN_LIFE_S = 86_400
TOKENS_MOST = 16
"""So many are kept at once; more than two only where hash after hash was taken by another account."""
KEYS_MOST = 512
"""So many the backend takes; far more than can be certified within the life of a credential."""
_TOKEN, _DRAWN, SINCE, _TOLD = "token", "token_next", "token_since", "strangers_keys"
_BAD_PROOF = "bad_proof"
log = logging.getLogger(__name__)


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    account_id: str
    token_hash: str
    blocked: list[str] = Field(default=[], max_length=50)


def read_renewed(signed: bytes, issuers: Issuers, account_id: str, token: str) -> Sequence[str]:
    """The kids of strangers' keys that were blocked of late, as an issuer says it whose word this is on our new token.

    Raises MalformedError or SignatureError where no issuer says that this account's token is this one now.
    """
    read = Sign1.read_issued(signed, issuers, Context.ACCOUNT_TOKEN)
    try:
        said = _Said.model_validate_json(read.payload)
    except ValidationError as error:
        raise MalformedError(f"a token's renewal: {error.errors()[0]['msg']}") from error
    if (said.account_id, said.token_hash) != (account_id, token_hash(token)):
        raise MalformedError("the renewal of another token")
    return said.blocked


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The tokens of one phone's account, in its `store`; `account` goes by the one that was last seen to open.

    `signers`: the keys that may speak for the account, the likeliest first; `kids`: all that the phone has, whatever
    its clock says of their credentials; of more than `KEYS_MOST` the newest.
    """

    store: WalletStore
    account: Account
    account_id: str
    issuers: Issuers
    signers: Sequence[Signer]
    kids: Sequence[bytes]

    def settle(self) -> None:
        """Where it is not known which token is the account's, go by the first that opens; the oldest is tried last.

        Raises what calls raise. If none opens, by the one before.
        """
        drawn, before = self._drawn(), self.store.note(_TOKEN) or ""
        if len(drawn) < 2:
            return
        for token in (before, *(token for token in drawn if token != before)):
            if self._opens(token):
                self.store.write_note(_TOKEN, token)
                return
        self.account.go_by(before)

    def renew(self, now: int) -> Sequence[str]:
        """Ask for a token that was drawn before, or else for a fresh one, once the one in use is a day old.

        The kids of strangers' keys that were blocked by it and that the owner has not heard of. Raises
        BackendUnreachableError.
        """
        since = self.store.note(SINCE)
        is_young = since is not None and 0 <= now - int(since) < TOKEN_LIFE_S  # not where the clock ran ahead then
        if not self.signers or is_young:
            return ()
        drawn = self._drawn()
        token = drawn[0] if len(drawn) > 1 else self._draw()
        try:
            return self._ask(token, now)
        except BackendRefusedError as error:
            if error.status != HTTPStatus.CONFLICT or len(drawn) >= TOKENS_MOST:
                return self._refused(error, now)
        log.warning("another account has the hash of this phone's new token; it asks for another one")
        try:
            return self._ask(self._draw(), now)
        except BackendRefusedError as error:
            return self._refused(error, now)

    def _ask(self, token: str, now: int) -> Sequence[str]:
        signed = self._signed(token)
        try:
            blocked = read_renewed(signed, self.issuers, self.account_id, token)
        except (MalformedError, SignatureError) as error:
            log.warning("that there is a new token is not believed: %s", error)
            self.settle()
            return ()
        self.account.go_by(token)
        told = (self.store.note(_TOLD) or "").split()
        with self.store.transaction():
            self.store.write_note(_TOKEN, token)
            self.store.write_note(_DRAWN, "")
            self.store.write_note(SINCE, str(now))
            self.store.write_note(_TOLD, " ".join(blocked))
        return [kid for kid in blocked if kid not in told]

    def _signed(self, token: str) -> bytes:
        """What the backend answers, asked with the first key that it takes for the owner's."""
        *others, last = self.signers
        for signer in others:
            try:
                return self.account.renew_token(self.account_id, token, signer, self.kids)
            except BackendRefusedError as error:
                if error.code != _BAD_PROOF:
                    raise
        return self.account.renew_token(self.account_id, token, last, self.kids)

    def _refused(self, error: BackendRefusedError, now: int) -> Sequence[str]:
        log.info("the token stays: %s", error)
        if error.status == HTTPStatus.NOT_FOUND:  # a backend of page 1.2 knows no such call
            self.store.write_note(SINCE, str(now))
        self.settle()
        return ()

    def _opens(self, token: str) -> bool:
        self.account.go_by(token)
        try:
            self.account.balances()
        except BackendRefusedError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            return False
        return True

    def _drawn(self) -> list[str]:
        """All tokens that may be the account's, the newest first."""
        drawn = (self.store.note(_DRAWN) or "").split()
        token = self.store.note(_TOKEN) or ""
        return drawn if token in drawn else [*drawn, token]

    def _draw(self) -> str:
        """A fresh token, written down before it is asked for."""
        token = secrets.token_urlsafe(32)
        self.store.write_note(_DRAWN, " ".join([token, *self._drawn()]))
        return token
