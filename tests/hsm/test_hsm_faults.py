#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# An HSM that is away, silent, changed or angry: deadlines are kept, a refused PIN is tried once, only
# the worker of the key begins anew, and what was wrong is said in words that help.
"""Faults of the HSM. Cases that wait run beside each other, each with an HSM of its own."""

import concurrent.futures
import os
import signal
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import hsm
from hsm import Site, attributes, equal, failure, wait_for

LIMIT = 2.0  # limits.hsm of every sealer here
SLACK = 1.5  # of a busy machine


def wrong_pin(site):
    """One attempt, whoever asks and however often the sealer begins anew; the right one needs no restart."""
    data = attributes(site.certificates["rsa"])
    before = site.hsm.calls("C_Login")
    site.write_pin("000000")
    with site.sealer(site.key()) as role:
        role.wait_state("refused")
        for _ in range(3):
            failure(role.sign(data), "credential", "refused the PIN")
        state = role.directory
    for _ in range(2):
        with site.sealer(site.key(), site.key("second"), state=state) as role:
            role.wait_state("refused", key="van-thu")
            role.wait_state("refused", key="second")
            failure(role.sign(data), "credential", "not tried again")
    equal(site.hsm.calls("C_Login") - before, 1, "logins with a wrong PIN")
    with site.sealer(site.key(), state=state) as role:
        role.wait_state("refused")
        site.write_pin("111111")
        wait_for(lambda: site.hsm.calls("C_Login") - before == 2, 8, "another PIN is tried")
        role.wait_state("refused")
        site.write_pin(hsm.PIN)
        role.wait_state("up", 8)
        assert isinstance(role.sign(data), bytes)
        equal(role.status()["pin"]["old"], False)
    equal(site.hsm.calls("C_Login") - before, 3, "logins")
    for root, _, files in os.walk(state):
        for name in files:
            path = os.path.join(root, name)
            equal(os.stat(path).st_mode & 0o777, 0o600, "mode of " + name)
            with open(path) as kept:
                text = kept.read()
            assert hsm.PIN not in text and "000000" not in text, name


def pin_files(site):
    for words, prepare in (("chmod 0400", lambda: site.write_pin(hsm.PIN, 0o644)),
                           ("one line", lambda: site.write_pin("")),
                           ("one line", lambda: site.write_pin("a\nb")),
                           ("cannot be read", lambda: os.unlink(site.folder + "/pins/pin"))):
        prepare()
        before = site.hsm.calls("C_Login")
        with site.sealer(site.key()) as role:
            role.wait_state("refused")
            failure(role.sign(attributes(site.certificates["rsa"])), "credential", words)
            site.write_pin(hsm.PIN)
            role.wait_state("up", 8)
        equal(site.hsm.calls("C_Login") - before, 1, "logins")


def new_pin_on_trial(site):
    """rotate-pin: the new one logs in first; a wrong one leaves everything as it was."""
    data = attributes(site.certificates["rsa"])
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        workers = role.workers()
        wrong = role.admin_ask("SEAL_PROBE", {"key": "van-thu"}, [hsm.fakeroles.sealed(b"654321\n")])
        equal(wrong["good"], False)
        assert "refused the PIN" in wrong["text"], wrong
        wait_for(lambda: role.workers() == workers, 3, "the worker serves on alone")
        assert isinstance(role.sign(data), bytes)
        good = role.admin_ask("SEAL_PROBE", {"key": "van-thu"}, [hsm.fakeroles.sealed(hsm.PIN.encode())])
        equal(good, {"good": True, "text": ""})
        wait_for(lambda: role.workers() == workers, 3, "the worker serves on alone")
        assert isinstance(role.sign(data), bytes)


def names(site):
    """Slips of the pen are answered with what is there."""
    for key, words in ((site.key(uri_object="sealkey"), '"rsa" (id 01)'),
                       (site.key().replace("token=seal", "token=siegel"), 'no token "siegel"; there are: "seal"'),
                       (site.key(of="ec", certificate="rsa"), "cannot sign by scheme: rsa-pkcs1"),
                       (site.key(software="no"), "software token"),
                       (site.key().replace(hsm.CLIENT, "/usr/lib/nothing.so"), "nothing.so"),
                       (site.key().replace(hsm.CLIENT, "/lib/x86_64-linux-gnu/libz.so.1"), "no PKCS #11 module")):
        with site.sealer(key) as role:
            wait_for(lambda: role.status()["text"] != "", 8, "a fault")
            assert words in role.status()["text"], role.status()["text"]
            failure(role.sign(attributes(site.certificates["rsa"])), "unavailable", words)


