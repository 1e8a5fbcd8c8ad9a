#include "infomtl/losses/shared_information_maximization.h"

#include <algorithm>

#include "infomtl/core/errors.h"
#include "infomtl/core/random.h"
#include "losses/counted_items.h"
#include "losses/critic.h"
#include "losses/information_bound.h"

namespace infomtl {

void SharedInformationMaximization::Settings::fields(FieldVisitor& f) {
  f.field("temperature", temperature, "tau: 1 for RoBERTa, 0.1 for BERT in the paper", above(0));
  f.field("symmetric", symmetric, "mean of both directions instead of view 0 against view 1 only (infonce)");
  f.choice("scope", scope, {"task", "batch"},
           "negatives from the task's own rows, or from all tasks of the step (infonce)");
  f.choice("repeats", repeats, {"negatives", "ignored"},
           "whether rows of equal tokens are each other's negatives, or left out of the denominator (infonce)");
  f.choice(
      "bound", bound, bound_names(),
      "the bound on mutual information that is maximised: infonce (van den Oord et al. 2018), dv (Donsker & Varadhan), "
      "mine (Belghazi et al. 2018), nwj (Nguyen et al. 2010), tuba (Poole et al. 2019), jsd (Hjelm et al. 2019), "
      "smile (Song & Ermon 2020), flo (Guo et al. 2022)");
  f.choice("critic", critic, critic_names(),
           "what scores a pair of views: cosine, or one that learns (separable, bilinear, concat)");
  f.field("critic_width", critic_width, "width of what critic and bound learn: hidden layers, embeddings",
          width_from(1));
  f.field("learning_rate", learning_rate,
          "peak rate of what critic and bound learn (Song & Ermon 2020 take 5e-4); 0: the optimiser's", at_least(0));
  f.field("momentum", momentum, "mine: share of the old value in the moving average", from_to_below(0, 1));
  f.field("clip", clip, "smile: scores of pairs apart are clamped to +-clip", above(0));
  f.only_where(critic != "cosine" || bound == "tuba" || bound == "flo", {"critic_width", "learning_rate"},
               "\"critic\" is another than \"cosine\", or \"bound\" is \"tuba\" or \"flo\"");
  f.only_where(bound == "mine", {"momentum"}, "\"bound\" is \"mine\"");
  f.only_where(bound == "smile", {"clip"}, "\"bound\" is \"smile\"");
}

SharedInformationMaximization::SharedInformationMaximization(Settings settings, const TermContext& context)
    : settings_(std::move(settings)) {
  critic_ = register_module("critic", make_critic(settings_.critic, {.inputs = context.width,
                                                                     .width = settings_.critic_width,
                                                                     .seed = derive_seed(context.seed, "critic")}));
  bound_ = register_module("bound", make_bound(settings_.bound, {.inputs = context.width,
                                                                 .width = settings_.critic_width,
                                                                 .tasks = context.tasks.size(),
                                                                 .seed = derive_seed(context.seed, "bound"),
                                                                 .clip = settings_.clip,
                                                                 .momentum = settings_.momentum}));
  if (bound_->contrasts()) return;
  if (settings_.symmetric) {
    throw ConfigError("bound \"" + settings_.bound + "\" has one direction; set \"symmetric\": false");
  }
  if (settings_.repeats != "negatives") {
    throw ConfigError("bound \"" + settings_.bound + "\" leaves no pair out; set \"repeats\": \"negatives\"");
  }
  if (settings_.scope != "task") {
    throw ConfigError("bound \"" + settings_.bound + "\" pairs the task's own rows; set \"scope\": \"task\"");
  }
}

std::int64_t SharedInformationMaximization::count(const TaskBatch& rows) const {
  const std::int64_t found = rows.rows.size(0);
  return found < bound_->least_rows() ? 0 : found;
}

ops::IgnoredPairs SharedInformationMaximization::same_text(const Tensor& texts, const std::vector<Tensor>& keys) const {
  const bool known = std::all_of(keys.begin(), keys.end(), [](const Tensor& each) { return each.defined(); });
  if (settings_.repeats != "ignored" || !texts.defined() || !known) return {};
  return {texts, torch::cat(keys)};
}

LossValue SharedInformationMaximization::compute(TaskStep& step) {
  const Tensor& anchors = step.shared(0);
  if (count(step.batch()) == 0) return no_items(anchors);
  PairedRows rows{.x = anchors,
                  .y = {},
                  .positive = {},
                  .critic = critic_.get(),
                  .temperature = settings_.temperature,
                  .symmetric = settings_.symmetric,
                  .task = step.task_index(),
                  .step = step.step(),
                  .records = step.records()};
  if (settings_.scope == "task") {
    rows.y = step.shared(1);
    rows.ignored = same_text(step.batch().texts, {step.batch().texts});
    return bound_->loss(rows);
  }
  // Keys of all tasks; this task's own lie from `first` on, in order.
  std::vector<Tensor> keys, texts;
  std::int64_t found = 0;
  std::int64_t first = 0;
  for (TaskStep* other : step.batch_steps()) {
    if (other->views() < 2) continue;
    if (other->task_index() == step.task_index()) first = found;
    keys.push_back(other->shared(1));
    texts.push_back(other->batch().texts);
    found += keys.back().size(0);
  }
  rows.y = torch::cat(keys);
  rows.positive = torch::arange(first, first + anchors.size(0),
                                torch::TensorOptions().dtype(torch::kInt64).device(anchors.device()));
  rows.ignored = same_text(step.batch().texts, texts);
  return bound_->loss(rows);
}

}  // namespace infomtl
