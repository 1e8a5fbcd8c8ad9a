#pragma once
// Places in a JSON value as messages name them (RFC 6901): "/losses/1" and "a/b" give "/losses/1/a~1b".

#include <cstddef>
#include <string>
#include <string_view>

namespace infomtl {

inline std::string pointer_below(const std::string& pointer, std::string_view key) {
  std::string result = pointer + '/';
  for (const char c : key) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

inline std::string pointer_below(const std::string& pointer, std::size_t index) {
  return pointer + '/' + std::to_string(index);
}

}  // namespace infomtl
