#pragma once
// JSON files that the library wrote or that other programs did: no comments, no `extends` (those are configs, Config).

#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "infomtl/core/export.h"
#include "infomtl/core/json.h"

namespace infomtl {

/// The value of a JSON text in which no object has a key twice and nothing is nested deeper than 200.
/// @throws FormatError saying what is wrong with the text, without a file's name
INFOMTL_API Json parse_json(std::string_view text);

/// The same into a value whose objects find their keys by tree, in alphabetical order: for objects of many keys, such as
/// vocabularies and headers of weights.
/// @param name  of the file, for messages @throws FormatError: "NAME#/a/b: written twice in one object", "NAME: not JSON: ..."
INFOMTL_API nlohmann::json parse_json_by_tree(std::string_view text, const std::string& name);

/// The value in a JSON file, read as parse_json does.
/// @throws IoError; FormatError naming the file and the place, for bad syntax line and column
INFOMTL_API Json read_json(const std::filesystem::path& file);

/// A number for a file; null where it is not finite, which JSON has no numbers for.
INFOMTL_API Json number_or_null(double value);

/// "the number 3.5", "the string \"abc\"", "an array": what a message says was found.
INFOMTL_API std::string described(const Json& value);
INFOMTL_API std::string described(const nlohmann::json& value);

/// What nlohmann's exception says, without its own name and number: "key 'seed' not found".
INFOMTL_API std::string reason_of(const std::exception& error);

}  // namespace infomtl
