# SPDX-License-Identifier: Apache-2.0
"""The technician's room: enrol, doctor, install, update, retire."""
