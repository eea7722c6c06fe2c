# SPDX-License-Identifier: Apache-2.0
"""The string table: every word the screen says by itself, 简体 · 繁體 · English (look, "Words").

The reasons' sentences are not here: they come with the sale, from the daemon. Nothing here may be heard or read as paid
for anything that is not. No sentence ends in a code number.
"""

from ui.i18n.phrase import Phrase

# --- top bar -------------------------------------------------------------------------------------------------------
TERMINAL = Phrase("终端 {id}", "終端 {id}", "Terminal {id}")
READER_READY = Phrase("读卡器", "讀卡器", "Reader")
READER_STARTING = Phrase("读卡器启动中", "讀卡器啟動中", "Reader starting")
READER_LOST = Phrase("读卡器断开", "讀卡器中斷", "Reader lost")
READER_NONE = Phrase("无读卡器", "無讀卡器", "No reader")
ONLINE = Phrase("在线", "在線", "Online")
OFFLINE = Phrase("离线", "離線", "Offline")
UNLINKED = Phrase("未连接", "未連接", "Not connected")
BADGE_UNKNOWN = Phrase("待核实 {n}", "待核實 {n}", "Checking {n}")
BADGE_QUEUE = Phrase("待上传 {n}", "待上傳 {n}", "To send {n}")
BADGE_PARKED = Phrase("暂挂 {n}", "暫掛 {n}", "Parked {n}")
BADGE_CODE = Phrase("待确认码 {n}", "待確認碼 {n}", "Codes {n}")
BADGE_ALARM = Phrase("注意 {n}", "注意 {n}", "Alerts {n}")
BADGE_NEWS = Phrase("消息 {n}", "訊息 {n}", "News {n}")

# --- amount --------------------------------------------------------------------------------------------------------
AMOUNT = Phrase("收款金额", "收款金額", "Amount")
CHARGE = Phrase("收款", "收款", "Charge")
CHARGE_AMOUNT = Phrase("收款 {amount}", "收款 {amount}", "Charge {amount}")
TOO_EARLY = Phrase("请等收银员输入金额", "請等收銀員輸入金額", "Wait for the amount")
CLEAR = Phrase("清除", "清除", "Clear")
MORE_ITEMS = Phrase("更多商品", "更多商品", "More items")
LAST_SALE = Phrase("上一笔", "上一筆", "Last sale")
OFFLINE_LEFT = Phrase("还可离线收", "還可離線收", "Offline room left")
OFFLINE_NONE = Phrase("离线时不能收", "離線時不能收", "None while offline")
ORDER = Phrase("订单 {reference}", "訂單 {reference}", "Order {reference}")

# --- present -------------------------------------------------------------------------------------------------------
PRESENT = Phrase("请将手机靠近这里", "請將手機靠近這裡", "Hold your phone here")
ARMING = Phrase("请稍等", "請稍候", "One moment")
SCAN = Phrase("或扫码付款", "或掃碼付款", "Or scan to pay")
SCAN_ONLY = Phrase("请扫码付款", "請掃碼付款", "Scan to pay")
SCAN_NO_NFC = Phrase("没有 NFC 也可以", "沒有 NFC 也可以", "Works without NFC")
SCAN_CODE = Phrase("付好后请出示确认码", "付好後請出示確認碼", "Then show the confirmation code")
SCAN_THEN_CODE = Phrase("也可扫码付款，再出示确认码", "也可掃碼付款，再出示確認碼", "Or scan, then show the code")
TIME_LEFT = Phrase("还有 {time}", "還有 {time}", "{time} left")
NUMBER = Phrase("编号 {number}", "編號 {number}", "No. {number}")
UNLOCK = Phrase("请解锁手机，再碰一次", "請解鎖手機，再碰一次", "Unlock your phone, then tap again")
CONFIRM = Phrase("请在手机上确认，再碰一次", "請在手機上確認，再碰一次", "Confirm on your phone, then tap again")
CHOOSE = Phrase("请在手机上选择，再碰一次", "請在手機上選擇，再碰一次", "Choose on your phone, then tap again")
TWO_PHONES = Phrase("请只放一部手机", "請只放一部手機", "One phone at a time")
REMOVE_PHONE = Phrase("请先拿开手机", "請先拿開手機", "Please take the phone away")
LOOK_AT_PHONE = Phrase("请看手机，再碰一次", "請看手機，再碰一次", "Look at your phone, then tap again")
TOO_QUICK = Phrase("手机离开太早，请再碰一次", "手機離開太早，請再碰一次", "Too quick, tap again")
NOT_A_WALLET = Phrase(
    "没有读到钱包，请用手机再碰一次", "沒有讀到錢包，請用手機再碰一次", "No wallet found, tap with your phone"
)
STILL_OPEN = Phrase(
    "这一笔还可以付：请再碰一次，或换一部手机",
    "這一筆還可以付：請再碰一次，或換一部手機",
    "Still open: tap again or use another phone",
)

