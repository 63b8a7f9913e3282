/*
 * SW-DP of the STM32F103: which transfers are acknowledged, the sticky flags,
 * the posted AP reads. Source: ARM IHI 0031 (ADIv5) ch. B2, B4.
 *
 * One AP access is carried out as soon as its transfer ends. While the bus
 * answers WAIT it stays pending: transfers that need the AP get WAIT until the
 * bus has answered or ABORT.DAPABORT has cancelled it.
 *
 * Not modelled: see dp.h. Power-up requests are acknowledged at once (on
 * STM32F1 the debug domain is the core's: RM0008 31.5).
 */
#include "board/dp.h"

#define STICKY (CTRL_STICKYORUN | CTRL_STICKYCMP | CTRL_STICKYERR | CTRL_WDATAERR)
#define CTRL_WRITABLE                                                                              \
	(CTRL_ORUNDETECT | CTRL_TRNMODE | CTRL_MASKLANE | CTRL_TRNCNT | CTRL_CDBGRSTREQ |          \
	 CTRL_CDBGPWRUPREQ | CTRL_CSYSPWRUPREQ)
#define CSW_RESET 0x03000042u /* ASSUMED: word size, no increment, HPROT as the TRM draws it */

enum trnmode { TRN_NORMAL, TRN_VERIFY, TRN_COMPARE };

void dp_reset(struct dp *dp)
{
	*dp = (struct dp){.csw = CSW_RESET};
}

void dp_line_reset(struct dp *dp)
{
	dp->selected = false;
	dp->awake = dp->swd;
}

void dp_switch_to_swd(struct dp *dp)
{
	dp->swd = true;
	dp_line_reset(dp);
}

void dp_write_parity_error(struct dp *dp)
{
	dp->ctrl_stat |= CTRL_WDATAERR;
}

static uint32_t ctrl_stat_value(const struct dp *dp)
{
	uint32_t v = dp->ctrl_stat;

	if (v & CTRL_CDBGPWRUPREQ)
		v |= CTRL_CDBGPWRUPACK;
	if (v & CTRL_CSYSPWRUPREQ)
		v |= CTRL_CSYSPWRUPACK;
	return v;
}

static void ctrl_stat_write(struct dp *dp, struct mcu *m, uint32_t value)
{
	bool was = dp->ctrl_stat & CTRL_CDBGPWRUPREQ;
	bool is = value & CTRL_CDBGPWRUPREQ;

	dp->ctrl_stat = (dp->ctrl_stat & ~CTRL_WRITABLE) | (value & CTRL_WRITABLE);
	if (is != was)
		mcu_debug_power(m, is);
}

static void abort_write(struct dp *dp, uint32_t value)
{
	static const struct {
		uint32_t clear, flag;
	} rows[] = {
		{ABORT_STKCMPCLR, CTRL_STICKYCMP},
		{ABORT_STKERRCLR, CTRL_STICKYERR},
		{ABORT_WDERRCLR, CTRL_WDATAERR},
		{ABORT_ORUNERRCLR, CTRL_STICKYORUN},
	};

	if (value & ABORT_DAPABORT)
		dp->pending.active = false;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (value & rows[i].clear)
			dp->ctrl_stat &= ~rows[i].flag;
}

/* A pushed compare or verify: the written word against the memory's, on the
 * byte lanes of MASKLANE. */
static void compare(struct dp *dp, enum trnmode mode, uint32_t pushed, uint32_t memory)
{
	uint32_t mask = 0;
	bool equal;

	for (unsigned lane = 0; lane < 4; lane++)
		if (dp->ctrl_stat & (1u << (8 + lane)))
			mask |= 0xFFu << (8 * lane);
	equal = ((pushed ^ memory) & mask) == 0;
	if (equal == (mode == TRN_COMPARE))
		dp->ctrl_stat |= CTRL_STICKYCMP;
}

