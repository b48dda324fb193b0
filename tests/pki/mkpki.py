#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
#
# The certificates, CRLs and OCSP index of the test PKI.  The table ENTRIES is
# the whole story; mkpki.sh makes the keys and calls this.
#
#   mkpki.py keys OUT                          keys still missing: NAME ALGORITHM OPTION
#   mkpki.py make OUT                          everything, from keys in OUT/keys
#   mkpki.py revoke OUT NAME [REASON [TIME]]   revoke (reason "good" undoes it), renew the CRL
#   mkpki.py crl OUT                           renew all CRLs from OUT/index/*.txt
"""Test PKI: certificates, CRLs and index.txt files."""

import datetime
import hashlib
import os
import sys
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import AuthorityInformationAccessOID as AIA
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU
from cryptography.x509.oid import NameOID, ObjectIdentifier

import keyfile

OCSP_URL = os.environ.get("VT_OCSP_URL", "http://127.0.0.1:18080")
CRL_URL = os.environ.get("VT_CRL_URL", "http://127.0.0.1:18081")
DEAD_URL = os.environ.get("VT_DEAD_URL", "http://127.0.0.1:9")
CRL_DAYS = 30

warnings.filterwarnings("ignore", message="SHA1 signatures are deprecated")

# The policy of official-use certificates, second generation.
POLICY = "2.16.704.1.1.1.1.1"

BCY = "Ban Cơ yếu Chính phủ"
TINH = "UBND TỈNH NINH BÌNH"
SNV = "Sở Nội vụ tỉnh Ninh Bình"

