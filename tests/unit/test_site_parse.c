/* SPDX-License-Identifier: Apache-2.0
 * Reading agencies.yaml: every mistake at its place, what is read is found again, and a table of
 * the largest size is read in time. */
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

#define DIGEST_A_REST "000000000000000000000000000000000000000000000000000000000001"
#define DIGEST_A "aa00" DIGEST_A_REST
#define DIGEST_B "bb00000000000000000000000000000000000000000000000000000000000002"

/* The mistakes as "line:column: text", warnings as "line:column: warning: text". */
static char *parse(const char *text, struct vt_site **out)
{
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    *out = NULL;
    enum vt_code code = vt_site_parse(vt_bytes_str(text), "a.yaml", out, &mistakes, NULL);
    assert_int_equal(code, mistakes.errors_count > 0 ? VT_E_CONFIG : VT_OK);
    char *said = calloc(1, 8192);
    assert_non_null(said);
    for (size_t i = 0; i < mistakes.count; i++) {
        const struct vt_mistake *m = &mistakes.items[i];
        size_t used = strlen(said);
        assert_string_equal(m->file, "a.yaml");
        (void)snprintf(said + used, 8192 - used, "%s%u:%u: %s%s", i > 0 ? "\n" : "", m->line,
                       m->column, m->warning ? "warning: " : "", m->text);
    }
    vt_mistakes_clear(&mistakes);
    return said;
}

#define AGENCY "agencies:\n- id: x\n  name: X\n"

