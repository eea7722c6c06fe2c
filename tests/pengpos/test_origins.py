# SPDX-License-Identifier: Apache-2.0
"""A backend's address is one, however it is typed; what is none is refused."""

import httpx
import pytest

from pengpos.backend_api.signing import target_uri
from pengpos.origins import origin_of


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://pay.example", "https://pay.example"),
        (" https://pay.example/ ", "https://pay.example"),
        ("HTTPS://Pay.Example:443/", "https://pay.example"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://pay.example:8443/shops/", "https://pay.example:8443/shops"),
        ("https://pay.example/商店", "https://pay.example/%E5%95%86%E5%BA%97"),
        ("https://例子.cn", "https://xn--fsqu00a.cn"),
        ("https://例子。cn:8443", "https://xn--fsqu00a.cn:8443"),
        ("https：／／Ｐａｙ．example", "https://pay.example"),
        ("https://XN--FSQU00A.cn", "https://xn--fsqu00a.cn"),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai"),
        ("http://[::1]:8480/", "http://[::1]:8480"),
        ("https://my_box.example", "https://my_box.example"),
    ],
)
def test_one_address_is_written_in_one_way(typed: str, origin: str) -> None:
    assert origin_of(typed) == origin
    assert origin_of(origin) == origin
    assert target_uri(httpx.Request("GET", f"{origin}/x")) == f"{origin}/x"


@pytest.mark.parametrize(
    "typed",
    [
        "", "pay.example", "ftp://pay.example", "https://", "https:///x", "https://ann:secret@pay.example",
        "https://pay.example/?a=1", "https://pay.example/#x", "https://[::1", "https://pay.example:port",
        "https://pay.example:0", "https://pay.example:99999", "https://pay example", "https://☕.cn", "https://xn--a.cn",
        "https://-pay.example", "https://pay.example\n/x", "https://pay\u200b.example",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        origin_of(typed)
