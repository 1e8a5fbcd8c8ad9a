#include "runs/training_record.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "runs/environment.h"

namespace infomtl {
namespace {

void put_rates(Json& record) {
  const double seconds = record.at("seconds");
  for (const char* const counted : {"examples", "tokens"}) {
    record[std::string(counted) + "_per_second"] = seconds > 0 ? record.at(counted).get<double>() / seconds : 0.0;
  }
}

double share(double part, double whole) { return whole > 0 ? part / whole : 0.0; }

/// As many as without stopping early: a step takes as many examples as those before it.
std::int64_t planned_examples(const Json& record) {
  const double per_step = share(record.at("examples").get<double>(), record.at("steps").get<double>());
  return std::llround(per_step * record.at("planned_steps").get<double>());
}

}  // namespace

Json training_record(const TrainingCost& cost, std::int64_t planned_steps, const std::vector<Task>& tasks) {
  Json record = {{"steps", cost.steps},
                 {"planned_steps", planned_steps},
                 {"examples", cost.examples},
                 {"tokens", cost.tokens},
                 {"encoded_sequences", cost.encoded_sequences},
                 {"rows", Json::object()},
                 {"passes", Json::object()},
                 {"clipped_share", share(cost.clipped_steps, static_cast<double>(cost.steps))},
                 {"seconds", cost.seconds},
                 {"peak_memory_bytes", peak_memory_bytes()}};
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    record["rows"][tasks[t].name] = cost.rows.at(t);
    record["passes"][tasks[t].name] =
        share(static_cast<double>(cost.rows.at(t)), static_cast<double>(tasks[t].train_rows));
  }
  record["planned_examples"] = planned_examples(record);
  put_rates(record);
  return record;
}

Json added_up(const std::vector<Json>& records) {
  Json sum = {{"steps", 0},           {"planned_steps", 0},     {"examples", 0},          {"planned_examples", 0},
              {"tokens", 0},          {"encoded_sequences", 0}, {"rows", Json::object()}, {"passes", Json::object()},
              {"clipped_share", 0.0}, {"seconds", 0.0},         {"peak_memory_bytes", 0}};
  double clipped = 0;
  for (const Json& record : records) {
    const auto add = [&](const char* count, std::int64_t value) {
      sum[count] = sum[count].get<std::int64_t>() + value;
    };
    for (const char* const count : {"steps", "planned_steps", "examples", "tokens", "encoded_sequences"}) {
      add(count, record.at(count).get<std::int64_t>());
    }
    add("planned_examples", planned_examples(record));  // which older records do not say
    sum["seconds"] = sum["seconds"].get<double>() + record.at("seconds").get<double>();
    sum["peak_memory_bytes"] =
        std::max(sum["peak_memory_bytes"].get<std::int64_t>(), record.at("peak_memory_bytes").get<std::int64_t>());
    sum["rows"].update(record.at("rows"));
    sum["passes"].update(record.at("passes"));
    clipped += record.at("clipped_share").get<double>() * record.at("steps").get<double>();
  }
  sum["clipped_share"] = share(clipped, sum["steps"].get<double>());
  put_rates(sum);
  return sum;
}

}  // namespace infomtl
