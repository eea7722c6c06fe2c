# SPDX-License-Identifier: Apache-2.0
"""The sentence for every reason number, for the shopper and for the cashier (tap protocol §1, table of reasons).

Rules of the house (`docs/look.md`): say what happened, what it means, what to do; the shopper's words, no numbers.
"""

from typing import Final, NamedTuple

from pengpos.client import Sentences
from pengpos.core.reasons import Reason
from pengpos.core.risk import Cap
from pengpos.core.sale import DueState


class ReasonWords(NamedTuple):
    """What a reason is called on each side, shopper and cashier."""

    shopper: Sentences
    cashier: Sentences


def _said(hans: str, hant: str, en: str) -> Sentences:
    return Sentences(zh_hans=hans, zh_hant=hant, en=en)


WORDS: Final[dict[Reason, ReasonWords]] = {
    Reason.DECLINED_BY_SHOPPER: ReasonWords(
        _said(
            "您取消了这笔付款。没有扣款。",
            "您取消了這筆付款。沒有扣款。",
            "You declined this payment. Nothing was charged.",
        ),
        _said(
            "顾客取消了，可以请顾客再碰一次。",
            "顧客取消了，可以請顧客再碰一次。",
            "The shopper declined. They may tap again.",
        ),
    ),
    Reason.NOT_ENOUGH_MONEY: ReasonWords(
        _said("余额不足。没有扣款。", "餘額不足。沒有扣款。", "Not enough money. Nothing was charged."),
        _said(
            "顾客余额不足，请换一种付款方式。",
            "顧客餘額不足，請換一種付款方式。",
            "Not enough money. Ask for another way to pay.",
        ),
    ),
    Reason.OVER_A_LIMIT: ReasonWords(
        _said(
            "超过了您设的限额。没有扣款。",
            "超過了您設的限額。沒有扣款。",
            "This is over your own limit. Nothing was charged.",
        ),
        _said(
            "超过顾客手机的限额，请顾客调高或换一种方式。",
            "超過顧客手機的限額，請顧客調高或換一種方式。",
            "Over a limit on the shopper's phone. They can raise it or pay another way.",
        ),
    ),
    Reason.NOT_TRUSTED: ReasonWords(
        _said(
            "手机不认识这台收款机。没有扣款。",
            "手機不認識這台收款機。沒有扣款。",
            "Your phone does not trust this terminal. Nothing was charged.",
        ),
        _said(
            "手机不信任本机，请联系技术人员检查本机证书。",
            "手機不信任本機，請聯絡技術人員檢查本機憑證。",
            "The phone does not trust this terminal. Call the technician to check its credential.",
        ),
    ),
    Reason.PHONE_CLOCK: ReasonWords(
        _said(
            "手机和收款机的时间对不上，请检查手机时间。没有扣款。",
            "手機和收款機的時間對不上，請檢查手機時間。沒有扣款。",
            "Your phone's clock and the terminal's differ. Check your phone's time. Nothing was charged.",
        ),
        _said(
            "手机时间和本机不一致，请核对哪一个不对。",
            "手機時間和本機不一致，請核對哪一個不對。",
            "The phone's time and ours differ. Check which one is wrong.",
        ),
    ),
    Reason.UNSUPPORTED: ReasonWords(
        _said(
            "这部手机还不支持这种付款。没有扣款。",
            "這部手機還不支援這種付款。沒有扣款。",
            "Your phone does not support this payment yet. Nothing was charged.",
        ),
        _said(
            "顾客手机不支持，请换一种付款方式。",
            "顧客手機不支援，請換一種付款方式。",
            "The phone does not support this. Ask for another way to pay.",
        ),
    ),
    Reason.BLOCKED_BY_OWNER: ReasonWords(
        _said(
            "这部手机的付款已被停用。没有扣款。",
            "這部手機的付款已被停用。沒有扣款。",
            "Payments on this phone are blocked. Nothing was charged.",
        ),
        _said(
            "这部手机的付款已停用，请换一种付款方式。",
            "這部手機的付款已停用，請換一種付款方式。",
            "Payments on this phone are blocked. Ask for another way to pay.",
        ),
    ),
    Reason.BEGUN_ANOTHER_WAY: ReasonWords(
        _said(
            "手机正在用另一种方式付这一笔，请在手机上完成。",
            "手機正在用另一種方式付這一筆，請在手機上完成。",
            "Your phone has begun to pay this another way. Please finish it there.",
        ),
        _said(
            "顾客已用扫码等方式开始付款，请等结果。",
            "顧客已用掃碼等方式開始付款，請等結果。",
            "The shopper has begun to pay another way. Wait for the result.",
        ),
    ),
    Reason.NOT_A_WALLET: ReasonWords(
        _said(
            "没有读到付款应用，请用手机里的付款应用再碰一次。",
            "沒有讀到付款應用，請用手機裡的付款應用再碰一次。",
            "No wallet found. Open your payment app and tap again.",
        ),
        _said(
            "这不是可用的付款手机，请换一部手机或换一种方式。",
            "這不是可用的付款手機，請換一部手機或換一種方式。",
            "This is not a wallet we can use. Try another phone or another way.",
        ),
    ),
    Reason.CREDENTIAL_EXPIRED: ReasonWords(
        _said(
            "手机里的付款凭证已过期或停用，请打开付款应用更新。没有扣款。",
            "手機裡的付款憑證已過期或停用，請打開付款應用更新。沒有扣款。",
            "Your wallet's credential has expired or is blocked. Open the app to renew it. Nothing was charged.",
        ),
        _said(
            "付款凭证过期或被停用，请换一部手机或换一种方式。",
            "付款憑證過期或被停用，請換一部手機或換一種方式。",
            "The wallet's credential has expired or is blocked. Try another phone or another way.",
        ),
    ),
    Reason.WRONG_TOTAL: ReasonWords(
        _said(
            "金额或优惠券对不上。没有扣款。",
            "金額或優惠券對不上。沒有扣款。",
            "The total or a voucher did not match. Nothing was charged.",
        ),
        _said(
            "金额、币种或优惠券不符，请再碰一次；还不行就换一种方式。",
            "金額、幣種或優惠券不符，請再碰一次；還不行就換一種方式。",
            "Total, currency or voucher did not match. Tap again, else another way to pay.",
        ),
    ),
    Reason.ALREADY_USED: ReasonWords(
        _said(
            "这次授权或优惠券已经用过。没有再扣款。",
            "這次授權或優惠券已經用過。沒有再扣款。",
            "This authorisation or voucher was used before. Nothing more was charged.",
        ),
        _said(
            "授权或优惠券已经用过，请顾客重新付款。",
            "授權或優惠券已經用過，請顧客重新付款。",
            "Authorisation or voucher already used. Ask the shopper to pay afresh.",
        ),
    ),
    Reason.OFFLINE_NOT_POSSIBLE: ReasonWords(
        _said(
            "现在没有网络，这一笔不能离线收。没有扣款。",
            "現在沒有網路，這一筆不能離線收。沒有扣款。",
            "There is no connection and this cannot be taken offline. Nothing was charged.",
        ),
        _said(
            "不能离线收这一笔。网络恢复后请重新发起，或收现金。",
            "不能離線收這一筆。網路恢復後請重新發起，或收現金。",
            "This cannot be taken offline. Start again once the link is back, or take other money.",
        ),
    ),
    Reason.ALREADY_PAID: ReasonWords(
        _said(
            "这一笔已经由另一部手机付过。您没有被扣款。",
            "這一筆已經由另一部手機付過。您沒有被扣款。",
            "Another phone has already paid this. You were not charged.",
        ),
        _said("这一笔已付，不用再收。", "這一筆已付，不用再收。", "Already paid. Do not charge again."),
    ),
    Reason.EXPIRED: ReasonWords(
        _said(
            "这一笔已过期或已取消。没有扣款。",
            "這一筆已過期或已取消。沒有扣款。",
            "This payment has expired or was cancelled. Nothing was charged.",
        ),
        _said(
            "已过期或已取消，要收请再试一次。",
            "已過期或已取消，要收請再試一次。",
            "Expired or cancelled. To charge, try again.",
        ),
    ),
    Reason.DECLINED_BY_BACKEND: ReasonWords(
        _said(
            "没有付成，请换一种付款方式。没有扣款。",
            "沒有付成，請換一種付款方式。沒有扣款。",
            "The payment was declined. Nothing was charged. Please pay another way.",
        ),
        _said(
            "后台没有通过，请顾客换一部手机或换一种方式。",
            "後台沒有通過，請顧客換一部手機或換一種方式。",
            "Declined. Ask for another phone or another way to pay.",
        ),
    ),
    Reason.HELD: ReasonWords(
        _said(
            "这一笔正在审核，有结果会通知您。",
            "這一筆正在審核，有結果會通知您。",
            "This payment is being reviewed. You will be told the result.",
        ),
        _said(
            "正在审核，先不要再收，可以先收下一笔。",
            "正在審核，先不要再收，可以先收下一筆。",
            "Under review. Do not charge again; you can serve the next shopper.",
        ),
    ),
}

