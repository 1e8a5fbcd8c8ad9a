#include "core/config_document.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "core/json_text.h"
#include "infomtl/core/cache_folder.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/model_folder.h"
#include "infomtl/core/utf8.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOverrides = "--set";

Json parse(std::string_view text, const std::string& name) {
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    throw ConfigError(name + ":" + line_and_byte(text, bad) + ": not UTF-8; save the file as UTF-8");
  }
  try {
    return parse_json_text<Json>(text, true);
  } catch (const JsonFault& fault) {
    throw ConfigError(name + ":" + line_and_byte(text, fault.offset) + ": " + fault.what);
  }
}

std::vector<std::string> extended_files(const Json& extends, const std::string& where) {
  std::vector<std::string> files;
  for (const Json& file : extends.is_array() ? extends : Json::array({extends})) {
    if (!file.is_string()) throw ConfigError(where + ": must be the name of a config file or an array of such names");
    files.push_back(with_context(where, [&] { return expand_variables(file.get_ref<const std::string&>()); }));
  }
  return files;
}

std::string chain(const std::vector<fs::path>& open, const fs::path& again) {
  std::string result;
  for (auto file = std::find(open.begin(), open.end(), again); file != open.end(); ++file) {
    result += file->filename().string() + " -> ";
  }
  return result + again.filename().string();
}

bool is_index(std::string_view text) {
  return !text.empty() && text.size() <= 9 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What an element of a list is called: a bare string is a name.
std::string name_of(const Json& element) {
  if (element.is_string()) return element.get<std::string>();
  const auto name = element.is_object() ? element.find("name") : element.end();
  return name != element.end() && name->is_string() ? name->get<std::string>() : "";
}

// Whether a value is a list of which an element has a name.
bool has_names(const Json& value) {
  return value.is_array() &&
         std::any_of(value.begin(), value.end(), [](const Json& element) { return !name_of(element).empty(); });
}

bool is_json_file(const Json& value) {
  return value.is_string() && fs::path(value.get<std::string>()).extension() == ".json";
}

// The place of the element of a list that is called `name`. @throws ConfigError where none or several are
std::size_t place_of(const Json& list, const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  std::vector<std::size_t> found, files;  // a file is called by its path, or by its own name
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (name_of(list[i]) == name) found.push_back(i);
    if (is_json_file(list[i]) && fs::path(name_of(list[i])).stem() == name) files.push_back(i);
    if (const std::string other = name_of(list[i]); !other.empty()) known.push_back(other);
  }
  if (found.empty()) found = files;
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    throw ConfigError(where + ": " + std::to_string(found.size()) + " of its elements are named \"" + name +
                      "\"; say which by its number, from 0: " + std::to_string(found[0]) + " or " +
                      std::to_string(found[1]));
  }
  throw ConfigError(where + " is an array of " + std::to_string(list.size()) + "; it has no element named \"" + name +
                    "\"" + did_you_mean(name, known) + (known.empty() ? "; elements are counted from 0" : ""));
}

// A bare name as the object that it stands for, to take options. @throws ConfigError for the name of a file, which is read
// later
void name_as_object(Json& value, const std::string& where) {
  if (is_json_file(value)) {
    const auto file = value.get<std::string>();
    throw ConfigError(where + ": \"" + file +
                      "\" is a file, whose fields are not changed from here; write a file with {\"extends\": \"" +
                      file + "\", ...} and what changes, and name it in its place");
  }
  if (value.is_string()) value = Json::object({{"name", value}});
}

// The value below `target` that an override goes on to, and its key there (a number for a name in a list); made where an
// object has no such key.
std::pair<Json*, std::string> one_step_into(Json& target, const std::string& key, const std::string& where) {
  if (!where.ends_with("/name")) name_as_object(target, where);
  if (target.is_object() || target.is_null()) return {&target[key], key};
  if (!target.is_array()) {
    throw ConfigError(where + " is neither an object nor an array, so it has no \"" + key + "\"");
  }
  if (is_index(key) && std::stoul(key) >= target.size()) {
    throw ConfigError(where + " is an array of " + std::to_string(target.size()) + ", counted from 0; \"" + key +
                      "\" is not in it");
  }
  const std::size_t place = is_index(key) ? std::stoul(key) : place_of(target, key, where);
  return {&target[place], std::to_string(place)};
}

}  // namespace

std::string expand_variables(std::string_view text) {
  std::string result;
  while (true) {
    const std::size_t open = text.find("${");
    result += text.substr(0, open);
    if (open == std::string_view::npos) return result;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      throw ConfigError("\"" + std::string(text.substr(open)) + "\" has no closing brace; write ${NAME}");
    }
    const std::string name(text.substr(open + 2, close - open - 2));
    if (name == "INFOMTL_CACHE") {
      result += cache_folder().string();
    } else if (const char* value = std::getenv(name.c_str()); value != nullptr) {
      result += value;
    } else {
      throw ConfigError("the environment variable " + name + " is not set; set it, or write its value here");
    }
    text.remove_prefix(close + 1);
  }
}

void ConfigDocument::merge_text(std::string_view text, Origin origin, std::vector<fs::path>& open) {
  constexpr std::size_t kMostFiles = 1000;  // a file that two files extend counts twice
  if (origins.size() + open.size() > kMostFiles) {
    throw ConfigError(origin.name + ": more than " + std::to_string(kMostFiles) + " files extend each other");
  }
  Json layer = parse(text, origin.name);
  if (!layer.is_object()) throw ConfigError(origin.name + ": must be an object; put its keys between braces");
  if (const auto extends = layer.find("extends"); extends != layer.end()) {
    const std::string where = origin.name + "#/extends";
    for (const std::string& name : extended_files(*extends, where)) {
      const fs::path file = origin.folder / name;
      std::error_code unresolved;  // a file that is not there is told by read_file
      const fs::path identity = fs::weakly_canonical(file, unresolved);
      if (std::find(open.begin(), open.end(), identity) != open.end()) {
        throw ConfigError(where + ": leads back to itself: " + chain(open, identity) + "; leave one of them out");
      }
      const std::string below = with_context(where, [&] { return read_file(file); });
      open.push_back(identity);
      merge_text(below, {file.lexically_normal().string(), file.parent_path()}, open);
      open.pop_back();
    }
    layer.erase("extends");
  }
  origins.push_back(std::move(origin));
  merge(root, std::move(layer), "", origins.size() - 1);
}

