#pragma once
// The classes of Hugging Face's tokenizers: which of them this library cuts texts like, and which of their settings
// overrule a tokenizer.json.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/json_field.h"

namespace infomtl::text {

/// How a class cuts texts; MPNet by WordPiece, too, with other special tokens. `whole_file`: as its tokenizer.json says, with no files or settings of its own.
enum class TokenizerFamily { wordpiece, mpnet, byte_level, xlm_roberta, albert, deberta_v2, whole_file };

/// The family of a `tokenizer_class` ("BertTokenizerFast") or of a `model_type` ("xlm-roberta"); none where this library
/// has none like it.
std::optional<TokenizerFamily> tokenizer_family(std::string_view name);

/// Whether the mask token of such a class takes the blank before it, unless its folder says otherwise.
bool mask_takes_blank(TokenizerFamily family);

/// `BertTokenizer, ...`: the classes that have a family, for messages.
std::string known_tokenizer_classes();

/// Changes a parsed tokenizer.json as the class does when it is loaded (transformers 4): a WordPiece class takes case,
/// accents and Chinese characters from `do_lower_case`, `strip_accents` and `tokenize_chinese_chars` of
/// tokenizer_config.json, RoBERTa's `add_prefix_space` and `trim_offsets`, and their defaults for what that file leaves out.
/// Other families leave tokenizer.json as it is.
/// @param config  tokenizer_config.json; an empty object where there is none
/// @return what was changed, as "lowercase false" each
std::vector<std::string> overrule_tokenizer_json(TreeJson& document, TokenizerFamily family, const JsonField& config);

}  // namespace infomtl::text
