/* SPDX-License-Identifier: Apache-2.0
 * Frames: a header of "Subject:" and "Partly:", an empty line, the first line, and paragraphs.
 *   frame     = header empty headline *(empty paragraph) ["---" *(empty paragraph)]
 *   paragraph = block-field / 1*line          lines are joined; one that ends in "\" is not
 *   line      = *(text / "{" field "}" / "[" *(text / "{" field "}") "]" / "\" character)
 * Lines that begin with "#" are comments. */
#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#include "notice/words.h"

enum { MAX_PARAGRAPHS = 100, MAX_PIECES = 400 };
#define SMALL_BEGINS "---"

struct reader {
    const struct vt_notice_source *source;
    enum vt_notice_kind kind;
    struct vt_bytes rest;
    unsigned line;           /* of the one that next_line gave last */
    unsigned columns_before; /* of it, what take_pieces is not given */
    enum vt_code code;
    /* Of the paragraph that is being read. */
    struct vt_notice_paragraph *paragraph;
    unsigned open_line, open_column; /* of a "[" that is not closed; 0: none */
    bool open_has_field;
    bool has_unknown; /* a field that is none: it may be the one that is missing */
};

/* Columns count characters, as editors do. */
static unsigned column_of(const struct reader *r, struct vt_bytes line, const uint8_t *at)
{
    return r->columns_before + (unsigned)u8_mbsnlen(line.ptr, (size_t)(at - line.ptr)) + 1;
}

static void add_mistake(struct reader *r, unsigned line, unsigned column, bool is_warning,
                        const char *text)
{
    if (vt_mistakes_add(r->source->mistakes, r->source->file, line, column, is_warning, "%s",
                        text) != VT_OK)
        r->code = VT_E_NOMEM;
}

#define MISTAKE(r, line, column, ...) mistake_at(r, line, column, false, __VA_ARGS__)

static void mistake_at(struct reader *r, unsigned line, unsigned column, bool is_warning,
                       const char *format, ...) VT_PRINTF(5, 6);
