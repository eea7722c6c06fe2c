# SPDX-License-Identifier: Apache-2.0
"""The technician's room: enrols a device as a terminal, and examines what is well on it and what is not.

Reading order: activation, finding, words, machine, doctor, ports, enrolment, probes, cli.
"""

__all__ = ["cli", "doctor", "finding", "ports", "probes"]
