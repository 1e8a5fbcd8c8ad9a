#include "text/line_files.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/log.h"
#include "infomtl/core/utf8.h"
#include "text/bpe.h"

namespace infomtl::text {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestShown = 80;
constexpr std::int64_t kMostPadding = 128;
constexpr std::int64_t kFewOf = 100;  // one in so many is lost by other means than a cut

std::string shown(std::string_view token) { return "\"" + shortened_to(printable(token), kLongestShown) + "\""; }

// Whether a merge must have made it. Bytes of half a character are not judged.
bool is_learned(std::string_view token) {
  const std::string bytes = byte_level_bytes(token);
  return bytes.size() > 1 && find_invalid_utf8(bytes) == std::string_view::npos &&
         next_gpt2_piece(bytes, 0) == bytes.size();
}

// Whether a table of so many rows is one of so many tokens, rounded up to where matrix products are fast.
bool is_padded(std::int64_t tokens, std::int64_t rows) {
  for (std::int64_t step = 8; step <= kMostPadding; step *= 2) {
    if ((tokens + step - 1) / step * step == rows) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> read_lines(const fs::path& file) {
  const std::string content = read_file(file);
  if (const std::size_t bad = find_invalid_utf8(content); bad != std::string_view::npos) {
    throw FormatError(file.string() + ":" + line_and_byte(content, bad) + ": not UTF-8; the file is damaged");
  }
  if (const std::size_t nul = content.find('\0'); nul != std::string::npos) {
    throw FormatError(file.string() + ":" + line_and_byte(content, nul) +
                      ": a NUL byte; the file is damaged, fetch it again");
  }
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < content.size();) {
    const std::size_t end = std::min(content.find('\n', begin), content.size());
    std::string line = content.substr(begin, end - begin);
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(std::move(line));
    begin = end + 1;
  }
  return lines;
}

std::pair<std::string, std::string> split_merge(const std::string& line) {
  const std::size_t space = line.find(' ');
  if (space == std::string::npos || line.find(' ', space + 1) != std::string::npos) {
    throw FormatError("found " + shown(line) + "; must be two tokens with one space between");
  }
  return {line.substr(0, space), line.substr(space + 1)};
}

Merges read_merges_file(const fs::path& file) {
  Merges merges;
  const std::vector<std::string> lines = read_lines(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty() || lines[i].starts_with("#version")) continue;
    merges.push_back(with_context(file.string() + ":" + std::to_string(i + 1), [&] { return split_merge(lines[i]); }));
  }
  return merges;
}

void check_merges_whole(const Vocabulary& vocabulary, const Merges& merges, const fs::path& file) {
  std::unordered_set<std::string> made;
  for (const auto& [left, right] : merges) made.insert(left + right);
  std::size_t learned = 0, missing = 0;
  std::string first;
  for (const auto& [token, id] : vocabulary.entries()) {
    if (!is_learned(token)) continue;
    ++learned;
    if (made.contains(std::string(token))) continue;
    if (missing++ == 0) first = shown(token);
  }
  if (missing == 0) return;
  const std::string found = file.string() + ": none of its " + std::to_string(merges.size()) + " merges makes " +
                            first + " of the vocabulary" +
                            (missing > 1 ? ", nor " + std::to_string(missing - 1) + " other tokens" : "");
  if (missing * static_cast<std::size_t>(kFewOf) > learned)
    throw FormatError(found + ", so that it is cut off; fetch it again");
  log::warning(found + "; is the file whole?");
}

void check_vocabulary_whole(std::size_t tokens, std::int64_t rows, const fs::path& file) {
  const auto here = static_cast<std::int64_t>(tokens);
  const std::int64_t missing = rows - here;
  if (rows <= 0 || missing <= 0) return;
  const std::string found = file.string() + ": gives " + std::to_string(here) +
                            " tokens, but config.json's vocab_size is " + std::to_string(rows);
  const bool few = missing < kMostPadding && missing <= rows / kFewOf;
  if (!few && !is_padded(here, rows)) {
    throw FormatError(found +
                      ", so that it is cut off or another model's; fetch it again, or, where the table is meant "
                      "to have more rows, save the tokenizer as tokenizer.json");
  }
  log::warning(found + "; is the file whole?");
}

}  // namespace infomtl::text
