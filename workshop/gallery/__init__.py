# SPDX-License-Identifier: Apache-2.0
"""Every screen and page as a picture."""
