/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal check: path and status of a key's certificate, judged as the gateway judges it before
 * each seal (legal.md R-24). */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/print.h"
#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"

#define ARENA_BYTES ((size_t)16 * 1024 * 1024)
#define ASK_MSECS 30000

static enum vt_code ask_identity(struct vt_sealed_file *file, struct vt_err *err)
{
    struct vt_sealer sealer = {.channel_fd = -1,
                               .connection_fd = -1,
                               .deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS};
    enum vt_code code = vt_control_connect_sealer(file->command->config->control_socket,
                                                  &sealer.connection_fd, err);
    if (code != VT_OK)
        return code;
    code = vt_sealer_identity(file->arena, &sealer, file->key->name, &file->identity, err);
    (void)close(sealer.connection_fd);
    return code;
}

static void set_text(json_t *certificate, const char *key, const char *text)
{
    (void)json_object_set_new(certificate, key, json_string(text));
}

/* The reason that comes first, in words; what is wrong with no reason of its own is the verdict. */
static void tell(const struct vt_sealed_file *file, const char *verdict, json_t *certificate)
{
    const struct vt_signature *own = file->own;
    enum vt_reason reason = own == NULL ? VT_REASON_COUNT : vt_reasons_first(own->reasons);
    char text[VT_REASON_TEXT_BYTES], day[16];
    set_text(certificate, "indication",
             vt_indication_name(own == NULL ? VT_INDETERMINATE : own->indication));
    if (own != NULL && own->indication == VT_TOTAL_PASSED)
        return;
    if (reason == VT_REASON_COUNT) {
        set_text(certificate, "why", verdict);
        return;
    }
    const struct vt_reason_info *info = vt_reason_info(reason);
    const struct vt_reason_fields fields = {.date = vt_signature_revoked_on(own, day)};
    set_text(certificate, "reason", info->code);
    set_text(certificate, "why",
             vt_reason_fill(text, sizeof(text),
                            vt_seal_pick(file->command, info->vietnamese, info->english), &fields));
}

static enum vt_code judge(struct vt_sealed_file *file, json_t *certificate, struct vt_err *err)
{
    char verdict[VT_SEAL_TEXT_BYTES] = "";
    bool is_good = false;
    file->own = NULL;
    file->arena = vt_arena_new(ARENA_BYTES);
    enum vt_code code = file->arena == NULL ? vt_err_set(err, VT_E_NOMEM, "out of memory")
                                            : ask_identity(file, err);
    if (code == VT_OK)
        code = vt_seal_file_judge_chain(file, &is_good, verdict, err);
    if (code == VT_OK)
        tell(file, verdict, certificate);
    file->own = NULL;
    vt_arena_free(file->arena);
    file->arena = NULL;
    return code == VT_OK && !is_good ? VT_E_FORMAT : code;
}

static const struct vt_seal_key *key_of(const struct vt_config *config, const char *name)
{
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        if (strcmp(config->seal_keys[i].name, name) == 0)
            return &config->seal_keys[i];
    }
    return NULL;
}

/* Roles are started once for all keys. */
bool vt_seal_check_own(struct vt_sealed_file *file, const char *name, json_t *answer)
{
    struct vt_err err = {0};
    json_t *certificate = json_object_get(answer, "certificate");
    file->file = name;
    file->key = key_of(file->command->config, name);
    if (file->key == NULL || json_object_get(certificate, "sha256") == NULL)
        return true; /* that there is none is told already */
    if (file->roles == NULL && vt_seal_file_start_roles(file) != EX_OK)
        return false;
    enum vt_code code = judge(file, certificate, &err);
    if (code != VT_OK && json_object_get(certificate, "indication") == NULL) {
        set_text(certificate, "indication", vt_indication_name(VT_INDETERMINATE));
        set_text(certificate, "why", err.text);
    }
    set_text(certificate, "file", file->key->certificate);
    return code == VT_OK;
}
