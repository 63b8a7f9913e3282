/* The tables behind status.h. */
#include "base/status.h"

static const struct {
	int code;
	const char *word, *sentence, *remedy;
} rows[STATUS_COUNT] = {
#define X(name, code, word, sentence, remedy) [STATUS_##name] = {code, word, sentence, remedy},
	STATUS_LIST(X)
#undef X
};

static enum status known(enum status s)
{
	return (unsigned)s < STATUS_COUNT ? s : STATUS_FAILED;
}

int status_exit_code(enum status s)
{
	return rows[known(s)].code;
}

const char *status_name(enum status s)
{
	return rows[known(s)].word;
}

const char *status_sentence(enum status s)
{
	return rows[known(s)].sentence;
}

const char *status_remedy(enum status s)
{
	return rows[known(s)].remedy;
}
