# SPDX-License-Identifier: Apache-2.0
#
# A site with two mail servers in front of the same gateway: Postfix, and Sendmail as conf/sendmail.mc
# sets it up. Both deliver to the same place.
"""sys.exit(site_test.run(test, …, site_class=sendmail_site.Site))"""

import os
import subprocess

import site_lab
import site_test
from site_lab import wait_for

POSTFIX, SENDMAIL = 0, 3  # listeners with the milter; +1: submission


class Site(site_test.Site):
    """A Site with Sendmail beside Postfix; .sendmail_options: environment of sendmail.sh."""

    def __init__(self, folder, sendmail_options=None, **options):
        super().__init__(folder, **options)
        self.sendmail, self.sendmail_options = folder + "/sendmail", sendmail_options or {}

    def start(self):
        super().start()
        self.start_sendmail()

    def start_sendmail(self, **options):
        self.background("mta/sendmail.sh", "start", self.sendmail, **self.sendmail_options, **options)

    def stop_sendmail(self):
        if os.path.isdir(self.sendmail):
            self.background("mta/sendmail.sh", "stop", self.sendmail)
            wait_for("the end of Sendmail", lambda: site_lab.is_free(self.port + SENDMAIL))

    def stop(self):
        self.stop_sendmail()
        super().stop()

    def mailq(self, *which):
        """What waits in Sendmail, as its mailq prints it; "quarantined": what is held."""
        done = subprocess.run([site_lab.TESTS + "/mta/sendmail.sh", "queue", self.sendmail, *which], capture_output=True, text=True, check=True)
        return done.stdout

    def release_from_sendmail(self, queue_id):
        subprocess.run([site_lab.TESTS + "/mta/sendmail.sh", "release", self.sendmail, queue_id], check=True, stdout=subprocess.DEVNULL)