static void mistakes_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text, *wanted;
    } cases[] = {
        {"empty", "", "1:1: the file is empty: a table has \"agencies:\""},
        {"no mapping", "- a\n", "1:1: a table is written as \"key: value\" lines"},
        {"no agencies", "exemptions: []\n", "1:1: a table has \"agencies:\""},
        {"misspelt top key", "agency: []\nagencies: []\n",
         "1:1: unknown key \"agency\"; known here: agencies or exemptions"},
        {"agencies no list", "agencies: {}\n",
         "1:11: agencies is a list: each begins with \"- id: …\""},
        {"agency no mapping", "agencies: [x]\n",
         "1:12: an agency is written as \"key: value\" lines"},
        {"no id", "agencies:\n- name: X\n", "2:3: the agency has no \"id\""},
        {"no name", "agencies:\n- id: x\n", "2:3: the agency has no \"name\""},
        {"misspelt key", AGENCY "  domain: x.gov.vn\n",
         "4:3: unknown key \"domain\": did you mean \"domains\"?"},
        {"id with a space", "agencies:\n- id: so xd\n  name: X\n",
         "2:7: an id is a word of printable ASCII without spaces, such as soxd"},
        {"empty name", "agencies:\n- id: x\n  name: \"\"\n", "3:9: a name has 1 to 500 bytes"},
        {"same id", AGENCY "- id: x\n  name: Y\n",
         "4:7: the id x stands in line 2 already, for agency \"x\""},
        {"class", AGENCY "  class: stat\n",
         "4:10: \"stat\" is not a class of senders: did you mean \"state\"?"},
        {"confirmed", AGENCY "  confirmed: yes\n", "4:14: \"yes\" is not true or false"},
        {"domain", AGENCY "  domains: [x_y]\n",
         "4:13: a domain is such as soxd.ninhbinh.gov.vn (with all below) or =ninhbinh.gov.vn "
         "(alone)"},
        {"same domain", AGENCY "  domains: [A.gov.vn]\n- id: y\n  name: Y\n  domains: [a.gov.VN]\n",
         "7:13: the domain a.gov.vn stands in line 4 already, for agency \"x\""},
        {"empty list", AGENCY "  domains: []\n",
         "4:12: an empty list: write a domain, or leave the key out"},
        {"mailbox", AGENCY "  mailboxes: vanthu\n",
         "4:14: a mailbox is an address such as vanthu@soxd.ninhbinh.gov.vn"},
        {"same mailbox", AGENCY "  mailboxes: [a@b.vn, A@b.vn]\n",
         "4:23: the mailbox a@b.vn stands in line 4 already, for agency \"x\""},
        {"records mailbox", AGENCY "  records-mailbox: \"@b.vn\"\n",
         "4:20: a mailbox is an address such as vanthu@soxd.ninhbinh.gov.vn"},
        {"unknown parent", AGENCY "  parent: ubn\n- id: ubnd\n  name: Y\n",
         "4:11: the parent \"ubn\" is no agency here: did you mean \"ubnd\"?"},
        {"unknown parent, nothing near", AGENCY "  parent: somewhere\n",
         "4:11: the parent \"somewhere\" is no agency here"},
        {"own parent", AGENCY "  parent: x\n",
         "4:11: the parents of \"x\" lead back to it: one of them must have none"},
        {"loop",
         AGENCY "  parent: y\n- id: y\n  name: Y\n  parent: z\n- id: z\n  name: Z\n  parent: x\n",
         "4:11: the parents of \"x\" lead back to it: one of them must have none"},
        {"aliases no list", AGENCY "  aliases: Y\n",
         "4:12: aliases is a list: each begins with \"- name: …\""},
        {"alias without date", AGENCY "  aliases:\n  - name: Y\n",
         "5:5: an alias has a date: until when the name was right, or from when"},
        {"alias without name", AGENCY "  aliases:\n  - until: 2025-01-01\n",
         "5:5: an alias has a name, and from and until"},
        {"alias dates reversed",
         AGENCY "  aliases:\n  - {name: Y, from: 2025-07-01, until: 2025-03-01}\n",
         "5:40: until 2025-03-01 is not after from 2025-07-01"},
        {"alias date", AGENCY "  aliases:\n  - {name: Y, until: 1/3/2025}\n",
         "5:22: \"1/3/2025\" is not a date such as 2026-12-31"},
        {"certificates no list", AGENCY "  certificates: " DIGEST_A "\n",
         "4:17: certificates is a list: each begins with \"- sha256: …\""},
        {"fingerprint", AGENCY "  certificates:\n  - {sha256: abc, kind: agency}\n",
         "5:14: a fingerprint has 64 hexadecimal digits (SHA-256), with or without colons"},
        {"kind missing", AGENCY "  certificates:\n  - sha256: " DIGEST_A "\n",
         "5:5: the certificate has no \"kind\": agency, person or device"},
        {"kind misspelt", AGENCY "  certificates:\n  - sha256: " DIGEST_A "\n    kind: persom\n",
         "6:11: \"persom\" is not a kind: did you mean \"person\"?"},
        {"two ways",
         AGENCY "  certificates:\n  - sha256: " DIGEST_A "\n    key-sha256: " DIGEST_B
                "\n    kind: agency\n",
         "5:5: a certificate is named in one way: sha256, key-sha256, issuer with serial, or "
         "issuer with common-name, organization, organizational-unit or email"},
        {"no way", AGENCY "  certificates:\n  - kind: agency\n",
         "5:5: a certificate is named in one way: sha256, key-sha256, issuer with serial, or "
         "issuer with common-name, organization, organizational-unit or email"},
        {"serial alone", AGENCY "  certificates:\n  - {serial: 12ab, kind: agency}\n",
         "5:5: a serial number alone does not tell whose it is: add the issuer"},
        {"serial", AGENCY "  certificates:\n  - {issuer: CA, serial: 12xy, kind: agency}\n",
         "5:26: a serial number is hexadecimal, such as 5401:9b3f"},
        {"name alone", AGENCY "  certificates:\n  - {common-name: X, kind: agency}\n",
         "5:5: a name, which anybody can write, alone does not tell whose it is: add the issuer"},
        {"issuer with fingerprint",
         AGENCY "  certificates:\n  - issuer: CA\n    sha256: " DIGEST_A "\n    kind: agency\n",
         "5:13: a fingerprint says enough: leave issuer out"},
        {"fits all", AGENCY "  certificates:\n  - {issuer: CA, email: \"*\", kind: person}\n",
         "5:5: these names fit every certificate"},
        {"same certificate",
         AGENCY "  certificates:\n  - {sha256: " DIGEST_A ", kind: agency}\n- id: y\n  name: Y\n"
                "  certificates:\n  - {sha256: \"AA:00" DIGEST_A_REST "\", kind: person}\n",
         "9:14: the certificate " DIGEST_A " stands in line 5 already, for agency \"x\""},
        {"same serial",
         AGENCY "  certificates:\n  - {issuer: CA, serial: 0x0A, kind: agency}\n"
                "  - {issuer: ca, serial: a, kind: agency}\n",
         "6:26: the serial number a ca stands in line 5 already, for agency \"x\""},
        {"confirmed without a seal", AGENCY "  confirmed: true\n",
         "2:3: warning: agency \"x\" is confirmed and has no certificate of kind agency: its "
         "signature would always be missing"},
        {"authorisation bare", AGENCY "  authorisations:\n  - {}\n",
         "5:5: an authorisation names one certificate: sha256, or key-sha256\n"
         "5:5: an authorisation has a \"holder\": the person or system that seals\n"
         "5:5: an authorisation has a \"document\": number and date of the written permission\n"
         "5:5: an authorisation has a period: \"from\" and \"until\""},
        {"authorisation reversed",
         AGENCY "  authorisations:\n  - holder: mx1\n    sha256: " DIGEST_A
                "\n    document: 1/GUQ\n    from: 2026-02-01\n    until: 2026-01-01\n",
         "9:12: until 2026-01-01 is not after from 2026-02-01"},
        {"exemption of nobody", "agencies: []\nexemptions:\n- reason: x\n",
         "3:3: an exemption names whom or what: domains, agencies or documents"},
        {"exemption of all",
         "agencies: []\nexemptions:\n- {documents: [a.xlsx, '**'], reason: R}\n",
         "3:3: warning: this exempts every file of every sender: no signature is missed any more; "
         "name domains or agencies, or a narrower name"},
        {"exemption without reason", "agencies: []\nexemptions:\n- domains: bca.gov.vn\n",
         "3:3: an exemption has a \"reason\""},
        {"exemption of unknown agency", AGENCY "exemptions:\n- {agencies: [xx], reason: R}\n",
         "5:15: the agency \"xx\" is no agency here: did you mean \"x\"?"},
        {"exemptions no list", "agencies: []\nexemptions: x\n",
         "2:13: exemptions is a list: each begins with \"- domains: …\""},
        {"several at once", "agencies:\n- id: a b\n  nam: X\n  parent: y\n",
         "3:3: unknown key \"nam\": did you mean \"name\"?\n"
         "2:7: an id is a word of printable ASCII without spaces, such as soxd\n"
         "2:3: the agency has no \"name\"\n"
         "4:11: the parent \"y\" is no agency here"},
    };
    size_t wrong_count = 0;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_site *site = NULL;
        char *said = parse(cases[i].text, &site);
        if (strcmp(said, cases[i].wanted) != 0) {
            print_error("%s:\n%s\nwanted\n%s\n", cases[i].name, said, cases[i].wanted);
            wrong_count++;
        }
        free(said);
        vt_site_free(site);
    }
    assert_int_equal(wrong_count, 0);
}

