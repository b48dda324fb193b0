/* SPDX-License-Identifier: Apache-2.0
 * What the subcommands share: faults and mistakes as text, reading files, the language. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/command.h"

enum vt_language vt_command_language(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != '\0')
            return strncmp(value, "vi", 2) == 0 ? VT_LANGUAGE_VIETNAMESE : VT_LANGUAGE_ENGLISH;
    }
    return VT_LANGUAGE_ENGLISH;
}

void vt_command_print_fault(const struct vt_err *err)
{
    if (err->file[0] != '\0' && err->line > 0)
        fprintf(stderr, "vanthu: %s:%u:%u: %s\n", err->file, err->line, err->column, err->text);
    else
        fprintf(stderr, "vanthu: %s\n", err->text[0] == '\0' ? vt_code_name(err->code) : err->text);
}

int vt_command_fault(const struct vt_err *err, enum vt_code code)
{
    struct vt_err unexplained = {.code = code};
    vt_command_print_fault(err->text[0] != '\0' ? err : &unexplained);
    return vt_command_exit_status(code);
}

int vt_command_load_config(const char *file, struct vt_config **out)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    if (file == NULL && access(VT_SYSCONFDIR "/vanthu.yaml", R_OK) == 0)
        file = VT_SYSCONFDIR "/vanthu.yaml";
    enum vt_code code =
        file == NULL ? vt_config_default(out, &err) : vt_config_load(file, out, &mistakes, &err);
    vt_mistakes_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_command_load_policy(const char *file, bool with_warnings, struct vt_policy **out)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_policy_load(file, out, &mistakes, &err);
    if (with_warnings || code != VT_OK)
        vt_mistakes_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

const char *vt_command_base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash == NULL ? file : slash + 1;
}

int vt_command_exit_status(enum vt_code code)
{
    switch (code) {
    case VT_OK:
        return EX_OK;
    case VT_E_CONFIG:
        return EX_CONFIG;
    case VT_E_NOT_FOUND:
        return EX_NOINPUT;
    case VT_E_FORMAT:
    case VT_E_LIMIT:
    case VT_E_UNSUPPORTED:
    case VT_E_EXPIRED:
        return EX_DATAERR;
    case VT_E_NETWORK:
    case VT_E_TIMEOUT:
    case VT_E_BUSY:
        return EX_TEMPFAIL;
    case VT_E_NOMEM:
    case VT_E_SYSTEM:
        return EX_OSERR;
    case VT_E_PEER:
    case VT_E_INTERNAL:
        break;
    }
    return EX_SOFTWARE;
}

enum vt_code vt_command_read_file(const char *file, size_t max_bytes, struct vt_buf *out,
                                  struct vt_err *err)
{
    bool is_stdin = strcmp(file, "-") == 0;
    FILE *stream = is_stdin ? stdin : fopen(file, "rbe");
    vt_buf_init(out, max_bytes);
    if (stream == NULL) {
        enum vt_code code = errno == ENOENT ? VT_E_NOT_FOUND : VT_E_SYSTEM;
        return vt_err_set(err, code, "cannot open \"%s\": %s", file, strerror(errno));
    }
    char piece[64 * 1024];
    size_t len = 0;
    enum vt_code code = VT_OK;
    while (code == VT_OK && (len = fread(piece, 1, sizeof(piece), stream)) > 0)
        code = vt_buf_add(out, piece, len);
    if (code == VT_OK && ferror(stream))
        code = vt_err_sys(err, "cannot read \"%s\"", file);
    else if (code == VT_E_LIMIT)
        (void)vt_err_set(err, code, "\"%s\" is larger than %zu bytes", file, max_bytes);
    if (!is_stdin)
        (void)fclose(stream);
    return code;
}

/* ---- times and names for people ---- */

/* "2026-12-03T09:12:00" as the clock in Vietnam shows it; false when there is no such time. */
static bool clock_in_vietnam(char out[VT_TIME_TEXT_BYTES], int64_t utc_secs)
{
    enum { LENGTH = 19 };
    if (utc_secs == VT_TIME_NONE ||
        strlen(vt_time_rfc3339(out, utc_secs + VT_VIETNAM_SECS)) <= LENGTH) {
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "-");
        return false;
    }
    out[LENGTH] = '\0';
    return true;
}

const char *vt_command_day(enum vt_language language, char out[VT_TIME_TEXT_BYTES],
                           int64_t utc_secs)
{
    char clock[VT_TIME_TEXT_BYTES];
    if (!clock_in_vietnam(clock, utc_secs))
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "-");
    else if (language == VT_LANGUAGE_VIETNAMESE)
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "%.2s/%.2s/%.4s", clock + 8, clock + 5, clock);
    else
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "%.10s", clock);
    return out;
}

const char *vt_command_moment(enum vt_language language, char out[VT_TIME_TEXT_BYTES],
                              int64_t utc_secs)
{
    char clock[VT_TIME_TEXT_BYTES];
    if (!clock_in_vietnam(clock, utc_secs))
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "-");
    else if (language == VT_LANGUAGE_VIETNAMESE)
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "%.5s %.2s/%.2s/%.4s", clock + 11, clock + 8,
                       clock + 5, clock);
    else
        (void)snprintf(out, VT_TIME_TEXT_BYTES, "%.19s+07:00", clock);
    return out;
}

const char *vt_command_set_name(enum vt_language language, enum vt_trust_set_id set)
{
    if (language != VT_LANGUAGE_VIETNAMESE)
        return vt_trust_set_name(set);
    return set == VT_TRUST_OFFICIAL ? "chuyên dùng công vụ (official)" : "công cộng (public)";
}

const char *vt_command_action(enum vt_language language, enum vt_action action)
{
    static const char *const vietnamese[] = {
        [VT_ACTION_ACCEPT] = "chuyển", [VT_ACTION_NOTE] = "ghi chú",
        [VT_ACTION_TAG] = "KÈM LƯU Ý", [VT_ACTION_DEFER] = "HẸN GỬI LẠI",
        [VT_ACTION_HOLD] = "TẠM GIỮ",  [VT_ACTION_REJECT] = "TỪ CHỐI"};
    return language == VT_LANGUAGE_VIETNAMESE && action <= VT_ACTION_REJECT
               ? vietnamese[action]
               : vt_action_name(action);
}
