/* SPDX-License-Identifier: Apache-2.0
 * vanthu site suggest: the certificates that signed what the register holds, as a spreadsheet with
 * a guess of kind and agency, for `vanthu site import`. */
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/site.h"
#include "vanthu/register.h"

/* What the body of one record takes as structs. */
#define MAX_RECORD_ARENA_BYTES (256u * 1024 * 1024)
/* Senders of one certificate that are told apart; the rest count for none of them. */
#define SENDERS 4
/* Twice the certificates that a table can hold, a power of two. */
#define SLOTS (1u << 18)
#define MAX_MET 100000

struct met {
    struct vt_certificate_facts facts;
    const char *trust_set;
    uint64_t signatures_count, valid_count;
    int64_t last_utc_secs;
    struct {
        const char *address;
        uint64_t count;
    } senders[SENDERS];
};

struct meeting {
    struct vt_site_desk *desk;
    struct met **slots; /* by digest */
    struct met **all;
    size_t count, left_out_count;
};

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for the certificates");
}

/* ---- gathering ---- */

static bool keep_facts(struct vt_arena *arena, const struct vt_certificate_facts *facts,
                       struct vt_certificate_facts *out)
{
    const struct {
        const char *from, **to;
    } texts[] = {{facts->common_name, &out->common_name},
                 {facts->organization, &out->organization},
                 {facts->organizational_unit, &out->organizational_unit},
                 {facts->email, &out->email},
                 {facts->issuer, &out->issuer},
                 {facts->issuer_common_name, &out->issuer_common_name},
                 {facts->serial, &out->serial}};
    memcpy(out->sha256, facts->sha256, sizeof(out->sha256));
    memcpy(out->key_sha256, facts->key_sha256, sizeof(out->key_sha256));
    out->not_after_utc_secs = facts->not_after_utc_secs;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        *texts[i].to = vt_arena_str(arena, texts[i].from);
        if (texts[i].from != NULL && *texts[i].to == NULL)
            return false;
    }
    return true;
}

/* The entry of a certificate, a new one where there is none; NULL: no room, or no memory. */
static struct met *meet(struct meeting *m, const struct vt_certificate_facts *facts)
{
    size_t slot = strtoul((char[]){facts->sha256[0], facts->sha256[1], facts->sha256[2],
                                   facts->sha256[3], facts->sha256[4], '\0'},
                          NULL, 16) %
                  SLOTS;
    while (m->slots[slot] != NULL && strcmp(m->slots[slot]->facts.sha256, facts->sha256) != 0)
        slot = (slot + 1) % SLOTS;
    if (m->slots[slot] != NULL)
        return m->slots[slot];
    if (m->count == MAX_MET)
        return NULL;
    struct met *its = vt_arena_alloc(m->desk->arena, sizeof(*its));
    struct met **grown = vt_arena_grow(m->desk->arena, m->all, m->count, sizeof(*grown));
    if (its == NULL || grown == NULL || !keep_facts(m->desk->arena, facts, &its->facts))
        return NULL;
    its->last_utc_secs = VT_TIME_NONE;
    m->all = grown;
    m->all[m->count++] = m->slots[slot] = its;
    return its;
}

/* Only a proven address says anything about whose certificate it is. */
static void count_sender(struct meeting *m, struct met *its, const struct vt_mail *mail)
{
    if (!mail->sender_aligned || mail->from == NULL)
        return;
    for (size_t i = 0; i < SENDERS; i++) {
        if (its->senders[i].address == NULL)
            its->senders[i].address = vt_arena_str(m->desk->arena, mail->from);
        if (its->senders[i].address == NULL)
            return;
        if (strcasecmp(its->senders[i].address, mail->from) == 0) {
            its->senders[i].count++;
            return;
        }
    }
}

static void take_signature(struct meeting *m, const struct vt_mail *mail, int64_t at_utc_secs,
                           const struct vt_signature *signature)
{
    if (signature->signer.sha256[0] == '\0' || signature->format == VT_SIGNATURE_DOCTIMESTAMP)
        return;
    struct met *its = meet(m, &signature->signer);
    if (its == NULL) {
        m->left_out_count++;
        return;
    }
    its->signatures_count++;
    its->valid_count += signature->indication == VT_TOTAL_PASSED;
    if (its->trust_set == NULL && signature->trust_set != NULL)
        its->trust_set = strcmp(signature->trust_set, "official") == 0 ? "official" : "public";
    if (its->last_utc_secs == VT_TIME_NONE || at_utc_secs > its->last_utc_secs)
        its->last_utc_secs = at_utc_secs;
    count_sender(m, its, mail);
}

