# SPDX-License-Identifier: Apache-2.0
"""The device itself: who it is, its clock, settings, alarms, and recording in the journal. Knows no sale's rules."""
