#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Second opinions of programs that share no code with vanthu, over every named document and mail: is
# each signature intact? PDF: pdfsig (Poppler, NSS); the bytes it says are signed and the CMS in their
# gap, given to openssl-cms(1) or openssl-ts(1). Mails: taken apart by Python's email package, S/MIME
# by openssl-cms(1). Where a program disagrees, the reason stands in DIFFERENCES; a difference that
# is not there, or no longer occurs, fails.
"""Agreement with Debian's programs on integrity."""

import email
import hashlib
import os
import re
import subprocess
import sys
import tempfile

from made import make, names, read

import expect

INTACT, BROKEN, UNDETERMINED = "intact", "broken", "undetermined"
PDFSIG_WORDS = {"Signature is Valid.": INTACT, "Signature is Invalid.": BROKEN, "Digest Mismatch.": BROKEN}

NO_RANGES = "pdfsig shows no two ranges that lie in the file, so openssl has nothing to look at"
GUESSED = "the file is cut off: pdfsig rebuilds it by guessing, vanthu shows what is found in its bytes without a field's name"
OWN_CONTENT = "openssl was told to verify it over the file beside it; vanthu says that it signs its own content, and is MALFORMED"
TWO_READINGS = "the signature part is declared or named as another file: vanthu does not take it for the message's signature"
MAIL_PEERS = "openssl and pdfsig"

# (file, peer): what the peer says, what vanthu says, and why they differ.
DIFFERENCES = {
    ("gap-wider.pdf", "pdfsig"): ("intact", "broken", "pdfsig does not ask that the gap is /Contents alone; bytes in it can be "
                                                      "replaced unnoticed"),
    ("gap-wider.pdf", "openssl"): ("undetermined", "broken", "the gap is not a hexadecimal string"),
    ("revoked-since-part-stamped.pdf", "openssl"):
        ("intact undetermined", "intact broken", "the gap of the time stamp is not /Contents"),
    ("junk-before.pdf", "openssl"): ("undetermined undetermined", "broken broken", "the gap is not /Contents"),
    ("range-beyond.pdf", "pdfsig"): ("undetermined", "broken", "pdfsig does not judge what cannot be signed bytes"),
    ("range-beyond.pdf", "openssl"): ("undetermined", "broken", NO_RANGES),
    ("range-huge.pdf", "pdfsig"): ("undetermined", "-", "a number beyond 64 bits damages the object for vanthu's reader: MALFORMED"),
    ("range-huge.pdf", "pdfsig coverage"): ("part", "-", "the same"),
    ("range-negative.pdf", "pdfsig"): ("undetermined", "broken", "pdfsig does not judge what cannot be signed bytes"),
    ("range-negative.pdf", "openssl"): ("undetermined", "broken", NO_RANGES),
    ("range-not-from-start.pdf", "openssl"): ("undetermined", "broken", "the gap that the ranges leave is not /Contents"),
    ("range-overlapping.pdf", "openssl"): ("undetermined", "broken", NO_RANGES),
    ("range-three.pdf", "openssl"): ("undetermined", "broken", NO_RANGES),
    ("sha1-subfilter.pdf", "pdfsig"): ("broken", "intact", "adbe.pkcs7.sha1 in a CMS that uses SHA-256: pdfsig takes the digest of "
                                                           "the CMS for that of the document, which is SHA-1 always (ISO 32000-1 "
                                                           "12.8.3.3.1); openssl's content is the SHA-1 of the bytes"),
    ("truncated.pdf", "pdfsig"): ("intact -", "- intact", GUESSED),
    ("truncated.pdf", "openssl"): ("- -", "- intact", GUESSED),
    ("truncated.pdf", "pdfsig coverage"): ("part -", "- part", GUESSED),
    ("p7s-own-content.eml", MAIL_PEERS): ("broken", "intact", OWN_CONTENT),
    ("p7s-token.eml", MAIL_PEERS): ("broken", "intact", OWN_CONTENT),
    ("smime-part-name.eml", MAIL_PEERS): ("intact", "undetermined", TWO_READINGS),
    ("smime-part-type.eml", MAIL_PEERS): ("intact", "undetermined", TWO_READINGS),
    ("deep-mail.eml", MAIL_PEERS): ("intact", "-", "40 mails inside each other: deeper than 32 is TOO_LARGE and not looked at"),
}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, check=False, **options)


