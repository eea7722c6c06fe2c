// SPDX-License-Identifier: Apache-2.0
// Signs of currencies, by scripts/build_currencies.py, not by hand. Any other is written by its code.

export const SYMBOLS = {
  AUD: "A$",
  BRL: "R$",
  CAD: "CA$",
  CNY: "¥",
  EUR: "€",
  GBP: "£",
  HKD: "HK$",
  INR: "₹",
  JPY: "JP¥",
  KRW: "₩",
  MXN: "MX$",
  NZD: "NZ$",
  PHP: "₱",
  TWD: "NT$",
  USD: "US$",
  VND: "₫",
  XAF: "FCFA",
  XCD: "EC$",
  XCG: "Cg.",
  XPF: "CFPF",
};
