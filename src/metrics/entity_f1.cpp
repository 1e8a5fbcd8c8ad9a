#include "metrics/entity_f1.h"

#include <algorithm>

namespace infomtl {

EntityF1::EntityF1(const Settings& settings, const MetricContext& space)
    : strict_(settings.reading == "strict"), macro_(settings.average == "macro") {
  for (const std::string& label : space.labels) {
    const bool entity = label == "B" || label == "I" || label.starts_with("B-") || label.starts_with("I-");
    if (!entity && label != "O") {
      throw ConfigError("reads the labels O, B-TYPE and I-TYPE, not \"" + label + "\"; plain tags have accuracy");
    }
    const std::string type = entity && label.size() > 2 ? label.substr(2) : "";
    auto known = std::find(types_.begin(), types_.end(), type);
    if (known == types_.end()) known = types_.insert(types_.end(), type);
    tags_.push_back({label[0], static_cast<std::size_t>(known - types_.begin())});
  }
}

std::set<EntityF1::Entity> EntityF1::entities(const std::vector<std::int64_t>& tags,
                                              const std::vector<std::size_t>& lengths) const {
  const Tag outside{'O', 0};
  std::set<Entity> found;
  std::size_t begin = 0;
  for (const std::size_t length : lengths) {
    const std::size_t end = begin + length;
    bool open = false;
    std::size_t type = 0, first = 0;
    for (std::size_t at = begin; at <= end; ++at) {
      const Tag tag = at == end || tags[at] == kNoAnswer ? outside : tags_[static_cast<std::size_t>(tags[at])];
      const bool goes_on = open && tag.prefix == 'I' && tag.type == type;
      if (open && !goes_on) found.emplace(type, first, at);
      if (goes_on) continue;
      open = tag.prefix == 'B' || (tag.prefix == 'I' && !strict_);
      type = tag.type;
      first = at;
    }
    begin = end;
  }
  return found;
}

double EntityF1::compute(const Predictions& p) const {
  const std::set<Entity> gold = entities(p.gold, p.sentence_lengths);
  const std::set<Entity> predicted = entities(p.predicted, p.sentence_lengths);
  std::vector<LabelCounts> counts(types_.size());
  for (const Entity& entity : gold) {
    LabelCounts& type = counts[std::get<0>(entity)];
    ++(predicted.contains(entity) ? type.true_positives : type.false_negatives);
  }
  for (const Entity& entity : predicted) {
    if (!gold.contains(entity)) ++counts[std::get<0>(entity)].false_positives;
  }
  LabelCounts sum;
  double f1 = 0, present = 0;
  for (const LabelCounts& type : counts) {
    sum.true_positives += type.true_positives;
    sum.false_positives += type.false_positives;
    sum.false_negatives += type.false_negatives;
    f1 += type.f1();
    present += type.occurs() ? 1 : 0;
  }
  if (!macro_) return sum.f1();
  return present == 0 ? 0.0 : f1 / present;
}

}  // namespace infomtl
