#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Mails sealed a second at 1, 10 and 50 under way, beside raw signing by the same key over the same
# way: SoftHSM2 behind p11-kit server and mutual TLS (stunnel), with 0 and 10 ms of added round
# trip. Sealer and registrar are the real roles; each use is in the register before its signature is
# given.
#   seal_bench.py [PAIRS]
# Prints lines of: milliseconds, under way, seals a second, signatures a second, median, lowest and
# highest ratio.
"""Seals per second."""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE + "/../lib", HERE + "/../mta"]

import fakeroles
import hsm

PROGRAMS = HERE + "/../../build/tests/bench"
SAMPLE_MSECS = 1000
DELAYS_MSECS, UNDER_WAY = (0, 10), (1, 10, 50)


class Register:
    """The registrar's role, at the channel's other end."""

    def __init__(self, folder, channel):
        os.makedirs(folder, 0o700)
        self.control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        config = fakeroles.sealed(("hostname: mx1.test\nregister: {directory: %s}\n" % folder).encode())
        self.channel = channel
        self.process = subprocess.Popen(
            [fakeroles.PROGRAM, "--role=registrar", "--config-name", "/test/vanthu.yaml", "--fd-control=%d" % other.fileno(),
             "--fd-record=%d" % channel.fileno(), "--fd-config=%d" % config], pass_fds=(other.fileno(), channel.fileno(), config),
            stdin=subprocess.DEVNULL)
        other.close()
        os.close(config)
        self.control.settimeout(20)
        if fakeroles.receive(self.control) is None:
            raise RuntimeError("the registrar did not become ready")

    def stop(self):
        self.control.close()
        self.process.wait(20)


def slow(site, msecs):
    """The tunnel, with a relay in its middle."""
    port = hsm.free_port()
    site.hsm.begin("relay-%d" % msecs, PROGRAMS + "/slow_relay", str(port), str(site.hsm.port), str(msecs))
    address = site.hsm.address + str(msecs)
    with open(site.hsm.path("client.conf")) as file:
        text = file.read().replace("accept = " + site.hsm.address, "accept = " + address)
    site.hsm.write("client-%d.conf" % msecs, text.replace("connect = 127.0.0.1:%d" % site.hsm.port,
                                                          "connect = 127.0.0.1:%d" % port).encode())
    site.hsm.begin("client-%d" % msecs, "stunnel", site.hsm.path("client-%d.conf" % msecs))
    hsm.wait_for(lambda: os.path.exists(address), text="stunnel")
    return address


def rate(*words, fds=(), **more):
    done = subprocess.run([PROGRAMS + "/seal_bench", *words, str(SAMPLE_MSECS)], capture_output=True, text=True, pass_fds=fds,
                          env=dict(os.environ, **more), check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return float(done.stdout)


def measure(site, msecs, pairs):
    address = site.hsm.address if msecs == 0 else slow(site, msecs)
    key = site.key(more="parallel: %d\nper-hour: 1000000" % max(UNDER_WAY)).replace(site.hsm.address, address)
    registers = []

    def registrar(channel):
        registers.append(Register("%s/register%d" % (site.folder, msecs), channel))
        return registers[0]

    with site.sealer(key, limit="10s", registrar=registrar) as role:
        role.wait_state("up")
        for count in UNDER_WAY:
            samples = []
            for _ in range(pairs):
                ours = rate("mails", str(role.seal.fileno()), "van-thu", str(count), fds=(role.seal.fileno(),))
                raw = rate("raw", hsm.CLIENT, hsm.PIN, "rsa", str(count), P11_KIT_SERVER_ADDRESS="unix:path=" + address)
                samples.append((ours / raw, ours, raw))
            ratios = [ratio for ratio, _, _ in samples]
            print(msecs, count, *("%.1f" % statistics.median(column) for column in list(zip(*samples))[1:]),
                  *("%.3f" % value for value in (statistics.median(ratios), min(ratios), max(ratios))), flush=True)
    registers[0].stop()


def main():
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        site = hsm.Site(folder, provider=hsm.MODULE)
        try:
            for msecs in DELAYS_MSECS:
                measure(site, msecs, pairs)
        finally:
            site.hsm.stop()


main()
