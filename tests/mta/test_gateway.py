#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The gateway process as it runs, sandbox included, driven through the milter protocol."""
import os
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from fakeroles import PROGRAM, Gateway  # noqa: E402
from milterclient import FINAL, Closed, Mail, Milter, Outcome  # noqa: E402

ENFORCE = "mode: enforce\n"


def mail_with(orders="", body="hello\n", extra="", sender="<a@x.vn>"):
    text = "From: a@x.vn\nMessage-ID: <1@x.vn>\n%s%sSubject: x\n\n%s" % (
        "X-Test: %s\n" % orders if orders else "", extra, body)
    return Mail(text, sender=sender, recipients=("<b@ours.vn>",))


def percentile(values, part):
    values = sorted(values)
    return values[min(len(values) - 1, int(part * len(values)))]


class GatewayTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="vanthu-gateway-")
        self.gateways = []

    def tearDown(self):
        for gateway in self.gateways:
            gateway.stop()
        for gateway in self.gateways:
            gateway.listener.close()
        shutil.rmtree(self.folder)

    def start(self, settings=ENFORCE, ready=True, **keys):
        gateway = Gateway(self.folder, settings, **keys)
        self.gateways.append(gateway)
        return gateway.wait_ready() if ready else gateway

    @staticmethod
    def session(gateway, **keys):
        milter = Milter(gateway.spec, **keys)
        milter.connect()
        return milter

    def deliver(self, gateway, mail, **keys):
        milter = self.session(gateway, **keys)
        outcome = milter.deliver(mail)
        milter.close()
        return outcome

    def together(self, gateway, orders):
        """All mails ready, then all dots at once."""
        outcomes, threads = [Outcome() for _ in orders], []
        barrier = threading.Barrier(len(orders))

        def one(index):
            milter = self.session(gateway)
            mail = mail_with(orders[index], body="mail %d\n" % index)
            milter.begin(mail, outcomes[index])
            milter.body(mail.body, outcomes[index])
            barrier.wait()
            begun = time.monotonic()
            milter.end(mail, outcomes[index])
            outcomes[index].eom_seconds = time.monotonic() - begun
            milter.close()

        for index in range(len(orders)):
            threads.append(threading.Thread(target=one, args=(index,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        return outcomes


class Answers(GatewayTest):
    def test_passes_with_headers_and_without_forged_ones(self):
        gateway = self.start()
        mail = mail_with("smime=TOTAL-PASSED", extra=(
            "Authentication-Results: dkim.test; dkim=pass\n"
            "X-Vanthu-Verdict: TOTAL-PASSED; forged\n"
            "Authentication-Results: vanthu.mx1.test; smime=pass; forged\n"
            "x-vanthu-verdict: again; forged\n"
            "Authentication-Results: (hm) \"vanthu.mx1.test\" 1;\n\tsmime=pass; forged\n"))
        outcome = self.deliver(gateway, mail)
        self.assertEqual(outcome.code(), 250)
        fields = outcome.headers(mail)
        text = b"\n".join(n + b":" + v for n, v in fields)
        self.assertNotIn(b"forged", text)
        self.assertIn(b"dkim.test; dkim=pass", text)
        self.assertEqual(fields[0][0], b"Authentication-Results")
        self.assertTrue(fields[0][1].startswith(b" vanthu.mx1.test;"), fields[0][1])
        self.assertIn(b"smime=pass", fields[0][1])
        reference = [v for n, v in fields if n == b"X-Vanthu-Reference"][0].decode().strip()
        self.assertEqual(gateway.records()[0]["reference"], reference)

    def test_without_leading_space_nothing_doubles(self):
        mail = mail_with()
        gateway = self.start()
        outcome = self.deliver(gateway, mail, steps=0)
        self.assertTrue(outcome.passed)
        self.assertIn(b"Subject: x\r\n", gateway.inspector.mails[0])
        values = [v for n, v in outcome.headers(mail) if n == b"X-Vanthu-Reference"]
        self.assertFalse(values[0].startswith(b" "))

    def test_refuses_with_three_lines(self):
        gateway = self.start()
        milter = self.session(gateway)
        outcome = milter.deliver(mail_with("reasons=CONTENT_CHANGED name=100%.pdf"))
        lines = outcome.reply.split("\n")
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[0], r"^550-5\.7\.7 CONTENT_CHANGED \d{4}-\d{4}-\d{4} "
                                   r"Tu choi tiep nhan: 100%%?\.pdf$")
        self.assertTrue(lines[2].startswith("550 5.7.7 Document changed after signing."))
        self.assertIn("DT 0229.123.4567", lines[2])
        self.assertEqual(outcome.edits, [])
        self.assertTrue(milter.deliver(mail_with()).passed)  # the session goes on
        milter.close()

    def test_defers_and_holds(self):
        gateway = self.start()
        deferred = self.deliver(gateway, mail_with("reasons=STATUS_UNKNOWN"))
        self.assertRegex(deferred.reply, r"^451-4\.7\.5 STATUS_UNKNOWN ")
        held = self.deliver(gateway, mail_with("reasons=SECRET_MARK"))
        self.assertTrue(held.passed)
        self.assertRegex(held.quarantine, r"^vanthu \d{4}-\d{4}-\d{4} for A <a@ours\.vn>$")

    def test_observe_is_inert(self):
        gateway = self.start("mode: observe\nlimits: {inspection: 1s}\n")
        for orders in ("", "reasons=CONTENT_CHANGED", "reasons=STATUS_UNKNOWN",
                       "reasons=SECRET_MARK", "die", "die", "die", "die", "silent"):
            outcome = self.deliver(gateway, mail_with(
                orders, extra="X-Vanthu-Verdict: forged\n"))
            self.assertTrue(outcome.passed, orders)
            self.assertEqual((outcome.edits, outcome.quarantine, outcome.reply), ([], None, None))
            self.assertLess(outcome.eom_seconds, 5.5, orders)
        self.assertEqual(gateway.records()[1]["decision"]["would_be"], "reject")

    def test_too_large_is_not_inspected(self):
        gateway = self.start()
        outcome = self.deliver(gateway, mail_with(body=("x" * 75 + "\n") * 900000))
        self.assertTrue(outcome.passed)
        self.assertEqual(gateway.inspector.mails, [])
        self.assertEqual(gateway.records()[0]["evidence"]["reasons"], ["TOO_LARGE"])

    def test_macros_and_direction(self):
        gateway = self.start(ENFORCE + "networks: {internal: [10.0.0.0/8]}\n")
        milter = Milter(gateway.spec)
        self.assertIn("{client_addr}", milter.asked_macros[0])
        self.assertEqual(milter.asked_macros[5], milter.asked_macros[6])
        milter.connect(address="10.1.2.3", name="pc.ours.vn", daemon_name="smtpd")
        milter.deliver(mail_with(sender="<>"), auth_authen="clerk")
        milter.close()
        facts = gateway.records()[0]["evidence"]["mail"]
        self.assertEqual(facts["direction"], "internal")
        self.assertEqual(facts["sender"], "")
        self.assertEqual(facts["authenticated"], "clerk")
        self.assertEqual(facts["queue_id"], "ABC123")
        self.assertEqual(facts["client_address"], "10.1.2.3")
        # Of a mail the log has one line, without what its documents say.
        (line,) = [line for line in gateway.log_text().splitlines() if "ABC123" in line]
        self.assertIn("mail: queue-id=ABC123 reference=", line)
        self.assertNotIn("{", line)


class Spool(GatewayTest):
    def test_is_byte_exact(self):
        gateway = self.start()
        head = ("Subject: a\n b\n\tc\nX-Bytes: \udcff\udc80\nX-Empty:\nX-Tab:\tv\n")
        raw = head.encode("utf-8", "surrogateescape")
        for count in (0, 1, 1000, 300000, 1200000):
            body = bytes((i * 7 + i // 253) % 256 for i in range(count)).replace(b"\r", b"r")
            mail = Mail(raw + b"\n" + body, recipients=("<b@ours.vn>",))
            self.assertTrue(self.deliver(gateway, mail).passed)
            want = raw.replace(b"\n", b"\r\n") + b"\r\n" + body.replace(b"\n", b"\r\n")
            self.assertEqual(gateway.inspector.mails[-1], want)
            link, mode = gateway.inspector.descriptors[-1]
            if count >= 300000:
                self.assertIn("(deleted)", link)
                self.assertEqual(mode, os.O_RDONLY)
            elif count < 200000:
                self.assertIn("memfd:", link)
        self.assertEqual([n for n in os.listdir(self.folder) if n not in
                          ("brake", "milter.sock", "reference")], [])

    def test_memory_stays_bounded(self):
        """200 mails at once: at most 256 KiB each, memory files counted."""
        if os.geteuid() != 0:
            self.skipTest("only root may look into the gateway's process")
        gateway = self.start()
        self.deliver(gateway, mail_with(body="warm\n"))
        before = self.memory_kib(gateway)
        for body in ("x" * 75 + "\n") * 2600, ("x" * 75 + "\n") * 14000:  # 200 KB, 1 MB
            held = []
            for _ in range(200):
                milter = self.session(gateway)
                mail, outcome = mail_with(body=body), Outcome()
                milter.begin(mail, outcome)
                milter.body(mail.body, outcome)
                held.append((milter, mail, outcome))
            time.sleep(0.5)
            grown = self.memory_kib(gateway) - before
            for milter, mail, outcome in held:
                milter.end(mail, outcome)
                self.assertTrue(outcome.passed)
                milter.close()
            print("  200 mails of %d KB: %d KiB each" % (len(body) // 1000, grown // 200))
            self.assertLess(grown, 200 * 256)

    @staticmethod
    def memory_kib(gateway):
        """Resident memory, and the memory files it holds."""
        pid, total = gateway.process.pid, 0
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    total = int(line.split()[1])
        for fd in os.listdir("/proc/%d/fd" % pid):
            path = "/proc/%d/fd/%s" % (pid, fd)
            if os.readlink(path).startswith("/memfd:"):
                total += os.stat(path).st_blocks // 2
        return total


class Register(GatewayTest):
    def test_a_mail_is_recorded_and_its_answer_told(self):
        gateway = self.start()
        self.assertEqual(self.deliver(gateway, mail_with()).code(), 250)
        self.assertEqual(self.deliver(gateway, mail_with("reasons=CONTENT_CHANGED")).code(), 550)
        decided = gateway.registrar.decided
        self.assertEqual([head["kind"] for head, _ in decided], ["decided"] * 2)
        self.assertEqual([body["answer"]["kind"] for _, body in decided], ["accept", "reject"])
        self.assertEqual(decided[1][1]["decision"]["rule"], "changed")
        self.assertEqual(decided[1][1]["evidence"]["mail"]["reference"], decided[1][0]["reference"])
        deadline = time.monotonic() + 5
        while len(gateway.registrar.answered) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual([(a["reference"], a["kind"], a["code"] or "") for a in gateway.registrar.answered],
                         [(decided[0][0]["reference"], "accept", ""), (decided[1][0]["reference"], "reject", "550")])

    def test_without_a_record_the_sender_comes_again(self):
        gateway = self.start()
        gateway.registrar.fault = "the disk is full"
        for orders in ("", "reasons=CONTENT_CHANGED"):
            outcome = self.deliver(gateway, mail_with(orders))
            self.assertEqual((outcome.code(), outcome.reply[:10]), (451, "451-4.3.0 "))
        self.assertIn("the disk is full", gateway.log_text())
        gateway.registrar.fault = None
        self.assertEqual(self.deliver(gateway, mail_with()).code(), 250)
        self.assertEqual(len(gateway.registrar.decided), 1)

    def test_a_silent_register_ends_in_451_with_progress(self):
        gateway = self.start(ENFORCE + "limits: {register: 4s}\n")
        gateway.registrar.silent = True
        outcome = self.deliver(gateway, mail_with())
        self.assertEqual((outcome.code(), outcome.reply[:10]), (451, "451-4.3.0 "))
        self.assertGreaterEqual(outcome.progress_count, 1)
        self.assertLess(outcome.eom_seconds, 6)

    def test_observing_needs_no_record(self):
        gateway = self.start("mode: observe\n")
        gateway.registrar.fault = "the disk is full"
        self.assertEqual(self.deliver(gateway, mail_with("reasons=CONTENT_CHANGED")).code(), 250)
        self.assertIn("not recorded", gateway.log_text())

    def test_a_defer_has_the_clock_of_the_register(self):
        gateway = self.start()
        mail = mail_with("reasons=STATUS_UNKNOWN")
        self.assertEqual(self.deliver(gateway, mail).code(), 451)
        (key,) = gateway.registrar.deferred
        gateway.registrar.deferred[key] -= 20 * 60
        self.assertEqual(self.deliver(gateway, mail).code(), 250)
        self.assertEqual(len(gateway.registrar.deferred), 1)


class Failures(GatewayTest):
    def test_poison_mail_is_given_up(self):
        gateway = self.start()
        codes = [self.deliver(gateway, mail_with("die")).code() for _ in range(4)]
        self.assertEqual(codes, [451, 451, 250, 250])
        self.assertEqual(len(gateway.inspector.mails), 3)
        last = gateway.records()[-1]
        self.assertEqual(last["evidence"]["reasons"], ["NOT_CHECKED"])
        self.assertEqual(last["decision"]["action"], "tag")
        self.assertNotIn("message-id=<1@x.vn>", gateway.log_text())
        self.assertIn("died by signal 11", gateway.log_text())
        self.assertEqual(self.deliver(gateway, mail_with("die", sender="<c@x.vn>")).code(), 451)
        self.assertEqual(self.deliver(gateway, mail_with()).code(), 250)

    def test_a_silent_inspector_ends_in_451_with_progress(self):
        gateway = self.start(ENFORCE + "limits: {queue: 1s, inspection: 4s, status: 1s, register: 2s, total: 8s}\n")
        outcome = self.deliver(gateway, mail_with("silent"))
        self.assertEqual(outcome.code(), 451)
        self.assertGreaterEqual(outcome.progress_count, 1)
        self.assertLess(outcome.eom_seconds, 8)

    def test_an_inspector_that_is_gone_ends_in_451(self):
        gateway = self.start()
        gateway.inspector.channel.shutdown(2)
        gateway.inspector.channel.close()
        self.assertEqual(self.deliver(gateway, mail_with()).code(), 451)

    def test_inspections_are_bounded_and_a_full_queue_is_451(self):
        gateway = self.start(ENFORCE + "limits: {parallel-inspections: 2, queue: 1s}\n")
        outcomes = self.together(gateway, ["sleep=0.8"] * 6)
        codes = sorted(o.code() for o in outcomes)
        self.assertEqual(gateway.inspector.most_running, 2)
        self.assertEqual(codes[:4], [250] * 4)
        self.assertEqual(codes[4:], [451, 451])
        # Whoever found no place was not inspected, so it is not poison.
        self.assertEqual(self.deliver(gateway, mail_with("sleep=0.8")).code(), 250)


class HeadOfLine(GatewayTest):
    """Half of the mails wait 1 s for somebody; the others must not wait behind them."""

    def burst(self, gateway, orders):
        """The final dots of all mails within a millisecond; the seconds each mail then took."""
        waiting, seconds = {}, [0.0] * len(orders)
        for index, order in enumerate(orders):
            milter = self.session(gateway)
            mail, outcome = mail_with(order, body="mail %d\n" % index), Outcome()
            milter.begin(mail, outcome)
            milter.body(mail.body, outcome)
            waiting[milter.socket] = index, milter
        begun = time.monotonic()
        for _, milter in waiting.values():
            milter.send("E")
        while waiting:
            for ready in select.select(list(waiting), [], [], 60)[0]:
                index, milter = waiting[ready]
                if milter.receive()[0] in FINAL:
                    seconds[index] = time.monotonic() - begun
                    milter.close()
                    del waiting[ready]
        return seconds

    def test_nobody_waits_behind_a_slow_mail(self):
        gateway = self.start(ENFORCE + "limits: {parallel-inspections: 100}\n")
        worst = 0
        for count in (10, 20, 50, 50, 50):
            alone = self.burst(gateway, [""] * (count // 2))
            mixed = self.burst(gateway, ["", "sleep=1"] * (count // 2))
            fast, slow = mixed[0::2], mixed[1::2]
            print("  %d mails, half of them 1 s: fast half p50 %.0f p99 %.0f ms (alone p99 %.0f), "
                  "slow half p99 %.0f ms" % (
                      count, percentile(fast, .5) * 1e3, percentile(fast, .99) * 1e3,
                      percentile(alone, .99) * 1e3, percentile(slow, .99) * 1e3))
            # On a busy machine both take longer; who waits behind a slow one takes a second longer.
            worst = max(worst, percentile(fast, .99) - percentile(alone, .99))
            self.assertLess(max(slow), 1.8)
        self.assertLess(worst, 0.5)

    def test_nobody_waits_behind_a_status_query(self):
        """50 mails, half of them wait 2 s for an OCSP answer, with few inspections at a time."""
        gateway = self.start(ENFORCE + "limits: {parallel-inspections: 4}\n")
        alone = self.burst(gateway, [""] * 25)
        mixed = self.burst(gateway, ["", "status"] * 25)
        fast, slow = mixed[0::2], mixed[1::2]
        print("  50 mails, half of them 2 s for status: fast half p50 %.0f p99 %.0f ms (alone p99 "
              "%.0f), slow half p99 %.0f ms" % (
                  percentile(fast, .5) * 1e3, percentile(fast, .99) * 1e3,
                  percentile(alone, .99) * 1e3, percentile(slow, .99) * 1e3))
        self.assertLess(max(fast), 0.5)
        self.assertLess(max(slow), 2.8)
        self.assertLessEqual(gateway.inspector.most_running, 4)
        self.assertEqual(gateway.status.most_running, 25)
        self.assertEqual(sorted(r["passes"] for r in gateway.records()[25:]), [1] * 25 + [2] * 25)


class Lifetimes(GatewayTest):
    def test_drain_finishes_what_is_under_way(self):
        old = self.start()
        idle = self.session(old)
        half = self.session(old)
        half_mail, half_outcome = mail_with(body="slow client\n"), Outcome()
        half.begin(half_mail, half_outcome)
        judged = Outcome()
        worker = threading.Thread(target=lambda: judged.__dict__.update(
            self.deliver(old, mail_with("sleep=1.5")).__dict__))
        worker.start()
        time.sleep(0.3)
        old.drain()
        time.sleep(0.3)
        new = self.start(listener=old.listener)
        self.assertTrue(self.deliver(new, mail_with()).passed)
        self.assertEqual(len(new.inspector.mails), 1)
        half.body(half_mail.body, half_outcome)
        half.end(half_mail, half_outcome)
        self.assertTrue(half_outcome.passed)
        worker.join()
        self.assertTrue(judged.passed)
        half.close()
        idle.close()
        self.assertEqual(old.wait(10), 0)
        self.assertEqual(len(old.inspector.mails), 2)
        self.assertTrue(self.deliver(new, mail_with()).passed)

    def test_a_killed_gateway_leaves_its_backlog_to_its_successor(self):
        old = self.start()
        milter = self.session(old)
        mail, outcome = mail_with(), Outcome()
        milter.begin(mail, outcome)
        old.process.kill()
        old.wait()
        with self.assertRaises((Closed, OSError)):
            milter.end(mail, outcome)
        milter.close()
        results = []
        waiting = [threading.Thread(target=lambda: results.append(
            self.deliver(old, mail_with()).passed)) for _ in range(5)]
        for thread in waiting:
            thread.start()
        time.sleep(0.3)
        self.assertEqual(results, [])
        self.start(listener=old.listener)
        for thread in waiting:
            thread.join()
        self.assertEqual(results, [True] * 5)

    def test_signals(self):
        gateway = self.start()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
            gateway.process.send_signal(number)
        self.assertTrue(self.deliver(gateway, mail_with()).passed)
        gateway.process.terminate()
        self.assertEqual(gateway.wait(12), 0)

    def test_inet(self):
        gateway = self.start(inet=True)
        self.assertTrue(self.deliver(gateway, mail_with()).passed)
        gateway.drain()
        self.assertEqual(gateway.wait(10), 0)

    def test_mistakes_in_the_policy_end_it(self):
        gateway = self.start(ready=False, policy="rules:\n  - {name: a, then: reject, wenn: {}}\n")
        self.assertEqual(gateway.wait(10), 78)
        self.assertIn("policy.yaml:2:", gateway.log_text())

    def test_references_stay_unique_over_restarts(self):
        seen = []
        listener = None
        for _ in range(3):
            gateway = self.start(listener=listener)
            listener = gateway.listener
            for _ in range(5):
                self.deliver(gateway, mail_with())
            seen += [r["reference"] for r in gateway.records()]
            gateway.process.kill()
            gateway.wait()
        self.assertEqual(len(set(seen)), 15)
        self.assertEqual(seen, sorted(seen))


if __name__ == "__main__":
    if not os.access(PROGRAM, os.X_OK):
        print("%s has not been built" % PROGRAM)
        sys.exit(77)
    unittest.main(verbosity=2)