# --- under way -----------------------------------------------------------------------------------------------------
CONFIRMING = Phrase("正在确认付款", "正在確認付款", "Confirming")
CONFIRMING_WHAT = Phrase("已读到手机，正在等结果", "已讀到手機，正在等結果", "Phone read, waiting for the answer")
CONFIRMING_MEANS = Phrase(
    "现在还没有收款成功，请等几秒。",
    "現在還沒有收款成功，請等幾秒。",
    "Nothing is approved yet. This takes a few seconds.",
)
PAYING = Phrase("手机正在付款", "手機正在付款", "Phone is paying")
PAYING_WHAT = Phrase("顾客正在手机上付款", "顧客正在手機上付款", "The shopper is paying on the phone")
PAYING_MEANS = Phrase(
    "请等手机上的结果。要先收别人，可以把这一笔暂挂。",
    "請等手機上的結果。要先收別人，可以把這一筆暫掛。",
    "Wait for the phone. To serve someone else first, park this sale.",
)
CANCELLING = Phrase("正在取消", "正在取消", "Cancelling")
CANCELLING_WHAT = Phrase("取消还没有得到确认", "取消還沒有得到確認", "The cancel is not confirmed yet")
CANCELLING_MEANS = Phrase(
    "顾客可能已经付了。如果手机上有确认码，请先输入。",
    "顧客可能已經付了。如果手機上有確認碼，請先輸入。",
    "The shopper may have paid. If the phone shows a code, enter it first.",
)
REVERSING = Phrase("正在撤销", "正在撤銷", "Reversing")
REVERSING_WHAT = Phrase("这一笔正在撤销", "這一筆正在撤銷", "This sale is being reversed")
REVERSING_MEANS = Phrase(
    "如果已经扣款，会自动退回给顾客。",
    "如果已經扣款，會自動退回給顧客。",
    "If money was taken, it goes back by itself.",
)
PARKED_WHAT = Phrase("这一笔已暂挂", "這一筆已暫掛", "This sale is parked")
PARKED_MEANS = Phrase(
    "还在等手机上的结果，收款台可以先收别人。",
    "還在等手機上的結果，收款台可以先收別人。",
    "Still waiting for the phone. The counter is free for others.",
)
WAITED = Phrase("已等 {time}", "已等 {time}", "Waiting for {time}")

