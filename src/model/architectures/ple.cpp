#include "infomtl/core/random.h"
#include "model/architectures/extraction_level.h"

namespace infomtl::architectures {

void PleSettings::fields(FieldVisitor& f) {
  f.field("levels", levels, "extraction levels", count_from(1));
  f.field("shared_stream", shared_stream,
          "shared experts read a stream of their own (the paper), or that of the task (LibMTL)");
  extraction.fields(f);
}

/// PLE: extraction levels one upon another. Every task has a stream of its own through them; a gate between levels
/// makes the stream of the shared experts from all experts. The last level is that of CGC. Similarity is read from its
/// gates.
///
/// With shared_stream off the shared experts read the task's own stream instead, as LibMTL has it: then a task's
/// experts and gates never see another task, while with it the experts of every task below the last level serve all.
class Ple final : public Architecture {
 public:
  using Settings = PleSettings;
  Ple(const Settings& settings, const ArchitectureContext& shape) : shared_stream_(settings.shared_stream) {
    const auto group = register_module("levels", std::make_shared<torch::nn::Module>("levels"));
    std::int64_t inputs = shape.width;
    for (std::int64_t l = 0; l < settings.levels; ++l) {
      const bool gate = settings.shared_stream && l + 1 < settings.levels;
      const std::uint64_t seed = derive_seed(shape.seed, "level", static_cast<std::uint64_t>(l));
      levels_.push_back(group->register_module(
          std::to_string(l),
          std::make_shared<ExtractionLevel>(settings.extraction, inputs, shape.tasks.size(), gate, seed)));
      inputs = levels_.back()->width();
    }
    tasks_ = shape.tasks.size();
  }

  TaskRepresentation forward(std::size_t task, const SharedRows& rows, ops::TensorRandom* noise) override {
    std::vector<Tensor> streams(tasks_, rows.pooled);
    Tensor shared = rows.pooled;
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      const ExtractionLevel& level = *levels_[l];
      const std::size_t above = levels_.size() - 1 - l;
      if (!shared_stream_ || above == 0) {
        const Tensor& x = streams.at(task);
        streams[task] = level.of_task(task, x, level.shared_outputs(shared_stream_ ? shared : x, noise),
                                      level.own_outputs(task, x, noise));
        continue;
      }
      const std::vector<Tensor> of_shared = level.shared_outputs(shared, noise);
      std::vector<std::vector<Tensor>> own;
      for (std::size_t s = 0; s < tasks_; ++s) own.push_back(level.own_outputs(s, streams[s], noise));
      shared = level.of_all(shared, of_shared, own);
      for (std::size_t s = 0; s < tasks_; ++s) {
        if (s == task || above > 1) streams[s] = level.of_task(s, streams[s], of_shared, own[s]);
      }
    }
    TaskRepresentation result;
    result.value = streams.at(task);
    return result;
  }
  std::int64_t width() const override { return levels_.back()->width(); }
  std::vector<Tensor> shared_parameters() override {
    std::vector<Tensor> shared;
    for (const auto& level : levels_) {
      for (const Tensor& parameter : level->shared_parameters()) shared.push_back(parameter);
    }
    return shared;
  }
  Tensor task_similarity() const override { return levels_.back()->similarity(); }

 private:
  bool shared_stream_;
  std::size_t tasks_ = 0;
  std::vector<std::shared_ptr<ExtractionLevel>> levels_;
};

ArchitectureFactory ple(PleSettings settings) { return made_by<Ple>("ple", std::move(settings)); }

void register_ple(ArchitectureRegistry& registry) {
  registry.add<Ple>("ple", "progressive layered extraction: levels of shared and own experts",
                    "Tang et al., RecSys 2020", {{"similarity", "\"gates\""}});
}

}  // namespace infomtl::architectures
