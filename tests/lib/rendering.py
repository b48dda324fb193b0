# SPDX-License-Identifier: Apache-2.0
#
# What poppler and MuPDF draw of a signed PDF file before and after, and PDFium where somebody adds it: the
# bytes up to the end of a signature's range, which are what was signed, and the whole file.  Where vanthu says
# that nothing came after, or only what is permitted, both have to look the same outside the rectangles of the
# widgets and annotations that vanthu names.  Structure is read by qpdf(1), not by vanthu.
"""Independent renderers as judges of what changed after a signature."""

import concurrent.futures
import json
import os
import subprocess
import tempfile

DPI = 50
RENDERERS = {
    "poppler": ["pdftoppm", "-q", "-cropbox", "-r", str(DPI)],
    "mupdf": ["mutool", "draw", "-q", "-r", str(DPI), "-c", "rgb", "-F", "ppm", "-o", "-"],
}
SECS = 60
ROUNDING = 4  # of 255: a mark that darkens makes MuPDF draw the page in a group, which rounds otherwise
MARGIN = 3  # pixels beyond a rectangle: borders, smoothed edges, and icons drawn for notes without a look
NOTE_POINTS = 30  # a note without a look is an icon at the upper left corner, as large as the program likes


# ---- pictures ----


def draw(program, path):
    """[(width, height, pixels)] of the pages; none when the program gives up."""
    try:
        done = subprocess.run([*RENDERERS[program], path], capture_output=True, timeout=SECS, check=False)
    except subprocess.TimeoutExpired:
        return []
    return list(pages_of(done.stdout))


def pages_of(out):
    at = 0
    while out[at:at + 2] == b"P6":
        end = at
        for _ in range(3):
            end = out.index(b"\n", end) + 1
        width, height = map(int, out[at:end].split()[1:3])
        yield width, height, bytearray(out[end:end + width * height * 3])
        at = end + width * height * 3


def paint_over(page, boxes):
    """White where a permitted addition may stand."""
    width, height, pixels = page
    for x1, y1, x2, y2 in boxes:
        x1, x2 = max(0, x1), min(width, x2)
        if x2 > x1:
            for y in range(max(0, y1), min(height, y2)):
                pixels[(y * width + x1) * 3:(y * width + x2) * 3] = b"\xff" * ((x2 - x1) * 3)


