#pragma once
// Hashes that tell one file's content from another's.
//
//   if (sha256_of_file(folder / "model.safetensors") != expected) throw FormatError("...");

#include <filesystem>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl {

/// Lower-case hex SHA-256 of a regular file's bytes. @throws IoError
INFOMTL_API std::string sha256_of_file(const std::filesystem::path& file);
/// Lower-case hex SHA-256 of a text's bytes.
INFOMTL_API std::string sha256_of_text(std::string_view text);

}  // namespace infomtl
