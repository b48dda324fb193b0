#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Two sites that filter everything: one behind Postfix, with the milter at smtpd, at sendmail(1) and at
# the mails that Postfix itself writes, one behind Sendmail. Both send their notices by the MTA that
# they filter. Around them are programs that answer everything, lists, forwarders and mailboxes that do
# not exist. Whatever the policies say, mails come to an end, and no notice is answered by a notice.
"""Loops through a real Postfix and a real Sendmail."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import loop_site
import site_test

sys.exit(site_test.run(loop_site.refuse_each_other, loop_site.refuse_our_own, loop_site.hold_everything, site_class=loop_site.Site))
