#include "infomtl/data/batching.h"

namespace infomtl {

void BatchingSettings::fields(FieldVisitor& f) {
  constexpr double kMost = 1e9;  // products of two counts still fit 64 bits
  std::string word = name_of(regime);
  f.field("batch_size", batch_size, "examples of a step (of one task; see joint_batch_size)", between(1, kMost));
  f.choice("regime", word, {name_of(Regime::alternating), name_of(Regime::joint)},
           "one task per step, or one batch of every task per step");
  f.choice("joint_batch_size", joint_batch_size, {"per_task", "total"},
           "whether batch_size counts the examples of each task or of all tasks together");
  f.choice("joint_epoch", joint_epoch, {"longest", "total_rows"},
           "how long a joint epoch is: until the largest task was seen once, or as many rows as all tasks have");
  f.field("accumulate", accumulate, "micro-batches that a step's batch is cut into, to save memory", between(1, kMost));
  f.field("length_window", length_window, "batches of like length out of so many; 0: random batches",
          between(0, kMost));
  regime = regime_named(word);
}

}  // namespace infomtl
