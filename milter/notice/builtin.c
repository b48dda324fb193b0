/* SPDX-License-Identifier: Apache-2.0
 * The files of conf/notices, compiled in: notices are written where no file can be read, and a
 * folder of the site's own replaces them one by one. The Makefile builds this anew when one of them
 * changed. */
#include <string.h>

#include "notice/words.h"

/* The assembler reads the file; its path begins where make runs. */
#define BUILT_IN(symbol, path)                                                                     \
    __asm__(".pushsection .rodata\n"                                                               \
            "vt_notice_file_" #symbol ":\n"                                                        \
            ".incbin \"conf/notices/" path "\"\n"                                                  \
            "vt_notice_file_" #symbol "_end:\n"                                                    \
            ".popsection\n");                                                                      \
    extern const uint8_t vt_notice_file_##symbol[] __attribute__((visibility("hidden")));          \
    extern const uint8_t vt_notice_file_##symbol##_end[] __attribute__((visibility("hidden")));

#define FILES(DO)                                                                                  \
    DO(vi_refused, "vi/refused.txt")                                                               \
    DO(vi_remark, "vi/remark.txt")                                                                 \
    DO(vi_held, "vi/held.txt")                                                                     \
    DO(vi_released, "vi/released.txt")                                                             \
    DO(vi_returned, "vi/returned.txt")                                                             \
    DO(vi_clerk, "vi/clerk.txt")                                                                   \
    DO(vi_correction, "vi/correction.txt")                                                         \
    DO(vi_recheck, "vi/recheck.txt")                                                               \
    DO(vi_arrival, "vi/arrival.txt")                                                               \
    DO(vi_marked, "vi/marked.txt")                                                                 \
    DO(vi_list, "vi/list.txt")                                                                     \
    DO(vi_officer, "vi/officer.txt")                                                               \
    DO(vi_digest, "vi/digest.txt")                                                                 \
    DO(vi_unsealed, "vi/unsealed.txt")                                                             \
    DO(vi_reasons, "vi/reasons.yaml")                                                              \
    DO(en_refused, "en/refused.txt")                                                               \
    DO(en_remark, "en/remark.txt")                                                                 \
    DO(en_held, "en/held.txt")                                                                     \
    DO(en_released, "en/released.txt")                                                             \
    DO(en_returned, "en/returned.txt")                                                             \
    DO(en_clerk, "en/clerk.txt")                                                                   \
    DO(en_correction, "en/correction.txt")                                                         \
    DO(en_recheck, "en/recheck.txt")                                                               \
    DO(en_arrival, "en/arrival.txt")                                                               \
    DO(en_marked, "en/marked.txt")                                                                 \
    DO(en_list, "en/list.txt")                                                                     \
    DO(en_officer, "en/officer.txt")                                                               \
    DO(en_digest, "en/digest.txt")                                                                 \
    DO(en_unsealed, "en/unsealed.txt")                                                             \
    DO(en_reasons, "en/reasons.yaml")

FILES(BUILT_IN)

static const struct {
    const char *path;
    const uint8_t *begin, *end;
} files[] = {
#define ROW(symbol, path) {path, vt_notice_file_##symbol, vt_notice_file_##symbol##_end},
    FILES(ROW)
#undef ROW
};

struct vt_bytes vt_notice_builtin(const char *path)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(files[i].path, path) == 0)
            return vt_bytes_of(files[i].begin, (size_t)(files[i].end - files[i].begin));
    }
    return (struct vt_bytes){0};
}

const char *vt_notice_builtin_path(size_t index)
{
    return index < sizeof(files) / sizeof(files[0]) ? files[index].path : NULL;
}
