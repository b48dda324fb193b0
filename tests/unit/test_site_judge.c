/* SPDX-License-Identifier: Apache-2.0
 * What the table of agencies says of mails: kinds, effect by Article 15, what is lacking,
 * alignment, and the reasons that follow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/clock.h"
#include "vanthu/site.h"

static const char table[] =
    "agencies:\n"
    "- id: ubnd\n"
    "  name: Ủy ban nhân dân tỉnh Ninh Bình\n"
    "  confirmed: true\n"
    "  domains: ninhbinh.gov.vn\n"
    "  certificates: [{sha256: UBND, kind: agency}]\n"
    "- id: soxd\n"
    "  name: Sở Xây dựng tỉnh Ninh Bình\n"
    "  parent: ubnd\n"
    "  confirmed: true\n"
    "  domains: soxd.ninhbinh.gov.vn\n"
    "  mailboxes: xaydung@ninhbinh.gov.vn\n"
    "  aliases: [{name: Sở Giao thông vận tải tỉnh Ninh Bình, until: 2025-03-01}]\n"
    "  certificates:\n"
    "  - {sha256: XD_AGENCY, kind: agency}\n"
    "  - {sha256: XD_OLD, kind: agency, note: of the former office}\n"
    "  - {sha256: XD_PERSON, kind: person}\n"
    "  - {sha256: XD_DEVICE, kind: device}\n"
    "- id: sogd\n"
    "  name: Sở Giáo dục và Đào tạo tỉnh Ninh Bình\n"
    "  parent: ubnd\n"
    "  confirmed: true\n"
    "  domains: sogd.ninhbinh.gov.vn\n"
    "  certificates: [{sha256: GD_AGENCY, kind: agency}, {sha256: GD_PERSON, kind: person}]\n"
    "- id: sonv\n"
    "  name: Sở Nội vụ tỉnh Ninh Bình\n"
    "  domains: sonv.ninhbinh.gov.vn\n"
    "  certificates: [{sha256: NV_AGENCY, kind: agency}, {sha256: NV_PERSON, kind: person}]\n"
    "- id: vpcp\n"
    "  name: Văn phòng Chính phủ\n"
    "  confirmed: true\n"
    "  domains: chinhphu.vn\n"
    "  certificates: [{sha256: CP_AGENCY, kind: agency}, {sha256: CP_PERSON, kind: person}]\n"
    "- id: moc\n"
    "  name: Bộ Xây dựng\n"
    "  confirmed: true\n"
    "  domains: moc.gov.vn\n"
    "  certificates: [{sha256: BX_AGENCY, kind: agency}]\n"
    "- id: thpt\n"
    "  name: Trường THPT Hoa Lư A\n"
    "  confirmed: true\n"
    "  domains: thpthoalua.edu.vn\n"
    "  certificates: [{sha256: TH_AGENCY, kind: agency}]\n"
    "- id: cty\n"
    "  name: Công ty Điện lực Ninh Bình\n"
    "  class: other\n"
    "  confirmed: true\n"
    "  domains: pcninhbinh.vn\n"
    "  certificates: [{sha256: CT_AGENCY, kind: agency}, {sha256: CT_PERSON, kind: person}]\n"
    "exemptions:\n"
    "- {domains: bca.gov.vn, reason: Quy chế không áp dụng cho công an}\n"
    "- {agencies: sogd, documents: [\"*.xlsx\", \"giấy mời*\"], until: 2026-07-01, reason: CV "
    "12}\n";

/* One letter each, with what the certificate says. */
static const struct {
    char letter;
    const char *place; /* in the table */
    const char *common_name, *organization, *email;
} certificates[] = {
    {'u', "UBND", "ỦY BAN NHÂN DÂN TỈNH NINH BÌNH", NULL, "vanthu@ninhbinh.gov.vn"},
    {'a', "XD_AGENCY", "SỞ XÂY DỰNG", "UBND tỉnh Ninh Bình", "vanthu@soxd.ninhbinh.gov.vn"},
    {'b', "XD_OLD", "SỞ GIAO THÔNG VẬN TẢI", "UBND tỉnh Ninh Bình",
     "vanthu@sogtvt.ninhbinh.gov.vn"},
    {'c', "XD_PERSON", "Nguyễn Văn A", "Sở Xây dựng", "a.nv@soxd.ninhbinh.gov.vn"},
    {'d', "XD_DEVICE", "mx1.soxd.ninhbinh.gov.vn", NULL, NULL},
    {'e', "GD_AGENCY", "SỞ GIÁO DỤC VÀ ĐÀO TẠO", NULL, "vanthu@sogd.ninhbinh.gov.vn"},
    {'f', "GD_PERSON", "Trần Thị B", "Sở Giáo dục và Đào tạo", NULL},
    {'0', "NV_AGENCY", "SỞ NỘI VỤ", NULL, "vanthu@sonv.ninhbinh.gov.vn"},
    {'1', "NV_PERSON", "Lê Văn C", "Sở Nội vụ", NULL},
    {'2', "CP_AGENCY", "VĂN PHÒNG CHÍNH PHỦ", NULL, "vanthu@chinhphu.vn"},
    {'3', "CP_PERSON", "Phạm Văn D", "Chính phủ", "d@chinhphu.vn"},
    {'4', "BX_AGENCY", "BỘ XÂY DỰNG", NULL, "vanthu@moc.gov.vn"},
    {'5', "TH_AGENCY", "TRƯỜNG THPT HOA LƯ A", NULL, "vanthu@thpthoalua.edu.vn"},
    {'6', "CT_AGENCY", "CÔNG TY ĐIỆN LỰC NINH BÌNH", NULL, "info@pcninhbinh.vn"},
    {'7', "CT_PERSON", "Hoàng Thị E", NULL, "e@pcninhbinh.vn"},
    {'8', NULL, "AI ĐÓ", NULL, "ai@example.vn"}, /* in no table */
    {'9', NULL, "KHÔNG CÓ THƯ", NULL, NULL},
};
#define CERTIFICATES (sizeof(certificates) / sizeof(certificates[0]))

