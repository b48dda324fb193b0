/* SPDX-License-Identifier: Apache-2.0
 * What post, command and registrar say to each other about notices, written and read. */
#include <stdio.h>
#include <string.h>

#include "evidence/record_json.h"
#include "register/messages.h"

static const char *const delivery_names[VT_DELIVERIES] = {[VT_DELIVERY_DEFERRED] = "deferred",
                                                          [VT_DELIVERY_SENT] = "sent",
                                                          [VT_DELIVERY_FAILED] = "failed"};

const char *vt_delivery_name(enum vt_delivery delivery)
{
    return delivery_names[(unsigned)delivery < VT_DELIVERIES ? delivery : VT_DELIVERY_DEFERRED];
}

static enum vt_code wrong(struct vt_err *err, const char *key)
{
    return vt_err_set(err, VT_E_FORMAT,
                      "\"%s\" of a message about a notice is not what it should "
                      "be",
                      key);
}

static enum vt_code open_object(struct vt_bytes json, json_t **out, struct vt_err *err)
{
    return vt_json_object(json, VT_MAX_MESSAGE_BYTES, out, err);
}

static enum vt_code read_id(const json_t *root, int64_t *out, struct vt_err *err)
{
    const json_t *value = json_object_get(root, "id");
    if (!json_is_integer(value) || json_integer_value(value) <= 0)
        return wrong(err, "id");
    *out = json_integer_value(value);
    return VT_OK;
}

/* Whole or not at all: half an address is another one. */
static enum vt_code read_text(const json_t *root, const char *key, char *out, size_t out_bytes,
                              struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(root, key));
    if (text == NULL || strlen(text) >= out_bytes)
        return wrong(err, key);
    memcpy(out, text, strlen(text) + 1);
    return VT_OK;
}

static enum vt_code read_cleaned(const json_t *root, const char *key, char *out, size_t out_bytes,
                                 struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(root, key));
    if (text == NULL)
        return wrong(err, key);
    (void)vt_text_clean(out, out_bytes, vt_bytes_str(text));
    return VT_OK;
}

/* ---- NOTICE ---- */

enum vt_code vt_notice_handed_to_json(const struct vt_notice_handed *handed, char **out_text,
                                      size_t *out_len, struct vt_err *err)
{
    json_t *root = json_pack("{s:I, s:s, s:s}", "id", (json_int_t)handed->id, "recipient",
                             handed->recipient, "envid", handed->envid);
    return vt_json_text(root, 0, VT_MAX_MESSAGE_BYTES, out_text, out_len, err);
}

/* RFC 3461 4.4: printable, and no more. */
static bool is_envid(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x21 || *text > 0x7E)
            return false;
    return true;
}

enum vt_code vt_notice_handed_from_json(struct vt_bytes json, struct vt_notice_handed *out,
                                        struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_notice_handed){.message_fd = -1, .lease_fd = -1};
    enum vt_code code = open_object(json, &root, err);
    if (code != VT_OK)
        return code;
    code = read_id(root, &out->id, err);
    if (code == VT_OK)
        code = read_text(root, "recipient", out->recipient, sizeof(out->recipient), err);
    if (code == VT_OK)
        code = read_text(root, "envid", out->envid, sizeof(out->envid), err);
    if (code == VT_OK && !is_envid(out->envid))
        code = wrong(err, "envid");
    json_decref(root);
    return code;
}

/* ---- NOTICE_NONE ---- */

enum vt_code vt_notice_wait_to_json(int64_t msecs, char **out_text, size_t *out_len,
                                    struct vt_err *err)
{
    return vt_json_text(json_pack("{s:I}", "msecs", (json_int_t)msecs), 0, VT_MAX_MESSAGE_BYTES,
                        out_text, out_len, err);
}

enum vt_code vt_notice_wait_from_json(struct vt_bytes json, int64_t *out, struct vt_err *err)
{
    json_t *root = NULL;
    enum vt_code code = open_object(json, &root, err);
    if (code != VT_OK)
        return code;
    const json_t *value = json_object_get(root, "msecs");
    int64_t msecs = json_integer_value(value);
    *out = msecs < 0 ? 0 : msecs > VT_MAX_NOTICE_WAIT_MSECS ? VT_MAX_NOTICE_WAIT_MSECS : msecs;
    code = json_is_integer(value) ? VT_OK : wrong(err, "msecs");
    json_decref(root);
    return code;
}

/* ---- NOTICE_DONE ---- */

enum vt_code vt_notice_done_to_json(const struct vt_notice_done *done, char **out_text,
                                    size_t *out_len, struct vt_err *err)
{
    json_t *root =
        json_pack("{s:I, s:s, s:b, s:i, s:s, s:s}", "id", (json_int_t)done->id, "outcome",
                  vt_delivery_name(done->delivery), "maybe_sent", (int)done->maybe_sent, "code",
                  (int)done->smtp_code, "queue_id", done->queue_id, "text", done->text);
    return vt_json_text(root, 0, VT_MAX_MESSAGE_BYTES, out_text, out_len, err);
}

