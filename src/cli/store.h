/* Where small files of ours lie (XDG Base Directory Specification 0.8), and how
 * they are written: directories of mode 0700, files of mode 0600, each written
 * whole and renamed into place. */
#ifndef REFLASH_CLI_STORE_H
#define REFLASH_CLI_STORE_H

#include <jansson.h>

#include "image/image.h"

enum store_kind {
	STORE_STATE, /* $XDG_STATE_HOME, ~/.local/state: to be kept */
	STORE_CACHE, /* $XDG_CACHE_HOME, ~/.cache: can be made again */
};

/* "<home of that kind>/reflash/<name>", its directories made. False: there is
 * no such place. */
bool store_path(enum store_kind kind, const char *name, char *out, size_t size);
/* False: not stored, and what was there before still is. */
bool store_json(const char *path, json_t *o);
/* image_hash in hexadecimal. */
void store_hash(const struct image *img, char out[65]);

#endif
