/* SPDX-License-Identifier: Apache-2.0
 * Reading cdb (D. J. Bernstein's constant database, by tinycdb) and lmdb. Keys that postmap(1)
 * wrote end with a NUL where the type of table has them so. */
#include "table_read.h"

#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum vt_code add_key(struct vt_buf *out, const void *key, size_t len)
{
    const char *text = key;
    if (len > 0 && text[len - 1] == '\0')
        len--;
    /* What cannot be a value of a list is left out: the table was made for another program. */
    if (len == 0 || memchr(text, '\n', len) != NULL || memchr(text, '\0', len) != NULL)
        return VT_OK;
    enum vt_code code = vt_buf_add(out, text, len);
    return code == VT_OK ? vt_buf_add(out, "\n", 1) : code;
}

static enum vt_code cannot_open(const char *path, struct vt_err *err)
{
    return vt_err_set(err, errno == ENOENT ? VT_E_NOT_FOUND : VT_E_SYSTEM, "cannot open %s: %s",
                      path, strerror(errno));
}

/* ---- cdb ---- */

/* The head names 256 hash tables, which stand at the end: of a file that is cut off at least one is
 * not there. The library takes what is left of it for the whole. */
#define CDB_TABLES_COUNT 256
#define CDB_HEAD_BYTES (8 * CDB_TABLES_COUNT)

static bool is_whole(int fd, off_t file_bytes)
{
    unsigned char head[CDB_HEAD_BYTES];
    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
        return false;
    for (size_t i = 0; i < CDB_TABLES_COUNT; i++) {
        uint64_t begin = cdb_unpack(head + 8 * i), count = cdb_unpack(head + 8 * i + 4);
        if (begin + 8 * count > (uint64_t)file_bytes)
            return false;
    }
    return true;
}

static enum vt_code read_cdb(int fd, struct vt_buf *out)
{
    struct cdb table;
    unsigned position = 0;
    if (cdb_init(&table, fd) != 0)
        return VT_E_FORMAT;
    cdb_seqinit(&position, &table);
    enum vt_code code = VT_OK;
    int found = 0;
    while (code == VT_OK && (found = cdb_seqnext(&position, &table)) > 0) {
        const void *key = cdb_getkey(&table);
        code = key == NULL ? VT_E_FORMAT : add_key(out, key, cdb_keylen(&table));
    }
    cdb_free(&table);
    return code == VT_OK && found < 0 ? VT_E_FORMAT : code;
}

enum vt_code vt_table_read_cdb(const char *path, struct vt_buf *out, struct vt_err *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return cannot_open(path, err);
    enum vt_code code = VT_E_FORMAT;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && is_whole(fd, info.st_size))
        code = read_cdb(fd, out);
    (void)close(fd);
    if (code == VT_E_FORMAT)
        return vt_err_set(err, code, "%s is not a cdb table", path);
    return code == VT_OK ? code : vt_err_set(err, code, "%s has too many keys", path);
}

/* ---- lmdb ---- */

static int read_cursor(MDB_cursor *cursor, struct vt_buf *out, enum vt_code *code)
{
    MDB_val key, value;
    int result = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (result == 0 && *code == VT_OK) {
        *code = add_key(out, key.mv_data, key.mv_size);
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return result == MDB_NOTFOUND ? 0 : result;
}

static int read_lmdb(MDB_env *environment, const char *path, struct vt_buf *out, enum vt_code *code)
{
    MDB_txn *transaction = NULL;
    MDB_cursor *cursor = NULL;
    MDB_dbi table = 0;
    /* As Postfix: one file, no folder; nothing is written beside it. */
    int result = mdb_env_open(environment, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0);
    if (result == 0)
        result = mdb_txn_begin(environment, NULL, MDB_RDONLY, &transaction);
    if (result == 0)
        result = mdb_dbi_open(transaction, NULL, 0, &table);
    if (result == 0)
        result = mdb_cursor_open(transaction, table, &cursor);
    if (result == 0)
        result = read_cursor(cursor, out, code);
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    if (transaction != NULL)
        mdb_txn_abort(transaction);
    return result;
}

enum vt_code vt_table_read_lmdb(const char *path, struct vt_buf *out, struct vt_err *err)
{
    MDB_env *environment = NULL;
    enum vt_code code = VT_OK;
    if (mdb_env_create(&environment) != 0)
        return vt_err_set(err, VT_E_NOMEM, "no memory to read %s", path);
    int result = read_lmdb(environment, path, out, &code);
    mdb_env_close(environment);
    if (result == ENOENT || result == EACCES) {
        errno = result;
        return cannot_open(path, err);
    }
    if (result != 0)
        return vt_err_set(err, VT_E_FORMAT, "%s is not an lmdb table: %s", path,
                          mdb_strerror(result));
    return code == VT_OK ? code : vt_err_set(err, code, "%s has too many keys", path);
}