# name, issuer ("self" = self-signed), kind, subject, options
#   kind     root, ca, leaf, ocsp, tsa
#   options  key="ec"|1024, days=(from, to) relative to now, mail=SAN,
#            revoked=(days ago, reason), ocsp=/crl=address, md="sha1", g1=True (old generation's
#            oddities), usage="encrypt", issuers=False (no caIssuers address), set=trust set,
#            nocheck=False (OCSP responder whose own status is to be asked)
ENTRIES = [
    ("root-g2", "self", "root", dict(O=BCY, CN="RootCA chuyên dùng Chính phủ G2 (thử nghiệm)"), dict(set="official")),
    ("ca-g2", "root-g2", "ca", dict(O=BCY, CN="CA phục vụ các cơ quan Nhà nước G2 (thử nghiệm)"), dict(set="intermediates")),
    ("ca-party", "root-g2", "ca", dict(O=BCY, CN="CA phục vụ các cơ quan Đảng G2 (thử nghiệm)"), dict(set="intermediates")),
    ("ca-missing", "root-g2", "ca", dict(O=BCY, CN="CA phục vụ Bộ Tài chính G2 (thử nghiệm)"), {}),
    ("ca-revoked", "root-g2", "ca", dict(O=BCY, CN="CA cũ G2 (thử nghiệm)"),
     dict(set="intermediates", revoked=(200, "cACompromise"))),
    ("ocsp-g2", "ca-g2", "ocsp", dict(O=BCY, CN="OCSP Responder G2 (thử nghiệm)"), {}),
    ("ocsp-party", "ca-party", "ocsp", dict(O=BCY, CN="OCSP Responder Đảng G2 (thử nghiệm)"), {}),
    ("tsa", "ca-g2", "tsa", dict(O=BCY, CN="Dịch vụ cấp dấu thời gian G2 (thử nghiệm)"), {}),
    ("tsa-old", "ca-g2", "tsa", dict(O=BCY, CN="Dịch vụ cấp dấu thời gian cũ G2 (thử nghiệm)"), dict(days=(-900, -40))),

    ("agency", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ NỘI VỤ TỈNH NINH BÌNH"),
     dict(mail="vanthu@sonv.ninhbinh.gov.vn")),
    ("agency2", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ XÂY DỰNG TỈNH NINH BÌNH"),
     dict(mail="vanthu@soxd.ninhbinh.gov.vn")),
    ("agency-ec", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ Y TẾ TỈNH NINH BÌNH"),
     dict(key="ec", mail="vanthu@soyt.ninhbinh.gov.vn")),
    ("person", "ca-g2", "leaf", dict(O=SNV, OU="Văn phòng Sở", CN="Nguyễn Văn An"), dict(mail="annv@ninhbinh.gov.vn")),
    ("smime", "ca-g2", "leaf", dict(O=SNV, OU="Văn thư", CN="Trần Thị Bình"), dict(mail="binhtt@ninhbinh.gov.vn")),

    ("revoked", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ CÔNG THƯƠNG TỈNH NINH BÌNH"),
     dict(mail="vanthu@soct.ninhbinh.gov.vn", revoked=(200, "keyCompromise"))),
    ("revoked-since", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ DU LỊCH TỈNH NINH BÌNH"),
     dict(mail="vanthu@sodl.ninhbinh.gov.vn", revoked=(30, "superseded"))),
    ("suspended", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ TƯ PHÁP TỈNH NINH BÌNH"),
     dict(mail="vanthu@sotp.ninhbinh.gov.vn", revoked=(200, "certificateHold"))),
    ("expired", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ TÀI CHÍNH TỈNH NINH BÌNH"),
     dict(mail="vanthu@sotc.ninhbinh.gov.vn", days=(-730, -30))),
    ("future", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ NGOẠI VỤ TỈNH NINH BÌNH"),
     dict(mail="vanthu@songv.ninhbinh.gov.vn", days=(30, 1800))),
    ("weak", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="TRƯỜNG THPT YẾU (THỬ NGHIỆM)"),
     dict(key=1024, mail="vanthu@yeu.ninhbinh.gov.vn")),
    ("encrypt-only", "ca-g2", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ CHỈ MÃ HÓA (THỬ NGHIỆM)"),
     dict(usage="encrypt", mail="mahoa@ninhbinh.gov.vn")),
    ("old-ca", "ca-revoked", "leaf", dict(L="Ninh Bình", O=TINH, CN="BAN DÂN TỘC TỈNH NINH BÌNH"), {}),
    ("missing", "ca-missing", "leaf", dict(L="Ninh Bình", O="BỘ TÀI CHÍNH", CN="CỤC THUẾ TỈNH NINH BÌNH"),
     dict(mail="vanthu@thue.gov.vn", issuers=False)),

    ("unreachable", "ca-party", "leaf", dict(L="Ninh Bình", O="TỈNH ỦY NINH BÌNH", CN="VĂN PHÒNG TỈNH ỦY NINH BÌNH"),
     dict(mail="vanthu@tinhuy.ninhbinh.gov.vn", ocsp=DEAD_URL + "/ocsp", crl=DEAD_URL + "/crl/ca-party.crl")),
    ("slow", "ca-party", "leaf", dict(L="Ninh Bình", O="TỈNH ỦY NINH BÌNH", CN="BAN TỔ CHỨC TỈNH ỦY NINH BÌNH"),
     dict(mail="btc@tinhuy.ninhbinh.gov.vn", ocsp=OCSP_URL + "/slow", crl=CRL_URL + "/slow/crl/ca-party.crl")),
    ("silent", "ca-party", "leaf", dict(L="Ninh Bình", O="TỈNH ỦY NINH BÌNH", CN="BAN TUYÊN GIÁO TỈNH ỦY NINH BÌNH"),
     dict(mail="btg@tinhuy.ninhbinh.gov.vn", ocsp=OCSP_URL + "/hang", crl=CRL_URL + "/hang/crl/ca-party.crl")),

    ("root-g1", "self", "root", dict(O="Ban Co yeu Chinh phu", CN="Co quan chung thuc so chuyen dung Chinh phu (RootCA) (thu nghiem)"),
     dict(set="official", g1=True, md="sha1")),
    ("ca-g1", "root-g1", "ca", dict(O="Ban Co yeu Chinh phu", CN="Co quan chung thuc so Bo Tai chinh (thu nghiem)"),
     dict(set="intermediates", g1=True)),
    ("agency-g1", "ca-g1", "leaf",
     dict(O="Bộ Tài chính", OU="Kho bạc Nhà nước", L="Ninh Bình", CN="KHO BẠC NHÀ NƯỚC NINH BÌNH", UID="MST:2700000000"),
     dict(g1=True, mail="kbnn@ninhbinh.gov.vn")),
    ("agency-g1-sha1", "ca-g1", "leaf", dict(O="Bộ Tài chính", OU="Tổng cục Thuế", L="Ninh Bình", CN="CHI CỤC THUẾ HOA LƯ"),
     dict(g1=True, md="sha1", mail="hoalu@ninhbinh.gov.vn")),

    ("public-root", "self", "root", dict(O="Bộ Khoa học và Công nghệ", CN="Vietnam National Root CA (thử nghiệm)"), dict(set="public")),
    ("public-ca", "public-root", "ca", dict(O="Công ty Thử nghiệm", CN="THUNGHIEM-CA (thử nghiệm)"), dict(set="intermediates")),
    ("ocsp-public", "public-ca", "ocsp", dict(O="Công ty Thử nghiệm", CN="OCSP THUNGHIEM-CA (thử nghiệm)"), {}),
    ("public", "public-ca", "leaf", dict(L="Ninh Bình", O="CÔNG TY TNHH XI MĂNG", CN="CÔNG TY TNHH XI MĂNG THỬ NGHIỆM", UID="MST:2700999999"),
     dict(mail="vanthu@ximang.example")),

    ("unknown-root", "self", "root", dict(O="Tổ chức lạ", CN="CA lạ (thử nghiệm)"), {}),
    ("unknown", "unknown-root", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ KHÔNG RÕ TỈNH NINH BÌNH"), dict(mail="vanthu@la.example")),
    ("tsa-unknown", "unknown-root", "tsa", dict(O="Tổ chức lạ", CN="Dấu thời gian lạ (thử nghiệm)"), {}),
    ("self", "self", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ NỘI VỤ TỈNH NINH BÌNH"), dict(mail="vanthu@sonv.ninhbinh.gov.vn")),
    # A root that imitates the official one by name, and what it issued.
    ("fake-root", "self", "root", dict(O=BCY, CN="RootCA chuyên dùng Chính phủ G2 (thử nghiệm)"), {}),
    ("fake", "fake-root", "leaf", dict(L="Ninh Bình", O=TINH, CN="SỞ NỘI VỤ TỈNH NINH BÌNH"), dict(mail="vanthu@sonv.ninhbinh.gov.vn")),
]
BY_NAME = {e[0]: e for e in ENTRIES}
OIDS = dict(O=NameOID.ORGANIZATION_NAME, OU=NameOID.ORGANIZATIONAL_UNIT_NAME, L=NameOID.LOCALITY_NAME,
            CN=NameOID.COMMON_NAME, UID=NameOID.USER_ID)
HASH = dict(sha1=hashes.SHA1(), sha256=hashes.SHA256())

README = """Test PKI, made by tests/pki/mkpki.sh. Worthless outside the tests.

  certs/NAME.pem      every certificate          keys/NAME.key   its private key (PEM, no password)
  trust/official/     roots of the official set  trust/public/   root of the public set
  trust/intermediates/  issuing CAs a receiver knows (ca-missing is left out on purpose)
  crt/CA.crt          CA certificates in DER, as caIssuers serves them
  crl/CA.crl          current CRLs (DER), {days} days
  crl-extra/          ca-g2.past.crl     issued 60 days ago, over 30 days ago (stale today; proves status of then)
                      ca-g2.keeps.crl    says that it keeps expired certificates (expiredCertsOnCRL)
                      ca-g2.forged.crl   empty, signed by another key
  index/CA.txt        openssl's database of each CA; index.txt is that of ca-g2
  pki.tsv             name, issuer, kind, serial (hex), from, to, revoked, reason, subject

Days from VT_NOW: revoked 200 days ago (certificate revoked, suspended, old-ca's CA), 30 days ago (revoked-since);
expired ended 30 days ago; future begins in 30 days.  Documents are signed 100 days ago unless they say otherwise.
Addresses: OCSP {ocsp}, CRL {crl}, dead {dead}
"""


def now():
    """The instant all dates count from."""
    text = os.environ.get("VT_NOW")
    if text:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)
    return datetime.datetime.utcnow().replace(microsecond=0)


