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

/// A token's id. @throws FormatError for what is none
std::int32_t read_token_id(const JsonField& field);
/// Tokens and their ids, as an object. @throws FormatError for no tokens, and for an id that is none or two tokens'
void read_vocabulary(const JsonField& field, Vocabulary& vocabulary);

/// Builds the fast path that fits the pipeline, when one does.
void choose_fast_path(Pipeline& pipeline, const Vocabulary& vocabulary);

/// An added token of `tokenizer.json`'s list or of `added_tokens_decoder`.
AddedToken read_added_token(const JsonField& field);

}  // namespace infomtl::text
