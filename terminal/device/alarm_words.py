# SPDX-License-Identifier: Apache-2.0
"""What every alarm says, and the way out, in the languages of the shop.

Rules of the house (`docs/look.md`): say what happened, what it means, what to do. English is what logs and technicians
get; what a medium or a library said goes in as it came.
"""

from typing import Final, NamedTuple, assert_never

from offline_queue.export.mirror import MirrorHealth, MirrorState
from pengpos.client import Sentences
from pengpos.core.effects import AlarmKind
from pengpos.core.money import Money
from pengpos.core.sale import DueState, Sale


class AlarmWords(NamedTuple):
    """What happened, and what to do; `calm`: it has come right, and nobody need do anything."""

    text: Sentences
    cure: Sentences
    calm: bool = False


def _said(hans: str, hant: str, en: str) -> Sentences:
    return Sentences(zh_hans=hans, zh_hant=hant, en=en)


_ABOUT_A_SALE: Final[dict[AlarmKind, AlarmWords]] = {
    AlarmKind.DECLINED_AT_SYNC: AlarmWords(
        _said(
            "离线收的 {number} 上传后没有付成",
            "離線收的 {number} 上傳後沒有付成",
            "Stored sale {number} was declined",
        ),
        _said(
            "请顾客再付一次；日结里会算上这一笔",
            "請顧客再付一次；日結裡會算上這一筆",
            "Ask the shopper to pay again; the day's report counts it",
        ),
    ),
    AlarmKind.CODE_NOT_CONFIRMED: AlarmWords(
        _said(
            "凭确认码收下的 {number}，后台没有确认",
            "憑確認碼收下的 {number}，後台沒有確認",
            "Sale {number} was approved by a code that the backend does not confirm",
        ),
        _said(
            "留好小票，把编号报给客服",
            "留好小票，把編號報給客服",
            "Keep the slip and call the helpdesk with the number",
        ),
    ),
    AlarmKind.DELIVERY_FAILING: AlarmWords(
        _said(
            "{number} 传了十次都没传上去；钱没丢，会继续传",
            "{number} 傳了十次都沒傳上去；錢沒丟，會繼續傳",
            "Sale {number} could not be delivered ten times; it is kept and tried again",
        ),
        _said(
            "检查网络；也可以把加密导出交给客服",
            "檢查網路；也可以把加密匯出交給客服",
            "Check the link; the helpdesk can take the sealed export",
        ),
    ),
    AlarmKind.REFUND_FAILED: AlarmWords(
        _said("{number} 的退款没有成功", "{number} 的退款沒有成功", "A refund of sale {number} failed"),
        _said(
            "换一种方式退给顾客，或再试一次",
            "換一種方式退給顧客，或再試一次",
            "Give the money back another way, or try again",
        ),
    ),
    AlarmKind.PAID_AFTER_CANCEL: AlarmWords(
        _said(
            "{number} 在这里结束后又付了款",
            "{number} 在這裡結束後又付了款",
            "Sale {number} was paid after it had ended here",
        ),
        _said(
            "先问客服：钱可能已经退了",
            "先問客服：錢可能已經退了",
            "Ask the helpdesk first: it may have been given back already",
        ),
    ),
}

_ASKED: Final = {
    DueState.OPEN: AlarmWords(
        _said("；顾客已收到付款请求", "；顧客已收到付款請求", "; the shopper has been asked to pay"),
        _said(
            "请顾客在手机上付，不要再收一次；付好了这里会说",
            "請顧客在手機上付，不要再收一次；付好了這裡會說",
            "Do not charge again: they pay in their app, and you are told here",
        ),
    ),
    DueState.REFUSED: AlarmWords(
        _said("；顾客不肯补付", "；顧客不肯補付", "; the shopper refuses to pay it"),
        _said(
            "请联系顾客；顾客改了主意，仍可在手机上付",
            "請聯絡顧客；顧客改了主意，仍可在手機上付",
            "Talk to the shopper, who may still pay it in the app",
        ),
    ),
}
_PAID_SINCE: Final = AlarmWords(
    _said(
        "离线收的 {number} 上传后没有付成，顾客后来付了 {amount}",
        "離線收的 {number} 上傳後沒有付成，顧客後來付了 {amount}",
        "Stored sale {number} was declined, and the shopper has paid {amount} since",
    ),
    _said(
        "不用再做什么；日结里会写明",
        "不用再做什麼；日結裡會寫明",
        "Nothing to do; the day's report says so",
    ),
    calm=True,
)
_WITHDRAWN: Final = AlarmWords(
    _said(
        "离线收的 {number} 上传后没有付成；已不欠款，顾客不用再付",
        "離線收的 {number} 上傳後沒有付成；已不欠款，顧客不用再付",
        "Stored sale {number} was declined; nothing is owed for it any more",
    ),
    _said("不用再做什么", "不用再做什麼", "Nothing to do"),
    calm=True,
)

RESTORED: Final = AlarmWords(
    _said(
        "这台收款机是从旧备份恢复的：之后收的款不在它的流水里",
        "這台收款機是從舊備份恢復的：之後收的款不在它的流水裡",
        "This terminal was restored from an old copy: sales it made since are not in its journal",
    ),
    _said(
        "请店长与后台核对当天的账并确认；在那之前不能离线收款",
        "請店長與後台核對當天的帳並確認；在那之前不能離線收款",
        "A manager compares the day with the backend's and confirms; until then nothing is accepted offline",
    ),
)

