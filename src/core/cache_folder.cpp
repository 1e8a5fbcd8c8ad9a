#include "infomtl/core/cache_folder.h"

#include <cstdlib>

#include "infomtl/core/errors.h"

namespace infomtl {

std::filesystem::path cache_folder() {
  if (const char* set = std::getenv("INFOMTL_CACHE"); set != nullptr && *set != '\0') return set;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return std::filesystem::path(home) / ".cache" / "infomtl";
  }
  throw UserError("no folder for downloads is known: neither INFOMTL_CACHE nor HOME is set; set INFOMTL_CACHE");
}

}  // namespace infomtl
