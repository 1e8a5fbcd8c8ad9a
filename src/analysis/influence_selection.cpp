#include "infomtl/analysis/influence_selection.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "infomtl/core/errors.h"
#include "infomtl/core/json.h"
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

}  // namespace

ChosenRows harmful_rows(const InfluenceResult& result, double share, const std::string& target) {
  const std::vector<std::vector<double>> harm = harm_to(result, target);
  ChosenRows found;
  for (std::size_t l = 0; l < result.tasks.size(); ++l) {
    std::vector<std::size_t> order(harm[l].size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return harm[l][a] > harm[l][b]; });
    order.resize(share_of_rows(share, order.size()));
    std::vector<std::int32_t> numbers;
    for (const std::size_t row : order) numbers.push_back(result.numbers[l][row]);
    std::sort(numbers.begin(), numbers.end());
    found.emplace_back(result.tasks[l], std::move(numbers));
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

std::int64_t harmless_among(const InfluenceResult& result, const ChosenRows& rows, const std::string& target) {
  const std::vector<std::vector<double>> harm = harm_to(result, target);
  std::int64_t found = 0;
  for (std::size_t l = 0; l < rows.size(); ++l) {
    for (std::size_t i = 0; i < harm[l].size(); ++i) {
      if (harm[l][i] > 0) continue;
      if (std::binary_search(rows[l].second.begin(), rows[l].second.end(), result.numbers[l][i])) ++found;
    }
  }
  return found;
}

std::string leave_out_file(const ChosenRows& rows, const std::string& about) {
  Json json = {{"about", about}, {"rows", Json::object()}};
  for (const auto& [task, numbers] : rows) json["rows"][task] = numbers;
  return json.dump(1) + "\n";
}

}  // namespace infomtl
