#include "train/step_snapshot.h"

namespace infomtl {

class StepSnapshot::Reader final : public StateVisitor {
 public:
  explicit Reader(StepSnapshot& snapshot) : snapshot_(snapshot) {}
  void tensor(const std::string& /*name*/, Tensor& value) override {
    snapshot_.tensors_.push_back(value.defined() ? value.detach().clone() : Tensor());
  }
  void counter(const std::string& /*name*/, std::int64_t& value) override { snapshot_.counters_.push_back(value); }

 private:
  StepSnapshot& snapshot_;
};

class StepSnapshot::Writer final : public StateVisitor {
 public:
  explicit Writer(const StepSnapshot& snapshot) : snapshot_(snapshot) {}
  void tensor(const std::string& /*name*/, Tensor& value) override { value = snapshot_.tensors_.at(tensor_++); }
  void counter(const std::string& /*name*/, std::int64_t& value) override {
    value = snapshot_.counters_.at(counter_++);
  }

 private:
  const StepSnapshot& snapshot_;
  std::size_t tensor_ = 0, counter_ = 0;
};

StepSnapshot::StepSnapshot(GradientWeighting& weighting, const Objective& objective, const MultiTaskModel& model)
    : weighting_(weighting) {
  Reader reader(*this);
  weighting.visit_state(reader);
  for (const std::vector<Tensor>& buffers : {objective.buffers(), model.buffers()}) {
    for (const Tensor& buffer : buffers) buffers_.emplace_back(buffer, buffer.detach().clone());
  }
}

void StepSnapshot::restore() const {
  const torch::NoGradGuard no_grad;
  Writer writer(*this);
  weighting_.visit_state(writer);
  for (const auto& [buffer, copy] : buffers_) Tensor(buffer).copy_(copy);
}

}  // namespace infomtl
