#include "data/record_labels.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/text_lines.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"

namespace infomtl::data {
namespace {

/// A name in the record's list of labels, or in a file of them.
void add_label(const Config& place, const std::string& where, const std::string& name, std::set<std::string>& known,
               Task& task) {
  if (name.empty()) place.fail(where + "a label needs a name");
  if (trimmed(name) != name) place.fail(where + "label \"" + name + "\" begins or ends with a blank, which cells drop");
  if (name.find('\0') != std::string::npos) place.fail(where + "a label holds a zero byte");
  if (!known.insert(name).second) {
    place.fail(where + "label \"" + name + "\" is listed twice");
  }
  task.labels.push_back(name);
}

}  // namespace

std::size_t least_labels(TaskKind kind) { return kind == TaskKind::multi_label ? 1 : 2; }

bool read_labels(const Config& config, const FileResolver& file_of, Task& task) {
  if (task.kind == TaskKind::regression) return true;
  std::set<std::string> known;  // there may be thousands
  if (!config.has("labels") || config.value("labels").json().is_array()) {
    for (const Config& label : config.list("labels")) add_label(label, "", label.as_text(), known, task);
  } else if (const Config value = config.value("labels"); value.as_text() == "auto") {
    return false;
  } else {
    const std::filesystem::path file = file_of(value);
    const std::string content = with_context(value.where(), [&] { return read_file(file); });
    std::vector<std::string_view> lines = split_lines(content, file.string());
    while (!lines.empty() && trimmed(lines.back()).empty()) lines.pop_back();
    std::size_t number = 0;
    for (const std::string_view line : lines) {
      add_label(value, file.string() + ":" + std::to_string(++number) + ": ", std::string(trimmed(line)), known, task);
    }
  }
  const std::size_t least = least_labels(task.kind);
  if (task.labels.size() < least) config.fail("labels", "at least " + std::to_string(least) + " labels are needed");
  return true;
}

}  // namespace infomtl::data
