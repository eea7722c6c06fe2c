# SPDX-License-Identifier: Apache-2.0
"""The local API over HTTP: routes, views of a sale, the snapshot and the feed of changes.

Reading order: feed, reason_words, validation, http, publishing, views, lists, screens, snapshot, local_api.
"""

__all__ = ["feed", "http", "lists", "local_api", "publishing", "screens", "snapshot", "views"]
