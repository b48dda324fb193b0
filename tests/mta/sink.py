#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# An SMTP server that accepts everything and keeps it: FOLDER/NUMBER.eml as received (dots
# unstuffed) and FOLDER/NUMBER.json with the envelope. Written under another name and renamed, so
# that a file that is there is whole.
#   sink.py PORT FOLDER
"""SMTP sink of the private Postfix."""

import itertools
import json
import os
import socketserver
import sys

NUMBERS = itertools.count(1)


class Session(socketserver.StreamRequestHandler):
    def answer(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.answer("220 sink")
        sender, recipients = "", []
        while line := self.rfile.readline(4096):
            verb = line[:4].upper()
            if verb == b"MAIL":
                sender, recipients = address(line), []
                self.answer("250 ok")
            elif verb == b"RCPT":
                recipients.append(address(line))
                self.answer("250 ok")
            elif verb == b"DATA":
                self.answer("354 go on")
                keep(sender, recipients, self.read_mail())
                self.answer("250 kept")
            elif verb == b"QUIT":
                self.answer("221 bye")
                return
            elif verb == b"EHLO":
                self.wfile.write(b"250-sink\r\n250 8BITMIME\r\n")
            else:
                self.answer("250 ok")

    def read_mail(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


def address(line):
    return line.split(b"<", 1)[1].split(b">", 1)[0].decode("utf-8", "replace")


def keep(sender, recipients, mail):
    name = os.path.join(sys.argv[2], f"{next(NUMBERS):05}")
    with open(name + ".json", "w", encoding="utf-8") as file:
        json.dump({"sender": sender, "recipients": recipients}, file)
    with open(name + ".part", "wb") as file:
        file.write(mail)
    os.rename(name + ".part", name + ".eml")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 200


Server(("127.0.0.1", int(sys.argv[1])), Session).serve_forever()
