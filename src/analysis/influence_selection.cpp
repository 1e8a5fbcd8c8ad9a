#include "infomtl/analysis/influence_selection.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/json.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/random.h"

namespace infomtl {
namespace {

std::size_t share_of_rows(double share, std::size_t rows) {
  if (!(share > 0 && share < 1)) {
    throw UserError("influence: a share of the rows to leave out lies above 0 and below 1, found " +
                    std::to_string(share));
  }
  return static_cast<std::size_t>(std::llround(share * static_cast<double>(rows)));
}

/// Per source task, the influence of each row on the target.
std::vector<std::vector<double>> harm_to(const InfluenceResult& result, const std::string& target) {
  const auto found = std::find(result.tasks.begin(), result.tasks.end(), target);
  if (!target.empty() && found == result.tasks.end()) {
    throw UnknownNameError("influence: no task \"" + target + "\"" + did_you_mean(target, result.tasks));
  }
  std::vector<std::vector<double>> harm;
  for (const torch::Tensor& rows : result.rows) {
    const torch::Tensor values =
        (target.empty() ? rows.mean(1) : rows.select(1, found - result.tasks.begin())).contiguous();
    harm.emplace_back(values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel());
  }
  return harm;
}

std::string nothing_shared(const InfluenceResult& result) {
  if (result.shared_parameters > 0 || result.tasks.size() < 2) return "";
  return "; tasks that share nothing (--shared none) have no influence on each other";
}

}  // namespace

ChosenRows harmful_rows(const InfluenceResult& result, double share, const std::string& target) {
  const std::vector<std::vector<double>> harm = harm_to(result, target);
  const auto is_harmful = [](double value) { return value > 0; };
  const bool any = std::any_of(harm.begin(), harm.end(), [&](const std::vector<double>& rows) {
    return std::any_of(rows.begin(), rows.end(), is_harmful);
  });
  ChosenRows found;
  for (std::size_t l = 0; l < result.tasks.size(); ++l) {
    std::vector<std::size_t> order(harm[l].size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return harm[l][a] > harm[l][b]; });
    const auto harmful = static_cast<std::size_t>(std::count_if(harm[l].begin(), harm[l].end(), is_harmful));
    order.resize(std::min(share_of_rows(share, order.size()), harmful));
    std::vector<std::int32_t> numbers;
    for (const std::size_t row : order) numbers.push_back(result.numbers[l][row]);
    std::sort(numbers.begin(), numbers.end());
    found.emplace_back(result.tasks[l], std::move(numbers));
  }
  if (!any) {
    throw UserError("influence: no row is harmful to " + (target.empty() ? "the tasks" : "task \"" + target + "\"") +
                    ", so there is none to leave out" + nothing_shared(result));
  }
  return found;
}

ChosenRows random_rows(const InfluenceResult& result, double share, std::uint64_t seed) {
  ChosenRows found;
  for (std::size_t l = 0; l < result.tasks.size(); ++l) {
    const std::size_t rows = result.numbers[l].size(), count = share_of_rows(share, rows);
    const auto order = RandomStream(derive_seed(seed, "leave_out/" + result.tasks[l])).permutation(rows);
    std::vector<std::int32_t> numbers;
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(result.numbers[l][order[i]]);
    std::sort(numbers.begin(), numbers.end());
    found.emplace_back(result.tasks[l], std::move(numbers));
  }
  return found;
}

std::string short_of_share(const InfluenceResult& result, const ChosenRows& rows, double share) {
  std::vector<std::string> found;
  for (std::size_t l = 0; l < rows.size(); ++l) {
    const std::size_t wanted = share_of_rows(share, result.numbers[l].size()), chosen = rows[l].second.size();
    if (chosen >= wanted) continue;
    found.push_back(rows[l].first + ": " + std::to_string(chosen) + " of " + counted(wanted, "row"));
  }
  if (found.empty()) return "";
  return "fewer rows are harmful than the share asks for, and only these are left out (" + joined(found) + ")" +
         nothing_shared(result);
}

ChosenRows with_rows_left_out_before(ChosenRows rows, const Json& config) {
  try {
    const Json data = config.value("data", Json::object());
    const Json list = data.value("leave_out", Json());
    if (!list.is_object()) return rows;
    for (const auto& [task, numbers] : list.at("rows").items()) {
      auto place = std::find_if(rows.begin(), rows.end(), [&](const auto& entry) { return entry.first == task; });
      if (place == rows.end()) place = rows.insert(rows.end(), {task, {}});
      std::set<std::int32_t> both(place->second.begin(), place->second.end());
      for (const Json& number : numbers) both.insert(number.get<std::int32_t>());
      place->second.assign(both.begin(), both.end());
    }
  } catch (const Json::exception& error) {
    throw FormatError("data.leave_out: " + reason_of(error));
  }
  return rows;
}

std::string leave_out_file(const ChosenRows& rows, const std::string& about) {
  Json json = {{"about", about}, {"rows", Json::object()}};
  for (const auto& [task, numbers] : rows) json["rows"][task] = numbers;
  return json.dump(1) + "\n";
}

}  // namespace infomtl
