/* SPDX-License-Identifier: Apache-2.0
 * What the header block of one MIME entity says about its body (RFC 2045, RFC 2183). */
#ifndef VANTHU_UNPACK_ENTITY_H
#define VANTHU_UNPACK_ENTITY_H

#include "unpack/header.h"
#include "unpack/worklist.h"

enum vt_encoding {
    VT_ENCODING_IDENTITY = 0, /* 7bit, 8bit, binary */
    VT_ENCODING_BASE64,
    VT_ENCODING_QUOTED_PRINTABLE,
    VT_ENCODING_UNKNOWN
};
enum vt_disposition { VT_DISPOSITION_NONE = 0, VT_DISPOSITION_INLINE, VT_DISPOSITION_ATTACHMENT };

struct vt_entity {
    struct vt_header_block block;
    const char *content_type; /* lower case; NULL: none, or one that cannot be read */
    const char *smime_type;   /* smime-type of pkcs7-mime, protocol of multipart/signed */
    struct vt_bytes boundary; /* empty: none */
    const char *name;
    enum vt_encoding encoding;
    enum vt_disposition disposition;
};

/* Cut and read the entity of a part; what is wrong with its headers is told to the part. */
void vt_entity_read(struct vt_unpack_work *work, size_t index, const struct vt_unpack_item *item,
                    struct vt_entity *out);
/* True when the entity declares this type, e.g. "multipart/signed". */
bool vt_entity_is(const struct vt_entity *entity, const char *content_type);
/* True when it declares a type that begins so, e.g. "multipart/". */
bool vt_entity_is_kind(const struct vt_entity *entity, const char *kind);

/* How GMime is to read headers; made by vt_unpack_warm. */
struct _GMimeParserOptions;
struct _GMimeParserOptions *vt_entity_options(void);
/* Start GMime. Repeated calls do nothing. */
void vt_entity_warm(void);

#endif
