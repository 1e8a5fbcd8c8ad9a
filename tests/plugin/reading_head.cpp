// A plugin with a head that reads another task's head on the same rows.
//
//   "head": {"name": "reading", "task": "topic"}
#include "infomtl/plugin/plugin.h"

namespace {

class Reading final : public infomtl::Head {
 public:
  struct Settings {
    std::string task;
    void fields(infomtl::FieldVisitor& f) { f.field("task", task, "whose head the others read"); }
  };
  Reading(const Settings& settings, const infomtl::HeadContext& context)
      : task_(settings.task), reads_(context.task->name != settings.task), outputs_(context.task->outputs()) {
    infomtl::ops::TensorRandom random(context.seed);
    own_ = register_parameter("own", random.normal({context.width, outputs_}) * 0.1);
    if (reads_) other_ = register_parameter("other", random.normal({kMost, outputs_}) * 0.1);
  }
  infomtl::Prediction forward(const infomtl::HeadInput& input) override {
    const torch::Tensor output = input.representation.mm(own_);
    if (!reads_) return {.output = output};
    const torch::Tensor said = input.other(task_).output;
    return {.output = output + said.softmax(1).mm(other_.narrow(0, 0, said.size(1)))};
  }

 private:
  static constexpr std::int64_t kMost = 16;  // outputs of the task that is read
  std::string task_;
  bool reads_;
  std::int64_t outputs_;
  torch::Tensor own_, other_;
};

}  // namespace

INFOMTL_PLUGIN("reading") { registries.heads.add<Reading>("reading", "reads another task's head"); }
