"""CPU time of a program and of all that it has started, from /proc; and its end."""

import contextlib
import os
import signal
import subprocess

TICK = os.sysconf("SC_CLK_TCK")
ONE_CORE = "a core for the programs and another for their hosts are needed, and there is one"


class Program:
    """A program in a session of its own, so that all that it starts is found."""

    def __init__(self, command, **options):
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, **options}
        self.process = subprocess.Popen(command, start_new_session=True, text=True, bufsize=1, **options)

    def members(self):
        """The processes of its session: identifier and CPU in seconds."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="latin-1") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                yield int(name), (int(fields[11]) + int(fields[12])) / TICK

    def cpu(self):
        return sum(seconds for _, seconds in self.members())

    def end(self):
        """Asks it to end, and ends what does not."""
        for sent in (signal.SIGTERM, signal.SIGKILL):
            for member, _ in list(self.members()):
                end_process(member, sent)
            try:
                self.process.wait(timeout=8)
                if not list(self.members()):
                    break
            except subprocess.TimeoutExpired:
                pass


@contextlib.contextmanager
def on_core(core):
    """Whatever is started within has this core, with all that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def two_cores():
    """A core for the programs and another for their hosts; `None` where there is only one."""
    cores = sorted(os.sched_getaffinity(0))
    return (cores[-1], cores[0]) if len(cores) > 1 else None


def named(name):
    """The processes of this name; Erlang's name server outlives who has started it."""
    found = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/comm", encoding="latin-1") as comm:
                if comm.read().strip() == name:
                    found.add(int(process))
        except OSError:
            continue
    return found


def end_process(process, sent=signal.SIGTERM):
    try:
        os.kill(process, sent)
    except ProcessLookupError:
        pass
