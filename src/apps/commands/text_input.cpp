#include "text_input.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "infomtl/core/config.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/core/utf8.h"
#include "infomtl/data/dataset.h"

namespace infomtl::commands {

namespace {

/// Whether an input is JSONL: its first line begins with `{"`, blanks left out, or is `{}`.
bool begins_a_record(const std::string& line) {
  const std::size_t brace = line.find_first_not_of(" \t");
  if (brace == std::string::npos || line[brace] != '{') return false;
  const std::size_t next = line.find_first_not_of(" \t", brace + 1);
  return next != std::string::npos && (line[next] == '"' || line[next] == '}');
}

void check_utf8(const std::string& line, const std::string& where) {
  const std::size_t bad = find_invalid_utf8(line);
  if (bad != std::string::npos) throw DataError(where + ": byte " + std::to_string(bad + 1) + " is not UTF-8");
}

/// The words of a text, joined by a blank as a task record's reader does. @throws DataError for a word that would be none or
/// several in the joined text
std::string joined_words(const Json& words, const std::string& where) {
  std::string joined;
  for (const Json& word : words) {
    if (!word.is_string()) throw DataError(where + ": \"text\" is neither a text nor a list of words");
    const auto& text = word.get_ref<const std::string&>();
    if (text.empty() || text.find_first_of(" \t") != std::string::npos) {
      throw DataError(where + ": \"" + text + "\" of \"text\" is not one word");
    }
    joined += (joined.empty() ? "" : " ") + text;
  }
  return joined;
}

/// Says so where lines that are read as texts look like rows of a table or like records.
void warn_of_raw_lines(const std::string& input, const std::string& first_line) {
  const std::string ending = std::filesystem::path(input).extension().string();
  const bool named = ending == ".tsv" || ending == ".csv" || ending == ".jsonl" || ending == ".json";
  if (!named && first_line.find('\t') == std::string::npos) return;
  log::warning(input + ": every line is read as one text, " +
               (named ? "whatever the file's name says" : "tabs and all that stands between them") +
               "; JSONL, {\"text\": ...} a line, says what the text is");
}

InputText read_record(const std::string& line, const std::string& file, std::size_t number) {
  constexpr const char* kWhy = "the first line begins a JSON object; an input is JSONL or plain text";
  const std::string where = file + ":" + std::to_string(number);
  Json record;
  try {
    record = parse_json(line, file, number);
  } catch (const FormatError& error) {
    throw DataError(std::string(error.what()) + "; " + kWhy);
  }
  if (!record.is_object()) throw DataError(where + ": no JSON object, but " + kWhy);
  InputText result;
  bool has_text = false;
  for (const auto& [key, value] : record.items()) {
    if (key != "text" && key != "text_pair") {
      if (!nearest_name(key, {"text", "text_pair"}).empty()) {  // a slip
        throw DataError(where + ": unknown key \"" + key + "\"" + did_you_mean(key, {"text", "text_pair"}));
      }
      result.others[key] = value;
      continue;
    }
    if (key == "text" && value.is_array()) {
      result.text = joined_words(value, where);
    } else {
      if (!value.is_string()) throw DataError(where + ": \"" + key + "\" is not a text");
      (key == "text" ? result.text : result.pair) = value.get<std::string>();
    }
    (key == "text" ? has_text : result.has_pair) = true;
  }
  if (!has_text) {
    throw DataError(where + ": a record needs \"text\"" +
                    (result.others.empty() ? "" : "; it has \"" + result.others.begin().key() + "\""));
  }
  return result;
}

}  // namespace

Json carried(const InputText& input, const Json& answer) {
  Json line = Json::object(), given = Json::object();
  for (const auto& [key, value] : input.others.items()) (answer.contains(key) ? given : line)[key] = value;
  if (!given.empty()) {
    if (line.contains(kGiven) || answer.contains(kGiven)) {
      throw DataError(input.where + ": \"" + given.begin().key() +
                      "\" is a key of the answer, too, and what the record has there would be put under \"" + kGiven +
                      "\", which is taken; rename one of the record's keys");
    }
    line[kGiven] = std::move(given);
  }
  line.update(answer);
  return line;
}

void for_each_chunk(const std::string& input, std::size_t chunk,
                    const std::function<void(const std::vector<InputText>&)>& body) {
  std::ifstream file;
  if (input != "-") {
    file.open(input, std::ios::binary);
    if (!file) throw IoError(input + ": cannot be opened: " + std::strerror(errno));
    if (std::filesystem::is_directory(input)) throw IoError(input + ": is a folder; a file of texts is needed");
  }
  std::istream& stream = input == "-" ? std::cin : file;
  const std::string name = input == "-" ? "stdin" : input;
  std::vector<InputText> texts;
  std::string line;
  bool records = false;
  for (std::size_t number = 1; std::getline(stream, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number == 1) {
      if (line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // a byte-order mark
      refuse_lfs_pointer(line, name);
      records = begins_a_record(line);
      if (!records) warn_of_raw_lines(name, line);
    }
    const std::string where = name + ":" + std::to_string(number);
    check_utf8(line, where);
    if (find_nul_bytes(line) != std::string::npos) {
      throw DataError(where + ": NUL bytes; the file is damaged, or no text");
    }
    if (line.size() > kLongestText) {
      throw DataError(where + ": a line of " + std::to_string(line.size()) + " bytes; " + std::to_string(kLongestText) +
                      " are the most");
    }
    texts.push_back(records ? read_record(line, name, number) : InputText{.text = line});
    texts.back().where = where;
    if (texts.size() == chunk) {
      body(texts);
      texts.clear();
    }
  }
  if (stream.bad() || (input == "-" && std::ferror(stdin) != 0)) throw IoError(name + ": reading failed");
  if (!texts.empty()) body(texts);
}

}  // namespace infomtl::commands
