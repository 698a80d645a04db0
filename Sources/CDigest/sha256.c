// The compression function of SHA-256 for processors that have it as instructions: Intel from Goldmont and Ice Lake on, AMD from the first Zen on.
#include "cdigest.h"

#include "cprocessor.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

int cdigest_has_sha256(void) {
  if (cprocessor_instruction_limit() == 0) return 0;
  unsigned a, b, c, d;
  // Four words are turned, shifted and taken apart by SSSE3 and SSE4.1.
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) return 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

// FIPS 180-4, 4.2.2. A table of its own: the plain form is held against it.
static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

__attribute__((target("sha,ssse3,sse4.1"))) void cdigest_sha256(uint32_t *state, const void *blocks, long count) {
  // The instructions want the working variables a, b, e, f in one register and c, d, g, h in another, the first of each in the highest lane.
  __m128i abef = _mm_set_epi32(state[0], state[1], state[4], state[5]);
  __m128i cdgh = _mm_set_epi32(state[2], state[3], state[6], state[7]);
  const __m128i big_endian = _mm_set_epi8(12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3);
  const __m128i *next = blocks;
  for (; count > 0; count--, next += 4) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    // The last sixteen words of the message schedule: four in each, the oldest where the next four will be written.
    __m128i words[4];
    for (int i = 0; i < 4; i++) words[i] = _mm_shuffle_epi8(_mm_loadu_si128(next + i), big_endian);
#pragma clang loop unroll(full)
    for (int four = 0; four < 16; four++) {
      const __m128i now = words[four % 4];
      const __m128i sums = _mm_add_epi32(now, _mm_load_si128((const __m128i *)(round_constants + 4 * four)));
      // Two rounds each. What was a, b, e, f is c, d, g, h two rounds later, so that the result goes where those were.
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sums);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sums, 0x0E));
      if (four < 12) {
        const __m128i second = words[(four + 1) % 4], third = words[(four + 2) % 4], newest = words[(four + 3) % 4];
        const __m128i seven_back = _mm_alignr_epi8(newest, third, 4);
        words[four % 4] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(now, second), seven_back), newest);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  state[0] = _mm_extract_epi32(abef, 3);
  state[1] = _mm_extract_epi32(abef, 2);
  state[2] = _mm_extract_epi32(cdgh, 3);
  state[3] = _mm_extract_epi32(cdgh, 2);
  state[4] = _mm_extract_epi32(abef, 1);
  state[5] = _mm_extract_epi32(abef, 0);
  state[6] = _mm_extract_epi32(cdgh, 1);
  state[7] = _mm_extract_epi32(cdgh, 0);
}

#else

int cdigest_has_sha256(void) { return 0; }

void cdigest_sha256(uint32_t *state, const void *blocks, long count) {
  (void)state, (void)blocks, (void)count;
  __builtin_trap();
}

#endif
