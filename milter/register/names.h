/* SPDX-License-Identifier: Apache-2.0
 * The words of the register that are read back. */
#ifndef VANTHU_REGISTER_NAMES_H
#define VANTHU_REGISTER_NAMES_H

#include "evidence/names.h"
#include "vanthu/register.h"

extern const struct vt_words vt_words_outcome;

#endif
