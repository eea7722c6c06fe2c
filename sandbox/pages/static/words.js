// SPDX-License-Identifier: Apache-2.0
// The string table of the pages: keys in the code, sentences here, each in 简体 · 繁體 · English.
// {name} marks a value. Nothing here may be read as paid for anything that is not.

const table = {
  // --- everywhere ---------------------------------------------------------------------------------------------------
  brand: ["碰一碰", "碰一碰", "pengpos"],
  play_money: ["演示用的钱", "演示用的錢", "Play money"],
  language: ["语言", "語言", "Language"],
  loading: ["请稍等", "請稍候", "One moment"],
  try_again: ["再试一次", "再試一次", "Try again"],
  cancel: ["取消", "取消", "Cancel"],

  // --- signing up ---------------------------------------------------------------------------------------------------
  welcome: ["怎么称呼您？", "怎麼稱呼您？", "What shall we call you?"],
  welcome_means: [
    "只要一个名字，马上可以付款。您会得到 {amount} 演示用的钱。",
    "只要一個名字，馬上可以付款。您會得到 {amount} 演示用的錢。",
    "Just a name, and you can pay. You get {amount} of play money.",
  ],
  name: ["名字", "名字", "Name"],
  name_usual: ["顾客", "顧客", "Guest"],
  name_missing: ["请写一个名字", "請寫一個名字", "Please give a name"],
  start: ["开始", "開始", "Start"],

  // --- paying -------------------------------------------------------------------------------------------------------
  to_pay: ["付给 {merchant}", "付給 {merchant}", "Pay {merchant}"],
  pay_amount: ["付款 {amount}", "付款 {amount}", "Pay {amount}"],
  paying: ["正在付款", "正在付款", "Paying"],
  pay_from: ["从哪里付", "從哪裡付", "Pay from"],
  balance: ["{name} 的余额", "{name} 的餘額", "{name}'s balance"],
  purse: ["小荷包 · {name}", "小荷包 · {name}", "Shared purse · {name}"],
  not_enough: ["不够付这一笔", "不夠付這一筆", "Not enough for this"],
  top_up: ["充值 {amount}", "充值 {amount}", "Top up {amount}"],
  vouchers: ["优惠券", "優惠券", "Vouchers"],
  voucher_off: ["减 {amount}", "減 {amount}", "{amount} off"],
  voucher_until: ["{date} 前有效", "{date} 前有效", "Valid until {date}"],
  tip: ["打赏店员 {amount}", "打賞店員 {amount}", "Tip the staff {amount}"],
  tip_means: ["随机的一点心意，不到一元", "隨機的一點心意，不到一元", "A random little something"],
  line_amount: ["商品金额", "商品金額", "Goods"],
  line_voucher: ["优惠券", "優惠券", "Voucher"],
  line_discount: ["立减", "立減", "Discount"],
  line_tip: ["打赏", "打賞", "Tip"],
  line_refunded: ["已退款", "已退款", "Refunded"],
  kept: ["为您保留 {time}", "為您保留 {time}", "Kept for you {time}"],
  terminal_offline: [
    "收款机没有网络。付好后，把手机上的八位数字读给收银员。",
    "收款機沒有網路。付好後，把手機上的八位數字讀給收銀員。",
    "The till is offline. After paying, read the eight digits on your phone to the cashier.",
  ],
  not_paid_yet: [
    "网络断了，这一笔还没有付。可以再付，不会扣两次。",
    "網路斷了，這一筆還沒有付。可以再付，不會扣兩次。",
    "The connection broke and this is not paid yet. Pay again: you cannot be charged twice.",
  ],

  // --- results ------------------------------------------------------------------------------------------------------
  paid: ["付款成功", "付款成功", "Paid"],
  paid_at: ["时间", "時間", "Time"],
  see_receipt: ["看电子小票", "看電子收據", "See the receipt"],
  code: ["把这八位数字读给收银员", "把這八位數字讀給收銀員", "Read these digits to the cashier"],
  code_means: [
    "您已付 {amount}。收银员输入后，收款机才知道。请先不要关掉这一页。",
    "您已付 {amount}。收銀員輸入後，收款機才知道。請先不要關掉這一頁。",
    "You have paid {amount}. The till knows once the cashier has typed them. Keep this page open.",
  ],
  declined: ["没有付成，没有扣款", "沒有付成，沒有扣款", "Declined, nothing was charged"],
  declined_next: ["请收银员再试一次，或换一种付法。", "請收銀員再試一次，或換一種付法。", "Ask the cashier to try again, or pay another way."],
  checking: ["正在核实，请不要再付一次", "正在核實，請不要再付一次", "Checking, do not pay again"],
  checking_means: [
    "还不知道是否付成。网络恢复后自动得到结果，不会扣两次。",
    "還不知道是否付成。網路恢復後自動得到結果，不會扣兩次。",
    "Not known yet whether it was paid. The answer comes by itself, and you are never charged twice.",
  ],
  held: ["正在审核，请不要再付一次", "正在審核，請不要再付一次", "Under review, do not pay again"],
  held_means: ["有了结果，这一页会自己变。", "有了結果，這一頁會自己變。", "This page changes by itself when there is a result."],
  waited: ["已等 {time}", "已等 {time}", "Waiting for {time}"],

  // --- nothing to pay, or not now -----------------------------------------------------------------------------------
  taken: ["另一部手机正在付这一笔", "另一部手機正在付這一筆", "Another phone is paying this"],
  taken_means: [
    "您没有被扣款。如果对方没有付，这里会自己打开。",
    "您沒有被扣款。如果對方沒有付，這裡會自己打開。",
    "You were not charged. If they do not pay, it opens here by itself.",
  ],
  taken_until: ["最多还有 {time}", "最多還有 {time}", "{time} at most"],
  lapsed: ["还要付吗？", "還要付嗎？", "Still want to pay?"],
  lapsed_means: [
    "一分钟没有付，这一笔放开了。没有扣款。",
    "一分鐘沒有付，這一筆放開了。沒有扣款。",
    "A minute went by, so we let it go. Nothing was charged.",
  ],
  released: ["您没有付", "您沒有付", "You did not pay"],
  released_means: ["没有扣款。改了主意，可以接着付。", "沒有扣款。改了主意，可以接著付。", "Nothing was charged. If you change your mind, go on here."],
  go_on: ["继续付款", "繼續付款", "Go on"],
  paid_by_other: ["这一笔已经有人付了", "這一筆已經有人付了", "Somebody has paid this already"],
  paid_by_other_means: ["您没有被扣款，不用再付。", "您沒有被扣款，不用再付。", "You were not charged, and need not pay."],
  expired: ["时间到了，没有付成", "時間到了，沒有付成", "Too late, this was not paid"],
  expired_means: [
    "这个码只能用一会儿。没有扣款。要付，请收银员重新收一次。",
    "這個碼只能用一會兒。沒有扣款。要付，請收銀員重新收一次。",
    "This code lives for a short time. Nothing was charged. To pay, ask the cashier for a new one.",
  ],
  cancelled: ["收银员取消了这一笔", "收銀員取消了這一筆", "The cashier cancelled this"],
  cancelled_means: ["没有扣款，不用付。", "沒有扣款，不用付。", "Nothing was charged, and there is nothing to pay."],
  given_back_means: [
    "不用付。已经付的钱，全部退回给您了。",
    "不用付。已經付的錢，全部退回給您了。",
    "There is nothing to pay. Whatever you had paid has all come back to you.",
  ],
  not_found: ["没有找到这一笔", "沒有找到這一筆", "There is no such payment"],
  not_found_means: [
    "网址不完整或不对。没有扣款。请再扫一次收款机上的码。",
    "網址不完整或不對。沒有扣款。請再掃一次收款機上的碼。",
    "The address is cut short or wrong. Nothing was charged. Please scan the till's code again.",
  ],
  nothing: ["请扫收款机上的码", "請掃收款機上的碼", "Scan the code on the till"],
  nothing_means: [
    "或者把手机靠近收款机。有了金额，这里就可以付。",
    "或者把手機靠近收款機。有了金額，這裡就可以付。",
    "Or hold your phone to it. Once there is an amount, you can pay here.",
  ],
  unreachable: ["现在连不上", "現在連不上", "No connection"],
  unreachable_means: [
    "请看看手机有没有网络。这一页会自己再试。",
    "請看看手機有沒有網路。這一頁會自己再試。",
    "Check your phone's connection. This page tries again by itself.",
  ],
  refused: ["这一笔现在不能付", "這一筆現在不能付", "This cannot be paid now"],
  refused_means: ["没有扣款。请告诉收银员。", "沒有扣款。請告訴收銀員。", "Nothing was charged. Please tell the cashier."],

  // --- receipt ------------------------------------------------------------------------------------------------------
  receipt: ["电子小票", "電子收據", "Receipt"],
  receipt_paid: ["已付款", "已付款", "Paid"],
  receipt_partly_refunded: ["已付款，部分退款", "已付款，部分退款", "Paid, partly refunded"],
  receipt_refunded: ["已全部退款", "已全部退款", "Refunded in full"],
  merchant: ["商家", "商家", "Merchant"],
  receipt_not_found: ["没有这张小票", "沒有這張收據", "There is no such receipt"],
  receipt_not_found_means: [
    "网址不完整或不对。请再打开一次小票的网址。",
    "網址不完整或不對。請再打開一次收據的網址。",
    "The address is cut short or wrong. Please open the receipt's address again.",
  ],

  // --- reasons: by the backend's code, else by the protocol's number (tap protocol §1) ------------------------------
  code_insufficient_funds: ["余额不足。", "餘額不足。", "There is not enough money."],
  code_over_budget: ["超过了小荷包的预算。", "超過了小荷包的預算。", "This is over the shared purse's budget."],
  code_call_issuer: ["请联系您的付款服务。", "請聯絡您的付款服務。", "Please call your payment service."],
  reason_17: ["付款凭证已过期或停用。", "付款憑證已過期或停用。", "Your wallet's credential has expired or is blocked."],
  reason_18: ["金额或优惠券对不上。", "金額或優惠券對不上。", "The total or a voucher did not match."],
  reason_19: ["优惠券已经用过。", "優惠券已經用過。", "A voucher was used before."],
  reason_22: ["这一笔已过期或已取消。", "這一筆已過期或已取消。", "This payment has expired or was cancelled."],
  reason_23: ["付款服务没有同意这一笔。", "付款服務沒有同意這一筆。", "The payment service said no."],
  code_wrong_voucher: ["这张优惠券不能用在这里。", "這張優惠券不能用在這裡。", "This voucher does not fit here."],
  code_voucher_spent: ["优惠券已经用过。", "優惠券已經用過。", "The voucher was used before."],
};

export const LANGUAGES = [
  { tag: "zh-Hans", name: "简体中文" },
  { tag: "zh-Hant", name: "繁體中文" },
  { tag: "en", name: "English" },
];

export const KEYS = Object.keys(table);

const has = (key) => Object.hasOwn(table, key);

/** The sentence of a key in a language, its values put in. */
export function say(language, key, values = {}) {
  const column = LANGUAGES.findIndex((known) => known.tag === language);
  return table[key][column].replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** The sentence for a "no": by its code, else its number, else that of 23. */
export function reasonKey(code, reason) {
  return [`code_${code}`, `reason_${reason}`].find(has) ?? "reason_23";
}

/** The first of ours that a browser's languages ask for; English for all others. */
export function preferred(tags) {
  for (const tag of tags) {
    const locale = new Intl.Locale(tag).maximize();
    if (locale.language === "zh") return locale.script === "Hant" ? "zh-Hant" : "zh-Hans";
    if (locale.language === "en") return "en";
  }
  return "en";
}
