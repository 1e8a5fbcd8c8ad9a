#include "text/tokenizer_json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "infomtl/core/json_file.h"
#include "infomtl/core/utf8.h"
#include "text/bpe.h"
#include "text/line_files.h"
#include "text/normalizers.h"
#include "text/pre_tokenizers.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

namespace infomtl::text {
namespace {

// Merges as lines "left right" or as lists of two.
Merges read_merges(const JsonField& field) {
  Merges merges;
  if (!field.json().is_array()) field.fail_found("an array");
  for (std::size_t i = 0; i < field.json().size(); ++i) {
    const auto& entry = field.json()[i];
    if (entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_string()) {
      merges.emplace_back(entry[0].get<std::string>(), entry[1].get<std::string>());
      continue;
    }
    if (!entry.is_string()) field[i].fail_found("a merge: a string \"left right\" or an array of two strings");
    const auto& line = entry.get_ref<const std::string&>();
    if (line.starts_with("#version")) continue;
    merges.push_back(with_context(field.where() + "/" + std::to_string(i), [&] { return split_merge(line); }));
  }
  return merges;
}

std::int32_t find_unknown(const JsonField& model, const Vocabulary& vocabulary) {
  const JsonField field = model["unk_token"];
  if (field.is_null()) return -1;
  const std::int32_t id = vocabulary.find(field.text());
  if (id < 0) field.fail("the vocabulary does not have \"" + field.text() + "\"");
  return id;
}

std::unique_ptr<SubwordModel> read_wordpiece(const JsonField& model, TokenizerParts& parts) {
  read_vocabulary(model["vocab"], parts.vocabulary);
  const std::int64_t max_chars = model["max_input_chars_per_word"].integer(100);
  if (max_chars < 0) model["max_input_chars_per_word"].fail_found("an integer >= 0");
  const std::int32_t unknown = find_unknown(model, parts.vocabulary);
  if (unknown < 0) model["unk_token"].fail_found("a token of the vocabulary; WordPiece needs one");
  parts.special.unk = unknown;
  return std::make_unique<WordPiece>(parts.vocabulary, model["continuing_subword_prefix"].text("##"), unknown,
                                     static_cast<std::size_t>(max_chars));
}

std::unique_ptr<SubwordModel> read_bpe(const JsonField& model, TokenizerParts& parts) {
  read_vocabulary(model["vocab"], parts.vocabulary);
  if (const JsonField dropout = model["dropout"]; !dropout.is_null() && dropout.number() != 0.0) {
    dropout.fail("BPE dropout is not supported");
  }
  BpeSettings settings;
  settings.unknown = parts.special.unk = find_unknown(model, parts.vocabulary);
  settings.fuse_unknown = model["fuse_unk"].boolean(false);
  settings.byte_fallback = model["byte_fallback"].boolean(false);
  settings.ignore_merges = model["ignore_merges"].boolean(false);
  settings.inside_prefix = model["continuing_subword_prefix"].text("");
  settings.end_suffix = model["end_of_word_suffix"].text("");
  const JsonField merges = model["merges"];
  const auto pairs = read_merges(merges);
  return with_context(merges.where(),
                      [&] { return std::make_unique<BpeModel>(parts.vocabulary, pairs, std::move(settings)); });
}

// A score as the peer's JSON reader sees it: digits as one integer, rounded, then divided by a power of ten, rounded
// again. Up to one unit in the last place from the nearest number, which decides between paths of equal score.
double read_score(double value) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, std::abs(value), std::chars_format::scientific).ptr;
  std::uint64_t digits = 0;
  int exponent = 0, decimals = 0;
  const char* at = text;
  for (bool fraction = false; at != end && *at != 'e'; ++at) {
    if (*at == '.') {
      fraction = true;
      continue;
    }
    digits = digits * 10 + static_cast<std::uint64_t>(*at - '0');
    decimals += fraction;
  }
  if (at == end) return value;
  ++at;
  std::from_chars(*at == '+' ? at + 1 : at, end, exponent);
  exponent -= decimals;
  if (exponent < -22 || exponent > 22) return value;  // no score of a model; the powers below are exact
  double power = 1.0;
  for (int i = 0; i < std::abs(exponent); ++i) power *= 10.0;
  const auto whole = static_cast<double>(digits);
  return std::copysign(exponent < 0 ? whole / power : whole * power, value);
}

std::unique_ptr<SubwordModel> read_unigram(const JsonField& model, TokenizerParts& parts) {
  const JsonField list = model["vocab"];
  if (!list.json().is_array()) list.fail_found("an array of [piece, score]");
  if (list.json().empty()) list.fail("the vocabulary is empty");
  std::vector<double> scores;
  for (std::size_t i = 0; i < list.json().size(); ++i) {
    const auto& entry = list.json()[i];
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number()) {
      list[i].fail_found("[piece, score]");
    }
    with_context(list.where(),
                 [&] { parts.vocabulary.add(entry[0].get_ref<const std::string&>(), static_cast<std::int64_t>(i)); });
    scores.push_back(read_score(entry[1].get<double>()));
  }
  const JsonField unknown = model["unk_id"];
  UnigramSettings settings;
  settings.byte_fallback = model["byte_fallback"].boolean(false);
  const std::int64_t unknown_id = unknown.integer();
  if (unknown_id < 0 || unknown_id >= static_cast<std::int64_t>(scores.size()))
    unknown.fail_found("an id of the vocabulary, below " + std::to_string(scores.size()));
  settings.unknown = parts.special.unk = static_cast<std::int32_t>(unknown_id);
  return std::make_unique<Unigram>(parts.vocabulary, std::move(scores), settings);
}

