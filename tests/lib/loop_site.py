# SPDX-License-Identifier: Apache-2.0
#
# Two sites, "a" behind Postfix and "b" behind Sendmail, in a world of mailboxes, and what has to hold
# whatever their policies say.
"""sys.exit(site_test.run(loop_site.refuse_each_other, …, site_class=loop_site.Site))"""

import os

import sendmail_site
import site_test
import world
from site_test import build, equal

DOMAINS = {"a": "ninhbinh.gov.vn", "b": "vinhlong.gov.vn"}
# How long nothing may move before it is called over: longer than any answer takes. And until when.
STILL_SECS, MOST_SECS = 4, 60
# Mails that one mail of a person may lead to, all told: its bounce, notices to its sender and to the
# officer, what programs answer to these once, the bounces of that.
MOST_PER_MAIL = 16

# Without limits: what ends, ends by itself.
NOTICES = """\
notices:
  per-sender-hour: 0
  per-domain-hour: 0
  per-hour: 0
  quiet: 1s
  senders: proven
  admin: admin@{domain}
  relay: smtp://127.0.0.1:{port}
brake: {{refusals: 0, agencies: 0}}
"""
AUTOMATIC = ("Auto-Submitted: auto-replied",)
MAILBOXES = {
    "clerk": world.person, "postmaster": world.person, "list-bounces": world.person, "admin": world.rude(fields=AUTOMATIC),
    "officer": world.rude(), "vanthu": world.rude(by_program=True), "vacation": world.vacation, "rude": world.rude(),
    "empty": world.rude(sender=""), "automatic": world.rude(fields=AUTOMATIC),
    "list": world.forwarding("clerk", "gone", "rude", sender="list-bounces", fields=b"List-Id: <list.vn>\r\n"),
    "plain-list": world.forwarding("clerk", "gone", "vacation", sender="plain-list"),
    "forward": world.forwarding("rude"), "back": world.forwarding("clerk@ninhbinh.gov.vn", "rude@vinhlong.gov.vn"),
    "rewriting": world.forwarding("rude@ninhbinh.gov.vn", "officer@vinhlong.gov.vn", sender="rewriting"),
}
# From whom to whom; @ stands for the own site, % for the other one.
LETTERS = (("clerk@", "clerk%"), ("clerk@", "gone%"), ("rude@", "rude%"), ("vacation@", "automatic%"), ("empty@", "rude%"),
           ("back@", "clerk%"), ("rewriting@", "forward%"), ("clerk@", "list%"), ("rude@", "plain-list%"), ("gone@", "clerk%"),
           ("officer@", "rude@"), ("rude@", "vanthu@mx."))


def own_networks(site, domain):
    """Programs of the own host, and so the notices, count as internal."""
    path = site.folder + "/vanthu.yaml"
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("internal: [127.0.0.2/32]", "internal: [127.0.0.1/32, 127.0.0.2/32]")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("our-domains: [ninhbinh.gov.vn]", f"our-domains: [{domain}]"))


class Behind(sendmail_site.Site):
    """The site behind Sendmail: it has the PKI of the other one."""

    def make_pki(self):
        """That of the other site."""

    def write_config(self):
        super().write_config()
        own_networks(self, DOMAINS["b"])