static enum vt_code read_delivery(const json_t *root, struct vt_notice_done *out,
                                  struct vt_err *err)
{
    const char *name = json_string_value(json_object_get(root, "outcome"));
    const json_t *number = json_object_get(root, "code");
    const json_t *maybe_sent = json_object_get(root, "maybe_sent");
    unsigned found = 0;
    while (name != NULL && found < VT_DELIVERIES && strcmp(delivery_names[found], name) != 0)
        found++;
    if (name == NULL || found == VT_DELIVERIES)
        return wrong(err, "outcome");
    if (!json_is_integer(number) || json_integer_value(number) < 0 ||
        json_integer_value(number) > 599)
        return wrong(err, "code");
    if (!json_is_boolean(maybe_sent))
        return wrong(err, "maybe_sent");
    out->delivery = (enum vt_delivery)found;
    out->smtp_code = (unsigned)json_integer_value(number);
    out->maybe_sent = out->delivery == VT_DELIVERY_DEFERRED && json_is_true(maybe_sent);
    return VT_OK;
}

enum vt_code vt_notice_done_from_json(struct vt_bytes json, struct vt_notice_done *out,
                                      struct vt_err *err)
{
    json_t *root = NULL;
    *out = (struct vt_notice_done){0};
    enum vt_code code = open_object(json, &root, err);
    if (code != VT_OK)
        return code;
    code = read_id(root, &out->id, err);
    if (code == VT_OK)
        code = read_delivery(root, out, err);
    if (code == VT_OK)
        code = read_cleaned(root, "queue_id", out->queue_id, sizeof(out->queue_id), err);
    if (code == VT_OK)
        code = read_cleaned(root, "text", out->text, sizeof(out->text), err);
    json_decref(root);
    return code;
}

/* ---- NOTICE_ORDER ---- */

static const char *const order_names[VT_QUEUED_ORDERS] = {
    [VT_QUEUED_RETRY] = "retry", [VT_QUEUED_DROP] = "drop"};

enum vt_code vt_notice_order_to_json(const struct vt_notice_order *order, char **out_text,
                                     size_t *out_len, struct vt_err *err)
{
    json_t *root =
        json_pack("{s:s, s:I, s:o, s:o}", "order", order_names[order->order], "id",
                  (json_int_t)order->id, "by", vt_json_string(order->by != NULL ? order->by : ""),
                  "why", vt_json_string(order->why != NULL ? order->why : ""));
    return vt_json_text(root, 0, VT_MAX_MESSAGE_BYTES, out_text, out_len, err);
}

static enum vt_code read_said(struct vt_arena *arena, const json_t *root, const char *key,
                              const char **out, struct vt_err *err)
{
    const char *text = json_string_value(json_object_get(root, key));
    if (text == NULL || !vt_json_is_clean(text))
        return wrong(err, key);
    *out = text[0] == '\0' ? NULL : vt_arena_str(arena, text);
    return text[0] == '\0' || *out != NULL ? VT_OK
                                           : vt_err_set(err, VT_E_NOMEM, "no memory for an order");
}

enum vt_code vt_notice_order_from_json(struct vt_arena *arena, struct vt_bytes json,
                                       struct vt_notice_order *out, struct vt_err *err)
{
    json_t *root = NULL;
    unsigned found = 0;
    *out = (struct vt_notice_order){0};
    enum vt_code code = open_object(json, &root, err);
    if (code != VT_OK)
        return code;
    const char *name = json_string_value(json_object_get(root, "order"));
    const json_t *id = json_object_get(root, "id");
    while (name != NULL && found < VT_QUEUED_ORDERS && strcmp(order_names[found], name) != 0)
        found++;
    if (name == NULL || found == VT_QUEUED_ORDERS)
        code = wrong(err, "order");
    else if (!json_is_integer(id) || json_integer_value(id) < 0)
        code = wrong(err, "id");
    if (code == VT_OK)
        code = read_said(arena, root, "by", &out->by, err);
    if (code == VT_OK)
        code = read_said(arena, root, "why", &out->why, err);
    out->order = (enum vt_queued_order)found;
    out->id = json_integer_value(id);
    json_decref(root);
    return code;
}

enum vt_code vt_notice_ordered_to_json(int64_t count, char **out_text, size_t *out_len,
                                       struct vt_err *err)
{
    return vt_json_text(json_pack("{s:I}", "count", (json_int_t)count), 0, VT_MAX_MESSAGE_BYTES,
                        out_text, out_len, err);
}

enum vt_code vt_notice_ordered_from_json(struct vt_bytes json, int64_t *out_count,
                                         struct vt_err *err)
{
    json_t *root = NULL;
    enum vt_code code = open_object(json, &root, err);
    if (code != VT_OK)
        return code;
    const json_t *count = json_object_get(root, "count");
    *out_count = json_integer_value(count);
    code = json_is_integer(count) ? VT_OK : wrong(err, "count");
    json_decref(root);
    return code;
}