def other_key(site):
    """A token that shows no public key: the signature itself is denied by the certificate."""
    private = hsm.ec.generate_private_key(hsm.ec.SECP256R1())
    site.certify("stranger", private.public_key())
    site.hsm.tool("--delete-object", "--type", "pubkey", "--id", "02")
    own = site.certificates["stranger"]
    with site.sealer(site.key(of="ec", certificate="stranger", more="scheme: ecdsa"), policy=hsm.make_policy(own)) as role:
        role.wait_state("up")
        failure(role.sign(attributes(own)), "certificate", "not one of the certificate")
        equal(role.events(), [], "uses")
        assert "its certificate denies" in role.log_text()


def away_at_start(site):
    data = attributes(site.certificates["rsa"])
    site.hsm.stop_server()
    with site.sealer(site.key()) as role:
        wait_for(lambda: role.status()["text"] != "", 8, "a fault")
        begun = time.monotonic()
        failure(role.sign(data), "unavailable")
        assert time.monotonic() - begun < 0.5, "nobody waits for what is known to be away"
        site.hsm.start_server()
        took = role.wait_state("up", 20)
        assert isinstance(role.sign(data), bytes)
        equal(site.hsm.calls("C_Login"), 1, "logins")
        print("  away at the start: there again after %.1f s" % took)


def away_in_between(site):
    """A connection that held for a while is built anew at once, and the request does not notice."""
    data = attributes(site.certificates["rsa"])
    with site.sealer(site.key(), canary="1s") as role:
        role.wait_state("up")
        wait_for(lambda: role.status()["canary"]["good"] > 0, 8, "the canary")
        time.sleep(10.5)
        workers = role.workers()
        site.hsm.stop_server()
        site.hsm.start_server()
        begun = time.monotonic()
        assert isinstance(role.sign(data), bytes), "made once more with a new connection"
        print("  lost and built anew: %.2f s" % (time.monotonic() - begun))
        assert role.workers() != workers
        equal(role.status()["losses"], 1, "losses")


def silent(site):
    """SIGSTOP: no PKCS #11 call would ever return."""
    data = attributes(site.certificates["rsa"])
    with site.sealer(site.key(more="parallel: 2")) as role:
        role.wait_state("up")
        workers = role.workers()
        site.hsm.signal_server(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(5) as pool:
                answers = list(pool.map(lambda _: role.sign(data), range(5)))
            took = time.monotonic() - begun
            for answer in answers:
                failure(answer, "unavailable", "HSM")
            assert took < LIMIT + SLACK, took
            wait_for(lambda: workers[0] not in role.workers(), 3, "the old worker is killed")
            equal(role.process.poll(), None, "the sealer lives")
            begun = time.monotonic()
            failure(role.sign(data), "unavailable", "did not answer")
            print("  silent: answered after %.2f s, then after %.2f s" % (took, time.monotonic() - begun))
        finally:
            site.hsm.signal_server(signal.SIGCONT)
        took = role.wait_state("up", 20)
        assert isinstance(role.sign(data), bytes)
        equal(role.status()["losses"], 1, "losses")
        print("  silent: there again %.1f s later, the sealer says %d ms" % (took, role.status()["recovery_msecs"]))


def silent_at_start(site):
    """Nobody can say whether a silent token counted the PIN; a PIN that was good is tried again."""
    data = attributes(site.certificates["rsa"])
    with site.sealer(site.key()) as role:
        role.wait_state("up")
        state = role.directory
    site.hsm.signal_server(signal.SIGSTOP)
    with site.sealer(site.key(), state=state) as role:
        try:
            wait_for(lambda: "did not answer" in role.status()["text"], LIMIT + SLACK, "the deadline of a start")
        finally:
            site.hsm.signal_server(signal.SIGCONT)
        role.wait_state("up", 20)
        assert isinstance(role.sign(data), bytes)


ALONE = [wrong_pin, pin_files, new_pin_on_trial, names, other_key]
BESIDE = [away_at_start, away_in_between, silent, silent_at_start]


def run(cases):
    """One after another, with one HSM."""
    told = []
    with tempfile.TemporaryDirectory() as folder:
        site = Site(folder)
        try:
            for case in cases:
                begun = time.monotonic()
                case(site)
                told.append("ok %s (%.1f s)" % (case.__name__, time.monotonic() - begun))
        finally:
            site.hsm.stop()
    return "\n".join(told)


def main():
    wanted = sys.argv[1:]
    groups = [[case] for case in BESIDE] + [ALONE]
    groups = [[case for case in group if not wanted or case.__name__ in wanted] for group in groups]
    with concurrent.futures.ThreadPoolExecutor(len(groups)) as pool:
        for result in [pool.submit(run, group) for group in groups if group]:
            print(result.result(), flush=True)


if __name__ == "__main__":
    main()
