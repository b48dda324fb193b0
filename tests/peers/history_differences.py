# SPDX-License-Identifier: Apache-2.0
#
# Where pyHanko 0.38 and DSS 6.4 say something else than vanthu of what came after a signature, by rows of
# tests/documents/attacks.py and legitimate.py: what they say, what vanthu says (a word for each signature; "-": no
# signature is seen), why, and the rows, of which * stands for the rest of a name.
"""Differences on changes after signing, and their reasons."""

# ---- reasons that both share ----

BEHIND = "FOOLED: what is written behind the end without a table of its own is not looked at; readers that rebuild the table show it"
HOLDS = "FOOLED: what the reader takes for the last word is the signed object; other readers show the new one"
TITLE = "FOOLED: the title of the document information is shown in the title bar and in lists of files"
PREPARED = "FOOLED: the file was prepared so that some reader begins elsewhere, or rebuilds the table, and shows other content"
GENERATION = "FOOLED: a reference with a generation number that no object has leads nowhere for it, and to the new object for other readers"
PACKED = "FOOLED: an object stream in which some readers find by number what others find by index, or search for more"
NOT_OPENED = "there is no password: nobody can say what is in it, which is no reason to pass"
NOTES = "the certification allows annotations (P=3, ISO 32000-1 table 254), and a mark that hides nothing is one"
COVERED = "the agency that signed afterwards covers what was added, and answers for it; vanthu names it"
TAGS = "FOOLED: tags are not compared, or not whether they count: a screen reader reads something else"
FILLED = "FOOLED: a field may be filled in; whether what it shows then is the value it has, in a look that hides nothing, is asked by vanthu alone"
STAMP = "FOOLED: a time stamp with a look writes onto the page what nobody signed"
HYBRID = "an update with two tables for different readers (/XRefStm) that do not say the same; the peer follows one"
MISSING = "FOOLED: what the signed revision refers to was not there when it was signed, and comes later"
BROKEN = "vanthu shows the broken signature; the peer passes over it or gives up on the file, and nobody is fooled"
METADATA = "FOOLED: what the metadata say is shown in lists of files and by viewers; the peer does not compare them"
DEFAULTS = "FOOLED: fonts and colours of the form, by which readers draw fields; the peer lets them become anything"
VERSION = "a version that does not exist; nobody knows what readers make of it"
TYPED = "what might be something else as well gets a /Type"
BESIDE = "the table has the object as it was, and the stream beside it another one, in an object stream; the peer follows the table"
PLAIN = "the peer knows no such update; it changes nothing that is seen"
DAMAGED = "vanthu calls the file damaged before it comes to the signature"

TWICE = "an entry that stands twice: the one is signed, and the other one is read; vanthu calls the file damaged"
SHARED = "vanthu lists one signature for a value that two fields have"
NAMED = "vanthu lists what /Perms calls the certification as a signature, which it is not"
PURPOSE = "the bytes are signed, but by a token or a key for another purpose, which vanthu says as a verdict of its own"
SIGNERS = "a signature of a PDF has one signer (EN 319 142): for the peer it is none; vanthu verifies both, and calls neither valid"
NO_FIELD = "a signature that is the value of a text field: the peer lists none, vanthu says that readers do not show it"
SPACES = "white space in a hexadecimal string is ignored, and a last digit that is missing is 0 (ISO 32000-2, 7.3.4.3)"

