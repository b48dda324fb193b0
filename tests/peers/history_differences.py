# SPDX-License-Identifier: Apache-2.0
#
# Where pyHanko 0.38 and DSS 6.4 say something else than vanthu of what came after a signature, by rows of
# tests/documents/attacks.py and legitimate.py: what they say, what vanthu says (a word for each signature; "-": no
# signature is seen), why, and the rows.
"""Differences on changes after signing, and their reasons."""

# ---- reasons that both share ----

BEHIND = "FOOLED: what is written behind the end without a table of its own is not looked at; readers that rebuild the table show it"
HOLDS = "FOOLED: what the reader takes for the last word is the signed object; other readers show the new one"
TITLE = "FOOLED: the title of the document information is shown in the title bar and in lists of files"
NOT_OPENED = "there is no password: nobody can say what is in it, which is no reason to pass"
NOTES = "the certification allows annotations (P=3, ISO 32000-1 table 254), and a mark that hides nothing is one"
COVERED = "the agency that signed afterwards covers the annotation and answers for it; vanthu names it"
FILLED_PICTURE = "a field may be filled in after certification (P=2); what its look may draw is asked by vanthu alone"
BROKEN = "vanthu shows the broken signature; the peer passes over it or gives up on the file, and nobody is fooled"
DAMAGED = "vanthu calls the file damaged before it comes to the signature"

PYHANKO = [
    ("unreadable", "refused", BROKEN,
     "usf-no-contents usf-contents-null usf-contents-empty usf-contents-zero usf-contents-zeros usf-contents-number usf-contents-string usf-no-range "
     "usf-range-null usf-range-negative usf-range-name usf-range-number usf-range-five usf-range-comment usf-value-emptied swa-1-second-part-moved "
     "swa-2-padding-between swa-3-range-as-it-was swa-contents-twice shadow-swap-places hybrid prev-loop prev-twice polyglot-html-before "
     "polyglot-script-before polyglot-pdf-behind encrypted-otherwise"),
    ("-", "refused", BROKEN, "usf-value-no-subfilter usf-value-other-subfilter"),
    ("refused", "-", DAMAGED, "usf-range-huge swa-objects-in-the-gap"),
    ("unreadable", "-", DAMAGED, "prev-leaves-out-the-signed"),
    ("unreadable", "refused", NOT_OPENED, "encrypted-with-a-password"),
    ("unreadable", "refused", "pyHanko tries no empty password", "encrypted-content-replaced"),
    ("unreadable", "accepted", "pyHanko tries no empty password", "encrypted"),
    ("unreadable", "accepted accepted", "pyHanko tries no empty password", "encrypted-twice-signed"),
    ("accepted", "refused", BEHIND,
     "isa-2-body-only isa-3-table-without-trailer isa-3-trailer-only isa-no-eof isa-startxref-to-the-old isa-whole-document-again not-listed "
     "polyglot-zip-behind second-header"),
    ("accepted", "refused", "FOOLED: of an entry that stands twice or is written with #xx, it takes the one and some reader the other",
     "key-twice key-escaped"),
    ("accepted", "refused", TITLE, "title-changed"),
    ("accepted", "refused", "FOOLED: the look of a field may become anything, of a button and of a field whose value is as before",
     "shadow-replace-field-look shadow-replace-button-look filled-button filled-with-an-old-look filled-with-another-state ticked-with-another-look look-only"),
    ("accepted", "refused", "FOOLED: fonts of the form, or the order to draw every field anew, change what fields show",
     "shadow-replace-form-fonts shadow-replace-look-again"),
    ("accepted", "refused", FILLED_PICTURE, "filled-with-picture filled-flags field-as-large-as-the-page"),
    ("accepted", "refused", "nothing certifies the form, so nobody allowed to fill it in: ADDED_AFTER_SIGNING", "field-filled field-ticked"),
    ("accepted accepted", "refused accepted", "the same; he who signed it afterwards is a stranger", "filled-and-signed-by-a-stranger"),
    ("accepted", "refused", "FOOLED: /Lock of the field is not read, /FieldMDP of the signature alone", "lock-of-the-field"),
    ("refused accepted accepted", "refused refused accepted", "a look that covers half of the page hides it from the second signer, too", "ssa-in-parts-p2"),
    ("refused accepted", "accepted accepted", "no new field with a look after certification for pyHanko; P=2 allows to sign (ISO 32000-1 table 254). "
     "That the second signer made his certificate himself is another finding", "ssa-self-made-p2 p2-filled-and-signed lock-of-others"),
    ("refused accepted accepted", "accepted accepted accepted", "the same", "p2-signed"),
    ("refused accepted", "accepted accepted", "the program names itself in the page tree (/ITXT)", "like-itext"),
    ("refused accepted", "accepted accepted", "a tag for the new widget, as VGCA and Acrobat write it", "like-vgca"),
    ("accepted refused accepted", "accepted accepted accepted", "validation data that are left out prove less, and change no content", "lta-twice"),
    ("refused", "accepted", NOTES, "p3-note p3-highlight p3-highlight-drawn p3-underline-drawn p3-strikeout-drawn p3-text-drawn"),
    ("refused accepted", "accepted accepted", NOTES, "p3-note-and-signed"),
    ("refused accepted", "accepted accepted", COVERED, "noted-then-signed stamped-then-signed"),
]

