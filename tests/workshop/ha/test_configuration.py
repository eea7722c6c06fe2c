# SPDX-License-Identifier: Apache-2.0
"""What the programs of the cluster are started with: who finds whom, and what makes a commit safe."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from workshop.ha import configuration
from workshop.ha.configuration import Node, nodes

THREE = nodes("10.0.0")
HERE = Path("/run/ha/n2")


def document(node: Node = THREE[1]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(
        configuration.patroni_text(node, THREE, HERE, Path("/usr/lib/postgresql/15/bin"), "s/e")
    )
    return made


def test_three_nodes_have_a_name_and_an_address_each() -> None:
    assert [(node.name, node.address) for node in THREE] == [
        ("n1", "10.0.0.1"),
        ("n2", "10.0.0.2"),
        ("n3", "10.0.0.3"),
    ]


@pytest.mark.parametrize(
    ("usual", "ours"),
    [(5432, "postgres_port"), (2379, "etcd_port"), (2380, "peer_port"), (8008, "rest_port")],
)
def test_no_port_is_one_that_the_machines_own_services_have(usual: int, ours: str) -> None:
    assert {getattr(node, ours) for node in THREE} != {usual}


def test_each_etcd_knows_all_three_and_listens_on_its_own_address_only() -> None:
    words = configuration.etcd_arguments(THREE[1], THREE, HERE)
    said = dict(word.removeprefix("--").split("=", 1) for word in words)
    assert said["initial-cluster"] == "n1=http://10.0.0.1:22380,n2=http://10.0.0.2:22380,n3=http://10.0.0.3:22380"
    assert {said[name] for name in said if name.startswith("listen")} == {
        "http://10.0.0.2:22379",
        "http://10.0.0.2:22380",
    }
    assert said["data-dir"] == "/run/ha/n2/etcd"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("bootstrap.dcs.synchronous_mode", "quorum"),
        ("bootstrap.dcs.synchronous_mode_strict", True),
        ("bootstrap.dcs.synchronous_node_count", 1),
        ("bootstrap.dcs.ttl", 20),
        ("postgresql.listen", "10.0.0.2:25432"),
        ("postgresql.data_dir", "/run/ha/n2/data"),
        ("postgresql.authentication.superuser.password", "s/e"),
        ("etcd3.hosts", ["10.0.0.1:22379", "10.0.0.2:22379", "10.0.0.3:22379"]),
        ("restapi.listen", "10.0.0.2:28008"),
    ],
)
def test_patroni_is_told(path: str, value: object) -> None:
    found: Any = document()
    for name in path.split("."):
        found = found[name]
    assert found == value


def test_a_leader_gives_way_before_its_lease_is_over() -> None:
    """Patroni's own rule: else two could lead at once."""
    dcs = document()["bootstrap"]["dcs"]
    assert dcs["loop_wait"] + 2 * dcs["retry_timeout"] <= dcs["ttl"]


def test_nobody_gets_into_the_database_without_a_password() -> None:
    rules = document()["postgresql"]["pg_hba"]
    assert {rule.split()[-1] for rule in rules} == {"scram-sha-256"}
    assert [rule.split()[3] for rule in rules if rule.startswith("host")] == ["10.0.0.0/24"] * 2


def test_workers_are_given_all_three_and_the_password_as_it_is() -> None:
    url = make_url(configuration.database_url(THREE, "s/e c"))
    assert (url.drivername, url.username, url.password) == ("postgresql+psycopg", "pengpos", "s/e c")
    assert url.query["host"] == ("10.0.0.1:25432", "10.0.0.2:25432", "10.0.0.3:25432")


def test_the_balancer_sends_no_request_to_a_second_worker() -> None:
    """What a worker has heard it may have done: only who signed it may send it again."""
    lines = [line.strip() for line in configuration.balancer_text(8080, [1001, 1002]).splitlines()]
    assert [line for line in lines if line.startswith("retry-on")] == ["retry-on conn-failure"]
    assert "bind 127.0.0.1:8080" in lines
    assert [line.split()[1:3] for line in lines if line.startswith("server ")] == [
        ["w1", "127.0.0.1:1001"],
        ["w2", "127.0.0.1:1002"],
    ]
