# SPDX-License-Identifier: Apache-2.0
"""The technician's room: enrols a device as a terminal, and examines what is well on it and what is not.

Reading order: words, enrol_words, activation, finding, machine, doctor, ports, enrolment, probes, cli.
"""

__all__ = ["cli", "doctor", "finding", "ports", "probes"]
