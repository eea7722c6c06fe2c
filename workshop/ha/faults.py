# SPDX-License-Identifier: Apache-2.0
"""What goes wrong in a rehearsal, and in which order. Pure: the same number draws the same plan."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """One kind of fault."""

    KILL_LEADER = "kill the leader"
    """PostgreSQL and its Patroni at once, as when the machine loses its power."""
    KILL_DATABASE = "kill the leader's database"
    """PostgreSQL alone: Patroni lives and sees it."""
    KILL_STANDBY = "kill a standby"
    KILL_WORKER = "kill a worker"
    KILL_ETCD = "kill an etcd"
    FREEZE_LEADER = "freeze the leader's machine"
    """Nothing on it runs, and nothing that is connected to it hears so."""
    CUT_LEADER = "cut the leader's machine off"
    """No packet to or from it."""
    CUT_FROM_PEERS = "cut the leader from its peers"
    """The workers reach it, the other two nodes do not."""


NEEDS_NETWORK: Final = frozenset({Kind.CUT_LEADER, Kind.CUT_FROM_PEERS})
"""A network of its own for each node: else the machine is frozen in its place."""

LASTS_S: Final = {
    Kind.KILL_LEADER: 8.0,
    Kind.KILL_DATABASE: 0.0,
    Kind.KILL_STANDBY: 8.0,
    Kind.KILL_WORKER: 5.0,
    Kind.KILL_ETCD: 8.0,
    Kind.FREEZE_LEADER: 35.0,
    Kind.CUT_LEADER: 35.0,
    Kind.CUT_FROM_PEERS: 35.0,
}
"""How long it stays so. A cut is longer than the leader's lease, so that another one takes over meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One of a plan; `quiet_s` passes before it, after everything has come back from the one before."""

    kind: Kind
    lasts_s: float
    quiet_s: float


def plan(rounds: int, *, seed: int, kinds: Sequence[Kind] = tuple(Kind), networks: bool = True) -> tuple[Fault, ...]:
    """Each kind once a round, in an order of its own; without networks of their own nodes are frozen, not cut."""
    draw = random.Random(seed)  # noqa: S311  # a plan, no secret
    made: list[Fault] = []
    for _ in range(rounds):
        order = list(kinds)
        draw.shuffle(order)
        for kind in order:
            here = kind if networks or kind not in NEEDS_NETWORK else Kind.FREEZE_LEADER
            made.append(Fault(kind=here, lasts_s=LASTS_S[here], quiet_s=round(draw.uniform(3.0, 8.0), 1)))
    return tuple(made)