CODE_WORDS: Final[dict[str, ReasonWords]] = {
    Cap.TAP_TOO_SLOW: ReasonWords(
        _said(
            "手机反应太慢，没有收款。请把手机平贴在感应区上，再碰一次。没有扣款。",
            "手機反應太慢，沒有收款。請把手機平貼在感應區上，再碰一次。沒有扣款。",
            "Your phone answered too slowly. Hold it flat against the reader and tap again. Nothing was charged.",
        ),
        _said(
            "手机反应太慢，不像在跟前，不能离线收。请再碰一次；还不行就等网络恢复后重新发起，或收现金。",
            "手機反應太慢，不像在跟前，不能離線收。請再碰一次；還不行就等網路恢復後重新發起，或收現金。",
            "Answered too slowly to be here: not taken offline. Tap again, else take other money.",
        ),
    ),
}
"""Our own codes beside a number, with sentences of their own."""

DUE_WORDS: Final[dict[DueState, ReasonWords]] = {
    DueState.OPEN: ReasonWords(
        _said(
            "刚才离线付的这一笔没有付成，请在付款应用里补付。",
            "剛才離線付的這一筆沒有付成，請在付款應用裡補付。",
            "What you paid while the shop was offline did not go through. Please pay it in your app.",
        ),
        _said(
            "上传后没有付成，已请顾客补付。请不要再收一次。",
            "上傳後沒有付成，已請顧客補付。請不要再收一次。",
            "Declined when it was sent. The shopper has been asked to pay: do not charge again.",
        ),
    ),
    DueState.REFUSED: ReasonWords(
        _said(
            "刚才离线付的这一笔没有付成，您没有补付。",
            "剛才離線付的這一筆沒有付成，您沒有補付。",
            "What you paid while the shop was offline did not go through, and you did not pay it since.",
        ),
        _said(
            "上传后没有付成，顾客不肯补付。请按店里的办法处理。",
            "上傳後沒有付成，顧客不肯補付。請按店裡的辦法處理。",
            "Declined when it was sent, and the shopper refuses to pay. Follow your shop's rule.",
        ),
    ),
    DueState.PAID: ReasonWords(
        _said("这一笔后来付了，谢谢。", "這一筆後來付了，謝謝。", "You have paid this since. Thank you."),
        _said(
            "顾客后来付了。请不要再收一次。",
            "顧客後來付了。請不要再收一次。",
            "The shopper has paid since. Do not charge again.",
        ),
    ),
    DueState.WITHDRAWN: ReasonWords(
        _said("这一笔不用再付。", "這一筆不用再付。", "Nothing is owed for this any more."),
        _said(
            "上传后没有付成，已不欠款。请不要再收。",
            "上傳後沒有付成，已不欠款。請不要再收。",
            "Declined when it was sent, and nothing is owed for it any more. Do not charge again.",
        ),
    ),
}
"""A payment declined at sync that the shopper was asked for: the reason behind it is not what there is to do."""

BACKEND_CODES: Final[dict[str, Reason]] = {"insufficient_funds": Reason.NOT_ENOUGH_MONEY}
"""Codes of the backend that have a plainer sentence than "declined" (backend API, `code`)."""
