#include "model/architectures/extraction_level.h"

namespace infomtl::architectures {

/// CGC: shared experts and each task's own, and a gate per task over the shared and its own ones. Shared experts count as
/// shared parameters; a task's experts and gate never see another task.
class Cgc final : public Architecture {
 public:
  using Settings = ExtractionSettings;
  Cgc(const Settings& settings, const ArchitectureContext& shape) {
    level_ = register_module(
        "level", std::make_shared<ExtractionLevel>(settings, shape.width, shape.tasks.size(), false, shape.seed));
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    const Tensor& x = rows.pooled;
    TaskRepresentation result;
    result.value = level_->of_task(task, x, level_->shared_outputs(x, noise), level_->own_outputs(task, x, noise));
    return result;
  }
  std::int64_t width() const override { return level_->width(); }
  std::vector<Tensor> shared_parameters() override { return level_->shared_parameters(); }
  Tensor task_similarity() const override { return level_->similarity(); }

 private:
  std::shared_ptr<ExtractionLevel> level_;
};

ArchitectureFactory cgc(ExtractionSettings settings) { return made_by<Cgc>("cgc", std::move(settings)); }

void register_cgc(ArchitectureRegistry& registry) {
  registry.add<Cgc>("cgc", "customised gate control: shared experts and each task's own, a gate per task",
                    "Tang et al., RecSys 2020", {{"similarity", "\"gates\""}});
}

}  // namespace infomtl::architectures