# --- results -------------------------------------------------------------------------------------------------------
APPROVED = Phrase("收款成功", "收款成功", "Approved")
STORED = Phrase("已离线收下，待确认", "已離線收下，待確認", "Stored, not yet approved")
STORED_DEADLINE = Phrase("联网后自动上传", "連線後自動上傳", "Sent when back online")
STORED_COUNT = Phrase("本机已存", "本機已存", "Stored here")
DECLINED = Phrase("没有付成，没有扣款", "沒有付成，沒有扣款", "Declined, nothing was charged")
DECLINED_WHAT = Phrase("这一笔没有付成", "這一筆沒有付成", "This payment did not go through")
DECLINED_MEANS = Phrase(
    "没有扣款，可以再试一次。", "沒有扣款，可以再試一次。", "Nothing was charged. You can try again."
)
DECLINED_AT_SYNC = Phrase("离线收的这笔没有付成", "離線收的這筆沒有付成", "Stored sale was declined")
DECLINED_AT_SYNC_WHAT = Phrase(
    "上传后没有付成，钱没有收到", "上傳後沒有付成，錢沒有收到", "Declined when sent: no money came"
)
DECLINED_AT_SYNC_MEANS = Phrase(
    "请按店里的办法处理，例如联系顾客。",
    "請按店裡的辦法處理，例如聯絡顧客。",
    "Follow your shop's rule, for example call the shopper.",
)
DUE_OPEN_WHAT = Phrase("顾客已收到付款请求", "顧客已收到付款請求", "The shopper has been asked to pay")
DUE_OPEN_MEANS = Phrase(
    "还没有答复。请不要再收一次，有结果这里会写明。",
    "還沒有答覆。請不要再收一次，有結果這裡會寫明。",
    "No answer yet. Do not charge again: it will be shown here.",
)
DUE_REFUSED_WHAT = Phrase("顾客不肯补付", "顧客不肯補付", "The shopper refuses to pay it")
DUE_WITHDRAWN_WHAT = Phrase("已不欠款，顾客不用再付", "已不欠款，顧客不用再付", "Nothing is owed for it any more")
DUE_PAID = Phrase("离线收的这笔后来付了", "離線收的這筆後來付了", "Stored sale paid since")
DUE_PAID_SHORT = Phrase("后来付了", "後來付了", "Paid since")
DUE_PAID_WHAT = Phrase("顾客后来付了 {amount}", "顧客後來付了 {amount}", "The shopper has paid {amount} since")
DUE_PAID_MEANS = Phrase(
    "请不要再收一次，日结里会写明。",
    "請不要再收一次，日結裡會寫明。",
    "Do not charge again. The day's report says so.",
)
UNKNOWN = Phrase("正在核实，请不要再收一次", "正在核實，請不要再收一次", "Checking, do not charge again")
UNKNOWN_WHAT = Phrase("还不知道是否付成", "還不知道是否付成", "Not known yet whether it was paid")
UNKNOWN_MEANS = Phrase(
    "恢复网络后自动得到结果，顾客不会被扣两次。",
    "恢復連線後自動得到結果，顧客不會被扣兩次。",
    "The answer comes by itself. The shopper is never charged twice.",
)
CANCELLED = Phrase("已取消", "已取消", "Cancelled")
CANCELLED_WHAT = Phrase("这一笔已取消，没有扣款", "這一筆已取消，沒有扣款", "Cancelled, nothing was charged")
EXPIRED = Phrase("已过时", "已逾時", "Timed out")
EXPIRED_WHAT = Phrase("时间到了，没有扣款", "時間到了，沒有扣款", "Time ran out, nothing was charged")
EXPIRED_MEANS = Phrase("要收同一笔，请再试一次。", "要收同一筆，請再試一次。", "To charge the same amount, try again.")
REVERSED = Phrase("已撤销", "已撤銷", "Reversed")
REVERSED_WHAT = Phrase("这一笔已撤销，不会扣款", "這一筆已撤銷，不會扣款", "Reversed, the shopper pays nothing")
REFUNDED = Phrase("已退款", "已退款", "Refunded")
REFUNDED_WHAT = Phrase("钱已退回给顾客", "錢已退回給顧客", "The money went back to the shopper")
PARTLY_REFUNDED = Phrase("已部分退款", "已部分退款", "Partly refunded")
PARTLY_REFUNDED_WHAT = Phrase("一部分钱已退回给顾客", "一部分錢已退回給顧客", "Part of the money went back")
LINE_AMOUNT = Phrase("商品金额", "商品金額", "Goods")
LINE_TIP = Phrase("打赏", "打賞", "Tip")
LINE_DISCOUNT = Phrase("立减", "立減", "Discount")
LINE_VOUCHER = Phrase("优惠券", "優惠券", "Voucher")
LINE_POINTS = Phrase("积分", "積分", "Points")
PAYER = Phrase("付款人", "付款人", "Payer")
PAID_AT = Phrase("时间", "時間", "Time")
PHONE_TIME = Phrase(
    "手机时间 {phone}，本机时间 {here}", "手機時間 {phone}，本機時間 {here}", "Phone {phone}, here {here}"
)
HELPDESK = Phrase("原因 {code}", "原因 {code}", "Reason {code}")
MORE_LINES = Phrase("另有 {n} 行", "另有 {n} 行", "{n} more")