class Peers:
    """Independent verdicts; scratch is an empty folder."""

    def __init__(self, pki, scratch):
        self.pki, self.scratch = pki, scratch

    def keep(self, name, data):
        path = os.path.join(self.scratch, name)
        with open(path, "wb") as file:
            file.write(data)
        return path

    # ---- PDF ----

    def pdfsig(self, data):
        """{field: (verdict, signed ranges, whole document signed)}, in the order of the fields."""
        # Without a database of its own in HOME, NSS starts with an empty one.
        output = run("pdfsig", "-nocert", self.keep("document.pdf", data), env={"PATH": os.environ["PATH"], "HOME": self.scratch,
                                                                               "LC_ALL": "C.UTF-8"}).stdout.decode()
        found = {}
        for block in re.split(r"(?m)^Signature #\d+:$", output)[1:]:
            lines = dict(re.findall(r"(?m)^  - ([^:\n]+)(?:: (.*))?$", block))
            ranges = [tuple(map(int, pair)) for pair in re.findall(r"\[(\d+) - (\d+)\]", lines.get("Signed Ranges", ""))]
            if "Signature Validation" not in lines:
                continue  # a field without a signature
            found[lines["Signature Field Name"]] = (PDFSIG_WORDS.get(lines["Signature Validation"], UNDETERMINED), ranges,
                                                    "Total document signed" in lines)
        return found

    def openssl_pdf(self, data, ranges, sub_filter):
        """openssl's verdict over the ranges and the CMS in the gap between them."""
        if len(ranges) != 2 or not ranges[0][1] < ranges[1][0] <= ranges[1][1] <= len(data):
            return UNDETERMINED
        gap = data[ranges[0][1]:ranges[1][0]].strip()
        try:
            cms = bytes.fromhex(gap.strip(b"<>").decode())
        except ValueError:
            return UNDETERMINED
        covered = b"".join(data[a:b] for a, b in ranges)
        if sub_filter == "ETSI.RFC3161":
            return self.openssl_ts(cms, covered)
        if sub_filter == "adbe.pkcs7.sha1":
            verdict, content = self.openssl_cms(cms)
            return verdict if verdict != INTACT or content == hashlib.sha1(covered).digest() else BROKEN
        return self.openssl_cms(cms, covered)[0]

    # ---- CMS ----

    def openssl_cms(self, cms, content=None):
        """Verdict on one CMS, and the content. Who signed is not asked (-noverify)."""
        command = ["openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", self.keep("cms", cms)]
        if content is not None:
            command += ["-content", self.keep("content", content)]
        done = run(*command)
        return self.verdict(done), done.stdout

    @staticmethod
    def verdict(done):
        if done.returncode == 0:
            return INTACT
        return BROKEN if b"verification failure" in done.stderr or b"verify error" in done.stderr else UNDETERMINED

    def openssl_ts(self, token, covered):
        """A time stamp token over the covered bytes, as DER without its padding."""
        header = 2 + (token[1] & 127 if token[1] & 128 else 0)
        length = int.from_bytes(token[2:header], "big")
        done = run("openssl", "ts", "-verify", "-token_in", "-in", self.keep("token", token[:header + length]),
                   "-data", self.keep("content", covered), "-CAfile", self.pki + "/trust/official/root-g2.pem",
                   "-untrusted", self.pki + "/certs/ca-g2.pem")
        return INTACT if done.returncode == 0 else BROKEN


    # ---- mails ----

    def mail(self, raw):
        """Verdicts of every signature, outer ones first, each file in its place."""
        found = []
        try:
            self.entity(email.message_from_bytes(raw), raw, found)
        except RecursionError:
            pass  # thousands of parts inside each other: nothing was found
        return found

    def entity(self, part, raw, found):
        kind = part.get_content_type()
        if kind == "multipart/signed":
            if len(part.get_payload()) == 2:
                found.append(self.multipart_signed(part, raw))
            self.entity(part.get_payload(0), raw, found)
        elif part.is_multipart():
            for child in part.get_payload():
                # The content of a detached signature is the file before it, by name.
                if name_of(child).endswith(".p7s"):
                    content = next((p for p in part.get_payload() if name_of(p) == name_of(child)[:-4]), None)
                    found.append(self.openssl_cms(bytes_of(child), content and bytes_of(content))[0])
                else:
                    self.entity(child, raw, found)
        elif kind == "application/pkcs7-mime":
            verdict, content = self.openssl_cms(bytes_of(part))
            found.append(verdict)
            self.entity(email.message_from_bytes(content), content, found)
        elif bytes_of(part).startswith(b"%PDF-"):
            found += [verdict for verdict, _, _ in self.pdfsig(bytes_of(part)).values()]

    def multipart_signed(self, part, raw):
        """The first part exactly as it stands between the boundaries (RFC 1847 2.1)."""
        mark = b"--" + part.get_boundary().encode()
        start = raw.index(mark) + len(mark) + 2
        return self.openssl_cms(bytes_of(part.get_payload(1)), raw[start:raw.index(b"\r\n" + mark, start)])[0]


