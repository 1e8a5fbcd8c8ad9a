#include "model/architectures/builtin.h"

namespace infomtl::architectures {

void CrossStitchSettings::fields(FieldVisitor& f) {
  f.field("own", own, "initial share of a task's own branch; the others share the rest", between(0, 1));
  adapters.fields(f);
}

/// Cross-stitch: a branch of adapters a task, and before each level but the first learned combinations
/// x_t = sum_s a_ts x_s of all branches. Every row passes every branch. All parameters count as shared.
class CrossStitch final : public Architecture {
 public:
  using Settings = CrossStitchSettings;
  CrossStitch(const Settings& settings, const ArchitectureContext& shape)
      : width_(shape.width), branches_(*this, settings.adapters, shape, "stitches") {
    const torch::NoGradGuard no_grad;
    const auto tasks = static_cast<std::int64_t>(shape.tasks.size());
    for (std::size_t level = 1; level < branches_.levels(); ++level) {
      for (std::int64_t t = 0; t < tasks; ++t) {
        Tensor stitch = branches_.link(level, static_cast<std::size_t>(t));
        if (tasks > 1) stitch.fill_((1.0 - settings.own) / static_cast<double>(tasks - 1));
        stitch[t] = tasks > 1 ? settings.own : 1.0;
      }
    }
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    TaskRepresentation result;
    result.value = branches_.forward(task, rows.pooled, noise,
                                     [&](std::size_t level, std::size_t s) { return branches_.link(level, s); });
    return result;
  }
  std::int64_t width() const override { return width_; }
  std::vector<Tensor> shared_parameters() override { return branches_.parameters(); }
  /// Mean over levels of (a + a^T) / 2: how much two tasks take of each other.
  Tensor task_similarity() const override {
    if (branches_.levels() < 2) return {};
    const torch::NoGradGuard no_grad;
    std::vector<Tensor> levels;
    for (std::size_t level = 1; level < branches_.levels(); ++level) {
      std::vector<Tensor> rows;
      for (std::size_t t = 0; t < branches_.tasks(); ++t) rows.push_back(branches_.link(level, t));
      const Tensor stitches = at::stack(rows).to(torch::kCPU, torch::kFloat64);
      levels.push_back((stitches + stitches.t()) / 2);
    }
    return at::stack(levels).mean(0);
  }

 private:
  std::int64_t width_;
  Branches branches_;
};

ArchitectureFactory cross_stitch(CrossStitchSettings settings) {
  return made_by<CrossStitch>("cross_stitch", std::move(settings));
}

void register_cross_stitch(ArchitectureRegistry& registry) {
  registry.add<CrossStitch>("cross_stitch", "a branch of adapters a task, with learned combinations between levels",
                            "Misra et al., CVPR 2016", {{"similarity", "\"stitches\""}});
}

}  // namespace infomtl::architectures
