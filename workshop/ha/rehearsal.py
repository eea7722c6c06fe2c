# SPDX-License-Identifier: Apache-2.0
"""One rehearsal from the first start to the judgement: what `make ha` does."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from workshop.bench.backend_parties import STORE_ID, PayingTerminal, PayingWallet
from workshop.ha.cluster import Cluster
from workshop.ha.configuration import database_url
from workshop.ha.faults import Fault, Kind
from workshop.ha.judging import GOAL_S, Booked, Evidence, Money, Promise, TillDay, judge, longest_gap_s
from workshop.ha.network import Network
from workshop.ha.payers import ASK_S, Payer
from workshop.ha.software import Software
from workshop.ha.tills import CURRENCY, Till, TillLoop
from workshop.ha.workers import Workers

GIVEN_MINOR: Final = 1_000_00
"""What each account has at first."""
WALLETS_OF_PAYER: Final = 30
AFTER_S: Final = 5.0
"""Of payments after the last fault."""
OPERATOR_LIMIT_S: Final = 60.0
SETTLE_LIMIT_S: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one fault did to the service."""

    fault: Fault
    whom: str
    gap_s: float

    def line(self) -> str:
        """For people."""
        met = "within" if self.gap_s <= GOAL_S else "more than"
        return f"  {self.fault.kind:<30} {self.whom:<10} {self.gap_s:6.1f} s without service, {met} {GOAL_S:g} s"


