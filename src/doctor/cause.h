/*
 * A cause is one row: what it is, how often it is behind a dead board before
 * anything was seen, the evidence for and against it, what to do. To add one:
 * a row here, its name in lockout.h's list, a test in tests/unit/test_doctor.c.
 */
#ifndef REFLASH_DOCTOR_CAUSE_H
#define REFLASH_DOCTOR_CAUSE_H

#include "doctor/facts.h"

/* One piece of evidence. `weight` is a natural logarithm of how much likelier
 * the fact is with this cause than without it, in tenths: 20 is e^2, about
 * seven times; negative speaks against. `says` may hold one "%s" for the
 * fact's detail. */
struct evidence {
	fact_fn seen;
	int weight;
	const char *says;
};

struct cause_row {
	enum cause cause;
	int prior;                 /* the same unit; 0: as common as the rest */
	const char *means;
	const char *next;
	const char *test;          /* what would decide it, by hand or with reflash */
	enum status status;        /* of diagnose, when this cause leads */
	const struct evidence *evidence; /* ends with seen == NULL */
};

/* The groups of rows; each ends with a row whose `means` is NULL. */
extern const struct cause_row causes_firmware[];   /* causes_firmware.c */
extern const struct cause_row causes_protection[]; /* causes_protection.c */
extern const struct cause_row causes_desk[];       /* causes_desk.c */
extern const struct cause_row causes_elsewhere[];  /* the same */

#endif
