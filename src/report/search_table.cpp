#include "report/search_table.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "infomtl/runs/text_table.h"
#include "report/axis.h"

namespace infomtl::report {

PlainTable trial_table(const MethodTrials& method) {
  std::vector<std::string> settings;
  std::set<double> rungs;
  for (const Trial& trial : method.trials) {
    for (const auto& [path, value] : trial.settings) {
      if (std::find(settings.begin(), settings.end(), path) == settings.end()) settings.push_back(path);
    }
    for (const Rung& rung : trial.rungs) rungs.insert(rung.epochs);
  }
  PlainTable table;
  table.caption = "Trials of " + method.key + ": settings, score at each rung, training examples";
  if (std::isfinite(method.cost))
    table.caption += "; all trials together took " + count_text(method.cost) + " examples";
  if (!method.best.empty()) table.caption += "; " + std::string(kWinnerMark) + "is the winner";
  table.head = {"trial"};
  table.head.insert(table.head.end(), settings.begin(), settings.end());
  for (const double rung : rungs) {
    table.head.push_back("after " + short_number(rung) + (rung == 1 ? " epoch" : " epochs"));
  }
  table.head.emplace_back("examples");

  std::vector<const Trial*> ordered;
  for (const Trial& trial : method.trials) ordered.push_back(&trial);
  const auto rank = [&](const Trial* trial) {
    const std::size_t reached = trial->id == method.best ? rungs.size() + 1 : trial->rungs.size();
    const double score = trial->rungs.empty() ? kMissing : trial->rungs.back().score;
    return std::pair(reached, std::isfinite(score) ? score : -std::numeric_limits<double>::infinity());
  };
  std::stable_sort(ordered.begin(), ordered.end(), [&](const Trial* a, const Trial* b) { return rank(a) > rank(b); });
  for (const Trial* trial : ordered) {
    std::vector<std::string> row = {(trial->id == method.best ? std::string(kWinnerMark) : "") + trial->id};
    for (const std::string& setting : settings) {
      const auto found = std::find_if(trial->settings.begin(), trial->settings.end(),
                                      [&](const auto& entry) { return entry.first == setting; });
      row.push_back(found == trial->settings.end() ? "-" : found->second);
    }
    double cost = 0;
    for (const double rung : rungs) {
      const auto found =
          std::find_if(trial->rungs.begin(), trial->rungs.end(), [&](const Rung& own) { return own.epochs == rung; });
      const bool there = found != trial->rungs.end();
      row.push_back(!there ? "-" : std::isfinite(found->score) ? fixed(found->score, 4) : "failed");
    }
    for (const Rung& rung : trial->rungs) cost += std::isfinite(rung.cost) ? rung.cost : 0;
    row.push_back(trial->rungs.empty() ? "-" : count_text(cost));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace infomtl::report
