# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a reader or a tag, and its cure, are said in each language; as strings they are English."""

import errno

import pytest

from drivers.readers.pcsc import errors as pcsc
from drivers.readers.pcsc.winscard import Status, WinscardError
from drivers.readers.pn53x import errors as pn53x
from drivers.readers.supervisor import _trouble
from drivers.tags.ntag_protection import _unusable
from drivers.words import LOCKED_OUT
from pengpos.core.errors import ReaderLostError
from pengpos.i18n import LANGUAGES, Said, in_language


def of_status(status: Status) -> ReaderLostError:
    return pcsc.reader_lost("R", WinscardError("SCardConnect", status))


def on_usb(number: int, *, opening: bool = True, usb: bool = True) -> ReaderLostError:
    return pn53x.reader_lost("R", OSError(number, "why"), opening=opening, usb=usb)


@pytest.mark.parametrize(
    ("trouble", "says", "cure"),
    [
        (of_status(Status.NO_SERVICE), "PC/SC服务pcscd没有运行", "请启动它"),
        (of_status(Status.COMM_ERROR), "PC/SC服务pcscd中断了", "会自动重新连接"),
        (of_status(Status.SHARING_VIOLATION), "卡被其他程序占用", "请停止占用它的程序"),
        (of_status(Status.SECURITY_VIOLATION), "PC/SC服务pcscd拒绝了这个用户", "请用polkit规则允许"),
        (pcsc.unplugged("R"), "找不到读卡器", "请重新插上"),
        (pcsc.contact_card("R"), "里面是接触式卡或安全密钥", "请在pengpos.toml的[readers] exclude里排除它"),
        (pcsc.none_for_phones(["A", "B"]), "只有不能碰手机的卡槽：A, B", "请插上非接触式读卡器"),
        (pcsc.hung("R"), "读卡器没有响应", "请把手机拿开"),
        (on_usb(errno.EACCES), "这个用户无权打开读卡器（[Errno 13] why）", "请按厂商写一条udev规则"),
        (on_usb(errno.EACCES, usb=False), "这个用户无权打开端口（[Errno 13] why）", "请把用户加入dialout组"),
        (on_usb(errno.EBUSY), "读卡器被其他程序或内核驱动占用", "请把pn533_usb、pn533和nfc加入内核模块黑名单"),
        (on_usb(errno.EIO), "它的应答不像读卡器", "请拔下再插上；PN532模块要拨到HSU"),
        (on_usb(errno.EIO, opening=False), "读卡器不再应答", "会自动重新打开"),
        (pn53x.claimed("R", "pn533_usb"), "读卡器被内核驱动pn533_usb占用", "请把pn533_usb"),
        (_unusable(LOCKED_OUT), "标签芯片不能用：已对本机永久锁定", "请换一片NTAG I2C plus"),
    ],
    ids=lambda one: str(one)[:40] if isinstance(one, ReaderLostError) else None,
)
def test_trouble_is_said_in_the_technicians_language(trouble: ReaderLostError, says: str, cure: str) -> None:
    assert in_language(trouble.detail, "zh-Hans").startswith(says)
    assert in_language(trouble.cure, "zh-Hans").startswith(cure)
    assert trouble.detail.isascii()
    assert len({in_language(trouble.cure, language) for language in LANGUAGES}) == len(LANGUAGES)


def test_what_nobody_foresaw_is_said_too() -> None:
    def broken() -> None:
        raise RuntimeError("why")

    health = _trouble(broken, "R")
    assert health is not None
    assert health.detail == "internal error: RuntimeError('why')"
    assert in_language(health.detail, "zh-Hant") == "內部錯誤：RuntimeError('why')"
    assert isinstance(health.cure, Said)
