// QR factorisation for orthogonal initialisation. Owner: Networks.
#pragma once
#if !__has_include(<lapacke.h>)
#error "lapacke.h not found: install the Debian package liblapacke-dev (apt-get install liblapacke-dev), then build again"
#else
#include <lapacke.h>
#endif
