#pragma once
// Run paths: a run's config with the files that it names.
//
//   write_file_atomically(file, with_absolute_paths(config).dump(2));

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

class Config;

/// A run's config with absolute paths: what it means wherever it is written. @throws ConfigError
INFOMTL_API Json with_absolute_paths(const Config& config);

}  // namespace infomtl
