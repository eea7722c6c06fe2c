# SPDX-License-Identifier: Apache-2.0
"""What a payment is, purely: money, sale, machine, risk, ports, errors. No clock, file, thread or library."""
