#pragma once
// Run paths: a run's config with the files that it names.
//
//   write_file_atomically(file, with_absolute_paths(config).dump(2));

#include <filesystem>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

class Config;

/// A run's config with absolute paths: what it means wherever it is written. @throws ConfigError
INFOMTL_API Json with_absolute_paths(const Config& config);

/// Where the data of a saved config lie: its data.root; without one, the folder that the paths of its data section have in
/// common; empty where there are none.
INFOMTL_API std::filesystem::path data_folder(const Json& config);

/// The config with the data in another folder: data.root and every path of the data section below data_folder() are below
/// `folder`. Other paths, such as those of records that lie elsewhere, stay.
/// @param config  as a run saves it: paths are absolute @throws UserError where it names no file
INFOMTL_API Json with_data_in(Json config, const std::filesystem::path& folder);

}  // namespace infomtl
