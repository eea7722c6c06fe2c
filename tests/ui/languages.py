# SPDX-License-Identifier: Apache-2.0
"""The languages in which names are drawn by our own fonts, each with the letters it is written in (CLDR, main letters).

Chinese is held by its national standards, Korean by KS X 1001, in tests/ui/test_fonts.py. Names in every other script
are drawn by a font of the system's, shaped, where it has one, and by stand-ins where it has none.
"""

_LATIN = "abcdefghijklmnopqrstuvwxyz"
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"

LETTERS = {
    "en": _LATIN,
    "zh-Latn (pinyin)": _LATIN + "āáǎàēéěèīíǐìōóǒòūúǔùüǖǘǚǜêńňǹḿ",
    "za (Zhuang)": _LATIN,
    "fr": _LATIN + "àâæçéèêëîïôœùûüÿ",
    "de": _LATIN + "äöüßẞ",
    "es": _LATIN + "áéíñóúü¡¿ªº",
    "pt": _LATIN + "áàâãçéêíóòôõúü",
    "it": _LATIN + "àéèìíîóòúù",
    "nl": _LATIN + "áäéëíïóöúü",
    "da": _LATIN + "æøåé",
    "nb": _LATIN + "æøåéêóôà",
    "sv": _LATIN + "åäöéà",
    "fi": _LATIN + "åäöšž",
    "is": _LATIN + "áæðéíóöþúý",
    "pl": _LATIN + "ąćęłńóśźż",
    "cs": _LATIN + "áčďéěíňóřšťúůýž",
    "sk": _LATIN + "áäčďéíĺľňóôŕšťúýž",
    "hu": _LATIN + "áéíóöőúüű",
    "ro": _LATIN + "ăâîșțşţ",
    "hr": _LATIN + "čćđšž",
    "sl": _LATIN + "čšž",
    "lt": _LATIN + "ąčęėįšųūž",
    "lv": _LATIN + "āčēģīķļņšūž",
    "et": _LATIN + "šžõäöü",
    "tr": _LATIN + "çğıöşüâîû",
    "az": _LATIN + "çəğıöşü",
    "mt": _LATIN + "àċèġħìòùż",
    "ga": _LATIN + "áéíóú",
    "cy": _LATIN + "áàâäéèêëìíîïóòôöúùûüẃẁŵẅýỳŷÿ",
    "ca": _LATIN + "àçéèíïóòúü·",
    "sq": _LATIN + "çë",
    "id": _LATIN,
    "ms": _LATIN,
    "fil": _LATIN + "ñáàâéèêíìîóòôúùû",
    "sw": _LATIN,
    "vi": "aăâbcdđeêghiklmnoôơpqrstuưvxyàằầèềìòồờùừỳảẳẩẻểỉỏổởủửỷãẵẫẽễĩõỗỡũữỹáắấéếíóốớúứýạặậẹệịọộợụựỵ",
    "el": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ",
    "ru": _CYRILLIC + "ё",
    "uk": _CYRILLIC + "іїєґ’",
    "be": _CYRILLIC + "ёіў",
    "bg": _CYRILLIC,
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџш",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ",
    "kk": _CYRILLIC + "ёәғқңөұүһі",
    "ky": _CYRILLIC + "ёңөү",
    "mn": _CYRILLIC + "ёөү",
    "tg": _CYRILLIC + "ёғӣқӯҳҷ",
    "tt": _CYRILLIC + "ёәөүҗңһ",
    "ja (kana)": "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB), 0x309D, 0x309E, 0x30FC, 0x30FD]))
    + "・",
    "zh (bopomofo)": "".join(map(chr, range(0x3105, 0x312A))) + "ˊˇˋ˙",
}
