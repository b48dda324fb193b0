/* SPDX-License-Identifier: Apache-2.0
 * What a certificate's names suggest (legal.md R-88): kind by the first words of its name, agency
 * by its address or by who sends it. A hint for the person who fills in the table, and nothing
 * else. */
#include <ctype.h>
#include <string.h>

#include "command/site.h"

#define WORDS_BYTES 256

/* ASCII, lower case, words with a space before and after. */
static void words_of(const char *name, char out[WORDS_BYTES])
{
    char ascii[WORDS_BYTES - 2];
    size_t used = 0;
    vt_text_ascii(ascii, sizeof(ascii), name == NULL ? "" : name);
    out[used++] = ' ';
    for (const char *at = ascii; *at != '\0' && used + 2 < WORDS_BYTES; at++) {
        if (isalnum((unsigned char)*at) || *at == '.' || *at == '-')
            out[used++] = (char)tolower((unsigned char)*at);
        else if (out[used - 1] != ' ')
            out[used++] = ' ';
    }
    if (out[used - 1] != ' ')
        out[used++] = ' ';
    out[used] = '\0';
}

/* The one of some beginnings, " so ", that a name has; NULL: none. */
static const char *begins_with(const char *words, const char *const *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strncmp(words, all[i], strlen(all[i])) == 0)
            return all[i];
    }
    return NULL;
}

static size_t count_words(const char *words)
{
    size_t count = 0;
    for (; *words != '\0'; words++)
        count += *words == ' ';
    return count - 1;
}

/* Offices, enterprises and associations, by the words their names begin with. */
static const char *const offices[] = {
    " so ",         " uy ban ",    " ubnd ",       " hoi dong nhan dan ",
    " hdnd ",       " van phong ", " bo ",         " tong cuc ",
    " cuc ",        " chi cuc ",   " vu ",         " ban ",
    " phong ",      " trung tam ", " truong ",     " hoc vien ",
    " dai hoc ",    " vien ",      " benh vien ",  " cong an ",
    " bo chi huy ", " thanh tra ", " kho bac ",    " bao hiem ",
    " toa an ",     " tinh uy ",   " thanh uy ",   " huyen uy ",
    " dang uy ",    " dang bo ",   " hoi ",        " doan ",
    " lien doan ",  " mat tran ",  " cong ty ",    " tong cong ty ",
    " tap doan ",   " ngan hang ", " hop tac xa ", " chi nhanh ",
    " xi nghiep ",  " quy ",       " bao ",        " dai ",
    " thue ",       " hai quan ",  " tram ",       " xa ",
    " phuong ",     " thi tran ",  " lien minh "};
/* Most people of Vietnam have one of these family names. */
static const char *const families[] = {
    " nguyen ", " tran ", " le ",    " pham ", " hoang ", " huynh ", " phan ",  " vu ",
    " vo ",     " dang ", " bui ",   " do ",   " ho ",    " ngo ",   " duong ", " ly ",
    " dinh ",   " doan ", " luong ", " mai ",  " trinh ", " to ",    " ha ",    " cao ",
    " truong ", " lam ",  " phung ", " ta ",   " dao ",   " chu ",   " thai ",  " luu ",
    " la ",     " tong ", " kieu ",  " tang ", " quach ", " vuong ", " ninh ",  " dam "};
/* What runs without a person. */
static const char *const machines[] = {" may chu ",  " he thong ", " phan mem ",    " dich vu ",
                                       " thiet bi ", " server ",   " cong dich vu "};
#define BEGINS(words, all) begins_with((words), (all), sizeof(all) / sizeof((all)[0]))

static bool is_host(const char *words)
{
    return count_words(words) == 1 && strchr(words, '.') != NULL;
}

static bool is_records_box(const char *email)
{
    static const char *const boxes[] = {"vanthu", "van.thu", "vt@", "info@", "vpubnd"};
    for (size_t i = 0; email != NULL && i < sizeof(boxes) / sizeof(boxes[0]); i++) {
        if (strncasecmp(email, boxes[i], strlen(boxes[i])) == 0)
            return true;
    }
    return false;
}