static const char whole[] =
    "agencies:\n"
    "- id: ubnd\n"
    "  name: Ủy ban nhân dân tỉnh Ninh Bình\n"
    "  domains: ninhbinh.gov.vn\n"
    "- id: soxd\n"
    "  name: Sở Xây dựng tỉnh Ninh Bình\n"
    "  parent: ubnd\n"
    "  confirmed: true\n"
    "  domains: [soxd.ninhbinh.gov.vn, =xd.vn]\n"
    "  mailboxes: xaydung@ninhbinh.gov.vn\n"
    "  records-mailbox: vanthu@soxd.ninhbinh.gov.vn\n"
    "  certificates:\n"
    "  - {sha256: " DIGEST_A ", kind: agency}\n"
    "  - {key-sha256: " DIGEST_B ", kind: person, note: Nguyễn Văn A}\n"
    "  - {issuer: CA phục vụ các cơ quan Nhà nước G2, serial: \"0x00:5A:01\", kind: device}\n"
    "  - {issuer: \"*Chính phủ*\", organization: \"sở xây dựng*\", email: "
    "\"*@soxd.ninhbinh.gov.vn\","
    " kind: person}\n"
    "  authorisations:\n"
    "  - holder: mx1\n"
    "    key-sha256: " DIGEST_B "\n"
    "    document: 12/GUQ-SXD ngày 01/02/2026\n"
    "    from: 2026-02-01\n"
    "    until: 2027-02-01\n"
    "- id: thpt1\n"
    "  name: Công ty X\n"
    "  class: other\n";

static struct vt_site *read_whole(void)
{
    struct vt_site *site = NULL;
    char *said = parse(whole, &site);
    assert_string_equal(said, "");
    free(said);
    return site;
}

