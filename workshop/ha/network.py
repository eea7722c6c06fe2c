# SPDX-License-Identifier: Apache-2.0
"""A network for each node, and a bridge between them, all inside the one in which the rehearsal runs.

That one is the rehearsal's own (`unshare --net`, see `__main__`): nothing here touches the machine's network, and all
of it is gone when the last process has ended. Without the right to make one, nodes are addresses of the loopback.
"""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workshop.ha.child import Child
from workshop.ha.configuration import Node, nodes

OWN: Final = "10.77.0"
SHARED: Final = "127.77.0"
_OURS: Final = 254
_LIMIT_S: Final = 10.0


@dataclass(slots=True)
class Network:
    """How each node is reached; `own`: whether each has a network of its own, which can be cut."""

    own: bool
    directory: Path
    _anchors: dict[str, Child] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The three of them."""
        return nodes(OWN if self.own else SHARED)

    def open(self) -> None:
        """Make what there is to make; raises CalledProcessError."""
        if not self.own:
            return
        _run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", "bridge", "type", "bridge")
        _run("ip", "addr", "add", f"{OWN}.{_OURS}/24", "dev", "bridge")
        _run("ip", "link", "set", "bridge", "up")
        for node in self.nodes:
            anchor = self._anchors[node.name] = Child(
                node.name, ["unshare", "--net", "sleep", "infinity"], log=self.directory / "network.log"
            )
            _until_apart(anchor.pid)
            _run("ip", "link", "add", node.name, "type", "veth", "peer", "name", "eth0", "netns", str(anchor.pid))
            _run("ip", "link", "set", node.name, "master", "bridge", "up")
            for words in (("link", "set", "lo", "up"), ("addr", "add", f"{node.address}/24", "dev", "eth0"),
                          ("link", "set", "eth0", "up")):  # fmt: skip
                self._inside(node, "ip", *words)

    def command(self, node: Node, command: Sequence[str | Path]) -> list[str | Path]:
        """A command as it runs on a node."""
        if not self.own:
            return list(command)
        return ["nsenter", f"--net=/proc/{self._anchors[node.name].pid}/ns/net", "--", *command]

    def cut(self, node: Node) -> None:
        """No packet to or from it."""
        _run("ip", "link", "set", node.name, "down")

    def mend(self, node: Node) -> None:
        """All gets through again."""
        _run("ip", "link", "set", node.name, "up")

    def cut_from_peers(self, node: Node) -> None:
        """It and the other nodes do not hear each other any more; we and it do."""
        for peer in self.nodes:
            if peer != node:
                self._inside(node, "ip", "route", "add", "blackhole", f"{peer.address}/32")

    def mend_to_peers(self, node: Node) -> None:
        """They hear each other again."""
        for peer in self.nodes:
            if peer != node:
                self._inside(node, "ip", "route", "del", "blackhole", f"{peer.address}/32")

    def close(self) -> None:
        """End what holds the nodes' networks."""
        for anchor in self._anchors.values():
            anchor.stop()

    def _inside(self, node: Node, *command: str) -> None:
        _run(*map(str, self.command(node, command)))


def _until_apart(pid: int) -> None:
    """Until a process has left our network: `unshare` becomes `sleep` then."""
    ours = Path("/proc/self/ns/net").readlink()
    for _ in range(1_000):
        if Path(f"/proc/{pid}/ns/net").readlink() != ours and Path(f"/proc/{pid}/comm").read_text() == "sleep\n":
            return
        subprocess.run(["sleep", "0.01"], check=True)
    raise TimeoutError(f"process {pid} has not left our network")


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=_LIMIT_S)
