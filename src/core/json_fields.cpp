#include "infomtl/core/json_fields.h"

#include <nlohmann/json.hpp>

#include "infomtl/core/json_pointer.h"

namespace infomtl {

void visit_strings(Json& value, std::string_view field,
                   const std::function<void(std::string& text, const std::string& pointer)>& visit,
                   const std::string& pointer) {
  if (field.starts_with("[]")) {
    field.remove_prefix(2);
    if (!value.is_array()) return visit_strings(value, field, visit, pointer);
    for (std::size_t i = 0; i < value.size(); ++i) visit_strings(value[i], field, visit, pointer_below(pointer, i));
    return;
  }
  if (field.empty()) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) return;
    visit(value.get_ref<std::string&>(), pointer);
    return;
  }
  if (field.front() == '.') field.remove_prefix(1);
  if (!value.is_object()) return;
  const std::string_view name = field.substr(0, field.find_first_of(".["));
  field.remove_prefix(name.size());
  for (auto& [key, below] : value.items()) {
    if (name == "*" || name == key) visit_strings(below, field, visit, pointer_below(pointer, key));
  }
}

}  // namespace infomtl
