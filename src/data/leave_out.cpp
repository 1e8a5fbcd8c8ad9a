#include "data/leave_out.h"

#include <algorithm>
#include <string>

#include "data/subset.h"
#include "infomtl/core/errors.h"

namespace infomtl::data {

void leave_out_rows(const Config& list, SplitData& train, const std::vector<Task>& tasks,
                    const std::vector<std::int64_t>& labelled) {
  if (!list.is_object()) list.fail("an object with \"rows\" is needed: {\"rows\": {task: [row, ...]}}");
  const Config rows = list.object("rows");
  list.text("about", "");
  list.reject_unknown();
  std::vector<std::string> names;
  std::vector<std::vector<bool>> keep;
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    names.push_back(tasks[t].name);
    keep.emplace_back(train.tasks[t].size(), true);
  }
  for (const auto& [name, numbers] : rows.json().items()) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) rows.fail(name, "no task of that name is in data.tasks" + did_you_mean(name, names));
    const auto t = static_cast<std::size_t>(found - names.begin());
    std::vector<bool> out(static_cast<std::size_t>(labelled[t]) + 1, false);
    for (const Config& element : rows.list(name)) {
      const std::int64_t row = element.as_integer();
      if (row < 1 || row > labelled[t]) {
        element.fail("row " + std::to_string(row) + ", but the labelled training rows of task \"" + name +
                     "\" are 1 to " + std::to_string(labelled[t]));
      }
      if (out[static_cast<std::size_t>(row)]) element.fail("row " + std::to_string(row) + " is named twice");
      out[static_cast<std::size_t>(row)] = true;
    }
    const std::vector<std::int32_t>& known = train.tasks[t].numbers;
    for (std::size_t i = 0; i < known.size(); ++i) keep[t][i] = !out[static_cast<std::size_t>(known[i])];
    if (!keep[t].empty() && std::find(keep[t].begin(), keep[t].end(), true) == keep[t].end()) {
      rows.fail(name, "leaves no training row of the task");
    }
  }
  keep_labelled_rows(train, keep);
}

}  // namespace infomtl::data
