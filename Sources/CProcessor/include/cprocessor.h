// What the processor can do, and how much of it may be used.
#pragma once

// The level that the environment variable STRIKEFORGE_INSTRUCTION_SET (baseline, v3 or v4) allows at most; 2 without it, -1 where it is no such word.
int cprocessor_instruction_limit(void);

// 0 for any processor, 1 for x86-64-v3 (AVX2, FMA), 2 for x86-64-v4 (AVX-512): the most that this processor and system have, and that the limit allows.
int cprocessor_instruction_level(void);
