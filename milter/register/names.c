/* SPDX-License-Identifier: Apache-2.0
 * The words of the register, for bodies, tables and people. */
#include "register/names.h"

#define WORDS(name, array)                                                                         \
    const struct vt_words vt_words_##name = {array, sizeof(array) / sizeof((array)[0])}

static const char *const kinds[VT_REGISTER_KINDS] = {
    [VT_REGISTER_DECIDED] = "decided",     [VT_REGISTER_ANSWERED] = "answered",
    [VT_REGISTER_OVERRULED] = "overruled", [VT_REGISTER_REFUSED] = "refused",
    [VT_REGISTER_DESTROYED] = "destroyed", [VT_REGISTER_EVENT] = "event",
    [VT_REGISTER_NOTICE] = "notice",
};

static const char *const outcomes[VT_OUTCOMES] = {
    [VT_OUTCOME_TEMPFAIL] = "tempfail",
    [VT_OUTCOME_REJECT] = "reject",
    [VT_OUTCOME_HOLD] = "hold",
    [VT_OUTCOME_ACCEPT] = "accept",
};
WORDS(outcome, outcomes);

static const char *const classes[VT_RETAIN_CLASSES] = {
    [VT_RETAIN_PASSED] = "passed",
    [VT_RETAIN_TAGGED] = "tagged",
    [VT_RETAIN_REFUSED] = "refused",
    [VT_RETAIN_SECRET] = "secret",
};

static const char *const faults[] = {
    [VT_REGISTER_WHOLE] = "whole",         [VT_REGISTER_UNREADABLE] = "unreadable",
    [VT_REGISTER_ALTERED] = "altered",     [VT_REGISTER_REMOVED] = "removed",
    [VT_REGISTER_REORDERED] = "reordered", [VT_REGISTER_CUT] = "cut",
    [VT_REGISTER_FOREIGN] = "foreign",     [VT_REGISTER_VANISHED] = "vanished",
    [VT_REGISTER_DERIVED] = "derived",     [VT_REGISTER_OBJECT] = "object",
};

const char *vt_register_kind_name(enum vt_register_kind kind)
{
    return kind >= VT_REGISTER_DECIDED && kind < VT_REGISTER_KINDS ? kinds[kind] : "unknown";
}

const char *vt_register_outcome_name(enum vt_register_outcome outcome)
{
    return outcome < VT_OUTCOMES ? outcomes[outcome] : "unknown";
}

const char *vt_register_class_name(enum vt_register_class class)
{
    return class < VT_RETAIN_CLASSES ? classes[class] : "unknown";
}

const char *vt_register_fault_name(enum vt_register_fault fault)
{
    return fault <= VT_REGISTER_OBJECT ? faults[fault] : "unknown";
}
