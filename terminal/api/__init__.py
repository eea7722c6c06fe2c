# SPDX-License-Identifier: Apache-2.0
"""The local API over HTTP: routes, views of a sale, the snapshot and the feed of changes."""
