/* SPDX-License-Identifier: Apache-2.0
 * Writes sample notices into a folder, for golden files and for other programs to read:
 *   write_notice FOLDER            every kind and every reason, as .eml and as text
 * With fixed configuration and time, so that the bytes are the same every day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/notice.h"

#define NOW INT64_C(1796263920) /* 09:12 03/12/2026 in Vietnam */

static const char config_text[] =
    "hostname: mx1.ninhbinh.gov.vn\n"
    "office-name: Sở Khoa học và Công nghệ tỉnh Ninh Bình\n"
    "office-phone: 0229.xxx.xxxx\n"
    "regulation: Quy chế quản lý, sử dụng chữ ký số tỉnh Ninh Bình\n"
    "profile: ninh-binh\n"
    "notices:\n"
    "  from: Văn thư điện tử tỉnh Ninh Bình <vanthu@ninhbinh.gov.vn>\n"
    "  reply-to: vanthu.so@ninhbinh.gov.vn\n"
    "  contact: \"0229.xxx.xxxx (giờ hành chính)\"\n";

static void fail(const char *what, const struct vt_err *err)
{
    fprintf(stderr, "write_notice: %s: %s\n", what, err->text);
    exit(1);
}

static void save(const char *folder, const char *name, const char *suffix, const struct vt_buf *buf)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s.%s", folder, name, suffix);
    FILE *out = fopen(path, "wb");
    if (out == NULL || fwrite(buf->ptr, 1, buf->len, out) != buf->len || fclose(out) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_one(const char *folder, const char *name, const struct vt_notice_input *input)
{
    struct vt_err err = {0};
    struct vt_notice_message message = {0};
    struct vt_buf text, html;
    vt_buf_init(&text, 1 << 20);
    vt_buf_init(&html, 1 << 20);
    if (vt_notice_write(input, &message, &err) != VT_OK ||
        vt_notice_write_text(input, &text, &err) != VT_OK ||
        vt_notice_write_html(input, &html, &err) != VT_OK)
        fail(name, &err);
    save(folder, name, "eml", &message.bytes);
    save(folder, name, "txt", &text);
    save(folder, name, "html", &html);
    vt_notice_message_clear(&message);
    vt_buf_clear(&text);
    vt_buf_clear(&html);
}

static void write_sample(const char *folder, const char *name, enum vt_notice_kind kind,
                         enum vt_reason reason, const struct vt_config *config,
                         const struct vt_notice_words *words)
{
    struct vt_err err = {0};
    struct vt_notice_input input;
    struct vt_arena *arena = vt_arena_new(1 << 20);
    if (arena == NULL || vt_notice_sample(arena, kind, reason, NOW, &input) != VT_OK)
        fail(name, &err);
    input.config = config;
    input.words = words;
    write_one(folder, name, &input);
    vt_arena_free(arena);
}

int main(int argc, char **argv)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_config *config = NULL;
    struct vt_notice_words *words = NULL;
    struct vt_buf bundle;
    char name[100];
    vt_mistakes_init(&mistakes);
    vt_buf_init(&bundle, 1 << 20);
    if (argc != 2)
        return 64;
    if (vt_config_parse(vt_bytes_str(config_text), "vanthu.yaml", &config, &mistakes, &err) !=
            VT_OK ||
        vt_notice_words_bundle(NULL, &bundle, &err) != VT_OK ||
        vt_notice_words_parse(vt_buf_bytes(&bundle), "notices", &words, &mistakes, &err) != VT_OK) {
        vt_mistakes_print(&mistakes, stderr);
        fail("words", &err);
    }
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++)
        write_sample(argv[1], vt_notice_kind_name((enum vt_notice_kind)i), (enum vt_notice_kind)i,
                     VT_REASON_COUNT, config, words);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        enum vt_reason reason = (enum vt_reason)i;
        (void)snprintf(name, sizeof(name), "%s.%s",
                       vt_notice_kind_name(vt_notice_sample_kind(reason)),
                       vt_reason_info(reason)->code);
        write_sample(argv[1], name, vt_notice_sample_kind(reason), reason, config, words);
    }
    vt_notice_words_free(words);
    vt_config_free(config);
    vt_mistakes_clear(&mistakes);
    vt_buf_clear(&bundle);
    return 0;
}
