// Market store and checkpoints. Owner: Storage.
#pragma once
#if !__has_include(<hdf5.h>)
#error "hdf5.h not found: install the Debian package libhdf5-dev (apt-get install libhdf5-dev), then build again"
#else
#include <hdf5.h>
#endif
