# SPDX-License-Identifier: Apache-2.0
"""Three nodes: an etcd, a Patroni and its PostgreSQL each; who leads, and what is done to whom."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from pengpos.core.errors import PengposError
from workshop.ha.child import Child, signal_all
from workshop.ha.configuration import Node, etcd_arguments, patroni_text
from workshop.ha.network import Network
from workshop.ha.software import Software

START_LIMIT_S: Final = 180.0
BACK_LIMIT_S: Final = 180.0
LOOK_EVERY_S: Final = 0.25
_ASK_S: Final = 2.0
Members = Mapping[str, tuple[str, str]]
"""Role and state of each node by its name, in Patroni's words."""


def leaders(members: Members) -> list[str]:
    """Who leads: one, or none."""
    return [name for name, (role, state) in members.items() if role == "leader" and state == "running"]


def is_whole(members: Members, count: int) -> bool:
    """Whether one leads and all others follow it by streaming."""
    follow = [name for name, (role, state) in members.items() if role != "leader" and state == "streaming"]
    return (len(leaders(members)), len(follow)) == (1, count - 1)


class ClusterError(PengposError):
    """The cluster did not come to what it must, in time; the logs' folder is in the message."""


@dataclass(slots=True)
class Machine:
    """What runs on one node."""

    node: Node
    directory: Path
    etcd: Child | None = None
    patroni: Child | None = None

    def postmaster(self) -> int | None:
        """The process id of its PostgreSQL; None: none has started."""
        try:
            pid = int((self.directory / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
            return None
        return pid

    def pids(self) -> list[int]:
        """Of everything on it."""
        children = [child.pid for child in (self.patroni, self.etcd) if child is not None and child.is_running]
        postmaster = self.postmaster()
        return children if postmaster is None else [*children, postmaster]


@dataclass(slots=True)
class Cluster:
    """Opened by `open`, ended by `close`. Raises ClusterError."""

    software: Software
    network: Network
    directory: Path
    password: str
    machines: dict[str, Machine] = field(default_factory=dict)

    def open(self) -> None:
        """Start everything; there is a leader and two standbys that follow it when this returns."""
        for node in self.network.nodes:
            directory = self.directory / node.name
            directory.mkdir(mode=0o700)
            machine = self.machines[node.name] = Machine(node, directory)
            configured = directory / "patroni.yml"
            configured.write_text(
                patroni_text(node, self.network.nodes, directory, self.software.postgres, self.password),
                encoding="utf-8",
            )
            configured.chmod(0o600)
            if self.software.account is not None:
                for path in (directory, configured):
                    shutil.chown(path, self.software.account)
            self.start_etcd(machine)
        for machine in self.machines.values():
            self.start_patroni(machine)
        self.until_whole(START_LIMIT_S)

    def start_etcd(self, machine: Machine) -> None:
        """Start it, again too."""
        arguments = etcd_arguments(machine.node, self.network.nodes, machine.directory)
        machine.etcd = self._start(machine, "etcd", [self.software.etcd, *arguments])

    def start_patroni(self, machine: Machine) -> None:
        """Start it, again too; it starts its PostgreSQL."""
        command = [self.software.patroni, machine.directory / "patroni.yml"]
        machine.patroni = self._start(machine, "patroni", command)

    def _start(self, machine: Machine, name: str, command: Sequence[str | Path]) -> Child:
        log = self.directory / f"{machine.node.name}-{name}.log"
        inside = self.network.command(machine.node, command)
        return Child(name, inside, log=log, account=self.software.account)

    # --- who is what --------------------------------------------------------------------------------------------------

    def members(self) -> "Members":
        """Role and state of each by name, as any Patroni that answers says; empty: none does."""
        for machine in self.machines.values():
            try:
                answer = httpx.get(f"{machine.node.rest_url}/cluster", timeout=_ASK_S, trust_env=False)
                found: list[dict[str, Any]] = answer.json()["members"]
            except (httpx.HTTPError, ValueError, KeyError):
                continue
            return {each["name"]: (each["role"], each["state"]) for each in found}
        return {}

    def leader(self) -> Machine:
        """Who leads now, waiting for it."""
        found: list[Machine] = []

        def look() -> bool:
            found[:] = [self.machines[name] for name in leaders(self.members())]
            return bool(found)

        self._until(look, "a leader", BACK_LIMIT_S)
        return found[0]

    def a_standby(self) -> Machine:
        """One that follows."""
        leader = self.leader()
        return next(machine for machine in self.machines.values() if machine is not leader)

    def until_whole(self, limit_s: float = BACK_LIMIT_S) -> None:
        """Until one leads and both others follow it."""
        self._until(lambda: is_whole(self.members(), len(self.machines)), "one leader and two that follow", limit_s)

    def _until(self, holds: Callable[[], bool], what: str, limit_s: float) -> None:
        latest_s = time.monotonic() + limit_s
        while not holds():
            if time.monotonic() > latest_s:
                raise ClusterError(
                    f"not within {limit_s:g} s: {what}; {dict(self.members())}; logs in {self.directory}"
                )
            time.sleep(LOOK_EVERY_S)

    # --- what is done to them -----------------------------------------------------------------------------------------

    def kill(self, machine: Machine) -> None:
        """SIGKILL its Patroni and its PostgreSQL."""
        if machine.patroni is not None:
            machine.patroni.kill()
        self.kill_database(machine)

    def kill_database(self, machine: Machine) -> None:
        """SIGKILL its PostgreSQL, every process of it."""
        if (postmaster := machine.postmaster()) is not None:
            signal_all([postmaster], signal.SIGKILL)

    def freeze(self, machine: Machine) -> None:
        """Nothing on it runs any more, and nothing ends."""
        signal_all(machine.pids(), signal.SIGSTOP)

    def thaw(self, machine: Machine) -> None:
        """It goes on where it stood."""
        signal_all(machine.pids(), signal.SIGCONT)

    def close(self) -> None:
        """End everything; Patroni ends its PostgreSQL, and where it could not, it is killed."""
        for machine in self.machines.values():
            self.thaw(machine)
        for machine in self.machines.values():
            if machine.patroni is not None:
                machine.patroni.stop()
            self.kill_database(machine)
        for machine in self.machines.values():
            if machine.etcd is not None:
                machine.etcd.stop()
