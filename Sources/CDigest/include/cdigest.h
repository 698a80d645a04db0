// SHA-256 by the processor's own instructions.
#pragma once

#include <stdint.h>

// Whether the processor has them and STRIKEFORGE_INSTRUCTION_SET does not hold the program to the baseline.
int cdigest_has_sha256(void);

// Takes `count` blocks of 64 bytes, at any address, into the eight words of the state. Only where `cdigest_has_sha256` says 1.
void cdigest_sha256(uint32_t *state, const void *blocks, long count);
