# SPDX-License-Identifier: Apache-2.0
"""The virtual phone: the reference wallet of the tap protocol, and ways to hold it to a reader.

From the radio inwards; each module knows only those below it:

cli, words              what a person types and reads
phone                   one phone: account, keys, wallet and card over one directory
tokens                  the account's token, and another one once a day
issuers, revoked        whom the phone believes, and whom no more
documents               what the backend signs for all wallets
account, scan           its account at a backend; paying by the URL of a tag or QR
hold, field             held to vpcd's virtual PC/SC reader; brought into a reader inside this process
manners                 held well, badly, torn away, or no wallet at all
applet                  the card: APDU in, APDU out
wallet                  what is answered to a presentation, in the protocol's order
plan, owner, events     what a payment is made of; who decides; what the screen shows
store, keyring          what must survive a power cut
vpcd, reader_service    a card on a virtual PC/SC reader, and that reader
bench, fake_vpcd        a wallet on a workbench, and the reader's end of vpcd's socket, for tests

Reading order: documents, issuers, revoked, account, clocks, parts, wallet, tokens, field, scan, words, phone,
workbench, cli.
"""

__all__ = ["account", "field", "parts", "phone", "wallet", "workbench"]