static struct vt_site *site;

/* Sixteen letters are digits; the other is a pair of them. */
static void digest_of(char letter, char out[65])
{
    memset(out, letter, 64);
    out[64] = '\0';
    for (size_t i = 0; letter == 'u' && i < 64; i++)
        out[i] = i % 2 == 0 ? 'a' : 'b';
}

static int read_table(void **state)
{
    (void)state;
    struct vt_buf text;
    struct vt_mistakes mistakes;
    vt_buf_init(&text, 65536);
    vt_mistakes_init(&mistakes);
    for (const char *at = table; *at != '\0';) {
        size_t len = 0;
        for (size_t i = 0; i < CERTIFICATES && len == 0; i++) {
            const char *place = certificates[i].place;
            if (place != NULL && at > table + 8 && strncmp(at - 8, "sha256: ", 8) == 0 &&
                strncmp(at, place, strlen(place)) == 0 && strchr(",", at[strlen(place)]) != NULL) {
                char digest[65];
                digest_of(certificates[i].letter, digest);
                len = strlen(place);
                assert_int_equal(vt_buf_add(&text, "\"", 1), VT_OK);
                assert_int_equal(vt_buf_add(&text, digest, 64), VT_OK);
                assert_int_equal(vt_buf_add(&text, "\"", 1), VT_OK);
            }
        }
        if (len == 0) {
            assert_int_equal(vt_buf_add(&text, at, 1), VT_OK);
            len = 1;
        }
        at += len;
    }
    enum vt_code code = vt_site_parse(vt_buf_bytes(&text), "a.yaml", &site, &mistakes, NULL);
    if (mistakes.count > 0)
        print_error("%u:%u %s\n", mistakes.items[0].line, mistakes.items[0].column,
                    mistakes.items[0].text);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&text);
    return code == VT_OK ? 0 : -1;
}

static int free_table(void **state)
{
    (void)state;
    vt_site_free(site);
    return 0;
}

#define NOW vt_time_from_civil(2026, 6, 1, 0, 0, 0)
#define MOST 6

/* Signatures are written as a letter with "+" valid, "-" failed, "~" not determined; then "p" for
 * the public set (otherwise official), "4" for a claimed, "P" for a proven time in 2024; "t+" is a
 * time stamp of the document. */
struct file {
    const char *name, *signatures;
    enum vt_format format; /* 0: PDF */
    const char *path;
    vt_reasons reasons;
    bool is_inline, is_nested, is_companion, is_due; /* is_due: the evidence expects a signature */
    struct vt_document_hints hints;
    enum vt_use first_use; /* of its first signature, by the evidence */
};
struct mail {
    const char *from;
    const char *subject;
    bool is_other, is_forged, is_list;
    enum vt_direction direction;
    bool is_without_table;
};
struct test_case {
    const char *name;
    struct mail mail;
    struct file files[MOST];
    const char *wanted;
};

static void fill_signer(struct vt_certificate_facts *out, char letter)
{
    digest_of(letter, out->sha256);
    for (size_t i = 0; i < CERTIFICATES; i++) {
        if (certificates[i].letter != letter)
            continue;
        out->common_name = certificates[i].common_name;
        out->organization = certificates[i].organization;
        out->email = certificates[i].email;
        return;
    }
    fail_msg("no certificate %c", letter);
}