def where_they_differ(before, after):
    """The rectangle of pixels that differ, as a text; None when there is none."""
    if before[:2] != after[:2]:
        return f"size {before[0]}x{before[1]} became {after[0]}x{after[1]}"
    if before[2] == after[2]:
        return None
    line, rows, columns = before[0] * 3, [], set()
    for y in range(before[1]):
        old, new = before[2][y * line:(y + 1) * line], after[2][y * line:(y + 1) * line]
        differing = [] if old == new else [i // 3 for i, (a, b) in enumerate(zip(old, new)) if abs(a - b) > ROUNDING]
        if differing:
            rows.append(y)
            columns.update(differing)
    return f"pixels {min(columns)}..{max(columns)} x {rows[0]}..{rows[-1]}" if rows else None


# ---- structure, as qpdf reads it ----


class Structure:
    """Pages, annotations and signatures of a file."""

    def __init__(self, path):
        done = subprocess.run(["qpdf", "--json=2", "--json-key=qpdf", "--json-key=pages", "--json-stream-data=none", path],
                              capture_output=True, timeout=SECS, check=False)
        try:
            whole = json.loads(done.stdout.decode("utf-8", "replace"), strict=False)
        except ValueError:  # nothing, of what it does not read; and names with quotation marks are written as they are
            whole = {"qpdf": [{}, {}], "pages": []}
        self.objects, self.pages = whole["qpdf"][1], [page["object"] for page in whole["pages"]]

    def get(self, value):
        for _ in range(9):
            if not (isinstance(value, str) and value.endswith(" R") and "obj:" + value in self.objects):
                break
            entry = self.objects["obj:" + value]
            value = entry["value"] if "value" in entry else entry["stream"]["dict"]
        return value

    def inherited(self, node, key):
        node = self.get(node)
        for _ in range(32):
            if not isinstance(node, dict) or key in node:
                break
            node = self.get(node.get("/Parent"))
        return self.get(node[key]) if isinstance(node, dict) and key in node else None

    def box(self, page):
        media, crop = self.inherited(page, "/MediaBox"), self.inherited(page, "/CropBox")
        media = normal([self.get(n) for n in media]) if media else [0, 0, 612, 792]
        crop = normal([self.get(n) for n in crop]) if crop else media
        return [max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])]

    def annotations(self, page):
        """{reference or place: dictionary}"""
        listed = self.get((self.get(page) or {}).get("/Annots")) or []
        found = {value if isinstance(value, str) else f"#{i}": self.get(value) for i, value in enumerate(listed)}
        return {key: value for key, value in found.items() if isinstance(value, dict)}

    def is_signature(self, annotation):
        return self.inherited(annotation, "/FT") == "/Sig"

    def state(self, annotation):
        """What filling in or signing changes of a widget."""
        return [self.inherited(annotation, "/V"), self.get(annotation.get("/AS")), annotation.get("/AP")]

    def name_of(self, field):
        names = []
        for _ in range(32):
            if not isinstance(field, dict):
                break
            if "/T" in field:
                names.append(field["/T"].removeprefix("u:"))
            field = self.get(field.get("/Parent"))
        return ".".join(reversed(names))

    def signed_ends(self):
        """{field name: end of the byte range}"""
        found = {}
        for entry in self.objects.values():
            field = entry.get("value")
            value = self.get(field.get("/V")) if isinstance(field, dict) else None
            numbers = self.get(value.get("/ByteRange")) if isinstance(value, dict) else None
            if isinstance(numbers, list) and len(numbers) == 4 and all(isinstance(n, int) for n in numbers):
                found[self.name_of(field)] = numbers[2] + numbers[3]
        return found


def normal(rect):
    return [min(rect[0], rect[2]), min(rect[1], rect[3]), max(rect[0], rect[2]), max(rect[1], rect[3])]


# ---- what may look different ----


def rects_of(structure, note):
    rect = structure.get(note.get("/Rect"))
    if isinstance(rect, list) and len(rect) == 4:
        yield normal([structure.get(n) for n in rect])


def permitted_rects(before, after, page_before, page_after, kinds):
    """Rectangles of the page, of additions of the kinds that vanthu names."""
    old = before.annotations(page_before)
    for key, note in after.annotations(page_after).items():
        is_widget, known = note.get("/Subtype") == "/Widget", old.get(key)
        if not is_widget:
            granted = known is None and "annotation-added" in kinds
        elif after.is_signature(note):
            granted = "signature-added" in kinds and (known is None or before.inherited(known, "/V") is None)
        else:
            granted = "field-added" in kinds if known is None else "form-filled" in kinds and before.state(known) != after.state(note)
        if granted and known is not None:  # an empty field may be drawn as a place to sign, and be signed out of sight
            yield from rects_of(before, known)
        for rect in rects_of(after, note) if granted else ():
            if note.get("/Subtype") == "/Text" and "/AP" not in note:
                rect = [rect[0], min(rect[1], rect[3] - NOTE_POINTS), max(rect[2], rect[0] + NOTE_POINTS), rect[3]]
            yield rect


def to_pixels(structure, page, rect, size):
    """A rectangle of the page in pixels of its picture."""
    x0, y0, x1, y1 = structure.box(page)
    turn = (structure.inherited(page, "/Rotate") or 0) % 360
    corners = []
    for x, y in ((rect[0], rect[1]), (rect[2], rect[3])):
        x, y = (x - x0) / (x1 - x0), (y1 - y) / (y1 - y0)
        corners.append({0: (x, y), 90: (1 - y, x), 180: (1 - x, 1 - y), 270: (y, 1 - x)}[turn])
    (ax, ay), (bx, by) = corners
    return (int(min(ax, bx) * size[0]) - MARGIN, int(min(ay, by) * size[1]) - MARGIN,
            int(max(ax, bx) * size[0]) + MARGIN + 1, int(max(ay, by) * size[1]) + MARGIN + 1)