std::unique_ptr<SubwordModel> read_model(const JsonField& model, TokenizerParts& parts) {
  // Files of before 2020 name no type: a Unigram's vocabulary is a list, a BPE has merges.
  const JsonField type = model["type"];
  const std::string name = type.text(model["vocab"].json().is_array() ? "Unigram"
                                     : model["merges"].is_null()      ? "WordPiece"
                                                                      : "BPE");
  if (name == "WordPiece") return read_wordpiece(model, parts);
  if (name == "BPE") return read_bpe(model, parts);
  if (name == "Unigram") return read_unigram(model, parts);
  type.fail("model \"" + name + "\" is not supported" + did_you_mean(name, {"WordPiece", "BPE", "Unigram"}));
}

// The id of a token that there is.
std::int32_t read_known_id(const JsonField& field, const Vocabulary& vocabulary) {
  const std::int32_t id = read_token_id(field);
  if (vocabulary.token(id) == nullptr) field.fail("no token of the vocabulary has the id " + std::to_string(id));
  return id;
}

std::int32_t read_token_type(const JsonField& field) {
  const std::int64_t type = field.integer();
  if (type != 0 && type != 1) field.fail_found("a token type, 0 or 1");
  return static_cast<std::int32_t>(type);
}

std::vector<TemplateItem> read_template(const JsonField& list, const JsonField& special, const Vocabulary& vocabulary,
                                        bool pair) {
  std::vector<TemplateItem> items;
  int seen[2] = {0, 0};
  for (const JsonField& element : list.elements()) {
    const bool is_sequence = element.object().contains("Sequence");
    const JsonField item = element[is_sequence ? "Sequence" : "SpecialToken"];
    const std::string id = item["id"].text();
    const std::int32_t type_id = read_token_type(item["type_id"]);
    if (is_sequence) {
      if (id != "A" && !(pair && id == "B")) item["id"].fail("text \"" + id + "\" does not exist here");
      const int which = id == "B";
      if (++seen[which] > 1) item["id"].fail("text \"" + id + "\" is there twice");
      items.push_back({which, -1, type_id});
    } else {
      for (const JsonField& token : special[id]["ids"].elements()) {
        items.push_back({-1, read_known_id(token, vocabulary), type_id});
      }
    }
  }
  if (seen[0] != 1 || (pair && seen[1] != 1)) list.fail("the template lacks a text");
  return items;
}

void read_post_processor(const JsonField& field, const Vocabulary& vocabulary, PostProcessor& post) {
  if (field.is_null()) return;
  const JsonField type = field["type"];
  const std::string name = type.text();
  if (name == "Sequence") {
    for (const JsonField& element : field["processors"].elements()) read_post_processor(element, vocabulary, post);
  } else if (name == "TemplateProcessing") {
    post.single = read_template(field["single"], field["special_tokens"], vocabulary, false);
    post.pair = read_template(field["pair"], field["special_tokens"], vocabulary, true);
  } else if (name == "BertProcessing" || name == "RobertaProcessing") {
    const bool roberta = name == "RobertaProcessing";
    post.fill(read_known_id(field["cls"][1], vocabulary), read_known_id(field["sep"][1], vocabulary), roberta);
    if (roberta) {
      post.trim_offsets = field["trim_offsets"].boolean(true);
      post.keep_prefix_space = field["add_prefix_space"].boolean(true);
    }
  } else if (name == "ByteLevel") {
    post.trim_offsets = field["trim_offsets"].boolean(true);
    post.keep_prefix_space = field["add_prefix_space"].boolean(true);
  } else {
    type.fail(
        "post-processor \"" + name + "\" is not supported" +
        did_you_mean(name, {"Sequence", "TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel"}));
  }
}

}  // namespace

std::int32_t read_token_id(const JsonField& field) {
  const auto& json = field.json();
  // A negative number is no unsigned one.
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() >= Vocabulary::kIdLimit) {
    field.fail_found("a token id, from 0 to " + std::to_string(Vocabulary::kIdLimit - 1));
  }
  return json.get<std::int32_t>();
}

void read_vocabulary(const JsonField& field, Vocabulary& vocabulary) {
  constexpr std::size_t kLongestShown = 80;
  if (field.object().empty()) field.fail("the vocabulary is empty");
  for (const auto& [token, value] : field.object().items()) {
    const bool sound = value.is_number_unsigned() && value.get<std::uint64_t>() < Vocabulary::kIdLimit;
    const std::int32_t id = sound ? value.get<std::int32_t>() : read_token_id(field[token]);
    if (const std::string* other = vocabulary.token(id)) {
      field[token].fail("the id " + std::to_string(id) + " is also that of \"" +
                        shortened_to(printable(*other), kLongestShown) + "\"; each token must have its own");
    }
    with_context(field.where(), [&] { vocabulary.add(token, id); });
  }
}