static void agencies_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *address, *id;
    } cases[] = {{"vanthu@soxd.ninhbinh.gov.vn", "soxd"},
                 {"a@b.soxd.ninhbinh.gov.vn", "soxd"},
                 {"A@SOXD.NinhBinh.gov.VN", "soxd"},
                 {"XayDung@ninhbinh.gov.vn", "soxd"},
                 {"xaydung2@ninhbinh.gov.vn", "ubnd"},
                 {"a@notninhbinh.gov.vn", NULL},
                 {"a@xd.vn", "soxd"},
                 {"a@b.xd.vn", NULL},
                 {"a@gov.vn", NULL},
                 {"ninhbinh.gov.vn", NULL},
                 {"a@", NULL},
                 {"", NULL},
                 {NULL, NULL}};
    struct vt_site *site = read_whole();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct vt_site_agency *found = vt_site_agency_of_address(site, cases[i].address);
        const char *id = found == NULL ? NULL : found->id;
        if ((id == NULL) != (cases[i].id == NULL) || (id != NULL && strcmp(id, cases[i].id) != 0))
            fail_msg("%s: %s", cases[i].address, id == NULL ? "none" : id);
    }
    const struct vt_site_agency *soxd = vt_site_agency(site, "soxd");
    assert_non_null(soxd);
    assert_string_equal(soxd->parent, "ubnd");
    assert_string_equal(soxd->records_mailbox, "vanthu@soxd.ninhbinh.gov.vn");
    assert_true(soxd->is_confirmed);
    assert_int_equal(soxd->class, VT_SENDER_STATE);
    assert_false(vt_site_agency(site, "ubnd")->is_confirmed);
    assert_int_equal(vt_site_agency(site, "thpt1")->class, VT_SENDER_OTHER);
    assert_null(vt_site_agency(site, "none"));
    assert_null(vt_site_agency(NULL, "soxd"));
    assert_int_equal(vt_site_agencies_count(site), 3);
    assert_string_equal(vt_site_agency_at(site, 0)->id, "ubnd");
    assert_int_equal(vt_site_authorisations_count(site), 1);
    const struct vt_site_authorisation *may = vt_site_authorisation_at(site, 0);
    assert_string_equal(may->agency, "soxd");
    assert_string_equal(may->key_sha256, DIGEST_B);
    assert_null(may->certificate_sha256);
    /* Midnight in Vietnam. */
    assert_int_equal(may->from_utc_secs, vt_time_from_civil(2026, 1, 31, 17, 0, 0));
    vt_site_free(site);
}

static void holders_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct vt_certificate_facts certificate;
        const char *trust_set;
        enum vt_kind wanted;
    } cases[] = {
        {"by certificate", {.sha256 = DIGEST_A}, NULL, VT_KIND_AGENCY},
        {"by key", {.sha256 = "0", .key_sha256 = DIGEST_B}, NULL, VT_KIND_PERSON},
        {"key of nobody", {.sha256 = "0", .key_sha256 = DIGEST_A}, "official", VT_KIND_UNKNOWN},
        {"by serial",
         {.sha256 = "0",
          .serial = "005a01",
          .issuer = "CN=x",
          .issuer_common_name = "CA phục vụ các cơ quan Nhà nước G2"},
         "official",
         VT_KIND_DEVICE},
        {"serial, decomposed issuer in capitals",
         {.sha256 = "0",
          .serial = "5a01",
          .issuer = "CA PHU\xcc\xa3"
                    "C VU\xcc\xa3"
                    " CÁC CƠ QUAN  NHÀ NƯỚC G2"},
         "official",
         VT_KIND_DEVICE},
        {"serial without a path",
         {.sha256 = "0", .serial = "5a01", .issuer = "CA phục vụ các cơ quan Nhà nước G2"},
         NULL,
         VT_KIND_UNKNOWN},
        {"other serial",
         {.sha256 = "0", .serial = "5a02", .issuer = "CA phục vụ các cơ quan Nhà nước G2"},
         "official",
         VT_KIND_UNKNOWN},
        {"by names",
         {.sha256 = "0",
          .issuer = "CN=CA Chính phủ,C=VN",
          .organization = "SỞ XÂY DỰNG TỈNH NINH BÌNH",
          .email = "a.nv@SOXD.ninhbinh.gov.vn"},
         "official",
         VT_KIND_PERSON},
        {"names without a path",
         {.sha256 = "0",
          .issuer = "CN=CA Chính phủ,C=VN",
          .organization = "Sở Xây dựng",
          .email = "a.nv@soxd.ninhbinh.gov.vn"},
         NULL,
         VT_KIND_UNKNOWN},
        {"names, other mail",
         {.sha256 = "0",
          .issuer = "CN=CA Chính phủ,C=VN",
          .organization = "Sở Xây dựng",
          .email = "a.nv@example.vn"},
         "official",
         VT_KIND_UNKNOWN},
        {"names, one is missing",
         {.sha256 = "0", .issuer = "CN=CA Chính phủ,C=VN", .organization = "Sở Xây dựng"},
         "official",
         VT_KIND_UNKNOWN},
        {"no certificate", {.email = "a"}, "official", VT_KIND_UNKNOWN},
    };
    struct vt_site *site = read_whole();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct vt_site_holder holder;
        bool found = vt_site_holder(site, &cases[i].certificate, cases[i].trust_set, &holder);
        if (holder.kind != cases[i].wanted || found != (cases[i].wanted != VT_KIND_UNKNOWN))
            fail_msg("%s: %s", cases[i].name, vt_kind_name(holder.kind));
        if (found)
            assert_string_equal(holder.agency->id, "soxd");
    }
    struct vt_site_holder holder;
    assert_false(vt_site_holder(NULL, &cases[0].certificate, NULL, &holder));
    assert_int_equal(holder.kind, VT_KIND_UNKNOWN);
    vt_site_free(site);
}

