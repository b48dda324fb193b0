/* SPDX-License-Identifier: Apache-2.0
 * Whether own mail may go to the sender of a mail. RFC 3834 2: never to an empty address, to lists,
 * or in answer to automatic mail; 4: to the envelope sender alone. And only when something proves
 * him, else whoever forges a sender makes us write to somebody else. */
#include <string.h>
#include <strings.h>

#include "base/config_table.h"
#include "vanthu/notice.h"

/* RFC 5321 4.5.3.1.1. */
#define MAX_LOCAL_BYTES 64

static const char *const names[VT_NO_NOTICE_COUNT] = {
    [VT_NO_NOTICE_NOT_WANTED] = "not-wanted",
    [VT_NO_NOTICE_OFF] = "off",
    [VT_NO_NOTICE_SECRET] = "secret",
    [VT_NO_NOTICE_OUR_CAUSE] = "our-cause",
    [VT_NO_NOTICE_EMPTY] = "empty-sender",
    [VT_NO_NOTICE_NO_REPLY] = "no-reply-address",
    [VT_NO_NOTICE_LIST] = "list",
    [VT_NO_NOTICE_AUTOMATIC] = "automatic",
    [VT_NO_NOTICE_OURS] = "our-own",
    [VT_NO_NOTICE_NOT_PROVEN] = "not-proven",
    [VT_NO_NOTICE_NOT_STATE] = "not-state",
    [VT_NO_NOTICE_FRONT_RELAY] = "front-relay",
};

const char *vt_no_notice_name(enum vt_no_notice why)
{
    return why < VT_NO_NOTICE_COUNT ? names[why] : NULL;
}

/* ---- addresses that nobody reads ---- */

/* The local part in lower case, and the same without what people put between words. */
struct local {
    char text[MAX_LOCAL_BYTES + 1];
    char joined[MAX_LOCAL_BYTES + 1];
};

static void read_local(const char *address, struct local *out)
{
    size_t len = 0, joined = 0;
    for (const char *c = address; *c != '@' && *c != '\0' && len < MAX_LOCAL_BYTES; c++) {
        char lower = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        out->text[len++] = lower;
        if (strchr("-_.", lower) == NULL)
            out->joined[joined++] = lower;
    }
    out->text[len] = out->joined[joined] = '\0';
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool ends(const char *text, const char *suffix)
{
    size_t len = strlen(text), suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

/* RFC 3834 2 names mailer-daemon, owner- and -request; postmaster sends reports, and who has a
 * question reads our answer. */
static bool is_of_a_program(const char *text)
{
    static const char *const whole[] = {"mailer-daemon", "mailerdaemon", "postmaster", "daemon",
                                        "nobody",        "listserv",     "majordomo",  "mailman",
                                        "bounce",        "bounces",      "devnull"};
    static const char *const first[] = {"owner-",  "bounce-",  "bounces-",
                                        "bounce+", "bounces+", "mailer-daemon+"};
    static const char *const last[] = {"-owner", "-request", "-bounces", "-bounce"};
    size_t len = strcspn(text, "+"); /* without its tag */
    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
        if (strlen(whole[i]) == len && strncmp(text, whole[i], len) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++) {
        if (begins(text, first[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
        if (ends(text, last[i]))
            return true;
    }
    return strstr(text, "-bounces+") != NULL;
}

/* "no-reply", "do_not_reply", "khong.tra.loi", with anything before or behind. */
static bool says_no_reply(const char *joined)
{
    static const char *const words[] = {"noreply", "donotreply", "dontreply", "khongtraloi",
                                        "khongphanhoi"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strstr(joined, words[i]) != NULL)
            return true;
    }
    return false;
}

/* "list-return-12-user=domain", "list+user=domain" (VERP), "SRS0=…", "SRS1+…": who forwarded a mail
 * is proven then, and the answer would go on to a sender who is not. So it would with
 * "user%other.org@domain" and "other.org!user@domain", which many servers pass on for whoever is on
 * their own host, as post is (RFC 1123 5.2.16). BATV ("prvs=tag=user") only signs a sender's own
 * address. */
static bool is_rewritten(const char *text)
{
    bool is_batv = begins(text, "prvs=") || begins(text, "btv1==");
    return begins(text, "srs0") || begins(text, "srs1") || strpbrk(text, "%!") != NULL ||
           (strchr(text, '=') != NULL && !is_batv);
}

static bool nobody_reads(const char *address)
{
    struct local local;
    read_local(address, &local);
    return !vt_check_address(address) || is_of_a_program(local.text) ||
           says_no_reply(local.joined) || is_rewritten(local.text);
}

/* ---- our own ---- */

/* notices.from is "Name <address>" or the address alone; by default it is vanthu@<hostname>. */
static bool is_our_address(const struct vt_config *config, const char *address)
{
    static const char usual[] = "vanthu@";
    const char *from = config->notices.from;
    size_t len = strlen(address), usual_len = sizeof(usual) - 1;
    if (from == NULL)
        return config->hostname != NULL && strncasecmp(address, usual, usual_len) == 0 &&
               strcasecmp(address + usual_len, config->hostname) == 0;
    const char *open = strrchr(from, '<');
    const char *begin = open != NULL ? open + 1 : from;
    return strncasecmp(begin, address, len) == 0 && (begin[len] == '>' || begin[len] == '\0');
}

enum vt_no_notice vt_notice_sender_check(const struct vt_config *config, const struct vt_mail *mail)
{
    if (config->mode == VT_MODE_OBSERVE || !config->notices.is_enabled)
        return VT_NO_NOTICE_OFF;
    if (mail->sender == NULL || mail->sender[0] == '\0')
        return VT_NO_NOTICE_EMPTY;
    if (mail->automatic_by == VT_AUTOMATIC_OURS || is_our_address(config, mail->sender))
        return VT_NO_NOTICE_OURS;
    if (nobody_reads(mail->sender))
        return VT_NO_NOTICE_NO_REPLY;
    if (mail->is_list || mail->automatic_by == VT_AUTOMATIC_LIST)
        return VT_NO_NOTICE_LIST;
    if (mail->is_automatic || mail->automatic_by != VT_AUTOMATIC_NOT)
        return VT_NO_NOTICE_AUTOMATIC;
    if (mail->sender_proof != VT_PROOF_NONE)
        return VT_NO_NOTICE_NONE;
    return mail->front_relay != NULL ? VT_NO_NOTICE_FRONT_RELAY : VT_NO_NOTICE_NOT_PROVEN;
}