SPACE = "startxref names white space before the table, more than a line end; the peer reads on to the table"
PYHANKO = [
    ("accepted accepted", "refused refused", SPACE, "table-behind-*"),
    ("unreadable", "refused", BROKEN,
     "usf-contents-* usf-no-* usf-range-* usf-value-emptied swa-1-* swa-2-* swa-3-* swa-contents-twice shadow-swap-places prev-loop prev-twice polyglot-*"),
    ("-", "refused", BROKEN, "usf-value-no-subfilter usf-value-other-subfilter"),
    ("refused", "-", DAMAGED, "usf-range-huge swa-objects-in-the-gap"),
    ("unreadable", "-", DAMAGED, "prev-leaves-out-the-signed"),
    ("unreadable", "refused", NOT_OPENED, "encrypted-with-a-password"),
    ("unreadable", "refused", "an encryption that is none, or begins with an update; pyHanko cannot decrypt the file, and nobody is fooled",
     "encrypted-* decrypted-afterwards"),
    ("unreadable", "accepted", "pyHanko does not know revision 5, nor metadata in clear text", "encrypted-aes-256-*"),
    ("unreadable", "accepted accepted", "the same", "encrypted-aes-256-*"),
    ("accepted", "refused", BEHIND,
     "isa-2-body-only isa-3-* isa-no-eof isa-startxref-to-the-old isa-whole-document-again not-listed polyglot-zip-behind second-header"),
    ("accepted", "refused", "FOOLED: of an entry that stands twice or is written with #xx, it takes the one and some reader the other",
     "key-twice key-escaped"),
    ("accepted", "refused", TITLE, "title-* encrypted-*-title-in-clear"),
    ("unreadable", "refused", HYBRID, "hybrid hybrid-*"),
    ("accepted", "refused", HYBRID, "hybrid-*"),
    ("unreadable", "refused", "a page tree that is no tree", "page-shown-twice pages-* page-that-was-missing"),
    ("unreadable", "accepted accepted", "a page that the page tree names twice, as signed", "page-shown-twice-*"),
    ("accepted", "refused", MISSING, "missing-*"),
    ("accepted accepted", "refused accepted", MISSING, "missing-*-signed-later"),
    ("accepted accepted", "refused accepted", STAMP, "stamp-that-shows stamp-as-* stamp-without-room-shows stamp-hidden-by-*"),
    ("accepted accepted accepted", "refused accepted accepted", STAMP, "stamp-that-shows-and-*"),
    ("accepted", "refused", "FOOLED: the look of a field may become anything, of a button and of a field whose value is as before",
     "shadow-replace-field-look shadow-replace-button-look look-only"),
    ("accepted", "refused", "FOOLED: fonts of the form, or the order to draw every field anew, change what fields show",
     "shadow-replace-form-fonts shadow-replace-look-again form-fonts-*"),
    ("accepted", "refused", PREPARED, "prepared-*"),
    ("unreadable", "refused", "an offset behind a comment; pyHanko does not read the file, and nobody is fooled", "prepared-for-a-scan-comment"),
    ("accepted", "refused", PREPARED, "search-* section-*"),
    ("unreadable", "refused", "an offset behind other white space; pyHanko does not read the file, and nobody is fooled",
     "search-finds-another-trailer search-finds-the-older-behind-null search-finds-a-freed-stamp"),
    ("accepted", "refused", GENERATION, "generation-*"),
    ("unreadable", "refused", "a section, or an object, that pyHanko does not read, and nobody is fooled",
     "section-with-name-with-ff section-with-unknown-predictor packed-with-* search-finds-the-older-behind-a-comment"),
    ("unreadable", "refused", "pyHanko does not follow the reference, and nobody is fooled", "generation-of-a-cropbox generation-of-a-rotate"),
    ("accepted", "refused", PACKED, "packed-index-of-another packed-more-than-listed packed-cut-short"),
    ("accepted", "refused", FILLED, "filled-* ticked-* chosen-and-another-shown radio-none-shown field-as-large-as-the-page"),
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
    ("refused", "accepted", NOTES, "p3-*"),
    ("refused", "accepted", "for pyHanko a field without a look, which the reader draws, is not filled in, nor one of two widgets of a field", "p2-*"),
    ("refused accepted", "accepted accepted", NOTES, "p3-note-and-signed"),
    ("refused accepted", "accepted accepted", COVERED,
     "noted-then-signed stamped-then-signed field-added-then-signed field-tagged-* note-tagged-*"),
    ("accepted", "refused", TAGS, "catalog-markinfo"),
    ("accepted accepted", "refused accepted", "FOOLED: of several lists of locked fields one alone is read, and a list that is none locks nothing",
     "locked-by-many-lists locked-by-no-list"),
    ("unreadable", "refused accepted", "pyHanko does not read such a lock, and gives up", "locked-by-*"),
    ("unreadable", "refused", "P of the certification is none of 1, 2, 3: pyHanko gives up, vanthu takes it for 1", "certified-p-*"),
    ("accepted", "refused", "FOOLED: of two certifications in one signature the milder one is taken", "certified-p-twice"),
    ("unreadable", "accepted", TWICE, "twice-contents-before"), ("refused", "accepted", TWICE, "twice-range-before"),
    ("accepted", "refused", f"FOOLED: {TWICE}", "twice-contents-behind twice-contents-escaped twice-range-behind twice-subfilter"),
    ("unreadable", "refused", BROKEN, "range-real range-nested range-with-null cms-token-as-signature"),
    ("refused refused", "refused", SHARED, "value-in-a-second-field"), ("refused refused accepted", "refused accepted", SHARED, "value-in-a-second-field-signed"),
    ("unreadable", "refused refused", BROKEN, "value-copied"), ("refused", "refused refused", NAMED, "certification-named-elsewhere"),
    ("unreadable", "accepted", PURPOSE, "cms-signature-called-token cms-token-by-a-signer cms-token-alone"),
    ("accepted", "refused", "FOOLED: a signature in the place of a time stamp is taken for a signature", "cms-signature-as-token"),
    ("-", "refused", "a form of signature that pyHanko does not know", "cms-sha1-* cms-sha256-* cms-bare-value"),
    ("unreadable", "accepted accepted", SIGNERS, "cms-two-signers cms-two-signers-one-self-made"),
    ("unreadable", "accepted refused", SIGNERS, "cms-two-signers-one-of-other-bytes"),
    ("refused", "accepted", SPACES, "contents-with-spaces"), ("-", "accepted", NO_FIELD, "in-a-text-field"),
    ("accepted", "refused", METADATA,
     "metadata-title* metadata-added metadata-author-added metadata-date-of-creation metadata-names-exchanged metadata-comment metadata-invented information-*"),
    ("accepted", "refused", DEFAULTS, "form-font-* form-colour-for-all"),
    ("accepted", "refused", VERSION, "version-unknown"),
    ("accepted", "refused", TYPED, "widget-typed-that-is-a-tag"),
    ("accepted", "refused", BESIDE, "packed-and-in-the-table"),
    ("refused refused accepted", "accepted accepted accepted", "pyHanko takes a section that lists itself nowhere for the object of its number",
     "number-of-a-section-again"),
    ("refused accepted", "accepted accepted", PLAIN, "page-tabs field-vanishes field-on-its-page"),
    ("accepted", "refused", "a note of the signed revision becomes a field of the form, and nobody knows what readers make of it",
     "field-added-that-is-old"),
]

