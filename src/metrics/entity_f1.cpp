#include "metrics/entity_f1.h"

#include <algorithm>
#include <string_view>

namespace infomtl {

namespace {

/// "O, B-TYPE and I-TYPE".
std::string tags_text(TagScheme scheme) {
  const std::string_view prefixes = prefixes_of(scheme);
  std::string text = "O";
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    text += (i + 1 == prefixes.size() ? " and " : ", ") + std::string(1, prefixes[i]) + "-TYPE";
  }
  return text;
}

char as_bioes(char prefix) { return prefix == 'L' ? 'E' : prefix == 'U' ? 'S' : prefix; }

}  // namespace

EntityF1::EntityF1(const Settings& settings, const MetricContext& space)
    : strict_(settings.reading == "strict"), macro_(settings.average == "macro"), scheme_(space.scheme) {
  const std::string_view prefixes = prefixes_of(scheme_);
  for (const std::string& label : space.labels) {
    const bool entity =
        !label.empty() && prefixes.find(label[0]) != std::string_view::npos && (label.size() == 1 || label[1] == '-');
    if (!entity && label != "O") {
      throw ConfigError("reads the labels " + tags_text(scheme_) + ", not \"" + label + "\"; plain tags have accuracy" +
                        (scheme_ == TagScheme::bio ? ", other schemes are named by the record's \"scheme\"" : ""));
    }
    const std::string type = entity && label.size() > 2 ? label.substr(2) : "";
    auto known = std::find(types_.begin(), types_.end(), type);
    if (known == types_.end()) known = types_.insert(types_.end(), type);
    tags_.push_back({as_bioes(label[0]), static_cast<std::size_t>(known - types_.begin())});
  }
}

/// Of a tag that does not continue the entity before it.
bool EntityF1::begins(const Tag& tag, const Tag& before) const {
  if (tag.prefix == 'O') return false;
  if (!strict_) return true;
  if (scheme_ != TagScheme::iob1) return tag.prefix == 'B' || tag.prefix == 'S';
  return tag.prefix == 'I' || (before.prefix != 'O' && before.type == tag.type);
}

/// Strict IOB1 knows no B- behind one of another type: as in seqeval, the entity before it is none either.
bool EntityF1::broken(const Tag& before, const Tag& tag) const {
  return strict_ && scheme_ == TagScheme::iob1 && before.prefix == 'B' && tag.prefix == 'B' && tag.type != before.type;
}

std::set<EntityF1::Entity> EntityF1::entities(const std::vector<std::int64_t>& tags,
                                              const std::vector<std::size_t>& lengths) const {
  const Tag outside{'O', 0};
  const bool must_end = strict_ && (scheme_ == TagScheme::bioes || scheme_ == TagScheme::bilou);
  std::set<Entity> found;
  std::size_t begin = 0;
  for (const std::size_t length : lengths) {
    const std::size_t end = begin + length;
    bool open = false;
    std::size_t first = 0;
    Tag before = outside;
    for (std::size_t at = begin; at <= end; ++at) {
      const Tag tag = at == end || tags[at] == kNoAnswer ? outside : tags_[static_cast<std::size_t>(tags[at])];
      const bool ended = before.prefix == 'E' || before.prefix == 'S';
      const bool continues = (tag.prefix == 'I' || tag.prefix == 'E') && tag.type == before.type;
      const bool goes_on = open && continues && !ended;
      if (open && !goes_on && (must_end ? ended : !broken(before, tag))) found.emplace(before.type, first, at);
      if (!goes_on) {
        open = begins(tag, before);
        first = at;
      }
      before = tag;
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
