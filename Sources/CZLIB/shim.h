// Gzip streams. Owner: Storage.
#pragma once
#if !__has_include(<zlib.h>)
#error "zlib.h not found: install the Debian package zlib1g-dev (apt-get install zlib1g-dev), then build again"
#else
#include <zlib.h>
#endif
