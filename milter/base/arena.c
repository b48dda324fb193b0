/* SPDX-License-Identifier: Apache-2.0
 * The arena of one mail: blocks of memory and objects to release, freed in one call. Bounded, so
 * that no mail can take more than its share. */
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/bytes.h"

#define BLOCK_BYTES ((size_t)32 * 1024)

struct block {
    struct block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) uint8_t data[];
};

struct owned {
    struct owned *next;
    void *object;
    void (*free_function)(void *);
};

struct vt_arena {
    struct block *blocks; /* the first one is filled */
    struct owned *owned;  /* newest first */
    size_t left_bytes;
};

struct vt_arena *vt_arena_new(size_t max_bytes)
{
    struct vt_arena *arena = calloc(1, sizeof(*arena));
    if (arena != NULL)
        arena->left_bytes = max_bytes;
    return arena;
}

void vt_arena_free(struct vt_arena *arena)
{
    if (arena == NULL)
        return;
    /* The list nodes live in the blocks: run them all before a block goes. */
    for (struct owned *o = arena->owned; o != NULL; o = o->next)
        o->free_function(o->object);
    struct block *next = NULL;
    for (struct block *b = arena->blocks; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    free(arena);
}

static struct block *add_block(struct vt_arena *arena, size_t size)
{
    struct block *block = calloc(1, sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    /* A large block is full at once: keep filling the one before it. */
    if (arena->blocks != NULL && size > BLOCK_BYTES) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *vt_arena_alloc(struct vt_arena *arena, size_t len)
{
    const size_t align = alignof(max_align_t);
    if (len > SIZE_MAX - align)
        return NULL;
    size_t rounded = len == 0 ? align : (len + align - 1) / align * align;
    if (rounded > arena->left_bytes)
        return NULL;
    struct block *block = arena->blocks;
    if (block == NULL || rounded > block->size - block->used) {
        block = add_block(arena, rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES);
        if (block == NULL)
            return NULL;
    }
    void *out = block->data + block->used;
    block->used += rounded;
    arena->left_bytes -= rounded;
    return out;
}

void *vt_arena_dup(struct vt_arena *arena, const void *ptr, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    uint8_t *out = vt_arena_alloc(arena, len + 1);
    if (out != NULL && len > 0)
        memcpy(out, ptr, len);
    return out;
}

struct vt_bytes vt_arena_join(struct vt_arena *arena, struct vt_bytes one, struct vt_bytes other)
{
    if (one.len > SIZE_MAX - other.len)
        return (struct vt_bytes){0};
    uint8_t *out = vt_arena_alloc(arena, one.len + other.len);
    if (out == NULL)
        return (struct vt_bytes){0};
    if (one.len > 0)
        memcpy(out, one.ptr, one.len);
    if (other.len > 0)
        memcpy(out + one.len, other.ptr, other.len);
    return vt_bytes_of(out, one.len + other.len);
}

char *vt_arena_str(struct vt_arena *arena, const char *string)
{
    return string == NULL ? NULL : vt_arena_dup(arena, string, strlen(string));
}

char *vt_arena_printf(struct vt_arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *out = vt_arena_dup(arena, text, (size_t)len);
    free(text);
    return out;
}

enum vt_code vt_arena_own(struct vt_arena *arena, void *object, void (*free_function)(void *))
{
    struct owned *owned = vt_arena_alloc(arena, sizeof(*owned));
    if (owned == NULL) {
        free_function(object);
        return VT_E_NOMEM;
    }
    *owned = (struct owned){arena->owned, object, free_function};
    arena->owned = owned;
    return VT_OK;
}

void *vt_arena_grow(struct vt_arena *arena, void *array, size_t count, size_t element_bytes)
{
    /* Capacities are powers of two from 4 on: full exactly when count is one of them. */
    bool is_full = count == 0 || (count >= 4 && (count & (count - 1)) == 0);
    if (!is_full)
        return array;
    size_t capacity = count == 0 ? 4 : count * 2;
    if (element_bytes != 0 && capacity > SIZE_MAX / element_bytes)
        return NULL;
    void *grown = vt_arena_alloc(arena, capacity * element_bytes);
    if (grown != NULL && count > 0)
        memcpy(grown, array, count * element_bytes);
    return grown;
}