void ConfigDocument::take(Json value, Origin origin) {
  origins.push_back(std::move(origin));
  root = std::move(value);
  record(root, "", origins.size() - 1);
}

void ConfigDocument::override_value(const std::string& assignment, const std::string& written_at) {
  try {
    apply_override(assignment, written_at);
  } catch (const UserError& error) {
    if (problems == nullptr) throw;
    problems->add(error.what());
  }
}

void ConfigDocument::apply_override(const std::string& assignment, const std::string& written_at) {
  const std::string label = written_at.empty() ? std::string(kOverrides) + " " + assignment : written_at;
  const std::size_t equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0) throw ConfigError(label + ": must look like a.b.0.c=VALUE");
  const std::string path = assignment.substr(0, equals);
  const std::string text = assignment.substr(equals + 1);
  if (path == "extends") throw ConfigError(label + ": extends belongs into a config file");

  Json* target = &root;
  std::string pointer;
  for (std::size_t start = 0; start <= path.size();) {
    const std::size_t dot = std::min(path.find('.', start), path.size());
    const std::string key = path.substr(start, dot - start);
    start = dot + 1;
    if (key.empty()) throw ConfigError(label + ": has an empty name between its dots");
    const auto [below, place] = with_context(label, [&] { return one_step_into(*target, key, where(pointer)); });
    target = below;
    pointer = pointer_below(pointer, place);
  }
  Json value;
  try {
    value = parse_json_text<Json>(text, false);
  } catch (const JsonFault& fault) {
    if (!fault.syntax) throw ConfigError(label + ": " + fault.what);
    value = text;
  }
  const bool elements_by_name = value.is_object() && has_names(*target);
  if (!elements_by_name) *target = Json();
  Origin origin{.name = std::string(kOverrides), .folder = {}};
  if (!written_at.empty()) origin = {.name = written_at, .folder = {}, .below = pointer};
  origins.push_back(std::move(origin));
  merge(*target, std::move(value), pointer, origins.size() - 1);
}

void ConfigDocument::merge(Json& target, Json layer, const std::string& pointer, std::size_t origin) {
  const bool another_thing = !pointer.empty() && target.is_object() && layer.is_object() && target.contains("name") &&
                             layer.contains("name") && target["name"] != layer["name"];
  if (target.is_object() && layer.is_object() && !another_thing) {
    written_by[pointer] = origin;
    for (auto& [key, value] : layer.items()) merge(target[key], std::move(value), pointer_below(pointer, key), origin);
    return;
  }
  if (target.is_array() && layer.is_object() && !target.empty()) {  // elements by their names
    for (auto& [key, value] : layer.items()) {
      const std::size_t place = with_context(origins[origin].where(pointer_below(pointer, key)),
                                             [&] { return place_of(target, key, where(pointer)); });
      if (value.is_object()) name_as_object(target[place], where(pointer_below(pointer, place)));
      merge(target[place], std::move(value), pointer_below(pointer, place), origin);
    }
    return;
  }
  forget(pointer);
  target = std::move(layer);
  record(target, pointer, origin);
  expand(target, pointer);
}

void ConfigDocument::expand(Json& value, const std::string& pointer) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    if (text.find("${") == std::string::npos) return;
    try {
      text = with_context(where(pointer), [&] { return expand_variables(text); });
    } catch (const UserError& error) {
      if (problems == nullptr) throw;
      problems->add(error.what());
    }
  } else if (value.is_object()) {
    for (auto& [key, below] : value.items()) expand(below, pointer_below(pointer, key));
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) expand(value[i], pointer_below(pointer, i));
  }
}

void ConfigDocument::record(const Json& value, const std::string& pointer, std::size_t origin) {
  written_by[pointer] = origin;
  if (value.is_object()) {
    for (const auto& [key, below] : value.items()) record(below, pointer_below(pointer, key), origin);
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) record(value[i], pointer_below(pointer, i), origin);
  }
}

void ConfigDocument::forget(const std::string& pointer) {
  const std::string below = pointer + '/';
  written_by.erase(pointer);
  auto at = written_by.lower_bound(below);
  while (at != written_by.end() && at->first.starts_with(below)) at = written_by.erase(at);
}

const ConfigDocument::Origin& ConfigDocument::origin_of(std::string pointer) const {
  while (true) {
    if (const auto found = written_by.find(pointer); found != written_by.end()) return origins[found->second];
    if (pointer.empty()) return origins.front();
    pointer.erase(pointer.rfind('/'));
  }
}

fs::path ConfigDocument::resolved(const std::string& text, const std::string& pointer) const {
  return origin_of(pointer).folder / expand_home(text);
}

std::string ConfigDocument::where(const std::string& pointer) const { return origin_of(pointer).where(pointer); }

std::string ConfigDocument::Origin::where(const std::string& pointer) const {
  const std::string inside = pointer.substr(pointer.starts_with(below) ? below.size() : 0);
  if (inside.empty()) return name;
  // A value taken out of another config is named by where it stood there, pointer included.
  return name + (name.find('#') == std::string::npos ? "#" : "") + inside;
}

}  // namespace infomtl
