#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Programs from other registries than Debian's, kept below build/peers, and what they say of PDF files.

Run as a program it brings them. Exit status 1: one of them cannot be had."""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = os.path.join(HERE, "..", "..", "build", "peers")
PYHANKO = "0.38.0"
PDFIUM = "5.15.2"  # of pypdfium2, which brings PDFium 159.0.8149
PYTHON = f"{PEERS}/pyhanko-{PYHANKO}/bin/python"
DSS = f"{PEERS}/dss-6.4"
SIGNERS = f"{PEERS}/signers-1"


def fetch(*commands):
    """True when all commands succeed. Failing is no fault of ours: no network, or a tool is not installed."""
    for command in commands:
        if not shutil.which(command[0]):
            print(f"there is no {command[0]}")
            return False
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print((done.stderr.strip() or done.stdout.strip() or "failed").splitlines()[-1])
            return False
    return True


def answers(command, files):
    """{file: its signatures, or a text}, of a program that prints one line of JSON for each."""
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr[-2000:]}")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {line["file"]: line.get("signatures", line.get("error")) for line in lines}


# ---- pyHanko, from the Python package index ----


def pyhanko_install():
    """True when it is there."""
    if os.path.exists(PYTHON) and subprocess.run([PYTHON, "-c", "import pyhanko"], capture_output=True, check=False).returncode == 0:
        return True
    folder = os.path.dirname(os.path.dirname(PYTHON))
    return fetch(["/usr/bin/python3", "-m", "venv", "--clear", folder],
                 [folder + "/bin/pip", "install", "-q", "--disable-pip-version-check", "--timeout", "20", "--retries", "1",
                  "pyHanko==" + PYHANKO])


def pyhanko(pki, files):
    return answers([PYTHON, HERE + "/pyhanko_verdicts.py", pki], files)


def pyhanko_sign(pki, name, source, target):
    subprocess.run([PYTHON, HERE + "/pyhanko_sign.py", pki, name, source, target], check=True)


# ---- PDFium, which draws PDF files in Chrome and Edge, from the same index ----


def pdfium_install():
    """True when it is there; beside pyHanko."""
    version = "import sys, pypdfium2; sys.exit(pypdfium2.version.PYPDFIUM_INFO.tag != sys.argv[1])"
    if not pyhanko_install():
        return False
    if subprocess.run([PYTHON, "-c", version, PDFIUM], capture_output=True, check=False).returncode == 0:
        return True
    return fetch([os.path.dirname(PYTHON) + "/pip", "install", "-q", "--disable-pip-version-check", "--timeout", "20", "--retries", "1",
                  "pypdfium2==" + PDFIUM])


def pdfium_draws(dpi):
    """The command that draws a file with PDFium, which is still to be named."""
    return [PYTHON, HERE + "/pdfium_draw.py", str(dpi)]


# ---- from the Maven repository: the Digital Signature Service of the EU; libraries that sign ----


def maven_install(folder, pom):
    """True when the libraries of a pom are in a folder."""
    if os.path.exists(folder + "/whole"):
        return shutil.which("java") is not None
    done = fetch(["java", "-version"],
                 ["mvn", "-q", "-B", "-f", pom, f"-Dmaven.repo.local={PEERS}/maven",
                  "org.apache.maven.plugins:maven-dependency-plugin:3.6.0:copy-dependencies", "-DoutputDirectory=" + os.path.abspath(folder)])
    if done:
        with open(folder + "/whole", "wb"):
            pass
    return done


def dss_install():
    """True when it is there; java(1) runs it from its source."""
    return maven_install(DSS, HERE + "/dss/pom.xml")


def dss(pki, files):
    return answers(["java", "-XX:TieredStopAtLevel=1", "-cp", DSS + "/*", HERE + "/dss/DssVerdicts.java", pki], files)


def signers_install():
    return maven_install(SIGNERS, HERE + "/signers/pom.xml")


class Signers:
    """The libraries in one process, which does a step at a time."""

    def __init__(self, pki, folder):
        sources = [f"{HERE}/signers/{name}" for name in sorted(os.listdir(HERE + "/signers")) if name.endswith(".java")]
        subprocess.run(["javac", "-nowarn", "-d", folder, "-cp", SIGNERS + "/*", *sources], check=True, capture_output=True)
        self.process = subprocess.Popen(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{SIGNERS}/*:{folder}", "Signers", pki],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")

    def run(self, library, operation, source, target, *options):
        """What is wrong, or an empty text."""
        self.process.stdin.write("\t".join([library, operation, source, target, *options]) + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().strip()
        return "" if said == "ok" else said or "the libraries have ended"

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    sys.exit(0 if pdfium_install() and dss_install() and signers_install() else 1)
