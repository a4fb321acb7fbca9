"""A Locust user that sends 202 constant bytes to PEERS_ADDRESS and waits for as many.

The loop is inside the task: what Locust's choice of tasks costs is not counted. What it counts, events.request, is.
"""

import os
import socket
import time

from locust import User, task

HOST, PORT = os.environ["PEERS_ADDRESS"].rsplit(":", 1)
FRAME = (200).to_bytes(2, "big") + b"U" * 200


class Register(User):
    def on_start(self):
        self.socket = socket.create_connection((HOST, int(PORT)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @task
    def exchange(self):
        fire = self.environment.events.request.fire
        while True:
            began = time.perf_counter()
            self.socket.sendall(FRAME)
            left = len(FRAME)
            while left:
                heard = self.socket.recv(left)
                if not heard:
                    return
                left -= len(heard)
            took = (time.perf_counter() - began) * 1000
            fire(request_type="tcp", name="echo", response_time=took, response_length=200, exception=None, context={})