static size_t fill_signatures(struct vt_arena *arena, const char *text, struct vt_signature **out)
{
    size_t count = 0;
    *out = vt_arena_alloc(arena, 8 * sizeof(**out));
    for (const char *at = text == NULL ? "" : text; *at != '\0';) {
        struct vt_signature *s = &(*out)[count++];
        int64_t then = vt_time_from_civil(2024, 6, 1, 0, 0, 0);
        s->trust_set = "official";
        s->judged_at_utc_secs = s->signing_time_utc_secs = NOW;
        if (*at == 't')
            s->format = VT_SIGNATURE_DOCTIMESTAMP;
        else
            fill_signer(&s->signer, *at);
        at++;
        s->indication = *at == '+'   ? VT_TOTAL_PASSED
                        : *at == '-' ? VT_TOTAL_FAILED
                                     : VT_INDETERMINATE;
        for (at++; *at != '\0' && *at != ' '; at++) {
            if (*at == 'p')
                s->trust_set = "public";
            if (*at == '4' || *at == 'P')
                s->signing_time_utc_secs = then;
            if (*at == 'P')
                s->judged_at_utc_secs = then;
        }
        at += strspn(at, " ");
    }
    return count;
}

static void fill(struct vt_arena *arena, const struct test_case *c, struct vt_evidence *out)
{
    const struct mail *m = &c->mail;
    static const char *recipients[] = {"x@soxd.ninhbinh.gov.vn", "y@soxd.ninhbinh.gov.vn",
                                       "z@nowhere.vn", "a@ninhbinh.gov.vn"};
    out->mail = (struct vt_mail){.from = m->from,
                                 .from_count = m->from != NULL,
                                 .sender = m->from,
                                 .subject = m->subject,
                                 .direction = m->direction,
                                 .sender_class = m->is_other ? VT_SENDER_OTHER : VT_SENDER_STATE,
                                 .sender_aligned = !m->is_forged,
                                 .is_list = m->is_list,
                                 .recipients = recipients,
                                 .recipients_count = 4};
    out->documents = vt_arena_alloc(arena, MOST * sizeof(*out->documents));
    for (size_t i = 0; i < MOST && c->files[i].name != NULL; i++) {
        const struct file *f = &c->files[i];
        struct vt_document *d = &out->documents[out->documents_count++];
        d->name = f->name;
        d->path = f->path != NULL ? f->path : f->name;
        d->format = f->format == VT_FORMAT_UNKNOWN ? VT_FORMAT_PDF : f->format;
        d->reasons = f->reasons;
        d->nested = f->is_nested;
        d->attachment = !f->is_inline;
        d->is_official =
            !f->is_inline && d->format != VT_FORMAT_IMAGE && d->format != VT_FORMAT_TEXT;
        d->beside = f->is_companion ? VT_BESIDE_COMPANION : VT_BESIDE_NONE;
        d->expects_signature = f->is_due;
        d->signatures_count = fill_signatures(arena, f->signatures, &d->signatures);
        d->hints = f->hints;
        d->signatures[0].hints.use = f->first_use;
    }
}

static void add_reasons(char *out, size_t out_bytes, vt_reasons reasons)
{
    bool is_first = true;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        size_t used = strlen(out);
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        (void)snprintf(out + used, out_bytes - used, "%s%s", is_first ? " " : ",",
                       vt_reason_info((enum vt_reason)i)->code);
        is_first = false;
    }
}

/* "effect/lacks agency/lacks person REASONS [-EXCUSED] {kind/agency/alignment REASONS}…" for each
 * document, with "; " between them. */
static const char *const uses[VT_USES] = {"", " number-date", " copy", " annex", " incoming"};

static void describe(const struct vt_site_facts *facts, char *out, size_t out_bytes)
{
    out[0] = '\0';
    for (size_t i = 0; i < facts->documents_count; i++) {
        const struct vt_site_document *d = &facts->documents[i];
        size_t used = strlen(out);
        (void)snprintf(out + used, out_bytes - used, "%s%s/%s/%s", i > 0 ? "; " : "",
                       vt_effect_name(d->effect), vt_truth_name(d->lacks_agency_signature),
                       vt_truth_name(d->lacks_person_signature));
        add_reasons(out, out_bytes, d->reasons);
        if (d->excused != 0)
            strcat(out, " but not");
        add_reasons(out, out_bytes, d->excused);
        for (size_t s = 0; s < d->signatures_count; s++) {
            const struct vt_site_signature *sig = &d->signatures[s];
            used = strlen(out);
            (void)snprintf(out + used, out_bytes - used, " {%s/%s/%s", vt_kind_name(sig->kind),
                           sig->agency == NULL ? "-" : sig->agency,
                           vt_alignment_name(sig->alignment));
            add_reasons(out, out_bytes, sig->reasons);
            strcat(out, uses[sig->use]);
            strcat(out, "}");
        }
    }
}

static size_t run(const struct test_case *cases, size_t count)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const struct test_case *c = &cases[i];
        struct vt_arena *arena = vt_arena_new(1 << 20);
        struct vt_evidence evidence = {0};
        struct vt_site_facts *facts = NULL;
        char said[2048];
        fill(arena, c, &evidence);
        const struct vt_site_input input = {.evidence = &evidence,
                                            .site = c->mail.is_without_table ? NULL : site,
                                            .now_utc_secs = NOW,
                                            .official_only_since_utc_secs =
                                                vt_time_from_civil(2025, 12, 30, 17, 0, 0)};
        assert_int_equal(vt_site_judge(arena, &input, &facts, NULL), VT_OK);
        describe(facts, said, sizeof(said));
        if (strcmp(said, c->wanted) != 0) {
            print_error("%s:\n  %s\nwanted\n  %s\n", c->name, said, c->wanted);
            wrong++;
        }
        vt_arena_free(arena);
    }
    return wrong;
}