ACTION = "FOOLED: DSS calls new scripts and actions of fields and of the document filling in"
OVERLAP = "DSS says of the last signature that annotations overlap, whoever put them there; it covers the whole file"

DSS = [
    ("accepted accepted", "refused refused", SPACE, "table-behind-*"),
    ("-", "refused", BROKEN, "usf-contents-* usf-no-* usf-range-* usf-value-emptied polyglot-pdf-behind"),
    ("unreadable", "refused", BROKEN, "polyglot-html-before polyglot-script-before"),
    ("unreadable", "refused", NOT_OPENED, "encrypted-with-a-password"),
    ("refused", "-", DAMAGED, "usf-range-huge swa-objects-in-the-gap"),
    ("accepted", "-", DAMAGED, "prev-leaves-out-the-signed"),
    ("accepted", "refused", BEHIND,
     "isa-2-body-only isa-3-* isa-no-eof isa-startxref-to-the-old isa-whole-document-again not-listed polyglot-zip-behind second-header"),
    ("accepted", "refused", HOLDS, "shadow-hide-object-freed shadow-hide-content-freed shadow-swap-places key-twice listed-twice generation"),
    ("accepted", "refused", "a chain of tables that cannot be followed; DSS follows a part of it", "prev-loop prev-twice"),
    ("accepted", "refused", HYBRID, "hybrid hybrid-*"),
    ("accepted", "refused", "a page tree that is no tree, or counts otherwise than it shows", "pages-in-a-circle pages-counted-wrongly"),
    ("accepted", "refused", TITLE, "title-* encrypted-*-title-in-clear"),
    ("unreadable", "refused", "another encryption begins with an update: the peer gives up", "encrypted-*"),
    ("accepted", "refused", "FOOLED: another encryption, or none, begins with an update: of the signed bytes the one reader shows other things than the other",
     "encrypted-* decrypted-afterwards"),
    ("accepted", "refused", "FOOLED: fonts of the form change what fields show", "shadow-replace-form-fonts form-fonts-of-fields-below"),
    ("accepted", "refused", PREPARED, "prepared-* table-from-one-renumbered"),
    ("accepted", "refused", "FOOLED: an empty signature field that becomes as large as the page can hide it when it is signed", "shadow-hide-signature-moved"),
    ("accepted", "refused", ACTION, "names-script names-script-p2 button-* field-calculated"),
    ("accepted", "refused", "FOOLED: files inside the document are not compared", "file-replaced file-added"),
    ("accepted accepted", "refused accepted", "FOOLED: files inside the document, and what else uses their list, are not compared", "names-with-two-uses"),
    ("accepted", "refused", PREPARED, "search-* section-*"),
    ("accepted", "refused", GENERATION, "generation-of-a-picture-* generation-of-a-content-*"),
    ("accepted", "refused", PACKED, "packed-index-of-another packed-more-than-listed packed-cut-short packed-with-*"),
    ("accepted", "refused", FILLED, "filled-* ticked-* chosen-and-another-shown radio-none-shown"),
    ("accepted", "refused", "an object nothing refers to has got other content: vanthu does not say what it cannot tell", "unused-made-used"),
    ("accepted", "refused", STAMP, "stamp-that-shows stamp-that-shows-* stamp-as-* stamp-without-room-shows stamp-hidden-by-*"),
    ("accepted accepted", "refused accepted", STAMP, "stamp-that-shows-and-signed-by-a-stranger"),
    ("accepted accepted", "refused accepted", "the certification forbids to sign, and DSS tells it as a warning alone", "ssa-p1"),
    ("accepted accepted", "refused accepted", "FOOLED: a field that the first signature locked was signed; DSS does not apply locks to signature fields, "
     "nor /P of a Lock", "locked-signature lock-with-p1"),
    ("refused overlap", "refused accepted", OVERLAP,
     "eaa-signed-later-p1 eaa-signed-later-p2 note-and-signed-by-a-stranger note-over-the-page-signed field-added-over-the-page"),
    ("overlap overlap", "refused accepted", OVERLAP, "ssa-page-p2"),
    ("overlap overlap overlap", "refused refused accepted", OVERLAP, "ssa-in-parts-p2"),
    ("refused overlap", "accepted accepted", f"{COVERED}; {OVERLAP}", "noted-then-signed stamped-then-signed note-tagged-*"),
    ("refused accepted", "accepted accepted", COVERED, "field-added-then-signed field-tagged-* note-tagged-on-a-page-without-tags"),
    ("-", "refused", "P of the certification is none of 1, 2, 3: DSS sees no signature", "certified-p-0 certified-p-4 certified-p-minus"),
    ("-", "refused", BROKEN, "twice-contents-behind twice-contents-escaped range-nested range-with-null cms-bare-value"),
    ("accepted", "refused", "a number with a fraction where a whole one must stand", "range-real"),
    ("accepted", "refused refused", "the copy of a signature in a second field; DSS lists one", "value-copied"),
    ("accepted", "refused", "FOOLED: a signature of the document is called its certification afterwards", "certification-named-later"),
    ("refused", "refused refused", NAMED, "certification-named-elsewhere"),
    ("refused", "accepted accepted", SIGNERS, "cms-two-signers cms-two-signers-one-self-made"),
    ("refused", "accepted refused", SIGNERS, "cms-two-signers-one-of-other-bytes"),
    ("refused", "accepted", SPACES, "contents-with-spaces contents-with-an-odd-digit"), ("-", "accepted", NO_FIELD, "in-a-text-field"),
    ("accepted", "refused", TAGS, "tag-*"),
    ("accepted", "refused", METADATA, "metadata-* information-*"),
    ("accepted", "refused", DEFAULTS, "form-font-* form-colour-for-all"),
    ("accepted", "refused", VERSION, "version-unknown"),
    ("accepted", "refused", TYPED, "widget-typed-*"),
    ("accepted", "refused", BESIDE, "packed-and-in-the-table"),
    ("accepted", "refused", "FOOLED: the place of a field that nobody signed changes", "field-vanishes-unsigned"),
    ("accepted accepted", "refused accepted", "FOOLED: the rectangle and the page of a field may become anything when it is signed",
     "field-grows-when-signed field-on-another-page"),
    ("refused accepted", "accepted accepted", PLAIN, "page-tabs"),
    ("refused", "accepted", "DSS draws the pages and sees that the field shows what was filled in, which the certification allows (P=2)", "p2-*"),
    ("refused accepted", "accepted accepted", "the same", "p2-filled-and-signed lock-of-others"),
    ("refused accepted", "accepted accepted", "DSS draws the pages and sees what was filled in; the agency that signed afterwards covers it",
     "filled-* ticked-then-signed"),
    ("refused", "accepted", NOTES, "p3-*"),
    ("refused refused", "accepted accepted", NOTES, "p3-note-and-signed"),
]
