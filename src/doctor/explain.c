/*
 * Reading another tool's log: each line against the catalogue, the causes
 * weighed together. One message alone often leaves a choice; then the answer
 * is the choice, and the test that would decide it.
 */
#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/catalogue.h"
#include "doctor/rank.h"

#define LINE_ROOM 600
#define TOOLS_MAX 16
#define SELF_INTRODUCTION 5 /* votes for a tool that names itself */

struct vote {
	const char *tool;
	unsigned count;
};

struct reading {
	struct explanation *out;
	int scores[CAUSE_COUNT];
	bool counted[CAUSE_COUNT];
	struct vote votes[TOOLS_MAX];
	/* Rows that have matched already, by address: each counts once. */
	const struct message_row *used[128];
	size_t used_count;
};

static void vote(struct reading *r, const char *tool, unsigned count)
{
	for (size_t i = 0; tool && i < TOOLS_MAX; i++) {
		if (r->votes[i].tool && strcmp(r->votes[i].tool, tool) != 0)
			continue;
		r->votes[i].tool = tool;
		r->votes[i].count += count;
		return;
	}
}

static bool matches(const char *pattern, const char *line, regmatch_t groups[3])
{
	regex_t re;
	bool hit;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_ICASE))
		return false;
	hit = regexec(&re, line, 3, groups, 0) == 0;
	regfree(&re);
	return hit;
}

static void name_tool(struct reading *r, const char *line)
{
	regmatch_t g[3];

	for (const struct tool_row *t = tool_rows; t->pattern; t++) {
		if (!matches(t->pattern, line, g))
			continue;
		vote(r, t->tool, SELF_INTRODUCTION);
		if (g[2].rm_so >= 0 && g[2].rm_eo > g[2].rm_so && !r->out->version[0])
			snprintf(r->out->version, sizeof r->out->version, "%.*s",
				 (int)(g[2].rm_eo - g[2].rm_so), line + g[2].rm_so);
	}
}

static bool first_use(struct reading *r, const struct message_row *row)
{
	for (size_t i = 0; i < r->used_count; i++)
		if (r->used[i] == row)
			return false;
	if (r->used_count < sizeof r->used / sizeof r->used[0])
		r->used[r->used_count++] = row;
	return true;
}

/* The line and what it means, unless that very thing was said before. */
static void note_line(struct reading *r, const char *line, const char *means)
{
	struct explanation *x = r->out;

	for (size_t i = 0; i < x->line_count; i++)
		if (x->lines[i].means == means)
			return;
	if (x->line_count == EXPLAIN_LINES)
		return;
	snprintf(x->lines[x->line_count].text, sizeof x->lines[0].text, "%.199s", line);
	x->lines[x->line_count++].means = means;
}

static void count_hints(struct reading *r, const struct message_row *row, const char *line)
{
	for (size_t i = 0; i < HINTS_MAX && row->hints[i].weight; i++) {
		enum cause c = row->hints[i].cause;

		r->scores[c] += row->hints[i].weight;
		r->counted[c] = true;
		opinion_add(&r->out->causes[c], row->hints[i].weight, "\"%s\"", line);
	}
}

static void read_line(struct reading *r, const char *line)
{
	static const struct message_row *const tables[] = {messages_stlink, messages_openocd,
							   messages_vendor, messages_others};
	regmatch_t g[3];

	name_tool(r, line);
	for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++) {
		for (const struct message_row *row = tables[t]; row->pattern; row++) {
			if (!matches(row->pattern, line, g))
				continue;
			vote(r, row->tool, 1);
			note_line(r, line, row->means);
			if (first_use(r, row))
				count_hints(r, row, line);
		}
	}
}

/* One line of the log, without control characters and colour codes. */
static size_t next_line(const char *log, size_t len, char out[LINE_ROOM])
{
	size_t at = 0, n = 0;

	while (at < len && log[at] != '\n' && log[at] != '\r') {
		unsigned char c = (unsigned char)log[at++];

		if (c == 0x1B) { /* ESC [ ... letter */
			while (at < len && !isalpha((unsigned char)log[at]) && log[at] != '\n')
				at++;
			at += at < len && log[at] != '\n';
			continue;
		}
		if (n + 1 < LINE_ROOM && c >= ' ')
			out[n++] = (char)c;
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return at + (at < len);
}

static void settle(struct reading *r)
{
	struct explanation *x = r->out;
	int scores[CAUSE_COUNT];
	size_t n = 0;

	for (int c = 0; c < CAUSE_COUNT; c++) {
		if (!r->counted[c])
			continue;
		x->causes[n] = x->causes[c];
		scores[n++] = r->scores[c];
	}
	x->cause_count = opinions_settle(x->causes, scores, n);
	for (size_t i = 0, best = 0; i < TOOLS_MAX && r->votes[i].tool; i++) {
		if (r->votes[i].count > best) {
			best = r->votes[i].count;
			x->tool = r->votes[i].tool;
		}
	}
}

void doctor_explain(const char *log, size_t len, struct explanation *out)
{
	struct reading r = {.out = out};
	char line[LINE_ROOM];

	memset(out, 0, sizeof *out);
	for (int c = 0; c < CAUSE_COUNT; c++) {
		const struct cause_row *row = cause_row_of((enum cause)c);

		out->causes[c].cause = (enum cause)c;
		if (row)
			opinion_from_row(row, &out->causes[c]);
		r.scores[c] = row ? row->prior / 2 : -4;
	}
	for (size_t at = 0; at < len;) {
		const char *text = line;

		at += next_line(log + at, len - at, line);
		while (*text == ' ')
			text++;
		if (*text)
			read_line(&r, text);
	}
	settle(&r);
}
