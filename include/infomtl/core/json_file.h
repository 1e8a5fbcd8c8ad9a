#pragma once
// JSON files that the library wrote or that other programs did: no comments, no `extends` (those are configs, Config).

#include <cstddef>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// The value of a JSON text in which no object has a key twice, or more than 10,000, and nothing is nested deeper than 200.
/// @param file  where the text stands, from its line `first_line` on
/// @throws FormatError "file:line:byte: what is wrong"
INFOMTL_API Json parse_json(std::string_view text, const std::string& file, std::size_t first_line = 1);

/// The same into a value whose objects find their keys by tree, in alphabetical order, however many: for vocabularies and
/// headers of weights.
INFOMTL_API nlohmann::json parse_json_by_tree(std::string_view text, const std::string& file);

/// The value in a JSON file, read as parse_json does. @throws IoError, FormatError
INFOMTL_API Json read_json(const std::filesystem::path& file);

/// A number for a file; null where it is not finite, which JSON has no numbers for.
INFOMTL_API Json number_or_null(double value);

/// "the number 3.5", "the string \"abc\"", "an array": what a message says was found.
INFOMTL_API std::string described(const Json& value);
INFOMTL_API std::string described(const nlohmann::json& value);

/// What nlohmann's exception says, without its own name and number: "key 'seed' not found".
INFOMTL_API std::string reason_of(const std::exception& error);

}  // namespace infomtl
