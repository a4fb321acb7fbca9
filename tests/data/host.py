"""An acquirer that shares no code with posfleet: pyiso8583 for messages, pycryptodome for DES.

It speaks the terminal dialect of UnionPay: signs terminals in with keys of its own, verifies the MAC of every
financial message by itself, keeps books, and swallows its first answer to each terminal's first sale, so that
a reversal must come. It listens on any port of this machine, says which in its first line, and serves until its
standard input ends. Then it prints what it saw as one line of JSON.

    python3 host.py TMK
"""

import json
import os
import socketserver
import sys
import threading

import iso8583
from Crypto.Cipher import DES, DES3


def fixed(digits):
    pad = {"right_pad": "0"} if digits % 2 else {}
    return {"data_enc": "b", "len_enc": "bcd", "len_type": 0, "max_len": digits, "len_count": "nibbles", **pad}


def digits(length, size):
    kind = {"data_enc": "b", "len_enc": "bcd", "len_type": size, "max_len": length, "len_count": "nibbles"}
    return {**kind, "right_pad": "0"}


def text(length, size=0):
    return {"data_enc": "latin-1", "len_enc": "bcd", "len_type": size, "max_len": length}


def binary(length, size=0):
    return {"data_enc": "b", "len_enc": "bcd", "len_type": size, "max_len": length}


LL, LLL = 1, 2
SPEC = {
    "h": binary(11),  # TPDU and header
    "t": fixed(4),
    "p": binary(8),
    "2": digits(19, LL),
    "3": fixed(6),
    "4": fixed(12),
    "11": fixed(6),
    "12": fixed(6),
    "13": fixed(4),
    "14": fixed(4),
    "15": fixed(4),
    "22": fixed(3),
    "23": {**fixed(3), "left_pad": "0"},
    "25": fixed(2),
    "26": fixed(2),
    "32": digits(11, LL),
    "35": digits(37, LL),
    "37": text(12),
    "38": text(6),
    "39": text(2),
    "41": text(8),
    "42": text(15),
    "49": text(3),
    "52": binary(8),
    "53": fixed(16),
    "55": binary(255, LLL),
    "60": digits(100, LLL),
    "62": binary(999, LLL),
    "63": text(163, LLL),
    "64": text(8),
}


def encrypt(key, block):
    return (DES if len(key) == 8 else DES3).new(key, (DES if len(key) == 8 else DES3).MODE_ECB).encrypt(block)


def decrypt(key, block):
    return (DES if len(key) == 8 else DES3).new(key, (DES if len(key) == 8 else DES3).MODE_ECB).decrypt(block)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def mac(key, data):
    """The ECB algorithm of UnionPay: fold, then encrypt the two halves of the fold's hexadecimal digits."""
    data += bytes(-len(data) % 8)
    fold = bytes(8)
    for at in range(0, len(data), 8):
        fold = xor(fold, data[at : at + 8])
    upper, lower = fold.hex().upper().encode()[:8], fold.hex().upper().encode()[8:]
    return encrypt(key, xor(encrypt(key, upper), lower)).hex().upper()[:8]


def pin(key, block, pan):
    """The PIN in an ISO format 0 block; None when there is none."""
    plain = xor(decrypt(key, block), bytes.fromhex("0000" + pan[-13:-1])).hex()
    length = int(plain[1], 16)
    entered, filler = plain[2 : 2 + length], plain[2 + length :]
    return entered if plain[0] == "0" and entered.isdigit() and set(filler) <= {"f"} else None


def odd(key):
    """Keys of a different value in every slot, with odd parity."""
    return bytes(b & 0xFE | (bin(b >> 1).count("1") + 1) % 2 for b in key)


