/* SPDX-License-Identifier: Apache-2.0
 * Time: the wall clock as UTC seconds, deadlines on the monotonic clock, and their text forms. */
#ifndef VANTHU_CLOCK_H
#define VANTHU_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "vanthu/bytes.h"

/* A time that is not known. */
#define VT_TIME_NONE INT64_MIN

/* Wall clock: seconds since 1970, UTC. It may jump; deadlines are on the other clock. */
int64_t vt_clock_now_utc_secs(void);
/* Monotonic clock in milliseconds, of no meaning outside of this machine. */
int64_t vt_clock_monotonic_msecs(void);
/* Milliseconds from now to a deadline on the monotonic clock, 0 when it has passed, at most
 * INT_MAX: what poll(2) takes. */
int vt_clock_left_msecs(int64_t deadline_msecs);

/* False when now is before the day this program was released: the clock of the machine is wrong,
 * and no judgement by it would be worth anything. */
bool vt_clock_is_sane(int64_t now_utc_secs);
/* The day that stands behind vt_clock_is_sane. */
int64_t vt_clock_released_utc_secs(void);
/* False when the kernel says that nobody keeps its clock right (adjtimex(2)). */
bool vt_clock_is_synchronised(void);

/* Vietnam is this far ahead of UTC, all the year. */
#define VT_VIETNAM_SECS (7 * 3600)

#define VT_TIME_TEXT_BYTES 32
/* RFC 3339 in UTC, "2026-12-03T02:12:00Z"; "-" for VT_TIME_NONE. Returns out. */
char *vt_time_rfc3339(char out[VT_TIME_TEXT_BYTES], int64_t utc_secs);
/* "09:12 ngày 03/12/2026 (giờ Việt Nam)" needs 64 bytes: time for people, +07:00. Returns out. */
char *vt_time_vietnam(char out[64], int64_t utc_secs);
/* RFC 3339 with zone ("Z", "+07:00") or a date alone (midnight UTC) to UTC seconds.
 * Returns VT_OK or VT_E_FORMAT. */
enum vt_code vt_time_parse(const char *text, int64_t *out_utc_secs) VT_MUST_CHECK;
/* The same as people write it: a date alone begins at midnight in Vietnam. VT_OK or VT_E_FORMAT. */
enum vt_code vt_time_parse_vietnam(const char *text, int64_t *out_utc_secs) VT_MUST_CHECK;
/* ASN.1 UTCTime or GeneralizedTime content octets ("...Z" only; RFC 5280 4.1.2.5).
 * generalized: true for GeneralizedTime. Fractions of a second are cut. VT_OK or VT_E_FORMAT. */
enum vt_code vt_time_parse_asn1(struct vt_bytes text, bool generalized,
                                int64_t *out_utc_secs) VT_MUST_CHECK;
/* Seconds since 1970 of a proleptic Gregorian date; month and day count from 1. */
int64_t vt_time_from_civil(int year, int month, int day, int hour, int minute, int second);

#endif
