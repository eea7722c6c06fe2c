# SPDX-License-Identifier: Apache-2.0
"""Ports for workers and balancer. The workers themselves: `make ha`."""

import socket

from workshop.ha.workers import free_ports


def test_each_port_is_free_and_another() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()