def load_key(out, name):
    return keyfile.read(f"{out}/keys/{name}.key")


def load_cert(out, name):
    with open(f"{out}/certs/{name}.pem", "rb") as f:
        return x509.load_pem_x509_certificate(f.read())


def make_name(subject):
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
    order = ["L", "O", "OU", "CN", "UID"]
    parts += [x509.NameAttribute(OIDS[k], subject[k]) for k in order if k in subject]
    return x509.Name(parts)


def validity(kind, opts, moment):
    day = datetime.timedelta(days=1)
    if "days" in opts:
        first, last = opts["days"]
        return moment + first * day, moment + last * day
    if opts.get("g1"):
        if kind in ("root", "ca"):
            return datetime.datetime(2010, 1, 1), datetime.datetime(2030, 1, 1)
        return moment - 8 * 365 * day, moment + 2 * 365 * day
    if kind in ("root", "ca"):
        return datetime.datetime(2018, 8, 22), datetime.datetime(2048, 8, 14)
    if kind == "tsa":
        return datetime.datetime(2018, 9, 1), datetime.datetime(2038, 9, 1)
    return moment - 400 * day, moment + 1400 * day


def key_usage(**on):
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
             "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{n: on.get(n, False) for n in names})


def add_leaf_extensions(builder, issuer, opts):
    """Key usage, extended key usage, policy, addresses: as real leaves have them."""
    old = opts.get("g1", False)
    if opts.get("usage") == "encrypt":
        usage = key_usage(key_encipherment=True, data_encipherment=True)
    else:
        usage = key_usage(digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=True)
    builder = builder.add_extension(usage, critical=not old)
    builder = builder.add_extension(x509.ExtendedKeyUsage([EKU.CLIENT_AUTH, EKU.EMAIL_PROTECTION]), critical=False)
    if not old:
        policy = x509.PolicyInformation(ObjectIdentifier(POLICY), None)
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    if "mail" in opts:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(opts["mail"])]), critical=False)
    if issuer != "self":
        access = [x509.AccessDescription(AIA.OCSP, x509.UniformResourceIdentifier(opts.get("ocsp", OCSP_URL + "/ocsp")))]
        if opts.get("issuers", True):
            uri = x509.UniformResourceIdentifier(f"{CRL_URL}/crt/{issuer}.crt")
            access.append(x509.AccessDescription(AIA.CA_ISSUERS, uri))
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
        builder = builder.add_extension(distribution_points(issuer, opts), critical=False)
    if old:
        # Empty issuerAltName (RFC 5280 forbids it) and the Netscape comment, both met in real certificates.
        builder = builder.add_extension(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.18"), b"\x30\x00"), critical=False)
        comment = b"Chung thu thu nghiem"
        netscape = x509.UnrecognizedExtension(ObjectIdentifier("2.16.840.1.113730.1.13"), b"\x16" + bytes([len(comment)]) + comment)
        builder = builder.add_extension(netscape, critical=False)
    return builder


def distribution_points(issuer, opts):
    uris = [opts.get("crl", f"{CRL_URL}/crl/{issuer}.crl")]
    if opts.get("g1"):
        uris.insert(0, f"{DEAD_URL}/crl/{issuer}.crl")  # the private host comes first, the public one second
    points = [x509.DistributionPoint([x509.UniformResourceIdentifier(u)], None, None, None) for u in uris]
    return x509.CRLDistributionPoints(points)


def make_cert(out, entry, moment):
    name, issuer, kind, subject, opts = entry
    key = load_key(out, name)
    issuer_key = key if issuer == "self" else load_key(out, issuer)
    issuer_name = make_name(subject) if issuer == "self" else load_cert(out, issuer).subject
    first, last = validity(kind, opts, moment)
    digest = hashlib.sha256(f"{name} {key.public_key().public_numbers()}".encode()).digest()
    size = 3 if opts.get("g1") else 12
    serial = int.from_bytes(digest[:size], "big") | 1
    old = opts.get("g1", False)
    builder = (x509.CertificateBuilder().subject_name(make_name(subject)).issuer_name(issuer_name)
               .public_key(key.public_key()).serial_number(serial).not_valid_before(first).not_valid_after(last))
    is_ca = kind in ("root", "ca")
    builder = builder.add_extension(x509.BasicConstraints(is_ca, 0 if kind == "ca" else None), critical=not old)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    if is_ca:
        builder = builder.add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=not old)
        if kind == "ca":
            builder = builder.add_extension(distribution_points(issuer, {}), critical=False)
    elif kind == "leaf":
        builder = add_leaf_extensions(builder, issuer, opts)
    elif kind == "ocsp":
        builder = builder.add_extension(key_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([EKU.OCSP_SIGNING]), critical=False)
        if opts.get("nocheck", True):
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        else:
            builder = builder.add_extension(distribution_points(issuer, opts), critical=False)
    elif kind == "tsa":
        builder = builder.add_extension(key_usage(digital_signature=True, content_commitment=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([EKU.TIME_STAMPING]), critical=True)
        builder = builder.add_extension(distribution_points(issuer, {}), critical=False)
    cert = builder.sign(issuer_key, HASH[opts.get("md", "sha256")])
    with open(f"{out}/certs/{name}.pem", "wb") as f:
        f.write(cert.public_bytes(serialization.Encoding.PEM))
    if is_ca:
        with open(f"{out}/crt/{name}.crt", "wb") as f:
            f.write(cert.public_bytes(serialization.Encoding.DER))
    if "set" in opts:
        with open(f"{out}/trust/{opts['set']}/{name}.pem", "wb") as f:
            f.write(cert.public_bytes(serialization.Encoding.PEM))
    return cert


# The database of a CA, in the form of openssl-ca(1): read and written here, read by `openssl ocsp -index`.

def index_time(moment):
    return moment.strftime("%y%m%d%H%M%SZ") if moment.year < 2050 else moment.strftime("%Y%m%d%H%M%SZ")


def parse_index_time(text):
    return datetime.datetime.strptime(text, "%y%m%d%H%M%SZ" if len(text) == 13 else "%Y%m%d%H%M%SZ")


def serial_hex(serial):
    text = f"{serial:X}"
    return "0" + text if len(text) % 2 else text


def read_index(out, ca):
    with open(f"{out}/index/{ca}.txt", encoding="utf-8") as f:
        return [line.rstrip("\n").split("\t") for line in f if line.strip()]


def write_index(out, ca, rows):
    temporary = f"{out}/index/.{ca}.new"
    with open(temporary, "w", encoding="utf-8") as f:
        f.writelines("\t".join(row) + "\n" for row in rows)
    os.replace(temporary, f"{out}/index/{ca}.txt")


def make_crl(out, ca, moment, path, days=CRL_DAYS, signer=None, keeps=False, entries=True):
    """A CRL as of moment: only what was revoked by then."""
    issuer = load_cert(out, ca)
    key = load_key(out, signer or ca)
    builder = (x509.CertificateRevocationListBuilder().issuer_name(issuer.subject).last_update(moment)
               .next_update(moment + datetime.timedelta(days=days))
               .add_extension(x509.CRLNumber(int(moment.replace(tzinfo=datetime.timezone.utc).timestamp())), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False))
    if keeps:
        since = b"\x18\x0f20180822000000Z"
        builder = builder.add_extension(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.60"), since), critical=False)
    for status, _, revoked, serial, _, _ in read_index(out, ca) if entries else []:
        if status != "R":
            continue
        when, _, reason = revoked.partition(",")
        if parse_index_time(when) > moment:
            continue
        entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(parse_index_time(when))
        if reason:
            entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags(reason)), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    with open(path + ".new", "wb") as f:
        f.write(builder.sign(key, HASH["sha256"]).public_bytes(serialization.Encoding.DER))
    os.replace(path + ".new", path)


def issuing_names():
    return [e[0] for e in ENTRIES if e[2] in ("root", "ca")]


def renew_crls(out, moment):
    for ca in issuing_names():
        make_crl(out, ca, moment, f"{out}/crl/{ca}.crl")


def cmd_keys(out):
    for name, _, _, _, opts in ENTRIES:
        if os.path.exists(f"{out}/keys/{name}.key"):
            continue
        if opts.get("key") == "ec":
            print(name, "EC", "ec_paramgen_curve:P-256")
        else:
            print(name, "RSA", f"rsa_keygen_bits:{opts.get('key', 2048)}")


def cmd_make(out):
    for folder in ("certs", "crt", "crl", "crl-extra", "index", "trust/official", "trust/public", "trust/intermediates"):
        os.makedirs(f"{out}/{folder}", exist_ok=True)
    moment = now()
    index = {name: [] for name in issuing_names()}
    table = ["name\tissuer\tkind\tserial\tfrom\tto\trevoked\treason\tsubject"]
    for entry in ENTRIES:
        name, issuer, kind, subject, opts = entry
        cert = make_cert(out, entry, moment)
        days, reason = opts.get("revoked", (None, ""))
        when = moment - datetime.timedelta(days=days) if days else None
        serial = serial_hex(cert.serial_number)
        if issuer != "self":
            revoked = f"{index_time(when)},{reason}" if when else ""
            index[issuer].append(["R" if when else "V", index_time(cert.not_valid_after), revoked, serial, "unknown", "/CN=" + subject["CN"]])
        table.append("\t".join([name, issuer, kind, serial, f"{cert.not_valid_before.isoformat()}Z", f"{cert.not_valid_after.isoformat()}Z",
                                f"{when.isoformat()}Z" if when else "-", reason or "-", cert.subject.rfc4514_string()]))
    for ca, rows in index.items():
        write_index(out, ca, rows)
    if not os.path.lexists(f"{out}/index.txt"):
        os.symlink("index/ca-g2.txt", f"{out}/index.txt")
    renew_crls(out, moment)
    make_crl(out, "ca-g2", moment - datetime.timedelta(days=60), f"{out}/crl-extra/ca-g2.past.crl")
    make_crl(out, "ca-g2", moment, f"{out}/crl-extra/ca-g2.keeps.crl", keeps=True)
    make_crl(out, "ca-g2", moment, f"{out}/crl-extra/ca-g2.forged.crl", signer="fake-root", entries=False)
    with open(f"{out}/pki.tsv", "w", encoding="utf-8") as f:
        f.write("\n".join(table) + "\n")
    with open(f"{out}/README", "w", encoding="utf-8") as f:
        f.write(README.format(days=CRL_DAYS, ocsp=OCSP_URL, crl=CRL_URL, dead=DEAD_URL))


def cmd_revoke(out, name, reason="keyCompromise", when=None):
    moment = now()
    if when:
        os.environ["VT_NOW"] = when
        revoked_at = now()
    else:
        revoked_at = moment
    ca = BY_NAME[name][1]
    serial = serial_hex(load_cert(out, name).serial_number)
    rows = read_index(out, ca)
    for row in rows:
        if row[3] == serial:
            row[0], row[2] = ("V", "") if reason == "good" else ("R", f"{index_time(revoked_at)},{reason}")
    write_index(out, ca, rows)
    make_crl(out, ca, moment, f"{out}/crl/{ca}.crl")


def main(argv):
    if len(argv) >= 3 and argv[1] == "keys":
        cmd_keys(argv[2])
    elif len(argv) == 3 and argv[1] == "make":
        cmd_make(argv[2])
    elif len(argv) == 3 and argv[1] == "crl":
        renew_crls(argv[2], now())
    elif 4 <= len(argv) <= 6 and argv[1] == "revoke" and argv[3] in BY_NAME:
        cmd_revoke(*argv[2:])
    else:
        print("usage: mkpki.py keys|make|crl OUT | revoke OUT NAME [REASON [TIME]]", file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
