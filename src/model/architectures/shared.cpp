#include "model/architectures/builtin.h"

namespace infomtl::architectures {

/// Hard parameter sharing: every task reads the shared representation itself.
class Shared final : public Architecture {
 public:
  using Settings = NoSettings;
  Shared(const Settings&, const ArchitectureContext& shape) : width_(shape.width) {}

  TaskRepresentation forward(std::size_t, const SharedRows& rows, ops::TensorRandom*) override {
    return {.value = rows.pooled, .mean = {}, .log_variance = {}, .prior_log_variance = {}};
  }
  std::int64_t width() const override { return width_; }

 private:
  std::int64_t width_;
};

ArchitectureFactory shared() { return made_by<Shared>("shared", {}); }

void register_shared(ArchitectureRegistry& registry) {
  registry.add<Shared>("shared", "hard parameter sharing: one encoder, a head per task", "Caruana, 1997");
}

}  // namespace infomtl::architectures
