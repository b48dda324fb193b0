/* SPDX-License-Identifier: Apache-2.0
 * Received lines of relays in front. */
#include "gateway/front.h"

#include <stdio.h>
#include <string.h>

/* Longer ones are not read: what makes a line doubtful may stand at its end. */
#define MAX_LINE_BYTES 4096
#define MAX_NAME_BYTES 255

static const char letters_and_digits[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

static void skip(struct vt_bytes *rest, size_t len)
{
    *rest = vt_bytes_slice(*rest, len, SIZE_MAX);
}

/* FWS; false when there is none. */
static bool take_blanks(struct vt_bytes *rest)
{
    size_t len = 0;
    while (len < rest->len && memchr(" \t\r\n", rest->ptr[len], 4) != NULL)
        len++;
    skip(rest, len);
    return len > 0;
}

static bool take_char(struct vt_bytes *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != (uint8_t)c)
        return false;
    skip(rest, 1);
    return true;
}

/* One word of letters, digits and some more; empty when it is too long or does not begin here. */
static struct vt_bytes take_word(struct vt_bytes *rest, const char *more)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != '\0' &&
           (strchr(letters_and_digits, rest->ptr[len]) != NULL ||
            strchr(more, rest->ptr[len]) != NULL))
        len++;
    if (len > MAX_NAME_BYTES)
        len = 0;
    struct vt_bytes word = vt_bytes_slice(*rest, 0, len);
    skip(rest, len);
    return word;
}

static bool read_address(struct vt_bytes text, char out[64])
{
    char address[64];
    if (text.len == 0 || text.len >= sizeof(address))
        return false;
    memcpy(address, text.ptr, text.len);
    address[text.len] = '\0';
    return vt_address_normalise(address, out);
}

/* TCP-info = address-literal / ( Domain FWS address-literal ); behind it may stand more, and more
 * is the client's own word. */
static bool take_tcp_info(struct vt_bytes *rest, char out[64])
{
    if (rest->len > 0 && rest->ptr[0] != '[') {
        struct vt_bytes name = take_word(rest, ".-_:");
        if (take_char(rest, ')'))
            return read_address(name, out);
        if (name.len == 0 || !take_blanks(rest))
            return false;
    }
    if (!take_char(rest, '['))
        return false;
    struct vt_bytes literal = take_word(rest, ".:");
    if (!take_char(rest, ']') || rest->len == 0 || memchr(") \t\r\n:", rest->ptr[0], 6) == NULL)
        return false;
    return read_address(literal, out);
}

static size_t count_word_by(struct vt_bytes rest)
{
    size_t count = 0;
    while (rest.len > 0) {
        if (!take_blanks(&rest)) {
            skip(&rest, 1);
            continue;
        }
        struct vt_bytes word = take_word(&rest, "");
        bool is_whole = rest.len == 0 || memchr(" \t\r\n", rest.ptr[0], 4) != NULL;
        count += is_whole && vt_bytes_equal_nocase(word, VT_BYTES("by")) ? 1 : 0;
    }
    return count;
}

/* A client that may call itself anything could close the parenthesis and write a line of its own:
 * its real address would then follow, and the rest of the real line. */
static bool is_unambiguous(struct vt_bytes rest)
{
    return vt_bytes_find(rest, VT_BYTES("["), 0) == SIZE_MAX && count_word_by(rest) == 1;
}

bool vt_received_from(struct vt_bytes value, char out_address[64])
{
    struct vt_bytes rest = value;
    (void)take_blanks(&rest);
    if (value.len > MAX_LINE_BYTES || !vt_bytes_starts_with_nocase(rest, VT_BYTES("from")))
        return false;
    skip(&rest, 4);
    /* What the client called itself: a name or an address literal, and some call themselves
     * anything; a space or a parenthesis in it and the line is not understood. */
    if (!take_blanks(&rest) || take_word(&rest, ".-_:[]?!$%&*+/=^`{|}~#").len == 0)
        return false;
    return take_blanks(&rest) && take_char(&rest, '(') && take_tcp_info(&rest, out_address) &&
           is_unambiguous(rest);
}

void vt_front_begin(struct vt_front *front, const struct vt_networks *relays,
                    const char *client_address)
{
    *front = (struct vt_front){.is_open = vt_networks_contain(relays, client_address)};
    if (front->is_open)
        (void)snprintf(front->relay, sizeof(front->relay), "%s", client_address);
}

void vt_front_received(struct vt_front *front, const struct vt_networks *relays,
                       struct vt_bytes value)
{
    char address[64];
    if (!front->is_open)
        return;
    front->is_open = false;
    if (!vt_received_from(value, address) || ++front->hops_count > VT_MAX_FRONT_HOPS)
        return;
    if (vt_networks_contain(relays, address))
        front->is_open = true;
    else
        memcpy(front->client, address, sizeof(front->client));
}
