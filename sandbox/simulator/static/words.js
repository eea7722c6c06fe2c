// SPDX-License-Identifier: Apache-2.0
// Every word of the page: 简体, 繁體, English; and money and times as people write them.

export const LANGUAGES = ["zh-Hans", "zh-Hant", "en"];
const LOCALES = { "zh-Hans": "zh-CN", "zh-Hant": "zh-TW", en: "en" };

export const WORDS = {
  play_money: ["一家可以试的小店。钱是假的，其余都是真的。", "一家可以試的小店。錢是假的，其餘都是真的。", "A shop to try. The money is play money; everything else is the real thing."],
  language: ["语言", "語言", "Language"],
  terminal: ["收款机", "收款機", "The terminal"],
  screen_label: ["收款机的屏幕：可以点，也可以用键盘打数字、回车收款、Esc 取消", "收款機的螢幕：可以點，也可以用鍵盤打數字、Enter 收款、Esc 取消", "The terminal's screen: touch it, or type digits, Enter to charge, Esc to cancel"],
  screen_away: ["收款机的屏幕没有应答。", "收款機的螢幕沒有應答。", "The terminal's screen does not answer."],
  gone: ["小店已经关门。再运行一次 make run，然后打开它给出的地址。", "小店已經關門。再執行一次 make run，然後開啟它給出的網址。", "The shop has closed. Run make run again and open the address it gives."],
  reader_ready: ["读卡器", "讀卡機", "Reader"], reader_waits: ["碰这里", "碰這裡", "Tap here"], reader_off: ["已拔掉", "已拔掉", "Unplugged"],
  phone: ["顾客的手机", "顧客的手機", "The shopper's phone"],
  choose_phone: ["谁的手机", "誰的手機", "Whose phone"],
  hold: ["靠近读卡器", "靠近讀卡機", "Hold to the reader"], take: ["马上拿开", "馬上拿開", "Take it away now"],
  scan: ["扫屏幕上的码", "掃螢幕上的碼", "Scan the code on the screen"],
  open: ["自己打开这个码的网页", "自己開啟這個碼的網頁", "Open its page yourself"],
  its_owner: ["这部手机", "這部手機", "This phone"],
  wish_network: ["手机有网络", "手機有網路", "Has network"], wish_locked: ["锁着", "鎖著", "Is locked"],
  wish_asks_first: ["付款前先问", "付款前先問", "Asks first"], wish_says_no: ["主人不肯付", "主人不肯付", "Owner says no"],
  wish_lies: ["付完也不拿走", "付完也不拿走", "Left lying there"],
  tip: ["打赏", "打賞", "Tip"], tip_none: ["不打赏", "不打賞", "None"],
  moment: ["什么时候拿开", "什麼時候拿開", "Torn away"],
  moment_never: ["等结果出来", "等結果出來", "No: until it is done"], moment_at_once: ["刚碰到就拿开", "剛碰到就拿開", "As soon as it touches"],
  moment_in_reply: ["回答到一半", "回答到一半", "In the middle of its answer"], moment_before_receipt: ["收据到之前", "收據到之前", "Before the receipt comes"],
  the_shop: ["这家店", "這家店", "This shop"],
  switch_link: ["收款机的网线", "收款機的網路線", "The terminal's line to the backend"],
  link_on: ["连着", "連著", "On"], link_off: ["断开", "斷開", "Off"], link_breaks: ["付款途中断", "付款途中斷", "Breaks in a payment"],
  switch_reader: ["读卡器插着", "讀卡機插著", "Reader is plugged in"],
  hint_on: ["断开也能收款：先存着，连上就送。", "斷開也能收款：先存著，連上就送。", "Off, it still sells: payments are stored, and sent when it is on again."],
  hint_breaks: ["下一笔付款到了后台，回答却到不了收款机。", "下一筆付款到了後台，回答卻到不了收款機。", "The next payment reaches the backend; its answer never reaches the terminal."],
  hint_off: ["现在收的，等连上再送。", "現在收的，等連上再送。", "What is taken now is sent when it is on again. It may take it some seconds to notice."],
  try: ["试一试", "試一試", "Try this"],
  try_paid: ["付成", "付成", "Paid"], try_declined: ["付不成", "付不成", "Declined"], try_unknown: ["回答丢了", "回答丟了", "Answer lost"], try_stored: ["断网收款", "斷網收款", "Sold offline"],
  journal: ["收款机的日志", "收款機的日誌", "The terminal's journal"],
  journal_about: ["先写下来，再显示。只增不改，一行扣一行。", "先寫下來，再顯示。只增不改，一行扣一行。", "Written before it is shown; never changed; each row's hash covers the one before."],
  ledger: ["后台的账本", "後台的帳本", "The backend's ledger"],
  ledger_about: ["钱真正记在这里；每一笔加起来是零。", "錢真正記在這裡；每一筆加起來是零。", "Where the money really is. Every booking adds up to zero."],
  nothing_yet: ["还没有", "還沒有", "Nothing yet"],

  guide_starting: ["收款机正在启动", "收款機正在啟動", "The terminal is starting"], guide_starting_text: ["马上就好。", "馬上就好。", "It takes a moment."],
  guide_idle: ["第一步：在收款机上输入金额", "第一步：在收款機上輸入金額", "First: type an amount on the terminal"],
  guide_idle_text: ["比如 18.80，然后点右下角的收款。也可以用“试一试”。", "比如 18.80，然後點右下角的收款。也可以用「試一試」。", "18.80, say, then the button at its bottom right. Or use one of “Try this”."],
  guide_presented: ["第二步：把手机靠近读卡器", "第二步：把手機靠近讀卡機", "Second: hold the phone to the reader"],
  guide_presented_text: ["按下面手机旁的“靠近读卡器”。锁屏、先问、拿开，都可以试。", "按手機旁的「靠近讀卡機」。鎖定、先問、拿開，都可以試。", "Press “Hold to the reader”. Try it locked, asking first, or torn away."],
  guide_signed: ["请先拿开手机", "請先拿開手機", "Please take the phone away"], guide_signed_text: ["金额出来之前就在那里的手机，不会被收钱。", "金額出來之前就在那裡的手機，不會被收錢。", "A phone that lay there before the amount is never charged."],
  guide_pending: ["有人正在付", "有人正在付", "Somebody is paying"], guide_pending_text: ["钱还没到；收款机等着结果。", "錢還沒到；收款機等著結果。", "No money yet; the terminal waits for the outcome."],
  guide_authorised: ["手机已同意，正在记账", "手機已同意，正在記帳", "The phone has agreed; booking it"], guide_authorised_text: ["先写进日志，再问后台。", "先寫進日誌，再問後台。", "Journalled first, then the backend is asked."],
  guide_approved: ["收款成功：钱到了", "收款成功：錢到了", "Approved: the money is there"], guide_approved_text: ["看下面的日志和账本：两边是同一笔钱。", "看下面的日誌和帳本：兩邊是同一筆錢。", "See journal and ledger below: the same money on both sides."],
  guide_accepted_offline: ["已离线收下，待确认", "已離線收下，待確認", "Stored, not yet approved"], guide_accepted_offline_text: ["收款机断着网，收下了手机的承诺。连上网就会送去记账。", "收款機斷著網，收下了手機的承諾。連上網就會送去記帳。", "The terminal is offline and took the phone's promise. Switch its line on: it is sent by itself."],
  guide_declined: ["没有付成，没有扣款", "沒有付成，沒有扣款", "Declined, nothing was charged"], guide_declined_text: ["账本里没有这一笔。可以再试，或者收下一笔。", "帳本裡沒有這一筆。可以再試，或者收下一筆。", "There is no such booking in the ledger. Try again, or charge the next one."],
  guide_declined_at_sync: ["离线收下的那笔没有付成", "離線收下的那筆沒有付成", "What was stored offline was refused"], guide_declined_at_sync_text: ["由谁先承担，规则里写着；顾客的手机会请他补付。", "由誰先承擔，規則裡寫著；顧客的手機會請他補付。", "The policy says who bears it; the shopper is asked on the phone to pay after all."],
  guide_due_paid: ["离线收下的那笔，后来付了", "離線收下的那筆，後來付了", "What was stored offline has been paid since"], guide_due_paid_text: ["先还给替店家垫钱的人，其余归店家：见下面的账本。", "先還給替店家墊錢的人，其餘歸店家：見下面的帳本。", "Whoever bore it has it back first, the rest is the shop's: see the ledger below."],
  guide_unknown: ["正在核实，请不要再收一次", "正在核實，請不要再收一次", "Checking, do not charge again"], guide_unknown_text: ["后台的回答在路上丢了。收款机一直问到知道为止，顾客不会被扣两次。把网线接上吧。", "後台的回答在路上丟了。收款機一直問到知道為止，顧客不會被扣兩次。把網路線接上吧。", "The backend's answer got lost on its way. The terminal asks until it knows; nobody pays twice. Switch its line on again."],
  guide_over: ["这一笔结束了", "這一筆結束了", "This sale is over"], guide_over_text: ["没有收钱。可以收下一笔。", "沒有收錢。可以收下一筆。", "No money was taken. Charge the next one."],
  guide_offline: ["收款机断网了", "收款機斷網了", "The terminal is offline"], guide_offline_text: ["照样可以收款：输入金额，碰手机，收下的先存着。", "照樣可以收款：輸入金額，碰手機，收下的先存著。", "It still sells: type an amount, tap, and it stores the phone's promise."],

  balance: ["余额", "餘額", "Balance"], promisable: ["其中 {0} 店里断网时也能付", "其中 {0} 店裡斷網時也能付", "{0} of it also where a shop is offline"],
  promised: ["另有 {0} 已承诺，店家几天内还可以来取", "另有 {0} 已承諾，店家幾天內還可以來取", "{0} is promised: for some days a shop may still claim it"],
  no_account: ["正在开户……", "正在開戶……", "Opening an account …"],
  no_payments: ["还没有付过款", "還沒有付過款", "No payments yet"],
  face_near: ["正在感应……", "正在感應……", "At the reader …"], face_scanning: ["正在付款……", "正在付款……", "Paying …"],
  face_ask: ["付给 {0}？", "付給 {0}？", "Pay {0}?"], pay: ["付款", "付款", "Pay"], unlock: ["解锁并付款", "解鎖並付款", "Unlock and pay"], no: ["不付", "不付", "No"],
  face_confirmed: ["好的，再碰一次", "好的，再碰一次", "All right: tap again"], face_confirmed_text: ["再次靠近读卡器，就付款。", "再次靠近讀卡機，就付款。", "Hold it to the reader once more and it pays."],
  face_denied: ["不付", "不付", "Not paying"], face_denied_text: ["再碰一次，收款机就知道了。", "再碰一次，收款機就知道了。", "Tap once more and the terminal is told."],
  face_authorised: ["已同意付款", "已同意付款", "Agreed to pay"], face_authorised_text: ["收据还没有到。", "收據還沒有到。", "No receipt has come yet."],
  face_authorised_again: ["和上次同样的回答：不会付两次。", "和上次同樣的回答：不會付兩次。", "The same answer as before: it is not paid twice."],
  face_paid: ["付好了", "付好了", "Paid"], face_stored: ["店里已收下", "店裡已收下", "The shop has taken it"], face_stored_text: ["店里断着网；连上后才扣款。", "店裡斷著網；連上後才扣款。", "The shop is offline; it is booked once it is back."],
  face_declined: ["没有付成", "沒有付成", "Declined"], face_refused: ["没有付", "沒有付", "Not paid"],
  face_paid_another_way: ["已经扫码付过了", "已經掃碼付過了", "Already paid by the code"], face_paid_by_another: ["别人已经付了", "別人已經付了", "Somebody else has paid it"],
  face_paid_by_another_text: ["没有扣你的钱，不用再付。", "沒有扣你的錢，不用再付。", "You were not charged, and need not pay."],
  due_asks: ["{0} 请你补付", "{0} 請你補付", "{0} asks for"], due_no: ["不付", "不付", "Not mine"], due_later: ["以后再说", "以後再說", "Later"],
  due_why: ["你付的时候店里断着网；连上后，这笔没有付成。", "你付的時候店裡斷著網；連上後，這筆沒有付成。", "You paid this while the shop was offline. It was declined when the shop came online again."],
  due_why_insufficient_funds: ["你付的时候店里断着网；连上后，余额不够，没有付成。", "你付的時候店裡斷著網；連上後，餘額不夠，沒有付成。", "You paid this while the shop was offline. When it came online again, there was not enough money."],
  face_due_paid: ["补付好了", "補付好了", "Paid after all"], face_due_paid_text: ["谢谢，这笔不欠了。", "謝謝，這筆不欠了。", "Thank you. Nothing is owed any more."],
  face_due_refused: ["好的，不付", "好的，不付", "All right, not paid"], face_due_refused_text: ["没有扣款；店家会知道。", "沒有扣款；店家會知道。", "Nothing was charged; the shop is told."],
  face_due_withdrawn: ["不用付了", "不用付了", "No need to pay"], face_due_withdrawn_text: ["店家已经不要这笔钱了。", "店家已經不要這筆錢了。", "The shop does not ask for it any more."],
  face_not_enough: ["余额不够", "餘額不夠", "Not enough money"], face_not_enough_text: ["没有扣款。", "沒有扣款。", "Nothing was charged."],
  face_held: ["正在审核", "正在審核", "Being reviewed"],
  face_code: ["把这个码告诉收银员", "把這個碼告訴收銀員", "Tell the cashier this code"],
  face_torn: ["拿开得太早", "拿開得太早", "Lifted too early"], face_torn_text: ["再碰一次：回答不变，不会付两次。", "再碰一次：回答不變，不會付兩次。", "Tap again: it gives the same answer and pays once."],
  face_nothing_asked: ["没有人要收款", "沒有人要收款", "Nobody asked for anything"], face_nothing_asked_text: ["也许有人正在付，或已经付了；不然就先在收款机上输入金额。", "也許有人正在付，或已經付了；不然就先在收款機上輸入金額。", "Perhaps somebody is paying, or has paid already. If not, type an amount on the terminal first."],
  face_no_reader: ["读卡器没有反应", "讀卡機沒有反應", "The reader does not react"], face_no_reader_text: ["它可能被拔掉了。", "它可能被拔掉了。", "Perhaps it is unplugged."],
  face_no_network: ["手机没有网络", "手機沒有網路", "This phone has no network"], face_no_network_text: ["碰一碰不需要网络，扫码需要。", "碰一碰不需要網路，掃碼需要。", "A tap needs none; a code does."],
  face_trouble: ["出了点问题", "出了點問題", "Something is wrong"],
  ok: ["知道了", "知道了", "OK"],
  reason_0: ["你不肯付。", "你不肯付。", "You said no."], reason_1: ["钱不够。", "錢不夠。", "There is not enough money."], reason_2: ["超过了你设的限额。", "超過了你設的限額。", "That is above a limit you set."],
  reason_3: ["不信任这台收款机或这个请求。", "不信任這台收款機或這個請求。", "This terminal or its request is not to be trusted."], reason_4: ["请求已过时，或手机的时钟不准。", "請求已過時，或手機的時鐘不準。", "The request is out of time, or this phone's clock is wrong."],
  reason_5: ["这部手机不能在这里付。", "這部手機不能在這裡付。", "This phone cannot pay here."], reason_6: ["这部手机已被挂失。", "這部手機已被掛失。", "This phone is blocked."], reason_7: ["正在用另一种方式付。", "正在用另一種方式付。", "It is being paid another way already."],

  j_signed: ["金额已签名", "金額已簽名", "Amount signed"], j_signed_text: ["这笔有了编号，永远不变；同一笔绝不收两次。", "這筆有了編號，永遠不變；同一筆絕不收兩次。", "It has its id now, for ever; so it is never charged twice."],
  j_presented: ["等顾客付款", "等顧客付款", "Shown to the shopper"], j_presented_text: ["读卡器上没有手机；现在碰的就付这一笔。", "讀卡機上沒有手機；現在碰的就付這一筆。", "The reader was empty; whoever taps now pays this."],
  j_note: ["记下了一个变化", "記下了一個變化", "A change noted"], j_note_text: ["还在等同一位顾客。", "還在等同一位顧客。", "Still the same sale, still waiting."],
  j_told: ["告诉后台有这一笔", "告訴後台有這一筆", "The backend is told"], j_told_text: ["这样就也能扫码付。", "這樣就也能掃碼付。", "So that it can be paid by code as well."],
  j_code: ["屏幕上有码了", "螢幕上有碼了", "A code on the screen"], j_code_text: ["没有 NFC 的手机扫它。", "沒有 NFC 的手機掃它。", "For phones without NFC."],
  j_unlock_text: ["手机要先解锁。", "手機要先解鎖。", "The phone wants to be unlocked first."], j_confirm_text: ["手机要主人先确认。", "手機要主人先確認。", "The phone asks its owner first."], j_too_quick_text: ["手机拿开得太早；没有收钱。", "手機拿開得太早；沒有收錢。", "The phone left too early; nothing was taken."],
  j_remove_phone_text: ["有手机一直躺在那里：先拿开。", "有手機一直躺在那裡：先拿開。", "A phone lies there: it must leave first."], j_two_phones_text: ["有两部手机：只放一部。", "有兩部手機：只放一部。", "Two phones: one at a time."],
  j_retry_text: ["还没有回答；隔一会儿再试。", "還沒有回答；隔一會兒再試。", "No answer yet; it tries again a little later."],
  j_pending: ["有人在付", "有人在付", "Somebody is paying it"], j_pending_text: ["用码或链接认领了；还没有钱。", "用碼或連結認領了；還沒有錢。", "Claimed by code or link; no money yet."],
  j_authorised: ["手机已签名", "手機已簽名", "The phone has signed"], j_authorised_text: ["先写在这里，才响一声。", "先寫在這裡，才響一聲。", "Written here before anything beeps."],
  j_approved: ["收款成功", "收款成功", "Approved"], j_approved_text: ["后台已记账，有它签名的收据。", "後台已記帳，有它簽名的收據。", "The backend has booked it and signed the receipt."],
  j_unknown: ["不知道付成没有", "不知道付成沒有", "Unknown"], j_unknown_text: ["回答丢了；不当作付成，也不当作没付成。", "回答丟了；不當作付成，也不當作沒付成。", "The answer is lost: shown neither as paid nor as failed."],
  j_accepted_offline: ["已离线收下", "已離線收下", "Stored offline"], j_accepted_offline_text: ["手机的承诺和收款机的规则都允许；等网络。", "手機的承諾和收款機的規則都允許；等網路。", "The phone's promise and the terminal's rules allow it; it waits for the line."],
  j_forwarding: ["正在送给后台", "正在送給後台", "Being sent"], j_forwarding_text: ["网络回来了。", "網路回來了。", "The line is back."],
  j_declined: ["没有付成", "沒有付成", "Declined"], j_declined_text: ["没有扣款。", "沒有扣款。", "Nothing was charged."],
  j_declined_at_sync: ["送到后被拒", "送到後被拒", "Refused when it was sent"], j_declined_at_sync_text: ["规则里写着由谁承担；也会请顾客补付。", "規則裡寫著由誰承擔；也會請顧客補付。", "The policy says who bears it; the shopper is asked, too."],
  j_due_open: ["已请顾客补付", "已請顧客補付", "The shopper is asked"], j_due_open_text: ["钱还没有；不要再收一次。", "錢還沒有；不要再收一次。", "No answer yet; it is not to be charged again."],
  j_due_paid: ["后来付了", "後來付了", "Paid since"], j_due_paid_text: ["顾客补付了；不要再收一次。", "顧客補付了；不要再收一次。", "The shopper has paid it after all; it is not to be charged again."],
  j_due_refused: ["顾客不肯补付", "顧客不肯補付", "The shopper refuses"], j_due_refused_text: ["以后还可以付。", "以後還可以付。", "It may still be paid later."],
  j_due_withdrawn: ["已不欠款", "已不欠款", "Nothing is owed any more"], j_due_withdrawn_text: ["不用再付。", "不用再付。", "It need not be paid."],
  j_cancelling: ["正在取消", "正在取消", "Being cancelled"], j_cancelling_text: ["问到后台确认没有人付过。", "問到後台確認沒有人付過。", "Until the backend has said that nobody paid."],
  j_reversing: ["正在撤销", "正在撤銷", "Being reversed"], j_reversing_text: ["收银员收了别的钱；若已付成就退回。", "收銀員收了別的錢；若已付成就退回。", "Other money was taken; if this was paid, it goes back."],
  j_cancelled: ["已取消", "已取消", "Cancelled"], j_cancelled_text: ["没有收钱。", "沒有收錢。", "No money was taken."],
  j_reversed: ["已撤销", "已撤銷", "Reversed"], j_reversed_text: ["没有收钱。", "沒有收錢。", "No money was taken."],
  j_expired: ["过时了", "過時了", "Expired"], j_expired_text: ["没有人付。", "沒有人付。", "Nobody paid in time."],
  j_settled: ["已结算", "已結算", "Settled"], j_settled_text: ["进了当天的结算。", "進了當天的結算。", "Part of the day's settlement."],
  j_partly_refunded: ["部分退款", "部分退款", "Partly refunded"], j_partly_refunded_text: ["一部分钱已退回。", "一部分錢已退回。", "Some of the money has gone back."],
  j_refunded: ["已退款", "已退款", "Refunded"], j_refunded_text: ["钱已退回。", "錢已退回。", "The money has gone back."],
  j_document: ["后台签名的文件", "後台簽名的文件", "A signed document"], j_document_text: ["规则或名单；下次启动还在。", "規則或名單；下次啟動還在。", "Rules or lists; still there after a restart."],
  j_value: ["记下的事实", "記下的事實", "A fact kept"], j_value_text: ["收款机自己要用。", "收款機自己要用。", "For the terminal's own use."],
  j_head: ["后台给日志盖章", "後台給日誌蓋章", "The backend has sealed the journal"], j_head_text: ["旧的副本从此会被认出来。", "舊的副本從此會被認出來。", "From here on an old copy would be recognised."],
  j_issuer_time: ["后台的时间", "後台的時間", "The backend's time"], j_issuer_time_text: ["用来核对时钟。", "用來核對時鐘。", "To check the clock by."],
  j_epoch: ["新的日志", "新的日誌", "A new journal"], j_epoch_text: ["编号从这里重新数。", "編號從這裡重新數。", "Counting begins anew here."],
  j_other: ["别的记录", "別的記錄", "Another note"], j_other_text: ["为技术人员。", "為技術人員。", "For the technician."],

  l_top_up: ["新手机的假钱", "新手機的假錢", "Play money for a new phone"], l_payment: ["付款", "付款", "Payment"], l_reversal: ["撤销", "撤銷", "Reversal"], l_refund: ["退款", "退款", "Refund"],
  l_refund_failed: ["退款没有成", "退款沒有成", "Refund failed"], l_due: ["补付", "補付", "Paid after all"], l_guarantee: ["平台担保", "平台擔保", "Guarantee paid"], l_guarantee_lessened: ["担保减少", "擔保減少", "Guarantee lessened"], l_purse_filled: ["存入小荷包", "存入小荷包", "Shared purse filled"],
  who_shopper: ["一位顾客", "一位顧客", "A shopper"], who_merchant: ["商家", "商家", "The merchant"], who_play_money: ["假钱来源", "假錢來源", "Source of play money"], who_guarantee: ["平台担保", "平台擔保", "The guarantee"], who_purse: ["小荷包", "小荷包", "A shared purse"],
  name_Lin: ["小林", "小林", "Lin"], name_Mei: ["小美", "小美", "Mei"], name_Chen: ["小陈", "小陳", "Chen"],
};

