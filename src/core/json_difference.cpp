#include "infomtl/core/json_difference.h"

#include <nlohmann/json.hpp>
#include <set>

namespace infomtl {

std::string first_difference(const Json& a, const Json& b, const std::string& path) {
  if (a == b) return "";
  if (a.is_object() && b.is_object()) {
    std::set<std::string> keys;
    for (const auto& [key, value] : a.items()) keys.insert(key);
    for (const auto& [key, value] : b.items()) keys.insert(key);
    for (const std::string& key : keys) {
      if (!a.contains(key) || !b.contains(key)) return path + "/" + key;
      std::string found = first_difference(a[key], b[key], path + "/" + key);
      if (!found.empty()) return found;
    }
    return "";  // the same keys and values in another order
  }
  if (a.is_array() && b.is_array() && a.size() == b.size()) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      std::string found = first_difference(a[i], b[i], path + "/" + std::to_string(i));
      if (!found.empty()) return found;
    }
    return "";
  }
  return path.empty() ? "/" : path;
}

}  // namespace infomtl
