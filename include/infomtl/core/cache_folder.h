#pragma once
// Cache folder: where downloads are kept, encoders and data alike.
//
//   auto encoder = load_encoder(cache_folder() / "models" / "all-MiniLM-L6-v2");

#include <filesystem>

#include "infomtl/core/export.h"

namespace infomtl {

/// `$INFOMTL_CACHE`, else `~/.cache/infomtl`. @throws UserError when neither INFOMTL_CACHE nor HOME is set
INFOMTL_API std::filesystem::path cache_folder();

}  // namespace infomtl
