#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# A device in front of a real Postfix (front-relays): the client is the one that the device names in
# its Received line, whatever the sender wrote below it, and a refusal becomes a tag.
"""Mail through a device in front."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_test import equal, own_headers, pdf_mail

DEVICE = "127.0.0.2"  # it stands inside: the site's internal network
STRANGER = "203.113.9.25"
DATE = b"; Mon, 23 Nov 2026 09:00:00 +0700\r\n"


def received(address, by="gw.ninhbinh.gov.vn", helo="mail.example.vn"):
    return f"Received: from {helo} (unknown [{address}])\r\n\tby {by} (Postfix) with ESMTP id 4X".encode() + DATE


def changed(site):
    document = bytearray(site.sign())
    document[document.index(b"stream", document.index(b"/Contents")) + 40] ^= 1
    return pdf_mail(bytes(document))


def through_device(site, message, *lines):
    """Headers of ours and evidence's mail of a mail that the device hands on with these Received lines."""
    message = b"".join(lines) + message
    answer = site.send(message, source=DEVICE)
    equal(answer["code"], 250, f"answer {answer}")
    delivered = site.delivered(message)
    equal(delivered is None, False, "delivered")
    return own_headers(delivered), site.record_of(answer)


def refused_without_a_device(site):
    """The same mail without the device, its Received lines forged: refused."""
    answer = site.send(received(STRANGER, by="x") + changed(site))
    equal((answer["code"], answer["enhanced"]), (550, "5.7.7"), f"answer {answer}")


def tagged_through_the_device(site):
    """A changed document through the device is delivered with a tag that names device and client."""
    headers, record = through_device(site, changed(site), received(STRANGER))
    action = headers["x-vanthu-action"][0]
    for word in ("tag;", f'front-relay="{DEVICE}"', f'client="{STRANGER}"', "CONTENT_CHANGED"):
        equal(word in action, True, f"{word} in {action}")
    mail = record["evidence"]["mail"]
    equal((mail["client_address"], mail["front_relay"], mail["direction"]), (STRANGER, DEVICE, "inbound"), "evidence")
    equal("would return it" in json.dumps(record["decision"]), True, f"trace {record['decision']}")
    line = site.log_line(" mail: ", record["reference"], f"client={STRANGER}", f"front-relay={DEVICE}")
    print(f"     {line[line.index('mail:'):][:260]}\n     {action}")


def forged_lines_are_not_believed(site):
    """What stands below the device's line, and what the client called itself, chooses no client."""
    for what, lines, client in (
            ("below", [received(STRANGER), received(DEVICE), received("10.9.9.9")], STRANGER),
            ("HELO", [received(STRANGER, helo="[10.9.9.9]")], STRANGER),
            ("HELO with a comment", [received(STRANGER, helo="x (a [10.9.9.9])")], None),
            ("HELO with a line", [received(STRANGER, helo="x (a [10.9.9.9]) by z")], None),
            ("another form", [b"Received: by gw.ninhbinh.gov.vn (Postfix, from userid 0)" + DATE, received("10.9.9.9")], None),
            ("none", [], None)):
        _, record = through_device(site, site_test.plain_mail(), *lines)
        mail = record["evidence"]["mail"]
        equal((mail.get("client_address"), mail["front_relay"], mail["direction"]), (client, DEVICE, "inbound"), what)


sys.exit(site_test.run(refused_without_a_device, tagged_through_the_device, forged_lines_are_not_believed, mode="enforce",
                       extra=f"front-relays: [{DEVICE}]\n"))
