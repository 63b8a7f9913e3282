/*
 * The same in C++: a static object's constructor, a virtual method, a template,
 * a register class, a lambda. The line to change carries `blame FORM`.
 */
extern "C" {
#include "styles.h"
int main(void);
extern void (*__init_array_start[])(void);
void __cxa_pure_virtual(void);
void __cxa_pure_virtual(void)
{
	for (;;)
		;
}
}

#define IS(name) (FORM == FORM_##name)
enum { FORM_cpp_static = 1, FORM_cpp_virtual, FORM_cpp_template, FORM_cpp_field, FORM_cpp_lambda,
       FORM_cpp_member };

namespace {

class debug_port {
public:
	explicit debug_port(uint32_t swj)
	{
		AFIO_ON();
		lib_remap(swj, 0);
	}
};

struct remapper {
	virtual void apply() const = 0;
};
struct keeping : remapper {
	void apply() const override { lib_remap(SWJ_NOJTAG, 0); }
};
struct disabling : remapper {
	void apply() const override { lib_remap(SWJ_DISABLE, 0); } /* blame cpp_virtual */
};

template <uint32_t address, unsigned position, unsigned width> struct field {
	static void set(uint32_t v)
	{
		constexpr uint32_t mask = ((1u << width) - 1) << position;

		REG(address) = (REG(address) & ~mask) | v << position;
	}
};
using swj_cfg = field<0x40010004, 24, 3>;

template <uint32_t swj> void remap_to()
{
	AFIO_MAPR = swj; /* blame cpp_template */
}

class afio {
	uint32_t wanted_;

public:
	afio() : wanted_(0) {}
	void want(uint32_t swj) { wanted_ |= swj; }
	void apply() const { lib_remap(wanted_, 0); } /* blame cpp_member */
};

template <typename function> __attribute__((noinline)) void with(function f)
{
	f();
}

keeping keep;
disabling disable;
const remapper *const remappers[] = {&keep, &disable};

}

#ifdef FORM_IS_CONSTRUCTOR
static debug_port port(SWJ_DISABLE); /* blame cpp_static */
#endif

static volatile unsigned which = 1, sink;

int main()
{
	AFIO_ON();
#ifdef FORM_IS_CONSTRUCTOR
	__init_array_start[0]();
#endif
	if (OPEN()) {
		if (IS(cpp_virtual))
			remappers[which & 1]->apply();
		if (IS(cpp_template))
			remap_to<SWJ_DISABLE>(); /* blame cpp_template */
		if (IS(cpp_field))
			swj_cfg::set(4); /* blame cpp_field */
		if (IS(cpp_lambda))
			with([] { lib_remap(SWJ_DISABLE, 0); }); /* blame cpp_lambda */
		if (IS(cpp_member)) {
			afio a;

			a.want(SWJ_DISABLE); /* blame cpp_member */
			a.apply(); /* blame cpp_member */
		}
	}
	for (;;)
		sink = sink + 1;
}