static void guess_kind(const struct vt_site_desk *desk,
                       const struct vt_certificate_facts *certificate, struct vt_site_guess *out,
                       const char **out_why)
{
    char words[WORDS_BYTES];
    words_of(certificate->common_name, words);
    const char *office = BEGINS(words, offices), *family = BEGINS(words, families);
    size_t count = count_words(words);
    /* "Vũ", "Đoàn" and "Trương" are offices and families: two to four words are a person's name. */
    if (office != NULL && family != NULL && is_records_box(certificate->email))
        family = NULL;
    *out_why = NULL;
    if (is_host(words) || BEGINS(words, machines) != NULL) {
        out->kind = VT_KIND_DEVICE;
        *out_why = vt_site_word(desk, "tên là tên máy, dịch vụ", "the name is that of a machine");
    } else if (family != NULL && count >= 2 && count <= 5) {
        out->kind = VT_KIND_PERSON;
        *out_why = vt_site_word(desk, "tên bắt đầu bằng họ người", "begins with a family name");
    } else if (office != NULL) {
        out->kind = VT_KIND_AGENCY;
        *out_why = vt_site_word(desk, "tên bắt đầu như tên cơ quan, tổ chức",
                                "begins as names of offices do");
    } else if (is_records_box(certificate->email)) {
        out->kind = VT_KIND_AGENCY;
        *out_why =
            vt_site_word(desk, "địa chỉ thư của văn thư", "the address is a records office's");
    }
}

/* "soxd" of "soxd.ninhbinh.gov.vn"; NULL: a domain of everybody, or too short to be an office's. */
static const char *id_of_domain(struct vt_arena *arena, const char *domain)
{
    static const char *const everybody[] = {"gmail.com", "yahoo.com", "outlook.com", "hotmail.com",
                                            "yahoo.com.vn"};
    const char *dot = domain == NULL ? NULL : strchr(domain, '.');
    for (size_t i = 0; dot != NULL && i < sizeof(everybody) / sizeof(everybody[0]); i++) {
        if (strcasecmp(domain, everybody[i]) == 0)
            return NULL;
    }
    return dot == NULL || dot == domain
               ? NULL
               : vt_arena_printf(arena, "%.*s", (int)(dot - domain), domain);
}

static enum vt_code guess_new(const struct vt_site_desk *desk, const struct vt_site *site,
                              const struct vt_certificate_facts *certificate, const char *address,
                              struct vt_site_guess *out)
{
    const char *domain = vt_address_domain(address);
    const char *id = id_of_domain(desk->arena, domain);
    const char *name = out->kind == VT_KIND_AGENCY                ? certificate->common_name
                       : certificate->organizational_unit != NULL ? certificate->organizational_unit
                                                                  : certificate->organization;
    /* An id that stands for another agency is none. */
    if (id == NULL || vt_site_agency(site, id) != NULL)
        return VT_OK;
    out->agency = id;
    out->agency_name = name;
    out->domain = domain;
    return VT_OK;
}

enum vt_code vt_site_guess(const struct vt_site_desk *desk, const struct vt_site *site,
                           const struct vt_certificate_facts *certificate, const char *trust_set,
                           const char *sender, struct vt_site_guess *out)
{
    struct vt_site_holder holder;
    const char *why = NULL, *why_agency = NULL;
    *out = (struct vt_site_guess){0};
    if (vt_site_holder(site, certificate, trust_set, &holder)) {
        *out = (struct vt_site_guess){.kind = holder.kind, .agency = holder.agency->id};
        out->why = vt_site_word(desk, "đã có trong bảng", "stands in the table");
        return VT_OK;
    }
    /* Whoever makes a certificate of his own would be taken into the table by a careless import. */
    if (trust_set == NULL) {
        out->why = vt_site_word(
            desk, "không dẫn đến chứng thư gốc đã xác nhận: ai cũng có thể ghi tên này",
            "leads to no confirmed root: anybody can write this name");
        return VT_OK;
    }
    guess_kind(desk, certificate, out, &why);
    const struct vt_site_agency *agency = vt_site_agency_of_address(site, certificate->email);
    if (agency != NULL) {
        why_agency =
            vt_site_word(desk, "miền thư trên chứng thư", "mail domain in the certificate");
    } else if (certificate->email == NULL || certificate->email[0] == '\0') {
        agency = vt_site_agency_of_address(site, sender);
        why_agency = vt_site_word(desk, "người gửi thường gặp", "who sends it most");
    }
    enum vt_code code = VT_OK;
    if (agency != NULL) {
        out->agency = agency->id;
    } else {
        bool has_email = certificate->email != NULL && certificate->email[0] != '\0';
        why_agency =
            vt_site_word(desk, "cơ quan mới, theo miền thư", "a new agency, by its domain");
        code = guess_new(desk, site, certificate, has_email ? certificate->email : sender, out);
    }
    out->why = vt_arena_printf(desk->arena, "%s%s%s", why == NULL ? "" : why,
                               why != NULL && out->agency != NULL ? "; " : "",
                               out->agency == NULL ? "" : why_agency);
    return out->why == NULL ? VT_E_NOMEM : code;
}
