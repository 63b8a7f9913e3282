/* Turning addresses into places a person knows. */
#ifndef REFLASH_LOCKOUT_PLACE_H
#define REFLASH_LOCKOUT_PLACE_H

#include "image/image.h"
#include "lockout/lockout.h"

/* Fill function (innermost inline one), file and line of an instruction;
 * what is unknown stays "" and 0. */
void lockout_place_at(const struct image *img, uint32_t address, struct lockout_place *out);

#endif
