/* SPDX-License-Identifier: Apache-2.0
 * Signatures of PDFs: /ByteRange to the byte, and what came after a signature. Each document is
 * built here; nothing is signed cryptographically, that is another room's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test_document_build.h"
#include "vanthu/document.h"

#define CHANGED VT_REASON_BIT(VT_REASON_CONTENT_CHANGED)
#define UNCLEAR VT_REASON_BIT(VT_REASON_CHANGE_UNCLEAR)
#define BAD VT_REASON_BIT(VT_REASON_MALFORMED)
#define UNREADABLE VT_REASON_BIT(VT_REASON_FILE_UNREADABLE)
#define UNSUPPORTED VT_REASON_BIT(VT_REASON_FORMAT_UNSUPPORTED)

#define CATALOG_KEYS                                                                               \
    "/Type/Catalog/Pages 2 0 R/AcroForm 5 0 R/Metadata 10 0 R/StructTreeRoot 15 0 R"
#define PAGE_KEYS                                                                                  \
    "/Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F 9 0 R>>>>/Contents 4 0 R"
#define P1 BUILD_DETACHED "/Reference[<</TransformMethod/DocMDP/TransformParams<</P 1>>>>]"
#define P2 BUILD_DETACHED "/Reference[<</TransformMethod/DocMDP/TransformParams<</P 2>>>>]"
#define LOCKS_LATER                                                                                \
    BUILD_DETACHED                                                                                 \
    "/Reference[<</TransformMethod/FieldMDP/TransformParams<</Action/Include/Fields[(later)]>>>>]"
#define TIMESTAMP "/SubFilter/ETSI.RFC3161"

/* Replace the first occurrence of from, of the same length as to. */
static void patch(struct build *build, const char *from, const char *to)
{
    char *at = memmem(build->bytes, build->len, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
}

static void cut(struct build *build, const char *from)
{
    char *at = memmem(build->bytes, build->len, from, strlen(from));
    assert_non_null(at);
    memset(at, ' ', strlen(from));
}

static void nothing(struct build *build)
{
    (void)build;
}

/* ---- the shape of one signature ---- */

static void three_numbers(struct build *build)
{
    char *at = strchr(build->bytes + build->range_at, ']');
    while (at[-1] == ' ')
        at--;
    while (at[-1] != ' ')
        *--at = ' ';
}

static void five_numbers(struct build *build)
{
    char *at = strchr(build->bytes + build->range_at, ']');
    at[-1] = '1';
}

static void one_more_byte(struct build *build)
{
    memcpy(build->bytes + build->range_at, "[1 ", 3);
}

static void negative(struct build *build)
{
    memcpy(build->bytes + build->range_at, "[-1", 3);
}

static void cut_off(struct build *build)
{
    build->len -= 30;
}

/* The gap begins one byte before the string. */
static void wider_gap(struct build *build)
{
    size_t behind = build->contents_at + BUILD_HEX_DIGITS + 2;
    char range[64];
    int len = snprintf(range, sizeof(range), "[0 %zu %zu %zu]", build->contents_at - 1, behind,
                       build->len - behind);
    memset(build->bytes + build->range_at, ' ', sizeof(BUILD_HOLES) - 1);
    memcpy(build->bytes + build->range_at, range, (size_t)len);
}

static void object_in_gap(struct build *build)
{
    memcpy(build->bytes + build->contents_at + 20, "5 0 obj", 7);
}

static void no_range(struct build *build)
{
    patch(build, "/ByteRange", "/ByteOther");
}

static void no_contents(struct build *build)
{
    patch(build, "/Contents <", "/Contentz <");
}

static void zeros(struct build *build)
{
    memset(build->bytes + build->contents_at + 1, '0', BUILD_HEX_DIGITS);
}

static void space_in_hex(struct build *build)
{
    build->bytes[build->contents_at + 40] = '\n';
}

static void odd_sub_filter(struct build *build)
{
    patch(build, "ETSI.CAdES.detached", "adbe.x509.rsa_sha1 ");
}

static void junk_before(struct build *build)
{
    memmove(build->bytes + 2, build->bytes, build->len);
    memcpy(build->bytes, "\r\n", 2);
    build->len += 2;
}

static void white_space_behind(struct build *build)
{
    build_put(build, "\r\n\n");
}

static void junk_behind(struct build *build)
{
    build_put(build, "-- \nSent by mail\n");
}

static void wrong_startxref(struct build *build)
{
    char *at = memmem(build->bytes, build->len, "startxref\n", 10);
    at[10] = '9';
}

static void no_form(struct build *build)
{
    cut(build, "/AcroForm 5 0 R");
}

static void no_form_no_widget(struct build *build)
{
    no_form(build);
    cut(build, "6 0 R 8 0 R");
    cut(build, "6 0 R 8 0 R");
}

static void two_fields(struct build *build)
{
    patch(build, "/T(later)", "/V 7 0 R ");
}

static void covers_less(struct build *build)
{
    size_t behind = build->contents_at + BUILD_HEX_DIGITS + 2;
    char range[64];
    int len = snprintf(range, sizeof(range), "[0 %zu %zu %zu]", build->contents_at, behind,
                       build->len - behind - 100);
    memset(build->bytes + build->range_at, ' ', sizeof(BUILD_HOLES) - 1);
    memcpy(build->bytes + build->range_at, range, (size_t)len);
}

/* ---- what comes after ---- */

static void update(struct build *build)
{
    build_end(build, BUILD_TRAILER);
}

static void add_dss(struct build *build)
{
    build_object(build, 1,
                 "<<" CATALOG_KEYS "/DSS 20 0 R/Extensions<</ESIC<</BaseVersion/1.7>>>>>>");
    build_object(build, 20, "<</Certs[21 0 R]/VRI<</AB<</Cert[21 0 R]>>>>>>");
    build_stream(build, 21, "", "certificate");
    update(build);
}

static void add_stamped_dss(struct build *build)
{
    build_object(build, 1, "<<" CATALOG_KEYS "/DSS 20 0 R>>");
    build_object(build, 20, "<</VRI<</AB<</TS 21 0 R>>>>>>");
    build_stream(build, 21, "", "token");
    update(build);
}

static void dss_with_more(struct build *build)
{
    build_object(build, 1, "<<" CATALOG_KEYS "/DSS<</Pages 2 0 R>>>>");
    update(build);
}

static void sign_later(struct build *build, const char *keys)
{
    build_object(build, 8, "<<" BUILD_WIDGET "/T(later)/V 25 0 R/AP<</N 26 0 R>>>>");
    build_signature(build, 25, keys);
    build_stream(build, 26, "/Type/XObject/Subtype/Form/BBox[0 0 1 1]", "0 0 1 1 re f");
    update(build);
    build_seal(build);
}

static void sign_empty_field(struct build *build)
{
    sign_later(build, BUILD_DETACHED);
}

static void stamp_empty_field(struct build *build)
{
    build_object(build, 8, "<<" BUILD_WIDGET "/T(later)/V 25 0 R>>");
    build_signature(build, 25, TIMESTAMP);
    update(build);
    build_seal(build);
}

/* Its rectangle has no area, but some readers draw what it holds. */
static void stamp_with_a_look(struct build *build)
{
    sign_later(build, TIMESTAMP);
}

static void certify_again(struct build *build)
{
    sign_later(build, P2);
}

static void sign_new_field_with(struct build *build, const char *widget_keys)
{
    char widget[512];
    (void)snprintf(widget, sizeof(widget), "<<" BUILD_WIDGET "/T(new)/V 20 0 R %s>>", widget_keys);
    build_object(build, 3, "<<" PAGE_KEYS "/Annots[6 0 R 8 0 R 22 0 R]>>");
    build_object(build, 5, "<</Fields[6 0 R 8 0 R 22 0 R]/SigFlags 3/DA(/F 0 Tf)>>");
    build_signature(build, 20, BUILD_DETACHED);
    build_object(build, 22, widget);
    update(build);
    build_seal(build);
}

static void sign_new_field(struct build *build)
{
    sign_new_field_with(build, "");
}

static void sign_new_field_with_action(struct build *build)
{
    sign_new_field_with(build, "/AA<</E<</S/JavaScript/JS(app.alert\\(1\\))>>>>");
}

/* A tagged document: the element of a new widget, in an element that was there. */
static void sign_and_tag(struct build *build, const char *element)
{
    build_object(build, 15,
                 "<</Type/StructTreeRoot/K 16 0 R/ParentTree 41 0 R/ParentTreeNextKey 2>>");
    build_object(build, 16, "<</Type/StructElem/S/Document/P 15 0 R/K[0 40 0 R]>>");
    build_object(build, 40, element);
    build_object(build, 41, "<</Nums[0[16 0 R]1 40 0 R]>>");
    sign_new_field_with(build, "/StructParent 1");
}

static void tag_new_field(struct build *build)
{
    sign_and_tag(build, "<</Type/StructElem/S/Form/P 16 0 R/K<</Type/OBJR/Obj 22 0 R>>>>");
}

static void tag_something_else(struct build *build)
{
    sign_and_tag(build, "<</Type/StructElem/S/Form/P 16 0 R/K<</Type/OBJR/Obj 6 0 R>>>>");
}

static void tag_with_text(struct build *build)
{
    sign_and_tag(build, "<</Type/StructElem/S/Form/P 16 0 R/ActualText(paid)"
                        "/K<</Type/OBJR/Obj 22 0 R>>>>");
}

static void sign_and_change(struct build *build)
{
    build_stream(build, 4, "", "BT /F 9 Tf (other) Tj ET");
    sign_later(build, BUILD_DETACHED);
}

static void three_signatures(struct build *build)
{
    add_dss(build);
    sign_empty_field(build);
    build_object(build, 3, "<<" PAGE_KEYS "/Annots[6 0 R 8 0 R 32 0 R]>>");
    build_object(build, 5, "<</Fields[6 0 R 8 0 R 32 0 R]/SigFlags 3>>");
    build_signature(build, 30, TIMESTAMP);
    build_object(build, 32, "<<" BUILD_WIDGET "/T(new)/V 30 0 R>>");
    update(build);
    build_seal(build);
}

static void unsigned_new_field(struct build *build)
{
    build_object(build, 5, "<</Fields[6 0 R 8 0 R 22 0 R]/SigFlags 3>>");
    build_object(build, 22, "<<" BUILD_WIDGET "/T(new)>>");
    update(build);
}

static void fill_without_signing(struct build *build)
{
    build_object(build, 8, "<<" BUILD_WIDGET "/T(later)/V 7 0 R>>");
    update(build);
}

static void other_content(struct build *build)
{
    build_stream(build, 4, "", "BT /F 9 Tf (other) Tj ET");
    update(build);
}

static void other_white_space(struct build *build)
{
    build_stream(build, 4, "", "BT  /F 9 Tf\n(signed) Tj ET");
    update(build);
}

static void same_content(struct build *build)
{
    build_stream(build, 4, "", "BT /F 9 Tf (signed) Tj ET");
    update(build);
}

static void content_moved(struct build *build)
{
    build_stream(build, 20, "", "BT (other) Tj ET");
    build_object(build, 3, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 20 0 R>>");
    update(build);
}

static void page_removed(struct build *build)
{
    build_object(build, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    update(build);
}

static void page_added(struct build *build)
{
    build_object(build, 2, "<</Type/Pages/Kids[3 0 R 13 0 R 20 0 R]/Count 3>>");
    build_object(build, 20, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>");
    update(build);
}

static void page_turned(struct build *build)
{
    build_object(build, 3, "<<" PAGE_KEYS "/Annots[6 0 R 8 0 R]/Rotate 180>>");
    update(build);
}

static void annotation_added(struct build *build)
{
    build_object(build, 3, "<<" PAGE_KEYS "/Annots[6 0 R 8 0 R 20 0 R]>>");
    build_object(build, 20, "<</Type/Annot/Subtype/FreeText/Rect[0 0 30 30]/Contents(paid)>>");
    update(build);
}

static void annotation_removed(struct build *build)
{
    build_object(build, 3, "<<" PAGE_KEYS "/Annots[6 0 R]>>");
    update(build);
}

static void font_replaced(struct build *build)
{
    build_object(build, 9, "<</Type/Font/Subtype/Type1/BaseFont/Courier>>");
    update(build);
}

static void action_added(struct build *build)
{
    build_object(build, 1, "<<" CATALOG_KEYS "/OpenAction<</S/URI/URI(http://x)>>>>");
    update(build);
}

/* Object 14 was referred to by the signed revision and did not exist. */
static void dangling_defined(struct build *build)
{
    build_object(build, 14, "<</New true>>");
    update(build);
}

static void dates_only(struct build *build)
{
    build_object(build, 12, "<</Title(A)/Producer(B; modified)/ModDate(D:20261204)>>");
    build_stream(build, 10, "/Type/Metadata/Subtype/XML", BUILD_XMP("2026-12-04", "A"));
    update(build);
}

static void title_changed(struct build *build)
{
    build_object(build, 12, "<</Title(Other)/Producer(B)/ModDate(D:20261203)>>");
    update(build);
}

static void xmp_title_changed(struct build *build)
{
    build_stream(build, 10, "/Type/Metadata/Subtype/XML", BUILD_XMP("2026-12-04", "B"));
    update(build);
}

/* /Certs may grow; here the same array is what the second page draws. */
static void shared_array(struct build *build)
{
    build_object(build, 1, "<<" CATALOG_KEYS "/DSS<</Certs 11 0 R>>>>");
    build_object(build, 11, "[4 0 R 20 0 R]");
    build_stream(build, 20, "", "0 0 99 99 re f");
    update(build);
}

static void signature_replaced(struct build *build)
{
    build_object(build, 7, "<</Type/Sig/SubFilter/ETSI.CAdES.detached>>");
    update(build);
}

static void signature_copied(struct build *build)
{
    char copy[1024];
    const char *from = strstr(build->bytes, "7 0 obj\n") + 8;
    size_t len = (size_t)(strstr(from, "\nendobj") - from);
    memcpy(copy, from, len);
    memcpy(copy + len - 2, "/Name(B)>>", sizeof("/Name(B)>>"));
    build_object(build, 7, copy);
    update(build);
}

static void other_root(struct build *build)
{
    build_object(build, 20, "<<" CATALOG_KEYS ">>");
    build_end(build, "/Root 20 0 R /Info 12 0 R");
}

static void object_freed(struct build *build)
{
    size_t at = build->len;
    build_put(build,
              "xref\n9 1\n0000000000 00001 f \ntrailer\n<</Size 17 " BUILD_TRAILER
              " /Prev %ld>>\nstartxref\n%zu\n%%%%EOF\n",
              build->prev, at);
}

/* An update that is well-formed but for one thing of its trailer or table. */
static void odd_update(struct build *build, const char *entry, const char *keys, long prev)
{
    size_t object = build->len;
    build_object(build, 20, "<</DSS true>>");
    build->count = 0;
    size_t at = build->len;
    build_put(build,
              "xref\n20 1\n%010zu 00000 n \n%strailer\n<</Size 21 " BUILD_TRAILER
              " %s /Prev %ld>>\nstartxref\n%zu\n%%%%EOF\n",
              object, entry, keys, prev, at);
}

static void even_update(struct build *build)
{
    odd_update(build, "", "", build->prev);
}

static void hybrid(struct build *build)
{
    odd_update(build, "", "/XRefStm 9", build->prev);
}

static void prev_elsewhere(struct build *build)
{
    odd_update(build, "", "", build->prev + 1);
}

static void prev_twice(struct build *build)
{
    odd_update(build, "", "/Prev 9", build->prev);
}

static void listed_twice(struct build *build)
{
    odd_update(build, "20 1\n0000000009 00000 n \n", "", build->prev);
}

static void points_back(struct build *build)
{
    odd_update(build, "9 1\n0000000009 00000 n \n", "", build->prev);
}

static void new_generation(struct build *build)
{
    odd_update(build, "9 1\n0000000009 00001 n \n", "", build->prev);
}

/* ---- updates with cross-reference streams ---- */

static void stream_of_dss(struct build *build)
{
    build_object(build, 1, "<<" CATALOG_KEYS "/DSS 20 0 R>>");
    build_stream(build, 21, "/Type/ObjStm/N 1/First 5", "20 0 <</Certs[]>>");
    build_compressed(build, 20, 21);
    build_end_stream(build, BUILD_TRAILER);
}

/* The update lists the object stream only; what is in it changes all the same. */
static void stream_replaced(struct build *build)
{
    build_stream(build, 18, "/Type/ObjStm/N 1/First 4",
                 "9 0 <</Type/Font/Subtype/Type1/BaseFont/Courier-Bo>>");
    build_end_stream(build, BUILD_TRAILER);
}

static void stream_not_brought(struct build *build)
{
    build_object(build, 1, "<<" CATALOG_KEYS ">>");
    build_compressed(build, 9, 18);
    build_end_stream(build, BUILD_TRAILER);
}

static void stream_font_replaced(struct build *build)
{
    build_stream(build, 21, "/Type/ObjStm/N 1/First 4",
                 "9 0 <</Type/Font/Subtype/Type1/BaseFont/Courier>>");
    build_compressed(build, 9, 21);
    build_end_stream(build, BUILD_TRAILER);
}

/* The chain leaves out the signed revision. */
static void fork_of_chain(struct build *build)
{
    size_t start = build->len;
    build_object(build, 1, "<<" CATALOG_KEYS ">>");
    build->prev = -1;
    build_object(build, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    build_end(build, BUILD_TRAILER);
    assert_true(build->len > start);
}

static const struct shape {
    const char *name;
    const char *keys;
    void (*change)(struct build *build);
    size_t objects;
    enum vt_covers covers;
    enum vt_changes changes;
    bool broken;
    vt_reasons reasons;          /* of the first signature, exactly */
    vt_reasons document_reasons; /* exactly */
} shapes[] = {
    {"plain", BUILD_DETACHED, nothing, 1, VT_COVERS_WHOLE, VT_CHANGES_NONE, false, 0, 0},
    {"three numbers", BUILD_DETACHED, three_numbers, 1, VT_COVERS_PART, 0, true, BAD, 0},
    {"five numbers", BUILD_DETACHED, five_numbers, 1, VT_COVERS_PART, 0, true, BAD, 0},
    {"begins at 1", BUILD_DETACHED, one_more_byte, 1, VT_COVERS_PART, 0, true, BAD, 0},
    {"negative", BUILD_DETACHED, negative, 1, VT_COVERS_PART, 0, true, BAD, 0},
    {"cut off", BUILD_DETACHED, cut_off, 1, VT_COVERS_PART, 0, true, BAD | UNCLEAR,
     BAD | UNREADABLE},
    {"wider gap", BUILD_DETACHED, wider_gap, 1, VT_COVERS_PART, 0, true, BAD, 0},
    {"object in the gap", BUILD_DETACHED, object_in_gap, 1, VT_COVERS_PART, 0, true, BAD, BAD},
    {"no /ByteRange", BUILD_DETACHED, no_range, 1, VT_COVERS_PART, 0, true, BAD, 0},
    {"no /Contents", BUILD_DETACHED, no_contents, 1, VT_COVERS_WHOLE, 0, true, BAD, 0},
    {"only zeros", BUILD_DETACHED, zeros, 1, VT_COVERS_WHOLE, 0, true, BAD, 0},
    {"space in the string", BUILD_DETACHED, space_in_hex, 1, VT_COVERS_WHOLE, VT_CHANGES_NONE,
     false, 0, 0},
    {"unknown kind", BUILD_DETACHED, odd_sub_filter, 1, VT_COVERS_WHOLE, VT_CHANGES_NONE, false,
     UNSUPPORTED, 0},
    {"bytes before the header", BUILD_DETACHED, junk_before, 1, VT_COVERS_PART, 0, true, BAD, BAD},
    {"white space behind", BUILD_DETACHED, white_space_behind, 1, VT_COVERS_REVISION,
     VT_CHANGES_NONE, false, 0, 0},
    {"bytes behind", BUILD_DETACHED, junk_behind, 1, VT_COVERS_REVISION, 0, false, UNCLEAR, BAD},
    {"wrong startxref", BUILD_DETACHED, wrong_startxref, 1, VT_COVERS_WHOLE, 0, false,
     BAD | UNCLEAR, BAD | UNREADABLE},
    {"on the page only", BUILD_DETACHED, no_form, 1, VT_COVERS_WHOLE, VT_CHANGES_NONE, false, 0, 0},
    {"hidden", BUILD_DETACHED, no_form_no_widget, 0, 0, 0, false, 0, BAD},
    {"two fields", BUILD_DETACHED, two_fields, 1, VT_COVERS_WHOLE, VT_CHANGES_NONE, false, 0, 0},
    {"less than a revision", BUILD_DETACHED, covers_less, 1, VT_COVERS_PART, 0, false, UNCLEAR, 0},
};

static const struct shape laters[] = {
    {"validation data", BUILD_DETACHED, add_dss, 1, VT_COVERS_REVISION, VT_CHANGES_PERMITTED, false,
     0, 0},
    {"validation data under P=1", P1, add_dss, 1, VT_COVERS_REVISION, VT_CHANGES_PERMITTED, false,
     0, 0},
    {"validation data that is more", BUILD_DETACHED, dss_with_more, 1, VT_COVERS_REVISION, 0, false,
     UNCLEAR, 0},
    {"empty field signed", BUILD_DETACHED, sign_empty_field, 2, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"empty field signed under P=2", P2, sign_empty_field, 2, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"empty field signed under P=1", P1, sign_empty_field, 2, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
    {"time stamp under P=1", P1, stamp_empty_field, 2, VT_COVERS_REVISION, VT_CHANGES_PERMITTED,
     false, 0, 0},
    {"time stamp that draws under P=1", P1, stamp_with_a_look, 2, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
    {"locked field signed", LOCKS_LATER, sign_empty_field, 2, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
    {"certified again", P2, certify_again, 2, VT_COVERS_REVISION, 0, false, UNCLEAR, 0},
    {"new field signed", BUILD_DETACHED, sign_new_field, 2, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"new field with a script", BUILD_DETACHED, sign_new_field_with_action, 2, VT_COVERS_REVISION,
     0, false, UNCLEAR, 0},
    {"new field tagged", BUILD_DETACHED, tag_new_field, 2, VT_COVERS_REVISION, VT_CHANGES_PERMITTED,
     false, 0, 0},
    {"something else tagged", BUILD_DETACHED, tag_something_else, 2, VT_COVERS_REVISION, 0, false,
     UNCLEAR, 0},
    {"tag with a text", BUILD_DETACHED, tag_with_text, 2, VT_COVERS_REVISION, 0, false, UNCLEAR, 0},
    {"signed and changed", BUILD_DETACHED, sign_and_change, 2, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
    {"three signatures", BUILD_DETACHED, three_signatures, 3, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"new field nobody signed", BUILD_DETACHED, unsigned_new_field, 1, VT_COVERS_REVISION, 0, false,
     UNCLEAR, 0},
    {"old signature in another field", BUILD_DETACHED, fill_without_signing, 1, VT_COVERS_REVISION,
     0, false, UNCLEAR, 0},
    {"other content", BUILD_DETACHED, other_content, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN,
     false, CHANGED, 0},
    {"other white space", BUILD_DETACHED, other_white_space, 1, VT_COVERS_REVISION, 0, false,
     UNCLEAR, 0},
    {"same content again", BUILD_DETACHED, same_content, 1, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"content moved", BUILD_DETACHED, content_moved, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN,
     false, CHANGED, 0},
    {"page removed", BUILD_DETACHED, page_removed, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN,
     false, CHANGED, 0},
    {"page added", BUILD_DETACHED, page_added, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN, false,
     CHANGED, 0},
    {"page turned", BUILD_DETACHED, page_turned, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN, false,
     CHANGED, 0},
    {"annotation added", BUILD_DETACHED, annotation_added, 1, VT_COVERS_REVISION, VT_CHANGES_ADDED,
     false, 0, 0},
    {"annotation removed", BUILD_DETACHED, annotation_removed, 1, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
    {"font replaced", BUILD_DETACHED, font_replaced, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN,
     false, CHANGED, 0},
    {"action added", BUILD_DETACHED, action_added, 1, VT_COVERS_REVISION, VT_CHANGES_FORBIDDEN,
     false, CHANGED, 0},
    {"dangling reference defined", BUILD_DETACHED, dangling_defined, 1, VT_COVERS_REVISION, 0,
     false, UNCLEAR, 0},
    {"dates only", BUILD_DETACHED, dates_only, 1, VT_COVERS_REVISION, VT_CHANGES_PERMITTED, false,
     0, 0},
    {"title changed", BUILD_DETACHED, title_changed, 1, VT_COVERS_REVISION, 0, false, UNCLEAR, 0},
    {"title in metadata changed", BUILD_DETACHED, xmp_title_changed, 1, VT_COVERS_REVISION, 0,
     false, UNCLEAR, 0},
    {"array with two uses", BUILD_DETACHED, shared_array, 1, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
    {"signature dictionary rewritten", BUILD_DETACHED, signature_copied, 1, VT_COVERS_REVISION, 0,
     false, UNCLEAR, 0},
    {"signature dictionary emptied", BUILD_DETACHED, signature_replaced, 1, VT_COVERS_PART, 0, true,
     BAD, 0},
    {"other catalog", BUILD_DETACHED, other_root, 1, VT_COVERS_REVISION, 0, false, UNCLEAR, 0},
    {"object freed", BUILD_DETACHED, object_freed, 1, VT_COVERS_REVISION, 0, false, UNCLEAR, 0},
    {"unused object added", BUILD_DETACHED, even_update, 1, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"hybrid file", BUILD_DETACHED, hybrid, 1, VT_COVERS_REVISION, 0, false, UNCLEAR | BAD,
     BAD | UNREADABLE},
    {"/Prev elsewhere", BUILD_DETACHED, prev_elsewhere, 1, VT_COVERS_REVISION, 0, false,
     UNCLEAR | BAD, BAD | UNREADABLE},
    {"/Prev twice", BUILD_DETACHED, prev_twice, 1, VT_COVERS_REVISION, 0, false, UNCLEAR, BAD},
    {"object listed twice", BUILD_DETACHED, listed_twice, 1, VT_COVERS_REVISION, 0, false, UNCLEAR,
     0},
    {"points into the signed bytes", BUILD_DETACHED, points_back, 1, VT_COVERS_REVISION, 0, false,
     UNCLEAR, 0},
    {"new generation", BUILD_DETACHED, new_generation, 1, VT_COVERS_REVISION, 0, false, UNCLEAR, 0},
    {"forked chain", BUILD_DETACHED, fork_of_chain, 0, 0, 0, false, 0, BAD},
};

static const struct shape streams[] = {
    {"plain", BUILD_DETACHED, nothing, 1, VT_COVERS_WHOLE, VT_CHANGES_NONE, false, 0, 0},
    {"validation data", BUILD_DETACHED, stream_of_dss, 1, VT_COVERS_REVISION, VT_CHANGES_PERMITTED,
     false, 0, 0},
    {"update with a table", BUILD_DETACHED, sign_empty_field, 2, VT_COVERS_REVISION,
     VT_CHANGES_PERMITTED, false, 0, 0},
    {"object stream replaced", BUILD_DETACHED, stream_replaced, 1, VT_COVERS_REVISION, 0, false,
     UNCLEAR, 0},
    {"object stream not brought", BUILD_DETACHED, stream_not_brought, 1, VT_COVERS_REVISION, 0,
     false, UNCLEAR, 0},
    {"font replaced", BUILD_DETACHED, stream_font_replaced, 1, VT_COVERS_REVISION,
     VT_CHANGES_FORBIDDEN, false, CHANGED, 0},
};

static bool is_as_wanted(const struct shape *shape, const struct vt_signed_document *document)
{
    if (document->objects_count != shape->objects || document->reasons != shape->document_reasons)
        return false;
    if (shape->objects == 0)
        return true;
    const struct vt_signed_object *object = &document->objects[0];
    return object->covers == shape->covers && object->changes_after == shape->changes &&
           object->structure_broken == shape->broken && object->reasons == shape->reasons;
}

static void explain(const struct shape *shape, const struct vt_signed_document *document)
{
    print_error("%s: %zu objects, document %llx\n", shape->name, document->objects_count,
                (unsigned long long)document->reasons);
    for (size_t i = 0; i < document->findings_count; i++)
        print_error("  %s\n", document->findings[i]);
    for (size_t o = 0; o < document->objects_count; o++) {
        const struct vt_signed_object *object = &document->objects[o];
        print_error("  covers %d changes %d broken %d reasons %llx\n", object->covers,
                    object->changes_after, object->structure_broken,
                    (unsigned long long)object->reasons);
        for (size_t i = 0; i < object->findings_count; i++)
            print_error("    %s\n", object->findings[i]);
    }
}

static void run_shapes(const struct shape *list, size_t count,
                       void (*base)(struct build *build, const char *keys))
{
    struct build *build = calloc(1, sizeof(*build));
    size_t wrong = 0;
    assert_non_null(build);
    for (size_t i = 0; i < count; i++) {
        struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
        struct vt_signed_document *document = NULL;
        base(build, list[i].keys);
        list[i].change(build);
        struct vt_err err = {0};
        assert_int_equal(
            vt_document_read_pdf(arena, vt_bytes_of(build->bytes, build->len), &document, &err),
            VT_OK);
        if (!is_as_wanted(&list[i], document)) {
            explain(&list[i], document);
            wrong++;
        }
        vt_arena_free(arena);
    }
    free(build);
    assert_int_equal(wrong, 0);
}

static void shape_of_one_signature(void **state)
{
    (void)state;
    run_shapes(shapes, sizeof(shapes) / sizeof(shapes[0]), build_signed);
}

static void what_comes_after(void **state)
{
    (void)state;
    run_shapes(laters, sizeof(laters) / sizeof(laters[0]), build_signed);
}

static void cross_reference_streams(void **state)
{
    (void)state;
    run_shapes(streams, sizeof(streams) / sizeof(streams[0]), build_signed_compressed);
}

struct reading {
    struct build *build;
    struct vt_arena *arena;
    struct vt_signed_document *document;
};

static struct reading read_after(const char *keys, void (*change)(struct build *build))
{
    struct reading reading = {.build = calloc(1, sizeof(*reading.build)),
                              .arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES)};
    assert_non_null(reading.build);
    build_signed(reading.build, keys);
    change(reading.build);
    assert_int_equal(vt_document_read_pdf(reading.arena,
                                          vt_bytes_of(reading.build->bytes, reading.build->len),
                                          &reading.document, NULL),
                     VT_OK);
    return reading;
}

static void reading_free(struct reading *reading)
{
    vt_arena_free(reading->arena);
    free(reading->build);
}

static void facts_of_a_signature(void **state)
{
    (void)state;
    struct reading reading = read_after(BUILD_DETACHED, three_signatures);
    const struct vt_signed_object *objects = reading.document->objects;
    assert_int_equal(reading.document->objects_count, 3);
    assert_string_equal(objects[0].field, "first");
    assert_string_equal(objects[0].sub_filter, "ETSI.CAdES.detached");
    assert_int_equal(objects[0].format, VT_SIGNATURE_PADES);
    assert_int_equal(objects[0].binding, VT_BINDING_DETACHED);
    assert_int_equal(objects[0].claimed_time_utc_secs, vt_time_from_civil(2026, 12, 3, 2, 12, 0));
    assert_int_equal(objects[0].revision, 1);
    assert_int_equal(objects[1].revision, 3);
    assert_int_equal(objects[2].revision, 4);
    assert_int_equal(objects[2].format, VT_SIGNATURE_DOCTIMESTAMP);
    assert_int_equal(objects[2].binding, VT_BINDING_TIMESTAMP);
    assert_int_equal(objects[2].covers, VT_COVERS_WHOLE);
    assert_int_equal(objects[0].cms.len, BUILD_HEX_DIGITS / 2);
    assert_memory_equal(objects[0].cms.ptr, "\x30\x03", 2);
    assert_int_equal(objects[0].ranges_count, 2);
    assert_ptr_equal(objects[0].ranges[0].ptr, reading.build->bytes);
    assert_int_equal(objects[0].ranges[1].ptr[-1], '>');
    assert_int_equal(objects[0].ranges[0].ptr[objects[0].ranges[0].len], '<');
    reading_free(&reading);
}

/* What is told of the history: the first, signed and last revisions, and each change by its kind
 * and page, with the signature that was added beside the change that is not allowed. */
static void changes_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *name, *keys;
        void (*change)(struct build *build);
        unsigned last; /* revision */
        enum vt_change_kind kind;
        enum vt_changes effect;
        unsigned page;
        const char *what;
    } rows[] = {
        {"validation data", BUILD_DETACHED, add_dss, 2, VT_CHANGE_VALIDATION_DATA,
         VT_CHANGES_PERMITTED, 0, NULL},
        {"three signatures", BUILD_DETACHED, three_signatures, 4, VT_CHANGE_SIGNATURE_ADDED,
         VT_CHANGES_PERMITTED, 0, "later"},
        {"other content", BUILD_DETACHED, other_content, 2, VT_CHANGE_PAGE_REPLACED,
         VT_CHANGES_FORBIDDEN, 1, "the content of a signed page was replaced (object 4)"},
        {"signed and changed", BUILD_DETACHED, sign_and_change, 2, VT_CHANGE_PAGE_REPLACED,
         VT_CHANGES_FORBIDDEN, 1, "the content of a signed page was replaced (object 4)"},
        {"signed and changed", BUILD_DETACHED, sign_and_change, 2, VT_CHANGE_SIGNATURE_ADDED,
         VT_CHANGES_PERMITTED, 0, NULL},
        {"white space", BUILD_DETACHED, other_white_space, 2, VT_CHANGE_OBJECT,
         VT_CHANGES_UNDETERMINED, 1, NULL},
        {"page removed", BUILD_DETACHED, page_removed, 2, VT_CHANGE_PAGES_REMOVED,
         VT_CHANGES_FORBIDDEN, 0, NULL},
        {"page added", BUILD_DETACHED, page_added, 2, VT_CHANGE_PAGES_REORDERED,
         VT_CHANGES_FORBIDDEN, 0, NULL},
        {"page turned", BUILD_DETACHED, page_turned, 2, VT_CHANGE_PAGE_OTHER, VT_CHANGES_FORBIDDEN,
         1, "/Rotate of a page was changed"},
        {"annotation added", BUILD_DETACHED, annotation_added, 2, VT_CHANGE_ANNOTATION_ADDED,
         VT_CHANGES_ADDED, 1, NULL},
        {"annotation removed", BUILD_DETACHED, annotation_removed, 2, VT_CHANGE_ANNOTATION_REMOVED,
         VT_CHANGES_FORBIDDEN, 1, NULL},
        {"font", BUILD_DETACHED, font_replaced, 2, VT_CHANGE_FONT, VT_CHANGES_FORBIDDEN, 1, NULL},
        {"action", BUILD_DETACHED, action_added, 2, VT_CHANGE_ACTION, VT_CHANGES_FORBIDDEN, 0,
         NULL},
        {"title", BUILD_DETACHED, title_changed, 2, VT_CHANGE_METADATA, VT_CHANGES_UNDETERMINED, 0,
         NULL},
        {"locked field", LOCKS_LATER, sign_empty_field, 2, VT_CHANGE_FIELD_LOCKED,
         VT_CHANGES_FORBIDDEN, 0, NULL},
        {"not allowed", P1, sign_empty_field, 2, VT_CHANGE_NOT_ALLOWED, VT_CHANGES_FORBIDDEN, 0,
         NULL},
        {"nobody signed", BUILD_DETACHED, unsigned_new_field, 2, VT_CHANGE_FIELD_UNSIGNED,
         VT_CHANGES_UNDETERMINED, 0, NULL},
        {"certified again", P2, certify_again, 2, VT_CHANGE_CERTIFIED_AGAIN,
         VT_CHANGES_UNDETERMINED, 0, NULL},
        {"listed twice", BUILD_DETACHED, listed_twice, 2, VT_CHANGE_NOT_FOLLOWED,
         VT_CHANGES_UNDETERMINED, 0, "an update lists an object twice"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reading reading = read_after(rows[i].keys, rows[i].change);
        const struct vt_signed_document *document = reading.document;
        const struct vt_document_change *found = NULL;
        for (size_t c = 0; c < document->changes_count && found == NULL; c++) {
            if (document->changes[c].kind == rows[i].kind)
                found = &document->changes[c];
        }
        if (found == NULL)
            fail_msg("%s: %s is not told", rows[i].name, vt_change_name(rows[i].kind));
        if (found->effect != rows[i].effect || found->page != rows[i].page || found->revision < 2 ||
            found->revision > rows[i].last)
            fail_msg("%s: effect %d page %u revision %u", rows[i].name, (int)found->effect,
                     found->page, found->revision);
        if (rows[i].what != NULL)
            assert_string_equal(found->what, rows[i].what);
        assert_true(document->revisions_count >= 2);
        assert_int_equal(document->revisions[0].number, 1);
        const struct vt_revision *last = &document->revisions[document->revisions_count - 1];
        assert_int_equal(last->number, rows[i].last);
        assert_int_equal(last->end_bytes, reading.build->len);
        assert_true(document->revisions[0].end_bytes < last->end_bytes);
        reading_free(&reading);
    }
}

static void validation_data_are_decoded_once(void **state)
{
    (void)state;
    struct reading reading = read_after(BUILD_DETACHED, add_dss);
    const struct vt_validation_data *data = &reading.document->validation_data;
    assert_int_equal(data->certificates_count, 1);
    assert_true(vt_bytes_equal(data->certificates[0], VT_BYTES("certificate")));
    assert_int_equal(data->crls_count + data->ocsps_count, 0);
    reading_free(&reading);
}

/* What is not supported is said by name. */
static void names_stamped_validation_data(void **state)
{
    (void)state;
    struct reading without = read_after(BUILD_DETACHED, add_dss);
    assert_int_equal(without.document->findings_count, 0);
    reading_free(&without);
    struct reading with = read_after(BUILD_DETACHED, add_stamped_dss);
    assert_int_equal(with.document->findings_count, 1);
    assert_non_null(strstr(with.document->findings[0], "/TS"));
    reading_free(&with);
}

/* Cutting the file anywhere must never make it look unsigned or unchanged. */
static void every_truncation(void **state)
{
    (void)state;
    struct build *build = calloc(1, sizeof(*build));
    assert_non_null(build);
    build_signed(build, BUILD_DETACHED);
    size_t signed_len = build->len;
    add_dss(build);
    for (size_t len = build->contents_at + BUILD_HEX_DIGITS; len < build->len; len++) {
        struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
        struct vt_signed_document *document = NULL;
        assert_int_equal(
            vt_document_read_pdf(arena, vt_bytes_of(build->bytes, len), &document, NULL), VT_OK);
        bool unchanged = document->objects_count > 0 &&
                         (document->objects[0].changes_after == VT_CHANGES_NONE ||
                          document->objects[0].changes_after == VT_CHANGES_PERMITTED);
        if (unchanged && len + 1 < build->len && len != signed_len)
            fail_msg("%zu of %zu bytes: unchanged", len, build->len);
        if (document->objects_count == 0 && document->reasons == 0)
            fail_msg("%zu of %zu bytes: looks unsigned", len, build->len);
        vt_arena_free(arena);
    }
    free(build);
}

static void memory_out_is_an_error(void **state)
{
    (void)state;
    struct build *build = calloc(1, sizeof(*build));
    assert_non_null(build);
    build_signed(build, BUILD_DETACHED);
    three_signatures(build);
    for (size_t max = 0; max < 16 * 1024; max += 512) {
        struct vt_arena *arena = vt_arena_new(max);
        struct vt_signed_document *document = NULL;
        enum vt_code code =
            vt_document_read_pdf(arena, vt_bytes_of(build->bytes, build->len), &document, NULL);
        assert_true(code == VT_E_NOMEM ||
                    (code == VT_OK && (document->objects_count == 3 ||
                                       document->reasons == VT_REASON_BIT(VT_REASON_TOO_LARGE))));
        vt_arena_free(arena);
    }
    free(build);
}

static void warming(void **state)
{
    (void)state;
    struct vt_err err = {0};
    if (vt_document_warm(&err) != VT_OK)
        fail_msg("%s", err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shape_of_one_signature),
        cmocka_unit_test(what_comes_after),
        cmocka_unit_test(cross_reference_streams),
        cmocka_unit_test(facts_of_a_signature),
        cmocka_unit_test(changes_are_named),
        cmocka_unit_test(validation_data_are_decoded_once),
        cmocka_unit_test(names_stamped_validation_data),
        cmocka_unit_test(every_truncation),
        cmocka_unit_test(memory_out_is_an_error),
        cmocka_unit_test(warming),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
