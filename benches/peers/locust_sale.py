"""A Locust user that does the sale of posfleet's terminals at PEERS_ADDRESS, on pyiso8583 and pycryptodome.

It signs in for its keys; then each request is packed, MACed, sent, received, taken apart and its MAC checked. What it
has done so far is printed once a second.
"""

import itertools
import os
import socket
import sys
import time

import gevent
import iso8583
from Crypto.Cipher import DES, DES3
from locust import User, events, task

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/data"))
from host import LL, SPEC, text  # noqa: E402: the table of elements of the host that is not ours

HOST, PORT = os.environ["PEERS_ADDRESS"].rsplit(":", 1)
SPEC = {**SPEC, "44": text(25, LL)}
TMK = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
HEADER = "6000030000603100310001"
NUMBERS = itertools.count(1)
DONE = [0]


class Terminal(User):
    def on_start(self):
        number = next(NUMBERS)
        self.names = {"41": f"PE{number:06}", "42": f"{898000000000000 + number}"}
        self.stan = 0
        self.socket = socket.create_connection((HOST, int(PORT)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        answer, _ = self.ask({"t": "0800", "60": "00000001003", "63": "01 "})
        wrapped = bytes.fromhex(answer["62"])
        self.cipher = DES.new(DES3.new(TMK, DES3.MODE_ECB).decrypt(wrapped[20:28]), DES.MODE_ECB)
        self.batch = answer["60"][2:8]

    @task
    def sell(self):
        fire = self.environment.events.request.fire
        while True:
            began = time.perf_counter()
            answer, frame = self.ask(
                {
                    "t": "0200",
                    "3": "000000",
                    "4": "000000001250",
                    "22": "022",
                    "25": "00",
                    "35": "6217994294251327D33122018830429499323",
                    "49": "156",
                    "60": f"22{self.batch}00061",
                }
            )
            if answer["39"] != "00" or self.mac(frame[11:-8]) != frame[-8:]:
                raise SystemExit(f"not a sale: {answer}")
            took = (time.perf_counter() - began) * 1000
            fire(request_type="iso", name="sale", response_time=took, response_length=200, exception=None, context={})
            DONE[0] += 1

    def ask(self, request):
        """The answer to a request, taken apart and as it came."""
        self.stan += 1
        request |= self.names | {"h": HEADER, "11": f"{self.stan:06}"}
        if request["t"] == "0200":
            request["64"] = "0" * 8
            frame = bytes(iso8583.encode(request, SPEC)[0])[:-8]
            frame += self.mac(frame[11:])
        else:
            frame = bytes(iso8583.encode(request, SPEC)[0])
        self.socket.sendall(len(frame).to_bytes(2, "big") + frame)
        answer = self.read(int.from_bytes(self.read(2), "big"))
        return iso8583.decode(answer, SPEC)[0], answer

    def read(self, count):
        heard = self.socket.recv(count)
        while len(heard) < count:
            more = self.socket.recv(count - len(heard))
            if not more:
                raise SystemExit("the host has closed")
            heard += more
        return heard

    def mac(self, data):
        """The ECB algorithm of UnionPay; the fold by whole numbers, the fastest that plain Python has."""
        data += bytes(-len(data) % 8)
        fold = 0
        for at in range(0, len(data), 8):
            fold ^= int.from_bytes(data[at : at + 8], "big")
        digits = f"{fold:016X}".encode()
        half = int.from_bytes(self.cipher.encrypt(digits[:8]), "big") ^ int.from_bytes(digits[8:], "big")
        return self.cipher.encrypt(half.to_bytes(8, "big")).hex().upper()[:8].encode()


@events.test_start.add_listener
def count(**_):
    def tell():
        while True:
            print(f"count {DONE[0]}", flush=True)
            gevent.sleep(1)

    gevent.spawn(tell)
