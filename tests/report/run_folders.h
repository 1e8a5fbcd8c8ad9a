#pragma once
// Run folders that a test writes: small, with every kind of number a log may hold.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "infomtl/core/json.h"
#include "support/temporary_folder.h"

namespace infomtl::testing {

/// results.json of a finished run: tasks "hate" (macro_f1) and "stars" (mean_squared_error, lower is better).
inline Json results_json(int seed, double hate, double stars) {
  return {{"format", 1},
          {"seed", seed},
          {"selection", {{"split", "validation"}, {"monitor", "average"}, {"epoch", 2}}},
          {"tasks",
           {{"hate",
             {{"metric", "macro_f1"},
              {"higher_is_better", true},
              {"validation", hate},
              {"all", {{"validation", {{"accuracy", 0.75}}}}}}},
            {"stars",
             {{"metric", "mean_squared_error"},
              {"higher_is_better", false},
              {"validation", stars},
              {"all", Json::object()}}}}},
          {"average", {{"validation", (hate + stars) / 2}}},
          {"training", {{"steps", 40}, {"seconds", 12.5}, {"examples_per_second", 100.0}}},
          {"environment", {{"device", "cpu"}, {"threads", 1}}}};
}

/// log.jsonl of two epochs; `supervised` begins there and falls.
inline std::string log_text(double supervised = 1.5) {
  std::string text;
  for (int step = 10; step <= 40; step += 10) {
    const Json record = {{"step", step},
                         {"epoch", step > 20 ? 1 : 0},
                         {"total_steps", 40},
                         {"learning_rate", 1e-4},
                         {"loss/hate/supervised/raw", supervised - 0.01 * step},
                         {"loss/hate/supervised/weighted", 0.0},
                         {"loss/hate/supervised/count", 32},
                         {"gradient_norm", 2.0},
                         {"weights/hate", 1.0},
                         {"diagnostics/information/hate/lower", 0.5},
                         {"diagnostics/information/hate/upper", 0.9},
                         {"diagnostics/weighting/cosine/0/1", -0.25},
                         {"diagnostics/weighting/conflicts", 0.5}};
    text += record.dump() + "\n";
    if (step % 20 == 0) {
      const Json epoch = {{"step", step},           {"epoch", step / 20 - 1},      {"best", true},
                          {"validation/hate", 0.6}, {"validation_loss/hate", 0.7}, {"validation/average", 0.5}};
      text += epoch.dump() + "\n";
    }
  }
  return text;
}

inline Json config_json(int seed, const std::string& weighting = "equal") {
  return {{"seed", seed},
          {"losses", Json::array({Json{{"name", "supervised"}}})},
          {"weighting", weighting},
          {"training", {{"clip_norm", 1.0}, {"epochs", 2}}}};
}

inline void write_run(const TemporaryFolder& folder, const std::string& name, int seed, double hate = 0.6,
                      const std::string& weighting = "equal") {
  folder.write(name + "/results.json", results_json(seed, hate, 2.0).dump());
  folder.write(name + "/log.jsonl", log_text());
  folder.write(name + "/config.json", config_json(seed, weighting).dump());
}

/// A method of comparison.json, format 2.
inline Json compared_method(const std::string& key, const std::string& name, double hate, bool is_baseline) {
  const Json scores = {{"mean", hate}, {"deviation", 0.01}, {"half_width_95", 0.025}, {"values", {hate, nullptr}}};
  const Json effect = {{"paired_seeds", 2},
                       {"difference", 0.043},
                       {"deviation", 0.01},
                       {"half_width_95", 0.02},
                       {"p", nullptr},
                       {"p_holm", 0.0123},
                       {"wins", 2},
                       {"delta_p_percent", 5.5},
                       {"per_task", {{"hate", {{"difference", 0.043}, {"half_width_95", 0.02}, {"wins", 2}}}}}};
  return {{"key", key},
          {"name", name},
          {"seeds", {0, 1}},
          {"folder", key},
          {"per_task", {{"hate", scores}}},
          {"average", scores},
          {"baseline", is_baseline ? Json() : Json("plain")},
          {"against_baseline", is_baseline ? Json() : effect},
          {"budget",
           {{"steps", 40},
            {"examples", 12345},
            {"encoded_sequences", nullptr},
            {"seconds", 12.5},
            {"clipped_share", 0.125},
            {"passes", {{"hate", 2.5}}}}}};
}

inline Json comparison_json(const std::string& second_name = "InfoMTL") {
  const Json cell = {{"axes", Json::object()},
                     {"folder", "."},
                     {"methods", Json::array({compared_method("plain", "plain", 0.6, true),
                                              compared_method("infomtl", second_name, 0.643, false)})},
                     {"power", {{"pairs", 2}, {"deviation", 0.01}, {"detectable_difference", 0.0321}}}};
  return {{"format", 2},
          {"split", "validation"},
          {"baseline", "plain"},
          {"tasks", Json::array({Json{{"name", "hate"}, {"metric", "macro_f1"}, {"higher_is_better", true}}})},
          {"left_out_tasks", Json::array({"stars"})},
          {"cells", Json::array({cell})}};
}

/// A comparison with its runs.
inline void write_comparison(const TemporaryFolder& folder, const std::string& name, const Json& comparison) {
  folder.write(name + "/comparison.json", comparison.dump());
  for (const int seed : {0, 1}) {
    write_run(folder, name + "/plain/seed-" + std::to_string(seed), seed);
    write_run(folder, name + "/infomtl/seed-" + std::to_string(seed), seed, 0.64, "imtl");
  }
}

}  // namespace infomtl::testing
