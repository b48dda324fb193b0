#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The MTA's side of the milter protocol, version 6, as Postfix speaks it.

As a program it sends one mail and prints what the milter answered:

    milterclient.py SOCKET MAIL [--from ADDRESS] [--to ADDRESS]... [--client ADDRESS]
                    [--macro NAME=VALUE]...

SOCKET: unix:/path or inet:PORT@HOST. MAIL: a file with LF or CRLF line ends.
As a module: Milter is one connection, Mail one mail, Outcome what came back, and
Outcome.headers(mail) the header as the MTA would deliver it.
"""
import argparse
import re
import socket
import struct
import sys
import time

CHUNK_BYTES = 65535  # what Postfix sends
ALL_ACTIONS = 0x1FF
ALL_STEPS = 0x1FFFFF
LEADING_SPACE = 0x100000
NOT_SENT = dict(C=0x1, H=0x2, M=0x4, R=0x8, B=0x10, L=0x20, N=0x40, T=0x200)
NOT_ANSWERED = dict(C=0x1000, H=0x2000, M=0x4000, R=0x8000, B=0x80000, L=0x80, N=0x40000,
                    T=0x10000)
FINAL = "acdrty4"


class Closed(Exception):
    """The milter closed the connection."""


def packet(command, data=b""):
    return struct.pack(">IB", len(data) + 1, ord(command)) + data


def strings(*items):
    return b"".join((i.encode() if isinstance(i, str) else i) + b"\0" for i in items)


class Mail:
    """A mail split as an MTA does: header fields with LF folds, body with CRLF."""

    def __init__(self, raw, sender="<sender@example.test>",
                 recipients=("<rcpt@example.test>",), queue_id="ABC123"):
        raw = raw.encode() if isinstance(raw, str) else raw
        raw = raw.replace(b"\r\n", b"\n")
        head, _, body = raw.partition(b"\n\n")
        self.sender, self.recipients, self.queue_id = sender, recipients, queue_id
        self.fields = []
        for field in re.split(rb"\n(?![ \t])", head) if head else []:
            name, _, value = field.partition(b":")
            self.fields.append((name, value))
        self.body = body.replace(b"\n", b"\r\n")


class Outcome:
    """The answer to one mail. answer: the final letter of the protocol; 'a' and 'c' let it pass."""

    def __init__(self):
        self.answer = None
        self.reply = None          # "550 5.7.7 text", lines joined by LF
        self.edits = []            # (letter, data)
        self.quarantine = None
        self.progress_count = 0
        self.answered_early = False
        self.eom_seconds = self.total_seconds = 0.0

    @property
    def passed(self):
        return self.answer in "ac"

    def code(self):
        """The SMTP code the client sees."""
        if self.passed:
            return 250
        return int(self.reply[:3]) if self.reply else {"r": 550, "t": 451, "d": 250}[self.answer]

    def headers(self, mail):
        """The header after the edits, with the rules of Postfix: an index counts fields of its
        name as they are now, deleting shifts, inserting counts from the top (0: first)."""
        fields = list(mail.fields)
        for letter, data in self.edits:
            if letter == "h":
                name, value = data.split(b"\0")[:2]
                fields.append((name, value))
            elif letter == "i":
                index, rest = struct.unpack(">I", data[:4])[0], data[4:]
                name, value = rest.split(b"\0")[:2]
                fields.insert(max(index - 1, 0), (name, value))  # Received: is not among fields
            elif letter == "m":
                index, rest = struct.unpack(">I", data[:4])[0], data[4:]
                name, value = rest.split(b"\0")[:2]
                same = [k for k, f in enumerate(fields) if f[0].lower() == name.lower()]
                if index <= len(same) and not value:
                    del fields[same[index - 1]]
                elif index <= len(same):
                    fields[same[index - 1]] = (name, value)
                elif value:
                    fields.append((name, value))
        return fields


class Milter:
    """One connection of an MTA to a milter."""

    def __init__(self, spec, actions=ALL_ACTIONS, steps=ALL_STEPS, timeout=60):
        kind, _, rest = spec.partition(":")
        if kind in ("unix", "local"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(rest)
        else:
            port, _, host = rest.partition("@")
            self.socket = socket.create_connection((host or "127.0.0.1", int(port)), timeout)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send("O", struct.pack(">III", 6, actions, steps))
        letter, data = self.receive()
        if letter != "O":
            raise Closed("no negotiation but %r" % letter)
        self.version, self.actions, self.steps = struct.unpack(">III", data[:12])
        self.asked_macros = self._macro_lists(data[12:])
        self.skip_body = False

    @staticmethod
    def _macro_lists(data):
        lists = {}
        while len(data) > 4:
            stage = struct.unpack(">I", data[:4])[0]
            names, _, data = data[4:].partition(b"\0")
            lists[stage] = names.decode().split()
        return lists

    def send(self, command, data=b""):
        self.socket.sendall(packet(command, data))

    def _exactly(self, count):
        parts = bytearray()
        while len(parts) < count:
            piece = self.socket.recv(count - len(parts))
            if not piece:
                raise Closed("the milter closed the connection")
            parts += piece
        return bytes(parts)

    def receive(self):
        length, letter = struct.unpack(">IB", self._exactly(5))
        return chr(letter), self._exactly(length - 1)

    def macros(self, command, **values):
        """Names without braces get them unless they have one letter."""
        items = []
        for name, value in values.items():
            items += [name if len(name) == 1 else "{%s}" % name, value]
        self.send("D", command.encode() + strings(*items))

    def step(self, command, data, outcome=None):
        """Send a step. False when the milter gave its final answer."""
        if self.steps & NOT_SENT.get(command, 0):
            return True
        self.send(command, data)
        if self.steps & NOT_ANSWERED.get(command, 0):
            return True
        letter, reply = self.receive()
        while letter == "p":
            letter, reply = self.receive()
        if letter == "s":
            self.skip_body = True
        if letter in "cs":
            return True
        if outcome is not None:
            outcome.answered_early = True
            self._finish(outcome, letter, reply)
        return False

    @staticmethod
    def _finish(outcome, letter, data):
        outcome.answer = letter
        if letter == "y":
            outcome.reply = data.rstrip(b"\0").decode("latin-1").replace("\r\n", "\n")

    def connect(self, name="client.example.test", address="203.0.113.9", helo="helo.example.test",
                **macros):
        values = dict(j="mx1.test", daemon_name="smtpd", v="Postfix", client_addr=address,
                      client_name=name)
        values.update(macros)
        self.macros("C", **values)
        family = b"6" if ":" in address else b"4"
        self.step("C", strings(name) + family + struct.pack(">H", 40000) + strings(address))
        self.step("H", strings(helo))

    def begin(self, mail, outcome, **macros):
        """Everything up to the body."""
        self.skip_body = False
        self.macros("M", mail_addr=mail.sender.strip("<>"), **macros)
        if not self.step("M", strings(mail.sender), outcome):
            return False
        for recipient in mail.recipients:
            self.step("R", strings(recipient))
        self.macros("T", i=mail.queue_id)
        self.step("T", b"", outcome)
        for name, value in mail.fields:
            if not self.steps & LEADING_SPACE and value[:1] == b" ":
                value = value[1:]
            self.macros("L", i=mail.queue_id)
            if not self.step("L", strings(name, value), outcome):
                return False
        self.macros("N", i=mail.queue_id)
        return self.step("N", b"", outcome)

    def body(self, data, outcome):
        for at in range(0, len(data), CHUNK_BYTES):
            if self.skip_body:
                break
            if not self.step("B", data[at:at + CHUNK_BYTES], outcome):
                return False
        return True

    def end(self, mail, outcome):
        """The final dot: collect everything the milter asks for."""
        self.macros("E", i=mail.queue_id)
        self.send("E")
        while True:
            letter, data = self.receive()
            if letter == "p":
                outcome.progress_count += 1
            elif letter in FINAL:
                self._finish(outcome, letter, data)
                return
            elif letter == "q":
                outcome.quarantine = data.rstrip(b"\0").decode("latin-1")
            else:
                outcome.edits.append((letter, data))

    def deliver(self, mail, **macros):
        """One whole mail."""
        outcome = Outcome()
        begun = time.monotonic()
        if self.begin(mail, outcome, **macros) and self.body(mail.body, outcome):
            dot = time.monotonic()
            self.end(mail, outcome)
            outcome.eom_seconds = time.monotonic() - dot
        outcome.total_seconds = time.monotonic() - begun
        return outcome

    def abort(self):
        self.send("A")

    def close(self):
        try:
            self.send("Q")
        except OSError:
            pass
        self.socket.close()


def show(outcome, mail):
    print("answer %s %s  %.3f s, progress %d" % (outcome.answer, outcome.code(),
                                                outcome.eom_seconds, outcome.progress_count))
    if outcome.reply:
        print(outcome.reply)
    if outcome.quarantine:
        print("quarantine: " + outcome.quarantine)
    for letter, data in outcome.edits:
        print("edit %s %r" % (letter, data))
    if outcome.passed:
        for name, value in outcome.headers(mail):
            print("%s:%s" % (name.decode("latin-1"), value.decode("latin-1")))


def main():
    parser = argparse.ArgumentParser(description="Send one mail to a milter, as an MTA would.")
    parser.add_argument("socket")
    parser.add_argument("mail")
    parser.add_argument("--from", dest="sender", default="<sender@example.test>")
    parser.add_argument("--to", dest="recipients", action="append")
    parser.add_argument("--client", default="203.0.113.9")
    parser.add_argument("--macro", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    with open(options.mail, "rb") as file:
        mail = Mail(file.read(), options.sender, options.recipients or ["<rcpt@example.test>"])
    milter = Milter(options.socket)
    milter.connect(address=options.client)
    outcome = milter.deliver(mail, **dict(m.split("=", 1) for m in options.macro))
    show(outcome, mail)
    milter.close()
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