class Site(site_test.Site):
    """The site behind Postfix, the other one, and the world."""

    def __init__(self, folder, **options):
        super().__init__(folder, hostname="mx." + DOMAINS["a"], **options)
        self.other = Behind(folder + "/b", hostname="mx." + DOMAINS["b"], with_mta=False, with_servers=False, documents=False)
        self.other.pki = self.pki
        self.world = world.World({"a": ((DOMAINS["a"], "mx." + DOMAINS["a"]), self.port),
                                  "b": ((DOMAINS["b"], "mx." + DOMAINS["b"]), self.other.port + sendmail_site.SENDMAIL)}, MAILBOXES)
        self.world.programs["a"] = ["env", f"MAIL_CONFIG={self.mta}/etc", "/usr/sbin/sendmail"]
        self.both = {"a": self, "b": self.other}
        for name, site in self.both.items():
            site.extra = NOTICES.format(domain=DOMAINS[name], port=self.world.sites[name][1])

    def script_servers_mta(self, command):
        self.background("mta/lab.sh", command, self.mta, LAB_SINK="no", LAB_FILTER="all", LAB_DOMAIN=DOMAINS["a"])

    def start(self):
        for name, site in self.both.items():
            self.world.listen(name, site.port + 9)
        super().start()
        os.makedirs(self.other.folder, exist_ok=True)
        os.chmod(self.other.folder, 0o755)
        self.other.start()

    def stop(self):
        self.other.stop()
        super().stop()
        self.world.close()

    def write_config(self):
        super().write_config()
        own_networks(self, DOMAINS["a"])


# ---- a scene ----

def set_policies(site, policy):
    for name, one in site.both.items():
        one.set_policy(policy.format(domain=DOMAINS[name]))
        equal(one.reload()[0], 0, "reload of " + name)


def look_alike(site, own, to):
    """A notice as a site writes it, to anybody."""
    host = "mx." + DOMAINS[own]
    message = world.letter(f"vanthu@{host}", to, "KHÔNG ĐƯỢC TIẾP NHẬN: V/v mời họp", "Auto-Submitted: auto-replied",
                           "X-Auto-Response-Suppress: All", "X-Vanthu-Notice: refused", f"In-Reply-To: <1@{DOMAINS[own]}>")
    return world.send(site.world.sites[own][1], "127.0.0.1", "", to, message.replace(b"<answer.", b"<notice."))


def letters(site):
    """Everybody writes, with a document."""
    count = 0
    unsigned = site_test.pdfbuild.build("V/v mời họp", "1/GM", site_test.days_ago(1))
    for own, other in (("a", "b"), ("b", "a")):
        for sender, to in LETTERS:
            sender, to = (address.replace("@", "@" + DOMAINS[own]).replace("%", "@" + DOMAINS[other]).replace(
                f"@{DOMAINS[own]}mx.", f"@mx.{DOMAINS[own]}") for address in (sender, to))
            message = site_test.mail(build.multipart([build.text_part(), build.attachment(unsigned, f"{count}.pdf")]), sender=sender,
                                     extra=b"")
            world.send(site.world.sites[own][1], world.INSIDE, sender, to, message)
            count += 1
        for to in ("rude", "officer", "back", "rewriting", "vanthu", "gone"):
            for domain in DOMAINS.values():
                look_alike(site, own, f"{to}@{domain}")
                count += 1
    return count


def passes(site):
    """How many mails the gateways of both sites judged."""
    return sum(len(one.records()) for one in site.both.values())


def owed_notices(one):
    """(reference, kind, recipient) of every notice that a record owes."""
    return [(record["reference"], notice["kind"], notice["to"]) for record in one.records() for notice in record.get("notices") or []]


def is_notice(record):
    return record.get("evidence", {}).get("mail", {}).get("automatic_by") == "notice"


def ours(transactions):
    """The notices of both sites among what was handed on, each once: {Message-ID: transaction}."""
    return {t.head["Message-ID"]: t for t in transactions if t.is_notice and not t.head["Message-ID"].startswith("<notice.")}


def notices_answer_no_notices(site, sent):
    """What a notice is about was no notice, was no automatic mail, and its recipient is no empty one."""
    notices = ours(sent)
    automatic = {t.head["Message-ID"] for t in site.world.transactions if t.sender == "" or t.head.get("Auto-Submitted", "no") != "no"}
    for notice in notices.values():
        about = str(notice.head["In-Reply-To"] or "").split()
        kind = str(notice.head["X-Vanthu-Notice"] or notice.head["Subject"])
        equal([one for one in about if one in notices], [], f"a notice about a notice: {kind}")
        to_a_sender = notice.head["Auto-Submitted"].startswith("auto-replied")
        equal([one for one in about if one in automatic and to_a_sender], [], f"an answer to an automatic mail: {kind}")
        equal(notice.recipient == "", False, "recipient of a notice")
    return notices


