#include <charconv>

#include "infomtl/analysis/influence.h"
#include "infomtl/core/errors.h"

namespace infomtl {
namespace {

constexpr std::string_view kAdapter = "adapter:";
constexpr std::int64_t kWidestAdapter = 4096;

}  // namespace

void InfluenceSettings::fields(FieldVisitor& f) {
  std::vector<std::string> backends = {"auto"};
  for (const std::string& name : ops::inverse_backends()) backends.push_back(name);
  f.field("tasks", tasks, "tasks to look at; empty: all");
  f.field("shared", shared, "what tasks share above the frozen encoder: none, common or adapter:<rank>");
  f.choice("sharing", sharing, {"hard", "soft"}, "hard: one shared part; soft: one per task, tied to a common point");
  f.field("penalty", penalty, "soft sharing: factor of the squared distance to the common point", above(0));
  f.field("ridge", ridge, "half of it times the squared length of all parameters is added to the loss", at_least(0));
  f.field("tolerance", tolerance, "length of the gradient at which training ends; 0: 1e-8, of adapters 1e-6",
          at_least(0));
  f.field("iterations", iterations, "of L-BFGS, at most", between(1, 1e9));
  f.choice("backend", backend, backends, "how the inverse curvature is applied");
  f.choice("curvature", curvature, {"auto", "hessian", "gauss_newton"},
           "they differ for adapters only; auto: hessian, for ekfac gauss_newton");
  f.field("damping", damping, "added to the curvature, beside the ridge; 0: none, of adapters ridge / 100",
          at_least(0));
  f.field("cg_tolerance", cg_tolerance, "cg: relative residual", above_to(0, 1));
  f.field("cg_iterations", cg_iterations, "cg: at most", between(1, 1e9));
  f.field("lissa_depth", lissa_depth, "lissa: terms of the series", between(1, 1e9));
  f.field("lissa_scale", lissa_scale, "lissa: above the largest eigenvalue; 0: twice the measured one", at_least(0));
  f.field("lissa_batch", lissa_batch, "lissa: rows of each task in a sample, at most as many as it has; 0: all",
          at_least(0));
  f.field("arnoldi_steps", arnoldi_steps, "arnoldi: vectors of the Krylov space", between(1, 1e6));
  f.field("arnoldi_kept", arnoldi_kept, "arnoldi: eigenvalues that are kept", between(1, 1e6));
  f.field("projection", projection, "random_projection: dimensions", between(1, 1e5));
  f.field("seed", seed, "of the adapter's start, samples and random directions", at_least(0));
}

ops::SharedSettings shared_settings(const InfluenceSettings& settings) {
  ops::SharedSettings found{.soft = settings.sharing == "soft", .penalty = settings.penalty, .ridge = settings.ridge};
  const std::string& shared = settings.shared;
  if (shared == "none") return found;
  if (shared == "common") {
    if (found.soft) {
      throw ConfigError("influence: shared \"common\" is hard sharing; soft sharing of whole heads is shared \"none\"");
    }
    found.part = ops::SharedPart::common;
    return found;
  }
  if (shared.starts_with(kAdapter)) {
    const char *begin = shared.data() + kAdapter.size(), *end = shared.data() + shared.size();
    const auto [last, error] = std::from_chars(begin, end, found.rank);
    if (error == std::errc() && last == end && found.rank >= 1 && found.rank <= kWidestAdapter) {
      found.part = ops::SharedPart::adapter;
      return found;
    }
    throw ConfigError("influence: shared \"" + shared + "\": the rank must be an integer from 1 to " +
                      std::to_string(kWidestAdapter) + ", as in adapter:32");
  }
  throw ConfigError(
      "influence: shared \"" + shared + "\" is not one of none, common, adapter:<rank>" +
      (shared.starts_with("lora") || shared.starts_with("layers") ? "; the encoder itself stays frozen here" : ""));
}

ops::InverseSettings inverse_settings(const InfluenceSettings& settings) {
  const bool gauss_newton =
      settings.curvature == "gauss_newton" || (settings.curvature == "auto" && settings.backend == "ekfac");
  const bool rotations = !gauss_newton && shared_settings(settings).part == ops::SharedPart::adapter;
  return {.backend = settings.backend,
          .curvature = gauss_newton ? ops::Curvature::gauss_newton : ops::Curvature::hessian,
          .damping = settings.damping == 0 && rotations ? settings.ridge / 100 : settings.damping,
          .cg_tolerance = settings.cg_tolerance,
          .cg_iterations = settings.cg_iterations,
          .lissa_depth = settings.lissa_depth,
          .lissa_scale = settings.lissa_scale,
          .lissa_batch = settings.lissa_batch,
          .arnoldi_steps = settings.arnoldi_steps,
          .arnoldi_kept = settings.arnoldi_kept,
          .projection = settings.projection,
          .seed = static_cast<std::uint64_t>(settings.seed)};
}

}  // namespace infomtl
