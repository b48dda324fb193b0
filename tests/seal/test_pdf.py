#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# PDFs of every build sealed and looked at by others: pdfsig, qpdf, MuPDF and vanthu check, and by the
# red and black of the drawn page. What may not be sealed says its word.
"""Sealed PDFs."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
sys.path.insert(0, os.path.join(HERE, "..", "documents"))

import expect
from pdf_cases import hybrid, with_field, write_png

SEAL = os.path.join(HERE, "..", "..", "build", "tests", "seal", "seal_file")
MKPDF = os.path.join(HERE, "..", "documents", "mkpdf.py")
FONT = "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
COPY = ("font=" + FONT, "line=SAO Y", "line=Sở Nội vụ tỉnh Ninh Bình", "line=2026-06-01T09:30:00+07:00")
ANNEX = ("font=" + FONT, "line=2415/SNV-VTLT", "line=2026-06-01T09:30:00+07:00")
failures = 0


def check(what, holds, detail=""):
    global failures
    if not holds:
        failures += 1
        print(f"FAIL  {what} {detail}")


def run(*command):
    return subprocess.run(command, capture_output=True, timeout=120, check=False)


def text(done):
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Site:
    def __init__(self, folder):
        self.folder, self.pki = folder, folder + "/pki"
        subprocess.run([HERE + "/../pki/mkpki.sh", self.pki], check=True)
        self.config = expect.configure(self.pki, folder)
        self.chain, self.png = folder + "/chain.pem", folder + "/seal.png"
        with open(self.chain, "wb") as file:
            file.write(read(f"{self.pki}/certs/agency.pem") + read(f"{self.pki}/certs/ca-g2.pem"))
        write_png(self.png)

    def path(self, name):
        return f"{self.folder}/{name}.pdf"

    def make(self, *arguments):
        subprocess.run([MKPDF, *arguments], check=True)

    def sign(self, source, target, *options, by="person"):
        self.make("sign", self.path(source), self.path(target), "--pki", self.pki, "--by", by, *options)

    def seal(self, name, *options):
        out = self.path(name + "-sealed")
        done = run(SEAL, f"{self.pki}/keys/agency.key", self.chain, self.path(name), out, *options)
        return done.returncode, text(done).strip(), out


def make_files(site):
    for kind in ("table", "stream"):
        site.make("new", site.path(kind), "--xref", kind, "--pages", "3")
    run("qpdf", "--linearize", "--object-streams=generate", site.path("table"), site.path("linearized"))
    run("qpdf", "--encrypt", "", "owner", "256", "--", site.path("table"), site.path("encrypted"))
    run("qpdf", "--encrypt", "user", "owner", "256", "--", site.path("table"), site.path("password"))
    run("qpdf", "--rotate=+90:1-z", "--object-streams=disable", site.path("table"), site.path("turned"))
    files = {"hybrid": hybrid(), "field": with_field(), "kid": with_field(kid=True), "field-turned": with_field(270),
             "lock": with_field(lock=b"/Lock << /Type /SigFieldLock /Action /All >>"),
             "seed": with_field(seed=b"/SV << /Type /SV /Ff 1 /Filter /Other >>"),
             "xfa": with_field(catalog=b"/NeedsRendering true"),
             "no-eol": read(site.path("table")).rstrip(), "spaces": read(site.path("table")) + b" \r\n\n",
             "junk-behind": read(site.path("table")) + b"junk", "junk-before": b"junk\n" + read(site.path("table")),
             "cut": read(site.path("table"))[:-200], "nothing": b"%PDF-1.7\n"}
    for name, data in files.items():
        with open(site.path(name), "wb") as file:
            file.write(data)
    site.sign("stream", "one")
    site.sign("one", "two", "--invisible", by="agency2")
    site.sign("two", "three", "--invisible", by="agency-ec")
    for level in "123":
        site.sign("table", "certified" + level, "--certify", level)
    site.make("change", site.path("one"), site.path("changed"), "content")


# ---- what is sealed ----

def verify(site, name, original, sealed, signatures):
    """Every program says that all signatures are valid and the last one is over the whole file."""
    done = text(run("pdfsig", "-nocert", sealed))
    check(f"{name}: pdfsig", done.count("Signature is Valid") == signatures, done)
    check(f"{name}: pdfsig, the whole file", "Total document signed" in done.split("Signature #")[-1], done)
    before, after = run("qpdf", "--check", original).returncode, run("qpdf", "--check", sealed)
    check(f"{name}: qpdf", after.returncode == 0 or before == after.returncode, text(after))
    if "pss" not in name:  # MuPDF does not know it
        done = text(run("mutool", "sign", "-v", sealed))
        check(f"{name}: mutool", done.count("The document is unchanged since signing.") == 1 and "Digest" not in done, done)
    check(f"{name}: first bytes", read(sealed).startswith(read(original)))
    status, evidence = expect.check(site.pki, site.config, sealed)
    found = evidence["documents"][0]["signatures"]
    check(f"{name}: vanthu check", status in (0, 2) and len(found) == signatures and found[-1]["indication"] == "TOTAL-PASSED"
          and found[-1]["covers"] == "whole" and all(s["integrity"] == "intact" for s in found)
          and all(s["changes_after"] in ("none", "permitted") for s in found), f"{status} {evidence}")


SEALED = (  # file, options, signatures afterwards
    ("table", (), 1), ("stream", (), 1), ("linearized", (), 1), ("hybrid", (), 1), ("no-eol", (), 1), ("spaces", (), 1),
    ("table", COPY, 1), ("stream", ANNEX, 1), ("linearized", COPY, 1), ("hybrid", ANNEX, 1), ("turned", COPY, 1),
    ("table", ("image", "page=3", "left=20", "top=30"), 1), ("stream", ("image", "page=0", "left=20", "top=30"), 1),
    ("table", ("image", "anchor=GIÁM  ĐỐC", "left=-10"), 1), ("turned", ("image", "anchor=GIÁM ĐỐC", "top=5"), 1),
    ("field", ("image", "field=chu.ky"), 1), ("field", ("field=chu.ky",), 1),
    ("field-turned", COPY + ("field=chu.ky",), 1), ("lock", ("image", "field=chu.ky"), 1), ("field", ("image", "page=1"), 1),
    ("three", (), 4), ("three", ("image", "signature"), 4), ("one", COPY, 2),
    ("certified2", (), 2), ("certified3", (), 2), ("certified2", COPY + ("hide",), 2), ("table", ("pss", "token=6000"), 1))
LEFT = (
    ("encrypted", (), "encrypted"), ("password", (), "encrypted"), ("certified1", (), "certified"),
    ("certified1", COPY + ("hide",), "certified"), ("certified2", COPY, "certified"), ("changed", (), "changed"),
    ("seed", ("field=chu.ky",), "field"), ("kid", ("field=chu.ky",), "field"), ("field", ("field=chu",), "field"), ("field", ("field=",), "field"),
    ("xfa", (), "dynamic-form"), ("junk-behind", (), "damaged"), ("junk-before", (), "damaged"), ("cut", (), "damaged"),
    ("nothing", (), "damaged"), ("table", ("image", "page=4"), "place"), ("table", ("image", "page=1", "left=190"), "place"),
    ("table", ("image", "anchor=KHÔNG CÓ"), "place"), ("table", ("image", "signature"), "place"))


def given(site, options):
    return [word for option in options for word in (("image=" + site.png, "width=36") if option == "image" else (option,))]


def seal_all(site):
    for name, options, signatures in SEALED:
        options = given(site, options)
        label = f"{name} {' '.join(option.split('=')[0] for option in options)}"
        status, said, sealed = site.seal(name, *options)
        check(f"{label}: sealed", status == 0 and said == "ready", said)
        if status == 0:
            verify(site, label, site.path(name), sealed, signatures)
    for name, options, word in LEFT:
        options = given(site, options)
        status, said, _ = site.seal(name, *options)
        check(f"{name}: left alone", status == 1 and said.split()[0] == word, f"{status} {said}")


def seal_twice(site):
    """A second seal names its field anew; a locked file takes none."""
    _, _, first = site.seal("table")
    shutil.copy(first, site.path("again"))
    status, said, sealed = site.seal("again", *COPY)
    check("again: sealed", status == 0, said)
    verify(site, "again", site.path("again"), sealed, 2)
    check("again: names", "Seal2" in text(run("pdfsig", "-nocert", sealed)))
    _, _, first = site.seal("lock", "field=chu.ky")
    shutil.copy(first, site.path("locked"))
    status, said, _ = site.seal("locked")
    check("locked: left alone", status == 1 and said.startswith("locked"), said)


def store_on_certified(site):
    """Validation data are allowed whatever a certification forbids (ISO 32000-2 12.8.2.2.2): it is as valid as before."""
    der = site.folder + "/agency.der"
    subprocess.run(["openssl", "x509", "-in", f"{site.pki}/certs/agency.pem", "-outform", "DER", "-out", der], check=True)
    for name in ("certified1", "certified2", "one"):
        status, said, stored = site.seal(name, "unsealed", "certificate=" + der)
        check(f"{name}: stored", status == 0 and read(stored).startswith(read(site.path(name))) and len(read(stored)) > len(read(site.path(name))), said)
        before, after = (expect.check(site.pki, site.config, path) for path in (site.path(name), stored))
        was, found = (evidence["documents"][0]["signatures"][0] for _, evidence in (before, after))
        keys = ("indication", "sub_indication", "integrity", "reasons")
        check(f"{name}: vanthu check", before[0] == after[0] and [was[k] for k in keys] == [found[k] for k in keys]
              and (found["integrity"], found["changes_after"]) == ("intact", "permitted"), f"{was} {found}")
        kinds = [change["kind"] for change in after[1]["documents"][0]["changes"]]
        check(f"{name}: what came", set(kinds) == {"validation-data"}, kinds)
        done = text(run("pdfsig", "-nocert", stored))
        check(f"{name}: pdfsig", done.count("Signature is Valid") == 1, done)
        check(f"{name}: qpdf", run("qpdf", "--check", stored).returncode == 0)


# ---- the pictures ----

def ink(path, page):
    """Where a page drawn in 72 dpi is red, and its size."""
    prefix = path[:-4]
    subprocess.run(["pdftoppm", "-r", "72", "-f", str(page), "-l", str(page), "-singlefile", path, prefix], check=True)
    data = read(prefix + ".ppm")
    width, height = map(int, data.split(b"\n")[1].split())
    pixels = data[-3 * width * height:]
    red = [(i % width, i // width) for i in range(width * height)
           if pixels[3 * i] > 150 and pixels[3 * i + 1] < 120 and pixels[3 * i + 2] < 120]
    box = (min(x for x, _ in red), min(y for _, y in red), max(x for x, _ in red), max(y for _, y in red)) if red else None
    return box, (width, height)


def near(box, wanted, by=3):
    return box is not None and all(abs(a - b) <= by for a, b in zip(box, wanted))


def look(site):
    points = 72 / 25.4
    image = ("image=" + site.png, "width=36")
    for name in ("table", "turned"):
        _, _, sealed = site.seal(name, *image, "page=2", "left=40", "top=60")
        box, _ = ink(sealed, 2)
        check(f"{name}: picture", near(box, (40 * points, 60 * points, 76 * points, 96 * points)), box)
    _, _, sealed = site.seal("three", *image, "signature")
    box, _ = ink(sealed, 1)  # the signature is at 350 to 560, 480 to 515 from below: a third of it is 70
    check("over the signature", near(box, (420 - 36 * points, 842 - 497.5 - 18 * points, 420, 842 - 497.5 + 18 * points)), box)
    for name, upright in (("field", (150, 642, 250, 742)), ("field-turned", None)):
        _, _, sealed = site.seal(name, *image, "field=chu.ky")
        box, _ = ink(sealed, 1)
        check(f"{name}: in proportion", box is not None and abs((box[2] - box[0]) - (box[3] - box[1])) <= 3, box)
        if upright:
            check(f"{name}: within", near(box, upright), box)
    _, _, sealed = site.seal("table", *COPY)
    words = text(run("pdftotext", "-x", "380", "-y", "0", "-W", "215", "-H", "60", "-f", "1", "-l", "1", sealed, "-"))
    check("copy: text", [line for line in words.splitlines() if line.strip()][:3] ==
          ["SAO Y", "Sở Nội vụ tỉnh Ninh Bình", "2026-06-01T09:30:00+07:00"], words)
    fonts = text(run("pdffonts", sealed))
    check("copy: font", any("SealSerif" in line and line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts.splitlines()), fonts)


def main():
    folder = tempfile.mkdtemp(prefix="vanthu-seal-pdf-")
    try:
        site = Site(folder)
        make_files(site)
        seal_all(site)
        seal_twice(site)
        store_on_certified(site)
        look(site)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("sealed PDFs: " + ("passed" if failures == 0 else f"{failures} failed"))
    return 0 if failures == 0 else 1


sys.exit(main())
