# SPDX-License-Identifier: Apache-2.0
"""Nodes with networks of their own, or as addresses of the loopback where none may be made."""

from pathlib import Path

import pytest

from workshop.ha.network import Network


@pytest.mark.parametrize(
    ("own", "addresses"),
    [(True, ["10.77.0.1", "10.77.0.2", "10.77.0.3"]), (False, ["127.77.0.1", "127.77.0.2", "127.77.0.3"])],
)
def test_where_the_nodes_are(own: bool, addresses: list[str], tmp_path: Path) -> None:  # a table's
    assert [node.address for node in Network(own, tmp_path).nodes] == addresses


def test_without_networks_of_their_own_a_command_stays_as_it_is_and_nothing_is_made(tmp_path: Path) -> None:
    network = Network(own=False, directory=tmp_path)
    network.open()
    assert network.command(network.nodes[0], ["etcd", "--version"]) == ["etcd", "--version"]
    network.close()
    assert list(tmp_path.iterdir()) == []
