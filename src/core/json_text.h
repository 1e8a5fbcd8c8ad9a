#pragma once
// JSON texts as the library takes them: without what nlohmann's parser would take in silence (keys written twice in one
// object, of which it keeps the last) and without what would hold up or break whoever reads the value (nesting too deep for a
// recursion; where objects find their keys one by one, more of them than that is quick for).

#include <cstddef>
#include <string>
#include <string_view>

#include "infomtl/core/json.h"

namespace infomtl {

/// What is wrong with a text, and at which byte of it.
struct JsonFault {
  std::size_t offset;
  std::string what;  ///< `"/losses/1/weight" is written twice in one object; keep one of them`
  bool syntax;       ///< whether the text is no JSON, rather than JSON that is not taken
};

/// @tparam Value  Json, whose objects have at most 10,000 keys, or nlohmann::json, which finds keys by tree
/// @param comments  whether `//` and `/* */` may stand between values @throws JsonFault
template <class Value>
Value parse_json_text(std::string_view text, bool comments);

}  // namespace infomtl
