#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# Sends mails by SMTP, byte for byte, and prints each final answer as one JSON line
# {"file", "code", "enhanced", "text", "seconds"}. With -n and -c it sends many at once and prints
# a last line with the least, median, 99th percentile and greatest time.
#   send.py [-f FROM] [-t TO] [-n COUNT] [-c CONCURRENT] [-b ADDRESS] [-q] HOST:PORT FILE...
"""SMTP client of the tests."""

import argparse
import concurrent.futures
import json
import re
import smtplib
import statistics
import sys
import time


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def post(server, data, sender, to, bind=None, timeout=120):
    """The final answer to one mail."""
    host, port = server.rsplit(":", 1)
    begin = time.monotonic()
    try:
        source = (bind, 0) if bind else None
        with smtplib.SMTP(host, int(port), "client.lab.test", timeout=timeout, source_address=source) as smtp:
            smtp.ehlo()
            code, text = transaction(smtp, sender, to, crlf(data))
    except smtplib.SMTPServerDisconnected as error:
        code, text = 0, str(error).encode()
    except smtplib.SMTPResponseException as error:
        code, text = error.smtp_code, error.smtp_error
    except OSError as error:
        code, text = 0, str(error).encode()
    text = text.decode("utf-8", "replace")
    found = re.match(r"([245]\.\d+\.\d+) ", text)
    return {"code": code, "enhanced": found and found.group(1), "text": text, "seconds": round(time.monotonic() - begin, 4)}


def send(args, file):
    with open(file, "rb") as stream:
        data = stream.read()
    return {"file": file, **post(args.server, data, args.sender, args.to, args.bind, args.timeout)}


def transaction(smtp, sender, recipients, data):
    """MAIL, RCPT, DATA without smtplib's own rewriting of line ends and NULs."""
    for command in [f"MAIL FROM:<{sender}>"] + [f"RCPT TO:<{to}>" for to in recipients]:
        code, text = smtp.docmd(command)
        if code != 250:
            return code, text
    code, text = smtp.docmd("DATA")
    if code != 354:
        return code, text
    stuffed = re.sub(rb"(?m)^\.", b"..", data)
    if not stuffed.endswith(b"\r\n"):
        stuffed += b"\r\n"
    smtp.send(stuffed + b".\r\n")
    return smtp.getreply()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-f", dest="sender", default="vanthu@sonv.ninhbinh.gov.vn")
    parser.add_argument("-t", dest="to", action="append")
    parser.add_argument("-n", dest="count", type=int, default=1, help="times each file")
    parser.add_argument("-c", dest="concurrent", type=int, default=1)
    parser.add_argument("-b", dest="bind", help="own address")
    parser.add_argument("-q", dest="quiet", action="store_true", help="only the summary")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("server")
    parser.add_argument("files", nargs="+")
    args = parser.parse_args()
    args.to = args.to or ["vanthu@ninhbinh.gov.vn"]
    files = [file for _ in range(args.count) for file in args.files]
    with concurrent.futures.ThreadPoolExecutor(args.concurrent) as pool:
        answers = list(pool.map(lambda file: send(args, file), files))
    if not args.quiet:
        for answer in answers:
            print(json.dumps(answer, ensure_ascii=False))
    if len(answers) > 1:
        print(json.dumps(summary(answers)))
    return 0 if all(answer["code"] for answer in answers) else 1


def summary(answers):
    times = sorted(answer["seconds"] for answer in answers)
    codes = {}
    for answer in answers:
        codes[str(answer["code"])] = codes.get(str(answer["code"]), 0) + 1
    return {"mails": len(times), "codes": codes, "min": times[0],
            "median": round(statistics.median(times), 4),
            "p99": times[min(len(times) - 1, int(len(times) * 0.99))], "max": times[-1]}


if __name__ == "__main__":
    sys.exit(main())