# --- buttons -------------------------------------------------------------------------------------------------------
CANCEL = Phrase("取消", "取消", "Cancel")
NEXT = Phrase("下一笔", "下一筆", "Next sale")
NEXT_FIRST = Phrase("先收下一笔", "先收下一筆", "Next sale first")
AGAIN = Phrase("再试一次", "再試一次", "Try again")
START_AGAIN = Phrase("重新发起", "重新發起", "Start again")
PARK = Phrase("暂挂，先收下一笔", "暫掛，先收下一筆", "Park, next sale")
OTHER_MONEY = Phrase("已收现金", "已收現金", "Cash was taken")
ACCEPT_OFFLINE = Phrase("离线收下", "離線收下", "Store offline")
ENTER_CODE = Phrase("输入确认码", "輸入確認碼", "Enter code")
RECEIPT_ONLY = Phrase("小票", "收據", "Receipt")
RECEIPT = Phrase("小票 / 红包", "收據 / 紅包", "Receipt, gifts")
BACK = Phrase("返回", "返回", "Back")
SYNC = Phrase("立即上传", "立即上傳", "Send now")
SYNCING = Phrase("正在上传", "正在上傳", "Sending")

# --- confirmation code ---------------------------------------------------------------------------------------------
CODE = Phrase("输入确认码", "輸入確認碼", "Confirmation code")
CODE_HINT = Phrase("顾客手机上的八位数字", "顧客手機上的八位數字", "Eight digits on the shopper's phone")
CANCEL_SALE = Phrase("取消这一笔", "取消這一筆", "Cancel sale")
CODE_SEND = Phrase("核对", "核對", "Check code")
CODE_WRONG = Phrase("号码不对，还可以试 {n} 次", "號碼不對，還可以試 {n} 次", "Not right, {n} tries left")
CODE_TRIES = Phrase("还可以试 {n} 次", "還可以試 {n} 次", "{n} tries left")
CODE_CLOSED = Phrase(
    "已试满五次，请取消这一笔，或等联网后的结果",
    "已試滿五次，請取消這一筆，或等連線後的結果",
    "Five wrong codes: cancel, or wait for the answer",
)

# --- queue, waiting, alarms ----------------------------------------------------------------------------------------
QUEUE = Phrase("待上传 {n} 笔", "待上傳 {n} 筆", "{n} to send")
QUEUE_EMPTY = Phrase("没有待上传的款", "沒有待上傳的款", "Nothing to send")
QUEUE_MEANS = Phrase(
    "这些还没有收款成功。联网后自动上传。",
    "這些還沒有收款成功。連線後自動上傳。",
    "Not approved yet. They are sent when back online.",
)
QUEUE_EMPTY_MEANS = Phrase("离线收下的都已上传。", "離線收下的都已上傳。", "Everything stored has been sent.")
QUEUE_OLDEST = Phrase("最早一笔", "最早一筆", "Oldest")
QUEUE_DEADLINE = Phrase("上传期限", "上傳期限", "Send by")
QUEUE_UNKNOWN = Phrase("待核实", "待核實", "Being checked")
CAPS_AMOUNT = Phrase("还可离线收", "還可離線收", "Offline room left")
CAPS_COUNT = Phrase("还可收笔数", "還可收筆數", "Sales left")
CAPS_EACH = Phrase("单笔上限", "單筆上限", "Limit each")
CAPS_UNTIL = Phrase("规则有效至", "規則有效至", "Rules valid until")
CAPS_NONE = Phrase(
    "没有离线规则，离线时不能收。", "沒有離線規則，離線時不能收。", "No offline rules: nothing is taken offline."
)
COUNT = Phrase("{n} 笔", "{n} 筆", "{n}")
WAITING = Phrase("等结果的几笔", "等結果的幾筆", "Waiting for an answer")
WAITING_NONE = Phrase("没有等结果的款", "沒有等結果的款", "Nothing is waiting")
ALARMS = Phrase("需要注意", "需要注意", "Needs attention")
ALARM_SEEN = Phrase("知道了", "知道了", "Seen")
NEWS = Phrase("消息", "訊息", "News")
ALARMS_NONE = Phrase("一切正常", "一切正常", "All is well")
PAGE_OF = Phrase("第 {page} / {pages} 页", "第 {page} / {pages} 頁", "Page {page} of {pages}")
STATE_UNKNOWN = Phrase("正在核实", "正在核實", "Checking")
STATE_PARKED = Phrase("已暂挂", "已暫掛", "Parked")
STATE_CODE = Phrase("已放弃，仍可输入确认码", "已放棄，仍可輸入確認碼", "Given up, its code is still taken")

