/* SPDX-License-Identifier: Apache-2.0
 * Which mails stand in a list. */
#ifndef VANTHU_REGISTER_LISTED_H
#define VANTHU_REGISTER_LISTED_H

/* Numbers of mails, as a SELECT with one column seq: refused or held and not answered otherwise, or
 * overruled, after ?1 and not after ?2. Of a mail marked secret nobody's list tells. */
#define VT_LISTED_SEQS                                                                             \
    "SELECT m.seq AS seq FROM mail m WHERE m.class = 'refused' AND m.time_utc_secs > ?1"           \
    " AND m.time_utc_secs <= ?2 AND m.outcome IN ('reject', 'hold') AND NOT EXISTS ("              \
    "SELECT 1 FROM followup f WHERE f.decided = m.seq AND f.kind = 2"                              \
    " AND f.value NOT IN ('reject', 'hold')) UNION"                                                \
    " SELECT d.seq FROM record r JOIN record d ON d.reference = r.reference AND d.kind = 1"        \
    " WHERE r.kind = 3 AND r.body IS NOT NULL AND r.time_utc_secs > ?1"                            \
    " AND r.time_utc_secs <= ?2 AND r.reference <> ''"

#endif
