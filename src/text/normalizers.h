#pragma once
// The normalizers a `tokenizer.json` may name.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "text/json_field.h"
#include "text/pipeline.h"
#include "text/wordpiece.h"

namespace infomtl::text {

/// BERT's normalizer on the plain path.
class BertNormalizer final : public Normalizer {
 public:
  explicit BertNormalizer(const BertNormalizerSettings& settings) : settings_(settings) {}
  void apply(AlignedText& text) const override;
  const BertNormalizerSettings& settings() const { return settings_; }

 private:
  BertNormalizerSettings settings_;
};

std::unique_ptr<Normalizer> make_lowercase();
std::unique_ptr<Normalizer> make_strip_accents();
/// Every occurrence of `pattern` becomes `content`. An empty pattern matches nothing.
std::unique_ptr<Normalizer> make_replace(std::string pattern, std::string content);

/// Appends the normalizers of a "normalizer" field; sequences are flattened. @throws FormatError for an unknown type
void read_normalizers(const JsonField& field, std::vector<std::unique_ptr<Normalizer>>& normalizers);

}  // namespace infomtl::text
