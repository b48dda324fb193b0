# SPDX-License-Identifier: Apache-2.0
"""PDF files that no other maker of the tests writes, and the picture of a seal."""

import math
import struct
import zlib


def write_png(path, size=300):
    """A red ring with a star, transparent elsewhere, 36 mm wide."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            far = math.hypot(x - size / 2 + .5, y - size / 2 + .5) / (size / 2)
            rows += bytes((215, 20, 30, 230 if 0.85 < far < 0.98 or far < 0.3 else 0))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)),
              (b"pHYs", struct.pack(">IIB", round(size / 0.036), round(size / 0.036), 1)),
              (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, data in chunks:
            file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))


def hybrid():
    """A table with /XRefStm (7.5.8.4): the page is in an object stream only a newer reader sees."""
    out, offsets = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"), {}

    def put(number, body):
        offsets[number] = len(out)
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    put(1, b"<< /Type /Catalog /Pages 2 0 R >>")
    put(2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
    put(3, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [5 0 R] >>")
    inner = b"<< /Type /Annot /Subtype /Link /Rect [10 10 20 20] >>"
    stream = b"5 0 " + inner
    put(4, b"<< /Type /ObjStm /N 1 /First 4 /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    entries = b"\x02" + struct.pack(">IH", 4, 0)
    offsets[6] = len(out)
    out.extend(b"6 0 obj\n<< /Type /XRef /W [1 4 2] /Index [5 1] /Size 7 /Root 1 0 R /Length %d >>\nstream\n%s\nendstream\nendobj\n"
               % (len(entries), entries))
    start = len(out)
    out.extend(b"xref\n0 7\n0000000000 65535 f \n")
    for number in range(1, 7):
        out.extend(b"0000000000 00000 f \n" if number == 5 else b"%010d 00000 n \n" % offsets[number])
    out.extend(b"trailer\n<< /Size 7 /Root 1 0 R /XRefStm %d >>\nstartxref\n%d\n%%%%EOF" % (offsets[6], start))
    return bytes(out)


def with_field(rotate=0, lock=b"", seed=b"", kid=False, catalog=b""):
    """An empty signature field "chu.ky" below a parent, or merged with its widget."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    field = b"/Rect [100 100 300 200] /P 3 0 R /Type /Annot /Subtype /Widget /F 4"
    bodies = [b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] >> %s >>" % catalog,
              b"<< /Type /Pages /Kids [3 0 R] /Count 1 /Rotate %d /MediaBox [0 0 595 842] >>" % rotate,
              b"<< /Type /Page /Parent 2 0 R /Annots 4 0 R >>", b"[6 0 R]",
              b"<< /T (chu) /Kids [7 0 R] >>",
              b"<< %s /Parent 7 0 R >>" % field if kid else b"<< %s /FT /Sig /T (ky) /Parent 5 0 R %s %s >>" % (field, lock, seed),
              b"<< /FT /Sig /T (ky) /Parent 5 0 R /Kids [6 0 R] %s %s >>" % (lock, seed) if kid else b"null"]
    if not kid:
        bodies[4] = b"<< /T (chu) /Kids [6 0 R] >>"
    for number, body in enumerate(bodies, 1):
        offsets.append(len(out))
        out.extend(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = len(out)
    out.extend(b"xref\n0 8\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % o for o in offsets))
    out.extend(b"trailer\n<< /Size 8 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start)
    return bytes(out)
