# SPDX-License-Identifier: Apache-2.0
"""What each program of the cluster is started with: etcd, Patroni, the balancer, the workers. Pure.

Three nodes, each with an etcd, a Patroni and the PostgreSQL that Patroni runs. Every port is one that no such program
has by default, so that none of the machine's own is met.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

SCOPE: Final = "pengpos"
DATABASE: Final = "postgres"
OWNER: Final = "pengpos"
LOOPBACK: Final = "127.0.0.1"

TTL_S: Final = 20
"""Patroni takes no less. A leader whose machine is gone holds its lease for what is left of it."""
LOOP_WAIT_S: Final = 5
RETRY_TIMEOUT_S: Final = 5
HEARTBEAT_MS: Final = 250
ELECTION_MS: Final = 2_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One of the three machines; `number` from 1."""

    number: int
    address: str
    postgres_port: int = 25_432
    etcd_port: int = 22_379
    peer_port: int = 22_380
    rest_port: int = 28_008

    @property
    def name(self) -> str:
        """As etcd and Patroni call it."""
        return f"n{self.number}"

    @property
    def etcd_url(self) -> str:
        """Where clients of etcd come."""
        return f"http://{self.address}:{self.etcd_port}"

    @property
    def peer_url(self) -> str:
        """Where the other etcds come."""
        return f"http://{self.address}:{self.peer_port}"

    @property
    def rest_url(self) -> str:
        """Patroni's own API."""
        return f"http://{self.address}:{self.rest_port}"


def nodes(prefix: str) -> tuple[Node, ...]:
    """Three nodes of one network, such as `10.77.0`."""
    return tuple(Node(number=number, address=f"{prefix}.{number}") for number in (1, 2, 3))


def etcd_arguments(node: Node, all_nodes: Sequence[Node], directory: Path) -> list[str]:
    """The command line of one etcd, without the program."""
    return [
        f"--name={node.name}",
        f"--data-dir={directory / 'etcd'}",
        f"--listen-client-urls={node.etcd_url}",
        f"--advertise-client-urls={node.etcd_url}",
        f"--listen-peer-urls={node.peer_url}",
        f"--initial-advertise-peer-urls={node.peer_url}",
        f"--initial-cluster={','.join(f'{each.name}={each.peer_url}' for each in all_nodes)}",
        f"--initial-cluster-token={SCOPE}",
        "--initial-cluster-state=new",
        f"--heartbeat-interval={HEARTBEAT_MS}",
        f"--election-timeout={ELECTION_MS}",
    ]


def patroni_document(
    node: Node, all_nodes: Sequence[Node], directory: Path, programs: Path, password: str
) -> dict[str, Any]:
    """One Patroni's configuration, which is YAML: JSON is."""
    network = f"{node.address.rpartition('.')[0]}.0/24"
    owner = {"username": OWNER, "password": password}
    return {
        "scope": SCOPE,
        "name": node.name,
        "restapi": {
            "listen": f"{node.address}:{node.rest_port}",
            "connect_address": f"{node.address}:{node.rest_port}",
        },
        "etcd3": {"hosts": [f"{each.address}:{each.etcd_port}" for each in all_nodes]},
        "bootstrap": {
            "dcs": {
                "ttl": TTL_S,
                "loop_wait": LOOP_WAIT_S,
                "retry_timeout": RETRY_TIMEOUT_S,
                # Quorum: one standby, whichever, has each commit before it is acknowledged. Strict: where none is left,
                # commits wait; without it they would be acknowledged on one disk.
                "synchronous_mode": "quorum",
                "synchronous_mode_strict": True,
                "synchronous_node_count": 1,
                "primary_start_timeout": 0,  # a leader that crashes gives way at once
                "postgresql": {
                    "use_pg_rewind": True,
                    "use_slots": True,
                    "parameters": {
                        "max_connections": 100,
                        "shared_buffers": "32MB",
                        "wal_sender_timeout": "5s",
                        "wal_receiver_timeout": "5s",
                        "wal_keep_size": "256MB",
                    },
                },
            },
            "initdb": [{"encoding": "UTF8"}, "data-checksums"],
        },
        "postgresql": {
            "listen": f"{node.address}:{node.postgres_port}",
            "connect_address": f"{node.address}:{node.postgres_port}",
            "data_dir": str(directory / "data"),
            "bin_dir": str(programs),
            "pgpass": str(directory / "pgpass"),
            "authentication": {"superuser": owner, "replication": owner, "rewind": owner},
            "parameters": {"unix_socket_directories": str(directory)},
            "pg_hba": [
                "local all all scram-sha-256",
                f"host all all {network} scram-sha-256",
                f"host replication {OWNER} {network} scram-sha-256",
            ],
        },
    }


def patroni_text(*about: Any) -> str:
    """The same as it is written."""
    return json.dumps(patroni_document(*about), indent=2)


def database_url(all_nodes: Sequence[Node], password: str) -> str:
    """For the workers: all three, of which the backend takes the one that can be written to."""
    hosts = urlencode([("host", f"{node.address}:{node.postgres_port}") for node in all_nodes])
    return f"postgresql+psycopg://{OWNER}:{quote(password, safe='')}@/{DATABASE}?{hosts}"


def balancer_text(port: int, workers: Sequence[int]) -> str:
    """haproxy's configuration: one front at `port`, a worker at each of these ports of this machine.

    What has reached a worker is never sent to another one: only who signed it may send it again.
    """
    servers = "\n".join(
        f"    server w{number} {LOOPBACK}:{worker} check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions"
        for number, worker in enumerate(workers, 1)
    )
    return f"""\
global
    maxconn 4096
defaults
    mode http
    timeout connect 1s
    timeout client 75s
    timeout server 75s
    timeout http-request 10s
    timeout check 2s
    retries 2
    retry-on conn-failure
    option redispatch 1
    option forwardfor
frontend front
    bind {LOOPBACK}:{port}
    default_backend workers
backend workers
    balance leastconn
    option httpchk GET /v1/health
{servers}
"""