# ---- the comparison ----


class Judge:
    """Compares signed revisions with whole files; what was drawn of the one before is kept for the next."""

    def __init__(self, folder):
        self.folder, self.drawn = folder, {}

    def look(self, data):
        """Structure and pictures of a file."""
        if data not in self.drawn:
            path = os.path.join(self.folder, "looked-at.pdf")
            with open(path, "wb") as file:
                file.write(data)
            self.drawn[data] = Structure(path), {program: draw(program, path) for program in RENDERERS}
        return self.drawn[data]

    def differences(self, data, end, kinds):
        """Texts, one for each program and page that shows something else than data[:end] did."""
        before, drawn_before = self.look(data[:end])
        after, drawn_after = self.look(data)
        for program in RENDERERS:
            old, new = drawn_before[program], drawn_after[program]
            if not old or len(old) != len(new):
                yield f"{program}: {len(old)} pages became {len(new)}"
                continue
            for number, (page_old, page_new) in enumerate(zip(old, new)):
                ours, theirs = (page[:2] + (bytearray(page[2]),) for page in (page_old, page_new))
                if number < len(after.pages) and number < len(before.pages):
                    boxes = [to_pixels(after, after.pages[number], rect, page_new) for rect in
                             permitted_rects(before, after, before.pages[number], after.pages[number], kinds)]
                    paint_over(ours, boxes)
                    paint_over(theirs, boxes)
                place = where_they_differ(ours, theirs)
                if place:
                    yield f"{program}: page {number + 1}: {place}"


def ends_of(signatures, ends):
    """{field as vanthu names it: end of its range}; by order where names cannot be read, as in an encrypted file."""
    fields = [s["field"] for s in sorted(signatures, key=lambda s: s["revision"])]
    if set(fields) <= set(ends) or len(fields) != len(ends):
        return ends
    return dict(zip(fields, sorted(ends.values())))


def compared(path, document, words, kinds):
    """(signature, its differences) for signatures of a file that are intact, of whose later changes vanthu uses one of the words,
    and which do not cover the whole file."""
    chosen = [s for s in document["signatures"] if s["integrity"] == "intact" and s["changes_after"] in words]
    if not chosen:
        return
    with open(path, "rb") as file:
        data = file.read()
    with tempfile.TemporaryDirectory() as folder:
        judge = Judge(folder)
        ends = ends_of(document["signatures"], judge.look(data)[0].signed_ends())
        for signature in chosen:
            end = ends.get(signature["field"])
            if end is None or end > len(data):
                yield signature, ["qpdf does not find its range"]
            elif end < len(data):
                yield signature, list(judge.differences(data, end, kinds))


def outer(line):
    """The documents of a line of evidence that are the file itself."""
    return [d for d in line["documents"] if d["path"] == "" and d["format"] == "pdf"]


def differing(line):
    """How many signed revisions of a file were compared, and texts of what should look the same and does not."""
    count, found = 0, []
    for document in outer(line):
        kinds = {change["kind"] for change in document["changes"]}
        for signature, texts in compared(line["file"], document, ("none", "permitted"), kinds):
            count += 1
            found += [f"{line['file']}: {signature['field']}: {signature['changes_after']}, but {text}" for text in texts]
    return count, found


def agree(lines):
    """Print what is shown that vanthu does not report; True when there is nothing, and something was compared."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(differing, lines))
    for _, texts in results:
        for text in texts:
            print(f"FAIL  {text}")
    total, wrong = sum(count for count, _ in results), sum(bool(texts) for _, texts in results)
    print(f"rendered: {total} signed revisions compared with what is shown now, {wrong} files differ")
    return total > 0 and not wrong
