# SPDX-License-Identifier: Apache-2.0
"""`pengpos bench`: what things cost on this machine, beside their floor and their peers."""
