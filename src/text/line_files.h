#pragma once
// Tokenizer files that are lists of lines, vocab.txt and merges.txt, and how one that was cut off is told from a whole one:
// such a file has no end mark, and what is left of it reads well and gives other ids.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "text/vocabulary.h"

namespace infomtl::text {

using Merges = std::vector<std::pair<std::string, std::string>>;

/// The lines of a text file, without their ends. @throws FormatError for bytes that are not UTF-8 and for NUL bytes
std::vector<std::string> read_lines(const std::filesystem::path& file);

/// The two tokens of a line "left right". @throws FormatError
std::pair<std::string, std::string> split_merge(const std::string& line);

/// The merges of a merges.txt, below its first line "#version: ...". @throws FormatError naming file and line
Merges read_merges_file(const std::filesystem::path& file);

/// A byte-level vocabulary that was learned has a merge for each of its tokens that is longer than a byte and one piece of
/// the pattern that texts are cut by; special tokens are several pieces. A warning where that fails for a few tokens.
/// @param file  of the merges @throws FormatError where it fails for more than one in a hundred
void check_merges_whole(const Vocabulary& vocabulary, const Merges& merges, const std::filesystem::path& file);

/// A vocab.txt has as many tokens as the model has rows, fewer only where the table was padded to a multiple of up to 128.
/// A warning where it was, and where hardly any are missing.
/// @param tokens  how many ids there are, added tokens included
/// @param rows    vocab_size of the config.json beside it, 0 where none says it
/// @throws FormatError where more are missing
void check_vocabulary_whole(std::size_t tokens, std::int64_t rows, const std::filesystem::path& file);

}  // namespace infomtl::text
