#include "cmocka_all.h"

#include "account/list_state.h"

static void assert_text(const struct list_state *s, const char *want)
{
	struct arena *mem = arena_new(1000);
	struct list_state back = { 0 };

	assert_bytes_equal_str(list_state_format(mem, s), want);
	assert_true(list_state_parse(bytes_of_str(want), &back));
	assert_true(back.uidvalidity == s->uidvalidity && back.uidnext == s->uidnext &&
		    back.highestmodseq == s->highestmodseq && back.has_uid == s->has_uid &&
		    back.has_version == s->has_version && back.uid == s->uid &&
		    back.version == s->version && back.epoch == s->epoch &&
		    back.has_base == s->has_base && back.base == s->base);
	arena_free(mem);
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	assert_text(&(struct list_state){ 1, 2, 0, false, false, 0, 0 }, "s1.1.0.2");
	assert_text(&(struct list_state){ 36, 37, 35, false, false, 0, 0 }, "s1.10.z.11");
	assert_text(&(struct list_state){ 1, 2, 7, true, false, 36, 0 }, "s1.1.7.2.u10");
	assert_text(&(struct list_state){ 1, 2, 0, false, true, 0, UINT64_MAX },
		    "s1.1.0.2.v3w5e11264sgsf");
	assert_text(&(struct list_state){ UINT32_MAX, UINT32_MAX, UINT64_MAX, true, false,
					  UINT32_MAX, 0 },
		    "s1.1z141z3.3w5e11264sgsf.1z141z3.u1z141z3");
	assert_text(&(struct list_state){ .epoch = 36, .highestmodseq = 35 }, "p1.10.z");
	assert_text(&(struct list_state){ .epoch = UINT64_MAX,
					  .highestmodseq = UINT64_MAX,
					  .has_base = true,
					  .base = UINT64_MAX },
		    "p1.3w5e11264sgsf.3w5e11264sgsf.3w5e11264sgsf");
}

static void what_is_none_is_not(void **state)
{
	static const char *const texts[] = {
		"",
		"s1",
		"s1.",
		"s1.1.2",
		"s1.1.2.",
		"s1.1..3",
		"s1.0.2.3",
		"s2.1.2.3",
		"s1.1.2.3.",
		"s1.1.2.3.4",
		"s1.1.2.3.u",
		"s1.1.2.3.w4",
		"s1.1.2.3.u4.5",
		"s1.1.2.3.u4.",
		"s1.1.2.A",
		"s1.1z141z4.2.3",
		"s1.1.3w5e11264sgsg.3",
		"s1.1.2.3.u1z141z4",
		"s1.-1.2.3",
		"p1.",
		"p1.1",
		"p1.0.1",
		"p1.1.2.",
		"p1.1.2.3.4",
		"p1.1.2.U3",
	};
	struct list_state s;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(list_state_parse(bytes_of_str(texts[i]), &s));
	assert_false(list_state_parse(BYTES_NULL, &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_none_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
