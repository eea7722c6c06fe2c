# SPDX-License-Identifier: Apache-2.0
"""The browser that tests pages: it renders, it is Debian's, and it notices what a page should not do."""

from typing import TYPE_CHECKING

import pytest

from tests.support.browser import profile

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_it_renders_a_page_in_the_language_that_was_asked_for(browser: "Browser") -> None:
    with profile(browser, locale="zh-TW") as context:
        page = context.new_page()
        page.set_content("<h1>碰一碰</h1>")
        assert page.inner_text("h1") == "碰一碰"
        assert page.evaluate("[navigator.language, innerWidth, matchMedia('(pointer: coarse)').matches]") == [
            "zh-TW", 360, True
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("throw new Error('torn')", "torn"),
        ("console.error('lost')", "lost"),
    ],
    ids=["thrown", "logged"],
)
def test_what_a_page_should_not_do_fails_its_test(browser: "Browser", script: str, said: str) -> None:
    def visit(*expected: str) -> None:
        with profile(browser, expected=expected) as context:
            page = context.new_page()
            page.set_content(f"<script>{script}</script><p>after")
            page.get_by_text("after").wait_for()

    with pytest.raises(AssertionError, match=said):
        visit()
    visit(said)