_SECOND_COPY: Final = {
    MirrorState.ABSENT: _said("备份盘不在", "備份碟不在", "The second copy is absent"),
    MirrorState.FULL: _said("备份盘满了", "備份碟滿了", "The second copy is full"),
    MirrorState.BROKEN: _said("备份盘坏了", "備份碟壞了", "The second copy is broken"),
    MirrorState.STOPPED: _said("备份停了", "備份停了", "The second copy has stopped"),
}
_SECOND_COPY_CURES: Final = {
    MirrorState.ABSENT: ("插回 U 盘；缺的会自动补上", "插回隨身碟；缺的會自動補上"),
    MirrorState.FULL: ("换一个空 U 盘；满的那个留到日结之后", "換一個空隨身碟；滿的那個留到日結之後"),
    MirrorState.BROKEN: (
        "换一个在电脑上格式化过的 U 盘；缺的会自动补上",
        "換一個在電腦上格式化過的隨身碟；缺的會自動補上",
    ),
    MirrorState.STOPPED: ("重启收款机", "重新啟動收款機"),
}


def about_sale(kind: AlarmKind, sale: Sale) -> AlarmWords:
    """An alarm about one sale, with its number; who bears it as far as the backend said, and what came of asking."""
    due = sale.due if kind is AlarmKind.DECLINED_AT_SYNC else None
    words = _ABOUT_A_SALE[kind]
    match due.state if due is not None else None:
        case DueState.PAID:
            return _filled(_PAID_SINCE, sale)
        case DueState.WITHDRAWN:
            return _filled(_WITHDRAWN, sale)
        case DueState.OPEN | DueState.REFUSED as state:
            asked = _ASKED[state]
            text = _joined(words.text, _who_bears(sale), asked.text)
            return _filled(AlarmWords(text, asked.cure), sale)
        case None:
            return _filled(AlarmWords(_joined(words.text, _who_bears(sale)), words.cure), sale)
        case _ as never:
            assert_never(never)


def _joined(*parts: Sentences) -> Sentences:
    return _said(
        "".join(part.zh_hans for part in parts),
        "".join(part.zh_hant for part in parts),
        "".join(part.en for part in parts),
    )


def _filled(words: AlarmWords, sale: Sale) -> AlarmWords:
    """With the sale's number, and what its due comes to where the words say that."""
    amount = Money(sale.due.amount_minor, sale.amount.currency) if sale.due is not None else sale.total
    text = words.text
    hans, hant, en = (said.format(number=sale.number, amount=amount) for said in (text.zh_hans, text.zh_hant, text.en))
    return words._replace(text=_said(hans, hant, en))


def _who_bears(sale: Sale) -> Sentences:
    refusal = sale.refusal
    if refusal is None or refusal.borne_by is None:
        return _said("", "", "")
    if refusal.borne_by == "platform":
        owed = Money(refusal.guaranteed_minor, sale.amount.currency)
        return _said(
            f"；由平台承担，欠您 {owed}",
            f"；由平台承擔，欠您 {owed}",
            f"; the platform bears it and owes you {owed}",
        )
    return _said("；由您承担", "；由您承擔", "; you bear it")


def second_copy(health: MirrorHealth) -> AlarmWords:
    """The second medium is not well."""
    state, waiting, detail = _SECOND_COPY[health.state], health.waiting, health.detail
    text = _said(
        f"{state.zh_hans}：还有 {waiting} 笔没有备份（{detail}）",
        f"{state.zh_hant}：還有 {waiting} 筆沒有備份（{detail}）",
        f"{state.en}: {detail}. {waiting} payments are not copied yet",
    )
    return AlarmWords(text, _said(*_SECOND_COPY_CURES[health.state], health.cure))


def credential_ends(days: int) -> AlarmWords:
    """The terminal's credential has not been renewed in time."""
    text = _said(
        f"这台收款机的证书还有 {days} 天到期，后台还没有续期",
        f"這台收款機的憑證還有 {days} 天到期，後台還沒有續期",
        f"This terminal's credential ends in {days} days, and the backend has not renewed it",
    )
    cure = _said(
        "让收款机联网；已经联网就找客服",
        "讓收款機連上網路；已經連上就找客服",
        "Connect the terminal; if it is connected, call the helpdesk",
    )
    return AlarmWords(text, cure)


def clock_ahead(seconds: int) -> AlarmWords:
    """The backend refuses every request, because our time is ahead of its own."""
    text = _said(
        f"收款机的时钟比后台快 {seconds} 秒，后台不回应",
        f"收款機的時鐘比後台快 {seconds} 秒，後台不回應",
        f"This terminal's clock is {seconds} s ahead of the backend's, which answers nothing",
    )
    cure = _said(
        "把机器的时间调准（timedatectl set-ntp true），再重启收款机",
        "把機器的時間調準（timedatectl set-ntp true），再重新啟動收款機",
        "Set the machine's clock (timedatectl set-ntp true), then restart the terminal",
    )
    return AlarmWords(text, cure)


def storage_full(trouble: Exception) -> AlarmWords:
    """The journal's medium takes nothing more."""
    text = _said(
        f"存储卡写不进去了（{trouble}）：现在不能收款，已收的不会丢",
        f"儲存卡寫不進去了（{trouble}）：現在不能收款，已收的不會丟",
        f"This terminal's storage takes nothing more ({trouble}): it sells nothing, and loses nothing",
    )
    cure = _said(
        "腾出空间或换卡：pengpos doctor 会说还剩多少",
        "騰出空間或換卡：pengpos doctor 會說還剩多少",
        "Make room or replace the card: pengpos doctor says how much is left",
    )
    return AlarmWords(text, cure)
