# SPDX-License-Identifier: Apache-2.0
#
# A strict reader of the Prometheus text format 0.0.4: what is not allowed is an error.
"""parse(text) → {name: Family}"""

import collections
import re

Family = collections.namedtuple("Family", "name kind help samples")  # samples: {(name, ((label, value), …)): float}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\S+)")
KINDS = ("counter", "gauge", "histogram")


class FormatError(ValueError):
    pass


def number(text):
    if not re.fullmatch(r"[+-]?(Inf|[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?)|NaN", text):
        raise FormatError(f"not a number: {text}")
    return float(text)


def parse(text):
    if not text.endswith("\n"):
        raise FormatError("the last line has no end")
    families, current = {}, None
    lines = text[:-1].split("\n")
    place = 0
    while place < len(lines):
        line = lines[place]
        found = re.fullmatch(rf"# HELP ({NAME}) ([^\\]*)", line)
        if found:
            name = found[1]
            kind = re.fullmatch(rf"# TYPE {name} ([a-z]+)", lines[place + 1] if place + 1 < len(lines) else "")
            if not kind or kind[1] not in KINDS or name in families:
                raise FormatError(f"after HELP: {lines[place + 1:place + 2]}, or {name} twice")
            current = families[name] = Family(name, kind[1], found[2], {})
            place += 2
            continue
        add_sample(current, line)
        place += 1
    for family in families.values():
        check(family)
    return families


def add_sample(family, line):
    found = SAMPLE.fullmatch(line)
    if not found or family is None:
        raise FormatError(f"no sample: {line!r}")
    suffix = found[1][len(family.name):]
    if not found[1].startswith(family.name) or suffix not in (("_bucket", "_sum", "_count") if family.kind == "histogram" else ("",)):
        raise FormatError(f"{found[1]} is none of {family.name}")
    labels = tuple(re.findall(LABEL, found[2] or ""))
    if len({name for name, _ in labels}) != len(labels):
        raise FormatError(f"a label twice: {line!r}")
    if (found[1], labels) in family.samples:
        raise FormatError(f"a sample twice: {line!r}")
    family.samples[found[1], labels] = number(found[7])


def check(family):
    if family.kind == "counter":
        if not family.name.endswith("_total") or any(value < 0 for value in family.samples.values()):
            raise FormatError(f"counter {family.name}")
    elif family.name.endswith("_total"):
        raise FormatError(f"{family.name} is no counter")
    if family.kind == "histogram":
        for labels in {tuple(l for l in labels if l[0] != "le") for _, labels in family.samples}:
            check_histogram(family, labels)


def check_histogram(family, labels):
    buckets = [(number(dict(own)["le"]), value) for (name, own), value in family.samples.items()
               if name == family.name + "_bucket" and tuple(l for l in own if l[0] != "le") == labels]
    count, total = (family.samples.get((family.name + suffix, labels)) for suffix in ("_count", "_sum"))
    if not buckets or count is None or total is None or total < 0:
        raise FormatError(f"{family.name}{labels}: incomplete")
    if [le for le, _ in buckets] != sorted({le for le, _ in buckets}) or buckets[-1][0] != float("inf"):
        raise FormatError(f"{family.name}{labels}: bounds {buckets}")
    if [value for _, value in buckets] != sorted(value for _, value in buckets) or buckets[-1][1] != count:
        raise FormatError(f"{family.name}{labels}: not cumulative {buckets}, {count}")


def value(families, name, **labels):
    """One sample by its labels; None when there is none."""
    family = families.get(name) or families[re.sub(r"_(sum|count)$", "", name)]
    wanted = sorted(labels.items())
    return next((v for (sample, own), v in family.samples.items() if sample == name and sorted(own) == wanted), None)


def total(families, name, **labels):
    """The sum of all samples that have these labels."""
    return sum(v for (sample, own), v in families[name].samples.items() if set(labels.items()) <= set(own))
