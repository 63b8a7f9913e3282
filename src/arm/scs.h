/*
 * System Control Space and private peripheral bus addresses (DDI 0403 B3, C1).
 * Addresses and names only; the board's side and analysis read them. The host
 * driver has its own (see ARCHITECTURE.md: no shared debug-register
 * definitions between the two sides).
 */
#ifndef REFLASH_ARM_SCS_H
#define REFLASH_ARM_SCS_H

#define SCS_ACTLR 0xE000E008u
#define SCS_SYST_CSR 0xE000E010u
#define SCS_SYST_RVR 0xE000E014u
#define SCS_SYST_CVR 0xE000E018u
#define SCS_SYST_CALIB 0xE000E01Cu
#define SCS_NVIC_ISER 0xE000E100u
#define SCS_NVIC_ICER 0xE000E180u
#define SCS_NVIC_ISPR 0xE000E200u
#define SCS_NVIC_ICPR 0xE000E280u
#define SCS_NVIC_IABR 0xE000E300u
#define SCS_NVIC_IPR 0xE000E400u
#define SCS_CPUID 0xE000ED00u
#define SCS_ICSR 0xE000ED04u
#define SCS_VTOR 0xE000ED08u
#define SCS_AIRCR 0xE000ED0Cu
#define SCS_SCR 0xE000ED10u
#define SCS_CCR 0xE000ED14u
#define SCS_SHPR1 0xE000ED18u
#define SCS_SHPR2 0xE000ED1Cu
#define SCS_SHPR3 0xE000ED20u
#define SCS_SHCSR 0xE000ED24u
#define SCS_CFSR 0xE000ED28u
#define CFSR_BFARVALID (1u << 15)
#define SCS_HFSR 0xE000ED2Cu
#define SCS_DFSR 0xE000ED30u
#define SCS_MMFAR 0xE000ED34u
#define SCS_BFAR 0xE000ED38u
#define SCS_AFSR 0xE000ED3Cu
#define SCS_STIR 0xE000EF00u
#define SCS_DHCSR 0xE000EDF0u
#define SCS_DCRSR 0xE000EDF4u
#define SCS_DCRDR 0xE000EDF8u
#define SCS_DEMCR 0xE000EDFCu
#define DWT_BASE 0xE0001000u
#define FPB_BASE 0xE0002000u
#define ITM_BASE 0xE0000000u
#define TPIU_BASE 0xE0040000u
#define ROM_TABLE 0xE00FF000u

/* Exception numbers. */
enum { EXC_RESET = 1, EXC_NMI = 2, EXC_HARDFAULT = 3, EXC_MEMMANAGE = 4, EXC_BUSFAULT = 5,
       EXC_USAGEFAULT = 6, EXC_SVCALL = 11, EXC_DEBUGMON = 12, EXC_PENDSV = 14,
       EXC_SYSTICK = 15, EXC_IRQ0 = 16 };

#endif