@dataclass(slots=True)
class Rehearsal:
    """Opened as a context of its `stack`; says what it does line by line."""

    directory: Path
    network: Network
    payers: Sequence[Payer] = ()
    tills: Sequence[Till] = ()
    stack: ExitStack = field(default_factory=ExitStack)
    outcomes: list[Outcome] = field(default_factory=list)
    _cluster: Cluster | None = None
    _workers: Workers | None = None

    @property
    def cluster(self) -> Cluster:
        """The running one."""
        assert self._cluster is not None
        return self._cluster

    @property
    def workers(self) -> Workers:
        """The running ones."""
        assert self._workers is not None
        return self._workers

    def run(self, faults: Sequence[Fault], *, payers: int, tills: int) -> Iterator[str]:
        """All of it; the promises are in what `evidence` gives afterwards. Raises what a part of it raises."""
        software, password = Software.found(), secrets.token_urlsafe(16)
        began_s = time.monotonic()
        self.stack.callback(self.network.close)
        self.network.open()
        self._cluster = Cluster(software, self.network, self.directory, password)
        self.stack.callback(self._cluster.close)
        self._cluster.open()
        yield f"  three PostgreSQL under Patroni after {time.monotonic() - began_s:.0f} s"
        self._workers = Workers(software, self.directory, database_url(self.network.nodes, password))
        self.stack.callback(self._workers.close)
        self._workers.open()
        yield f"  two workers behind a balancer after {time.monotonic() - began_s:.0f} s"
        self._open_parties(payers, tills)
        yield f"  {payers} terminals that pay without a pause, {tills} that sell to phones"
        for fault in faults:
            yield (outcome := self._meet(fault)).line()
            self.outcomes.append(outcome)
        time.sleep(AFTER_S)
        for party in self._parties():
            party.stop()

    # --- parties ------------------------------------------------------------------------------------------------------

    def _open_parties(self, payers: int, tills: int) -> None:
        with self._operator() as operator:
            codes = [self._code(operator) for _ in range(payers + tills)]
        made: list[Payer] = []
        for number, code in enumerate(codes[:payers], 1):
            http = self.stack.enter_context(httpx.Client(base_url=self.workers.origin, timeout=ASK_S, trust_env=False))
            wallets = [PayingWallet.sign_up(http) for _ in range(WALLETS_OF_PAYER)]
            made.append(Payer(f"payer {number}", PayingTerminal(http, code), wallets))
        self.payers = made
        if tills:
            floor = TillLoop()
            self.stack.callback(floor.close)
            self.tills = [
                Till(f"till {number}", self.directory / f"till-{number}", floor, self.workers.origin)
                for number in range(1, tills + 1)
            ]
            for till, code in zip(self.tills, codes[payers:], strict=True):
                till.enrol(code)
                self.stack.callback(till.close)
                till.open()
        for party in self._parties():
            self.stack.callback(party.stop)
            party.start()

    def _parties(self) -> Sequence[Payer | Till]:
        return [*self.payers, *self.tills]

    def _operator(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.workers.admin_token}"}
        return httpx.Client(base_url=self.workers.origin, headers=headers, timeout=OPERATOR_LIMIT_S, trust_env=False)

    def _code(self, operator: httpx.Client) -> str:
        return str(_json(operator.post("/admin/v1/activation-codes", json={"store_id": STORE_ID}))["activation_code"])

    # --- faults -------------------------------------------------------------------------------------------------------

    def _meet(self, fault: Fault) -> Outcome:
        """Do it, let it last, mend it, and wait until all is whole again."""
        time.sleep(fault.quiet_s)
        begin_s = time.monotonic()
        whom, mend = self._do(fault.kind)
        time.sleep(fault.lasts_s)
        mend()
        self.cluster.until_whole()
        self._until_paid_after(time.monotonic())
        return Outcome(fault=fault, whom=whom, gap_s=longest_gap_s(self._times(), begin_s, time.monotonic()))

    def _do(self, kind: Kind) -> tuple[str, Callable[[], None]]:
        """Whom it met, and what mends it."""
        cluster, network = self.cluster, self.network
        match kind:
            case Kind.KILL_WORKER:
                self.workers.kill(0)
                return "worker 1", self._restart_worker
            case Kind.KILL_STANDBY | Kind.KILL_ETCD:
                machine = cluster.a_standby()
            case _:
                machine = cluster.leader()
        name = machine.node.name
        match kind:
            case Kind.KILL_LEADER | Kind.KILL_STANDBY:
                cluster.kill(machine)
                return name, lambda: cluster.start_patroni(machine)
            case Kind.KILL_DATABASE:
                cluster.kill_database(machine)
                return name, lambda: None
            case Kind.KILL_ETCD:
                assert machine.etcd is not None
                machine.etcd.kill()
                return name, lambda: cluster.start_etcd(machine)
            case Kind.FREEZE_LEADER:
                cluster.freeze(machine)
                return name, lambda: cluster.thaw(machine)
            case Kind.CUT_LEADER:
                network.cut(machine.node)
                return name, lambda: network.mend(machine.node)
            case Kind.CUT_FROM_PEERS:
                network.cut_from_peers(machine.node)
                return name, lambda: network.mend_to_peers(machine.node)

    def _restart_worker(self) -> None:
        self.workers.restart(0)
        self.workers.await_ready(0)

    def _times(self) -> list[float]:
        return [one.at_s for payer in self.payers for one in list(payer.acknowledged)]

    def _until_paid_after(self, moment_s: float) -> None:
        latest_s = moment_s + 2 * GOAL_S
        while max(self._times(), default=0.0) <= moment_s and time.monotonic() < latest_s:
            time.sleep(0.1)

    # --- the end ------------------------------------------------------------------------------------------------------

    def evidence(self) -> Evidence:
        """Let everything come to rest, settle the day, and ask all witnesses."""
        for till in self.tills:
            till.settle()
        with self._operator() as operator:
            booked = list(booked_payments(operator))
            money = self._money(operator)
            days = self._days(operator)
        return Evidence(
            acknowledged=[one for payer in self.payers for one in payer.acknowledged],
            unanswered=sum(payer.unanswered for payer in self.payers),
            booked=booked,
            tills=days,
            money=money,
        )

    def promises(self) -> tuple[Promise, ...]:
        """What the evidence says of each."""
        return judge(self.evidence())

    def _money(self, operator: httpx.Client) -> Money:
        tokens = [wallet.token for payer in self.payers for wallet in payer.wallets]
        tokens += [till.token for till in self.tills]
        left = 0
        for token in tokens:
            headers = {"Authorization": f"Bearer {token}"}
            left += int(_json(operator.get("/wallet/v1/balance", headers=headers))["amount"])
        merchants = operator.get("/admin/v1/merchants").raise_for_status().json()
        return Money(
            given_to_shoppers=GIVEN_MINOR * len(tokens),
            left_with_shoppers=left,
            owed_to_merchants=sum(int(each["balances"].get(CURRENCY, 0)) for each in merchants),
            ledger_is_balanced=_json(operator.get("/admin/v1/ledger/check"))["balanced"] is True,
        )

    def _days(self, operator: httpx.Client) -> list[TillDay]:
        if not self.tills:
            return []
        today = self.tills[0].status().day
        assert today is not None, "an enrolled terminal has a day"
        _settle(operator, today.date)
        return [till.day(today.date) for till in self.tills]


def booked_payments(operator: httpx.Client) -> Iterator[Booked]:
    """Every payment that was taken, as the backend lists them, page by page."""
    after: str | None = None
    while True:
        page = _json(operator.get("/admin/v1/payments", params={"next": after} if after else {}))
        for payment in page["payments"]:
            if payment["state"] == "approved":
                yield Booked(intent_id=payment["intent_id"], total_minor=payment["total"])
        after = page.get("next")
        if not after:
            return


def _settle(operator: httpx.Client, date: str) -> None:
    """Settle a day; again where it takes longer than an answer is waited for, which settles what is left."""
    latest_s = time.monotonic() + SETTLE_LIMIT_S
    while True:
        try:
            operator.post(f"/admin/v1/settlements/{date}").raise_for_status()
        except (httpx.TransportError, httpx.HTTPStatusError):
            if time.monotonic() > latest_s:
                raise
        else:
            return


def _json(answer: httpx.Response) -> dict[str, Any]:
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
