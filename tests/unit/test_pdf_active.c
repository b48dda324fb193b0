/* SPDX-License-Identifier: Apache-2.0
 * What of a PDF may look otherwise by itself, and is therefore not sealed; and what only looks like
 * that: layers that are on, links, marks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "seal/pdf.h"
#include "test_document_build.h"
#include "vanthu/limits.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
/* A layer, object 5, in the state in which the file opens. */
#define LAYERS(state) "/OCProperties<</OCGs[5 0 R]/D<</Order[5 0 R]" state ">>>>"
#define EVENTS(use) LAYERS("/ON[5 0 R]/AS[<</Event/" use "/Category[/" use "]/OCGs[5 0 R]>>]")
#define GROUP(usage) "<</Type/OCG/Name(a)/Usage<<" usage ">>>>"
#define NOTE(keys) "<</Type/Annot/Rect[0 0 9 9]" keys ">>"

static const struct row {
    const char *name, *catalog, *object; /* object: number 5, an annotation and a resource */
    const char *why;                     /* a word of it; NULL: nothing is active */
} rows[] = {
    {"nothing", "", "<<>>", NULL},
    {"script on opening", "/OpenAction<</S/JavaScript/JS(x)>>", "<<>>", "script"},
    {"script by name", "/Names<</JavaScript<</Names[(a)5 0 R]>>>>", "<</S/JavaScript/JS(x)>>",
     "script"},
    {"script without a kind", "", NOTE("/Subtype/Widget/AA<</K<</JS(x)>>>>"), "script"},
    {"script after another action", "", NOTE("/Subtype/Link/A<</S/URI/URI(x)/Next<</S/Launch>>>>"),
     "program"},
    {"action that hides", "", NOTE("/Subtype/Widget/A<</S/Hide/T(a)>>"), "hides"},
    {"action on layers", "", NOTE("/Subtype/Widget/A<</S/SetOCGState/State[/OFF 5 0 R]>>"),
     "hides"},
    {"action that fills in", "", NOTE("/Subtype/Widget/A<</S/ResetForm>>"), "fills"},
    {"import", "", NOTE("/Subtype/Widget/A<</S/ImportData/F(a)>>"), "fills"},
    {"film", "", NOTE("/Subtype/Screen"), "film"},
    {"model", "", NOTE("/Subtype/3D"), "film"},
    {"escaped name", "", NOTE("/Subtype/#53creen"), "film"},
    {"picture from another file", "",
     "<</Type/XObject/Subtype/Image/F(a.jpg)/Length 0>>\nstream\n\nendstream", "another file"},
    {"page of another file", "",
     "<</Type/XObject/Subtype/Form/Ref<</F(a.pdf)>>/Length 0>>\nstream\n\nendstream",
     "another file"},
    {"picture for paper", "",
     "<</Subtype/Image/Alternates[<</Image 5 0 R>>]/Length 0>>\nstream\n\nendstream", "paper"},
    {"annotation for paper", "", NOTE("/Subtype/Stamp/F 36"), "paper"},
    {"dynamic form", "/AcroForm<</Fields[]/XFA[(a)5 0 R]>>", "<<>>", "second form"},

    {"layer that is off", LAYERS("/OFF[5 0 R]"), GROUP(""), "layer"},
    {"layers that are off", LAYERS("/BaseState/OFF"), GROUP(""), "layer"},
    {"layers as they were", LAYERS("/BaseState/Unchanged"), GROUP(""), "layer"},
    {"layer not printed", EVENTS("Print"), GROUP("/Print<</PrintState/OFF>>"), "layer"},
    {"layer only printed", EVENTS("View"), GROUP("/View<</ViewState/OFF>>"), "layer"},
    {"layer by zoom", EVENTS("Zoom"), GROUP("/Zoom<</min 2>>"), "layer"},
    {"layer by language", EVENTS("Language"), GROUP("/Language<</Lang(vi)>>"), "layer"},
    {"layer of another state", EVENTS("View"), GROUP("/View<</ViewState/On>>"), "layer"},
    {"shown when a layer is off", LAYERS(""), "<</Type/OCMD/OCGs[5 0 R]/P/AllOff>>", "layer"},
    {"shown by a formula", LAYERS(""), "<</Type/OCMD/VE[/Not 5 0 R]>>", "layer"},

    {"layer that is on", LAYERS("/ON[5 0 R]/OFF[]"), GROUP(""), NULL},
    {"layer that is on whatever happens", EVENTS("Print"), GROUP("/Print<</PrintState/ON>>"), NULL},
    {"layer that does not say", EVENTS("View"), GROUP("/Print<</PrintState/OFF>>"), NULL},
    {"watermark of Acrobat",
     LAYERS("/ON[5 0 R]/AS[<</Event/View/Category[/View]/OCGs[5 0 R]>><</Event/Print/Category"
            "[/Print]/OCGs[5 0 R]>><</Event/Export/Category[/Export]/OCGs[5 0 R]>>]"),
     GROUP("/View<</ViewState/ON>>/Print<</PrintState/ON>>/Export<</ExportState/ON>>"
           "/PageElement<</Subtype/FG>>"),
     NULL},
    {"shown with a layer", LAYERS(""), "<</Type/OCMD/OCGs[5 0 R]/P/AllOn>>", NULL},
    {"link", "", NOTE("/Subtype/Link/A<</S/URI/URI(http://x)>>"), NULL},
    {"link inside", "", NOTE("/Subtype/Link/A<</S/GoTo/D[3 0 R/Fit]>>"), NULL},
    {"note", "", NOTE("/Subtype/Text/F 28/Contents(JavaScript)"), NULL},
    {"printed and seen", "", NOTE("/Subtype/Stamp/F 4"), NULL},
};

static struct vt_bytes make(struct build *build, const struct row *row)
{
    char text[1024];
    build_begin(build);
    (void)snprintf(text, sizeof(text), "<</Type/Catalog/Pages 2 0 R%s>>", row->catalog);
    build_object(build, 1, text);
    build_object(build, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
    build_object(build, 3,
                 "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Annots[5 0 R]"
                 "/Resources<</Properties<</L 5 0 R>>/XObject<</X 5 0 R>>>>>>");
    build_stream(build, 4, "", "n");
    build_object(build, 5, row->object);
    build_end(build, "/Root 1 0 R");
    return vt_bytes_of(build->bytes, build->len);
}

static void what_is_active(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(rows); i++) {
        static struct build build;
        struct vt_pdf_source source;
        struct vt_err err = {0};
        struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
        assert_non_null(arena);
        assert_int_equal(vt_pdf_source_open(&source, arena, make(&build, &rows[i]), &err), VT_OK);
        if (source.word != VT_SEAL_PDF_READY)
            fail_msg("%s: %s", rows[i].name, source.why);
        vt_pdf_check_active(&source);
        if ((source.word == VT_SEAL_PDF_READY) != (rows[i].why == NULL))
            fail_msg("%s: %s", rows[i].name, vt_seal_pdf_word_name(source.word));
        if (rows[i].why != NULL && strstr(source.why, rows[i].why) == NULL)
            fail_msg("%s: \"%s\"", rows[i].name, source.why);
        vt_pdf_source_close(&source);
        vt_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_active),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