ACTION = "FOOLED: DSS calls new scripts and actions of fields and of the document filling in"
OVERLAP = "DSS says of the last signature that annotations overlap, whoever put them there; it covers the whole file"

DSS = [
    ("-", "refused", BROKEN,
     "usf-no-contents usf-contents-null usf-contents-empty usf-contents-zero usf-contents-zeros usf-contents-number usf-contents-string usf-no-range "
     "usf-range-null usf-range-empty usf-range-name usf-range-number usf-range-comment usf-value-emptied polyglot-pdf-behind"),
    ("unreadable", "refused", BROKEN, "polyglot-html-before polyglot-script-before"),
    ("unreadable", "refused", NOT_OPENED, "encrypted-with-a-password"),
    ("refused", "-", DAMAGED, "usf-range-huge swa-objects-in-the-gap"),
    ("accepted", "-", DAMAGED, "prev-leaves-out-the-signed"),
    ("accepted", "refused", BEHIND,
     "isa-2-body-only isa-3-table-without-trailer isa-3-trailer-only isa-no-eof isa-startxref-to-the-old isa-whole-document-again not-listed "
     "polyglot-zip-behind second-header"),
    ("accepted", "refused", HOLDS, "shadow-hide-object-freed shadow-hide-content-freed shadow-swap-places key-twice listed-twice generation"),
    ("accepted", "refused", "two tables for different readers, or a chain of tables that cannot be followed; DSS follows one", "hybrid prev-loop prev-twice"),
    ("accepted", "refused", TITLE, "title-changed"),
    ("accepted", "refused", "FOOLED: fonts of the form change what fields show", "shadow-replace-form-fonts"),
    ("accepted", "refused", "FOOLED: an empty signature field that becomes as large as the page can hide it when it is signed", "shadow-hide-signature-moved"),
    ("accepted", "refused", ACTION,
     "names-script names-script-p2 button-launch button-submitform button-gotor button-gotoe button-importdata button-uri button-hide button-setocgstate "
     "button-rendition button-resetform field-calculated"),
    ("accepted", "refused", "FOOLED: files inside the document are not compared", "file-replaced file-added"),
    ("accepted accepted", "refused accepted", "FOOLED: files inside the document, and what else uses their list, are not compared", "names-with-two-uses"),
    ("accepted", "refused", FILLED_PICTURE, "filled-with-another-state filled-flags filled-rich"),
    ("accepted", "refused", "an object nothing refers to has got other content: vanthu does not say what it cannot tell", "unused-made-used"),
    ("accepted accepted", "refused accepted", "the certification forbids to sign, and DSS tells it as a warning alone", "ssa-p1"),
    ("accepted accepted", "refused accepted", "FOOLED: a field that the first signature locked was signed; DSS does not apply locks to signature fields, "
     "nor /P of a Lock", "locked-signature lock-with-p1"),
    ("refused overlap", "refused accepted", OVERLAP, "eaa-signed-later-p1 eaa-signed-later-p2 note-and-signed-by-a-stranger note-over-the-page-signed"),
    ("overlap overlap", "refused accepted", OVERLAP, "ssa-page-p2"),
    ("overlap overlap overlap", "refused refused accepted", OVERLAP, "ssa-in-parts-p2"),
    ("refused overlap", "accepted accepted", f"{COVERED}; {OVERLAP}", "noted-then-signed stamped-then-signed"),
    ("refused", "accepted", "DSS draws the pages and sees that the field shows what was filled in, which the certification allows (P=2)", "p2-filled p2-ticked"),
    ("refused accepted", "accepted accepted", "the same", "p2-filled-and-signed lock-of-others"),
    ("refused accepted", "accepted accepted", "DSS draws the pages and sees what was filled in; the agency that signed afterwards covers it",
     "filled-then-signed ticked-then-signed"),
    ("refused", "accepted", NOTES, "p3-note p3-highlight p3-highlight-drawn p3-underline-drawn p3-strikeout-drawn p3-text-drawn"),
    ("refused refused", "accepted accepted", NOTES, "p3-note-and-signed"),
]
