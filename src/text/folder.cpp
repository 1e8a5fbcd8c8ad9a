// Model folders: which files hold the tokenizer, and what the files beside them say about it.

#include <algorithm>
#include <optional>

#include "infomtl/core/counted.h"
#include "infomtl/core/errors.h"
#include "infomtl/core/files.h"
#include "infomtl/core/json_file.h"
#include "infomtl/core/log.h"
#include "infomtl/text/tokenizer.h"
#include "text/bpe.h"
#include "text/line_files.h"
#include "text/normal_forms.h"
#include "text/normalizers.h"
#include "text/pre_tokenizers.h"
#include "text/sentence_piece.h"
#include "text/side_files.h"
#include "text/tokenizer_class.h"
#include "text/tokenizer_json.h"
#include "text/wordpiece.h"

namespace infomtl {
namespace {

namespace fs = std::filesystem;
using text::AddedToken;
using text::is_file;
using text::JsonField;
using text::SideFiles;
using text::TokenizerFamily;
using text::TreeJson;

constexpr std::string_view kSideFiles[] = {"tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
                                           "sentence_bert_config.json"};

// The one SentencePiece file of a folder.
std::optional<fs::path> find_model_file(const fs::path& folder) {
  for (const char* name : {"sentencepiece.bpe.model", "spiece.model", "spm.model", "tokenizer.model"}) {
    if (is_file(folder / name)) return folder / name;
  }
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".model" && is_file(entry.path())) found.push_back(entry.path());
  }
  if (found.size() > 1) throw FormatError(folder.string() + ": several *.model files and none with a usual name");
  return found.empty() ? std::nullopt : std::optional(found.front());
}

// Ids of the special tokens: as the side files name them, else by their usual names.
void find_special_ids(const SideFiles& files, text::TokenizerParts& parts) {
  struct Role {
    const char* name;
    std::int32_t SpecialTokenIds::*id;
    std::string_view usual[3];
  };
  static const Role kRoles[] = {{"cls_token", &SpecialTokenIds::cls, {"[CLS]", "<s>", ""}},
                                {"sep_token", &SpecialTokenIds::sep, {"[SEP]", "</s>", ""}},
                                {"pad_token", &SpecialTokenIds::pad, {"[PAD]", "<pad>", ""}},
                                {"unk_token", &SpecialTokenIds::unk, {"[UNK]", "<unk>", ""}},
                                {"mask_token", &SpecialTokenIds::mask, {"[MASK]", "<mask>", ""}}};
  for (const Role& role : kRoles) {
    std::int32_t& id = parts.special.*role.id;
    if (const std::int32_t named = parts.vocabulary.find(files.token(role.name, "").content); named >= 0) id = named;
    for (const std::string_view usual : role.usual) {
      if (id < 0 && !usual.empty()) id = parts.vocabulary.find(usual);
    }
  }
}

std::int32_t need_id(const text::Vocabulary& vocabulary, const std::string& token, const std::string& file) {
  const std::int32_t id = vocabulary.find(token);
  if (id < 0) throw FormatError(file + ": the vocabulary lacks the token \"" + token + "\"");
  return id;
}