static void mistake_at(struct reader *r, unsigned line, unsigned column, bool is_warning,
                       const char *format, ...)
{
    char text[VT_ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add_mistake(r, line, column, is_warning, text);
}

/* ---- lines ---- */

static struct vt_bytes trimmed(struct vt_bytes line)
{
    while (line.len > 0 && strchr(" \t\r", line.ptr[line.len - 1]) != NULL)
        line.len--;
    return line;
}

/* The next line that is no comment. False at the end. */
static bool next_line(struct reader *r, struct vt_bytes *out)
{
    while (r->rest.len > 0 && r->code == VT_OK) {
        size_t end = vt_bytes_find(r->rest, VT_BYTES("\n"), 0);
        size_t len = end == SIZE_MAX ? r->rest.len : end;
        *out = trimmed(vt_bytes_slice(r->rest, 0, len));
        r->rest = vt_bytes_slice(r->rest, len + 1, SIZE_MAX);
        r->line++;
        if (out->len > 0 && out->ptr[0] == '#')
            continue;
        size_t characters = u8_mbsnlen(out->ptr, out->len);
        if (characters > VT_MAX_FRAME_LINE)
            MISTAKE(r, r->line, VT_MAX_FRAME_LINE + 1,
                    "the line has %zu characters, more than %d: break it, lines of a paragraph are "
                    "joined again",
                    characters, VT_MAX_FRAME_LINE);
        return true;
    }
    return false;
}

/* ---- pieces ---- */

static void add_piece(struct reader *r, struct vt_notice_piece piece)
{
    struct vt_notice_paragraph *p = r->paragraph;
    if (p->count == MAX_PIECES)
        return;
    if (p->count + 1 == MAX_PIECES)
        MISTAKE(r, r->line, 1, "the paragraph is too long: make several of it");
    struct vt_notice_piece *grown =
        vt_arena_grow(r->source->arena, p->pieces, p->count, sizeof(*grown));
    if (grown == NULL) {
        r->code = VT_E_NOMEM;
        return;
    }
    p->pieces = grown;
    p->pieces[p->count++] = piece;
}

static void add_text(struct reader *r, const uint8_t *from, const uint8_t *until)
{
    if (until == from)
        return;
    const char *text = vt_arena_dup(r->source->arena, from, (size_t)(until - from));
    if (text == NULL)
        r->code = VT_E_NOMEM;
    else
        add_piece(r, (struct vt_notice_piece){.kind = VT_PIECE_TEXT, .text = text});
}

static void tell_unknown(struct reader *r, struct vt_bytes name, unsigned column)
{
    char shown[64];
    const char *near = vt_notice_field_suggest(name, r->source->language, r->kind);
    (void)vt_text_clean(shown, sizeof(shown), name);
    r->open_has_field = r->has_unknown = true;
    if (near != NULL)
        MISTAKE(r, r->line, column, "there is no field {%s}: did you mean {%s}?", shown, near);
    else
        MISTAKE(r, r->line, column,
                "there is no field {%s}: vanthu-notices(5) has the list; write \\{ for a brace",
                shown);
}

static void take_field(struct reader *r, struct vt_bytes name, unsigned column, bool is_alone)
{
    enum vt_notice_field field;
    if (vt_notice_field_by_name(name, &field) != VT_OK) {
        tell_unknown(r, name, column);
        return;
    }
    const struct vt_notice_field_info *info = vt_notice_field_info(field);
    const char *shown = info->names[r->source->language];
    if ((info->kinds & (1u << r->kind)) == 0)
        MISTAKE(r, r->line, column, "a notice of the kind \"%s\" has no {%s}",
                vt_notice_kind_name(r->kind), shown);
    else if (info->is_block && !is_alone)
        MISTAKE(r, r->line, column,
                "{%s} is a block: it stands on a line of its own between empty lines", shown);
    else if (!info->is_block && !info->is_sure && r->open_line == 0)
        mistake_at(r, r->line, column, true,
                   "{%s} is not always known: put it with the words around it into […], which is "
                   "then left out",
                   shown);
    r->open_has_field = true;
    if (info->is_block && is_alone)
        r->paragraph->is_block = true;
    add_piece(r, (struct vt_notice_piece){.kind = VT_PIECE_FIELD, .field = field});
}

static void open_bracket(struct reader *r, unsigned column)
{
    if (r->open_line != 0)
        MISTAKE(r, r->line, column, "a \"[\" inside of […]: write \\[ for a bracket");
    r->open_line = r->line;
    r->open_column = column;
    r->open_has_field = false;
    add_piece(r, (struct vt_notice_piece){.kind = VT_PIECE_OPEN});
}

static void close_bracket(struct reader *r, unsigned column)
{
    if (r->open_line == 0)
        MISTAKE(r, r->line, column, "a \"]\" without its \"[\": write \\] for a bracket");
    else if (!r->open_has_field)
        MISTAKE(r, r->open_line, r->open_column,
                "[…] without a field: nothing says when it is left out; write \\[ for a bracket");
    r->open_line = 0;
    add_piece(r, (struct vt_notice_piece){.kind = VT_PIECE_CLOSE});
}

/* What begins with a special character at *at; moves behind it. */
static void take_special(struct reader *r, struct vt_bytes line, const uint8_t **at)
{
    const uint8_t *end = line.ptr + line.len, *here = *at;
    unsigned column = column_of(r, line, here);
    *at = here + 1;
    if (*here == '\\' && here + 1 < end) {
        add_text(r, here + 1, here + 2);
        *at = here + 2;
    } else if (*here == '[') {
        open_bracket(r, column);
    } else if (*here == ']') {
        close_bracket(r, column);
    } else if (*here == '{') {
        const uint8_t *close = memchr(here, '}', (size_t)(end - here));
        if (close == NULL) {
            MISTAKE(r, r->line, column, "a \"{\" without its \"}\": write \\{ for a brace");
            *at = end;
            return;
        }
        bool is_alone = here == line.ptr && close + 1 == end && r->paragraph->count == 0;
        take_field(r, vt_bytes_of(here + 1, (size_t)(close - here) - 1), column, is_alone);
        *at = close + 1;
    } else if (*here == '}') {
        MISTAKE(r, r->line, column, "a \"}\" without its \"{\": write \\} for a brace");
    }
}

/* Law: what a signature is worth is not said by a mail system (legal.md R-69 and users.md 3). */
static void check_claims(struct reader *r, struct vt_bytes line)
{
    static const char claim[] = "giá trị pháp lý";
    size_t at = vt_bytes_find(line, vt_bytes_str(claim), 0);
    if (at != SIZE_MAX)
        MISTAKE(r, r->line, column_of(r, line, line.ptr + at),
                "a notice never says \"%s\": it says whose signature is valid", claim);
}

/* The pieces of one line; true when it ends in "\": the line stays a line. */
static bool take_pieces(struct reader *r, struct vt_bytes line)
{
    bool is_kept = line.len > 0 && line.ptr[line.len - 1] == '\\' &&
                   (line.len < 2 || line.ptr[line.len - 2] != '\\');
    check_claims(r, line);
    if (is_kept)
        line = trimmed(vt_bytes_slice(line, 0, line.len - 1));
    const uint8_t *at = line.ptr, *end = line.ptr + line.len, *begin = at;
    while (at < end && r->code == VT_OK) {
        if (*at != '\\' && *at != '[' && *at != ']' && *at != '{' && *at != '}') {
            at++;
            continue;
        }
        add_text(r, begin, at);
        take_special(r, line, &at);
        begin = at;
    }
    add_text(r, begin, end);
    return is_kept;
}

static void begin_paragraph(struct reader *r, struct vt_notice_paragraph *paragraph)
{
    *paragraph = (struct vt_notice_paragraph){0};
    r->paragraph = paragraph;
    r->open_line = 0;
}

static void end_paragraph(struct reader *r)
{
    if (r->open_line != 0)
        MISTAKE(r, r->open_line, r->open_column,
                "a \"[\" without its \"]\" in the paragraph: write \\[ for a bracket");
    r->open_line = 0;
}

/* ---- header, first line, paragraphs ---- */

static bool takes_header(struct reader *r, struct vt_bytes line, const char *name,
                         struct vt_notice_paragraph *out)
{
    size_t len = strlen(name);
    if (!vt_bytes_starts_with(line, vt_bytes_str(name)))
        return false;
    if (out->count > 0)
        MISTAKE(r, r->line, 1, "\"%s\" stands twice", name);
    begin_paragraph(r, out);
    struct vt_bytes value = vt_bytes_slice(line, len, SIZE_MAX);
    while (value.len > 0 && value.ptr[0] == ' ')
        value = vt_bytes_slice(value, 1, SIZE_MAX);
    if (value.len == 0)
        MISTAKE(r, r->line, 1, "nothing stands behind \"%s\"", name);
    r->columns_before = (unsigned)(value.ptr - line.ptr); /* ASCII */
    (void)take_pieces(r, value);
    r->columns_before = 0;
    end_paragraph(r);
    return true;
}

static void read_header(struct reader *r, struct vt_notice_frame *frame)
{
    struct vt_bytes line;
    while (next_line(r, &line) && line.len > 0) {
        if (!takes_header(r, line, "Subject:", &frame->subject) &&
            !takes_header(r, line, "Partly:", &frame->partly))
            MISTAKE(r, r->line, 1,
                    "the file begins with \"Subject: …\", if need be \"Partly: …\", and an empty "
                    "line");
    }
    if (frame->subject.count == 0)
        MISTAKE(r, 1, 1, "the file begins with \"Subject: …\"");
}

/* It must be true of every mail and fit on a telephone: no field, one line. */
static void check_first(struct reader *r, const struct vt_notice_paragraph *paragraph,
                        const char *what)
{
    int columns = 0;
    for (size_t i = 0; i < paragraph->count; i++) {
        const struct vt_notice_piece *piece = &paragraph->pieces[i];
        if (piece->kind != VT_PIECE_TEXT)
            MISTAKE(r, r->line, 1, "%s has neither fields nor […]: it holds for every mail", what);
        else
            columns += u8_strwidth((const uint8_t *)piece->text, "UTF-8");
    }
    if (columns > VT_NOTICE_COLUMNS)
        MISTAKE(r, r->line, 1, "%s takes %d columns, more than %d", what, columns,
                VT_NOTICE_COLUMNS);
}

static void read_first_line(struct reader *r, struct vt_notice_frame *frame)
{
    struct vt_bytes line = {0};
    while (next_line(r, &line) && line.len == 0)
        ;
    if (line.len == 0) {
        MISTAKE(r, r->line + 1, 1,
                "there is no first line: it says whether the mail was delivered");
        return;
    }
    begin_paragraph(r, &frame->headline);
    (void)take_pieces(r, line);
    end_paragraph(r);
    check_first(r, &frame->headline, "the first line");
    check_first(r, &frame->partly, "\"Partly:\"");
    if (next_line(r, &line) && line.len > 0)
        MISTAKE(r, r->line, 1, "an empty line stands behind the first line");
}

static struct vt_notice_paragraph *new_paragraph(struct reader *r, struct vt_notice_frame *frame,
                                                 bool is_small)
{
    if (frame->count == MAX_PARAGRAPHS) {
        MISTAKE(r, r->line, 1, "more than %d paragraphs", MAX_PARAGRAPHS);
        return NULL;
    }
    struct vt_notice_paragraph *grown =
        vt_arena_grow(r->source->arena, frame->paragraphs, frame->count, sizeof(*grown));
    if (grown == NULL) {
        r->code = VT_E_NOMEM;
        return NULL;
    }
    frame->paragraphs = grown;
    struct vt_notice_paragraph *added = &grown[frame->count++];
    begin_paragraph(r, added);
    added->is_small = is_small;
    return added;
}

/* Between lines of a paragraph stands a space, or the end of a line. */
static void add_between(struct reader *r, bool is_kept)
{
    if (is_kept)
        add_piece(r, (struct vt_notice_piece){.kind = VT_PIECE_BREAK});
    else
        add_piece(r, (struct vt_notice_piece){.kind = VT_PIECE_TEXT, .text = " "});
}

static void read_paragraphs(struct reader *r, struct vt_notice_frame *frame)
{
    struct vt_bytes line;
    bool is_small = false, is_inside = false, is_kept = false;
    while (r->code == VT_OK && next_line(r, &line)) {
        bool is_mark = vt_bytes_equal(line, VT_BYTES(SMALL_BEGINS));
        if (line.len == 0 || is_mark) {
            if (is_inside)
                end_paragraph(r);
            is_inside = false;
            is_small = is_small || is_mark;
            continue;
        }
        if (is_inside && r->paragraph->is_block)
            MISTAKE(r, r->line, 1, "an empty line stands behind a block");
        if (is_inside)
            add_between(r, is_kept);
        else if (new_paragraph(r, frame, is_small) == NULL)
            return;
        is_inside = true;
        is_kept = take_pieces(r, line);
    }
    if (is_inside)
        end_paragraph(r);
}

static bool has_field(const struct vt_notice_frame *frame, enum vt_notice_field field)
{
    for (size_t i = 0; i < frame->count; i++) {
        for (size_t p = 0; p < frame->paragraphs[i].count; p++) {
            const struct vt_notice_piece *piece = &frame->paragraphs[i].pieces[p];
            if (piece->kind == VT_PIECE_FIELD && piece->field == field)
                return true;
        }
    }
    return false;
}

/* What a reader cannot do without. */
static void check_fields(struct reader *r, const struct vt_notice_frame *frame)
{
    static const enum vt_notice_field needed[] = {VT_FIELD_REFERENCE, VT_FIELD_MAILS,
                                                  VT_FIELD_LINES};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        const struct vt_notice_field_info *info = vt_notice_field_info(needed[i]);
        if ((info->kinds & (1u << r->kind)) != 0 && !has_field(frame, needed[i]))
            MISTAKE(r, r->line, 1, "{%s} is missing: %s", info->names[r->source->language],
                    info->what);
    }
}

enum vt_code vt_notice_frame_parse(const struct vt_notice_source *source, enum vt_notice_kind kind,
                                   struct vt_notice_frame *out)
{
    struct reader r = {.source = source, .kind = kind, .rest = source->text};
    read_header(&r, out);
    read_first_line(&r, out);
    read_paragraphs(&r, out);
    if (r.code == VT_OK && !r.has_unknown)
        check_fields(&r, out);
    return r.code;
}
