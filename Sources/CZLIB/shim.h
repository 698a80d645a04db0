// Gzip streams and members of zip archives. Owner: Storage.
#pragma once
#if !__has_include(<zlib.h>)
#error "zlib.h not found: install the Debian package zlib1g-dev (apt-get install zlib1g-dev), then build again"
#else
#include <zlib.h>

// zlib's own spellings are macros that pass the header's version, which Swift cannot import.
// Window bits: 15 + 16 for "gzip header and trailer, nothing else", -15 for what has neither.
static inline int strikeforge_inflate_init(z_stream *stream, int window_bits) {
  return inflateInit2(stream, window_bits);
}

static inline int strikeforge_deflate_init(z_stream *stream, int level) {
  return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}
#endif
