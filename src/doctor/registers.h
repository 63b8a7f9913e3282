/* Registers the doctor reads. RM0008 rev 21; DDI 0403 for the core. */
#ifndef REFLASH_DOCTOR_REGISTERS_H
#define REFLASH_DOCTOR_REGISTERS_H

#define FLASH_START 0x08000000u
#define R_CPUID 0xE000ED00u
#define R_DHCSR 0xE000EDF0u
#define R_DEMCR 0xE000EDFCu
#define R_DBGMCU_IDCODE 0xE0042000u
#define R_FLASH_SR 0x4002200Cu
#define R_FLASH_OBR 0x4002201Cu
#define R_FLASH_WRPR 0x40022020u
#define R_RCC_APB1ENR 0x4002101Cu
#define R_RCC_CSR 0x40021024u
#define R_PWR_CSR 0x40007004u

#define DEMCR_VC_CORERESET (1u << 0)
#define DHCSR_S_SLEEP (1u << 18)
#define DHCSR_S_LOCKUP (1u << 19)
#define DHCSR_S_RESET_ST (1u << 25)
#define RCC_PWREN (1u << 28)
#define RCC_CSR_IWDGRSTF (1u << 29)
#define RCC_CSR_WWDGRSTF (1u << 30)
#define RCC_CSR_LPWRRSTF (1u << 31)
#define PWR_CSR_SBF (1u << 1)
#define FLASH_OBR_OPTERR (1u << 0)
#define FLASH_OBR_RDPRT (1u << 1)
#define FLASH_OBR_WDG_SW (1u << 2)
#define FLASH_SR_BSY (1u << 0)

#endif
