#pragma once
// Small architectures of every kind, and rows for them.

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "infomtl/core/config.h"
#include "infomtl/model/architecture.h"

namespace infomtl::testing {

inline constexpr std::int64_t kWidth = 6, kLayers = 2;
inline constexpr std::size_t kTasks = 3;

inline std::vector<Task> tasks_of(std::size_t count) {
  std::vector<Task> tasks(count);
  for (std::size_t t = 0; t < count; ++t) tasks[t].name = "task" + std::to_string(t), tasks[t].labels = {"a", "b", "c"};
  return tasks;
}

inline std::shared_ptr<Architecture> build_architecture(const Json& config, std::size_t tasks = kTasks,
                                                        std::uint64_t seed = 1, std::int64_t width = kWidth) {
  return architecture_registry().build(
      Config::from_json(config, "architecture"),
      ArchitectureContext{
          .width = width, .layers = kLayers, .tasks = tasks_of(tasks), .seed = seed, .embedding_width = width});
}

/// Every built-in architecture with settings that keep it small.
inline const std::vector<Json>& architecture_configs() {
  static const std::vector<Json> configs = {
      "shared",
      {{"name", "vib"}, {"width", 4}, {"hidden", 5}},
      {{"name", "additive_noise"}, {"width", 4}},
      {{"name", "mmoe"}, {"experts", 3}, {"hidden", 5}, {"width", 4}},
      {{"name", "cgc"}, {"hidden", 5}, {"width", 4}},
      {{"name", "ple"}, {"hidden", 5}, {"width", 4}},
      {{"name", "ple"}, {"levels", 3}, {"shared_stream", false}, {"hidden", 5}},
      {{"name", "cross_stitch"}, {"levels", 3}, {"hidden", 5}},
      {{"name", "mtan"}, {"hidden", 5}},
      {{"name", "dselect_k"}, {"hidden", 5}, {"width", 4}},
      {{"name", "dselect_k"}, {"experts", 3}, {"gate", "static"}, {"hidden", 5}},
      {{"name", "ltb"}, {"levels", 3}, {"hidden", 5}},
      "alignment",
      {{"name", "alignment"}, {"site", "pooled"}},
      {{"name", "variational"}, {"width", 4}},
      {{"name", "variational"}, {"width", 5}, {"amortized", true}},
  };
  return configs;
}
inline std::string name_of(const Json& config) {
  return config.is_string() ? config.get<std::string>() : config["name"].get<std::string>();
}

inline SharedRows random_rows(std::int64_t count, std::uint64_t seed = 5, std::int64_t width = kWidth) {
  ops::TensorRandom random(seed);
  const Tensor layers = random.normal({count, kLayers + 1, width});
  return {.pooled = layers.select(1, kLayers), .layers = layers};
}

/// Overwrites a parameter.
inline void set(torch::nn::Module& module, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  module.named_parameters()[name].copy_(value);
}
inline void fill(torch::nn::Module& module, const std::string& name, double value) {
  const torch::NoGradGuard no_grad;
  module.named_parameters()[name].fill_(value);
}
/// Makes the net at `prefix` a constant.
inline void make_constant(torch::nn::Module& module, const std::string& prefix, double value) {
  fill(module, prefix + ".output.weight", 0.0);
  fill(module, prefix + ".output.bias", value);
}
/// What a net with one hidden GELU layer computes, from its parameters.
inline Tensor net_of(const torch::nn::Module& module, const std::string& prefix, const Tensor& x) {
  const auto p = module.named_parameters();
  const Tensor hidden = at::gelu(at::linear(x, p[prefix + ".hidden.weight"], p[prefix + ".hidden.bias"]));
  return at::linear(hidden, p[prefix + ".output.weight"], p[prefix + ".output.bias"]);
}
/// What a softmax gate gives, [B, E].
inline Tensor gate_of(const torch::nn::Module& module, const std::string& prefix, const Tensor& x) {
  const auto p = module.named_parameters();
  return at::softmax(at::linear(x, p[prefix + ".output.weight"], p[prefix + ".output.bias"]), 1);
}
/// sum_e weights[:, e] parts_e.
inline Tensor weighted(const Tensor& weights, const std::vector<Tensor>& parts) {
  Tensor sum = at::zeros_like(parts.front());
  for (std::size_t e = 0; e < parts.size(); ++e) {
    sum = sum + weights.select(1, static_cast<std::int64_t>(e)).unsqueeze(1) * parts[e];
  }
  return sum;
}

}  // namespace infomtl::testing