def name_of(part):
    return part.get_filename() or ""


def bytes_of(part):
    return part.get_payload(decode=True) or b""


# ---- comparison ----

def vanthu(pki, config, path):
    """Signatures of the evidence, in the order of its documents."""
    status, evidence = expect.check(pki, config, path)
    if "stderr" in evidence:
        raise RuntimeError(f"{path}: no evidence (exit {status}): {evidence['stderr']}")
    return [signature for document in evidence["documents"] for signature in document["signatures"]]


def compare_document(peers, ours, data):
    """(peer, its verdicts, ours) of a PDF."""
    theirs = peers.pdfsig(data)
    by_field = {signature["field"]: signature for signature in ours}
    fields = list(theirs) + [field for field in by_field if field not in theirs]

    def each(values, get):
        return " ".join(get(values[field]) if field in values else "-" for field in fields)

    integrity = each(by_field, lambda s: s["integrity"])
    # pdfsig does not verify document time stamps.
    stamps = {field for field, signature in by_field.items() if signature["sub_filter"] == "ETSI.RFC3161"}
    yield ("pdfsig", each({f: t for f, t in theirs.items() if f not in stamps}, lambda t: t[0]),
           each({f: s for f, s in by_field.items() if f not in stamps}, lambda s: s["integrity"]))
    # openssl needs to know which of its commands to use.
    yield "openssl", " ".join(peers.openssl_pdf(data, theirs[f][1], by_field[f]["sub_filter"]) if f in theirs and f in by_field
                              else "-" for f in fields), integrity
    yield ("pdfsig coverage", each(theirs, lambda t: "whole" if t[2] else "part"),
           each(by_field, lambda s: "whole" if s["covers"] == "whole" else "part"))


def compare_mail(peers, ours, data):
    yield MAIL_PEERS, " ".join(peers.mail(data)) or "-", " ".join(s["integrity"] for s in ours) or "-"


def judge(name, peer, theirs, ours, unused):
    """None when they agree, or differ as is known; else what is wrong."""
    known = DIFFERENCES.get((name, peer))
    unused.discard((name, peer))
    if known:
        return None if (theirs, ours) == known[:2] else f"{peer}: {theirs}; vanthu: {ours}; stated: {known[0]}; {known[1]}"
    return None if theirs == ours else f"{peer}: {theirs}; vanthu: {ours}"


def compare(peers, pki, config, folder, ending, compare_one, unused):
    """Number of files that differ."""
    failed = 0
    for name in names(folder, ending):
        ours = vanthu(pki, config, os.path.join(folder, name))
        wrong = [judge(name, *verdicts, unused) for verdicts in compare_one(peers, ours, read(folder, name))]
        wrong = [text for text in wrong if text]
        failed += bool(wrong)
        print("FAIL" if wrong else "ok", name, "; ".join(wrong), sep="  ")
    return failed


def main():
    with tempfile.TemporaryDirectory() as folder:
        pki, documents, mails = make(folder)
        scratch = folder + "/scratch"
        os.makedirs(scratch)
        config, peers, unused = expect.configure(pki, folder), Peers(pki, scratch), set(DIFFERENCES)
        failed = compare(peers, pki, config, documents, ".pdf", compare_document, unused)
        failed += compare(peers, pki, config, mails, ".eml", compare_mail, unused)
    for name, peer in sorted(unused):
        print(f"FAIL  {name}: the difference to {peer} is stated, but the file is not there")
    return 1 if failed or unused else 0


sys.exit(main())
