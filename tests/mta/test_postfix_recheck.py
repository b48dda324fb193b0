#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# What is kept beside a record, through a real Postfix: certificates, CRLs, OCSP responses and time
# stamps, once each; and that the signatures of a mail are judged again from them, without a network
# and without the mail. And heads of the register that a time stamp authority stamped.
"""vanthu register recheck, vanthu register head."""

import json
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import site_test
from site_lab import BUILD
from site_test import days_ago, equal, pdf_mail, pdfsign, plain_mail


def vanthu(site, *arguments, expect=0, language="C"):
    """A subcommand of register with the site's configuration: what it says."""
    done = subprocess.run([BUILD + "/vanthu", "register", arguments[0], "--config", site.folder + "/vanthu.yaml", *arguments[1:]],
                          capture_output=True, text=True, env={**os.environ, "LC_ALL": language}, check=False)
    equal(done.returncode, expect, f"status of register {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def register(site, write=False):
    return sqlite3.connect(f"file:{site.folder}/register/register.sqlite" + ("" if write else "?mode=ro"), uri=True)


def objects(site):
    with register(site) as file:
        return {digest.hex(): kind for digest, kind in file.execute("SELECT digest, kind FROM object WHERE kind <> 'policy'")}


def last_decided(site):
    rows = [json.loads(line) for line in vanthu(site, "list", "--json", "--limit", "4").splitlines()]
    return next(row for row in rows if row["kind"] == "decided")


def send(site, message):
    """Send it: (code, reference, what its record names)."""
    answer = site.send(message)
    row = last_decided(site)
    return answer["code"], row["reference"], row["body"]["objects"]


def ltv(site, by="agency"):
    """A file with all that it takes to verify it: path, CRLs, and a document time stamp over that."""
    at = days_ago(10)
    crls = [site.make_crl(ca, f"{site.folder}/{ca}-embedded.crl", ago_secs=5 * 86400) for ca in ("ca-g2", "root-g2")]
    data = []
    for crl in crls:
        with open(crl, "rb") as file:
            data.append(file.read())
    chain = [certificate.dump() for certificate in pdfsign.credentials.load(site.pki, by).chain]
    return pdfsign.stamp(pdfsign.add_dss(site.sign(by, at, stamped=at), chain, data), site.pki, days_ago(4))


SENT = {}


def kept_once(site):
    """Each object is kept once; what was fetched is there too, and the second mail brings only its own."""
    code, reference, named = send(site, pdf_mail(site.sign("agency", stamped=days_ago(10))))
    equal(code, 250, "answer")
    SENT["good"] = reference
    equal([o for o in named if o.get("kept") is False], [], "missing")
    first = objects(site)
    equal({"certificate", "timestamp"} <= set(first.values()), True, f"kinds {first}")
    equal(bool({"crl", "ocsp"} & set(first.values())), True, f"kinds {first}")
    equal(sorted(o["sha256"] for o in named), sorted(first), "what the record names")
    code, SENT["again"], named = send(site, pdf_mail(site.sign("agency", stamped=days_ago(9))))
    fresh = {digest: kind for digest, kind in objects(site).items() if digest not in first}
    # What the status role fetches on its own meanwhile is new too.
    equal([kind for kind in sorted(fresh.values()) if kind not in ("crl", "ocsp")], ["timestamp"], "what the second mail brought")
    equal([o for o in named if o.get("kept") is False], [], "missing from the second mail")


def judged_again(site):
    """Valid, revoked, expired, long-term, changed, message signatures: each is judged as it was."""
    signed = site.sign("agency", stamped=days_ago(10))
    changed = bytearray(site.sign())
    changed[changed.index(b"stream", changed.index(b"/Contents")) + 40] ^= 1
    for name, document in (("revoked", site.sign("revoked")), ("revoked-stamped", site.sign("revoked", days_ago(300), stamped=days_ago(300))),
                           ("expired", site.sign("expired", days_ago(60), stamped=days_ago(60))),
                           ("since", site.sign("revoked-since", days_ago(60), stamped=days_ago(60))), ("weak", site.sign("weak")),
                           ("unknown", site.sign("unknown")), ("unreachable", site.sign("unreachable")), ("g1", site.sign("agency-g1")),
                           ("old-stamp", site.sign("agency", stamped=days_ago(100), tsa="tsa-old")), ("unstamped", site.sign("person")),
                           ("changed", bytes(changed)), ("ltv", ltv(site)), ("two", site.sign("agency2", data=signed))):
        _, SENT[name], _ = send(site, pdf_mail(document))
    _, SENT["plain"], _ = send(site, plain_mail())
    for name, reference in SENT.items():
        said = vanthu(site, "recheck", reference)
        equal("DIFFERS" in said or "MISSING" in said, False, f"{name}: {said}")
        if name != "plain":
            equal("agrees" in said, True, f"{name}: {said}")
    said = vanthu(site, "recheck", SENT["revoked"], language="vi_VN.UTF-8")
    equal(said.count("TOTAL-FAILED / REVOKED  CERT_REVOKED") == 2 and "trùng khớp" in said, True, said)
    result = json.loads(vanthu(site, "recheck", "--json", SENT["ltv"]))
    equal([d["integrity_from"] for d in result["documents"] if d["signatures"]], ["record"], "integrity")
    equal(result["missing"], [], "missing")


def document_given(site):
    """A file of the mail that is given is verified whole; one that is not of the mail is refused."""
    document, other = site.sign("agency2", stamped=days_ago(3)), site.sign("agency2")
    _, SENT["given"], _ = send(site, pdf_mail(document))
    for name, data in (("it.pdf", document), ("other.pdf", other)):
        with open(f"{site.folder}/{name}", "wb") as file:
            file.write(data)
    result = json.loads(vanthu(site, "recheck", "--json", "--document", site.folder + "/it.pdf", SENT["given"]))
    found = next(d for d in result["documents"] if d["signatures"])
    equal((found["integrity_from"], found["signatures"][0]["agrees"]), ("document", True), "the file of the mail")
    said = vanthu(site, "recheck", "--document", site.folder + "/other.pdf", SENT["given"], expect=65)
    equal("is no file of this mail" in said, True, said)
    vanthu(site, "recheck", "1831-0927-5569", expect=66)
    vanthu(site, "recheck", "1831-0927-5560", expect=65)


def change(site, statement, *values):
    """Write into the register behind its back."""
    with register(site, write=True) as file:
        file.execute(statement, values)
    file.close()


def altered_and_missing(site):
    """An object that was altered or is missing is named, and so is what it decided; nothing else lacks it."""
    result = json.loads(vanthu(site, "recheck", "--json", SENT["revoked"]))
    equal(result["missing"], [], "before")
    row = next(r for r in map(json.loads, vanthu(site, "show", "--json", SENT["revoked"]).splitlines()) if r["kind"] == "decided")
    signature = next(d for d in row["body"]["evidence"]["documents"] if d["signatures"])["signatures"][0]
    status = signature["statuses"][0]["data_sha256"]
    with register(site) as file:
        (kept,) = file.execute("SELECT bytes FROM object WHERE digest = ?", (bytes.fromhex(status),)).fetchone()
    change(site, "UPDATE object SET bytes = ? WHERE digest = ?", kept[:-1] + bytes([kept[-1] ^ 1]), bytes.fromhex(status))
    result = json.loads(vanthu(site, "recheck", "--json", SENT["revoked"], expect=2))
    equal([(o["sha256"], o["why"]) for o in result["missing"]], [(status, "altered")], "altered")
    judged = next(d for d in result["documents"] if d["signatures"])["signatures"][0]
    equal((judged["lacks"], judged["agrees"], judged["now"]["reasons"]), (True, False, ["STATUS_UNKNOWN"]), "without it")
    said = vanthu(site, "recheck", SENT["revoked"], expect=2)
    equal(status in said and "ALTERED" in said and "DATA IS MISSING" in said, True, said)
    equal("altered" in vanthu(site, "verify", expect=1), True, "verify names it too")
    change(site, "DELETE FROM object WHERE digest = ?", bytes.fromhex(status))
    said = vanthu(site, "recheck", SENT["revoked"], expect=2, language="vi_VN.UTF-8")
    equal(status in said and "không có trong sổ" in said, True, said)
    change(site, "INSERT INTO object (digest, kind, bytes, first_seq) VALUES (?, 'ocsp', ?, 1)", bytes.fromhex(status), kept)
    vanthu(site, "recheck", SENT["revoked"])
    token = signature_of(site, SENT["good"])["timestamps"][0]["token_sha256"]
    with register(site) as file:
        (kept,) = file.execute("SELECT bytes FROM object WHERE digest = ?", (bytes.fromhex(token),)).fetchone()
    change(site, "DELETE FROM object WHERE digest = ?", bytes.fromhex(token))
    result = json.loads(vanthu(site, "recheck", "--json", SENT["good"], expect=2))
    equal([(o["kind"], o["why"]) for o in result["missing"]], [("timestamp", "missing")], "token")
    with open(site.folder + "/vanthu.yaml", encoding="utf-8") as file:
        config = file.read()
    with open(site.folder + "/small.yaml", "w", encoding="utf-8") as file:
        file.write(config.replace("register:\n", "register:\n  largest-object: 2k\n"))
    result = json.loads(vanthu(site, "recheck", "--json", "--config", site.folder + "/small.yaml", SENT["good"], expect=2))
    equal([(o["why"], o["size"]) for o in result["missing"]], [("too-large", len(kept))], "too large to be kept")
    change(site, "INSERT INTO object (digest, kind, bytes, first_seq) VALUES (?, 'timestamp', ?, 1)", bytes.fromhex(token), kept)
    equal(json.loads(vanthu(site, "verify", "--json"))["whole"], True, "whole again")


def signature_of(site, reference):
    row = next(r for r in map(json.loads, vanthu(site, "show", "--json", reference).splitlines()) if r["kind"] == "decided")
    return next(d for d in row["body"]["evidence"]["documents"] if d["signatures"])["signatures"][0]


def judged_otherwise(site):
    """Other roots than those of then: the verdict differs, and that is said."""
    said = vanthu(site, "recheck", "--trust", f"official={site.pki}/certs/unknown-root.pem", SENT["again"], expect=1)
    equal("DIFFERS in" in said and "certificate path" in said, True, said)


TSA = """
[tsa]
default_tsa = t
[t]
serial = {folder}/tsa.serial
signer_cert = {pki}/certs/{name}.pem
signer_key = {pki}/keys/{name}.key
certs = {pki}/certs/ca-g2.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


def reply(site, request, answer, name="tsa"):
    """What a time stamp authority answers."""
    with open(site.folder + "/tsa.cnf", "w", encoding="utf-8") as file:
        file.write(TSA.format(folder=site.folder, pki=site.pki, name=name))
    with open(site.folder + "/tsa.serial", "w", encoding="utf-8") as file:
        file.write("01\n")
    subprocess.run(["openssl", "ts", "-reply", "-config", site.folder + "/tsa.cnf", "-queryfile", request, "-out", answer],
                   check=True, capture_output=True)


def time_stamped_head(site):
    """A head that an authority stamped proves the records before it; verify says up to which, and since when."""
    with register(site) as file:
        equal(file.execute("SELECT count(*) FROM head WHERE token IS NULL").fetchone()[0] >= 1, True, "the head of the day")
    before = json.loads(vanthu(site, "verify", "--json"))
    equal((before["proven"], before["timestamp"]), (0, None), "before")
    request, answer = site.folder + "/head.tsq", site.folder + "/head.tsr"
    seq = json.loads(vanthu(site, "head", "--json", "--request", request))["record"]
    vanthu(site, "head", "--request", request, expect=73)
    said = subprocess.run(["openssl", "ts", "-query", "-in", request, "-text"], capture_output=True, text=True, check=True).stdout
    equal("Hash Algorithm: sha256" in said and "Certificate required: yes" in said, True, said)
    reply(site, request, answer)
    send(site, plain_mail())
    said = vanthu(site, "head", "--token", answer)
    equal(f"up to record {seq}" in said, True, said)
    vanthu(site, "head", "--token", answer)
    with register(site) as file:
        equal(file.execute("SELECT seq FROM head WHERE token IS NOT NULL").fetchall(), [(seq,)], "kept once")
    found = json.loads(vanthu(site, "verify", "--json"))
    equal((found["whole"], found["proven"], found["timestamp"]["record"], found["timestamps_refused"]), (True, seq, seq, 0), "after")
    said = vanthu(site, "verify", language="vi_VN.UTF-8")
    equal(f"Đã chứng minh đến bản ghi {seq}" in said and "Dịch vụ cấp dấu thời gian G2" in said, True, said)


def tokens_refused(site):
    """A time stamp of a stranger, of something else, or none at all is not kept."""
    request, answer = site.folder + "/other.tsq", site.folder + "/other.tsr"
    vanthu(site, "head", "--request", request)
    reply(site, request, answer, "tsa-unknown")
    said = vanthu(site, "head", "--token", answer, expect=1)
    equal("cannot be used" in said and "leads to no configured root" in said, True, said)
    subprocess.run(["openssl", "ts", "-query", "-digest", "ab" * 32, "-sha256", "-cert", "-out", request], check=True, capture_output=True)
    reply(site, request, answer)
    said = vanthu(site, "head", "--token", answer, expect=1)
    equal("not over a head of this register" in said, True, said)
    said = vanthu(site, "head", "--token", request, expect=1)
    equal("cannot be used" in said, True, said)
    with register(site) as file:
        equal(file.execute("SELECT count(*) FROM head WHERE token IS NOT NULL").fetchone(), (1,), "tokens")


def made_anew(site):
    """Records that are cut off behind a stamped head are missed."""
    site.stop_milter()
    change(site, "DROP TRIGGER record_stays")
    with register(site) as file:
        seq = file.execute("SELECT max(seq) FROM head WHERE token IS NOT NULL").fetchone()[0]
    with register(site, write=True) as file:
        file.execute("DELETE FROM head WHERE token IS NULL")
        for table in ("recipient", "mail_reason", "document", "signature", "record_object", "mail", "record"):
            file.execute(f"DELETE FROM {table} WHERE seq >= ?", (seq,))
    file.close()
    found = json.loads(vanthu(site, "verify", "--json", expect=1))
    equal((found["fault"], found["record"]), ("cut", seq), "what is missing")


sys.exit(site_test.run(kept_once, judged_again, document_given, judged_otherwise, time_stamped_head, tokens_refused,
                       altered_and_missing, made_anew, mode="enforce"))