// vocab.txt: one token a line, the line is the id.
std::unique_ptr<text::TokenizerParts> read_wordpiece_folder(const fs::path& folder, const SideFiles& files) {
  const fs::path file = folder / "vocab.txt";
  auto parts = std::make_unique<text::TokenizerParts>();
  std::int64_t id = 0;
  const std::vector<std::string> lines = text::read_lines(file);
  with_context(file.string(), [&] {
    for (const std::string& line : lines) parts->vocabulary.add(line, id++);
  });
  const bool mpnet = files.family() == TokenizerFamily::mpnet;
  const auto name = [&](const char* theirs, const char* berts) { return std::string(mpnet ? theirs : berts); };
  const AddedToken unk = files.token("unk_token", "[UNK]"), sep = files.token("sep_token", name("</s>", "[SEP]")),
                   pad = files.token("pad_token", name("<pad>", "[PAD]")),
                   cls = files.token("cls_token", name("<s>", "[CLS]")),
                   mask = files.token("mask_token", name("<mask>", "[MASK]"), mpnet);
  const std::int32_t unknown = need_id(parts->vocabulary, unk.content, file.string());
  const std::int32_t cls_id = need_id(parts->vocabulary, cls.content, file.string());
  const std::int32_t sep_id = need_id(parts->vocabulary, sep.content, file.string());
  const JsonField config = files.config();
  text::BertNormalizerSettings settings;
  settings.lowercase = config["do_lower_case"].boolean(true);
  settings.handle_chinese_chars = config["tokenize_chinese_chars"].boolean(true);
  settings.strip_accents = config["strip_accents"].boolean(settings.lowercase);
  parts->pipeline.model = std::make_unique<text::WordPiece>(parts->vocabulary, "##", unknown, 100);
  parts->pipeline.normalizers.push_back(std::make_unique<text::BertNormalizer>(settings));
  parts->pipeline.pre_tokenizers.push_back(std::make_unique<text::BertPreTokenizer>());
  parts->decoders.push_back(text::make_wordpiece_decoder("##", true));
  parts->post.fill(cls_id, sep_id, mpnet);
  for (const AddedToken& token : {unk, sep, pad, cls, mask}) parts->add_token(token);
  return parts;
}

// vocab.json and merges.txt: byte-level BPE with RoBERTa's template.
std::unique_ptr<text::TokenizerParts> read_byte_level_folder(const fs::path& folder, const SideFiles& files) {
  const fs::path file = folder / "vocab.json", merges_file = folder / "merges.txt";
  const TreeJson vocabulary = parse_json_by_tree(read_file(file), file.string());
  auto parts = std::make_unique<text::TokenizerParts>();
  text::read_vocabulary({vocabulary, file.string() + "#"}, parts->vocabulary);
  const text::Merges merges = text::read_merges_file(merges_file);
  const bool prefix = files.config()["add_prefix_space"].boolean(false);
  with_context(merges_file.string(), [&] {
    parts->pipeline.model = std::make_unique<text::BpeModel>(parts->vocabulary, merges, text::BpeSettings{});
  });
  text::check_merges_whole(parts->vocabulary, merges, merges_file);
  parts->pipeline.pre_tokenizers.push_back(std::make_unique<text::ByteLevelPreTokenizer>(prefix, true));
  parts->decoders.push_back(text::make_byte_level_decoder());
  parts->post.trim_offsets = files.config()["trim_offsets"].boolean(true);
  parts->post.keep_prefix_space = prefix;
  const AddedToken cls = files.token("cls_token", "<s>"), pad = files.token("pad_token", "<pad>"),
                   sep = files.token("sep_token", "</s>"), unk = files.token("unk_token", "<unk>"),
                   mask = files.token("mask_token", "<mask>", true);
  parts->post.fill(need_id(parts->vocabulary, cls.content, file.string()),
                   need_id(parts->vocabulary, sep.content, file.string()), true);
  for (const AddedToken& token : {cls, pad, sep, unk, mask}) parts->add_token(token);
  return parts;
}

bool is_sentence_piece(TokenizerFamily family) {
  return family == TokenizerFamily::xlm_roberta || family == TokenizerFamily::albert ||
         family == TokenizerFamily::deberta_v2;
}

TokenizerFamily sentence_piece_family(const fs::path& model_file, const SideFiles& files) {
  const auto family = files.family();
  if (family && is_sentence_piece(*family)) return *family;
  const std::string file = model_file.filename().string();
  if (files.model_type().empty() && !family) {
    if (file == "sentencepiece.bpe.model") return TokenizerFamily::xlm_roberta;
    if (file == "spiece.model") return TokenizerFamily::albert;
    if (file == "spm.model") return TokenizerFamily::deberta_v2;
  }
  files.config()["tokenizer_class"].fail("the SentencePiece file " + file +
                                         " needs XLMRobertaTokenizer, AlbertTokenizer or DebertaV2Tokenizer here");
}

