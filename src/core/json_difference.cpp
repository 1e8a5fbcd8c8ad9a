#include "infomtl/core/json_difference.h"

#include <nlohmann/json.hpp>
#include <set>

#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

std::string text_of(const Json* value) {
  constexpr std::size_t kColumns = 60;
  if (value == nullptr) return "nothing";
  return shortened_to(printable(value->dump(-1, ' ', false, Json::error_handler_t::replace)), kColumns);
}

const Json* value_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// @param path  of both
std::optional<JsonDifference> difference_of(const Json* a, const Json* b, const std::string& path) {
  if (a != nullptr && b != nullptr) {
    if (*a == *b) return std::nullopt;
    if (a->is_object() && b->is_object()) {
      std::set<std::string> keys;
      for (const auto& [key, value] : a->items()) keys.insert(key);
      for (const auto& [key, value] : b->items()) keys.insert(key);
      for (const std::string& key : keys) {
        if (auto found = difference_of(value_at(*a, key), value_at(*b, key), path + "/" + key)) return found;
      }
      return std::nullopt;  // the same keys and values in another order
    }
    if (a->is_array() && b->is_array() && a->size() == b->size()) {
      for (std::size_t i = 0; i < a->size(); ++i) {
        if (auto found = difference_of(&(*a)[i], &(*b)[i], path + "/" + std::to_string(i))) return found;
      }
      return std::nullopt;
    }
  }
  return JsonDifference{path.empty() ? "/" : path, text_of(a), text_of(b)};
}

}  // namespace

std::optional<JsonDifference> find_difference(const Json& a, const Json& b) { return difference_of(&a, &b, ""); }

std::string first_difference(const Json& a, const Json& b) {
  const auto found = find_difference(a, b);
  return found ? found->path : "";
}

}  // namespace infomtl