# --- receipt -------------------------------------------------------------------------------------------------------
RECEIPT_TITLE = Phrase("扫码领小票", "掃碼領收據", "Scan for the receipt")

# --- not ready -----------------------------------------------------------------------------------------------------
STARTING = Phrase("正在启动", "正在啟動", "Starting")
AWAY = Phrase("收款程序没有回应", "收款程式沒有回應", "The till program does not answer")
AWAY_MEANS = Phrase(
    "正在重新连接。在这之前请不要收款。",
    "正在重新連接。在這之前請不要收款。",
    "Reconnecting. Until then, do not take payments.",
)
AWAY_SALE = Phrase(
    "这一笔的结果恢复后才知道，请不要再收一次。",
    "這一筆的結果恢復後才知道，請不要再收一次。",
    "The last sale's result comes when it is back. Do not charge it again.",
)
AWAY_KEPT = Phrase("已输入的金额会保留。", "已輸入的金額會保留。", "The amount you typed is kept.")
NOT_ENROLLED = Phrase("还没有登记", "還沒有登記", "Not enrolled yet")
NOT_ENROLLED_WHAT = Phrase("这台终端还不能收款", "這台終端還不能收款", "This terminal cannot take payments yet")
NOT_ENROLLED_DO = Phrase("请技术员用登记码登记：", "請技術員用登記碼登記：", "A technician enrols it with a code:")

# --- what the daemon refused ---------------------------------------------------------------------------------------
TROUBLE_BUSY = Phrase("还有一笔正在进行", "還有一筆正在進行", "Another sale is still going on")
TROUBLE_NOT_NOW = Phrase("现在不能这样做", "現在不能這樣做", "This cannot be done now")
TROUBLE_OFFLINE = Phrase("这一笔不能离线收", "這一筆不能離線收", "This sale cannot be stored offline")
TROUBLE_CREDENTIAL = Phrase(
    "本机凭证已过期，请联网", "本機憑證已過期，請連線", "Terminal credential expired: go online"
)
TROUBLE_FULL = Phrase("本机存满了，没有收款", "本機存滿了，沒有收款", "Storage is full, nothing was charged")
TROUBLE_ROLE = Phrase("需要主管来做", "需要主管來做", "A manager must do this")
TROUBLE_AWAY = Phrase("没有送到，请再按一次", "沒有送到，請再按一次", "Not sent, press again")
TROUBLE_OTHER = Phrase("没有做成：{detail}", "沒有做成：{detail}", "Not done: {detail}")
TROUBLE_UNNAMED = Phrase("没有做成", "沒有做成", "Not done")

# --- time ----------------------------------------------------------------------------------------------------------
SECONDS = Phrase("{s} 秒", "{s} 秒", "{s} s")
MINUTES_SECONDS = Phrase("{m} 分 {s} 秒", "{m} 分 {s} 秒", "{m} min {s} s")
HOURS_MINUTES = Phrase("{h} 小时 {m} 分", "{h} 小時 {m} 分", "{h} h {m} min")
LESS_THAN_A_MINUTE = Phrase("不到 1 分钟", "不到 1 分鐘", "under a minute")
MINUTES = Phrase("{m} 分钟", "{m} 分鐘", "{m} min")
DAYS_HOURS = Phrase("{d} 天 {h} 小时", "{d} 天 {h} 小時", "{d} d {h} h")
TODAY = Phrase("今天 {time}", "今天 {time}", "{time} today")
TOMORROW = Phrase("明天 {time}", "明天 {time}", "{time} tomorrow")
YESTERDAY = Phrase("昨天 {time}", "昨天 {time}", "{time} yesterday")
BEFORE = Phrase("{when} 前", "{when} 前", "by {when}")
