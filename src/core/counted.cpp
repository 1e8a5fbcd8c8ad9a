#include "infomtl/core/counted.h"

namespace infomtl {

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  std::string text = std::to_string(count) + " " + std::string(count == 1 || many.empty() ? one : many);
  if (count != 1 && many.empty()) text += 's';
  return text;
}

std::string named(const std::vector<std::string>& names, std::string_view one) {
  std::string text(one);
  if (names.size() != 1) text += 's';
  return names.empty() ? text : text + " \"" + joined(names, "\", \"") + '"';
}

std::string joined(const std::vector<std::string>& parts, std::string_view between) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += between;
    text += parts[i];
  }
  return text;
}

}  // namespace infomtl
