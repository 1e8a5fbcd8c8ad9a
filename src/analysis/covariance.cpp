#include "infomtl/analysis/covariance.h"

#include <nlohmann/json.hpp>

#include "infomtl/ops/covariance.h"
#include "infomtl/runs/text_table.h"

namespace infomtl {

namespace {

constexpr const char* kPooled = "pooled outputs";

std::string variant_of(const std::string& of, bool centred) {
  const std::string paper = "Wu, Zhang, Re, ICLR 2020: leading eigenvalues that hold 99 %";
  if (centred) return "not the paper's: the mean of each task's rows is taken off first";
  if (of == kPooled) return "the paper's score (" + paper + ") of outputs; the paper has it of inputs";
  return "the paper's (" + paper + "), of inputs";
}

}  // namespace

std::vector<CovarianceTable> covariance_tables(const std::vector<TaskOutputs>& tasks) {
  std::vector<CovarianceTable> found;
  if (tasks.size() < 2) return found;
  std::vector<std::string> names;
  std::vector<ops::CovarianceSums> pooled, before, after;
  for (const TaskOutputs& task : tasks) {
    names.push_back(task.name);
    pooled.emplace_back(task.shared.size(1));
    pooled.back().add(task.shared);
    if (!task.embeddings.has_value()) continue;
    before.push_back(task.embeddings->before);
    after.push_back(task.embeddings->after);
  }
  const auto add = [&](const std::string& of, const std::vector<ops::CovarianceSums>& sums) {
    if (sums.size() != tasks.size()) return;
    for (const bool centred : {false, true}) {
      std::vector<torch::Tensor> grams;
      for (const ops::CovarianceSums& each : sums) grams.push_back(each.gram(centred));
      found.push_back({.of = of,
                       .centred = centred,
                       .tasks = names,
                       .variant = variant_of(of, centred),
                       .scores = ops::covariance_similarities(grams)});
    }
  };
  add(kPooled, pooled);
  add("word embeddings", before);
  add("mapped word embeddings", after);
  return found;
}

Json to_json(const std::vector<CovarianceTable>& tables) {
  Json json = Json::array();
  for (const CovarianceTable& table : tables) {
    Json scores = Json::object();
    const auto values = table.scores.accessor<double, 2>();
    for (std::size_t i = 0; i < table.tasks.size(); ++i) {
      for (std::size_t j = 0; j < table.tasks.size(); ++j) {
        scores[table.tasks[i]][table.tasks[j]] = values[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)];
      }
    }
    json.push_back({{"of", table.of}, {"centred", table.centred}, {"variant", table.variant}, {"scores", scores}});
  }
  return json;
}

std::string to_table(const std::vector<CovarianceTable>& tables) {
  std::string text;
  for (const CovarianceTable& table : tables) {
    std::vector<std::string> header = {"covariance similarity"};
    header.insert(header.end(), table.tasks.begin(), table.tasks.end());
    TextTable rows(header, 1);
    const auto values = table.scores.accessor<double, 2>();
    for (std::size_t i = 0; i < table.tasks.size(); ++i) {
      std::vector<std::string> row = {table.tasks[i]};
      for (std::size_t j = 0; j < table.tasks.size(); ++j) {
        row.push_back(fixed(values[static_cast<std::int64_t>(i)][static_cast<std::int64_t>(j)], 3));
      }
      rows.add(row);
    }
    text += "\n" + rows.text() + table.of + (table.centred ? ", centred" : "") + " (" + table.variant + ")\n";
  }
  if (!text.empty()) {
    text +=
        "\n1 for tasks that vary in one common direction, 0 in none; the score of a task with itself is below 1 where "
        "it "
        "varies in several, so compare pairs before and after a change\n";
  }
  return text;
}

}  // namespace infomtl
