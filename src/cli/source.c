/*
 * The text of a source line, when its file can be found: as recorded, below
 * the compilation directory, or beside the firmware file.
 */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "cli/report.h"
#include "cli/text.h"

static bool line_of_file(const char *path, unsigned line, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	char text[512];
	unsigned at = 0;
	bool whole = true; /* the last piece ended its line */

	if (!f)
		return false;
	while (at < line && fgets(text, sizeof text, f)) {
		if (whole)
			at++;
		whole = strchr(text, '\n') != NULL;
		if (at == line)
			break;
	}
	fclose(f);
	if (at != line || line == 0)
		return false;
	char *from = text;
	while (isspace((unsigned char)*from))
		from++;
	from[strcspn(from, "\r\n")] = '\0';
	snprintf(out, size, "%s", from);
	return out[0] != '\0';
}

/* The compilation directory of the line's unit, "" when unknown. */
static const char *directory_of(const struct image *img, const struct lockout_place *p)
{
	struct image_line line;

	if (img && image_line_at(img, p->address, &line) && line.directory)
		return line.directory;
	return "";
}

bool source_line(const struct image *img, const struct lockout_place *p, char *out, size_t size)
{
	char path[PATH_MAX];
	const char *directory = directory_of(img, p);

	if (!p->file[0] || !p->line)
		return false;
	if (line_of_file(p->file, p->line, out, size))
		return true;
	if (p->file[0] == '/')
		return false;
	if (directory[0]) {
		snprintf(path, sizeof path, "%s/%s", directory, p->file);
		if (line_of_file(path, p->line, out, size))
			return true;
	}
	if (!img)
		return false;
	snprintf(path, sizeof path, "%.*s%s",
		 (int)(base_name(image_name(img)) - image_name(img)), image_name(img), p->file);
	return line_of_file(path, p->line, out, size);
}
