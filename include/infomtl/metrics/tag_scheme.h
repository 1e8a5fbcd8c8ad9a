#pragma once
// Tag scheme: how the tags of words say where entities begin and end.
//
//   BIO    B-PER I-PER O      B- begins every entity (also called IOB2)
//   IOB1   I-PER I-PER B-PER  B- only where an entity follows another of its type
//   BIOES  B-PER E-PER S-LOC  E- ends an entity, S- is one of a single word
//   BILOU  B-PER L-PER U-LOC  the same, with L- and U-

#include <string>
#include <string_view>
#include <vector>

#include "infomtl/core/export.h"

namespace infomtl {

enum class TagScheme { bio, iob1, bioes, bilou };

/// "BIO", "IOB1", "BIOES", "BILOU".
INFOMTL_API const std::vector<std::string>& tag_scheme_names();
INFOMTL_API const std::string& name_of(TagScheme scheme);
/// @throws ConfigError with the nearest name
INFOMTL_API TagScheme tag_scheme_named(std::string_view name);
/// The letters that begin its tags, "O" left out: BI, BI, BIES, BILU.
INFOMTL_API std::string_view prefixes_of(TagScheme scheme);
/// The whole set of its tags: "O", then for each type, in their order, its tags in the order of prefixes_of().
INFOMTL_API std::vector<std::string> tag_set(TagScheme scheme, const std::vector<std::string>& types);

}  // namespace infomtl
