/* See report_formats.h. SARIF: OASIS standard 2.1.0. */
#include "cli/report_formats.h"

#include <string.h>

/* How bad a finding is; both formats use the same three words. */
static const char *severity(const struct lockout_finding *f)
{
	if (f->level == LEVEL_NOTE)
		return "note";
	return f->level == LEVEL_LOCKOUT && f->certainty == CERTAIN_PROVED ? "error" : "warning";
}

static void gcc_place(const char *file, const struct lockout_finding *f)
{
	if (f->blame.file[0])
		printf("%s:%u: ", f->blame.file, f->blame.line);
	else
		printf("%s: ", file);
}

/* Line breaks would end the diagnostic. */
static void put_flat(const char *text)
{
	for (; *text; text++)
		putchar(*text == '\n' ? ' ' : *text);
}

void report_gcc(const char *file, const struct lockout_report *r)
{
	if (r->verdict == VERDICT_UNKNOWN)
		printf("%s: warning: not checked: %s\n", file, r->reason);
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct lockout_finding *f = &r->findings[i];

		gcc_place(file, f);
		printf("%s: ", severity(f));
		put_flat(f->summary);
		if (f->condition[0] && !strstr(f->summary, f->condition))
			printf(" (only %s)", f->condition);
		printf(" [%s]\n", cause_name(f->cause));
		if (!f->fix[0] || f->level == LEVEL_NOTE)
			continue;
		gcc_place(file, f);
		printf("note: ");
		put_flat(f->fix);
		putchar('\n');
	}
}

json_t *sarif_new(void)
{
	return json_pack("{s:s, s:s, s:[{s:{s:{s:s, s:s, s:s}}, s:[]}]}", "$schema",
			 "https://json.schemastore.org/sarif-2.1.0.json", "version", "2.1.0", "runs",
			 "tool", "driver", "name", "reflash", "version", REFLASH_VERSION_TEXT,
			 "semanticVersion", REFLASH_VERSION_TEXT, "results");
}

static json_t *sarif_location(const char *file, const struct lockout_finding *f)
{
	if (!f->blame.file[0])
		return json_pack("{s:{s:{s:s}}}", "physicalLocation", "artifactLocation", "uri", file);
	return json_pack("{s:{s:{s:s}, s:{s:i}}, s:[{s:s, s:s}]}", "physicalLocation",
			 "artifactLocation", "uri", f->blame.file, "region", "startLine",
			 f->blame.line ? (int)f->blame.line : 1, "logicalLocations", "name",
			 f->blame.function, "kind", "function");
}

/* Silence would read as a clear verdict. */
static json_t *sarif_not_checked(const char *file, const struct lockout_report *r)
{
	char text[900];

	snprintf(text, sizeof text, "%s: not checked: %s", file, r->reason);
	return json_pack("{s:s, s:s, s:{s:s}, s:[{s:{s:{s:s}}}], s:{s:s, s:s}}", "ruleId",
			 "not-checked", "level", "warning", "message", "text", text, "locations",
			 "physicalLocation", "artifactLocation", "uri", file, "properties", "firmware",
			 file, "verdict", verdict_name(r->verdict));
}

void sarif_add(json_t *log, const char *file, const struct lockout_report *r)
{
	json_t *run = json_array_get(json_object_get(log, "runs"), 0);
	json_t *results = json_object_get(run, "results");
	char text[900];

	if (r->verdict == VERDICT_UNKNOWN && !r->finding_count)
		json_array_append_new(results, sarif_not_checked(file, r));
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct lockout_finding *f = &r->findings[i];

		snprintf(text, sizeof text, "%s: %s. %s", file, f->summary, f->fix);
		json_array_append_new(
			results, json_pack("{s:s, s:s, s:{s:s}, s:[o], s:{s:s, s:s}}", "ruleId",
					   cause_name(f->cause), "level", severity(f), "message",
					   "text", text, "locations", sarif_location(file, f),
					   "properties", "firmware", file, "verdict",
					   verdict_name(r->verdict)));
	}
}
