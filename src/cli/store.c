/* See store.h. */
#include "cli/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_dirs(char *path)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return false;
		*p = '/';
	}
	return true;
}

bool store_path(enum store_kind kind, const char *name, char *out, size_t size)
{
	static const struct {
		const char *variable, *below_home;
	} places[] = {
		[STORE_STATE] = {"XDG_STATE_HOME", ".local/state"},
		[STORE_CACHE] = {"XDG_CACHE_HOME", ".cache"},
	};
	const char *own = getenv(places[kind].variable), *home = getenv("HOME");

	if (own && own[0] == '/')
		snprintf(out, size, "%s/reflash/%s", own, name);
	else if (home && home[0] == '/')
		snprintf(out, size, "%s/%s/reflash/%s", home, places[kind].below_home, name);
	else
		return false;
	return make_dirs(out);
}

void store_hash(const struct image *img, char out[65])
{
	uint8_t hash[32];

	image_hash(img, hash);
	for (size_t i = 0; i < sizeof hash; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
}

bool store_json(const char *path, json_t *o)
{
	char draft[PATH_MAX];
	int fd;
	bool ok;

	snprintf(draft, sizeof draft, "%.*s.%ld", PATH_MAX - 32, path, (long)getpid());
	fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	ok = json_dumpfd(o, fd, JSON_COMPACT) == 0;
	ok = close(fd) == 0 && ok && rename(draft, path) == 0;
	if (!ok)
		unlink(draft);
	return ok;
}
