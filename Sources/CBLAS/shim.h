// Matrix products. Owner: Networks.
#pragma once
#if !__has_include(<cblas.h>)
#error "cblas.h not found: install the Debian package libopenblas-dev (apt-get install libopenblas-dev), then build again"
#else
#include <cblas.h>
#endif
