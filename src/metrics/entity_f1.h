#pragma once
// F1 of whole entities in tagged sentences: right are those whose type, first and last word agree.

#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "infomtl/core/errors.h"
#include "infomtl/metrics/metric.h"

namespace infomtl {

/// Labels are "O" and the scheme's letters with a type, "B-TYPE" ("B" alone has one type without a name).
class EntityF1 final : public Metric {
 public:
  struct Settings {
    std::string reading = "conlleval";
    std::string average = "micro";
    void fields(FieldVisitor& f) {
      f.choice("reading", reading, {"conlleval", "strict"},
               "of broken sequences: a tag that continues nothing begins an entity (conlleval, seqeval's default), or "
               "only what the task's scheme allows is one (seqeval's mode strict)");
      f.choice("average", average, {"micro", "macro"}, "over all entities, or over the types in gold or predictions");
    }
  };
  EntityF1(const Settings& settings, const MetricContext& space);
  bool reads(TaskKind kind) const override { return kind == TaskKind::tagging; }

 private:
  struct Tag {
    char prefix;       // 'O', 'B', 'I', 'E', 'S'; those of BILOU as E and S
    std::size_t type;  // index of the type's name
  };
  using Entity = std::tuple<std::size_t, std::size_t, std::size_t>;  // type, first word, word after the last

  double compute(const Predictions& p) const override;
  bool begins(const Tag& tag, const Tag& before) const;
  bool broken(const Tag& before, const Tag& tag) const;
  std::set<Entity> entities(const std::vector<std::int64_t>& tags, const std::vector<std::size_t>& lengths) const;

  bool strict_, macro_;
  TagScheme scheme_;
  std::vector<Tag> tags_;           // of each label
  std::vector<std::string> types_;  // names
};

}  // namespace infomtl