#define XD "vanthu@soxd.ninhbinh.gov.vn"
#define GD "vanthu@sogd.ninhbinh.gov.vn"
#define NV "vanthu@sonv.ninhbinh.gov.vn"
#define BIT(reason) VT_REASON_BIT(VT_REASON_##reason)

static void effects_and_lacks(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"leader and seal",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}"},
        {"leader, number, date, seal: four of them (R-66)",
         {.from = XD},
         {{.name = "1-QD.signed.signed.pdf", .signatures = "c+ a+ a+ a+", .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact} {agency/soxd/exact} "
         "{agency/soxd/exact}"},
        {"two leaders, no seal",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ c+", .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency} {person/soxd/agency}"},
        {"seal alone on a PDF: it may be a scan (R-07)",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "a+", .is_due = true}},
         "seal/no/unknown {agency/soxd/exact}"},
        {"seal alone on a Word file: no scan",
         {.from = XD},
         {{.name = "1-QD.docx", .signatures = "a+", .format = VT_FORMAT_OOXML, .is_due = true}},
         "seal/no/yes NO_PERSON_SIG {agency/soxd/exact}"},
        {"seal alone on a copy (R-62)",
         {.from = XD},
         {{.name = "SAO Y 1-QD.docx",
           .signatures = "a+",
           .format = VT_FORMAT_OOXML,
           .is_due = true}},
         "seal/no/no {agency/soxd/exact}"},
        {"copy signed by a person",
         {.from = XD},
         {{.name = "1-QĐ (Sao lục).pdf", .signatures = "c+", .is_due = true}},
         "signature/yes/no COPY_INVALID {person/soxd/agency}"},
        {"a question is no copy",
         {.from = XD},
         {{.name = "Vì sao ý kiến khác.pdf", .signatures = "c+", .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency}"},
        {"seal alone on an annex of its own (R-61)",
         {.from = XD},
         {{.name = "Phụ lục 1.docx",
           .signatures = "a+",
           .format = VT_FORMAT_OOXML,
           .is_due = true}},
         "seal/no/no {agency/soxd/exact}"},
        {"person alone on an annex",
         {.from = XD},
         {{.name = "PL1.pdf", .signatures = "c+", .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency}"},
        {"device alone: neither signature nor seal",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "d+", .is_due = true}},
         "none/yes/unknown NO_AGENCY_SIG {device/soxd/agency}"},
        {"unknown kind alone",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "8+", .is_due = true}},
         "unknown/unknown/unknown {unknown/-/none}"},
        {"person and unknown kind: it may be the seal",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ 8+", .is_due = true}},
         "unknown/unknown/no {person/soxd/agency} {unknown/-/none}"},
        {"seal and unknown kind",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "a+ 8+", .is_due = true}},
         "unknown/no/unknown {agency/soxd/exact} {unknown/-/none}"},
        {"both, and one of unknown kind",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "a+ c+ 8+", .is_due = true}},
         "signature-and-seal/no/no {agency/soxd/exact} {person/soxd/agency} {unknown/-/none}"},
        {"person, and a seal that could not be judged",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a~", .is_due = true}},
         "unknown/unknown/no {person/soxd/agency} {agency/soxd/exact}"},
        {"person, and a person that could not be judged",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ c~", .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency} {person/soxd/agency}"},
        {"person, and a broken seal: what is broken is told, not what is missing",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a-", .is_due = true}},
         "signature/yes/no {person/soxd/agency} {agency/soxd/exact}"},
        {"all broken",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c- a-", .is_due = true}},
         "none/yes/unknown {person/soxd/agency} {agency/soxd/exact}"},
        {"a time stamp of the document is nobody's signature",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ t+", .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency} {unknown/-/unknown}"},
        {"unsigned",
         {.from = XD},
         {{.name = "1-QD.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "none/yes/unknown"},
        {"unsigned Word file",
         {.from = XD},
         {{.name = "1-QD.docx",
           .format = VT_FORMAT_OOXML,
           .reasons = BIT(NO_SIGNATURE),
           .is_due = true}},
         "none/yes/yes"},
        {"encrypted file: nobody knows",
         {.from = XD},
         {{.name = "1-QD.pdf", .reasons = BIT(FILE_UNREADABLE), .is_due = true}},
         "unknown/unknown/unknown"},
        {"a citizen's photo",
         {.from = "dan@gmail.com", .is_other = true},
         {{.name = "anh.jpg", .format = VT_FORMAT_IMAGE}},
         "none/unknown/unknown"},
        {"text of a mail",
         {.from = XD},
         {{.name = "", .format = VT_FORMAT_TEXT, .is_inline = true}},
         "none/unknown/unknown"},
        {"unsigned Word copy beside the signed PDF",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "1-QD.docx", .format = VT_FORMAT_OOXML, .is_companion = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; none/unknown/unknown"},
        {"without a table",
         {.from = XD, .is_without_table = true},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true}},
         "unknown/unknown/unknown {unknown/-/domain} {unknown/-/exact}"},
        {"without a table, unsigned",
         {.from = XD, .is_without_table = true},
         {{.name = "1-QD.pdf", .is_due = true}},
         "none/yes/unknown"},
        {"the mail's own signature is no document",
         {.from = XD},
         {{.name = "", .signatures = "c+", .format = VT_FORMAT_SMIME}},
         "signature/unknown/unknown {person/soxd/agency}"},
    };
    assert_int_equal(run(cases, sizeof(cases) / sizeof(cases[0])), 0);
}

