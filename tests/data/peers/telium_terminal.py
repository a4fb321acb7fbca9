"""A terminal around the messages of pyTeliumManager: it reads requests with TeliumAsk and writes TeliumResponse.

The package has no terminal's side; the session around its messages is written here from the description of the protocol.
telium_terminal.py COUNT: prints where it is, serves so many requests, and prints each as a line of JSON. One of 51.00
is refused.
"""

import json
import os
import pty
import sys
import tty

from telium import TeliumAsk
from telium.payment import TeliumResponse

EOT, ENQ, ACK = b"\x04", b"\x05", b"\x06"
REQUEST = 37


def main():
    # The other end stays open here, so that the line lives until somebody comes.
    line, keeper = pty.openpty()
    tty.setraw(keeper)
    print("ready at", os.ttyname(keeper), flush=True)
    left = int(sys.argv[1])
    while left:
        left -= serve(line)


def serve(line):
    """Serves one session; whether it had a request in it."""
    expect(line, ENQ)
    os.write(line, ACK)
    first = os.read(line, 1)
    if first == EOT:
        return False
    raw = first + read(line, REQUEST - 1)
    ask = TeliumAsk.decode(raw)
    os.write(line, ACK)
    expect(line, EOT)
    # The package drops the private column, which a terminal gives back.
    private = raw[17:27].decode()
    print(json.dumps({"ask": ask.__dict__, "private": private}), flush=True)
    answer(line, ask, private)
    return True


def answer(line, ask, private):
    refused = ask.amount == 51.00
    report = "" if ask.answer_flag == "0" else ("6291000000000006" + " " * 39)
    reply = TeliumResponse(
        ask.pos_number, 7 if refused else 0, ask.amount, ask.payment_mode, report, ask.currency_numeric, private
    )
    os.write(line, ENQ)
    expect(line, ACK)
    os.write(line, reply.encode().encode("ascii"))
    expect(line, ACK)
    os.write(line, EOT)


def expect(line, signal):
    heard = os.read(line, 1)
    if heard != signal:
        raise SystemExit(f"expected {signal.hex()}, heard {heard.hex()}")


def read(line, count):
    heard = b""
    while len(heard) < count:
        heard += os.read(line, count - len(heard))
    return heard


main()
