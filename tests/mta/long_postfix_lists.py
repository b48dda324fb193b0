#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The list of a records mailbox, at its time of the day, through a real Postfix: waits for a full minute.
"""notices.lists-at."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import wait_for
from site_test import equal
from test_postfix_hold import decided_to_hold, held, released_once, returned_and_gone, told, whole


class ListSite(site_test.Site):
    """Lists come at the first full minute that is far enough for the mails before it."""

    slot = (int(time.time()) + 40) // 60 * 60 + 60
    more_notices = f"  lists-at: [{time.strftime('%H:%M', time.gmtime(slot + 7 * 3600))}]\n"


def listed_for_the_clerk(site):
    """The records mailbox gets one list of what was held, with what became of it, at its time, once."""
    _, waiting, _ = held(site)
    print(f"     the list comes in {max(0, site.slot - time.time()):.0f} s", flush=True)
    to, text = wait_for("the list", lambda: told(site, "CÁC THƯ SAU", waiting), seconds=100)
    print("     " + "\n     ".join(text.splitlines()[:24]))
    equal(to, "so.vanban@ninhbinh.gov.vn", "whom it goes to")
    equal([one for one in decided_to_hold(site) if one not in text], [], "mails that are missing in it")
    for state in ("Đã chuyển sau khi tạm giữ", "Không chuyển sau khi tạm giữ", "Đang tạm giữ"):
        equal(state in text, True, state)
    equal(time.time() - site.slot < 30, True, f"late by {time.time() - site.slot:.0f} s")
    time.sleep(6)
    equal(sum(b"so.vanban@" in message.split(b"\r\n\r\n")[0] for message in site.deliveries()), 1, "lists")
    equal("vanthu hold list" in site.vanthu("status").stdout, True, "vanthu status says that one waits")


sys.exit(site_test.run(released_once, returned_and_gone, listed_for_the_clerk, whole, site_class=ListSite, mode="enforce"))
