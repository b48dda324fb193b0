/* SPDX-License-Identifier: Apache-2.0
 * /metrics for Prometheus, and /healthz for whatever asks whether mail is checked. */
#include "web/pages.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json"
/* Exposition format 0.0.4. */
#define PROMETHEUS "text/plain; version=0.0.4; charset=utf-8"

static enum vt_code say(struct vt_web_page *out, unsigned status, const char *text)
{
    out->status = status;
    out->content_type = TEXT;
    return vt_buf_addf(&out->text, "%s\n", text);
}

static enum vt_code show_metrics(const struct vt_web_site *site, struct vt_web_page *out)
{
    out->status = 200;
    out->content_type = PROMETHEUS;
    return vt_metrics_write(site->reader, &site->view, &out->text, NULL);
}

/* {"ok": false, "problems": [{"code": "role-down", "text": "…"}]} */
static enum vt_code health_as_json(const struct vt_problem *problems, size_t count,
                                   struct vt_web_page *out)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "code", problems[i].code, "text", problems[i].text));
    json_t *root = json_pack("{s:b, s:o}", "ok", count == 0, "problems", list);
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    out->content_type = JSON;
    enum vt_code code = text != NULL ? vt_buf_addf(&out->text, "%s\n", text) : VT_E_NOMEM;
    free(text);
    return code;
}

static enum vt_code health_as_text(const struct vt_problem *problems, size_t count,
                                   struct vt_web_page *out)
{
    enum vt_code code = VT_OK;
    out->content_type = TEXT;
    if (count == 0)
        return vt_buf_addf(&out->text, "ok\n");
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = vt_buf_addf(&out->text, "%s: %s\n", problems[i].code, problems[i].text);
    return code;
}

static enum vt_code show_health(const struct vt_web_site *site, bool as_json, int64_t now_utc_secs,
                                struct vt_web_page *out)
{
    struct vt_problem problems[VT_MAX_PROBLEMS];
    size_t count = vt_metrics_problems(site->reader, &site->view, now_utc_secs, problems);
    out->status = count == 0 ? 200 : 503;
    return as_json ? health_as_json(problems, count, out) : health_as_text(problems, count, out);
}

static enum vt_metric_page page_of(const char *path)
{
    return strcmp(path, "/metrics") == 0   ? VT_PAGE_METRICS
           : strcmp(path, "/healthz") == 0 ? VT_PAGE_HEALTH
                                           : VT_PAGE_OTHER;
}

void vt_web_page(const struct vt_web_site *site, const char *method, const char *path,
                 const char *accept, int64_t now_utc_secs, struct vt_web_page *out)
{
    enum vt_metric_page page = page_of(path);
    enum vt_code code = VT_E_INTERNAL;
    *out = (struct vt_web_page){0};
    vt_buf_init(&out->text, VT_MAX_METRICS_TEXT_BYTES);
    vt_metric_add(site->metrics, VT_METRIC_WEB_REQUESTS, page, 1);
    if (page == VT_PAGE_OTHER)
        code = say(out, 404, "There is /metrics and /healthz.");
    else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        code = say(out, 405, "Only GET and HEAD.");
    else if (page == VT_PAGE_METRICS)
        code = show_metrics(site, out);
    else
        code = show_health(site, accept != NULL && strstr(accept, JSON) != NULL, now_utc_secs, out);
    if (code == VT_OK)
        return;
    vt_buf_clear(&out->text);
    out->status = 500;
    out->content_type = TEXT;
}
