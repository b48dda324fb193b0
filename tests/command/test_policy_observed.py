#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# vanthu policy check of the policy that the configuration names, with registers that know what was
# loaded: which rules it says were never observed.
"""vanthu policy check: rules that were never observed."""

import datetime
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
BUILD = os.environ.get("VANTHU_BUILD", ROOT + "/build")
PROVEN = "rules:\n  - {name: doi-noi-dung, when: {reason: CONTENT_CHANGED}, then: reject}\n"
RULE = "  - {name: cua, when: {sender-domain: x.vn, reason: NO_SIGNATURE}, then: reject%s}\n"
WATCHED = PROVEN + RULE % ", mode: observe"
ENFORCED = PROVEN + RULE % ""


def day(days):
    zone = datetime.timezone(datetime.timedelta(hours=7))
    return (datetime.datetime.now(zone) + datetime.timedelta(days=days)).strftime("%Y-%m-%d")


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        for name, text in (("old.yaml", PROVEN), ("watched.yaml", WATCHED), ("policy.yaml", ENFORCED)):
            self.write(name, text)

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as out:
            out.write(text)

    def register(self, *loads):
        """A new one, with (policy, mode, days ago) each."""
        self.count += 1
        words = [str(word) for load in loads for word in load]
        subprocess.run([BUILD + "/tests/command/make_observed", f"register{self.count}", *words], cwd=self.folder, check=True)

    def check(self, *arguments, mode="enforce"):
        """What is warned of: (line, text)."""
        self.write("vanthu.yaml", f"mode: {mode}\npolicy: policy.yaml\nregister: {{directory: register{self.count}}}\n"
                                  "our-domains: [ninhbinh.gov.vn]\n")
        done = subprocess.run([BUILD + "/vanthu", "policy", "check", "--json", *(arguments or ("--config", "vanthu.yaml"))],
                              cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout, done.stderr)
        told = json.loads(done.stdout)
        assert told["ok"] and done.stderr == "", (told, done.stderr)
        assert all(m["warning"] and m["file"].endswith("policy.yaml") for m in told["mistakes"]), told
        return [(m["line"], m["text"]) for m in told["mistakes"]]


def warning(loaded):
    """On either side of midnight."""
    return [[(3, f'rule "cua" refuses at once: it was never observed for 7 days ({loaded}); mode: observe or observe-until: '
                 f"{day(days)} shows first what it would do")] for days in (7, 8)]


def nothing_is_known(site):
    assert site.check() == [], "without a register"
    site.register()
    assert site.check() == [], "a register without loads"


def never_observed(site):
    site.register(("old.yaml", "enforce", 30))
    assert site.check() in warning("not loaded before")
    assert site.check(mode="tag") == [] and site.check(mode="observe") == [], "where nothing is refused"
    assert site.check("policy.yaml") == [], "a file that is not the configured one"
    site.register(("old.yaml", "enforce", 30), ("policy.yaml", "enforce", 2))
    assert site.check() in warning("first loaded " + day(-2))


def observed(site):
    site.register(("watched.yaml", "enforce", 9), ("policy.yaml", "enforce", 1))
    assert site.check() == []
    site.register(("policy.yaml", "tag", 9), ("watched.yaml", "tag", 4), ("policy.yaml", "enforce", 1))
    assert site.check() == [], "while the site tagged"
    site.register(("watched.yaml", "enforce", 5), ("policy.yaml", "enforce", 1))
    assert site.check() in warning("first loaded " + day(-5))


def for_people(site):
    site.register(("old.yaml", "enforce", 30))
    site.check()
    done = subprocess.run([BUILD + "/vanthu", "policy", "check", "--config", "vanthu.yaml"], cwd=site.folder,
                          capture_output=True, text=True, check=True)
    assert 'policy.yaml:3:5: warning: rule "cua" refuses at once' in done.stderr, done.stderr
    assert "policy.yaml: in order (version " in done.stdout, done.stdout


def main():
    failed = 0
    for case in (nothing_is_known, never_observed, observed, for_people):
        with tempfile.TemporaryDirectory(prefix="vanthu-observed-") as folder:
            try:
                case(Site(folder))
                print(f"ok    {case.__name__}")
            except AssertionError as wrong:
                failed += 1
                print(f"FAIL  {case.__name__}: {wrong}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
