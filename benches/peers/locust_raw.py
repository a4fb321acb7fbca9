"""Locust users that send 202 constant bytes to PEERS_ADDRESS and wait for as many; what Locust counts is counted.

`Loop` does it again and again inside one task, so that what Locust's choice of tasks costs is left out; `Task` is written
as Locust's guide has it, a task for each request.
"""

import os
import socket
import time

from locust import User, task

HOST, PORT = os.environ["PEERS_ADDRESS"].rsplit(":", 1)
FRAME = (200).to_bytes(2, "big") + b"U" * 200


class Register(User):
    abstract = True

    def on_start(self):
        self.fire = self.environment.events.request.fire
        self.socket = socket.create_connection((HOST, int(PORT)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self):
        began = time.perf_counter()
        self.socket.sendall(FRAME)
        left = len(FRAME)
        while left:
            heard = self.socket.recv(left)
            if not heard:
                raise SystemExit("the host has closed")
            left -= len(heard)
        took = (time.perf_counter() - began) * 1000
        self.fire(request_type="tcp", name="echo", response_time=took, response_length=200, exception=None, context={})


class Loop(Register):
    @task
    def sell(self):
        while True:
            self.exchange()


class Task(Register):
    @task
    def sell(self):
        self.exchange()