static void only_where_it_is_sure(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"sender not confirmed",
         {.from = NV},
         {{.name = "1-QD.pdf", .signatures = "1+", .is_due = true}},
         "signature/yes/no {person/sonv/agency}"},
        {"signer not confirmed",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "1+", .is_due = true}},
         "signature/yes/no {person/sonv/none}"},
        {"internal mail: only what is broken is told",
         {.from = XD, .direction = VT_INTERNAL},
         {{.name = "1-QD.pdf", .signatures = "c+"}},
         "signature/yes/no {person/soxd/agency}"},
        {"outbound",
         {.from = XD, .direction = VT_OUTBOUND},
         {{.name = "1-QD.pdf", .signatures = "c+"}},
         "signature/yes/no {person/soxd/agency}"},
        {"an enterprise",
         {.from = "info@pcninhbinh.vn", .is_other = true},
         {{.name = "1.pdf", .signatures = "7+"}},
         "signature/yes/no {person/cty/agency}"},
        {"sender in no table",
         {.from = "a@b.gov.vn"},
         {{.name = "1-QD.pdf", .signatures = "c+", .is_due = true}},
         "signature/yes/no {person/soxd/none}"},
        {"none is due",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+"}},
         "signature/yes/no {person/soxd/agency}"},
        {"by the domain of the agency's own box",
         {.from = "XayDung@ninhbinh.gov.vn"},
         {{.name = "1-QD.pdf", .signatures = "c+", .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency}"},
        {"of the police (R-20)",
         {.from = "a@bca.gov.vn"},
         {{.name = "1-QD.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "none/no/no but not NO_SIGNATURE"},
        {"of the police by From alone",
         {.from = "a@bca.gov.vn", .is_forged = true},
         {{.name = "1-QD.signed.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "none/yes/unknown"},
        {"of the police, from inside",
         {.from = "a@bca.gov.vn", .is_forged = true, .direction = VT_INTERNAL},
         {{.name = "1-QD.signed.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "none/no/no but not NO_SIGNATURE"},
        {"exempt kind of document",
         {.from = GD},
         {{.name = "Bảng điểm.XLSX",
           .format = VT_FORMAT_OOXML,
           .reasons = BIT(NO_SIGNATURE),
           .is_due = true},
          {.name = "1-QD.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "none/no/no but not NO_SIGNATURE; none/yes/unknown"},
        {"exempt name, signed by a person",
         {.from = GD},
         {{.name = "GIẤY MỜI họp.pdf", .signatures = "f+", .is_due = true}},
         "signature/no/no {person/sogd/agency}"},
        {"another agency is not exempt",
         {.from = XD},
         {{.name = "a.xlsx",
           .format = VT_FORMAT_OOXML,
           .reasons = BIT(NO_SIGNATURE),
           .is_due = true}},
         "none/yes/yes"},
    };
    assert_int_equal(run(cases, sizeof(cases) / sizeof(cases[0])), 0);
}

static void schools_are_of_the_state(void **state)
{
    (void)state;
    static const char school[] = "vanthu@thpthoalua.edu.vn";
    static const struct test_case cases[] = {
        {"unsigned",
         {.from = school, .is_other = true},
         {{.name = "1-BC.pdf"}},
         "none/yes/unknown NO_SIGNATURE"},
        {"unsigned, address not proven",
         {.from = school, .is_other = true, .is_forged = true},
         {{.name = "1-BC.pdf"}},
         "none/yes/unknown"},
        {"companion",
         {.from = school, .is_other = true},
         {{.name = "1-BC.docx", .format = VT_FORMAT_OOXML, .is_companion = true}},
         "none/unknown/unknown UNSIGNED_COMPANION"},
        {"photo",
         {.from = school, .is_other = true},
         {{.name = "1.jpg", .format = VT_FORMAT_IMAGE}},
         "none/unknown/unknown"},
        {"encrypted",
         {.from = school, .is_other = true},
         {{.name = "1.pdf", .reasons = BIT(FILE_UNREADABLE)}},
         "unknown/unknown/unknown"},
        {"public certificate in 2026 (R-11)",
         {.from = school, .is_other = true},
         {{.name = "1-BC.pdf", .signatures = "5+p"}},
         "seal/no/unknown {agency/thpt/exact WRONG_KIND}"},
        {"public certificate, proven time before",
         {.from = school, .is_other = true},
         {{.name = "1-BC.pdf", .signatures = "5+pP"}},
         "seal/no/unknown {agency/thpt/exact}"},
        {"public certificate, claimed time before: proves nothing",
         {.from = school, .is_other = true},
         {{.name = "1-BC.pdf", .signatures = "5+p4"}},
         "seal/no/unknown {agency/thpt/exact WRONG_KIND}"},
        {"public certificate, failed: its own reason",
         {.from = school, .is_other = true},
         {{.name = "1-BC.pdf", .signatures = "5-p"}},
         "none/yes/unknown {agency/thpt/exact}"},
        {"an enterprise uses it for ever",
         {.from = "info@pcninhbinh.vn", .is_other = true},
         {{.name = "1.pdf", .signatures = "6+p"}},
         "seal/no/unknown {agency/cty/exact}"},
        {"an enterprise's document passed on by an office",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "6+p", .is_due = true}},
         "seal/no/unknown {agency/cty/none NAME_MISMATCH}"},
        {"somebody's public certificate passed on by an office",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "8+p", .is_due = true}},
         "unknown/unknown/unknown {unknown/-/none}"},
        {"agency not confirmed",
         {.from = NV},
         {{.name = "1.pdf", .signatures = "0+p", .is_due = true}},
         "seal/no/unknown {agency/sonv/exact}"},
    };
    assert_int_equal(run(cases, sizeof(cases) / sizeof(cases[0])), 0);
}

static void names_and_alignment(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"old name, today",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "b+", .is_due = true}},
         "seal/no/unknown {agency/soxd/agency NAME_MISMATCH}"},
        {"old name, proven to be of its time",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "b+P", .is_due = true}},
         "seal/no/unknown {agency/soxd/agency}"},
        {"old name, claimed to be of its time: nothing is said when unsure",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "b+4", .is_due = true}},
         "seal/no/unknown {agency/soxd/agency}"},
        {"another office's seal",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "e+", .is_due = true}},
         "seal/no/unknown {agency/sogd/none NAME_MISMATCH}"},
        {"forwarded",
         {.from = XD, .subject = "Fwd: Công văn 12"},
         {{.name = "1.pdf", .signatures = "e+", .is_due = true}},
         "seal/no/unknown {agency/sogd/none}"},
        {"forwarded, in Vietnamese",
         {.from = XD, .subject = "Chuyển tiếp: Công văn 12"},
         {{.name = "1.pdf", .signatures = "e+", .is_due = true}},
         "seal/no/unknown {agency/sogd/none}"},
        {"within a forwarded mail",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "e+", .is_due = true, .is_nested = true}},
         "seal/no/unknown {agency/sogd/none}"},
        {"over a list",
         {.from = XD, .is_list = true},
         {{.name = "1.pdf", .signatures = "e+", .is_due = true}},
         "seal/no/unknown {agency/sogd/none}"},
        {"another's, with an own incoming stamp (R-67)",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "e+ a+", .is_due = true}},
         "seal/no/unknown {agency/sogd/none} {agency/soxd/exact incoming}"},
        {"of the office above",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "u+", .is_due = true}},
         "seal/no/unknown {agency/ubnd/agency}"},
        {"signer not confirmed",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "0+", .is_due = true}},
         "seal/no/unknown {agency/sonv/none}"},
        {"a person of another office",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "f+ a+", .is_due = true}},
         "signature-and-seal/no/no {person/sogd/none} {agency/soxd/exact}"},
        {"a decree with four signatures, forwarded by a ministry",
         {.from = "vanthu@moc.gov.vn", .subject = "FW: Nghị định"},
         {{.name = "68-ND.signed.pdf", .signatures = "3+ 2+ 2+ 2+", .is_due = true}},
         "signature-and-seal/no/no {person/vpcp/none} {agency/vpcp/none} {agency/vpcp/none} "
         "{agency/vpcp/none}"},
        {"exact, in capitals",
         {.from = "VANTHU@SOXD.ninhbinh.gov.vn"},
         {{.name = "1.pdf", .signatures = "a+", .is_due = true}},
         "seal/no/unknown {agency/soxd/exact}"},
        {"same domain, in no table",
         {.from = "b@example.vn", .is_other = true},
         {{.name = "1.pdf", .signatures = "8+"}},
         "unknown/unknown/unknown {unknown/-/domain}"},
        {"signer without mail and table",
         {.from = XD},
         {{.name = "1.pdf", .signatures = "9+", .is_due = true}},
         "unknown/unknown/unknown {unknown/-/unknown}"},
        {"no sender, as of a file",
         {.from = NULL},
         {{.name = "1.pdf", .signatures = "a+"}},
         "seal/no/unknown {agency/soxd/unknown}"},
    };
    assert_int_equal(run(cases, sizeof(cases) / sizeof(cases[0])), 0);
}

