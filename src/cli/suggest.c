/* Nearest word by optimal string alignment distance; words are short. */
#include "cli/suggest.h"

#include <string.h>

#define WORD_MAX 24u

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned word_distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX + 1][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return WORD_MAX;
	for (size_t i = 0; i <= la; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= lb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		for (size_t j = 1; j <= lb; j++) {
			unsigned v = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			v = least(v, least(d[i - 1][j], d[i][j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				v = least(v, d[i - 2][j - 2] + 1);
			d[i][j] = v;
		}
	}
	return d[la][lb];
}

/* Keep `candidate` when it is nearer than `best`, and near at all. */
static void consider(const char *word, const char *candidate, const char **best, unsigned *nearest)
{
	unsigned distance = word_distance(word, candidate);
	size_t len = strlen(candidate);

	if (distance < *nearest && distance <= (len <= 3 ? 1u : len <= 6 ? 2u : 3u)) {
		*best = candidate;
		*nearest = distance;
	}
}

const char *suggest_command(const char *word)
{
	const char *best = NULL;
	unsigned nearest = WORD_MAX;

	for (const struct command *const *c = commands; *c; c++) {
		char list[128];
		char *save, *alias;

		consider(word, (*c)->name, &best, &nearest);
		if (!(*c)->aliases)
			continue;
		strncpy(list, (*c)->aliases, sizeof list - 1);
		list[sizeof list - 1] = '\0';
		for (alias = strtok_r(list, " ", &save); alias; alias = strtok_r(NULL, " ", &save)) {
			const char *before = best;

			consider(word, alias, &best, &nearest);
			if (best != before)
				best = (*c)->name; /* an alias of this one */
		}
	}
	return best;
}

const char *suggest_option(const struct option_def *own, const struct option_def *global,
			   const char *token)
{
	const struct option_def *tables[] = {own, global};
	const char *best = NULL;
	unsigned nearest = WORD_MAX;
	char word[WORD_MAX + 1];

	while (*token == '-')
		token++;
	strncpy(word, token, WORD_MAX);
	word[WORD_MAX] = '\0';
	word[strcspn(word, "=")] = '\0';
	if (strlen(word) < 2)
		return NULL;
	for (size_t i = 0; i < 2; i++)
		for (const struct option_def *o = tables[i]; o && o->name; o++)
			consider(word, o->name, &best, &nearest);
	return best;
}
