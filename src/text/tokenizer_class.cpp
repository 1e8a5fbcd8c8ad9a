#include "text/tokenizer_class.h"

#include <algorithm>
#include <array>
#include <utility>

#include "infomtl/core/counted.h"

namespace infomtl::text {
namespace {

struct ClassName {
  std::string_view name;  ///< in lower case, without "Tokenizer" and "Fast"
  TokenizerFamily family;
  std::string_view shown;
};
constexpr std::array<ClassName, 11> kClasses = {
    {{"bert", TokenizerFamily::wordpiece, "BertTokenizer"},
     {"distilbert", TokenizerFamily::wordpiece, "DistilBertTokenizer"},
     {"electra", TokenizerFamily::wordpiece, "ElectraTokenizer"},
     {"mpnet", TokenizerFamily::mpnet, "MPNetTokenizer"},
     {"roberta", TokenizerFamily::byte_level, "RobertaTokenizer"},
     {"xlmroberta", TokenizerFamily::xlm_roberta, "XLMRobertaTokenizer"},
     {"albert", TokenizerFamily::albert, "AlbertTokenizer"},
     {"debertav2", TokenizerFamily::deberta_v2, "DebertaV2Tokenizer"},
     {"debertav3", TokenizerFamily::deberta_v2, ""},
     {"pretrained", TokenizerFamily::whole_file, "PreTrainedTokenizerFast"},
     {"tokenizersbackend", TokenizerFamily::whole_file, "TokenizersBackend"}}};

void drop_ending(std::string& name, std::string_view ending) {
  if (name.size() > ending.size() && name.ends_with(ending)) name.resize(name.size() - ending.size());
}

/// A setting as the class takes it: the file's, else its default.
TreeJson setting(const JsonField& config, const char* key, TreeJson fallback) {
  const JsonField given = config[key];
  return given.is_null() ? fallback : TreeJson(given.boolean(false));
}

struct Setting {
  const char* key;
  TreeJson value;
};

/// Sets the keys of a part where any that it has differs: all of them, as a part that is made anew.
void change(TreeJson& part, const std::vector<Setting>& wanted, std::vector<std::string>& changes) {
  const bool differs = std::any_of(wanted.begin(), wanted.end(), [&](const Setting& setting) {
    return part.contains(setting.key) && part[setting.key] != setting.value;
  });
  if (!differs) return;
  for (const auto& [key, value] : wanted) {
    if (part.contains(key) && part[key] == value) continue;
    part[key] = value;
    std::string text = std::string(key) + " " + value.dump();
    if (std::find(changes.begin(), changes.end(), text) == changes.end()) changes.push_back(std::move(text));
  }
}

/// A part of the pipeline that is of this type alone, not in a sequence; null for another.
TreeJson* part_of_type(TreeJson& document, const char* key, const char* type) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_object()) return nullptr;
  const auto its_type = found->find("type");
  return its_type != found->end() && *its_type == type ? &*found : nullptr;
}

}  // namespace

std::optional<TokenizerFamily> tokenizer_family(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (c != '-' && c != '_') folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  drop_ending(folded, "fast");
  drop_ending(folded, "tokenizer");
  for (const ClassName& known : kClasses) {
    if (folded == known.name) return known.family;
  }
  return std::nullopt;
}

bool mask_takes_blank(TokenizerFamily family) {
  return family == TokenizerFamily::mpnet || family == TokenizerFamily::byte_level ||
         family == TokenizerFamily::xlm_roberta || family == TokenizerFamily::albert;
}

std::string known_tokenizer_classes() {
  std::vector<std::string> names;
  for (const ClassName& known : kClasses) {
    if (!known.shown.empty()) names.emplace_back(known.shown);
  }
  return joined(names);
}

std::vector<std::string> overrule_tokenizer_json(TreeJson& document, TokenizerFamily family, const JsonField& config) {
  std::vector<std::string> changes;
  if (!document.is_object()) return changes;
  if (family == TokenizerFamily::wordpiece || family == TokenizerFamily::mpnet) {
    TreeJson* normalizer = part_of_type(document, "normalizer", "BertNormalizer");
    if (normalizer == nullptr) return changes;
    // No accents setting means that accents go with case: null, as the class hands it on.
    change(*normalizer,
           {{"lowercase", setting(config, "do_lower_case", true)},
            {"strip_accents", setting(config, "strip_accents", nullptr)},
            {"handle_chinese_chars", setting(config, "tokenize_chinese_chars", true)}},
           changes);
  } else if (family == TokenizerFamily::byte_level) {
    const TreeJson prefix = setting(config, "add_prefix_space", false);
    if (TreeJson* part = part_of_type(document, "pre_tokenizer", "ByteLevel")) {
      change(*part, {{"add_prefix_space", prefix}}, changes);
    }
    for (const char* type : {"RobertaProcessing", "ByteLevel"}) {
      TreeJson* part = part_of_type(document, "post_processor", type);
      if (part == nullptr) continue;
      change(*part, {{"add_prefix_space", prefix}, {"trim_offsets", setting(config, "trim_offsets", true)}}, changes);
    }
  }
  return changes;
}

}  // namespace infomtl::text