#ifdef VT_SANITIZE
#define AGENCIES 1000
#else
#define AGENCIES VT_MAX_SITE_AGENCIES
#endif

/* 10 000 agencies with 100 000 certificates are read in under a second; the sanitizers, which are
 * ten times as slow, get a tenth of them. */
static void the_largest_table_is_read(void **state)
{
    (void)state;
    enum { EACH = VT_MAX_SITE_CERTIFICATES / VT_MAX_SITE_AGENCIES };
    struct vt_buf text;
    vt_buf_init(&text, VT_MAX_SITE_BYTES);
    assert_int_equal(vt_buf_addf(&text, "agencies:\n"), VT_OK);
    for (unsigned i = 0; i < AGENCIES; i++) {
        assert_int_equal(vt_buf_addf(&text,
                                     "- id: a%u\n  name: Cơ quan số %u\n  domains: [a%u.gov.vn]\n"
                                     "  confirmed: true\n  certificates:\n",
                                     i, i, i),
                         VT_OK);
        for (unsigned c = 0; c < EACH; c++)
            assert_int_equal(vt_buf_addf(&text, "  - {sha256: %064x, kind: agency}\n",
                                         (i * EACH + c) * 2654435761u),
                             VT_OK);
    }
    struct vt_mistakes mistakes;
    struct vt_site *site = NULL;
    vt_mistakes_init(&mistakes);
    int64_t begun = vt_clock_monotonic_msecs();
    enum vt_code code = vt_site_parse(vt_buf_bytes(&text), "a.yaml", &site, &mistakes, NULL);
    int64_t took = vt_clock_monotonic_msecs() - begun;
    if (code != VT_OK)
        fail_msg("%s", mistakes.count > 0 ? mistakes.items[0].text : vt_code_name(code));
    print_message("%zu bytes in %lld ms\n", text.len, (long long)took);
    assert_true(took < 10000);
    struct vt_certificate_facts last = {0};
    struct vt_site_holder holder;
    (void)snprintf(last.sha256, sizeof(last.sha256), "%064x",
                   (unsigned)(AGENCIES * EACH - 1) * 2654435761u);
    assert_true(vt_site_holder(site, &last, NULL, &holder));
    assert_int_equal(atoi(holder.agency->id + 1), AGENCIES - 1);
    vt_site_free(site);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&text);
}

static void larger_tables_are_refused(void **state)
{
    (void)state;
    struct vt_buf text;
    struct vt_site *site = NULL;
    vt_buf_init(&text, VT_MAX_SITE_BYTES);
    assert_int_equal(vt_buf_addf(&text, "agencies:\n"), VT_OK);
    for (unsigned i = 0; i <= VT_MAX_SITE_AGENCIES; i++)
        assert_int_equal(vt_buf_addf(&text, "- {}\n"), VT_OK);
    assert_int_equal(vt_buf_add(&text, "", 1), VT_OK);
    char *said = parse((const char *)text.ptr, &site);
    assert_string_equal(said, "2:1: 10001 agencies, at most 10000 are allowed");
    free(said);
    vt_buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told),         cmocka_unit_test(agencies_are_found),
        cmocka_unit_test(holders_are_found),         cmocka_unit_test(the_largest_table_is_read),
        cmocka_unit_test(larger_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