/* What can be told without proof makes nothing valid; where it is electronic for sure, a person's
 * signature is missed. */
static void hints(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"a scan may do without a person's",
         {.from = XD},
         {{.name = "1-QD.pdf",
           .signatures = "a+",
           .is_due = true,
           .hints = {.made = VT_MADE_SCAN}}},
         "seal/no/unknown {agency/soxd/exact}"},
        {"made by a program",
         {.from = XD},
         {{.name = "1-QD.pdf",
           .signatures = "a+",
           .is_due = true,
           .hints = {.made = VT_MADE_ELECTRONIC}}},
         "seal/no/yes NO_PERSON_SIG {agency/soxd/exact}"},
        {"a copy made by a program",
         {.from = XD},
         {{.name = "SAO Y 1-QD.pdf",
           .signatures = "a+",
           .is_due = true,
           .hints = {.made = VT_MADE_ELECTRONIC}}},
         "seal/no/no {agency/soxd/exact}"},
        {"the picture of a seal, of the state by the table",
         {.from = "a@thpthoalua.edu.vn", .is_other = true},
         {{.name = "1-QD.pdf", .hints = {.seal_page = 2}}},
         "none/yes/unknown IMAGE_ONLY"},
        {"the picture of a seal in an annex",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "phuluc1.pdf",
           .reasons = BIT(IMAGE_ONLY),
           .is_due = true,
           .hints = {.seal_page = 1}}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; "
         "none/yes/no ANNEX_UNSIGNED but not IMAGE_ONLY"},
        {"a recipient's stamp",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+ 4+", .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact} "
         "{agency/moc/none incoming}"},
        {"an agency's copy of another's document",
         {.from = XD},
         {{.name = "SAO Y 1-QD.pdf", .signatures = "4+ a+", .is_due = true}},
         "seal/no/no {agency/moc/none} {agency/soxd/exact copy}"},
        {"number, seal: one agency",
         {.from = XD},
         {{.name = "1-QD.pdf",
           .signatures = "a+ c+ a+",
           .is_due = true,
           .first_use = VT_USE_NUMBER_DATE}},
         "signature-and-seal/no/no {agency/soxd/exact number-date} {person/soxd/agency} "
         "{agency/soxd/exact}"},
        {"a broken signature stands before nothing",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "4- a+", .is_due = true}},
         "seal/no/unknown {agency/moc/none} {agency/soxd/exact}"},
    };
    assert_int_equal(run(cases, sizeof(cases) / sizeof(cases[0])), 0);
}