let language = LANGUAGES.includes(localStorage.getItem("language"))
  ? localStorage.getItem("language")
  : guess(navigator.languages);

function guess(wanted) {
  for (const tag of wanted) {
    if (/^zh(-Hant|-TW|-HK|-MO)/i.test(tag)) return "zh-Hant";
    if (/^zh/i.test(tag)) return "zh-Hans";
    if (/^en/i.test(tag)) return "en";
  }
  return "en";
}

export const spoken = () => language;

export function speak(chosen) {
  language = chosen;
  localStorage.setItem("language", chosen);
}

export const has = (key) => key in WORDS;

export function word(key, ...values) {
  const found = WORDS[key]?.[LANGUAGES.indexOf(language)] ?? key;
  return values.reduce((text, value, at) => text.replaceAll(`{${at}}`, value), found);
}

// The server counts in minor units; how many make one, the browser's own tables know.
export function money(minor, currency, sign = false) {
  const options = { style: "currency", currency, currencyDisplay: "narrowSymbol", signDisplay: sign ? "always" : "auto" };
  const format = new Intl.NumberFormat(LOCALES[language], options);
  const digits = format.resolvedOptions().maximumFractionDigits;
  const text = String(Math.abs(minor)).padStart(digits + 1, "0");
  const exact = `${minor < 0 ? "-" : ""}${text.slice(0, text.length - digits)}${digits ? "." + text.slice(-digits) : ""}`;
  return format.format(exact);
}

export const time = (date, seconds = true) =>
  new Intl.DateTimeFormat(LOCALES[language], { hour: "2-digit", minute: "2-digit", ...(seconds && { second: "2-digit" }), hour12: false }).format(date);

export function fillIn(root) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", word(element.dataset.label));
}
