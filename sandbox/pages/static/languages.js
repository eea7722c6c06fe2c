// SPDX-License-Identifier: Apache-2.0
// Which of our languages a browser asks for: the one rule, of every page of ours, as in pengpos/i18n.py.

const CHINESE = /^(zh|zho|chi|cdo|cjy|cmn|cnp|cpx|csp|czh|czo|gan|hak|hnm|hsn|lzh|mnp|nan|wuu|yue)$/;
const TRADITIONAL = /^(hant|cht|tw|hk|mo|yue)$/;

/** The first of ours that a browser's languages ask for; English for all others. A tag that is none is passed over.
 * Of Chinese, the script decides, else the region; Cantonese is written in Traditional. */
export function preferred(tags) {
  for (const given of tags) {
    const subtags = String(given).toLowerCase().split(/[.@]/)[0].split(/[-_]/);
    const [main] = subtags;
    if (CHINESE.test(main)) {
      const traditional = !subtags.includes("hans") && subtags.some((subtag) => TRADITIONAL.test(subtag));
      return traditional ? "zh-Hant" : "zh-Hans";
    }
    if (main === "en") return "en";
  }
  return "en";
}
