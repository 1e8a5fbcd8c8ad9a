#pragma once
// Texts given to a command: a text per line, or JSONL with text (or a list of its words) and text_pair.

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace infomtl::commands {

struct InputText {
  std::string text;
  std::string pair = {};
  bool has_pair = false;
};

/// Reads `input` ("-" is stdin) and hands the texts over in order, in chunks of at most `chunk`. Where the first line
/// begins a JSON object (`{"`), every line is a record; else every line is a text as it stands. Lines end at LF, CR
/// before it and a byte-order mark are dropped.
/// @throws DataError naming file and line (bad UTF-8, a broken record or one without a text, unknown keys), IoError
void for_each_chunk(const std::string& input, std::size_t chunk,
                    const std::function<void(const std::vector<InputText>&)>& body);

}  // namespace infomtl::commands
