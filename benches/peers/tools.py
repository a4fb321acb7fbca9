"""The programs that are compared: how each is started, and who counts its requests."""

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

from cpu import Program

HERE = Path(__file__).parent
CONNECTIONS = 1000
PAYLOAD = b"U" * 200


class Echo(Program):
    """The raw host, which counts frames."""

    def __init__(self, target):
        super().__init__([f"{target}/examples/peers-echo"], stdin=subprocess.PIPE)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def count(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


class Host(Program):
    """`posfleet host`, which knows the terminals of `posfleet.yaml`."""

    def __init__(self, target):
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.port = server.getsockname()[1]
        listen = f"127.0.0.1:{self.port}"
        command = [f"{target}/posfleet", "host", "--listen", listen, "--scenario", str(HERE / "posfleet.yaml")]
        super().__init__(command, stdout=subprocess.DEVNULL)
        self.wait()

    def wait(self):
        for _ in range(200):
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
        raise SystemExit("posfleet host does not listen")


class Raw(Program):
    """A program whose requests the echo host counts."""

    def __init__(self, command, echo, **options):
        # What it says is not needed, and a pipe that nobody reads would stop it.
        super().__init__(command, stdout=subprocess.DEVNULL, **options)
        self.echo = echo

    def measure(self, warm, seconds):
        time.sleep(warm)
        first = (time.monotonic(), self.echo.count(), self.cpu())
        time.sleep(seconds)
        return first, (time.monotonic(), self.echo.count(), self.cpu())


class Telling(Program):
    """A program that tells once a second how many requests it has done."""

    def __init__(self, command, count, **options):
        super().__init__(command, **options)
        self.count = count
        self.points = []
        threading.Thread(target=self.follow, daemon=True).start()

    def follow(self):
        for line in self.process.stdout:
            count = self.count(line)
            if count is not None:
                self.points.append((time.monotonic(), count, self.cpu()))

    def measure(self, warm, seconds):
        # On a busy machine its terminals are signed in late.
        late = time.monotonic() + LONGEST / 2
        while time.monotonic() < late and not any(count for _, count, _ in self.points):
            time.sleep(0.2)
        begin = time.monotonic() + warm
        time.sleep(warm + seconds)
        points = [point for point in self.points if point[0] >= begin]
        return (points[0], points[-1]) if len(points) > 1 else (None, None)


def floor(setting):
    """Connections on which bytes go to and fro, and nothing else."""
    address = f"127.0.0.1:{setting.echo.port}"
    return Raw([f"{setting.target}/examples/peers-echo", address, str(CONNECTIONS)], setting.echo)


def posfleet(setting):
    """Real sales with a MAC, on one shard."""
    command = [f"{setting.target}/posfleet", "run", str(HERE / "posfleet.yaml"), "--headless", "--format", "ndjson"]
    command += ["--shards", "1", "--out", str(setting.fresh("results"))]
    command += ["--target", f"host=127.0.0.1:{setting.new_host().port}"]
    return Telling(command, finished)


def finished(line):
    told = json.loads(line)
    return told["counters"]["finished"] if told.get("phase") == "running" else None


def locust_sale(setting):
    return Telling(locust(setting, setting.new_host().port, "locust_sale.py"), counted)


def counted(line):
    return int(line.split()[1]) if line.startswith("count ") else None


def locust_loop(setting):
    return Raw(locust(setting, setting.echo.port, "locust_raw.py", "Loop"), setting.echo)


def locust_task(setting):
    return Raw(locust(setting, setting.echo.port, "locust_raw.py", "Task"), setting.echo)


def locust(setting, port, script, *users):
    os.environ["PEERS_ADDRESS"] = f"127.0.0.1:{port}"
    command = [f"{setting.venv}/bin/locust", "--headless", "--only-summary", "--loglevel", "ERROR"]
    command += ["--users", str(CONNECTIONS), "--spawn-rate", str(CONNECTIONS), "--run-time", f"{LONGEST}s"]
    return command + ["--locustfile", str(HERE / script), *users]


def tsung(setting):
    plan = planned(setting, "tsung.xml", FRAME="U" * (2 + len(PAYLOAD)))
    return Raw(["tsung", "-f", plan, "-l", str(setting.fresh("tsung")), "start"], setting.echo)


def planned(setting, name, **values):
    """A plan of a program with the values in their places."""
    text = (HERE / name).read_text()
    values |= {"CONNECTIONS": str(CONNECTIONS), "PORT": str(setting.echo.port), "SECONDS": str(LONGEST)}
    for key, value in values.items():
        text = text.replace(key, value)
    plan = setting.fresh(name)
    plan.write_text(text)
    return str(plan)


# No round takes longer.
LONGEST = 60
