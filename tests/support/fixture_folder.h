#pragma once
// Where the fixtures of tests lie: tests/fixtures of the source tree, or where a bundle (scripts/bundle.sh) has put them.

#include <cstdlib>
#include <string>

namespace infomtl::testing {

inline std::string fixture_folder() {
  const char* named = std::getenv("INFOMTL_FIXTURES");
  return named != nullptr ? named : INFOMTL_FIXTURES;
}

}  // namespace infomtl::testing