class Books:
    def __init__(self, tmk):
        self.tmk = tmk
        self.lock = threading.Lock()
        self.keys = {}
        self.captured = {}
        self.reversed = set()
        self.swallowed = set()
        self.counts = dict.fromkeys(
            ["sign_ins", "sales", "reversals", "macs_ok", "macs_bad", "pins_ok", "pins_bad", "cards_bad", "unknown"], 0
        )

    def report(self):
        captured = [[*key, amount] for key, amount in sorted(self.captured.items())]
        return {**self.counts, "captured": captured, "reversed": sorted(map(list, self.reversed))}

    def handle(self, frame):
        """The answer to one request; None where it is swallowed."""
        request, _ = iso8583.decode(frame, SPEC)
        with self.lock:
            if request["t"] == "0800":
                return self.sign_in(request)
            if request["t"] in ("0200", "0400"):
                return self.financial(request, frame)
            self.counts["unknown"] += 1
            return self.answer(request, {"39": "40"})

    def sign_in(self, request):
        self.counts["sign_ins"] += 1
        pik, mak = odd(os.urandom(16)), odd(os.urandom(8))
        self.keys[request["41"]] = (pik, mak)
        wrapped = encrypt(self.tmk, pik) + encrypt(pik, bytes(8))[:4]
        wrapped += encrypt(self.tmk, mak) + bytes(8) + encrypt(mak, bytes(8))[:4]
        batch = request["60"][:2] + "000007" + request["60"][8:]
        return self.answer(request, {"39": "00", "37": "1".zfill(12), "60": batch, "62": wrapped.hex().upper()})

    def financial(self, request, frame):
        pik, mak = self.keys.get(request["41"], (bytes(16), bytes(8)))
        # From the message type up to the MAC; in front of it are eleven bytes of TPDU and header.
        if mac(mak, frame[11:-8]) != request.get("64"):
            self.counts["macs_bad"] += 1
            return self.answer(request, {"39": "A0"})
        self.counts["macs_ok"] += 1
        key = (request["41"], request["60"][2:8], request["11"])
        if request["t"] == "0400":
            self.counts["reversals"] += 1
            self.captured.pop(key, None)
            self.reversed.add(key)
            return self.answer(request, {"39": "00"}, mak)
        self.counts["sales"] += 1
        self.check_card(request, pik)
        if key in self.captured or key in self.reversed:
            return self.answer(request, {"39": "94"}, mak)
        self.captured[key] = int(request["4"])
        if request["41"] not in self.swallowed:
            self.swallowed.add(request["41"])
            return None
        return self.answer(request, {"39": "00", "38": "A00001", "37": request["11"].zfill(12)}, mak)

    def check_card(self, request, pik):
        track = request.get("35", "").upper()
        pan = request.get("2") or track.split("D")[0]
        if request.get("2") and track and not track.startswith(pan + "D" + request["14"]):
            self.counts["cards_bad"] += 1
        if "52" in request:
            entered = pin(pik, bytes.fromhex(request["52"]), pan)
            self.counts["pins_ok" if entered and len(entered) == 6 else "pins_bad"] += 1

    def answer(self, request, more, mak=None):
        echoed = ["2", "3", "4", "11", "14", "23", "25", "41", "42", "49", "60"]
        head = request["h"]
        answer = {field: request[field] for field in echoed if field in request}
        answer["h"] = head[:2] + head[6:10] + head[2:6] + head[10:]
        answer["t"] = f"{int(request['t']) + 10:04}"
        answer.update({"12": "120000", "13": "0101", "15": "0101", "32": "00095840"} | more)
        if mak is None:
            return bytes(iso8583.encode(answer, SPEC)[0])
        answer["64"] = "0" * 8
        unsigned = bytes(iso8583.encode(answer, SPEC)[0])[:-8]
        return unsigned + mac(mak, unsigned[11:]).encode()


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.read(2):
            answer = self.server.books.handle(self.rfile.read(int.from_bytes(head, "big")))
            if answer is not None:
                self.wfile.write(len(answer).to_bytes(2, "big") + answer)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    with Server(("127.0.0.1", 0), Connection) as server:
        server.books = Books(bytes.fromhex(sys.argv[1]))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"listening on 127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()
        with server.books.lock:
            print(json.dumps(server.books.report()), flush=True)


if __name__ == "__main__":
    main()
