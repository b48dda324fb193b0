# SPDX-License-Identifier: Apache-2.0
#
# The pages of a PDF file as PDFium draws them in Chrome and Edge, with annotations and form fields: one PPM
# after the other on standard output.  Runs with the Python of programs.py.
#   pdfium_draw.py DPI FILE
"""Draw a PDF file with PDFium."""

import sys

import pypdfium2


def main(dpi, path):
    document = pypdfium2.PdfDocument(path)
    document.init_forms()
    for page in document:
        bitmap = page.render(scale=int(dpi) / 72, draw_annots=True, may_draw_forms=True, rev_byteorder=True, prefer_bgrx=False)
        if bitmap.n_channels != 3:
            return 1
        data, line = bytes(bitmap.buffer), bitmap.width * 3
        sys.stdout.buffer.write(b"P6\n%d %d\n255\n" % (bitmap.width, bitmap.height))
        for y in range(bitmap.height):
            sys.stdout.buffer.write(data[y * bitmap.stride:y * bitmap.stride + line])
    return 0


sys.exit(main(*sys.argv[1:]))
