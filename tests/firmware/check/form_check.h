/*
 * One firmware against what is known of it: the verdict, the cause, and the
 * line, which is the one that carries `blame FORM` (or `blame FORM@FLAGS`) in
 * the sources.
 */
#ifndef FORM_CHECK_H
#define FORM_CHECK_H

#include <stdbool.h>

struct form_row {
	const char *form;
	const char *verdict;
	const char *cause;     /* of the finding that is held against the line; "": none may be */
	unsigned run_ms;       /* 0: 60 */
	const char *condition; /* what it hangs on, or "its start*"; NULL: any */
	unsigned pins;         /* pins_needed, as lockout.h numbers them; 0: any */
	const char *table;     /* the word that holds the value; NULL: any */
	const char *marked;    /* the name in the sources' comments; NULL: `form` */
};

struct form_test {
	const char *folder, *sources; /* FORM-FLAGS.elf; the sources */
	unsigned number, failures;
};

/* Check one program and print its TAP line. */
void form_check(struct form_test *t, const struct form_row *row, const char *flags);

#endif