/* Carry out (or try again) the pending AP access. False: the bus still waits. */
static bool run_pending(struct dp *dp, struct mcu *m)
{
	struct ap_access *p = &dp->pending;
	enum trnmode mode = (enum trnmode)(dp->ctrl_stat >> 2 & 3);
	bool pushed = !p->read && mode != TRN_NORMAL && p->reg == AP_DRW;
	uint32_t data = p->data;
	enum mcu_access access;

	if (!p->active)
		return true;
	access = ap_access(dp, m, p->read || pushed, p->reg, &data);
	if (access == MCU_ACCESS_WAIT)
		return false;
	p->active = false;
	dp->ctrl_stat &= ~CTRL_READOK;
	if (access == MCU_ACCESS_FAULT) {
		dp->ctrl_stat |= CTRL_STICKYERR;
	} else if (pushed) {
		compare(dp, mode, p->data, data);
	} else if (p->read) {
		dp->rdbuff = data;
		dp->ctrl_stat |= CTRL_READOK;
	}
	return true;
}

void dp_poll(struct dp *dp, struct mcu *m)
{
	(void)run_pending(dp, m);
}

static enum swd_ack refuse_busy(struct dp *dp)
{
	if (dp->ctrl_stat & CTRL_ORUNDETECT)
		dp->ctrl_stat |= CTRL_STICKYORUN;
	return SWD_ACK_WAIT;
}

static enum swd_ack refuse_sticky(struct dp *dp)
{
	if (dp->ctrl_stat & CTRL_ORUNDETECT)
		dp->ctrl_stat |= CTRL_STICKYORUN;
	return SWD_ACK_FAULT;
}

static enum swd_ack ap_transfer(struct dp *dp, struct mcu *m, bool read, uint8_t addr,
				uint32_t *data)
{
	if (!(dp->ctrl_stat & CTRL_CDBGPWRUPREQ)) {
		dp->ctrl_stat |= CTRL_STICKYERR;
		return SWD_ACK_FAULT;
	}
	dp->pending = (struct ap_access){
		.active = true, .read = read, .reg = (uint8_t)((dp->select & 0xF0) | addr),
		.data = read ? 0 : *data};
	if (read)
		*data = dp->resend = dp->rdbuff; /* posted: the result of the access before */
	(void)run_pending(dp, m);
	return SWD_ACK_OK;
}

static enum swd_ack dp_read(struct dp *dp, struct mcu *m, uint8_t addr, uint32_t *data)
{
	switch (addr) {
	case DP_DPIDR:
		dp->selected = true;
		dp->awake = false;
		*data = mcu_silicon(m)->dpidr;
		break;
	case DP_CTRL_STAT:
		*data = dp->select & 1 ? 0 : ctrl_stat_value(dp); /* 1: WCR, turnaround one */
		break;
	case DP_RESEND:
		*data = dp->resend;
		break;
	default:
		*data = dp->resend = dp->rdbuff;
		break;
	}
	return SWD_ACK_OK;
}

static enum swd_ack dp_write(struct dp *dp, struct mcu *m, uint8_t addr, uint32_t data)
{
	switch (addr) {
	case DP_ABORT:
		abort_write(dp, data);
		break;
	case DP_CTRL_STAT:
		if (!(dp->select & 1))
			ctrl_stat_write(dp, m, data);
		break;
	case DP_SELECT:
		dp->select = data;
		break;
	default: /* ROUTESEL: nothing behind it */
		break;
	}
	return SWD_ACK_OK;
}

/* DPIDR and CTRL/STAT reads and ABORT writes are answered whatever happened
 * before: they are how a host finds out (IHI 0031, B4.2.3, B4.2.4). */
static bool always_answered(bool ap, bool read, uint8_t addr)
{
	return !ap && (addr == 0 || (read && addr == DP_CTRL_STAT));
}

enum swd_ack dp_transfer(struct dp *dp, struct mcu *m, bool ap, bool read, uint8_t addr,
			 uint32_t *data)
{
	bool idr = !ap && read && addr == DP_DPIDR;

	if (!dp->selected && !(dp->awake && idr))
		return SWD_NO_ACK;
	if (!always_answered(ap, read, addr)) {
		if (!run_pending(dp, m))
			return refuse_busy(dp);
		if (dp->ctrl_stat & STICKY)
			return refuse_sticky(dp);
	}
	if (ap)
		return ap_transfer(dp, m, read, addr, data);
	return read ? dp_read(dp, m, addr, data) : dp_write(dp, m, addr, *data);
}
