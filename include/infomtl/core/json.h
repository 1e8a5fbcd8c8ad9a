#pragma once
// The JSON value of the whole library: keys keep the order in which they were written. The name alone: who looks inside
// a value includes <nlohmann/json.hpp>, or core/config.h, which does.
#include <nlohmann/json_fwd.hpp>

namespace infomtl {
using Json = nlohmann::ordered_json;
}  // namespace infomtl
