# SPDX-License-Identifier: Apache-2.0
"""What a page as it stands in the browser does wrong: text that sticks out or is cut, small targets, faint colours.

Looks at every element as it was laid out; knows no page in particular.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

TARGET_PX = 48
TEXT_CONTRAST = 4.5
SHAPE_CONTRAST = 3.0
LONGEST_WORD = 16
"""Characters; a longer one may be broken to fit, unless it is a sum."""

_LOOK = """([target, textContrast, shapeContrast, longestWord]) => {
  const complaints = [];
  const name = (e) => `${e.tagName.toLowerCase()}${e.className?.baseVal ?? (e.className && '.' + e.className)} `
    + `'${(e.innerText ?? '').slice(0, 30)}'`;
  const rgb = (text) => (text.match(/[0-9.]+/g) ?? []).map(Number);
  const light = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((m, n) => n - m);
    return (x + 0.05) / (y + 0.05);
  };
  const ground = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const visible = (e) => e.checkVisibility() && e.getClientRects().length > 0;

  if (document.documentElement.scrollWidth > innerWidth) {
    complaints.push(`the page is ${document.documentElement.scrollWidth} px wide, there are ${innerWidth}`);
  }
  for (const e of document.querySelectorAll('body *')) {
    if (!visible(e) || e.closest('noscript, .spoken')) continue;
    const box = e.getBoundingClientRect();
    if (box.right > innerWidth + 0.5 || box.left < -0.5) complaints.push(`sticks out: ${name(e)}`);
    const texts = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (texts && e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline') {
      complaints.push(`wider than its place: ${name(e)} ${e.scrollWidth} > ${e.clientWidth}`);
    }
    if (texts && e.tagName !== 'OPTION' && !e.closest(':disabled')) {
      const found = contrast(rgb(getComputedStyle(e).color), ground(e));
      if (found < textContrast) complaints.push(`contrast ${found.toFixed(2)}: ${name(e)}`);
    }
    if (e.matches('button, select, a, input:not([type=checkbox], [type=radio]), label:has(input)')) {
      const size = `${box.width}×${box.height}`;
      if (box.height < target || box.width < target) complaints.push(`a target of ${size}: ${name(e)}`);
    }
    if (e.matches('svg.shape')) {
      const found = contrast(rgb(getComputedStyle(e).fill), ground(e));
      if (found < shapeContrast) complaints.push(`contrast ${found.toFixed(2)} of a shape`);
    }
    if (e.matches('button:not(.next), input:not([type=checkbox], [type=radio])') && !e.closest(':disabled')) {
      const found = contrast(rgb(getComputedStyle(e).borderTopColor), ground(e.parentElement));
      if (found < shapeContrast) complaints.push(`contrast ${found.toFixed(2)} of a border: ${name(e)}`);
    }
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    if (!visible(node.parentElement) || node.parentElement.closest('noscript, .spoken, select')) continue;
    for (const found of node.data.matchAll(/[\\w.,:−¥]+/g)) {
      if (found[0].length > longestWord && !/[\\d.,]{9}/.test(found[0])) continue;
      const range = document.createRange();
      range.setStart(node, found.index);
      range.setEnd(node, found.index + found[0].length);
      const rows = [...range.getClientRects()].map((box) => box.top);
      const high = range.getClientRects()[0].height;
      if (Math.max(...rows) - Math.min(...rows) <= high / 2) continue;
      complaints.push(`a word is broken: '${found[0]}' of ${name(node.parentElement)}`);
    }
  }
  const within = (a, b, start, end) => a[start] < b[end] - 1 && b[start] < a[end] - 1;
  const overlap = (a, b) => within(a, b, 'left', 'right') && within(a, b, 'top', 'bottom');
  const parts = '.verdict > *, .detail > :not(.actions, .spoken), .actions > *';
  const blocks = [...document.querySelectorAll(parts)].filter(visible);
  for (const [i, one] of blocks.entries()) {
    for (const other of blocks.slice(i + 1)) {
      if (one.closest('.actions') !== other.closest('.actions')) continue; // the way on stays in sight above the rest
      if (overlap(one.getBoundingClientRect(), other.getBoundingClientRect())) {
        complaints.push(`${name(one)} touches ${name(other)}`);
      }
    }
  }
  return complaints;
}"""


def complaints(page: "Page") -> list[str]:
    """All that is wrong with the page as it stands."""
    found: list[str] = page.evaluate(_LOOK, [TARGET_PX, TEXT_CONTRAST, SHAPE_CONTRAST, LONGEST_WORD])
    return found