AddedToken read_added_token(const JsonField& field) {
  AddedToken token;
  token.content = field["content"].text();
  token.special = field["special"].boolean(false);
  token.single_word = field["single_word"].boolean(false);
  token.lstrip = field["lstrip"].boolean(false);
  token.rstrip = field["rstrip"].boolean(false);
  token.normalized = field["normalized"].boolean(!token.special);
  return token;
}

namespace {

// Metaspace alone, or white space cut away before it, in front of a Unigram model. Normalizers that look further than
// one word rule it out, but for the one that makes one space of several.
void choose_unigram_path(Pipeline& pipeline) {
  const auto* unigram = dynamic_cast<const Unigram*>(pipeline.model.get());
  if (unigram == nullptr || pipeline.pre_tokenizers.empty() || pipeline.pre_tokenizers.size() > 2) return;
  const auto* metaspace = dynamic_cast<const Metaspace*>(pipeline.pre_tokenizers.back().get());
  if (metaspace == nullptr || !metaspace->split() || metaspace->replacement() != U'\u2581') return;
  UnigramSegmenter::Rules rules;
  rules.white_space_split = pipeline.pre_tokenizers.size() == 2;
  if (rules.white_space_split && !is_white_space_split(*pipeline.pre_tokenizers.front())) return;
  for (std::size_t i = 0; i < pipeline.normalizers.size(); ++i) {
    const auto reach = pipeline.normalizers[i]->reach();
    if (reach == Normalizer::Reach::kText) return;
    if (reach == Normalizer::Reach::kSpaces) {
      if (i + 1 != pipeline.normalizers.size()) return;
      rules.collapses_spaces = true;
    }
  }
  rules.prepend_always = metaspace->prepend() == Metaspace::Prepend::kAlways;
  rules.prepend_first = metaspace->prepend() != Metaspace::Prepend::kNever;
  pipeline.fast = std::make_unique<UnigramSegmenter>(pipeline, *unigram, rules);
}

}  // namespace

void choose_fast_path(Pipeline& pipeline, const Vocabulary& vocabulary) {
  choose_unigram_path(pipeline);
  if (pipeline.pre_tokenizers.size() != 1) return;
  const PreTokenizer* pre_tokenizer = pipeline.pre_tokenizers.front().get();
  if (const auto* wordpiece = dynamic_cast<const WordPiece*>(pipeline.model.get());
      wordpiece && pipeline.normalizers.size() == 1 && dynamic_cast<const BertPreTokenizer*>(pre_tokenizer)) {
    const auto* normalizer = dynamic_cast<const BertNormalizer*>(pipeline.normalizers.front().get());
    if (normalizer && normalizer->settings().clean_text) {
      pipeline.fast = std::make_unique<BertSegmenter>(*wordpiece, normalizer->settings());
    }
  }
  if (const auto* bpe = dynamic_cast<const BpeModel*>(pipeline.model.get()); bpe && pipeline.normalizers.empty()) {
    const auto* byte_level = dynamic_cast<const ByteLevelPreTokenizer*>(pre_tokenizer);
    const BpeSettings& settings = bpe->settings();
    if (byte_level && byte_level->use_regex() && settings.inside_prefix.empty() && settings.end_suffix.empty()) {
      pipeline.fast = std::make_unique<ByteLevelSegmenter>(vocabulary, *bpe, byte_level->add_prefix_space());
    }
  }
}

std::unique_ptr<TokenizerParts> read_tokenizer_json(std::string_view text, const std::string& file) {
  auto parts = read_tokenizer_document(parse_json_by_tree(text, file), file);
  choose_fast_path(parts->pipeline, parts->vocabulary);
  parts->finish();
  return parts;
}

std::unique_ptr<TokenizerParts> read_tokenizer_document(const TreeJson& document, const std::string& file) {
  const JsonField root(document, file + "#");
  auto parts = std::make_unique<TokenizerParts>();
  parts->pipeline.model = read_model(root["model"], *parts);
  if (const JsonField list = root["added_tokens"]; !list.is_null()) {
    std::vector<AddedToken> tokens;
    for (const JsonField& element : list.elements()) {
      tokens.push_back(read_added_token(element));
      if (tokens.back().content.empty()) element["content"].fail("must not be empty");
      tokens.back().id = read_token_id(element["id"]);
    }
    parts->add_listed_tokens(std::move(tokens), list.where());
  }
  read_normalizers(root["normalizer"], parts->pipeline.normalizers);
  read_pre_tokenizers(root["pre_tokenizer"], parts->pipeline.pre_tokenizers);
  read_post_processor(root["post_processor"], parts->vocabulary, parts->post);
  read_decoders(root["decoder"], parts->decoders);
  return parts;
}

}  // namespace infomtl::text
