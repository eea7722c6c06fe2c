# SPDX-License-Identifier: Apache-2.0
"""The backend API over HTTP: the one place that turns transport trouble into outcomes. Decides nothing."""
