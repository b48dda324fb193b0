# SPDX-License-Identifier: Apache-2.0
#
# A PostgreSQL of one's own for an end-to-end test: in a folder, on a socket there and on no port, as
# a user without rights.
"""with Postgres(folder) as database: …"""

import glob
import os
import pwd
import signal
import subprocess

from site_lab import wait_for

# PostgreSQL does not run as root.
USER = "nobody"


def programs():
    """The folder of initdb and postgres; None on a machine without."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


class Postgres:
    def __init__(self, folder):
        self.folder, self.server = folder + "/postgres", None

    def __enter__(self):
        user = pwd.getpwnam(USER)
        os.makedirs(self.folder)
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        self.run("initdb", "-D", self.folder + "/data", "-U", "vanthu", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        self.start()
        return self

    def __exit__(self, *_):
        self.wake()
        self.stop()

    def demote(self):
        user = pwd.getpwnam(USER)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(self, name, *arguments):
        done = subprocess.run([f"{programs()}/{name}", *arguments], cwd=self.folder, capture_output=True, text=True, check=False,
                              env={**os.environ, "LC_ALL": "C"}, **self.demote())
        if done.returncode != 0:
            raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")
        return done.stdout

    @property
    def connection(self):
        return f"host={self.folder} dbname=postgres"

    def start(self):
        with open(self.folder + "/server.log", "ab") as log:
            self.server = subprocess.Popen([f"{programs()}/postgres", "-D", self.folder + "/data", "-k", self.folder,
                                            "-c", "listen_addresses=", "-c", "shared_buffers=16MB"], cwd=self.folder,
                                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.demote())
        wait_for("PostgreSQL to run", lambda: self.answers())

    def answers(self):
        done = subprocess.run([f"{programs()}/psql", "-h", self.folder, "-U", "vanthu", "-c", "SELECT 1", "postgres"],
                              capture_output=True, check=False)
        return done.returncode == 0

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)
            self.server.wait(30)

    def signal_all(self, number):
        """The server with each of its processes, which have sessions of their own."""
        if not self.server or self.server.poll() is not None:
            return
        pid = self.server.pid
        os.kill(pid, number)
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            for child in file.read().split():
                os.kill(int(child), number)

    def hang(self):
        self.signal_all(signal.SIGSTOP)

    def wake(self):
        self.signal_all(signal.SIGCONT)

    def ask(self, text):
        """The rows of a question, each a list of texts."""
        out = self.run("psql", "-h", self.folder, "-U", "vanthu", "-At", "-F", "\t", "-c", text, "postgres")
        return [line.split("\t") for line in out.splitlines()]
