# SPDX-License-Identifier: Apache-2.0
"""The signed and unsigned objects of the tap: credential, intent, presentation, reply, receipt and what they carry."""
