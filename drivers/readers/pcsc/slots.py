# SPDX-License-Identifier: Apache-2.0
"""Which PC/SC slots a phone can be held to, by their names, and what lies in one, by its ATR.

PC/SC names a slot "Maker Model [interface string] (serial number) NN MM": the interface string, where the reader has
one, tells the slots of one reader apart. No attribute of PC/SC does.

A reader makes up the ATR of a contactless card (PC/SC part 3, §3.1.3.2.3):

3B 8N 80 01 T1 … TN TCK                                         ISO 14443-4; TCK is the XOR of all after 3B
3B 8F 80 01 80 4F 0C A0 00 00 03 06 SS NN NN 00 00 00 00 TCK    a memory card: standard SS, card name NN NN
3B FN 91 00 FF 91 81 71 …                                       the same by SCM's readers of before that standard
"""

import re
from enum import StrEnum

_BRACKETS = re.compile(r"\[([^\]]*)\]")
_SERIAL = re.compile(r"\([^)]*\)")
_CONTACTLESS = r"contactless|PICC|PCD|CL|CLi|NFC|RFID|RF|proximity|prox|ACR ?122U?|R502|TWN4|FeliCa|mifare"
_CONTACT = r"contact|contacted|ICC|\d?SAM|e?SIM|eUICC|keyboard"
_SECURITY_KEY = (
    r"[a-z]*token[a-z]*\d?|key|yubikey|nitrokey|canokeys?|solokeys|gnuk|jacarta[a-z]*|ledger|biopass|epass\d*|"
    r"cryptomate\d*"
)
_WORDS = re.compile(
    rf"(?<![A-Za-z])(?:(?P<contactless>{_CONTACTLESS})|(?P<contact>{_CONTACT}|{_SECURITY_KEY}))(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_IS_KEY = re.compile(rf"(?<![A-Za-z])(?:{_SECURITY_KEY})(?![A-Za-z0-9])", re.IGNORECASE)
_IS_READER = re.compile(r"reader", re.IGNORECASE)
"""Makers of tokens make readers too."""
_BOTH = re.compile(r"[&+/]|\b(?:and|dual|combi|hybrid)\b", re.IGNORECASE)

_MEMORY_CARD = bytes.fromhex("804F0CA000000306")
_OF_SCM = bytes.fromhex("9100FF918171")
_NAMES_OF_PHONES = (b"\x00\x00", b"\x00\x3b", b"\xf0\x11", b"\xf0\x12")
_SPEAKS = 0x60


class SlotKind(StrEnum):
    """What the name of a slot says."""

    CONTACTLESS = "contactless"
    CONTACT = "contact"
    """For cards with contacts, or a token that is its own card: no phone can be held to it."""
    UNSAID = "unsaid"


class CardKind(StrEnum):
    """What an ATR says of the card."""

    CONTACTLESS = "contactless"
    """It may be a phone."""
    MEMORY = "memory"
    """A sticker, a ticket: it knows no commands, so it is no phone."""
    CONTACT = "contact"
    UNSAID = "unsaid"
    """No ATR: the card is mute, or has not been powered yet."""


def kind_of_slot(name: str) -> SlotKind:
    """By the interface string if there is one with a word for it, else by the whole name; the last word counts.

    A security key that is its own card is one also where its name says that it speaks NFC: what is on USB does not. But
    a reader by the maker of one is a reader.
    Not the last word on it: an OMNIKEY 5422 calls its contact slot "5422CL" as well. The ATR of what lies there is.
    """
    interface = " ".join(_BRACKETS.findall(name))
    rest = _SERIAL.sub(" ", _BRACKETS.sub(" ", name))
    if _IS_KEY.search(said := f"{rest} {interface}") and not _IS_READER.search(said):
        return SlotKind.CONTACT
    for part in (interface, rest):
        kinds = [SlotKind.CONTACT if word["contact"] else SlotKind.CONTACTLESS for word in _WORDS.finditer(part)]
        if kinds:
            return SlotKind.UNSAID if len(set(kinds)) > 1 and _BOTH.search(part) else kinds[-1]
    return SlotKind.UNSAID


def kind_of_card(atr: bytes) -> CardKind:
    """By its ATR."""
    if not atr:
        return CardKind.UNSAID
    if atr[2:8] == _OF_SCM:
        return CardKind.CONTACTLESS
    if len(atr) < 5 or atr[0] != 0x3B or atr[1] & 0xF0 != 0x80 or atr[2:4] != b"\x80\x01":
        return CardKind.CONTACT
    if atr[4:12] != _MEMORY_CARD or len(atr) < 15:
        return CardKind.CONTACTLESS
    return CardKind.CONTACTLESS if _may_be_a_phone(atr[13:15]) else CardKind.MEMORY


def _may_be_a_phone(card_name: bytes) -> bool:
    """A phone seen by NFC-DEP (no name) or as FeliCa; after FF its SAK, of one that speaks ISO-DEP or NFC-DEP (ACS)."""
    if card_name[0] == 0xFF:
        return bool(card_name[1] & _SPEAKS)
    return card_name in _NAMES_OF_PHONES
