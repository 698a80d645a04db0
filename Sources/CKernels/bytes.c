// Where bytes stand in text, sixty-four at a time.
#include "ckernels.h"

#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>

// A bit for each of 64 bytes that is `byte`, the first in the lowest.
static inline uint64_t equal(const unsigned char *text, unsigned char byte) {
  const __m128i wanted = _mm_set1_epi8((char)byte);
  uint64_t bits = 0;
  for (int quarter = 3; quarter >= 0; quarter--) {
    const __m128i found = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)text + quarter), wanted);
    bits = bits << 16 | (uint64_t)(unsigned)_mm_movemask_epi8(found);
  }
  return bits;
}
#else
static inline uint64_t equal(const unsigned char *text, unsigned char byte) {
  uint64_t bits = 0;
  for (int place = 0; place < 64; place++) bits |= (uint64_t)(text[place] == byte) << place;
  return bits;
}
#endif

long ckernels_byte_places(
    const unsigned char *text, long count, unsigned char mark, unsigned char seen, int *places, int *lines, long line_limit,
    long counts[3]) {
  long found = 0, ends = 0, looked = 0;
  int is_seen = 0;
  unsigned char rest[64];
  for (; looked < count && ends < line_limit; looked += 64) {
    const unsigned char *block = text + looked;
    uint64_t within = ~0ull;
    if (count - looked < 64) {
      memset(rest, 0, sizeof rest);
      memcpy(rest, block, count - looked);
      block = rest;
      within = (1ull << (count - looked)) - 1;
    }
    uint64_t feeds = equal(block, 10) & within;
    uint64_t hits = (equal(block, mark) & within) | feeds;
    is_seen |= (equal(block, seen) & within) != 0;
    for (uint64_t left = feeds; left; left &= left - 1) {
      lines[ends++] = (int)(found + __builtin_popcountll(hits & ((left & -left) - 1)));
    }
    const long here = __builtin_popcountll(hits);
    // How many there are cannot be guessed: eight are always written, and those that are none are written over.
    int *next = places + found;
    for (long first = 0; first < here; first += 8) {
      for (long place = first; place < first + 8; place++) {
        next[place] = (int)looked + (hits ? __builtin_ctzll(hits) : 0);
        hits &= hits - 1;
      }
    }
    found += here;
  }
  counts[0] = found;
  counts[1] = ends;
  counts[2] = is_seen;
  return looked < count ? looked : count;
}
