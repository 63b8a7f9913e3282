/*
 * Objects that remember their pins, and a driver that takes a pin's debug
 * function away when it is given one of the debug port's: as an Arduino core
 * does. A run from reset gives it none.
 */
#include "styles.h"

#define IS(name) (FORM == FORM_##name)
enum { FORM_object = 1, FORM_object_moved, FORM_object_received };
enum { PA9 = 9, PA10 = 10, PA13 = 13, PA14 = 14, NONE = -1 };

struct port {
	uint32_t base;
	int asked_tx; /* before the port is known */
	int rx, tx;
	uint8_t buffer[32];
};

static struct port port;
static volatile uint32_t sink;

static __attribute__((noinline)) void pin_function(int pin, uint32_t mode)
{
	if (pin == PA13 || pin == PA14)
		lib_remap(SWJ_DISABLE, 0); /* blame object object_moved object_received */
	REG(0x40010804) = mode;
}

static __attribute__((noinline)) void init(struct port *p, int rx, int tx)
{
	p->rx = rx;
	p->tx = tx;
}

static __attribute__((noinline)) void construct(struct port *p, uint32_t base)
{
	p->base = base;
	p->asked_tx = NONE;
	if (base == 0x40013800)
		p->asked_tx = PA9;
	init(p, PA10, p->asked_tx);
}

static __attribute__((noinline)) void begin(struct port *p)
{
	pin_function(p->rx, 0x444444B4);
	pin_function(p->tx, 0x444444B4);
}

/* never comes: no interrupt is enabled */
void irq_handler(void)
{
	if (IS(object_moved))
		port.tx = PA13;
	if (IS(object_received))
		init(&port, PA10, (int)REG(0x40013804));
}

int main(void)
{
	AFIO_ON();
	construct(&port, 0x40013800);
	for (;;) {
		begin(&port);
		sink = sink + 1;
	}
}
