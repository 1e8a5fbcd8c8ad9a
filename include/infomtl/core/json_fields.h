#pragma once
// JSON fields: the strings of a value that a way through it leads to.
//
//   visit_strings(json, "data.tasks[]", [](std::string& text, const std::string& pointer) { ... });

#include <functional>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// Calls `visit` with every string that is not empty and that `field` leads to from `value`, and with its place as a JSON
/// pointer. A field is names joined by dots, `*` for every key of an object, `[]` behind a name for the elements of an
/// array (or the value itself where it is no array). What is not there or not a string is passed over.
/// @param pointer  place of `value`, in front of those of its strings
INFOMTL_API void visit_strings(Json& value, std::string_view field,
                               const std::function<void(std::string& text, const std::string& pointer)>& visit,
                               const std::string& pointer = {});

}  // namespace infomtl
