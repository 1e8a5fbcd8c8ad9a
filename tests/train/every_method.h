#pragma once
// Every method that is registered, as part of a run: each weighting in each regime of several tasks, each architecture,
// head, loss term and penalty with what it cannot do without.

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "train/whole_run.h"

namespace infomtl::testing {

struct NamedMethod {
  std::string name, regime;
  Method method;
  friend std::ostream& operator<<(std::ostream& out, const NamedMethod& each) {
    return out << each.name << ", " << each.regime;
  }
};

/// As many tasks as every weighting's defaults need; weightings of common inputs take tasks that label the same texts.
inline std::shared_ptr<const TaskData> data_for(const NamedMethod& method) {
  return method.name == "weighting svd_reweighting" ? common_texts()
                                                    : data_of({"topic", "polarity", "emotion", "certainty"});
}

/// What a loss term stands beside; those that are not named go with a linear head.
inline Method method_of_term(const std::string& term) {
  const Json gaussian = {{"name", "gaussian"}, {"dropout", 0.1}}, code = {{"name", "variational"}, {"width", 12}};
  static const std::map<std::string, Method> known = {
      {"timin", {.head = gaussian}},
      {"information", {.head = gaussian}},
      {"bottleneck", {.architecture = {{"name", "vib"}, {"width", 8}}}},
      {"gate_entropy", {.architecture = "dselect_k"}},
      {"expected_supervised", {.head = "bayesian", .architecture = code}},
      {"representation_prior", {.architecture = code}},
      {"weight_prior", {.head = "bayesian"}},
      {"feedback_convergence", {.head = "feedback"}},
  };
  const auto found = known.find(term);
  Method method = found == known.end() ? Method{} : found->second;
  if (term == "supervised" || term == "expected_supervised") {
    method.losses = {term};
  } else {
    method.losses = {"supervised", {{"name", term}, {"weight", 0.1}}};
  }
  return method;
}

inline std::vector<std::string> names_in(const std::vector<RegistryEntry>& entries) {
  std::vector<std::string> names;
  for (const RegistryEntry& entry : entries) {
    if (entry.origin == "infomtl") names.push_back(entry.name);
  }
  return names;
}

inline std::vector<NamedMethod> every_method() {
  std::vector<NamedMethod> all;
  for (const std::string& name : names_in(weighting_registry().entries())) {
    Json weighting = {{"name", name}};
    if (name == "smoothed") weighting["inner"] = "uncertainty";
    for (const Regime regime : weighting_registry().traits(name).regimes) {
      all.push_back({"weighting " + name, std::string(name_of(regime)), {.weighting = weighting}});
    }
  }
  for (const char* const regime : {"alternating", "joint"}) {
    for (const std::string& name : names_in(architecture_registry().entries())) {
      all.push_back({"architecture " + name, regime, {.architecture = name}});
    }
    for (const std::string& name : names_in(head_registry().entries())) {
      all.push_back({"head " + name, regime, {.head = name}});
    }
    for (const std::string& name : names_in(loss_registry().entries())) {
      all.push_back({"loss " + name, regime, method_of_term(name)});
    }
    for (const std::string& name : names_in(penalty_registry().entries())) {
      all.push_back({"penalty " + name, regime, {.penalties = {{{"name", name}, {"weight", 0.05}}}}});
    }
  }
  return all;
}

/// Of a vector of numbers: |a - b| / |b|.
inline double relative_difference(const Tensor& a, const Tensor& b) {
  const Tensor exact = b.to(torch::kFloat64);
  return ((a.to(torch::kFloat64) - exact).norm() / exact.norm()).item<double>();
}

inline Tensor values_of(const TrainedBy& run) { return run.trainer->parameters().values().detach().to(torch::kCPU); }

/// The steps of a method on a device are those of the CPU but for rounding.
inline void expect_the_cpus_steps(NamedMethod method, torch::Device device, std::int64_t steps) {
  method.method.descent = true;
  const auto data = data_for(method);
  TrainedBy here(method.method, method.regime, 1, data, device), cpu(method.method, method.regime, 1, data);
  here.go_on(steps);
  cpu.go_on(steps);
  EXPECT_LE(relative_difference(values_of(here), values_of(cpu)), device.is_cpu() ? 0.0 : 1e-4) << method;
}

}  // namespace infomtl::testing
