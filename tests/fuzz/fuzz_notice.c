/* SPDX-License-Identifier: Apache-2.0
 * Fuzz target: any bytes as evidence that a notice is written from, and as a file of words. The
 * first byte chooses. What is written is ASCII without a line that is none of ours. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "notice/words.h"

#define NOW INT64_C(1796263920)

static struct vt_notice_words *parse(struct vt_bytes bundle)
{
    struct vt_notice_words *words = NULL;
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_notice_words_parse(bundle, "fuzz", &words, &mistakes, NULL);
    if (code == VT_OK ? mistakes.errors_count != 0 : code == VT_E_CONFIG && mistakes.count == 0)
        abort();
    vt_mistakes_clear(&mistakes);
    return words;
}

static void write_notice(const struct vt_notice_input *input)
{
    struct vt_notice_message message = {0};
    if (vt_notice_write(input, &message, NULL) != VT_OK)
        return;
    for (size_t i = 0; i < message.bytes.len; i++) {
        uint8_t c = message.bytes.ptr[i];
        if (c >= 0x7F || (c < 0x20 && c != '\r' && c != '\n'))
            abort();
    }
    vt_notice_message_clear(&message);
}

static void as_evidence(const struct vt_config *config, const struct vt_notice_words *words,
                        enum vt_notice_kind kind, struct vt_bytes json)
{
    struct vt_arena *arena = vt_arena_new(32u << 20);
    struct vt_evidence *evidence = NULL;
    struct vt_notice_input input;
    if (arena != NULL && vt_evidence_from_json(arena, json, &evidence, NULL) == VT_OK &&
        vt_notice_sample(arena, kind, VT_REASON_COUNT, NOW, &input) == VT_OK) {
        const char *lines[] = {evidence->mail.subject == NULL ? "" : evidence->mail.subject};
        const struct vt_register_answer answer = {
            .outcome = VT_OUTCOME_REJECT, .code = "550", .lines = lines, .lines_count = 1};
        const struct vt_notice_mail mail = {.reference = evidence->mail.reference,
                                            .time_utc_secs = evidence->inspected_at_utc_secs,
                                            .evidence = evidence,
                                            .answer = &answer};
        input.config = config;
        input.words = words;
        input.mails = &mail;
        input.mails_count = 1;
        input.recipient = evidence->mail.sender;
        input.message_id = evidence->mail.message_id;
        input.text = evidence->mail.helo;
        write_notice(&input);
    }
    vt_arena_free(arena);
}

/* Words that are accepted are used. */
static void as_words(const struct vt_config *config, const char *path, enum vt_notice_kind kind,
                     struct vt_bytes text)
{
    struct vt_buf bundle;
    struct vt_arena *arena = vt_arena_new(1u << 20);
    struct vt_notice_words *words = NULL;
    struct vt_notice_input input;
    vt_buf_init(&bundle, 4u << 20);
    if (vt_buf_addf(&bundle, "vanthu-notices 1\n%s %zu\n", path, text.len) == VT_OK &&
        vt_buf_add(&bundle, text.ptr, text.len) == VT_OK)
        words = parse(vt_buf_bytes(&bundle));
    if (words != NULL && arena != NULL &&
        vt_notice_sample(arena, kind, VT_REASON_COUNT, NOW, &input) == VT_OK) {
        input.config = config;
        input.words = words;
        write_notice(&input);
    }
    vt_notice_words_free(words);
    vt_arena_free(arena);
    vt_buf_clear(&bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vt_config *config;
    static struct vt_notice_words *words;
    if (config == NULL) {
        if (vt_config_default(&config, NULL) != VT_OK)
            abort();
        words = parse(VT_BYTES("vanthu-notices 1\n"));
        if (words == NULL)
            abort();
    }
    struct vt_bytes rest = vt_bytes_slice(vt_bytes_of(data, size), 1, SIZE_MAX);
    unsigned choice = size == 0 ? 0 : data[0] % 17;
    if (choice < VT_NOTICE_KINDS)
        as_evidence(config, words, (enum vt_notice_kind)choice, rest);
    else if (choice == 13)
        as_words(config, "vi/refused.txt", VT_NOTICE_REFUSED, rest);
    else if (choice == 14)
        as_words(config, "en/list.txt", VT_NOTICE_LIST, rest);
    else if (choice == 15)
        as_words(config, "vi/reasons.yaml", VT_NOTICE_REMARK, rest);
    else
        vt_notice_words_free(parse(rest));
    return 0;
}
