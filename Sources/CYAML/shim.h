// Configuration files. Owner: Training.
#pragma once
#if !__has_include(<yaml.h>)
#error "yaml.h not found: install the Debian package libyaml-dev (apt-get install libyaml-dev), then build again"
#else
#include <yaml.h>
#endif