std::unique_ptr<text::TokenizerParts> read_sentence_piece_folder(const fs::path& model_file, const SideFiles& files) {
  const TokenizerFamily family = sentence_piece_family(model_file, files);
  const JsonField config = files.config();
  const bool fairseq = family == TokenizerFamily::xlm_roberta;
  auto parts = std::make_unique<text::TokenizerParts>();
  auto model = with_context(model_file.string(), [&] {
    auto read = std::make_unique<text::SentencePieceModel>(
        read_file(model_file),
        text::PieceNumbering{.fairseq = fairseq, .splits_commas = family == TokenizerFamily::albert});
    read->fill(parts->vocabulary);
    return read;
  });
  auto& normalizers = parts->pipeline.normalizers;
  if (family == TokenizerFamily::albert) {
    normalizers.push_back(text::make_replace("``", "\""));
    normalizers.push_back(text::make_replace("''", "\""));
    if (!config["keep_accents"].boolean(false)) {
      normalizers.push_back(text::make_decomposition(true));
      normalizers.push_back(text::make_strip_accents());
    }
  }
  if (!fairseq && config["do_lower_case"].boolean(family == TokenizerFamily::albert))
    normalizers.push_back(text::make_lowercase());
  if (family == TokenizerFamily::deberta_v2 && config["split_by_punct"].boolean(false)) {
    parts->pipeline.pre_tokenizers.push_back(text::make_punctuation_split());
  }
  parts->special.unk = model->unknown();
  parts->pipeline.model = std::move(model);
  parts->decoders.push_back(text::make_metaspace_decoder("\u2581", true));
  const auto name = [&](const char* ours, const char* theirs) { return std::string(fairseq ? ours : theirs); };
  const AddedToken cls = files.token("cls_token", name("<s>", "[CLS]")),
                   sep = files.token("sep_token", name("</s>", "[SEP]")),
                   pad = files.token("pad_token", family == TokenizerFamily::deberta_v2 ? "[PAD]" : "<pad>"),
                   unk = files.token("unk_token", family == TokenizerFamily::deberta_v2 ? "[UNK]" : "<unk>"),
                   mask = files.token("mask_token", name("<mask>", "[MASK]"), text::mask_takes_blank(family));
  parts->post.fill(need_id(parts->vocabulary, cls.content, model_file.string()),
                   need_id(parts->vocabulary, sep.content, model_file.string()), fairseq);
  for (const AddedToken& token : {cls, pad, sep, unk, mask}) parts->add_token(token);
  return parts;
}

// @param right  as the file writes it
void need_cuts_on_the_right(const JsonField& side, std::string_view right) {
  if (side.text(right) != right) {
    side.fail("\"" + side.text() + "\" is not implemented; long texts are cut on the right");
  }
}
// Settings that would cut or read texts in another way than this library does.
void refuse_other_ways(const SideFiles& files) {
  need_cuts_on_the_right(files.config()["truncation_side"], "right");
  if (const JsonField split = files.config()["split_special_tokens"]; split.boolean(false)) {
    split.fail("true is not implemented; special tokens that stand in a text are read as such");
  }
}
void refuse_left_truncation(const JsonField& document, const SideFiles& files) {
  const JsonField truncation = document["truncation"];
  const bool overruled = !files.config()["truncation_side"].is_null();
  if (!truncation.is_null() && !overruled) need_cuts_on_the_right(truncation["direction"], "Right");
}

// tokenizer.json, with what the class overrules in it.
std::unique_ptr<text::TokenizerParts> read_whole_file(const fs::path& file, const SideFiles& files) {
  TreeJson document = parse_json_by_tree(read_file(file), file.string());
  refuse_left_truncation({document, file.string() + "#"}, files);
  if (const auto family = files.family()) {
    const std::vector<std::string> changed = text::overrule_tokenizer_json(document, *family, files.config());
    if (!changed.empty()) {
      log::warning(
          file.string() +
          ": the settings of its class overrule it, as in Hugging Face (tokenizer_config.json may name others): " +
          joined(changed));
    }
  }
  return text::read_tokenizer_document(document, file.string());
}

