#include "report/curve.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "report/comparison_record.h"

namespace infomtl::report {
namespace {

struct Sum {
  double total = 0;
  double count = 0;
  double mean() const { return count > 0 ? total / count : kMissing; }
};

}  // namespace

bool is_drawable(double value) { return std::abs(value) <= 1e100; }  // false for NaN

bool Curve::empty() const {
  return std::none_of(mean.begin(), mean.end(), [](double value) { return is_drawable(value); });
}

Curve curve_over_seeds(const std::vector<const Series*>& seeds, std::size_t most) {
  Curve curve;
  std::set<double> logged;
  for (const Series* series : seeds) logged.insert(series->at.begin(), series->at.end());
  if (logged.empty() || most == 0) return curve;
  const std::vector<double> places(logged.begin(), logged.end());
  const bool thinned = places.size() > most;
  const double first = places.front(), length = (places.back() - first) / static_cast<double>(most);
  const std::size_t count = thinned ? most : places.size();
  const auto slot_of = [&](double at) {
    if (thinned) return std::min(most - 1, static_cast<std::size_t>((at - first) / length));
    return static_cast<std::size_t>(std::lower_bound(places.begin(), places.end(), at) - places.begin());
  };

  std::vector<std::vector<double>> of_seeds(count);  // the seeds' means at each slot
  std::vector<Sum> where(count);
  for (const Series* series : seeds) {
    std::vector<Sum> own(count);
    for (std::size_t i = 0; i < series->at.size(); ++i) {
      const std::size_t slot = slot_of(series->at[i]);
      where[slot].total += series->at[i];
      where[slot].count += 1;
      if (!is_drawable(series->values[i])) {
        ++curve.left_out;
        continue;
      }
      own[slot].total += series->values[i];
      own[slot].count += 1;
    }
    for (std::size_t slot = 0; slot < count; ++slot) {
      if (own[slot].count > 0) of_seeds[slot].push_back(own[slot].mean());
    }
  }
  for (std::size_t slot = 0; slot < count; ++slot) {
    if (where[slot].count == 0) continue;  // a stretch in which nothing was logged
    Sum sum;
    for (const double value : of_seeds[slot]) sum.total += value, sum.count += 1;
    const auto [low, high] = std::minmax_element(of_seeds[slot].begin(), of_seeds[slot].end());
    const bool there = !of_seeds[slot].empty();
    curve.at.push_back(where[slot].mean());
    curve.mean.push_back(sum.mean());
    curve.low.push_back(there ? *low : kMissing);
    curve.high.push_back(there ? *high : kMissing);
    curve.has_band = curve.has_band || of_seeds[slot].size() > 1;
  }
  return curve;
}

}  // namespace infomtl::report