static void annexes(void **state)
{
    (void)state;
    static const struct test_case cases[] = {
        {"unsigned annex beside a sealed document",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "Phụ lục kèm theo QĐ 1.xlsx",
           .format = VT_FORMAT_OOXML,
           .reasons = BIT(NO_SIGNATURE),
           .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; "
         "none/yes/no ANNEX_UNSIGNED but not NO_SIGNATURE"},
        {"not called an annex",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "Ảnh chụp.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; none/yes/unknown"},
        {"no document is sealed",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+", .is_due = true},
          {.name = "phuluc1.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "signature/yes/no NO_AGENCY_SIG {person/soxd/agency}; none/yes/no"},
        {"sealed by an agency that is not confirmed",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "0+", .is_due = true},
          {.name = "phuluc1.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "seal/no/unknown {agency/sonv/none}; none/yes/no"},
        {"sender not confirmed",
         {.from = NV},
         {{.name = "1-QD.pdf", .signatures = "0+", .is_due = true},
          {.name = "phuluc1.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "seal/no/unknown {agency/sonv/exact}; none/yes/no"},
        {"a folder of annexes, two unsigned",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "bieu 1.pdf", .path = "2/PHU LUC.zip/bieu 1.pdf", .signatures = "a+"},
          {.name = "bieu 2.pdf", .path = "2/PHU LUC.zip/bieu 2.pdf"},
          {.name = "bieu 3.xlsx", .path = "2/PHU LUC.zip/bieu 3.xlsx", .format = VT_FORMAT_OOXML}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; "
         "seal/no/no {agency/soxd/exact}; none/yes/no ANNEX_UNSIGNED; none/yes/no ANNEX_UNSIGNED"},
        {"annex that is encrypted",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "phu luc 2.pdf", .reasons = BIT(FILE_UNREADABLE), .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; unknown/unknown/no"},
        {"Word copy of the annex",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "PL 01.docx", .format = VT_FORMAT_OOXML, .is_companion = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; none/unknown/unknown"},
        {"words that only begin so",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "Plan 2026.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; none/yes/unknown"},
        {"annex in a forwarded mail, main document outside",
         {.from = XD},
         {{.name = "1-QD.pdf", .signatures = "c+ a+", .is_due = true},
          {.name = "PL1.pdf", .reasons = BIT(NO_SIGNATURE), .is_due = true, .is_nested = true}},
         "signature-and-seal/no/no {person/soxd/agency} {agency/soxd/exact}; none/yes/no"},
        {"exempt annex",
         {.from = GD},
         {{.name = "1-QD.pdf", .signatures = "f+ e+", .is_due = true},
          {.name = "PL1.xlsx",
           .format = VT_FORMAT_OOXML,
           .reasons = BIT(NO_SIGNATURE),
           .is_due = true}},
         "signature-and-seal/no/no {person/sogd/agency} {agency/sogd/exact}; "
         "none/no/no but not NO_SIGNATURE"},
    };
    assert_int_equal(run(cases, sizeof(cases) / sizeof(cases[0])), 0);
}

static void sender_and_recipients(void **state)
{
    (void)state;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    const struct test_case c = {"", {.from = XD}, {{0}}, ""};
    struct vt_evidence evidence = {0};
    struct vt_site_facts *facts = NULL;
    fill(arena, &c, &evidence);
    struct vt_site_input input = {.evidence = &evidence, .site = site, .now_utc_secs = NOW};
    assert_int_equal(vt_site_judge(arena, &input, &facts, NULL), VT_OK);
    assert_string_equal(facts->sender_agency, "soxd");
    assert_int_equal(facts->recipient_agencies_count, 2);
    assert_string_equal(facts->recipient_agencies[0], "soxd");
    assert_string_equal(facts->recipient_agencies[1], "ubnd");
    /* Of several From addresses none is the sender; the envelope is. */
    evidence.mail.from = GD;
    evidence.mail.from_count = 2;
    assert_int_equal(vt_site_judge(arena, &input, &facts, NULL), VT_OK);
    assert_string_equal(facts->sender_agency, "soxd");
    evidence.mail.sender = "";
    assert_int_equal(vt_site_judge(arena, &input, &facts, NULL), VT_OK);
    assert_null(facts->sender_agency);
    vt_arena_free(arena);
}

/* What logs and headers show is what the policy sees. */
static void reasons_are_those_of_both(void **state)
{
    (void)state;
    struct vt_signature signature = {.reasons = BIT(CERT_EXPIRED_SINCE)};
    struct vt_document documents[] = {
        {.reasons = BIT(NO_SIGNATURE)},
        {.reasons = BIT(CHANGE_UNCLEAR), .signatures = &signature, .signatures_count = 1}};
    const struct vt_evidence evidence = {
        .reasons = BIT(TOO_LARGE), .documents = documents, .documents_count = 2};
    struct vt_site_signature its = {.reasons = BIT(WRONG_KIND)};
    struct vt_site_document said[] = {
        {.reasons = BIT(ANNEX_UNSIGNED), .excused = BIT(NO_SIGNATURE)},
        {.signatures = &its, .signatures_count = 1}};
    const struct vt_site_facts facts = {.documents = said, .documents_count = 2};
    const vt_reasons signed_ones = BIT(CHANGE_UNCLEAR) | BIT(CERT_EXPIRED_SINCE);
    assert_true(vt_site_document_reasons(&evidence, &facts, 0) == BIT(ANNEX_UNSIGNED));
    assert_true(vt_site_document_reasons(&evidence, &facts, 1) == (signed_ones | BIT(WRONG_KIND)));
    assert_true(vt_site_document_reasons(&evidence, NULL, 0) == BIT(NO_SIGNATURE));
    assert_true(vt_site_all_reasons(&evidence, NULL) == vt_evidence_all_reasons(&evidence));
    assert_true(vt_site_all_reasons(&evidence, &facts) ==
                (signed_ones | BIT(WRONG_KIND) | BIT(ANNEX_UNSIGNED) | BIT(TOO_LARGE)));
}

/* Without memory there is no answer, and never half of one. */
static void memory_is_out(void **state)
{
    (void)state;
    const struct test_case c = {"", {.from = XD}, {{.name = "1.pdf", .signatures = "a+"}}, ""};
    struct vt_arena *whole = vt_arena_new(1 << 20);
    struct vt_evidence evidence = {0};
    fill(whole, &c, &evidence);
    const struct vt_site_input input = {.evidence = &evidence, .site = site, .now_utc_secs = NOW};
    size_t failed = 0;
    for (size_t most = 0; most < 2000; most += 16) {
        struct vt_arena *arena = vt_arena_new(most);
        struct vt_site_facts *facts = NULL;
        if (arena != NULL && vt_site_judge(arena, &input, &facts, NULL) != VT_OK) {
            assert_null(facts);
            failed++;
        }
        vt_arena_free(arena);
    }
    assert_true(failed > 3);
    vt_arena_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_and_lacks),
        cmocka_unit_test(only_where_it_is_sure),
        cmocka_unit_test(schools_are_of_the_state),
        cmocka_unit_test(names_and_alignment),
        cmocka_unit_test(hints),
        cmocka_unit_test(annexes),
        cmocka_unit_test(sender_and_recipients),
        cmocka_unit_test(reasons_are_those_of_both),
        cmocka_unit_test(memory_is_out),
    };
    return cmocka_run_group_tests(tests, read_table, free_table);
}
