#pragma once
// Log: what the program says on stderr while it works. Hides spdlog, whose fmt clashes with LibTorch's.

#include <string_view>

#include "infomtl/core/export.h"

namespace infomtl::log {

/// "debug", "info", "warning", "error" or "off"; the start is "info". @throws ConfigError for another word
INFOMTL_API void set_level(std::string_view level);

INFOMTL_API void debug(std::string_view message);
INFOMTL_API void info(std::string_view message);
INFOMTL_API void warning(std::string_view message);
INFOMTL_API void error(std::string_view message);

/// While one lives, a message that was said since it began is not said again: where several runs of the same files are looked
/// at, say. One within another changes nothing.
class INFOMTL_API EachOnce {
 public:
  EachOnce();
  ~EachOnce();
  EachOnce(const EachOnce&) = delete;
  EachOnce& operator=(const EachOnce&) = delete;

 private:
  bool outermost_ = false;
};

}  // namespace infomtl::log
