#include <algorithm>
#include <cmath>
#include <utility>

#include "infomtl/core/config.h"
#include "infomtl/runs/text_table.h"
#include "infomtl/study/search.h"
#include "study/search_plan.h"

namespace infomtl {
namespace {

/// Longest trained first, then best first; failed ones last.
std::vector<std::size_t> ranking(const std::vector<SearchTrial>& trials) {
  const auto key = [&](std::size_t trial) {
    const std::vector<SearchRung>& rungs = trials[trial].rungs;
    const bool good = !rungs.empty() && !std::isnan(rungs.back().score);
    return std::pair(good ? rungs.size() : 0, good ? rungs.back().score : 0);
  };
  std::vector<std::size_t> order(trials.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  return order;
}

std::string share_text(const SearchedMethod& method) {
  return fixed(100 * method.cost_share, 1) + " % of training all to the end";
}

}  // namespace

Json Search::to_json() const {
  Json json = {{"format", 1}, {"split", "validation"}, {"finished", finished}, {"methods", Json::object()}};
  for (const SearchedMethod& method : methods) {
    Json& entry = json["methods"][method.name] = {{"trials", Json::array()}, {"best", nullptr}};
    for (std::size_t id = 0; id < method.trials.size(); ++id) {
      const SearchTrial& trial = method.trials[id];
      Json rungs = Json::array();
      for (const SearchRung& rung : trial.rungs) {
        rungs.push_back({{"epochs", rung.epochs}, {"score", rung.score}, {"cost_examples", rung.cost_examples}});
      }
      entry["trials"].push_back({{"id", id}, {"settings", infomtl::to_json(trial.settings)}, {"rungs", rungs}});
    }
    if (method.best) entry["best"] = *method.best;
    entry["cost_examples"] = method.cost_examples;
  }
  return json;
}

std::string Search::table() const {
  TextTable table({"method", "settings", "trial", "epochs", "validation", "examples"}, 2);
  std::string costs;
  for (const SearchedMethod& method : methods) {
    if (&method != &methods.front()) table.rule();
    for (const std::size_t id : ranking(method.trials)) {
      const SearchTrial& trial = method.trials[id];
      std::int64_t examples = 0;
      for (const SearchRung& rung : trial.rungs) examples += rung.cost_examples;
      const bool any = !trial.rungs.empty();
      const bool failed = any && std::isnan(trial.rungs.back().score);
      table.add({method.name, settings_text(trial.settings), std::to_string(id),
                 any ? std::to_string(trial.rungs.back().epochs) : "-",
                 failed ? "failed" : (any ? score_text(trial.rungs.back().score, percent) : "-"),
                 std::to_string(examples)});
    }
    costs += method.name + ": " + std::to_string(method.trials.size()) + " trials, " +
             std::to_string(method.cost_examples) + " examples, " + share_text(method) +
             (method.best ? "; best: trial " + std::to_string(*method.best) : std::string()) + "\n";
  }
  return table.text() + costs + budget + "\nvalidation: average of the tasks at the selected epoch, mean over the " +
         "seeds; the test split was not scored\n";
}

std::string Search::progress() const {
  std::string line;
  for (const SearchedMethod& method : methods) {
    const auto scored = std::count_if(method.trials.begin(), method.trials.end(),
                                      [](const SearchTrial& trial) { return !trial.rungs.empty(); });
    line += (line.empty() ? "" : "; ") + method.name + ": " + std::to_string(scored) + " of " +
            std::to_string(method.trials.size()) + " trials scored, " + share_text(method);
    if (!method.best) continue;
    const std::vector<SearchRung>& rungs = method.trials[*method.best].rungs;
    if (!rungs.empty()) line += ", best " + score_text(rungs.back().score, percent);
  }
  return line;
}

}  // namespace infomtl
