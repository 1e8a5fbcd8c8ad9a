#pragma once
// JSON files that the library wrote or that other programs did: no comments, no `extends` (those are configs, Config).

#include <exception>
#include <filesystem>
#include <string>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// The value in a JSON file.
/// @throws IoError; FormatError naming the file and, for bad syntax, line and column
INFOMTL_API Json read_json(const std::filesystem::path& file);

/// What nlohmann's exception says, without its own name and number: "key 'seed' not found".
INFOMTL_API std::string reason_of(const std::exception& error);

}  // namespace infomtl