static enum vt_code take_entry(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct meeting *m = context;
    struct vt_register_record record;
    if (entry->is_destroyed || entry->body.len == 0)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(MAX_RECORD_ARENA_BYTES);
    if (arena == NULL)
        return no_memory(err);
    enum vt_code code = vt_register_read(arena, entry, &record, err);
    const struct vt_evidence *evidence = code == VT_OK ? record.decided->evidence : NULL;
    for (size_t d = 0; evidence != NULL && d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        for (size_t s = 0; s < document->signatures_count; s++)
            take_signature(m, &evidence->mail, entry->time_utc_secs, &document->signatures[s]);
    }
    vt_arena_free(arena);
    /* A damaged record is told by `vanthu register verify`. */
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code gather(struct meeting *m, struct vt_register *reg, struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.from_utc_secs = m->desk->since_utc_secs;
    query.limit = 500;
    enum vt_code code = VT_OK;
    do {
        int64_t next = 0;
        code = vt_register_find(reg, &query, take_entry, m, &next, err);
        query.before_seq = next;
    } while (code == VT_OK && query.before_seq != 0);
    return code;
}

/* ---- writing ---- */

/* Most signatures first: what is filled in first serves most mails. */
static int compare(const void *left, const void *right)
{
    const struct met *a = *(struct met *const *)left, *b = *(struct met *const *)right;
    if (a->signatures_count != b->signatures_count)
        return a->signatures_count > b->signatures_count ? -1 : 1;
    return strcmp(a->facts.sha256, b->facts.sha256);
}

static const char *main_sender(const struct met *its)
{
    size_t best = 0;
    for (size_t i = 1; i < SENDERS; i++)
        best = its->senders[i].count > its->senders[best].count ? i : best;
    return its->senders[best].address;
}

static void write_row(const struct vt_site_desk *desk, FILE *out, const struct met *its,
                      const struct vt_site_guess *guess)
{
    char colons[100], signatures[24], valid[24], until[VT_TIME_TEXT_BYTES];
    char last[VT_TIME_TEXT_BYTES];
    const struct vt_certificate_facts *facts = &its->facts;
    (void)snprintf(signatures, sizeof(signatures), "%llu",
                   (unsigned long long)its->signatures_count);
    (void)snprintf(valid, sizeof(valid), "%llu", (unsigned long long)its->valid_count);
    const char *const fields[VT_COLUMNS] = {
        [VT_COLUMN_SHA256] = vt_site_colons(facts->sha256, colons),
        [VT_COLUMN_KIND] =
            guess->kind == VT_KIND_UNKNOWN ? "" : vt_site_kind_word(desk, guess->kind),
        [VT_COLUMN_AGENCY] = guess->agency,
        [VT_COLUMN_AGENCY_NAME] = guess->agency_name,
        [VT_COLUMN_DOMAINS] = guess->domain,
        [VT_COLUMN_WHY] = guess->why,
        [VT_COLUMN_COMMON_NAME] = facts->common_name,
        [VT_COLUMN_ORGANIZATION] = facts->organization,
        [VT_COLUMN_UNIT] = facts->organizational_unit,
        [VT_COLUMN_EMAIL] = facts->email,
        [VT_COLUMN_ISSUER] =
            facts->issuer_common_name != NULL ? facts->issuer_common_name : facts->issuer,
        [VT_COLUMN_SERIAL] = facts->serial,
        [VT_COLUMN_NOT_AFTER] = vt_command_day(desk->language, until, facts->not_after_utc_secs),
        [VT_COLUMN_TRUST_SET] = its->trust_set,
        [VT_COLUMN_SIGNATURES] = signatures,
        [VT_COLUMN_VALID] = valid,
        [VT_COLUMN_LAST_SEEN] = vt_command_day(desk->language, last, its->last_utc_secs),
        [VT_COLUMN_SENDER] = main_sender(its)};
    for (size_t i = 0; i < VT_COLUMNS; i++) {
        if (i > 0)
            (void)fputc(',', out);
        vt_csv_put(out, fields[i]);
    }
    (void)fputs("\r\n", out);
}

static void write_json(FILE *out, const struct met *its, const struct vt_site_guess *guess)
{
    char last[VT_TIME_TEXT_BYTES];
    json_t *object = json_pack(
        "{s:s, s:s, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:I, s:I, s:s, s:s, s:s?, "
        "s:s?, "
        "s:s?, s:s}",
        "sha256", its->facts.sha256, "key_sha256", its->facts.key_sha256, "common_name",
        its->facts.common_name, "organization", its->facts.organization, "organizational_unit",
        its->facts.organizational_unit, "email", its->facts.email, "issuer", its->facts.issuer,
        "serial", its->facts.serial, "trust_set", its->trust_set, "sender", main_sender(its),
        "signatures", (json_int_t)its->signatures_count, "valid", (json_int_t)its->valid_count,
        "last_seen", vt_time_rfc3339(last, its->last_utc_secs), "guess_kind",
        vt_kind_name(guess->kind), "guess_agency", guess->agency, "guess_agency_name",
        guess->agency_name, "guess_domain", guess->domain, "why", guess->why);
    (void)json_dumpf(object, out, JSON_COMPACT);
    (void)fputc('\n', out);
    json_decref(object);
}

static void write_titles(const struct vt_site_desk *desk, FILE *out)
{
    /* Without the mark spreadsheets read UTF-8 as Windows-1252. */
    (void)fputs("\xef\xbb\xbf", out);
    for (size_t i = 0; i < VT_COLUMNS; i++) {
        if (i > 0)
            (void)fputc(',', out);
        vt_csv_put(out,
                   vt_site_word(desk, vt_site_titles[i].vietnamese, vt_site_titles[i].english));
    }
    (void)fputs("\r\n", out);
}

static enum vt_code write_all(const struct meeting *m, const struct vt_site *site, FILE *out,
                              size_t *out_count, struct vt_err *err)
{
    struct vt_site_desk *desk = m->desk;
    *out_count = 0;
    if (!desk->json)
        write_titles(desk, out);
    for (size_t i = 0; i < m->count; i++) {
        struct vt_site_guess guess;
        struct vt_site_holder holder;
        const struct met *its = m->all[i];
        if (!desk->all && vt_site_holder(site, &its->facts, its->trust_set, &holder))
            continue;
        if (vt_site_guess(desk, site, &its->facts, its->trust_set, main_sender(its), &guess) !=
            VT_OK)
            return no_memory(err);
        if (desk->json)
            write_json(out, its, &guess);
        else
            write_row(desk, out, its, &guess);
        (*out_count)++;
    }
    return ferror(out) != 0 ? vt_err_sys(err, "writing the certificates") : VT_OK;
}

/* A new file: what somebody has filled in is not written over. */
static enum vt_code open_out(const char *file, FILE **out, struct vt_err *err)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (*out != NULL)
        return VT_OK;
    enum vt_code code = vt_err_sys(err, "cannot make %s", file);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

static void tell(const struct vt_site_desk *desk, size_t count)
{
    const struct vt_site_title *kind = &vt_site_titles[VT_COLUMN_KIND];
    const struct vt_site_title *agency = &vt_site_titles[VT_COLUMN_AGENCY];
    if (desk->language == VT_LANGUAGE_VIETNAMESE)
        printf("%s: %zu chứng thư. Điền cột \"%s\" và \"%s\", rồi: vanthu site import %s\n",
               desk->out_file, count, kind->vietnamese, agency->vietnamese, desk->out_file);
    else
        printf("%s: %zu certificates. Fill in \"%s\" and \"%s\", then: vanthu site import %s\n",
               desk->out_file, count, kind->english, agency->english, desk->out_file);
}

static int write_out(const struct meeting *m, const struct vt_site *site)
{
    struct vt_err err = {0};
    FILE *out = stdout;
    size_t count = 0;
    struct vt_site_desk *desk = m->desk;
    enum vt_code code = VT_OK;
    if (desk->out_file != NULL)
        code = open_out(desk->out_file, &out, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    code = write_all(m, site, out, &count, &err);
    if (desk->out_file != NULL && fclose(out) != 0 && code == VT_OK)
        code = vt_err_sys(&err, "writing %s", desk->out_file);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (m->left_out_count > 0)
        fprintf(stderr, "%s: more than %d certificates; %zu signatures were left out\n", desk->name,
                MAX_MET, m->left_out_count);
    if (!desk->json && desk->out_file != NULL)
        tell(desk, count);
    return EX_OK;
}

int vt_site_suggest(struct vt_site_desk *desk)
{
    struct vt_err err = {0};
    struct vt_config *config = NULL;
    struct vt_register *reg = NULL;
    struct vt_site *site = NULL;
    struct meeting m = {.desk = desk};
    int status = vt_site_load(desk, true, &site, NULL);
    if (status == EX_OK)
        status = vt_command_open_register(desk->config_file, NULL, &config, &reg);
    if (status != EX_OK)
        goto done;
    m.slots = calloc(SLOTS, sizeof(*m.slots));
    enum vt_code code = m.slots == NULL ? no_memory(&err) : gather(&m, reg, &err);
    if (code == VT_OK && m.count > 1)
        qsort(m.all, m.count, sizeof(*m.all), compare);
    status = code == VT_OK ? write_out(&m, site) : vt_command_fault(&err, code);
done:
    free(m.slots);
    vt_register_close(reg);
    vt_config_free(config);
    vt_site_free(site);
    return status;
}
