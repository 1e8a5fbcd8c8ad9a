#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "infomtl/analysis/covariance.h"
#include "infomtl/analysis/representation.h"
#include "infomtl/core/errors.h"
#include "infomtl/runs/trained_run.h"

namespace infomtl::commands {
namespace {

int print(const Json& json, const std::string& table, bool as_json) {
  std::fputs(as_json ? (json.dump(2) + "\n").c_str() : table.c_str(), stdout);
  return 0;
}

int print(const Results& results, const EvaluateOptions& options) {
  const std::string classes = options.classes ? "\n" + results.class_tables() : "";
  return print(results.to_json(), results.table() + classes, options.json);
}

}  // namespace

int evaluate(const EvaluateOptions& options) {
  if (options.noise.empty() != options.strengths.empty()) {
    throw UserError("--noise and --strength belong together: --noise random --strength 0.1,0.2");
  }
  if (options.task.empty() != options.input.empty()) {
    throw UserError("--task and --input belong together: --task hate --input more.jsonl");
  }
  TrainedRun run = TrainedRun::load(options.run, options.data_root);
  if (!options.input.empty()) return print(run.evaluate_file(options.task, options.input), options);
  if (options.representation) {
    const std::vector<TaskOutputs> outputs = run.outputs(options.split);
    const auto quality = representation_quality(outputs);
    std::vector<CovarianceTable> covariance;
    if (run.shares_encoder()) covariance = covariance_tables(outputs);
    Json json = to_json(quality, options.split);
    json["covariance_similarity"] = to_json(covariance);
    return print(json, to_table(quality, options.split) + to_table(covariance), options.json);
  }
  Results results = run.evaluate(options.split);
  for (const double strength : options.strengths) {
    results.add_splits(run.evaluate(options.split, {.kind = options.noise, .strength = strength}));
  }
  return print(results, options);
}

}  // namespace infomtl::commands
