#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What a token says of its PIN beyond right and wrong: locked, the last attempt, wrong ones before
# ours, expired, never set. A module of the tests says it in the place of the token.
"""States of a PIN."""

import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import hsm
from hsm import CLIENT, Site, equal, failure, wait_for

COUNT_LOW, FINAL_TRY, LOCKED = "flags 0x10000", "flags 0x20000", "flags 0x40000"


class Scene:
    """A site whose module adds what stands in a file."""

    def __init__(self, folder):
        self.site = Site(folder)
        self.faults, self.module = folder + "/faults", folder + "/faulty.so"
        flags = subprocess.run(["pkg-config", "--cflags", "p11-kit-1"], check=True, capture_output=True, text=True).stdout.split()
        subprocess.run(["cc", "-shared", "-fPIC", "-D_GNU_SOURCE", '-DMODULE="%s"' % CLIENT, *flags, "-o", self.module,
                        HERE + "/faulty_pkcs11.c"], check=True)
        os.mkdir(self.faults)
        self.say("")

    def say(self, *lines):
        with open(self.faults + "/new", "w", encoding="ascii") as out:
            out.write("\n".join(lines))
        os.rename(self.faults + "/new", self.faults + "/says")

    def key(self):
        text = self.site.key(more="module-files: [%s]" % self.faults).replace(CLIENT, self.module)
        return text.replace("module-environment: {", "module-environment: {FAULTY_FILE: %s/says, " % self.faults)

    def logins(self):
        return self.site.hsm.calls("C_Login")

    def good(self, role):
        data = hsm.attributes(self.site.certificates["rsa"])
        answer = role.sign(data)
        assert isinstance(answer, bytes), answer
        hsm.verify(self.site.keys["rsa"], data, answer)

    def bad(self, role, wanted, words=""):
        failure(role.sign(hsm.attributes(self.site.certificates["rsa"])), wanted, words)


def final_try(scene):
    """One attempt is left: none is made, over restarts, until a person has logged in elsewhere."""
    before = scene.logins()
    scene.say(FINAL_TRY)
    with scene.site.sealer(scene.key()) as role:
        wait_for(lambda: "one more wrong PIN" in role.status()["text"], 10, "it says so")
        equal(role.status()["state"], "down")
        scene.bad(role, "unavailable", "one more wrong PIN and then locks")
    with scene.site.sealer(scene.key(), state=role.directory) as role:
        wait_for(lambda: "one more wrong PIN" in role.status()["text"], 10, "after a restart")
        equal(scene.logins(), before, "attempts")
    scene.say("")  # somebody logged in with the tool of the HSM
    with scene.site.sealer(scene.key(), state=role.directory) as role:
        role.wait_state("up")
        scene.good(role)
        scene.say(FINAL_TRY)  # a PIN that was good is not tried, too: it may have been changed there
        made = scene.logins()
        scene.site.hsm.stop_server()
        scene.site.hsm.start_server()
        scene.bad(role, "unavailable")
        wait_for(lambda: "one more wrong PIN" in role.status()["text"], 15, "after a loss")
        equal(scene.logins(), made, "attempts after a loss")


def wrong_pins(scene):
    """Others tried: it works, and is told."""
    scene.say(COUNT_LOW)
    with scene.site.sealer(scene.key()) as role:
        role.wait_state("up")
        scene.good(role)
        equal(role.status()["token"]["wrong_pins"], True)
        assert "counted wrong PINs before this login" in role.log_text()
    scene.say("")
    with scene.site.sealer(scene.key()) as role:
        role.wait_state("up")
        equal(role.status()["token"]["wrong_pins"], False)


def locked(scene):
    """By the token's flag nothing is tried; by an answer once, and never again."""
    before = scene.logins()
    scene.say(LOCKED)
    with scene.site.sealer(scene.key()) as role:
        role.wait_state("refused")
        scene.bad(role, "credential", "security officer has to unlock it")
        equal(scene.logins(), before, "attempts")
    scene.say("login 0xa4")
    with scene.site.sealer(scene.key()) as role:
        role.wait_state("refused")
        scene.bad(role, "credential", "security officer has to unlock it")
        equal(scene.logins(), before + 1, "attempts")
    with scene.site.sealer(scene.key(), state=role.directory) as role:
        role.wait_state("refused")
        assert "not tried again until pin-file" in role.status()["text"], role.status()
        time.sleep(2.5)  # it looks at its file every 2 seconds
        equal(scene.logins(), before + 1, "attempts after a restart")


def answers(scene):
    """Each other result of a login: what it says, and whether the PIN is tried again."""
    for number, state, words in ((0xA0, "refused", "CKR_PIN_INCORRECT"), (0xA1, "refused", "CKR_PIN_INVALID"),
                                 (0xA2, "refused", "CKR_PIN_LEN_RANGE"), (0xA3, "refused", "the PIN has expired: change it there"),
                                 (0x102, "down", "CKR_USER_PIN_NOT_INITIALIZED"), (0x30, "down", "CKR_DEVICE_ERROR"),
                                 (0x32, "down", "CKR_DEVICE_REMOVED"), (0x5, "down", "CKR_GENERAL_ERROR"),
                                 (0x80000001, "down", "PKCS #11 result 0x80000001")):
        scene.say("login %#x" % number)
        before = scene.logins()
        with scene.site.sealer(scene.key()) as role:
            wait_for(lambda: words in role.status()["text"], 10, words)
            equal(role.status()["state"], state, words)
            scene.bad(role, "credential" if state == "refused" else "unavailable", words)
            equal(scene.logins(), before + 1, "attempts at " + words)
    scene.say("login 0x100")  # somebody else of this process is logged in: that is a success
    with scene.site.sealer(scene.key()) as role:
        role.wait_state("up")
        scene.good(role)


def signatures(scene):
    """Results of a signature: the connection is built anew for those of a lost one, once."""
    with scene.site.sealer(scene.key()) as role:
        role.wait_state("up")
        for number, words in ((0x21, "CKR_DATA_LEN_RANGE"), (0x68, "CKR_KEY_FUNCTION_NOT_PERMITTED"), (0x63, "CKR_KEY_TYPE_INCONSISTENT")):
            scene.say("sign %#x" % number)
            scene.bad(role, "unavailable", words)
            equal(role.status()["losses"], 0, words)
        scene.say("")
        scene.good(role)
        scene.say("sign 0xb3")
        made = scene.logins()
        scene.bad(role, "unavailable", "CKR_SESSION_HANDLE_INVALID")
        scene.say("")
        role.wait_state("up", 15)
        scene.good(role)
        equal((role.status()["losses"], scene.logins()), (1, made + 1), "losses and logins")


CASES = [final_try, wrong_pins, locked, answers, signatures]


def main():
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        scene = Scene(folder)
        try:
            for case in CASES:
                if not wanted or case.__name__ in wanted:
                    begun = time.monotonic()
                    scene.say("")
                    case(scene)
                    print("ok %s (%.1f s)" % (case.__name__, time.monotonic() - begun), flush=True)
        finally:
            scene.site.hsm.stop()


if __name__ == "__main__":
    main()