// The file that tells how texts are cut: tokenizer.json, else the one that the named class reads.
std::string telling_file(const std::vector<std::string>& names, const SideFiles& files) {
  const auto family = files.named_family();
  if (!family || names.front() == "tokenizer.json") return names.front();
  const auto fits = [&](const std::string& name) {
    switch (*family) {
      case TokenizerFamily::wordpiece:
      case TokenizerFamily::mpnet:
        return name == "vocab.txt";
      case TokenizerFamily::byte_level:
        return name == "vocab.json";
      case TokenizerFamily::whole_file:
        return false;
      default:
        return name.ends_with(".model");
    }
  };
  const auto found = std::find_if(names.begin(), names.end(), fits);
  if (found == names.end()) {
    files.config()["tokenizer_class"].fail("\"" + files.config()["tokenizer_class"].text() + "\" does not read " +
                                           names.front() + ", the tokenizer file that is here");
  }
  return *found;
}

std::vector<std::string> need_tokenizer_files(const fs::path& folder) {
  std::vector<std::string> names = tokenizer_files(folder);
  if (!names.empty()) return names;
  std::error_code error;
  if (!fs::is_directory(folder, error)) throw IoError(folder.string() + ": no such folder");
  throw FormatError(
      folder.string() +
      ": no tokenizer here; one of tokenizer.json, *.model, vocab.json + merges.txt, vocab.txt is needed");
}

}  // namespace

std::vector<std::string> tokenizer_files(const fs::path& folder) {
  std::vector<std::string> names;
  const auto add = [&](std::string_view name) {
    if (is_file(folder / name)) names.emplace_back(name);
  };
  add("tokenizer.json");
  if (const auto model = find_model_file(folder)) names.push_back(model->filename().string());
  if (is_file(folder / "vocab.json") && is_file(folder / "merges.txt"))
    names.emplace_back("vocab.json"), names.emplace_back("merges.txt");
  add("vocab.txt");
  if (names.empty()) return names;
  for (const std::string_view side : kSideFiles) add(side);
  return names;
}

std::shared_ptr<const Tokenizer> load_tokenizer(const fs::path& folder) {
  const std::vector<std::string> names = need_tokenizer_files(folder);
  const SideFiles files(folder);
  refuse_other_ways(files);
  const std::string telling = telling_file(names, files);
  std::unique_ptr<text::TokenizerParts> parts;
  if (telling == "tokenizer.json") {
    parts = read_whole_file(folder / telling, files);
  } else {
    parts = telling == "vocab.json"  ? read_byte_level_folder(folder, files)
            : telling == "vocab.txt" ? read_wordpiece_folder(folder, files)
                                     : read_sentence_piece_folder(folder / telling, files);
  }
  files.add_tokens(*parts);
  if (telling == "vocab.txt") {
    text::check_vocabulary_whole(parts->vocabulary.id_limit(), files.vocab_size(), folder / telling);
  }
  text::choose_fast_path(parts->pipeline, parts->vocabulary);
  parts->finish();
  find_special_ids(files, *parts);
  return std::make_shared<const Tokenizer>(std::move(parts));
}

TokenizerSource tokenizer_source(const fs::path& folder) {
  TokenizerSource source{.file = need_tokenizer_files(folder).front(), .kind = "SentencePiece", .class_name = ""};
  source.class_name = SideFiles(folder).config()["tokenizer_class"].text("");
  if (source.file == "vocab.txt") source.kind = "WordPiece";
  if (source.file == "vocab.json") source.kind = "BPE";
  if (source.file == "tokenizer.json") {
    const TreeJson json = text::read_json(folder / source.file);
    source.kind = JsonField(json, (folder / source.file).string() + "#")["model"]["type"].text("?");
  }
  return source;
}

void copy_tokenizer_files(const fs::path& from, const fs::path& to) {
  const std::vector<std::string> names = need_tokenizer_files(from);
  std::error_code error;
  fs::create_directories(to, error);
  if (error) throw IoError(to.string() + ": cannot make the folder (" + error.message() + ")");
  for (const std::string& name : names) write_file_atomically(to / name, read_file(from / name));
}

}  // namespace infomtl