def comes_to_an_end(site, policy, most_per_mail=MOST_PER_MAIL):
    """Everybody writes under a policy: (what was handed on, notices owed) until nothing moved any more."""
    set_policies(site, policy)
    before, sent_before = passes(site), len(site.world.transactions)
    owed_before = {name: len(owed_notices(one)) for name, one in site.both.items()}
    count = letters(site)
    took = site.world.wait_quiet(STILL_SECS, MOST_SECS, lambda: passes(site))
    sent, judged = site.world.transactions[sent_before:], passes(site) - before
    owed = {name: owed_notices(one)[owed_before[name]:] for name, one in site.both.items()}
    print(f"     {count} letters: {judged} mails judged, {len(sent)} handed on; {sum(map(len, owed.values()))} notices owed, "
          f"{len(ours(sent))} handed on; over after {took if took is None else round(took, 1)} s")
    if took is None or judged > count * most_per_mail:
        print("\n".join("     " + str(transaction) for transaction in sent[-60:]))
    equal(took is None, False, "mails go on and on")
    equal(judged <= count * most_per_mail, True, f"{judged} mails of {count}")
    for name, one in site.both.items():
        about_notices = {record["reference"] for record in one.records() if is_notice(record)}
        equal([row for row in owed[name] if row[0] in about_notices], [], "notices about notices at " + name)
    notices_answer_no_notices(site, sent)
    return sent, owed


# ---- policies ----

REFUSE = """\
rules:
  - {{name: refuse, when: {{direction: inbound}}, then: reject}}
"""
REFUSE_OUR_OWN = """\
rules:
  - {{name: refuse, when: {{direction: [outbound, internal]}}, then: reject}}
"""
HOLD = """\
officer: {{name: Nguyễn Văn A, mailbox: officer@{domain}}}
rules:
  - {{name: hold, when: {{direction: [inbound, outbound, internal]}}, then: hold}}
"""


TELL_EVERYBODY = """\
officer: {{name: Nguyễn Văn A, mailbox: officer@{domain}}}
rules:
  - {{name: tell, when: {{direction: [inbound, outbound, internal]}}, then: {{action: tag, notify: [sender, recipient, officer, admin]}}}}
"""


def told(sent):
    """Whom notices went to, and how many to each."""
    found = {}
    for notice in ours(sent).values():
        found[notice.recipient] = found.get(notice.recipient, 0) + 1
    return found


def refuse_each_other(site):
    """Two sites that refuse whatever the other one sends: who is a person is told, once for each of his mails."""
    sent, _ = comes_to_an_end(site, REFUSE)
    found = told(sent)
    equal((found.get("clerk@ninhbinh.gov.vn", 0) > 0, found.get("clerk@vinhlong.gov.vn", 0) > 0), (True, True), f"clerks, of {found}")
    equal([address for address in found if address.partition("@")[0] in ("list-bounces", "postmaster")], [], "told in vain")


def refuse_our_own(site):
    """Two sites that refuse what leaves them: their notices leave all the same."""
    sent, _ = comes_to_an_end(site, REFUSE_OUR_OWN)
    equal(told(sent).get("clerk@ninhbinh.gov.vn", 0) > 0, True, f"notices {told(sent)}")


def hold_everything(site):
    """Two sites that hold everything, their notices too; the officer's mailbox answers all that it gets."""
    _, owed = comes_to_an_end(site, HOLD)
    equal([name for name, rows in owed.items() if not any(kind == "officer" for _, kind, _ in rows)], [], "officers that are not told")


def tell_everybody(site):
    """Two sites that tell sender, recipient, officer and administrator of every mail."""
    sent, _ = comes_to_an_end(site, TELL_EVERYBODY, 3 * MOST_PER_MAIL)
    equal([a for a in ("officer@ninhbinh.gov.vn", "admin@vinhlong.gov.vn") if a not in told(sent)], [], "not told")
