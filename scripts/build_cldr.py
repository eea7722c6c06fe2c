# SPDX-License-Identifier: Apache-2.0
"""Take from the Unicode CLDR what the screen writes: `python scripts/build_cldr.py` writes ui/i18n/cldr.py.

Babel brings the CLDR: 36 MB, of which three languages' money and days are a page. A test holds the page to Babel.
"""

from pathlib import Path
from typing import Final

from babel import Locale, __version__

OUT: Final = Path(__file__).resolve().parent.parent / "ui" / "i18n" / "cldr.py"
LOCALES: Final = {"zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant", "en": "en"}

HEAD: Final = '''# SPDX-License-Identifier: Apache-2.0
"""How each language writes money and days: from the Unicode CLDR, by scripts/build_cldr.py. Not edited by hand.

Data: Copyright © Unicode, Inc., under the Unicode License v3 (https://www.unicode.org/license.txt); Babel {version}.
"""

from typing import Final, NamedTuple

from pengpos.client import Language


class Conventions(NamedTuple):
    """One language's."""

    decimal: str
    """Between whole and fraction."""
    group: str
    """Between groups of three digits."""
    day: str
    """A day of the year, to be filled with `month`, by its name, and `day`, by its number."""
    months: tuple[str, ...]
    """Their short names, January first."""


CONVENTIONS: Final[dict[Language, Conventions]] = {{
'''


def main() -> None:
    """Write the page."""
    body = "".join(
        f"    {_quoted(language)}: {_conventions(Locale.parse(name))},\n" for language, name in LOCALES.items()
    )
    OUT.write_text(f"{HEAD.format(version=__version__)}{body}}}\n", encoding="utf-8")


def _conventions(locale: Locale) -> str:
    months = locale.months["format"]["abbreviated"]
    parts = {
        "decimal": _quoted(locale.number_symbols["latn"]["decimal"]),
        "group": _quoted(locale.number_symbols["latn"]["group"]),
        "day": _quoted(_template(locale.datetime_skeletons["MMMd"].pattern)),
        "months": f"({', '.join(_quoted(months[number]) for number in range(1, 13))})",
    }
    return "Conventions(\n" + "".join(f"        {name}={value},\n" for name, value in parts.items()) + "    )"


def _template(pattern: str) -> str:
    """`MMM d` or `M月d日` (a month's name in Chinese is its number and 月), as a template of str.format."""
    return pattern.replace("MMM", "{month}").replace("M月", "{month}").replace("d", "{day}")


def _quoted(text: str) -> str:
    escaped = "".join(one if one.isprintable() or one == " " else f"\\u{ord(one):04x}" for one in text)
    return f'"{escaped}"'


if __name__ == "__main__":
    main()
