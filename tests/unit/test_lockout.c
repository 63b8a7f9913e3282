/* lockout: verdicts on images made by hand, byte by byte. */
#include "test.h"

#include <string.h>

#include "base/bytes.h"
#include "lockout/lockout.h"

/* Vectors, then code at 0x08000008. */
static struct image *raw(uint32_t sp, const uint16_t *code, size_t count)
{
	uint8_t bytes[256];
	struct image *img = NULL;

	memset(bytes, 0xFF, sizeof bytes);
	put_le32(bytes, sp);
	put_le32(bytes + 4, 0x08000009);
	for (size_t i = 0; i < count; i++)
		put_le16(bytes + 8 + 2 * i, code[i]);
	assert_int_equal(image_parse("t", bytes, sizeof bytes, IMAGE_NO_ADDRESS, &img, NULL),
			 STATUS_OK);
	return img;
}

static struct lockout_report *checked(struct image *img)
{
	struct lockout_options opt = {.run_us = 50000};
	struct lockout_report *r = NULL;
	struct err err = ERR_INIT;

	if (lockout_check(img, &opt, &r, &err) != STATUS_OK)
		fail_msg("%s", err.what);
	return r;
}

/* AFIOEN, then AFIO_MAPR = 0x0?000000 (movs r2, #swj; lsls r2, #24). */
static void check_swj(uint16_t swj, enum lockout_verdict verdict, size_t findings)
{
	const uint16_t code[] = {
		0x4804, /* ldr r0, =RCC_APB2ENR */
		0x2101, /* movs r1, #1 */
		0x6001, /* str r1, [r0] */
		0x4804, /* ldr r0, =AFIO_MAPR */
		(uint16_t)(0x2200 | swj),
		0x0612, /* lsls r2, r2, #24 */
		0x6002, /* str r2, [r0] */
		0xE7FE, /* b . */
		0x46C0, 0x46C0,
		0x1018, 0x4002, 0x0004, 0x4001};
	struct image *img = raw(0x20005000, code, sizeof code / sizeof code[0]);
	struct lockout_report *r = checked(img);

	assert_int_equal(r->verdict, verdict);
	assert_int_equal(r->finding_count, findings);
	if (verdict == VERDICT_LOCKS_OUT) {
		assert_int_equal(r->findings[0].store.address, 0x08000014);
		assert_int_equal(r->findings[0].blame.address, 0x08000010); /* movs r2, #4 */
		assert_int_equal(r->findings[0].store_value, 0x04000000);
		assert_true(r->findings[0].proof[0] != '\0');
	}
	lockout_report_free(r);
	image_free(img);
}

static void only_100_takes_swd(void **state)
{
	(void)state;
	check_swj(0, VERDICT_CLEAR, 0);
	check_swj(1, VERDICT_CLEAR, 0);
	check_swj(2, VERDICT_CLEAR, 1); /* a note: JTAG is off */
	check_swj(3, VERDICT_CLEAR, 0);
	check_swj(4, VERDICT_LOCKS_OUT, 1);
	check_swj(7, VERDICT_CLEAR, 0);
}

static void an_erased_image_is_unknown(void **state)
{
	uint8_t bytes[64];
	struct image *img;
	struct lockout_report *r;

	(void)state;
	memset(bytes, 0xFF, sizeof bytes);
	assert_int_equal(image_parse("t", bytes, sizeof bytes, IMAGE_NO_ADDRESS, &img, NULL),
			 STATUS_OK);
	r = checked(img);
	assert_int_equal(r->verdict, VERDICT_UNKNOWN);
	assert_int_equal(r->findings[0].cause, CAUSE_BAD_IMAGE);
	assert_true(r->reason[0] != '\0');
	lockout_report_free(r);
	image_free(img);
}

/* Stack pointer or reset vector that no F103 could start from. */
static void misplaced_vectors_are_a_bad_image(void **state)
{
	static const struct {
		uint32_t sp, reset;
	} rows[] = {
		{0x00000000, 0x08000009}, {0x08000100, 0x08000009}, {0x40021000, 0x08000009},
		{0x20005000, 0x08000008}, /* no Thumb bit */
		{0x20005000, 0xFFFFFFFF}, {0x20005000, 0x00000000}, {0x20005000, 0x0A000001},
		{0x20005000, 0x40010005},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint8_t bytes[64];
		struct image *img;
		struct lockout_report *r;

		memset(bytes, 0xFF, sizeof bytes);
		put_le32(bytes, rows[i].sp);
		put_le32(bytes + 4, rows[i].reset);
		put_le16(bytes + 8, 0xE7FE);
		assert_int_equal(image_parse("t", bytes, sizeof bytes, IMAGE_NO_ADDRESS, &img, NULL),
				 STATUS_OK);
		r = checked(img);
		assert_int_equal(r->verdict, VERDICT_UNKNOWN);
		assert_int_equal(r->findings[0].cause, CAUSE_BAD_IMAGE);
		assert_true(r->reason[0] != '\0');
		lockout_report_free(r);
		image_free(img);
	}
}

static void another_family_is_unknown(void **state)
{
	/* F4 RCC and GPIO literals, no F1 ones */
	const uint16_t code[] = {0xE7FE, 0x46C0, 0x3830, 0x4002, 0x3840, 0x4002, 0x3844, 0x4002};
	struct image *img = raw(0x20005000, code, sizeof code / sizeof code[0]);
	struct lockout_report *r = checked(img);

	(void)state;
	assert_int_equal(r->verdict, VERDICT_UNKNOWN);
	assert_null(r->chip);
	lockout_report_free(r);
	image_free(img);
}

static void too_much_memory_is_unknown(void **state)
{
	const uint16_t code[] = {0xE7FE};
	struct image *img = raw(0x20020000, code, 1);
	struct lockout_report *r = checked(img);

	(void)state;
	assert_int_equal(r->verdict, VERDICT_UNKNOWN);
	lockout_report_free(r);
	image_free(img);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_100_takes_swd),
		cmocka_unit_test(an_erased_image_is_unknown),
		cmocka_unit_test(misplaced_vectors_are_a_bad_image),
		cmocka_unit_test(another_family_is_unknown),
		cmocka_unit_test(too_much_memory_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
