# SPDX-License-Identifier: Apache-2.0
"""The technician's room: enrol, doctor, install, update, retire.

Reading order: activation, finding, machine, doctor, ports, enrolment, probes, cli.
"""

__all__ = ["cli", "doctor", "finding", "ports", "probes"]
