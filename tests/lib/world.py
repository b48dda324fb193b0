# SPDX-License-Identifier: Apache-2.0
#
# The world around the mail servers of two sites: it takes what they send, passes mail for the other
# site on to its MTA within the same session, as the internet does, and is every mailbox: people,
# programs that answer everything, lists, forwarders, mailboxes that do not exist.
"""World of mailboxes for two sites."""

import email
import email.policy
import itertools
import queue
import smtplib
import socketserver
import subprocess
import threading
import time

CRLF = b"\r\n"
OUTSIDE, INSIDE = "127.0.0.3", "127.0.0.2"  # where a site sees mail of others and of its own users come from
NUMBERS = itertools.count(1)


def head_of(mail):
    return email.message_from_bytes(mail.split(CRLF + CRLF, 1)[0] + CRLF + CRLF, policy=email.policy.compat32)


def address_of(text):
    return email.utils.parseaddr(str(text or ""))[1]


def domain_of(address):
    return address.rpartition("@")[2].lower()


class Transaction:
    """A mail that an MTA handed over: .site, .sender, .recipient, .mail, .answer."""

    def __init__(self, site, sender, recipient, mail):
        self.site, self.sender, self.recipient, self.mail = site, sender, recipient, mail
        self.head, self.answer, self.time = head_of(mail), None, time.monotonic()

    @property
    def is_notice(self):
        return "X-Auto-Response-Suppress" in self.head and self.sender == ""

    def __str__(self):
        return (f"{self.site}: <{self.sender}> -> {self.recipient} {self.answer} "
                f"{'NOTICE ' if self.is_notice else ''}{self.head['Message-ID']} {self.head['Subject']}")


class World:
    """sites: {name: (domains, port of its MTA for mail from outside)}; mailboxes: {local part: function(world, transaction)}."""

    def __init__(self, sites, mailboxes):
        self.sites, self.mailboxes = sites, mailboxes
        self.programs = {}  # of a site: the command in the place of sendmail(1)
        self.transactions, self.work, self.lock = [], queue.Queue(), threading.Lock()
        self.servers = []
        threading.Thread(target=self.act, daemon=True).start()

    def listen(self, site, port):
        """Take what the MTA of a site delivers."""
        world = self

        class Session(Mailboxes):
            def setup(self):
                super().setup()
                self.world, self.site = world, site
        server = Server(("127.0.0.1", port), Session)
        self.servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def site_of(self, address):
        return next((name for name, (domains, _) in self.sites.items() if domain_of(address) in domains), None)

    def knows(self, address):
        """Whether a mailbox exists."""
        return self.site_of(address) is None or address.partition("@")[0].lower() in self.mailboxes

    def arrived(self, transaction):
        """The answer to a mail: that of the other site's MTA, or of the mailbox."""
        with self.lock:
            self.transactions.append(transaction)
        to = self.site_of(transaction.recipient)
        if to is not None and to != transaction.site:
            transaction.answer = self.pass_on(to, transaction)
        else:
            transaction.answer = (250, "2.0.0 kept")
            if to is not None:
                self.work.put(transaction)
        return transaction.answer

    def pass_on(self, site, transaction):
        """To the other site, whose verifier says that SPF proves the sender."""
        proof = f"Authentication-Results: auth.lab.test; spf=pass smtp.mailfrom={transaction.sender or 'postmaster@' + domain_of(transaction.recipient)}"
        mail = transaction.mail if not transaction.sender else proof.encode() + CRLF + transaction.mail
        return send(self.sites[site][1], OUTSIDE, transaction.sender, transaction.recipient, mail)

    def act(self):
        """Mailboxes act one after another."""
        while True:
            transaction = self.work.get()
            self.mailboxes[transaction.recipient.partition("@")[0].lower()](self, transaction)
            self.work.task_done()

    def answer_from(self, site, sender, recipient, mail):
        """A program of a site sends a mail by its own MTA, in a session."""
        return send(self.sites[site][1], INSIDE, sender, recipient, mail)

    def answer_by_program(self, site, sender, recipient, mail):
        """The same by sendmail(1), where there is one."""
        if site not in self.programs:
            return self.answer_from(site, sender, recipient, mail)
        return subprocess.run([*self.programs[site], "-i", "-f", sender or "<>", recipient], input=mail.replace(CRLF, b"\n")).returncode

    def wait_quiet(self, still_secs, most_secs, *counts):
        """Wait until nothing has moved for still_secs: seconds that it took, None when it goes on and on. counts: what else may move."""
        begin = last = time.monotonic()
        before = None
        while time.monotonic() - begin < most_secs:
            now = [len(self.transactions), self.work.unfinished_tasks, *(count() for count in counts)]
            if now != before:
                before, last = now, time.monotonic()
            if time.monotonic() - last >= still_secs and not self.work.unfinished_tasks:
                return last - begin
            time.sleep(0.1)
        return None


