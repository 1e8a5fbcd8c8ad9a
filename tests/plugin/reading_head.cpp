// A plugin with a head that reads another task's head on the same texts; the other task labels texts, not words.
//   "head": {"name": "reading", "task": "topic"}
#include "infomtl/ops/feedback.h"
#include "infomtl/plugin/plugin.h"

namespace {

class Reading final : public infomtl::Head {
 public:
  struct Settings {
    std::string task;
    void fields(infomtl::FieldVisitor& f) { f.field("task", task, "whose head the others read"); }
  };
  Reading(const Settings& settings, const infomtl::HeadContext& context)
      : task_(settings.task), words_(context.task->kind == infomtl::TaskKind::tagging) {
    infomtl::ops::TensorRandom random(context.seed);
    own_ = register_parameter("own", random.normal({context.width, context.task->outputs()}) * 0.1);
    if (context.task->name == task_) return;
    other_ = register_parameter("other", random.normal({16, context.task->outputs()}) * 0.1);  // up to 16 are read
    while (context.tasks->at(index_).name != context.task->name) ++index_;
  }
  infomtl::Prediction forward(const infomtl::HeadInput& input) override {
    const torch::Tensor output = input.representation.mm(own_);
    if (!other_.defined()) return {.output = output};
    torch::Tensor said = input.other(task_).output.softmax(1);  // a row per text; a tagging task's own rows are words
    if (words_) said = infomtl::ops::repeat_over_words(said, input.others->word_offsets(index_), output.size(0));
    return {.output = output + said.mm(other_.narrow(0, 0, said.size(1)))};
  }

 private:
  std::string task_;
  bool words_;
  std::size_t index_ = 0;
  torch::Tensor own_, other_;
};

}  // namespace

INFOMTL_PLUGIN("reading") { registries.heads.add<Reading>("reading", "reads another task's head"); }
