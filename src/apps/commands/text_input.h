#pragma once
// Texts given to a command: a text per line, or JSONL with text (or its words) and text_pair.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "infomtl/core/json.h"

namespace infomtl::commands {

struct InputText {
  std::string text;
  std::string pair = {};
  bool has_pair = false;
  Json others = Json::object();  ///< the record's other keys
  std::string where = {};        ///< file and line, for messages
};

/// Reads `input` ("-" is stdin) and hands the texts over in order, in chunks of at most `chunk`. Where the first line
/// begins a JSON object (`{"`), every line is a record; else every line is a text as it stands. Lines end at LF, CR
/// before it and a byte-order mark are dropped. Texts with tabs, or of a file that is named like a table or JSON, are warned of.
/// Other keys of a record (an id, a label) are handed over, unless they look like a slip.
/// @throws DataError naming file and line (bad UTF-8, a broken record or one without a text, a line without end), IoError
void for_each_chunk(const std::string& input, std::size_t chunk,
                    const std::function<void(const std::vector<InputText>&)>& body);

/// Where an answer has what the record had under a key of the answer, too.
inline constexpr const char* kGiven = "given";

/// An answer behind what its record carried. A key that both have (a label, say) is the answer's; what the record had there
/// stands in an object "given" before it. @throws DataError where the record needs that and has a "given" of its own
Json carried(const InputText& input, const Json& answer);

}  // namespace infomtl::commands