def send(port, source, sender, recipient, mail):
    """The last answer of an MTA to a mail."""
    try:
        with smtplib.SMTP("127.0.0.1", port, "world.lab.test", timeout=60, source_address=(source, 0)) as smtp:
            smtp.ehlo()
            for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>"):
                code, text = smtp.docmd(command)
                if code != 250:
                    return code, text.decode("utf-8", "replace")
            code, text = smtp.data(mail)
            return code, text.decode("utf-8", "replace")
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, error.smtp_error.decode("utf-8", "replace")
    except (OSError, smtplib.SMTPException) as error:
        return 451, f"4.4.1 {error}"


class Mailboxes(socketserver.StreamRequestHandler):
    """One recipient in a transaction, so that each has its own answer."""

    def answer(self, code, text):
        lines = text.splitlines() or [""]
        self.wfile.write(b"".join(b"%d%c%s\r\n" % (code, b"- "[i == len(lines) - 1], line.encode()) for i, line in enumerate(lines)))

    def handle(self):
        self.answer(220, "world")
        sender = recipient = None
        while line := self.rfile.readline(4096):
            verb = line[:4].upper()
            if verb == b"MAIL":
                sender, recipient = between(line), None
                self.answer(250, "2.1.0 ok")
            elif verb == b"RCPT" and recipient is not None:
                self.answer(452, "4.5.3 one at a time")
            elif verb == b"RCPT" and not self.world.knows(between(line)):
                self.answer(550, "5.1.1 no such mailbox")
            elif verb == b"RCPT":
                recipient = between(line)
                self.answer(250, "2.1.5 ok")
            elif verb == b"DATA":
                self.answer(354, "go on")
                self.answer(*self.world.arrived(Transaction(self.site, sender, recipient, self.read_mail())))
            elif verb == b"QUIT":
                self.answer(221, "bye")
                return
            elif verb == b"EHLO":
                self.wfile.write(b"250-world\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n")
            else:
                sender = recipient = None
                self.answer(250, "2.0.0 ok")

    def read_mail(self):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


def between(line):
    return line.split(b"<", 1)[1].split(b">", 1)[0].decode("utf-8", "replace")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 200


# ---- mailboxes ----

def person(world, transaction):
    """Reads, and answers nothing."""


def letter(sender, to, subject, *fields):
    number = next(NUMBERS)
    lines = [f"From: <{sender}>", f"To: <{to}>", f"Subject: {subject}", f"Message-ID: <answer.{number}@{domain_of(sender)}>",
             "Date: Sat, 21 Nov 2026 09:00:00 +0700", "MIME-Version: 1.0", "Content-Type: text/plain", *fields, "", f"Answer {number}.", ""]
    return CRLF.join(line.encode() for line in lines)


def is_of_the_world(transaction):
    """What a program here or an MTA wrote: these go on for ever among themselves, whatever stands between
    them. Here programs act on what people write, and on every notice."""
    return str(transaction.head["Message-ID"]).startswith("<answer.") or "mailer-daemon" in str(transaction.head["From"]).lower()


def whom_it_says(transaction):
    """Who asks for answers, for a program that knows no better than to write to a sender that is empty."""
    return transaction.sender or address_of(transaction.head["Reply-To"] or transaction.head["From"])


def vacation(world, transaction):
    """By RFC 3834: answers the envelope sender, says that it is automatic."""
    if transaction.sender and not is_of_the_world(transaction) and transaction.head.get("Auto-Submitted", "no") == "no":
        mail = letter(transaction.recipient, transaction.sender, "Nghỉ phép", "Auto-Submitted: auto-replied",
                      f"In-Reply-To: {transaction.head['Message-ID']}")
        world.answer_by_program(transaction.site, "", transaction.sender, mail)


def rude(sender=None, by_program=False, fields=()):
    """Answers everything, also what has an empty sender, to whomever it says; its own sender is the mailbox, or the one given."""
    def answer(world, transaction):
        if is_of_the_world(transaction):
            return
        to, own = whom_it_says(transaction), transaction.recipient
        way = world.answer_by_program if by_program else world.answer_from
        way(transaction.site, own if sender is None else sender, to, letter(own, to, "Đang đi vắng", *fields))
    return answer


def forwarding(*to, sender=None, fields=b""):
    """A mailbox that sends all on, each mail once, under its envelope sender or another."""
    seen = set()

    def forward(world, transaction):
        own = transaction.recipient, transaction.head["Message-ID"]
        if own in seen or is_of_the_world(transaction):
            return
        seen.add(own)
        for address in to:
            address = address if "@" in address else address + "@" + domain_of(transaction.recipient)
            by = transaction.sender if sender is None else sender + "@" + domain_of(transaction.recipient)
            world.answer_from(transaction.site, by, address, fields + transaction.mail)
    return forward
