#pragma once
// Readers of the files of a tokenizer folder, into the parts of a Tokenizer.

#include <memory>
#include <string>
#include <string_view>

#include "text/json_field.h"
#include "text/tokenizer_parts.h"

namespace infomtl::text {

/// `tokenizer.json` of the tokenizers library. Its truncation and padding are ignored.
/// @param file what messages call it @throws FormatError
std::unique_ptr<TokenizerParts> read_tokenizer_json(std::string_view text, const std::string& file);
/// The same of a file that is parsed already, without choose_fast_path() and finish(): more tokens may be added before.
std::unique_ptr<TokenizerParts> read_tokenizer_document(const TreeJson& document, const std::string& file);

/// Merges as lines "left right" or as lists of two.
std::vector<std::pair<std::string, std::string>> read_merges(const JsonField& field);

/// Builds the fast path that fits the pipeline, when one does.
void choose_fast_path(Pipeline& pipeline, const Vocabulary& vocabulary);

/// An added token of `tokenizer.json`'s list or of `added_tokens_decoder`.
AddedToken read_added_token(const JsonField& field);

}  // namespace infomtl::text
