/* Inside the doctor: opinions, made by rank (observations) and by explain
 * (messages of other tools). */
#ifndef REFLASH_DOCTOR_RANK_H
#define REFLASH_DOCTOR_RANK_H

#include "doctor/cause.h"

const struct cause_row *cause_row_of(enum cause c);
/* A fresh opinion on the row's cause. */
void opinion_from_row(const struct cause_row *row, struct opinion *op);
/* Note one reason, for (weight > 0) or against. */
void opinion_add(struct opinion *op, int weight, const char *says, const char *detail);
/* Scores (tenths of a natural logarithm) to confidences; keeps those with
 * evidence for them, most likely first. Returns how many. */
size_t opinions_settle(struct opinion *op, const int *scores, size_t count);

#endif
